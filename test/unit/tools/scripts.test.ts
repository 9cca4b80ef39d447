import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import manifest from '../../../package.json' with { type: 'json' };

const ROOT = join(import.meta.dirname, '..', '..', '..');
/** Node refuses a process that has these: to write a file, to start a process or a thread. */
const HARMLESS = ['--permission', '--allow-fs-read=*', '--no-warnings'];

interface Run {
  readonly code: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs what package.json says, except that Node lets the script start and write nothing. */
function run(command: string, flag: string): Promise<Run> {
  const [node, ...args] = command.split(' ');
  expect(node, 'a script that Node runs, so that its flags can be read first').toBe('node');
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [...HARMLESS, ...args, flag],
      { cwd: ROOT },
      (_, stdout, stderr) => resolve({ code: child.exitCode ?? undefined, stdout, stderr }),
    );
  });
}

describe.each(Object.entries(manifest.scripts))('npm run %s', (name, command) => {
  const usage = name === 'test' ? 'npm test' : `npm run ${name}`;

  test('--help prints the usage and starts nothing', async () => {
    const { code, stdout, stderr } = await run(command, '--help');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(new RegExp(`^Usage: ${usage} -- `));
    expect(stdout).toMatch(/second|minute|hour/i);
    expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(125);
  });

  test('an unknown flag is refused with a sentence, and nothing starts', async () => {
    expect(await run(command, '--no-such-flag')).toEqual({
      code: 2,
      stdout: '',
      stderr: `There is no flag --no-such-flag. See npm run ${name} -- --help\n`,
    });
  });
});
