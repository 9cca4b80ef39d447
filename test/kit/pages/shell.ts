import { execFile } from 'node:child_process';
import { dirname, join } from 'node:path';
import { ensureBinaries } from '../testbed/binaries.ts';
import { childEnvironment } from '../testbed/environment.ts';
import { SILENT } from '../testbed/progress.ts';

const ROOT = join(import.meta.dirname, '..', '..', '..');

export interface ShellResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ShellOptions {
  readonly kubeconfig: string;
  /** Where they run. Default: the root of the repository. */
  readonly folder?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/**
 * Runs commands of a page as a reader does: with bash, `kubectl` on the path. It stops at the first command that fails.
 */
export async function runShell(
  text: string,
  { kubeconfig, folder = ROOT, env = {} }: ShellOptions,
): Promise<ShellResult> {
  const { kubectl } = await ensureBinaries(SILENT, ['kubectl']);
  const { PATH = '' } = process.env;
  return new Promise((resolve) => {
    const child = execFile(
      'bash',
      // bash takes the socket that Node gives it for a login from elsewhere, and would read its start file.
      ['--norc', '-euo', 'pipefail', '-c', text],
      {
        cwd: folder,
        env: childEnvironment({ PATH: `${dirname(kubectl)}:${PATH}`, KUBECONFIG: kubeconfig, ...env }),
      },
      (_, stdout, stderr) => resolve({ code: child.exitCode ?? 1, stdout, stderr }),
    );
  });
}
