import { LISTS_RIGHT } from '../lists.ts';
import { unremovedCommand } from '../unremoved-command.ts';

export const leftBehind = unremovedCommand({
  name: 'left-behind',
  summary: 'Lists clients that nobody uses and that the operator could not remove at their servers',
  details: `For each, how to look for it at its server. If you removed it there: kubectl oauthclient resolve.
${LISTS_RIGHT} The exit code is 1 if there is an entry.`,
  time: { head: 'LEFT', of: ({ leftAt }) => leftAt ?? '' },
  nothing: 'No client is left behind',
});
