import type { OAuthClientSpec } from '../../src/api/oauth-client.ts';
import type { ServerConnection } from '../../src/core/connection.ts';
import type { PresentServer } from '../../src/core/home.ts';
import type {
  Observation,
  ObservedClient,
  ObservedServer,
  PendingCall,
  Setback,
} from '../../src/core/observation.ts';
import { plan } from '../../src/core/plan.ts';
import {
  declaredHash,
  isAt,
  metadataHash,
  type RegistrationRecord,
  type ServerRef,
} from '../../src/core/record.ts';
import {
  inputsHash,
  type ObservedSecret,
  projectionOf,
  wantedSecret,
} from '../../src/core/workload-secret.ts';
import { rfc7591 } from '../../src/dialects/rfc7591.ts';
import type { JsonObject } from '../../src/oauth/json.ts';

/** One base observation, of a client that is registered and published, and the parts to change about it. */

export const NOW = Date.parse('2026-05-01T12:00:00Z');
const SHAPE = 'shape-1';
const ref = { kind: 'ClusterAuthorizationServer', name: 'corporate' } as const;

export const INSTALLATION = { id: 'main@cluster-1', name: 'main', continues: [] };

/** What the OAuthClient says, and what is sent for it. */
const base: OAuthClientSpec = {
  authorizationServerRef: ref,
  client: { clientName: 'Storefront' },
  secret: { name: 'storefront-oauth' },
  deletionPolicy: 'Delete',
};
export const document: JsonObject = { client_name: 'Storefront' };

/** Hash of the record of a client that was registered by this spec. */
export const hashOf = (client: OAuthClientSpec['client'], shape = SHAPE): string =>
  metadataHash(declaredHash(client), shape);
export const hash = hashOf(base.client);

export const endpoints = {
  registration: 'https://sso.example.com/register',
  token: 'https://sso.example.com/token',
};

export const connection: ServerConnection = {
  uid: 'server-1',
  issuer: 'https://sso.example.com',
  registrationEndpoint: endpoints.registration,
  tokenEndpoint: endpoints.token,
  endpoints,
  admission: { kind: 'Open' },
  management: { mode: 'Auto', credential: undefined, configurationUrl: 'AsReturned', isExplicit: false },
  statement: { given: undefined, sign: undefined, fromClient: 'Deny' },
  signedRequest: undefined,
  dialect: rfc7591,
  hint: undefined,
  defaults: {},
  policy: undefined,
  attemptMarker: undefined,
  recovery: { interrupted: 'Reregister', tokenLost: 'Hold', cooldownMs: 60_000, maxAttempts: 3 },
  drift: { mode: 'Off', intervalMs: 3_600_000, allowRotatingRead: false },
  allowedOrigins: [],
  timeoutMs: 30_000,
  maxInFlight: 16,
  transport: undefined,
  shape: SHAPE,
  version: 'v1',
};

export const available = { available: true, ref, connection, gate: { open: true } } as const;
/** The server as it is with another connection. */
export const reached = (overrides: Partial<ServerConnection>) => ({
  ...available,
  connection: { ...connection, ...overrides },
});
export const closed = (
  reason: 'AuthorizationServerPaused' | 'AuthorizationServerSuspect',
  message: string,
) => ({
  ...available,
  gate: { open: false, reason, message } as const,
});
export const unavailable = {
  available: false,
  reason: 'DiscoveryFailed',
  message: 'https://sso.example.com/.well-known/x: 404',
  endpoints: undefined,
} as const;

export function record(overrides: Partial<RegistrationRecord> = {}): RegistrationRecord {
  const attempt = overrides.attempt ?? 'a1';
  const client = overrides.client ?? { namespace: 'shop', name: 'storefront', uid: 'uid-1' };
  return {
    secretName: `oac-${client.uid}-${attempt}`,
    resourceVersion: '10',
    role: 'current',
    attempt,
    client,
    purpose: {},
    retain: false,
    namespaceUid: 'ns-1',
    installation: INSTALLATION.id,
    server: ref,
    serverUid: 'server-1',
    issuer: 'https://sso.example.com',
    registrationOrigin: 'https://sso.example.com',
    clientId: 'c1',
    metadataHash: hash,
    revision: 1,
    registeredAt: '2026-05-01T11:00:00Z',
    managed: true,
    ...overrides,
  };
}

/** With what it holds: its server object is gone. */
export const alone = (given: RegistrationRecord) =>
  ({ kind: 'Alone', record: given, isItsServerThere: false }) as const;

/** A record of an earlier object of the same name. */
export const departed = (overrides: Partial<RegistrationRecord> = {}): RegistrationRecord =>
  record({ client: { namespace: 'shop', name: 'storefront', uid: 'uid-0' }, clientId: 'c0', ...overrides });

/** The spec, with parts of it changed. */
export function desired(spec: Partial<OAuthClientSpec> = {}): ObservedClient['desired'] {
  const whole = { ...base, ...spec };
  return { valid: true, spec: whole, hash: declaredHash(whole.client) };
}

