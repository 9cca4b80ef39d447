import { durationMs } from '../api/schema.ts';
import type { CommandContext } from './command.ts';
import type { CommandFailure } from './failure.ts';

/** The flags of every command that waits until the operator has done what was asked. */
export const WAIT = [
  { usage: '--no-wait', about: 'Do not wait until it is done.' },
  { usage: '--timeout <DURATION>', about: 'How long to wait, such as 90s or 5m. Default: 2m.' },
] as const;

const DEFAULT_MS = 120_000;

/** How long the command waits, in milliseconds; 0: it does not. */
export function waitMs({ flags }: Pick<CommandContext, 'flags'>): number | CommandFailure {
  if (flags['wait'] === false) {
    return 0;
  }
  const given = flags['timeout'];
  const ms = typeof given === 'string' ? durationMs(given) : DEFAULT_MS;
  return ms > 0 ? ms : { exit: 'usage', sentence: '--timeout is a duration such as 90s or 5m.' };
}
