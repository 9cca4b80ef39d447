import type { CallKind, Observation, ObservedServer } from '../core/observation.ts';
import type { RegistrationRecord, ServerRef } from '../core/record.ts';
import { admits, serverKey } from '../core/server.ts';
import type { Context } from './context.ts';

/** Gathers everything that a decision about one OAuthClient rests on. Makes no call, so it can't change anything. */
export function observe(key: string, context: Context): Observation {
  const { caches, clock, ledger, memory, settings } = context;
  const [namespace = '', name = ''] = key.split('/');
  const now = clock.now();
  const object = caches.clients.get(key)?.observed;
  if (object !== undefined) {
    memory.present(key);
  }
  return {
    now,
    namespace,
    name,
    installation: settings.installation,
    object,
    absence: object === undefined ? memory.absence(key, now) : { since: now, proven: false },
    namespaceTerminating: isTerminating(namespace, context),
    calls: ledger.callsOf(key),
    records: recordsOf(key, context),
    server: serverOf(key, context),
    secrets: caches.secrets.find(key).map(({ observed }) => observed),
    setbacks: memory.setbacks(key),
  };
}

function recordsOf(key: string, { caches }: Context): readonly RegistrationRecord[] {
  return caches.registrations.find(key).flatMap(({ record }) => record ?? []);
}

export function isTerminating(namespace: string, { caches }: Context): boolean {
  return caches.namespaces.get(namespace)?.metadata.deletionTimestamp !== undefined;
}

/** The server object that the client refers to, whether or not it exists. */
export function serverRefOf(key: string, { caches }: Context): ServerRef | undefined {
  const desired = caches.clients.get(key)?.observed.desired;
  return desired?.valid ? desired.spec.authorizationServerRef : undefined;
}

function serverOf(key: string, context: Context): ObservedServer {
  const [namespace = ''] = key.split('/');
  const ref = serverRefOf(key, context);
  if (ref === undefined || !isOffered(ref, namespace, context)) {
    return notAvailable(ref);
  }
  const name = serverKey(ref, namespace);
  if (context.orphans.isFull(name)) {
    return listFull(ref);
  }
  const call: CallKind = recordsOf(key, context).length === 0 ? 'Register' : 'Update';
  return context.servers.view(name, ref, call);
}

/** One text for all: whoever isn't admitted doesn't learn whether the server exists. */
function notAvailable(ref: ServerRef | undefined): ObservedServer {
  const what = ref === undefined ? 'The server' : `${ref.kind} ${ref.name}`;
  return {
    available: false,
    reason: 'AuthorizationServerNotAvailable',
    message: `${what} is not available to this namespace: it doesn’t exist, or it doesn’t admit the namespace. Check spec.authorizationServerRef, or ask the platform team.`,
    endpoints: undefined,
  };
}

function listFull(ref: ServerRef): ObservedServer {
  return {
    available: false,
    reason: 'RegistrationOutcomeUnknown',
    message: `Too many registrations at ${ref.kind} ${ref.name} ended without an answer. The platform team finds them in ConfigMap oauth-registrar-suspected-orphans; registrations go on when entries are removed there.`,
    endpoints: undefined,
  };
}

function isOffered(ref: ServerRef, namespace: string, { caches }: Context): boolean {
  if (ref.kind === 'AuthorizationServer') {
    return caches.servers.get(`${namespace}/${ref.name}`) !== undefined;
  }
  const server = caches.clusterServers.get(ref.name);
  const labels = caches.namespaces.get(namespace)?.metadata.labels ?? {};
  return server !== undefined && admits(server.spec?.allowedNamespaces, namespace, labels);
}
