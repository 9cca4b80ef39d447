import { nameOfKey, namespaceOf } from '../../api/kubernetes.ts';
import { howToFindUnremoved } from '../../core/find-client.ts';
import type { CliCommand } from '../command.ts';
import { LISTS_RIGHT, printList, selectedUnremoved, selectorRefused } from '../lists.ts';
import { withOperatorNamespace } from '../versions.ts';

export const leftBehind: CliCommand = {
  name: 'left-behind',
  summary: 'Lists clients that nobody uses and that the operator could not remove at their servers',
  details: `For each, how to look for it at its server. If you removed it there: kubectl oauthclient resolve.
${LISTS_RIGHT} The exit code is 1 if there is an entry.`,
  async run({ cluster: given, print }) {
    const refused = selectorRefused(given);
    if (refused !== undefined) {
      return refused;
    }
    const cluster = await withOperatorNamespace(given);
    const listed = await selectedUnremoved('left-behind', { cluster, print });
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
        one.leftAt ?? '',
        one.registrationSecret,
      ],
      lookFor: howToFindUnremoved(one),
      value: one,
    }));
    const columns = ['NAMESPACE', 'CLIENT', 'SERVER', 'CLIENT_ID', 'LEFT', 'ENTRY'];
    return printList(columns, rows, 'No client is left behind', { cluster, print });
  },
};
