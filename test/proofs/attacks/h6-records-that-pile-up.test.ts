import { expect, test } from 'vitest';
import { startBystander } from './kit/bystander.ts';
import { conditionOf, machineClient, ownServer, type SeenObject } from './kit/objects.ts';
import { useTarget } from './kit/target.ts';

const target = useTarget();

const bytesOf = ({ data = {} }: SeenObject): number =>
  Object.values(data as Readonly<Record<string, string>>).reduce(
    (sum, value) => sum + (value.length * 3) / 4,
    0,
  );

test("H6: clients that the tenant's own server never removes leave at most fifty small records, and stop only its own registrations", async () => {
  const bystander = await startBystander(target);
  const attacker = await target.tenant('admin');
  const evil = await target.server();
  evil.present = (information) => ({ ...information, blob: 'x'.repeat(100_000), more: 'y'.repeat(100_000) });
  await attacker.createOrFail(ownServer('evil', evil.issuer, { management: { mode: 'None' } }));
  const records = async () =>
    (await target.admin.list('Secret')).filter(
      ({ metadata }) => metadata.labels?.['oauth-registrar.dev/client-namespace'] === attacker.namespace,
    );
  const own = { kind: 'AuthorizationServer', name: 'evil' };
  await bystander.during(async () => {
    for (let round = 0; round < 5; round += 1) {
      const names = Array.from({ length: 20 }, (_, index) => `h6-${round}-${index}`);
      await attacker.createAll(names.map((name) => machineClient(name, { server: own })));
      const isOver = (object: SeenObject | undefined) =>
        object?.['status']?.clientId !== undefined ||
        conditionOf(object, 'Ready')?.['reason'] === 'NamespaceShareReached';
      for (const name of names) {
        await attacker.until('OAuthClient', name, isOver, 30_000);
        await attacker.remove('OAuthClient', name);
      }
      for (const name of names) {
        await attacker.until('OAuthClient', name, (object) => object === undefined, 30_000);
      }
    }
  });
  await attacker.createOrFail(machineClient('one-more', { server: own }));
  await attacker.until('OAuthClient', 'one-more', (object) => {
    const ready = conditionOf(object, 'Ready');
    return ready?.['reason'] === 'NamespaceShareReached' && ready['message'].includes('kubectl get secrets');
  });
  const left = await records();
  // Clients that were under way when the fiftieth was left behind are added.
  expect(left.length).toBeGreaterThanOrEqual(50);
  expect(left.length).toBeLessThanOrEqual(50 + 20);
  expect(Math.max(...left.map(bytesOf))).toBeLessThan(8_192);
  // The platform's server is not affected.
  await attacker.ready(machineClient('at-corporate'));
  await bystander.judge();
});
