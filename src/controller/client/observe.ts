import { kindText } from '../../api/bindable-kinds.ts';
import { namespaceOf } from '../../api/kubernetes.ts';
import { ANNOTATIONS } from '../../api/names.ts';
import { type ClientKey, clientKey } from '../../core/client-key.ts';
import { servingRecord } from '../../core/current-record.ts';
import { isInUseBy, mayShareClients, namesOfSharers } from '../../core/home.ts';
import { continuedBy, type Installation } from '../../core/installation.ts';
import { migrationState } from '../../core/migration.ts';
import type {
  Observation,
  ObservedClient,
  ObservedMigration,
  ObservedServer,
  PresentServer,
} from '../../core/observation.ts';
import { CLOCKS_DIFFER_MS, isAt, type RegistrationRecord, type ServerRef } from '../../core/record.ts';
import { recalled, spreadMs } from '../../core/remembered-refusal.ts';
import type { Caller } from '../../core/scope.ts';
import { admits, chosenServer, otherKind, unavailableMessage } from '../../core/server-access.ts';
import { type ServerKey, serverKey } from '../../core/server-key.ts';
import { deletionTerms, type ServerObject } from '../../core/server-object.ts';
import { accountOf, hasAccountBefore } from '../../core/workload-account.ts';
import { endedIn, inNamespace } from '../state/record-counts.ts';
import { serverObjectOf } from '../state/server-objects.ts';
import { adoptableOf, statementOf } from './brought-secrets.ts';
import { withinShares } from './share-gate.ts';
import type { StepContext } from './step-context.ts';

type WithCaches = Pick<StepContext, 'caches'>;
type WithMoves = Pick<StepContext, 'caches' | 'moves'>;

/** Gathers all inputs of a decision about one OAuthClient. Makes no call. */
export function observe(key: ClientKey, context: StepContext): Observation {
  const { caches, clock, ledger, memory, recorder, settings } = context;
  const namespace = namespaceOf(key);
  const now = clock.now();
  const object = caches.clients.get(key)?.observed;
  if (object !== undefined) {
    memory.present(key);
    recallRefusal(key, object, now, context);
  }
  const reference = referenceOf(key, context);
  const { ref } = reference;
  return {
    now,
    earliest: clock.earliest(),
    namespace,
    name: key.slice(namespace.length + 1),
    installation: installationOf(context),
    heldFor: ledger.copiedFrom,
    object,
    absence: object === undefined ? memory.absence(key, now) : { since: now, proven: false },
    namespaceTerminating: isTerminating(namespace, context),
    calls: ledger.callsOf(key),
    unrecorded: recorder.pendingOf(key),
    records: recordsOfObject(key, context),
    newer: newerOf(key, context),
    server: serverOf(key, ref, context),
    migration: observedMigration(key, reference, context),
    servers: serversOf(key, context),
    cluster: settings.cluster,
    reservedSecretMetadata: settings.reservedSecretMetadata,
    bindableKinds: settings.bindableKinds?.map(kindText),
    namespaceUid: context.caches.namespaces.get(namespace)?.metadata.uid ?? '',
    suspects: suspectsOf(key, object?.uid ?? '', ref, context),
    namesakes: namesakesOf(key, context),
    statement: statementOf(key, now, context),
    readAt: memory.readAt(key, object?.createdAt, now),
    heard: memory.heard(key),
    documentChecked: memory.documentChecked(key),
    probe: memory.probe(key),
    restarted: memory.restartsDone(key),
    users: memory.users(key),
    mayRestart: settings.mayRestart,
    startedAt: memory.startedAt(now),
    adoptable: adoptableOf(key, context),
    clientsInNamespace: clientsAt(ref, namespace, context),
    endedInNamespace: endedInNamespace(ref, namespace, context),
    ...accountHolderOf(key, ref, context),
    secrets: caches.secrets.find('client', key).map(({ observed }) => observed),
    setbacks: setbacksOf(key, now, ref, context),
    sentCalls: memory.sentCalls(key, now),
  };
}

