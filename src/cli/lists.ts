import type { AuthorizationServer } from '../api/authorization-server.ts';
import { type ConfigMap, namespaceOf, RESOURCES } from '../api/kubernetes.ts';
import { LEDGER_NAME } from '../controller/durable/ledger-store.ts';
import type { ClientKey } from '../core/client-key.ts';
import { type SuspectedOrphan, suspectsIn } from '../core/orphan-entry.ts';
import { type ServerKey, serverNamed } from '../core/server-key.ts';
import { OWN_SUSPECTS, SUSPECTS } from '../core/suspects.ts';
import { UNREMOVED, type UnremovedClient, unremovedIn } from '../core/unremoved-client.ts';
import type { ClusterAccess } from './cluster.ts';
import type { ClusterContext, CommandResult } from './command.ts';
import { type CommandFailure, commandFailure } from './failure.ts';
import type { Cell } from './print.ts';
import { resourceOfServer } from './server-objects.ts';
import { operatorNamespaceOf, withOperatorNamespace } from './versions.ts';

/** The ConfigMaps in which the operator lists what people may have to look for at servers. */

/** What the plugin needs to read them, for the help of its commands. */
export const LISTS_RIGHT =
  "It reads ConfigMaps of the operator's namespace: ClusterRole oauth-registrar-list-viewer permits that.";

/** An entry of a list, whichever it is in. */
interface Entry {
  readonly client: ClientKey;
}

type OperatorAccess = Pick<ClusterAccess, 'api' | 'operatorNamespace'>;

/** One of the ConfigMaps; without data if there is none. */
export async function readList(name: string, cluster: OperatorAccess): Promise<ConfigMap | CommandFailure> {
  const namespace = operatorNamespaceOf(cluster);
  return (await findList(name, cluster)) ?? { metadata: { name, namespace } };
}

/** What could be read of several of the ConfigMaps. */
interface ListsRead {
  /** Data by the name of the ConfigMap; those that exist and were read. */
  readonly data: ReadonlyMap<string, NonNullable<ConfigMap['data']>>;
  /** Why others were not read; also that the namespace has none of them, nor the operator's ledger. Empty: all is known. */
  readonly failures: readonly CommandFailure[];
}

/** Reads these ConfigMaps. One that does not exist is empty, but only where an operator works in the namespace. */
export async function readLists(names: readonly string[], cluster: OperatorAccess): Promise<ListsRead> {
  const data = new Map<string, NonNullable<ConfigMap['data']>>();
  const failures: CommandFailure[] = [];
  for (const list of await Promise.all(names.map((name) => findList(name, cluster)))) {
    if (list !== undefined && 'sentence' in list) {
      failures.push(list);
    } else if (list !== undefined) {
      data.set(list.metadata.name, list.data ?? {});
    }
  }
  const isAnyAbsent = data.size + failures.length < names.length;
  const missing = data.size === 0 && isAnyAbsent ? await missingOperator(cluster) : undefined;
  return { data, failures: missing === undefined ? failures : [...failures, missing] };
}

/** A failure if the namespace has no ledger of an operator. Where the caller may not read it, it is taken to be there. */
async function missingOperator(cluster: OperatorAccess): Promise<CommandFailure | undefined> {
  const namespace = operatorNamespaceOf(cluster);
  const resource = RESOURCES.configMap;
  const key = { namespace, name: LEDGER_NAME };
  const found = await cluster.api.get(resource, key, 'metadata');
  if (found.ok || found.status === 403) {
    return undefined;
  }
  return found.status === 404
    ? {
        exit: 'found',
        sentence: `Namespace ${namespace} has neither lists nor a ledger of an operator: --operator-namespace names another namespace.`,
      }
    : commandFailure(found, { verb: 'get', resource, ...key });
}

async function findList(
  name: string,
  cluster: OperatorAccess,
): Promise<ConfigMap | CommandFailure | undefined> {
  const namespace = operatorNamespaceOf(cluster);
  const resource = RESOURCES.configMap;
  const found = await cluster.api.get<ConfigMap>(resource, { namespace, name });
  if (found.ok) {
    return found.object;
  }
  return found.status === 404 ? undefined : commandFailure(found, { verb: 'get', resource, namespace, name });
}

