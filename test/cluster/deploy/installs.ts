import { mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { stringify } from 'yaml';
import { type Cluster, DEPLOY, install, OPERATOR_NAMESPACE } from './cluster.ts';

/** A way to install the operator, as the tests of policies use it. */
export interface Install {
  readonly title: string;
  /** The operator's own namespace. */
  readonly namespace: string;
  readonly user: string;
  /** A namespace of tenants that this install serves, with its RBAC. */
  readonly tenant: string;
  apply(cluster: Cluster): Promise<void>;
}

const user = (namespace: string, account = 'oauth-registrar'): string =>
  `system:serviceaccount:${namespace}:${account}`;

const listed = (tenant: string): Install => ({
  title: `overlays/listed-namespaces for ${tenant}`,
  namespace: `oauth-registrar-${tenant}`,
  user: user(`oauth-registrar-${tenant}`),
  tenant,
  async apply({ must }) {
    const manifests = await must(['kustomize', join(DEPLOY, 'overlays', 'listed-namespaces')]);
    await must(['apply', '-f', '-'], namespaceOf(tenant));
    await must(['apply', '-f', '-'], manifests.replaceAll(/\bshop\b/g, tenant));
  },
});

/** All of them, side by side at one API server. */
export const INSTALLS: readonly Install[] = [
  {
    title: 'deploy',
    namespace: OPERATOR_NAMESPACE,
    user: user(OPERATOR_NAMESPACE),
    tenant: 'bounds-tenant',
    async apply(cluster) {
      await install(cluster);
      await cluster.must(['apply', '-f', '-'], namespaceOf('bounds-tenant'));
    },
  },
  listed('bounds-shop'),
  listed('bounds-billing'),
  {
    title: 'an overlay with another namespace and other names',
    namespace: 'second-system',
    user: user('second-system', 'second-oauth-registrar'),
    tenant: 'bounds-tenant',
    apply: ({ must }) => applyOverlay(must, { namespace: 'second-system', namePrefix: 'second-' }),
  },
];

/** An overlay of people who use their own names. */
async function applyOverlay(must: Cluster['must'], names: object): Promise<void> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'oauth-registrar-overlay-')));
  const overlay = { ...names, resources: [relative(folder, DEPLOY)] };
  await writeFile(join(folder, 'kustomization.yaml'), stringify(overlay));
  await must(['apply', '-k', folder]);
  await rm(folder, { recursive: true });
}

const namespaceOf = (name: string): string =>
  JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });

/** Installs all of them, one after another. */
export async function installAll(cluster: Cluster): Promise<void> {
  for (const install of INSTALLS) {
    await install.apply(cluster);
  }
}
