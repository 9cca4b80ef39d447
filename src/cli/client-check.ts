import { toCredentialObject, toNamespace } from '../adapters/kubernetes/cache-feeds.ts';
import type { RawObject, Selection } from '../adapters/kubernetes/paths.ts';
import type { ServerKind } from '../api/authorization-server.ts';
import { type KubernetesObject, RESOURCES } from '../api/kubernetes.ts';
import { LABELS } from '../api/names.ts';
import type { OAuthClient } from '../api/oauth-client.ts';
import { readBroughtSecrets } from '../controller/client/brought-secrets.ts';
import { serverRefOf } from '../controller/client/observe.ts';
import { toRegistrationObject, toSecretObject } from '../controller/state/cached-objects.ts';
import { serverObjectOf } from '../controller/state/server-objects.ts';
import type { Decision } from '../core/action.ts';
import { clientKey } from '../core/client-key.ts';
import type { ServerConnection } from '../core/connection.ts';
import { toClientObject } from '../core/desired.ts';
import { type WantedDocument, wantedDocument } from '../core/document.ts';
import { usable } from '../core/narrowed.ts';
import type { ClientObject, Observation } from '../core/observation.ts';
import { documentOf } from '../core/permitted-document.ts';
import { plan } from '../core/plan.ts';
import { isProblem, type Problem } from '../core/problem.ts';
import { type ServerName, serverKey, serverNamed } from '../core/server-key.ts';
import type { ServerObject } from '../core/server-object.ts';
import { learnServer, withStatedGate } from './checked-server.ts';
import type { ClusterAccess } from './cluster.ts';
import { conditionOf } from './conditions.ts';
import { createDryRun, type DryRun } from './dry-run.ts';
import { unseenAfter } from './failure.ts';
import { resourceOfServer, toServer } from './server-objects.ts';
import { assumedNamespace, operatorNamespaceOf, withOperatorNamespace } from './versions.ts';

/** What the operator would do about one OAuthClient, found out without a call to any server. */
export interface ClientCheck {
  readonly client: ClientObject;
  /** The next step, or the reason to be idle; before it, the finalizer. Empty: too little is seen to plan. */
  readonly steps: readonly Decision[];
  /** Why the operator waits, where its status says so about the present spec: it may know more than the steps. */
  readonly stated: { readonly reason: string; readonly message: string } | undefined;
  readonly server: (ServerName & { readonly connection: ServerConnection | undefined }) | undefined;
  /** What would be sent, whether or not it may be. */
  readonly wanted: WantedDocument | Problem | undefined;
  /** Why it may not be sent. */
  readonly refused: Problem | undefined;
  readonly notSeen: readonly string[];
}

/** @param raw an OAuthClient that exists, or that is to be created */
export async function checkClient(raw: OAuthClient, caller: ClusterAccess): Promise<ClientCheck> {
  const { namespace = '', name } = raw.metadata;
  const unseen = new Unseen();
  const installation = raw.status?.installation;
  // A client that is to be created says nothing of its operator, and others may.
  const cluster = installation ? caller : await withOperatorNamespace(caller);
  const dryRun = createDryRun(cluster, {
    namespace: operatorNamespaceOf(cluster, installation),
    installation,
  });
  const { context } = dryRun;
  await load(raw, dryRun, cluster, unseen);
  const key = clientKey({ namespace, name });
  const client = toClientObject(raw);
  context.caches.clients.applied(client);
  await readBroughtSecrets(key, context);
  const ref = serverRefOf(key, context);
  const server = ref && serverKey(ref, namespace);
  const object = server && serverObjectOf(server, context.caches);
  const o = withStatedGate(dryRun.observe(key), object);
  return {
    client,
    steps: isBlind(client, ref?.kind, object, unseen) ? [] : plannedFor(o),
    stated: statedBy(client),
    server: server && { ...serverNamed(server), connection: connectionIn(o) },
    ...documents(o),
    notSeen: [assumedNamespace(cluster, installation), ...unseen.sentences].filter(
      (text) => text !== undefined,
    ),
  };
}

