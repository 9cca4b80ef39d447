import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { join } from 'node:path';
import type { Arguments, Script } from './command-line.ts';

/** Programs of node_modules that scripts start, each with the path of the file that Node runs. */
const PROGRAMS = {
  vitest: 'vitest/vitest.mjs',
  biome: '@biomejs/biome/bin/biome',
  tsc: 'typescript/bin/tsc',
} as const;

export type Program = keyof typeof PROGRAMS;

const ROOT = join(import.meta.dirname, '..');

/** Flags of vitest that every script accepts which runs tests. */
export const VITEST_FLAGS = {
  testNamePattern: {
    short: 't',
    value: 'REGEX',
    about: 'Only tests whose full name matches.',
    isPassedOn: true,
  },
  reporter: { value: 'NAME', about: 'The reporter, such as verbose, dot or json.', isPassedOn: true },
  outputFile: { value: 'FILE', about: 'The file that the reporter writes.', isPassedOn: true },
  bail: { value: 'N', isCount: true, about: 'Stop after this number of failed tests.', isPassedOn: true },
  silent: { about: 'Hide what tests print.', isPassedOn: true },
} as const satisfies Script['flags'];

export const TEST_FILES = { called: 'FILE', about: 'Only files whose path contains this.' };

/** Runs a program in the root folder with this process's terminal. Then ends this process with the same exit code. */
export async function runProgram(
  program: Program,
  fixed: readonly string[],
  { passedOn }: Pick<Arguments, 'passedOn'>,
  env: Readonly<Record<string, string>> = {},
): Promise<never> {
  return process.exit(await runToEnd(program, [...fixed, ...passedOn], env));
}

/** The same, and this process goes on. @returns the exit code */
export async function runToEnd(
  program: Program,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<number> {
  const file = join(ROOT, 'node_modules', PROGRAMS[program]);
  const child = spawn(process.execPath, [file, ...args], {
    cwd: ROOT,
    stdio: 'inherit',
    env: { ...process.env, ...env },
  });
  // Ctrl-C reaches the child too, which then ends by itself.
  process.on('SIGINT', () => {});
  for (const signal of ['SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => child.kill(signal));
  }
  return new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (exit, signal) => resolve(exit ?? 128 + constants.signals[signal ?? 'SIGTERM']));
  });
}