/** What this process learns of refusals itself is newer than status, which is written at the end of a round. */
function recallRefusal(
  key: ClientKey,
  object: ObservedClient,
  now: number,
  { caches, memory }: StepContext,
): void {
  if (object.status.refusal !== undefined) {
    const spread = spreadMs(object.uid, caches.clients.size);
    memory.recall(key, (startedAt) => recalled(object, now, startedAt + spread), now);
  }
}

export function installationOf({ caches, settings }: Pick<StepContext, 'caches' | 'settings'>): Installation {
  const own = caches.namespaces.get(settings.operatorNamespace)?.metadata.annotations;
  return { ...settings.installation, continues: continuedBy(own?.[ANNOTATIONS.continues]) };
}

function recordsOfObject(key: ClientKey, { caches }: WithCaches): readonly RegistrationRecord[] {
  return caches.registrations.find('client', key).flatMap(({ record }) => record ?? []);
}

function newerOf(key: ClientKey, { caches, ledger, settings }: StepContext): string | undefined {
  const secret = caches.registrations.find('client', key).find((object) => object.newerOf !== undefined);
  if (secret !== undefined) {
    return `Registration Secret ${settings.operatorNamespace}/${secret.metadata.name}`;
  }
  return ledger.hasNewer(key) ? 'An entry of the ledger' : undefined;
}

function isTerminating(namespace: string, { caches }: StepContext): boolean {
  return caches.namespaces.get(namespace)?.metadata.deletionTimestamp !== undefined;
}

/** The server object that counts for the client, whether or not it exists: the one that it refers to, or to which that moves. */
export const serverRefOf = (key: ClientKey, context: WithMoves): ServerRef | undefined =>
  referenceOf(key, context).ref;

interface Reference {
  /** The server object that counts for the client. */
  readonly ref: ServerRef | undefined;
  /** That of the server object that the client refers to. */
  readonly migration?: Pick<ObservedMigration, 'from' | 'to' | 'state'>;
}

function referenceOf(key: ClientKey, context: WithMoves): Reference {
  const named = namedServer(key, context);
  const migration = named && migrationOf(key, named, context);
  if (migration === undefined) {
    return { ref: named };
  }
  const ref =
    migration.state === 'Waiting'
      ? currentOf(key, context.caches.clients.get(key)?.observed, context)?.server
      : migration.to;
  return { ref, migration };
}

/**
 * The migration of the server object that the client refers to. Where it can't go on, since the new server object is missing
 * or has a migration of its own, it counts for a client that has left the former one: that stays where it is.
 */
function migrationOf(key: ClientKey, named: ServerRef, { caches, moves }: WithMoves): Reference['migration'] {
  const namespace = namespaceOf(key);
  const from = serverKey(named, namespace);
  const to = serverObjectOf(from, caches)?.spec?.migration?.to;
  if (to === undefined) {
    return undefined;
  }
  const target = serverObjectOf(serverKey(to, namespace), caches);
  const canGoOn = target?.spec !== undefined && target.spec.migration === undefined;
  const current = currentOf(key, caches.clients.get(key)?.observed, { caches });
  return canGoOn || (current !== undefined && !isAt(current, named))
    ? { from: named, to, state: migrationState(to, current, canGoOn && moves.hasTurn(from, key)) }
    : undefined;
}

/** The server object that the client refers to, whether or not it exists. */
function namedServer(key: ClientKey, context: WithCaches): ServerRef | undefined {
  const observed = context.caches.clients.get(key)?.observed;
  if (observed?.desired.valid !== true) {
    return undefined;
  }
  return (
    observed.desired.spec.authorizationServerRef ??
    // The first choice stays: a later default doesn't move a client.
    chosenBefore(key, observed, context) ??
    chosenServer(observed) ??
    context.caches.defaults.of(namespaceOf(key))
  );
}

