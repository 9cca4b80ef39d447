#!/usr/bin/env node
import type { CommandFailure } from './failure.ts';
import { EXITS } from './failure.ts';
import { runProgram } from './program.ts';

/** `kubectl oauthclient`: kubectl runs a program of this name on the PATH. */

const ending = new AbortController();
const SIGNALS = {
  SIGINT: { exit: 'interrupted', sentence: 'Interrupted: what was asked of the cluster before that stands.' },
  SIGTERM: { exit: 'terminated', sentence: 'Ended by SIGTERM.' },
  SIGHUP: { exit: 'hungUp', sentence: 'The terminal was closed.' },
} as const satisfies Partial<Record<NodeJS.Signals, CommandFailure>>;
for (const [signal, failure] of Object.entries(SIGNALS)) {
  process.on(signal, () => ending.abort(failure));
}
// Nobody reads any further. The sentence goes to stderr, which may be open.
process.stdout.on('error', () => {
  process.stderr.write('The program that reads the output ended before all was written.\n');
  process.exit(EXITS.closedPipe.code);
});
process.stderr.on('error', () => process.exit(EXITS.closedPipe.code));

const { stdin, stdout, stderr } = process;
const args = process.argv.slice(2);
process.exitCode = await runProgram(args, { stdin, stdout, stderr, signal: ending.signal });
if (ending.signal.aborted || args[0] === '__complete') {
  // A request that nobody answers would keep the process until its deadline.
  process.exit();
}