export function object(overrides: Partial<ObservedClient> = {}): ObservedClient {
  return {
    uid: 'uid-1',
    generation: 3,
    resourceVersion: '100',
    deleting: false,
    deletingSince: undefined,
    hasFinalizer: true,
    finalizers: ['oauth-registrar.dev/registration'],
    desired: desired(),
    status: { clientId: 'c1', installation: INSTALLATION.id },
    reconcileRequestedAt: undefined,
    rotateRequestedAt: undefined,
    retained: false,
    purpose: {},
    abandoned: false,
    createdAt: NOW - 7_200_000,
    owners: [],
    ...overrides,
  };
}

/** Never registered, never seen. */
export const fresh = (overrides: Partial<ObservedClient> = {}): ObservedClient =>
  object({ status: {}, ...overrides });

/** An object that is registered, published, and whose spec was edited since. */
export const edited = (overrides: Partial<ObservedClient> = {}): ObservedClient =>
  object({ desired: desired({ client: { clientName: 'Edited' } }), ...overrides });

export const deleting = (overrides: Partial<ObservedClient> = {}): ObservedClient =>
  object({ deleting: true, deletingSince: NOW - 1_000, ...overrides });

/** The workload Secret as it is after publishing `shown`. */
export function secret(overrides: Partial<ObservedSecret> = {}, shown = record()): ObservedSecret {
  const wanted = wantedSecret(shown.client, base);
  return {
    name: 'storefront-oauth',
    namespace: 'shop',
    uid: 'secret-uid',
    resourceVersion: '50',
    ownerUid: 'uid-1',
    shows: shown.secretName,
    projection: projectionOf(inputsHash({ record: shown, keys: {}, include: [], endpoints }), ['client_id']),
    labels: wanted.labels,
    annotations: wanted.annotations,
    ...overrides,
  };
}

export const call = (overrides: Partial<PendingCall> = {}): PendingCall => ({
  attempt: 'a9',
  kind: 'Register',
  startedAt: '2026-05-01T11:59:58Z',
  state: 'underWay',
  record: 'oac-uid-1-a9',
  ...overrides,
});

export const setback = (overrides: Partial<Setback> = {}): Setback => ({
  action: 'Deregister',
  kind: 'Transient',
  reason: 'AuthorizationServerUnavailable',
  message: 'No answer in time',
  attempts: 1,
  since: NOW - 10_000,
  retryAt: NOW + 5_000,
  basis: 'oac-uid-1-a1',
  ambiguous: false,
  ...overrides,
});

/** Registered and published: nothing is left to do. */
export const settled: Observation = {
  now: NOW,
  namespace: 'shop',
  name: 'storefront',
  installation: INSTALLATION,
  heldFor: undefined,
  object: object(),
  absence: { since: NOW, proven: false },
  namespaceTerminating: false,
  calls: [],
  unrecorded: undefined,
  records: [record()],
  server: available,
  servers: [factsOf(ref)],
  cluster: 'eu-1',
  reservedSecretMetadata: [],
  statement: undefined,
  namespaceUid: 'ns-1',
  suspects: { count: 0, latestAt: 0, isOver: false },
  rival: undefined,
  readAt: NOW,
  adoptable: undefined,
  clientsInNamespace: 1,
  endedInNamespace: 0,
  secrets: [secret()],
  setbacks: [],
};

/** The server objects of the records are there, and as `server` says where it is one of them, unless told otherwise. */
export function observation({
  servers,
  ...overrides
}: Partial<Omit<Observation, 'servers'>> & {
  readonly servers?: Observation['servers'] | undefined;
} = {}): Observation {
  const o = { ...settled, ...overrides };
  const refs = [ref, ...o.records.map(({ server }) => server)];
  const distinct = refs.filter((one, at) => refs.findIndex((other) => isAt({ server: other }, one)) === at);
  return { ...o, servers: servers ?? distinct.map((one) => factsOf(one, o.server)) };
}

/** Of the server object of this name. */
export function factsOf(
  { kind, name }: ServerRef,
  server: ObservedServer = available,
  more: Partial<PresentServer> = {},
): PresentServer {
  const isThis = !server.available || isAt({ server: server.ref }, { kind, name });
  const view = isThis ? server : { ...available, ref: { kind, name } };
  const uid = view.available ? view.connection.uid : connection.uid;
  return { ref: { kind, name }, uid, createdAt: NOW - 86_400_000, deletion: undefined, view, ...more };
}

/** Before the first registration. */
export const unregistered = (overrides: Partial<Observation> = {}): Observation =>
  observation({ object: fresh(), records: [], secrets: [], ...overrides });

/** The object is gone from the watch; its record is not. */
export const absent = (overrides: Partial<Observation> = {}): Observation =>
  observation({
    object: undefined,
    secrets: [],
    absence: { since: NOW - 61_000, proven: true },
    ...overrides,
  });

/** What the planned call is tried with: the same again is the same try. */
export function basisOf(o: Observation): string {
  const action = plan(o);
  if (!('basis' in action)) {
    throw new Error(`has no basis: ${action.type}`);
  }
  return action.basis;
}
