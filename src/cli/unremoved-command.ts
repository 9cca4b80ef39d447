import { nameOfKey, namespaceOf } from '../api/kubernetes.ts';
import { howToFindUnremoved } from '../core/find-client.ts';
import type { UnremovedClient } from '../core/unremoved-client.ts';
import type { CliCommand } from './command.ts';
import { openLists, printList, selectedUnremoved } from './lists.ts';

interface UnremovedList extends Pick<CliCommand, 'summary' | 'details'> {
  /** Of the clients that it lists, and its name. */
  readonly name: UnremovedClient['role'];
  /** The time that counts, and the head of its column. */
  readonly time: { readonly head: string; readonly of: (one: UnremovedClient) => string };
  /** The sentence for an empty list, without its end. */
  readonly nothing: string;
}

/** A command that lists the clients with one role: those that the operator still tries to remove, or no longer. */
export const unremovedCommand = ({ time, nothing, ...words }: UnremovedList): CliCommand => ({
  ...words,
  async run({ cluster: given, print }) {
    const cluster = await openLists(given);
    if ('sentence' in cluster) {
      return cluster;
    }
    const listed = await selectedUnremoved(words.name, { cluster, print });
    if ('sentence' in listed) {
      return listed;
    }
    const rows = listed.map((one) => {
      const { client, server, clientId, registrationSecret: key } = one;
      return {
        key,
        cells: [namespaceOf(client), nameOfKey(client), server, clientId, time.of(one), key],
        lookFor: howToFindUnremoved(one),
        value: one,
      };
    });
    const columns = ['NAMESPACE', 'CLIENT', 'SERVER', 'CLIENT_ID', time.head, 'ENTRY'];
    return printList(columns, rows, nothing, { cluster, print });
  },
});
