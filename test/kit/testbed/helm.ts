import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { KubectlResult } from './api-access.ts';
import { childEnvironment } from './environment.ts';
import { ensureGoTool } from './go-tool.ts';
import { SILENT } from './progress.ts';

/** The versions that the chart is tested with. */
export const HELM_VERSIONS = ['helm4', 'helm3'] as const;
export type HelmVersion = (typeof HELM_VERSIONS)[number];

/** Helm with folders of its own, so that nothing of this machine's user matters. */
export interface Helm {
  readonly version: HelmVersion;
  /** A refusal is a result, not an error. `values` are given by --values, so that their types stay. */
  run(args: readonly string[], values?: object): Promise<KubectlResult>;
  close(): Promise<void>;
}

/** @param kubeconfig of the cluster; absent: commands that need none, such as `template`. */
export async function openHelm(version: HelmVersion, kubeconfig?: string): Promise<Helm> {
  const program = await ensureGoTool(version, SILENT);
  const home = await mkdtemp(join(tmpdir(), 'oauth-registrar-helm-'));
  const env = childEnvironment({
    HELM_CACHE_HOME: join(home, 'cache'),
    HELM_CONFIG_HOME: join(home, 'config'),
    HELM_DATA_HOME: join(home, 'data'),
    KUBECONFIG: kubeconfig ?? join(home, 'no-kubeconfig'),
  });
  return {
    version,
    async run(args, values) {
      const further = values === undefined ? [] : ['--values', '-'];
      const child = spawn(program, [...args, ...further], { env, stdio: 'pipe' });
      const ended = new Promise<number>((resolve, reject) => {
        child.once('error', reject);
        child.once('close', (code) => resolve(code ?? 128));
      });
      child.stdin.on('error', () => {});
      child.stdin.end(JSON.stringify(values ?? {}));
      const [code, stdout, stderr] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
      return { code, stdout, stderr };
    },
    close: () => rm(home, { recursive: true, force: true }),
  };
}