/** The server of the client in use; if there is none, of a retained or restored one. */
function chosenBefore(key: ClientKey, object: ObservedClient, context: WithCaches): ServerRef | undefined {
  const records = recordsOfObject(key, context);
  const current = currentOf(key, object, context);
  return (current ?? records.find(({ role }) => role !== 'left-behind'))?.server;
}

/** The record that serves the client. */
function currentOf(
  key: ClientKey,
  object: ObservedClient | undefined,
  context: WithCaches,
): RegistrationRecord | undefined {
  const records = recordsOfObject(key, context);
  if (records.length === 0 || object === undefined) {
    return undefined;
  }
  const secrets = context.caches.secrets.find('client', key).map(({ observed }) => observed);
  const { desired } = object;
  const wanted = desired.valid ? (desired.spec.secret.name ?? key.split('/')[1]) : undefined;
  return servingRecord(object, wanted, { secrets, records });
}

/** All records that may belong to the same client, of any object. */
export function recordsOfClient(
  record: RegistrationRecord,
  { registrations }: Pick<StepContext['caches'], 'registrations'>,
): readonly RegistrationRecord[] {
  const known = registrations
    .find('sharedClient', namesOfSharers(record))
    .flatMap(({ record: other }) => other ?? []);
  return known.filter((other) => mayShareClients(other, record));
}

/** Records of other objects whose client is that of a record of this object. */
function namesakesOf(key: ClientKey, { caches }: WithCaches): Observation['namesakes'] {
  return recordsOfObject(key, { caches }).flatMap((own) =>
    caches.registrations.find('sharedClient', namesOfSharers(own)).flatMap(({ record }) => {
      const isNamesake =
        record !== undefined &&
        (record.role === 'current' || record.role === 'retained') &&
        clientKey(record.client) !== key &&
        isInUseBy(record, own);
      return isNamesake ? [{ record, isLive: isLive(record, caches) }] : [];
    }),
  );
}

function isLive({ client, role }: RegistrationRecord, { clients }: StepContext['caches']): boolean {
  const object = clients.get(clientKey(client))?.observed;
  return role === 'retained' || (object?.uid === client.uid && !object.deleting);
}

/** Counts every client that may exist, including those being registered. Only if there is a bound. */
export const clientsInNamespace = (key: ClientKey, context: StepContext): number =>
  clientsAt(serverRefOf(key, context), namespaceOf(key), context);

function clientsAt(ref: ServerRef | undefined, namespace: string, context: StepContext): number {
  const { registrations } = context.caches;
  const server = ref && serverKey(ref, namespace);
  if (server === undefined || !isBounded(server, context)) {
    return 0;
  }
  // An entry stays for a moment after its answer is recorded.
  const underWay = context.ledger
    .registrationsAt(server, namespace)
    .filter(({ registrationSecret }) => registrations.get(registrationSecret) === undefined);
  return registrations.count('inNamespace', inNamespace(server, namespace)) + underWay.length;
}

const isBounded = (server: ServerKey, { servers }: StepContext): boolean =>
  servers.state(server)?.connection?.policy?.maxClientsPerNamespace !== undefined;

/** Two clients of one ServiceAccount would share their tokens: the server gives them to one of the two. */
export function accountHolderOf(
  key: ClientKey,
  ref: ServerRef | undefined,
  context: StepContext,
): Pick<Observation, 'accountHolder'> {
  const own = context.caches.clients.get(key);
  const account = own && accountOf(own);
  if (own === undefined || account === undefined || ref === undefined) {
    return {};
  }
  const server = serverKey(ref, namespaceOf(key));
  const claim = { object: own, hasClient: hasClient(key, context) };
  const holder = context.caches.clients.find('account', account).find((other) => {
    const itsKey = clientKey(other.metadata);
    const its = { object: other, hasClient: hasClient(itsKey, context) };
    const refs = itsKey === key || !hasAccountBefore(its, claim) ? [] : accountServersOf(itsKey, context);
    return refs.some((itsRef) => serverKey(itsRef, namespaceOf(key)) === server);
  });
  return holder === undefined ? {} : { accountHolder: holder.metadata.name };
}

