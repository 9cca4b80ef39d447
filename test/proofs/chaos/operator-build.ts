import { execFile } from 'node:child_process';
import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const BUNDLER = join(import.meta.dirname, '..', '..', '..', 'tools', 'bundle.ts');
const ENTRY = join(import.meta.dirname, 'operator-with-failpoints.ts');

let built: Promise<string> | undefined;

/**
 * Path of the operator with failpoints, bundled like the product, so that it starts in a third of the time. Built
 * once.
 */
export function buildOperator(): Promise<string> {
  built ??= build();
  return built;
}

async function build(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'oauth-registrar-failpoints-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const out = join(folder, 'operator.js');
  await promisify(execFile)(process.execPath, [BUNDLER, `--entry=${ENTRY}`, `--out=${out}`]);
  return out;
}
