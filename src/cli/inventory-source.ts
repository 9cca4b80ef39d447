import { RESOURCES, type Resource } from '../api/kubernetes.ts';
import { toClientObject } from '../core/desired.ts';
import { inventoryRows, inventoryServers } from '../core/inventory.ts';
import { outstandingClients } from '../core/inventory-outstanding.ts';
import type { ServerObject } from '../core/server-object.ts';
import { OWN_SUSPECTS, SUSPECTS } from '../core/suspects.ts';
import { UNREMOVED } from '../core/unremoved-client.ts';
import type { InventoryView } from '../inventory/view.ts';
import type { ClusterAccess } from './cluster.ts';
import { type CommandFailure, commandFailure, type RefusedCall } from './failure.ts';
import { readLists } from './lists.ts';
import { toServer } from './server-objects.ts';
import { operatorNamespaceOf } from './versions.ts';

/** What is shown of the cluster, read with the caller's own rights. A right that is missing hides a part and is named. */

type Snapshot = Pick<InventoryView, 'rows' | 'servers' | 'outstanding' | 'hidden' | 'readAt'>;

/** Younger snapshots are not read again. */
const FRESH_MS = 2_000;
/** Older ones are not shown while a new one is read. */
const STALE_MS = 60_000;
/** How long a request waits for a new one before it shows the former, with its time. */
const PATIENCE_MS = 200;

interface InventorySource {
  readonly view: () => Promise<InventoryView>;
}

/**
 * Reads the inventory once; later requests read it again when it is older than two seconds, and show the former one while
 * that takes longer.
 *
 * @returns a failure where the first read shows nothing: no cluster, no OAuthClients, no right to list any
 */
export async function openInventory(
  cluster: ClusterAccess,
  source: string,
): Promise<InventorySource | CommandFailure> {
  const first = await readSnapshot(cluster);
  if ('sentence' in first) {
    return first;
  }
  const { clock } = cluster;
  let snapshot = first;
  let reading: Promise<void> | undefined;
  const read = async () => {
    let next: Snapshot | CommandFailure;
    try {
      next = await readSnapshot(cluster);
    } finally {
      reading = undefined;
    }
    snapshot = 'sentence' in next ? { ...snapshot, hidden: withFailure(snapshot.hidden, next) } : next;
  };
  return {
    async view() {
      const ageMs = clock.now() - snapshot.readAt;
      if (ageMs >= FRESH_MS) {
        reading ??= read();
        await (ageMs >= STALE_MS ? reading : Promise.race([reading, clock.sleep(PATIENCE_MS)]));
      }
      return { ...snapshot, now: clock.now(), source };
    },
  };
}

const FAILED = 'What is shown is old: ';

const withFailure = (hidden: readonly string[], { sentence }: CommandFailure): readonly string[] => [
  ...hidden.filter((one) => !one.startsWith(FAILED)),
  `${FAILED}${sentence}`,
];

async function readSnapshot(cluster: ClusterAccess): Promise<Snapshot | CommandFailure> {
  const readAt = cluster.clock.now();
  const clients = await listClients(cluster);
  if ('sentence' in clients) {
    return clients;
  }
  const [own, ofCluster] = await Promise.all([
    listServers(cluster, clients.namespace),
    listClusterServers(cluster),
  ]);
  const servers = [...own.items, ...ofCluster.items];
  const registered = clients.items.find(({ observed }) => observed.status.installation !== undefined);
  const operatorNamespace = operatorNamespaceOf(cluster, registered?.observed.status.installation);
  const lists = await readOutstanding({ api: cluster.api, operatorNamespace });
  return {
    readAt,
    rows: inventoryRows(clients.items, servers),
    servers: inventoryServers(servers),
    outstanding: lists.outstanding?.filter(
      ({ namespace }) => clients.namespace === undefined || namespace === clients.namespace,
    ),
    hidden: [clients.hidden, own.hidden, ofCluster.hidden, ...lists.hidden].filter(
      (sentence) => sentence !== undefined,
    ),
  };
}

interface Listed<T> {
  readonly items: readonly T[];
  readonly hidden: string | undefined;
}

/** Of all namespaces; where that is forbidden, of the namespace of the context. */
async function listClients(cluster: ClusterAccess) {
  const { api, selection, namespace } = cluster;
  const resource = RESOURCES.oauthClient;
  const found = await api.collect(resource, selection, (raw) => toClientObject(raw));
  if (found.ok) {
    return { items: found.object.items, hidden: undefined, namespace: selection.namespace };
  }
  const failure = commandFailure(found, { verb: 'list', resource, namespace: selection.namespace });
  if (found.status !== 403 || selection.namespace !== undefined) {
    return failure;
  }
  const narrower = await api.collect(resource, { ...selection, namespace }, (raw) => toClientObject(raw));
  return narrower.ok
    ? {
        items: narrower.object.items,
        hidden: `${failure.sentence} Only namespace ${namespace} is shown.`,
        namespace,
      }
    : commandFailure(narrower, { verb: 'list', resource, namespace });
}

/** @param namespace `undefined`: all */
async function listServers(
  { api }: ClusterAccess,
  namespace: string | undefined,
): Promise<Listed<ServerObject>> {
  const resource = RESOURCES.authorizationServer;
  const selection = namespace === undefined ? {} : { namespace };
  const found = await api.collect(resource, selection, toServer('AuthorizationServer'));
  return found.ok ? { items: found.object.items, hidden: undefined } : hiddenBy(found, resource, namespace);
}

async function listClusterServers({ api }: ClusterAccess): Promise<Listed<ServerObject>> {
  const resource = RESOURCES.clusterAuthorizationServer;
  const found = await api.collect(resource, {}, toServer('ClusterAuthorizationServer'));
  return found.ok ? { items: found.object.items, hidden: undefined } : hiddenBy(found, resource, undefined);
}

const hiddenBy = (refused: RefusedCall, resource: Resource, namespace: string | undefined) => ({
  items: [],
  hidden: commandFailure(refused, { verb: 'list', resource, namespace }).sentence,
});

const LISTS_HINT =
  'The lists of what is owed, left behind or suspected are there: ClusterRole oauth-registrar-list-viewer permits that.';

/** What is owed, left behind and suspected. */
async function readOutstanding(cluster: Pick<ClusterAccess, 'api' | 'operatorNamespace'>) {
  const { data, failures } = await readLists([UNREMOVED, SUSPECTS, OWN_SUSPECTS], cluster);
  const suspects = [data.get(SUSPECTS), data.get(OWN_SUSPECTS)];
  return {
    outstanding:
      failures.length > 0 ? undefined : outstandingClients({ unremoved: data.get(UNREMOVED), suspects }),
    hidden: [
      ...new Set(
        failures.map(({ exit, sentence }) => (exit === 'found' ? sentence : `${sentence} ${LISTS_HINT}`)),
      ),
    ],
  };
}