export async function readOrphans(
  cluster: ClusterAccess,
): Promise<readonly SuspectedOrphan[] | CommandFailure> {
  const { data, failures } = await readLists([SUSPECTS, OWN_SUSPECTS], cluster);
  return failures[0] ?? [...data.values()].flatMap(suspectsIn);
}

async function readUnremoved(
  cluster: ClusterAccess,
): Promise<ReturnType<typeof unremovedIn> | CommandFailure> {
  const { data, failures } = await readLists([UNREMOVED], cluster);
  return failures[0] ?? unremovedIn(data.get(UNREMOVED));
}

/** The clients with this role, of the namespaces that the flags name. */
export async function selectedUnremoved(
  role: UnremovedClient['role'],
  { cluster, print }: Pick<ClusterContext, 'cluster' | 'print'>,
): Promise<readonly UnremovedClient[] | CommandFailure> {
  const list = await readUnremoved(cluster);
  if ('sentence' in list) {
    return list;
  }
  if (list.unlisted > 0) {
    print.note(
      `The list has no room for ${list.unlisted} more clients that are owed or left behind. status.owed and status.leftBehind of the server objects count all.`,
    );
  }
  return selectedEntries(
    list.clients.filter((client) => client.role === role),
    cluster,
  );
}

/** Those of the namespace, or with -A all. */
export const selectedEntries = <E extends Entry>(
  entries: readonly E[],
  { selection }: Pick<ClusterAccess, 'selection'>,
): readonly E[] =>
  selection.namespace === undefined
    ? entries
    : entries.filter(({ client }) => namespaceOf(client) === selection.namespace);

/** The access by which a command reads the lists. The entries have no labels, so -l would hide some without a word. */
export const openLists = async (cluster: ClusterAccess): Promise<ClusterAccess | CommandFailure> =>
  cluster.selection.labelSelector === undefined
    ? withOperatorNamespace(cluster)
    : { exit: 'usage', sentence: 'The entries of this list have no labels: leave -l out, and use -n or -A.' };

/** One row of a list, and how to look for its client. */
interface ListRow {
  readonly key: string;
  readonly cells: readonly Cell[];
  readonly lookFor: string;
  /** For -o json and -o yaml. */
  readonly value: object;
}

/** @param nothing the sentence for an empty list */
export function printList(
  columns: readonly string[],
  rows: readonly ListRow[],
  nothing: string,
  { cluster, print }: Pick<ClusterContext, 'cluster' | 'print'>,
): CommandResult {
  switch (print.format) {
    case 'name':
      rows.forEach(({ key }) => {
        print.line(key);
      });
      break;
    case undefined:
      if (rows.length === 0) {
        const where =
          cluster.selection.namespace === undefined ? '' : ` in namespace ${cluster.selection.namespace}`;
        print.note(`${nothing}${where}, by the lists in namespace ${operatorNamespaceOf(cluster)}.`);
        return 'done';
      }
      print.table(
        columns,
        rows.map(({ cells }) => cells),
      );
      for (const { key, lookFor } of rows) {
        print.line('');
        print.line(key);
        print.line(`  ${lookFor}`);
      }
      break;
    default:
      print.value(rows.map(({ value, lookFor }) => ({ ...value, lookFor })));
  }
  return rows.length === 0 ? 'done' : 'found';
}

/** `spec.attemptMarker` of these server objects, as far as the caller may see them. */
export async function markersOf(
  servers: Iterable<ServerKey>,
  { api }: Pick<ClusterAccess, 'api'>,
): Promise<ReadonlyMap<ServerKey, string>> {
  const markers = new Map<ServerKey, string>();
  for (const server of new Set(servers)) {
    const { kind, ...key } = serverNamed(server);
    const resource = resourceOfServer(kind);
    const found = await api.get<AuthorizationServer>(resource, key);
    const marker = found.ok ? found.object.spec.attemptMarker?.member : undefined;
    if (marker !== undefined) {
      markers.set(server, marker);
    }
  }
  return markers;
}
