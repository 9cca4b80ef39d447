import { describe, expect, test } from 'vitest';
import { startBystander } from './kit/bystander.ts';
import { useTarget } from './kit/target.ts';

/** The controller manager here runs as one user, as Kubernetes starts it without further flags. */

const target = useTarget();

const LABELS = { 'oauth-registrar.dev/registration': 'true' };
const isGone = (object: object | undefined): boolean => object === undefined;

describe("M8: with objects that look like the operator's, in its own namespace, a tenant", () => {
  test("can't prevent others from deleting them, nor Kubernetes from collecting them", async () => {
    const bystander = await startBystander(target);
    const tenant = await target.tenant('edit');
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

  test("can't prevent the deletion of a namespace", async () => {
    const tenant = await target.tenant('edit');
    await tenant.createOrFail(
      { kind: 'Secret', metadata: { name: 'forged', labels: LABELS } },
      { kind: 'ConfigMap', metadata: { name: 'oauth-registrar-ledger' } },
    );
    await target.admin.remove('Namespace', tenant.namespace);
    await expect
      .poll(() => target.admin.get('Namespace', tenant.namespace), { timeout: 40_000, interval: 500 })
      .toBeUndefined();
  });
});

describe('M8: by mistake,', () => {
  test('nobody empties, unlabels or deletes a registration Secret or the ledger', async () => {
    const secrets = await target.admin.list('Secret');
    const record = secrets.find(({ metadata }) => metadata.labels?.['oauth-registrar.dev/registration']);
    const name = record?.['metadata'].name as string;
    const denied = async (answer: Promise<{ readonly status: number; readonly json: object }>) => {
      const { status, json } = await answer;
      expect(JSON.stringify(json)).toMatch(/oauth-registrar-guard.* denied request/);
      expect(status).toBe(403);
    };
    await denied(target.admin.patch('Secret', name, { data: null }));
    await denied(
      target.admin.patch('Secret', name, {
        metadata: { labels: { 'oauth-registrar.dev/registration': null } },
      }),
    );
    await denied(target.admin.remove('Secret', name));
    await denied(target.admin.patch('ConfigMap', 'oauth-registrar-ledger', { data: null }));
    await denied(target.admin.remove('Namespace', target.admin.namespace));
  });
});
