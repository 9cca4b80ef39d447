import { describe, expect, test } from 'vitest';
import { startBystander } from './kit/bystander.ts';
import { conditionOf, isReady, machineClient } from './kit/objects.ts';
import { useTarget } from './kit/target.ts';

const target = useTarget();

const BIG = 'x'.repeat(262_005);
const ROTATE = 'oauth-registrar.dev/rotate-requested-at';
const bigOnes = (count: number, prefix: string) =>
  Array.from({ length: count }, (_, index) =>
    machineClient(`${prefix}-${index}`, { metadata: { annotations: { [ROTATE]: BIG } } }),
  );

/** Names of clients that are at the server without a registration Secret. */
async function unrecorded(): Promise<readonly string[]> {
  const secrets = await target.admin.list('Secret');
  const recorded = new Set(
    secrets.map(
      ({ metadata }) => metadata.annotations?.['oauth-registrar.dev/client-id'] as string | undefined,
    ),
  );
  return [...target.corporate.clients.keys()].filter((clientId) => !recorded.has(clientId));
}

describe('H2: OAuthClients whose annotation is as long as the API server admits', () => {
  test('48 of them block no server: each client is recorded, and others continue', async () => {
    const bystander = await startBystander(target);
    const attacker = await target.tenant('edit');
    await bystander.during(async () => {
      await attacker.createAll(bigOnes(48, 'p'), 8);
      for (let index = 0; index < 48; index += 1) {
        await attacker.until(
          'OAuthClient',
          `p-${index}`,
          (object) => isReady(object) || conditionOf(object, 'Ready')?.['reason'] === 'InvalidSpec',
          60_000,
        );
      }
    });
    await bystander.judge();
    await expect.poll(unrecorded, { timeout: 10_000 }).toEqual([]);
  });

  test('three of them and a killed container: the next one works as soon as it has the lease', async () => {
    const attacker = await target.tenant('edit');
    await attacker.createAll(bigOnes(3, 'k'));
    await target.pod.kill();
    await attacker.ready(machineClient('after'), 45_000);
    await expect.poll(unrecorded, { timeout: 20_000 }).toEqual([]);
  });
});
