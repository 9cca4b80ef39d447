import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from './command.ts';
import { explainGo } from './go-module.ts';

/** A module of others at one version, whose sum is the one that was read when it was chosen. */
export interface PinnedModule {
  readonly path: string;
  readonly version: string;
  /** As `go.sum` has it. */
  readonly sum: string;
}

export const AGENT_SANDBOX: PinnedModule = {
  path: 'sigs.k8s.io/agent-sandbox',
  version: 'v0.1.0',
  sum: 'h1:eSZQB8v6G/CeX1oZE5cHJfTIJz16SSn3bDLL1fX6hoo=',
};

export const EXTERNAL_SECRETS: PinnedModule = {
  path: 'github.com/external-secrets/external-secrets',
  version: 'v0.20.4',
  sum: 'h1:HhNAjWfFEshhItphr28SGsHzf2bUP7uDAOVLg76uNAg=',
};

/** A file of the module, by the client of Go. Throws where the module is another than the one that was pinned. */
export async function readModuleFile({ path, version, sum }: PinnedModule, file: string): Promise<string> {
  const at = `${path}@${version}`;
  const printed = await run('go', ['mod', 'download', '-json', at], { cwd: tmpdir() }).catch(
    explainGo(`${at}, of which a test needs ${file},`),
  );
  const { Dir, Sum } = JSON.parse(printed) as { readonly Dir: string; readonly Sum: string };
  if (Sum !== sum) {
    throw new Error(`${at} has the sum ${Sum}, and ${sum} is expected`);
  }
  return readFile(join(Dir, file), 'utf8');
}
