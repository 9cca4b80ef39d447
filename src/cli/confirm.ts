import { createInterface } from 'node:readline';
import { visible } from '../oauth/text.ts';
import type { CommandContext } from './command.ts';
import type { CommandFailure } from './failure.ts';

/** The flag that answers every question, for the table of a command's options. */
export const YES = { usage: '-y, --yes', about: 'Do not ask.' } as const;

/**
 * Asks before what can't be undone. Only `y` and `yes` mean yes. Without a terminal and without --yes nothing is done.
 *
 * @param question ends with a question mark
 * @returns `undefined`: go on
 */
export async function confirm(
  question: string,
  { flags, terminal }: Pick<CommandContext, 'flags' | 'terminal'>,
): Promise<CommandFailure | undefined> {
  if (flags['yes'] === true) {
    return undefined;
  }
  if (terminal.stdin.isTTY !== true) {
    return {
      exit: 'usage',
      sentence: `Nothing was done: there is no terminal to ask "${question}"; --yes answers it.`,
    };
  }
  if (terminal.signal.aborted) {
    return ENDED;
  }
  terminal.stderr.write(`${visible(question)} [y/N] `);
  const answer = await lineOf(terminal);
  if (terminal.signal.aborted) {
    return ENDED;
  }
  return /^y(es)?$/i.test(answer.trim()) ? undefined : { exit: 'found', sentence: 'Nothing was done.' };
}

const ENDED: CommandFailure = {
  exit: 'interrupted',
  sentence: 'Nothing was done: the command ended before the question was answered.',
};

/** One line of what is typed; empty at the end of the input or of the command. */
async function lineOf({ stdin, signal }: CommandContext['terminal']): Promise<string> {
  if (signal.aborted) {
    return '';
  }
  const lines = createInterface({ input: stdin, terminal: false });
  const stop = () => lines.close();
  signal.addEventListener('abort', stop, { once: true });
  try {
    for await (const line of lines) {
      return line;
    }
    return '';
  } finally {
    signal.removeEventListener('abort', stop);
    lines.close();
  }
}
