import { parseArgs } from 'node:util';

export const USAGE = `Usage: npm run demo [-- flags]

Starts a Kubernetes API, an authorization server and the operator on this machine, applies deploy/samples, and
shows the life of one OAuth client: registered, used, edited, repaired, deleted. Everything is removed at the end.

  --keep   Stop before the deletion and leave all of it running, to try things by hand, until Ctrl-C.
  --help   Print this.

Exit codes: 0 everything held, 1 something did not, 2 wrong flags.
`;

export interface DemoArguments {
  /** Stop before the deletion and leave everything running. */
  readonly keep: boolean;
}

/** Returns `help` where it was asked for, or a sentence that says what is wrong. */
export function readArguments(
  args: readonly string[],
): DemoArguments | 'help' | { readonly problem: string } {
  const { values, tokens } = parseArgs({
    args: [...args],
    options: { keep: { type: 'boolean' }, help: { type: 'boolean' } },
    strict: false,
    tokens: true,
  });
  for (const token of tokens) {
    if (token.kind === 'positional') {
      return { problem: `The demo takes no argument “${token.value}”, only --keep or --help.` };
    }
    if (token.kind === 'option' && !['keep', 'help'].includes(token.name)) {
      return { problem: `There is no flag ${token.rawName}, only --keep and --help.` };
    }
    if (token.kind === 'option' && token.value !== undefined) {
      return { problem: `The flag ${token.rawName} takes no value.` };
    }
  }
  return values.help ? 'help' : { keep: values.keep === true };
}
