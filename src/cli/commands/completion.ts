import type { CliCommand } from '../command.ts';
import { COMPLETION_SCRIPT } from '../complete.ts';

export const completion: CliCommand = {
  name: 'completion',
  summary: 'Prints the program by which kubectl completes this plugin',
  details: `Put it on the PATH as kubectl_complete-oauthclient and make it executable. It needs the completion of kubectl itself in
your shell (kubectl completion --help).`,
  isOffline: true,
  run: async ({ terminal }) => {
    terminal.stdout.write(COMPLETION_SCRIPT);
    return 'done';
  },
};