/** Whether a client of the object is recorded, or may be soon. */
const hasClient = (key: ClientKey, { caches, ledger }: Pick<StepContext, 'caches' | 'ledger'>): boolean =>
  registeredAt(key, caches).length > 0 || ledger.callsOf(key).some(({ kind }) => kind === 'Register');

/** The server that the object names, and those where it has a client: it may have left one behind for an overlap. */
const accountServersOf = (key: ClientKey, context: StepContext): readonly ServerRef[] =>
  [serverRefOf(key, context) ?? [], registeredAt(key, context.caches)].flat();

/** The servers where the object has a client, by its records. */
const registeredAt = (key: ClientKey, { registrations }: StepContext['caches']): readonly ServerRef[] =>
  registrations
    .find('client', key)
    .flatMap(({ record }) => (record?.role === 'current' ? record.server : []));

/** Clients of the namespace that may exist although their objects are gone, at servers of that kind. */
const endedInNamespace = (ref: ServerRef | undefined, namespace: string, { caches }: WithCaches): number =>
  ref === undefined ? 0 : caches.registrations.count('ended', endedIn(namespace, ref.kind));

function observedMigration(
  key: ClientKey,
  { migration }: Reference,
  context: StepContext,
): Observation['migration'] {
  if (migration === undefined) {
    return undefined;
  }
  const namespace = namespaceOf(key);
  const [from, to] = [serverKey(migration.from, namespace), serverKey(migration.to, namespace)];
  const { registrations } = context.caches;
  const countAt = (server: ServerKey) => registrations.count('inNamespace', inNamespace(server, namespace));
  const before = serverObjectOf(from, context.caches)?.status.migration;
  const isBegun = context.moves.counts(from)?.isBegun ?? before?.begun;
  return {
    ...migration,
    target: serverOf(key, migration.to, context),
    // Once begun, former clients of those that moved are still at the server that they left.
    clientsInNamespace: isBounded(to, context) ? countAt(to) + (isBegun === true ? 1 : countAt(from)) : 0,
  };
}

function serverOf(key: ClientKey, ref: ServerRef | undefined, context: StepContext): ObservedServer {
  const namespace = namespaceOf(key);
  const object = ref && serverObjectOf(serverKey(ref, namespace), context.caches);
  if (ref === undefined || object === undefined || !isOffered(ref, namespace, context)) {
    return notAvailable(ref, namespace, context);
  }
  const forRegistration = viewOf(key, object, ref, 'Register', context);
  if (!forRegistration.available) {
    return { ...forRegistration, ref };
  }
  if (recordsOfObject(key, context).length === 0) {
    return forRegistration;
  }
  // A registered client may have to be registered again.
  const view = viewOf(key, object, ref, 'Update', context);
  return view.available ? { ...view, registerGate: forRegistration.gate } : { ...view, ref };
}

/** A setback by a server that answers again is over: its action is due. */
function setbacksOf(
  key: ClientKey,
  now: number,
  ref: ServerRef | undefined,
  context: StepContext,
): Observation['setbacks'] {
  const known = context.memory.setbacks(key);
  if (!known.some(({ awaitsServer }) => awaitsServer)) {
    return known;
  }
  const resumedAt = Math.max(
    ...serverKeysOf(key, ref, context).map((server) => context.servers.health(server).resumedAt),
  );
  return known.map((setback) =>
    setback.awaitsServer && resumedAt > (setback.at ?? now) && setback.retryAt > now
      ? { ...setback, retryAt: now }
      : setback,
  );
}

