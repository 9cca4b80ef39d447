import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { isReady, machineClient } from './kit/objects.ts';
import { useTarget } from './kit/target.ts';

const target = useTarget();

/** Number of the operator's writes so far, from its metrics. */
async function writes(): Promise<number> {
  await sleep(1_100);
  const text = await (await fetch(`http://127.0.0.1:${target.pod.operator.port}/metrics`)).text();
  const lines = text.matchAll(/^oauth_registrar_kubernetes_requests_total\{verb="(\w+)",(.*)\} (\d+)$/gm);
  return [...lines]
    .filter(([, verb, labels]) => verb !== 'get' && verb !== 'list' && !labels?.includes('leases'))
    .reduce((sum, [, , , count]) => sum + Number(count), 0);
}

test('L4: somebody who changes a Secret and a finalizer again and again causes few calls, and the end is correct', async () => {
  const attacker = await target.tenant('edit');
  await attacker.ready(machineClient('fought-over'));
  const before = await writes();
  const end = performance.now() + 10_000;
  let own = 0;
  while (performance.now() < end) {
    await Promise.all([
      attacker.remove('Secret', 'fought-over'),
      attacker.patch('OAuthClient', 'fought-over', { metadata: { finalizers: [] } }),
    ]);
    own += 2;
    await sleep(20);
  }
  const fought = (await writes()) - before;
  console.log(`${own} writes of the tenant, ${fought} of the operator`);
  expect(fought).toBeLessThan(60);

  const deadline = performance.now() + 20_000;
  for (;;) {
    const [client, secret] = [
      await attacker.get('OAuthClient', 'fought-over'),
      await attacker.get('Secret', 'fought-over'),
    ];
    if (isReady(client) && client?.['metadata'].finalizers?.length === 1 && secret !== undefined) {
      break;
    }
    expect(performance.now(), 'it is as it should be again').toBeLessThan(deadline);
    await sleep(100);
  }
});
