import { nameOfKey, namespaceOf } from '../../api/kubernetes.ts';
import { howToFindOrphan } from '../../core/find-client.ts';
import type { CliCommand } from '../command.ts';
import { LISTS_RIGHT, markersOf, openLists, printList, readOrphans, selectedEntries } from '../lists.ts';

export const orphans: CliCommand = {
  name: 'orphans',
  summary: 'Lists registrations whose answer was lost: clients may exist that nobody knows',
  details: `For each, how to look for the client at its server. If you removed it there, or found none: kubectl oauthclient
resolve. ${LISTS_RIGHT} The exit code is 1 if there is an entry.`,
  async run({ cluster: given, print }) {
    const cluster = await openLists(given);
    if ('sentence' in cluster) {
      return cluster;
    }
    const found = await readOrphans(cluster);
    if ('sentence' in found) {
      return found;
    }
    const listed = selectedEntries(found, cluster);
    const markers = await markersOf(
      listed.map(({ server }) => server),
      cluster,
    );
    const rows = listed.map((orphan) => {
      const { client, server, startedAt, why, attempt } = orphan;
      return {
        key: attempt,
        cells: [namespaceOf(client), nameOfKey(client), server, startedAt, attempt, why],
        lookFor: howToFindOrphan(orphan, markers.get(server)),
        value: orphan,
      };
    });
    const columns = ['NAMESPACE', 'CLIENT', 'SERVER', 'SENT', 'ENTRY', 'WHY'];
    return printList(columns, rows, 'No orphan is suspected', { cluster, print });
  },
};
