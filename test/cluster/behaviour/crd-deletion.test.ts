import { join } from 'node:path';
import { expect, it } from 'vitest';
import { OPERATOR_NAMESPACE, oauthClient, serverRef } from './objects.ts';
import { teamIn, useTestbed } from './team.ts';

/** Deletions that would end all clients together. */

const DEPLOY = join(import.meta.dirname, '..', '..', '..', 'deploy');

const testbed = useTestbed({ controllerManager: true });
const shop = teamIn(testbed, 'shop');

const CRDS = ['oauthclients', 'authorizationservers', 'clusterauthorizationservers'].map(
  (name) => `crd/${name}.oauth-registrar.dev`,
);

it('A deletion in the wrong order is refused: CRDs, ledger and namespace are guarded', async () => {
  for (const [what, ...where] of [...CRDS.map((crd) => [crd]), ['ns/oauth-registrar-system']]) {
    await expect(testbed.kubectl('delete', what as string, ...where)).rejects.toThrow(
      /Delete the OAuthClients first\. If you are sure: kubectl annotate /,
    );
  }
  await expect(
    testbed.kubectl('-n', OPERATOR_NAMESPACE, 'delete', 'configmap', 'oauth-registrar-ledger'),
  ).rejects.toThrow(
    /kubectl annotate configmaps oauth-registrar-ledger -n oauth-registrar-system oauth-registrar\.dev\/allow-deletion=true/,
  );
});

it('CRD deleted nevertheless: every client is deregistered or kept, as its object says; then the operator continues', {
  timeout: 120_000,
}, async () => {
  const ending = await shop.place('crd-delete');
  const keeping = await shop.place('crd-retain', { client: { deletionPolicy: 'Retain' } });
  const { status } = await shop.client('crd-retain');
  const [crd = ''] = CRDS;
  await testbed.kubectl('annotate', crd, 'oauth-registrar.dev/allow-deletion=true');
  await testbed.kubectl('delete', crd, '--timeout=60s');
  expect(ending.clients.size).toBe(0);
  expect(keeping.clients.size).toBe(1);
  await shop.untilRoles('crd-retain', ['retained']);

  await testbed.kubectl('apply', '-k', join(DEPLOY, 'base'));
  await testbed.kubectl('wait', '--for=condition=Established', crd, '--timeout=20s');
  await testbed.apply(oauthClient('shop', 'crd-retain', { server: serverRef('crd-retain') }));
  const again = await shop.until('crd-retain', 'Registered', 60_000);
  expect(again.status?.clientId).toBe(status?.clientId);
});