/** What the caller may not see, with a sentence for each. */
class Unseen {
  readonly #sentences = new Map<string, UnseenPart>();

  add(part: UnseenPart, sentence: string): void {
    this.#sentences.set(sentence, part);
  }

  has(...parts: readonly UnseenPart[]): boolean {
    return [...this.#sentences.values()].some((part) => parts.includes(part));
  }

  get sentences(): readonly string[] {
    return [...this.#sentences.keys()];
  }
}

type UnseenPart =
  | ServerKind
  | 'Registrations'
  | 'Secrets'
  | 'Credentials'
  | 'CredentialsOfServers'
  | 'NamespaceLabels';

/** Whether a plan would be about what the caller may see, and not about what there is. */
function isBlind(
  { observed: { status, desired } }: ClientObject,
  kind: ServerKind | undefined,
  server: ServerObject | undefined,
  unseen: Unseen,
): boolean {
  const isRegistered = status.clientId !== undefined;
  const brings = desired.valid && (desired.spec.softwareStatement ?? desired.spec.adopt) !== undefined;
  const byLabel = server?.allowedNamespaces?.selector !== undefined;
  return (
    (isRegistered && unseen.has('Registrations', 'Secrets')) ||
    (kind === undefined ? unseen.has(...KINDS) : unseen.has(kind)) ||
    (brings && unseen.has('Credentials')) ||
    (byLabel && unseen.has('NamespaceLabels'))
  );
}

/** The step that a client without finalizer gets first is no news: what follows is. */
function plannedFor(o: Observation): readonly Decision[] {
  const first = plan(o);
  return first.type === 'AddFinalizer' && o.object !== undefined
    ? [first, plan({ ...o, object: { ...o.object, hasFinalizer: true } })]
    : [first];
}

/** Whether status is about the present spec, and no request of a person waits. */
function statedBy({ observed }: ClientObject): ClientCheck['stated'] {
  const { status, generation, reconcileRequestedAt, rotateRequestedAt } = observed;
  const isCurrent =
    status.observedGeneration === generation &&
    (reconcileRequestedAt ?? status.lastHandledReconcileAt) === status.lastHandledReconcileAt &&
    (rotateRequestedAt ?? status.lastHandledRotateAt) === status.lastHandledRotateAt;
  const waits = WAITING.some((type) => conditionOf(status, type)?.status === 'True');
  const ready = conditionOf(status, 'Ready');
  return isCurrent && waits && ready ? { reason: ready.reason, message: ready.message } : undefined;
}

const WAITING: readonly string[] = ['Reconciling', 'Stalled', 'Paused'];

const connectionIn = ({ server }: Observation): ServerConnection | undefined =>
  server.available ? server.connection : undefined;

function documents(o: Observation): Pick<ClientCheck, 'wanted' | 'refused'> {
  const connection = connectionIn(o);
  const { object, namespace, name, cluster, statement } = o;
  if (connection === undefined || object === undefined || !object.desired.valid) {
    return { wanted: undefined, refused: undefined };
  }
  const { createdAt, desired } = object;
  const own = isProblem(statement) ? undefined : statement;
  const wanted = wantedDocument({ namespace, name, cluster, createdAt }, desired.spec, connection, own);
  const permitted = documentOf(usable(o, object, desired), connection);
  return isProblem(permitted) ? { wanted, refused: permitted } : { wanted: permitted, refused: undefined };
}

async function load(
  { spec, metadata: { namespace = '' } }: OAuthClient,
  dryRun: DryRun,
  cluster: ClusterAccess,
  unseen: Unseen,
): Promise<void> {
  const { context } = dryRun;
  const { caches } = context;
  const own = context.settings.operatorNamespace;
  const list = <T>(cache: Cache<T>, label: string, home: string, loading: Loading<T>) =>
    loadList(
      cluster,
      cache,
      { namespace: home, labelSelector: `${label}=true`, metadataOnly: true },
      { ...loading, unseen },
    );
  await Promise.all([
    list(caches.registrations, LABELS.registration, own, {
      part: 'Registrations',
      convert: toRegistrationObject,
      consequence: 'no record of a registration is seen',
    }),
    list(caches.secrets, LABELS.workload, namespace, {
      part: 'Secrets',
      convert: toSecretObject,
      consequence: 'it is not seen what the Secrets of workloads show',
    }),
    list(caches.credentials, LABELS.credential, namespace, {
      part: 'Credentials',
      convert: toCredentialObject,
      consequence: 'no credential of the namespace is seen',
    }),
    list(caches.credentials, LABELS.credential, own, {
      part: 'CredentialsOfServers',
      convert: toCredentialObject,
      consequence: 'no credential of a ClusterAuthorizationServer is seen',
    }),
    loadNamespace(namespace, dryRun, cluster, unseen),
    context.orphans.load(),
  ]);
  for (const object of await serversFor(spec.authorizationServerRef?.name, namespace, cluster, unseen)) {
    await learnServer(object, dryRun, (sentence) => unseen.add('CredentialsOfServers', sentence));
  }
}

interface Cache<T> {
  applied(object: T): void;
}

interface Loading<T> {
  readonly part: UnseenPart;
  readonly convert: (raw: RawObject) => T;
  readonly consequence: string;
}

async function loadList<T>(
  { api }: ClusterAccess,
  cache: Cache<T>,
  selection: Selection,
  { part, convert, consequence, unseen }: Loading<T> & { readonly unseen: Unseen },
): Promise<void> {
  const resource = RESOURCES.secret;
  const found = await api.collect(resource, selection, convert);
  if (!found.ok) {
    const asked = { verb: 'list', resource, namespace: selection.namespace } as const;
    unseen.add(part, unseenAfter(found, asked, consequence));
    return;
  }
  for (const object of found.object.items) {
    cache.applied(object);
  }
}

async function loadNamespace(
  name: string,
  { context }: DryRun,
  { api }: ClusterAccess,
  unseen: Unseen,
): Promise<void> {
  const resource = RESOURCES.namespace;
  const found = await api.get(resource, { name }, 'metadata');
  if (found.ok) {
    context.caches.namespaces.applied(toNamespace(found.object as RawObject));
  } else if (found.status === 404) {
    unseen.add(
      'NamespaceLabels',
      `There is no namespace ${name} yet, so it has no label by which a server could admit it.`,
    );
  } else {
    const asked = { verb: 'get', resource, namespace: name } as const;
    unseen.add(
      'NamespaceLabels',
      unseenAfter(
        found,
        asked,
        `the labels of namespace ${name}, by which servers may admit it, are not seen`,
      ),
    );
  }
}

const KINDS: readonly ServerKind[] = ['ClusterAuthorizationServer', 'AuthorizationServer'];

/** The servers of that name, of both kinds: one may have been meant for the other. Without a name: all, for the default. */
async function serversFor(
  name: string | undefined,
  namespace: string,
  { api }: ClusterAccess,
  unseen: Unseen,
): Promise<readonly ServerObject[]> {
  const found = await Promise.all(
    KINDS.map(async (kind) => {
      const resource = resourceOfServer(kind);
      const home = resource.namespaced ? { namespace } : {};
      const answer =
        name === undefined
          ? await api.collect(resource, home, toServer(kind))
          : await api.get<KubernetesObject>(resource, { ...home, name });
      if (answer.ok) {
        return 'items' in answer.object ? answer.object.items : [toServer(kind)(answer.object)];
      }
      if (answer.status !== 404) {
        const verb = name === undefined ? 'list' : 'get';
        unseen.add(kind, unseenAfter(answer, { verb, resource, ...home }, `no ${kind} is seen`));
      }
      return [];
    }),
  );
  return found.flat();
}
