import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { hang } from '../../kit/stub-server.ts';
import { startBystander } from './kit/bystander.ts';
import { isReady, ownServer } from './kit/objects.ts';
import { useTarget } from './kit/target.ts';

const target = useTarget();

const NEW_TOKEN = 'PLATFORM-INITIAL-ACCESS-TOKEN-5678';

async function within(ms: number, what: string, isSo: () => boolean): Promise<void> {
  const deadline = performance.now() + ms;
  while (!isSo()) {
    if (performance.now() > deadline) {
      throw new Error(`not within ${ms} ms: ${what}`);
    }
    await sleep(25);
  }
}

test('H7: 300 servers that accept connections and never answer delay no other server object', async () => {
  const bystander = await startBystander(target);
  const attacker = await target.tenant('admin');
  const other = await target.tenant('admin');
  const [silent, honest] = [await target.server({ discovery: hang }), await target.server()];
  const { corporate } = target;
  await bystander.during(async () => {
    const objects = Array.from({ length: 300 }, (_, index) =>
      ownServer(`silent-${index}`, `${silent.issuer}/s${index}`),
    );
    await attacker.createAll(objects);
    await sleep(1_000);

    await other.createOrFail(ownServer('honest', honest.issuer));
    await other.until('AuthorizationServer', 'honest', isReady, 5_000);

    // The platform changes its token; the server accepts both for a while.
    corporate.admits = undefined;
    await target.admin.patchOrFail('Secret', 'corporate', { stringData: { token: NEW_TOKEN } });
    const tokenOf = () => corporate.requests.findLast(({ call }) => call === 'register')?.authorization;
    await within(5_000, 'a registration with the new token', () => tokenOf() === `Bearer ${NEW_TOKEN}`);
    corporate.admits = NEW_TOKEN;
    await sleep(10_000);
  });
  const asked = new Set(silent.requests.map(({ path }) => /s\d+/.exec(path)?.[0]));
  expect(asked.size).toBeLessThanOrEqual(20);
  await bystander.judge();
});
