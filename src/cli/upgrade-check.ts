import { toNamespace } from '../adapters/kubernetes/cache-feeds.ts';
import type { RawObject, Selection } from '../adapters/kubernetes/paths.ts';
import { RESOURCES, type Resource } from '../api/kubernetes.ts';
import { LABELS } from '../api/names.ts';
import { serverRefOf } from '../controller/client/observe.ts';
import { toRegistrationObject, toSecretObject } from '../controller/state/cached-objects.ts';
import { clientKey } from '../core/client-key.ts';
import { toClientObject } from '../core/desired.ts';
import type { ClientObject } from '../core/observation.ts';
import { plan } from '../core/plan.ts';
import { keyOfServer, type ServerKey, serverKey } from '../core/server-key.ts';
import { learnServer } from './checked-server.ts';
import type { ClusterAccess } from './cluster.ts';
import { createDryRun, type DryRun } from './dry-run.ts';
import { type CommandFailure, commandFailure } from './failure.ts';
import { toServer } from './server-objects.ts';
import { operatorNamespaceOf } from './versions.ts';

/** A client that an operator of this version would change. */
interface UpgradeChange {
  readonly namespace: string;
  readonly name: string;
  /** Type of the step. */
  readonly step: string;
  /** A sentence of the plan. */
  readonly why: string;
}

interface UpgradeCheck {
  readonly changes: readonly UpgradeChange[];
  /** How many clients there are, and how many of them are ready with a status about their present spec. */
  readonly looked: number;
  readonly atRest: number;
  readonly notSeen: readonly string[];
}

/** Plans once for each client that is at rest. One call per page of objects, none per client. */
export async function changesByUpgrade(cluster: ClusterAccess): Promise<UpgradeCheck | CommandFailure> {
  const clients = await listOf(cluster, RESOURCES.oauthClient, cluster.selection, (raw) =>
    toClientObject(raw),
  );
  if ('sentence' in clients) {
    return clients;
  }
  const installation = clients.find(({ observed }) => observed.status.installation !== undefined)?.observed
    .status.installation;
  const dryRun = createDryRun(cluster, {
    namespace: operatorNamespaceOf(cluster, installation),
    installation,
  });
  const notSeen = new Set<string>();
  const unknown = await loadAll(dryRun, cluster, (sentence) => notSeen.add(sentence));
  if ('sentence' in unknown) {
    return unknown;
  }
  for (const client of clients) {
    dryRun.context.caches.clients.applied(client);
  }
  const atRest = clients.filter((client) => isAtRest(client) && !unknown.has(serverOf(client, dryRun)));
  const changes = atRest.flatMap(({ metadata: { namespace = '', name } }): readonly UpgradeChange[] => {
    const { type: step, message: why } = plan(dryRun.observe(clientKey({ namespace, name })));
    return step === 'Idle' ? [] : [{ namespace, name, step, why }];
  });
  return { changes, looked: clients.length, atRest: atRest.length, notSeen: [...notSeen] };
}

function serverOf(
  { metadata: { namespace = '', name } }: ClientObject,
  { context }: DryRun,
): ServerKey | undefined {
  const ref = serverRefOf(clientKey({ namespace, name }), context);
  return ref && serverKey(ref, namespace);
}

/** Nothing waits, and no person asked for anything: what is planned all the same, another version of the operator plans. */
function isAtRest({ observed }: ClientObject): boolean {
  const { status, generation, deleting, reconcileRequestedAt, rotateRequestedAt } = observed;
  const { conditions = [] } = status;
  const isReady = conditions.some(({ type, status: is }) => type === 'Ready' && is === 'True');
  const waits = conditions.some(({ type }) => ['Reconciling', 'Stalled', 'Paused'].includes(type));
  const isHandled =
    (reconcileRequestedAt ?? status.lastHandledReconcileAt) === status.lastHandledReconcileAt &&
    (rotateRequestedAt ?? status.lastHandledRotateAt) === status.lastHandledRotateAt;
  return isReady && !waits && !deleting && isHandled && status.observedGeneration === generation;
}

/** @returns the servers whose documents are not known; or why the objects that a plan needs are not seen */
async function loadAll(
  dryRun: DryRun,
  cluster: ClusterAccess,
  notSeen: (sentence: string) => void,
): Promise<ReadonlySet<ServerKey | undefined> | CommandFailure> {
  const { caches, settings } = dryRun.context;
  const { namespace } = cluster.selection;
  const home = namespace === undefined ? {} : { namespace };
  const metadataOnly = true;
  const into = async <T>(
    cache: { applied(object: T): void },
    resource: Resource,
    selection: Selection,
    convert: (raw: RawObject) => T,
  ): Promise<CommandFailure | undefined> => {
    const found = await listOf(cluster, resource, selection, convert);
    if ('sentence' in found) {
      return found;
    }
    for (const object of found) {
      cache.applied(object);
    }
    return undefined;
  };
  const labelled = (label: string, where: Selection) => ({
    ...where,
    labelSelector: `${label}=true`,
    metadataOnly,
  });
  const records = labelled(LABELS.registration, { namespace: settings.operatorNamespace });
  const failures = await Promise.all([
    into(caches.registrations, RESOURCES.secret, records, toRegistrationObject),
    into(caches.secrets, RESOURCES.secret, labelled(LABELS.workload, home), toSecretObject),
    into(caches.namespaces, RESOURCES.namespace, { metadataOnly }, toNamespace),
    into(
      caches.clusterServers,
      RESOURCES.clusterAuthorizationServer,
      {},
      toServer('ClusterAuthorizationServer'),
    ),
    into(caches.servers, RESOURCES.authorizationServer, home, toServer('AuthorizationServer')),
  ]);
  const unknown = new Set<ServerKey>();
  for (const server of [...caches.clusterServers.values(), ...caches.servers.values()]) {
    if (!(await learnServer(server, dryRun, notSeen))) {
      unknown.add(keyOfServer(server));
    }
  }
  return failures.find((failure) => failure !== undefined) ?? unknown;
}

async function listOf<T>(
  { api }: ClusterAccess,
  resource: Resource,
  selection: Selection,
  convert: (raw: RawObject) => T,
): Promise<readonly T[] | CommandFailure> {
  const found = await api.collect(resource, selection, convert);
  return found.ok
    ? found.object.items
    : commandFailure(found, { verb: 'list', resource, namespace: selection.namespace });
}
