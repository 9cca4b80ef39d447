import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { AT_VARIABLE } from './kit/subject.ts';

/** `npm run test:attacks`: see the usage below. */
const USAGE = `Usage: npm run test:attacks -- [--at COMMIT] [FILE ...] [flags of vitest]

Runs test/proofs/attacks: what a hostile tenant or server may try against the bundled operator, within 256 MiB.

  --at COMMIT   Attacks the operator of that commit, with its own bundle, CRDs and manifests. Tests of faults that
                were mended later fail there.
  --help        Prints this.

FILE is a part of a path, such as c1. Every other flag goes to vitest, such as -t PATTERN.
`;

const root = join(import.meta.dirname, '..', '..', '..');

const { values, tokens } = parseArgs({
  options: { at: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
  allowPositionals: true,
  strict: false,
  tokens: true,
});

/** Everything but `--at COMMIT`, as it was written. */
function othersThanOurs(): readonly string[] {
  const args = process.argv.slice(2);
  const ours = new Set(
    tokens.flatMap((token) => {
      if (token.kind !== 'option' || token.name !== 'at') return [];
      return token.inlineValue ? [token.index] : [token.index, token.index + 1];
    }),
  );
  return args.filter((_, index) => !ours.has(index));
}

if (values['help'] === true) {
  process.stdout.write(USAGE);
} else if ('at' in values && (typeof values['at'] !== 'string' || values['at'].startsWith('-'))) {
  process.stderr.write(`--at needs a commit\n\n${USAGE}`);
  process.exitCode = 2;
} else {
  const at = typeof values['at'] === 'string' ? { [AT_VARIABLE]: values['at'] } : {};
  const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
  const args = [vitest, 'run', '--config', 'vitest.attacks.config.ts', ...othersThanOurs()];
  const child = spawn(process.execPath, args, {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, ...at },
  });
  child.once('exit', (code) => {
    process.exitCode = code ?? 1;
  });
}
