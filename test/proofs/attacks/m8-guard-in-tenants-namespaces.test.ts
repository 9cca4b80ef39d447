import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startBystander } from './kit/bystander.ts';
import { openWorld, type World } from './kit/world.ts';

/** The controller manager of this world runs as one user, as Kubernetes starts it without further flags. */

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world?.close());

const LABELS = { 'oauth-registrar.dev/registration': 'true' };
const isGone = (object: object | undefined): boolean => object === undefined;

describe('M8: with objects that look like the operator’s, in a namespace of its own, a tenant', () => {
  test('hinders nobody from deleting them, nor Kubernetes from collecting them', async () => {
    const bystander = await startBystander(world);
    const tenant = await world.tenant('edit');
    const dead = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      name: 'never-was',
      uid: 'deadbeef-0000-4000-8000-000000000000',
    };
    await bystander.during(async () => {
      await tenant.createOrFail(
        { kind: 'Secret', metadata: { name: 'forged', labels: LABELS } },
        { kind: 'Secret', metadata: { name: 'orphan', labels: LABELS, ownerReferences: [dead] } },
        { kind: 'ConfigMap', metadata: { name: 'oauth-registrar-ledger' } },
        { kind: 'ConfigMap', metadata: { name: 'oauth-registrar-suspected-orphans' } },
      );
      expect((await tenant.remove('Secret', 'forged')).status).toBe(200);
      expect((await tenant.remove('ConfigMap', 'oauth-registrar-ledger')).status).toBe(200);
      await tenant.until('Secret', 'orphan', isGone, 40_000);
    });
    await bystander.judge();
  });

  test('keeps no namespace from ending', async () => {
    const tenant = await world.tenant('edit');
    await tenant.createOrFail(
      { kind: 'Secret', metadata: { name: 'forged', labels: LABELS } },
      { kind: 'ConfigMap', metadata: { name: 'oauth-registrar-ledger' } },
    );
    await world.admin.remove('Namespace', tenant.namespace);
    await expect
      .poll(() => world.admin.get('Namespace', tenant.namespace), { timeout: 40_000, interval: 500 })
      .toBeUndefined();
  });
});

describe('M8: by mistake', () => {
  test('no person empties, unlabels or deletes a registration Secret or the ledger', async () => {
    const secrets = await world.admin.list('Secret');
    const record = secrets.find(({ metadata }) => metadata.labels?.['oauth-registrar.dev/registration']);
    const name = record?.['metadata'].name as string;
    const denied = async (answer: Promise<{ readonly status: number; readonly json: object }>) => {
      const { status, json } = await answer;
      expect(JSON.stringify(json)).toMatch(/oauth-registrar-guard.* denied request/);
      expect(status).toBe(403);
    };
    await denied(world.admin.patch('Secret', name, { data: null }));
    await denied(
      world.admin.patch('Secret', name, {
        metadata: { labels: { 'oauth-registrar.dev/registration': null } },
      }),
    );
    await denied(world.admin.remove('Secret', name));
    await denied(world.admin.patch('ConfigMap', 'oauth-registrar-ledger', { data: null }));
    await denied(world.admin.remove('Namespace', world.admin.namespace));
  });
});
