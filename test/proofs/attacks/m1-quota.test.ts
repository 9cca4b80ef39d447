import { expect, test } from 'vitest';
import { conditionOf, machineClient } from './kit/objects.ts';
import { type Tenant, useTarget } from './kit/target.ts';

const target = useTarget({ corporate: { policy: { maxClientsPerNamespace: 5 } } });

const clientsOf = (prefix: string): number =>
  [...target.corporate.clients.values()].filter(({ client_name }) => String(client_name).startsWith(prefix))
    .length;

const isOverQuota = (tenant: Tenant, name: string) =>
  tenant.until('OAuthClient', name, (object) => conditionOf(object, 'Ready')?.['reason'] === 'QuotaExceeded');

test('M1: of a hundred clients at once, as many are registered as the platform permits', async () => {
  const tenant = await target.tenant('edit');
  await tenant.createAll(Array.from({ length: 100 }, (_, index) => machineClient(`burst-${index}`)));
  await expect
    .poll(
      async () =>
        (await tenant.list('OAuthClient')).filter(
          (object) => conditionOf(object, 'Ready')?.['reason'] === 'QuotaExceeded',
        ).length,
      { timeout: 30_000 },
    )
    .toBe(95);
  expect(clientsOf('burst-')).toBe(5);
});

test('M1: clients that outlive their objects are counted', async () => {
  const tenant = await target.tenant('edit');
  for (let index = 0; index < 5; index += 1) {
    const name = `kept-${index}`;
    await tenant.ready(machineClient(name, { deletionPolicy: 'Retain' }));
    await tenant.remove('OAuthClient', name);
    await tenant.until('OAuthClient', name, (object) => object === undefined);
  }
  for (let index = 5; index < 12; index += 1) {
    const name = `kept-${index}`;
    await tenant.createOrFail(machineClient(name, { deletionPolicy: 'Retain' }));
    await isOverQuota(tenant, name);
  }
  expect(clientsOf('kept-')).toBe(5);
});

test('M1: a client is replaced again only when its former client is gone', async () => {
  const tenant = await target.tenant('edit');
  await tenant.ready(machineClient('rotated', { replacement: { onEdit: 'Automatic', overlap: '720h' } }));
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
  expect(clientsOf('rotated')).toBe(2);
});
