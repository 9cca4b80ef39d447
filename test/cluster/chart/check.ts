import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '../../kit/testbed/command.ts';
import { CHART } from './rendered.ts';
import type { Scene } from './scene.ts';

/** The program of `helm test`, as a process. */
export interface CheckOptions {
  /** Namespace of the release. */
  readonly namespace: string;
  /** Of an account that may read what the check reads. Default: none that the API server knows. */
  readonly token?: string;
  /** Replaces variables of its environment. */
  readonly env?: Readonly<Record<string, string>>;
}

/** What the check prints where something is wrong, without patience; throws where all is well. */
export async function problemOf(
  { controlPlane }: Scene,
  { namespace, token = 'none', env = {} }: CheckOptions,
): Promise<string> {
  const { hostname, port } = new URL(controlPlane.url);
  const folder = await mkdtemp(join(tmpdir(), 'oauth-registrar-check-'));
  await writeFile(join(folder, 'token'), token);
  await copyFile(controlPlane.caFile, join(folder, 'ca.crt'));
  try {
    return await run(process.execPath, [join(CHART, 'files', 'check.mjs')], {
      successCode: 1,
      env: {
        NAMESPACE: namespace,
        ACCOUNT_FOLDER: folder,
        KUBERNETES_SERVICE_HOST: hostname,
        KUBERNETES_SERVICE_PORT: port,
        PATIENCE_SECONDS: '0',
        GUARD_BINDING: 'oauth-registrar-guard',
        ACCOUNT_BINDING: 'oauth-registrar-account',
        ...env,
      },
    });
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** A token of an account with all rights, which is made for it. */
export async function tokenFor({ kubectl }: Scene, namespace: string): Promise<string> {
  await kubectl('create', 'serviceaccount', 'checker', '-n', namespace);
  const account = `--serviceaccount=${namespace}:checker`;
  await kubectl('create', 'clusterrolebinding', 'checker', '--clusterrole=cluster-admin', account);
  return kubectl('create', 'token', 'checker', '-n', namespace);
}
