import { beforeAll, expect, test } from 'vitest';
import { type Bystander, startBystander } from './kit/bystander.ts';
import { conditionOf, machineClient } from './kit/objects.ts';
import { type Tenant, useTarget } from './kit/target.ts';

/** More than the bystander has during these attacks. */
const MOST = 24;
const target = useTarget({ corporate: { policy: { maxClientsPerNamespace: MOST } } });
let bystander: Bystander;
beforeAll(async () => {
  bystander = await startBystander(target);
});

const clientsOf = (prefix: string): number =>
  [...target.corporate.clients.values()].filter(({ client_name }) => String(client_name).startsWith(prefix))
    .length;

const isOverQuota = (tenant: Tenant, name: string) =>
  tenant.until('OAuthClient', name, (object) => conditionOf(object, 'Ready')?.['reason'] === 'QuotaExceeded');

test('M1: of a hundred clients at once, as many are registered as the platform permits', async () => {
  const tenant = await target.tenant('edit');
  const refused = async () =>
    (await tenant.list('OAuthClient')).filter(
      (object) => conditionOf(object, 'Ready')?.['reason'] === 'QuotaExceeded',
    ).length;
  await bystander.during(async () => {
    await tenant.createAll(Array.from({ length: 100 }, (_, index) => machineClient(`burst-${index}`)));
    await expect.poll(refused, { timeout: 30_000 }).toBe(100 - MOST);
  });
  expect(clientsOf('burst-')).toBe(MOST);
});

test('M1: clients that outlive their objects are counted', async () => {
  const tenant = await target.tenant('edit');
  const keep = async (name: string) => {
    await tenant.ready(machineClient(name, { deletionPolicy: 'Retain' }));
    await tenant.remove('OAuthClient', name);
    await tenant.until('OAuthClient', name, (object) => object === undefined);
  };
  await bystander.during(async () => {
    await Promise.all(Array.from({ length: MOST }, (_, index) => keep(`kept-${index}`)));
    for (let index = MOST; index < MOST + 7; index += 1) {
      const name = `kept-${index}`;
      await tenant.createOrFail(machineClient(name, { deletionPolicy: 'Retain' }));
      await isOverQuota(tenant, name);
    }
  });
  expect(clientsOf('kept-')).toBe(MOST);
});

test('M1: a client is replaced again only when its former client is gone', async () => {
  const tenant = await target.tenant('edit');
  await tenant.ready(machineClient('rotated', { replacement: { onEdit: 'Automatic', overlap: '720h' } }));
  await bystander.during(async () => {
    for (let turn = 0; turn < 12; turn += 1) {
      await tenant.patchOrFail('OAuthClient', 'rotated', {
        metadata: { annotations: { 'oauth-registrar.dev/rotate-requested-at': `turn-${turn}` } },
      });
      await tenant.until('OAuthClient', 'rotated', (object) =>
        turn === 0
          ? object?.['status'].lastHandledRotateAt === 'turn-0'
          : conditionOf(object, 'Ready')?.['message'].includes('one replacement at a time'),
      );
    }
  });
  expect(clientsOf('rotated')).toBe(2);
  await bystander.judge();
});
