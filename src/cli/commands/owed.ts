import { LISTS_RIGHT } from '../lists.ts';
import { unremovedCommand } from '../unremoved-command.ts';

export const owed = unremovedCommand({
  name: 'owed',
  summary: 'Lists clients whose object is gone and that the operator still tries to remove',
  details: `After spec.deletion.retryFor of the server object such a client is left behind. ${LISTS_RIGHT}
The exit code is 1 if there is an entry.`,
  time: { head: 'REGISTERED', of: ({ registeredAt }) => registeredAt },
  nothing: 'No client is owed',
});