function serverKeysOf(
  key: ClientKey,
  ref: ServerRef | undefined,
  context: StepContext,
): readonly ServerKey[] {
  const namespace = namespaceOf(key);
  const named = recordsOfObject(key, context).map(({ server }) => serverKey(server, namespace));
  return ref === undefined ? named : [serverKey(ref, namespace), ...named];
}

function suspectsOf(
  key: ClientKey,
  uid: string,
  ref: ServerRef | undefined,
  context: StepContext,
): Observation['suspects'] {
  const suspects = context.orphans.suspectsOf(uid);
  const answeredAt = ref && context.servers.health(serverKey(ref, namespaceOf(key))).registrationAnsweredAt;
  // A time in the future was written by a wrong clock; a pause that counts from it would last for days.
  const latestAt = suspects.latestAt > context.clock.now() + CLOCKS_DIFFER_MS ? 0 : suspects.latestAt;
  return { ...suspects, latestAt, isOver: (answeredAt ?? 0) > latestAt };
}

export const callerOf = (key: ClientKey): Caller => ({ namespace: namespaceOf(key), client: key });

/** The present server objects that the records name. */
function serversOf(key: ClientKey, context: StepContext): readonly PresentServer[] {
  const namespace = namespaceOf(key);
  const found = new Map<string, PresentServer>();
  for (const { server: ref } of recordsOfObject(key, context)) {
    const name = serverKey(ref, namespace);
    const object = serverObjectOf(name, context.caches);
    if (object !== undefined && !found.has(name)) {
      const { metadata, createdAt, spec } = object;
      found.set(name, {
        ref,
        uid: metadata.uid ?? '',
        createdAt,
        deletion: spec && deletionTerms(spec),
        migration: spec?.migration,
        view: viewOf(key, object, ref, 'Update', context),
      });
    }
  }
  return [...found.values()];
}

/** The server as a client may use it for a call; never with the state of an earlier object of the same name. */
function viewOf(
  key: ClientKey,
  { metadata, spec }: ServerObject,
  ref: ServerRef,
  call: 'Register' | 'Update',
  context: StepContext,
): ObservedServer {
  const name = serverKey(ref, metadata.namespace ?? '');
  const given = context.servers.view(name, ref, call, callerOf(key));
  const view = withinShares(given, name, key, call, context);
  return view.available && view.connection.uid !== metadata.uid
    ? {
        available: false,
        reason: 'Queued',
        message: 'The server has not been looked at yet.',
        endpoints: undefined,
      }
    : view.available
      ? view
      : { ...view, contact: spec?.contact };
}

function notAvailable(ref: ServerRef | undefined, namespace: string, context: WithCaches): ObservedServer {
  const reason = 'AuthorizationServerNotAvailable';
  if (ref === undefined) {
    return {
      available: false,
      reason,
      message:
        'The spec names no server, and there is not exactly one default server for this namespace. Set spec.authorizationServerRef; or annotate one server object with oauth-registrar.dev/is-default-server=true.',
      endpoints: undefined,
    };
  }
  const { kind, name } = ref;
  const server = kind === 'ClusterAuthorizationServer' ? context.caches.clusterServers.get(name) : undefined;
  const message = unavailableMessage({
    ref,
    namespace,
    isOfOtherKind: isOffered({ kind: otherKind(kind), name }, namespace, context),
    closed: server && { allowed: server.allowedNamespaces, contact: server.spec?.contact },
  });
  return { available: false, reason, message, endpoints: undefined };
}

function isOffered(ref: ServerRef, namespace: string, { caches }: WithCaches): boolean {
  const server = serverObjectOf(serverKey(ref, namespace), caches);
  if (ref.kind === 'AuthorizationServer') {
    return server !== undefined;
  }
  const labels = caches.namespaces.get(namespace)?.metadata.labels ?? {};
  return server !== undefined && admits(server.allowedNamespaces, namespace, labels);
}
