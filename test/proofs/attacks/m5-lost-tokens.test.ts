import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { adopting, brought, pausedOf } from './kit/adoption.ts';
import { startBystander } from './kit/bystander.ts';
import { conditionOf, machineClient } from './kit/objects.ts';
import { useTarget } from './kit/target.ts';

const target = useTarget({ corporate: { policy: { adoption: 'Allow' } } });

const ATTACK_MS = 8_000;

test("M5: three adopted clients, and three of one namespace, whose tokens are lost don't make the server suspect", async () => {
  const bystander = await startBystander(target);
  const attacker = await target.tenant('edit');
  const adopted = ['adopted-1', 'adopted-2', 'adopted-3'];
  const registered = ['own-1', 'own-2', 'own-3'];
  await bystander.during(async () => {
    await attacker.createAll(adopted.map((name) => brought(target, name, `token-of-${name}`)));
    for (const name of adopted) {
      await attacker.ready(adopting(name));
    }
    for (const name of registered) {
      await attacker.ready(machineClient(name));
    }
    // By hand, at the server: only the credentials of the operator become invalid.
    const { namespace } = attacker;
    const all = [...adopted, ...registered];
    for (const name of all) {
      const { status } = (await attacker.get('OAuthClient', name)) ?? {};
      const client = target.corporate.clients.get(status.clientId) ?? {};
      const token = `replaced-${namespace}-${name}`;
      target.corporate.clients.set(status.clientId, { ...client, registration_access_token: token });
    }
    const edit = (name: string) => ({ spec: { client: { clientName: `${name} edited` } } });
    await Promise.all(all.map((name) => attacker.patchOrFail('OAuthClient', name, edit(name))));
    await sleep(ATTACK_MS);
  });
  await bystander.judge();
  expect(await pausedOf(target)).toBeUndefined();
  for (const name of ['adopted-1', 'own-3']) {
    const told = conditionOf(await attacker.get('OAuthClient', name), 'Ready');
    expect(told?.['reason']).toBe('RegistrationAccessTokenLost');
  }
});
