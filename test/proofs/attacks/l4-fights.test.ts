import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { startBystander } from './kit/bystander.ts';
import { isReady, machineClient } from './kit/objects.ts';
import { type Tenant, useTarget } from './kit/target.ts';

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

/** Deletes the Secret and takes the finalizer off for so long. Returns the number of writes. */
async function fight(attacker: Tenant, ms: number): Promise<number> {
  const end = performance.now() + ms;
  let own = 0;
  while (performance.now() < end) {
    await Promise.all([
      attacker.remove('Secret', 'fought-over'),
      attacker.patch('OAuthClient', 'fought-over', { metadata: { finalizers: [] } }),
    ]);
    own += 2;
    await sleep(20);
  }
  return own;
}

test('L4: somebody who changes a Secret and a finalizer again and again causes few calls, and the end is correct', async () => {
  const attacker = await target.tenant('edit');
  await attacker.ready(machineClient('fought-over'));
  const before = await writes();
  const own = await fight(attacker, 10_000);
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

  // Again, beside others: their own writes would have counted above.
  const bystander = await startBystander(target);
  await bystander.during(() => fight(attacker, 6_000));
  await bystander.judge();
});
