import { nameOfKey, namespaceOf } from '../../api/kubernetes.ts';
import { howToFindUnremoved } from '../../core/find-client.ts';
import type { CliCommand } from '../command.ts';
import { LISTS_RIGHT, printList, selectedUnremoved, selectorRefused } from '../lists.ts';
import { withOperatorNamespace } from '../versions.ts';

export const owed: CliCommand = {
  name: 'owed',
  summary: 'Lists clients whose object is gone and that the operator still tries to remove',
  details: `After spec.deletion.retryFor of the server object such a client is left behind. ${LISTS_RIGHT}
The exit code is 1 if there is an entry.`,
  async run({ cluster: given, print }) {
    const refused = selectorRefused(given);
    if (refused !== undefined) {
      return refused;
    }
    const cluster = await withOperatorNamespace(given);
    const listed = await selectedUnremoved('owed', { cluster, print });
    if ('sentence' in listed) {
      return listed;
    }
    const rows = listed.map((one) => ({
      key: one.registrationSecret,
      cells: [
        namespaceOf(one.client),
        nameOfKey(one.client),
        one.server,
        one.clientId,
        one.registeredAt,
        one.registrationSecret,
      ],
      lookFor: howToFindUnremoved(one),
      value: one,
    }));
    const columns = ['NAMESPACE', 'CLIENT', 'SERVER', 'CLIENT_ID', 'REGISTERED', 'ENTRY'];
    return printList(columns, rows, 'No client is owed', { cluster, print });
  },
};
