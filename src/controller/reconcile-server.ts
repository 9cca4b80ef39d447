import type { AuthorizationServerSpec, AuthorizationServerStatus } from '../api/authorization-server.ts';
import { keyOf, RESOURCES, type Secret } from '../api/kubernetes.ts';
import { LABELS } from '../api/names.ts';
import type { ServerConnection } from '../core/observation.ts';
import {
  type AdmissionCredential,
  endpointsInUse,
  hostProblem,
  type Problem,
  type ServerObject,
  serverKey,
  summarizeServer,
  toConnection,
} from '../core/server.ts';
import { nextProbe, probed } from '../core/server-health.ts';
import type { Endpoints } from '../oauth/discovery.ts';
import { canonicalJson } from '../oauth/json.ts';
import type { Context } from './context.ts';
import { discover } from './discover.ts';
import type { ServerState } from './server-registry.ts';

/** When to look again, in milliseconds from now; `undefined`: when something changes. */
export type LookAgain = number | undefined;

const REFRESH_MS = 3_600_000;
const FIRST_RETRY_MS = 5_000;
const LONGEST_RETRY_MS = 300_000;

/** What this process has found out about one server by asking it. */
export interface Discovered {
  readonly generation: number;
  readonly endpoints: Endpoints | undefined;
  readonly problem: Problem | undefined;
  readonly attempts: number;
  /** Milliseconds since the epoch. */
  readonly askAgainAt: number;
}

/**
 * Looks at one server object: finds its endpoints and credential, makes it usable to clients, and says so in status.
 * `discovered` is kept by the caller between looks, by the object's uid.
 */
export async function reconcileServer(
  object: ServerObject,
  context: Context,
  discovered: Map<string, Discovered>,
): Promise<LookAgain> {
  const key = keyOfServer(object);
  const { servers, clock } = context;
  const { spec } = object;
  if (spec === undefined) {
    const problem: Problem = { reason: 'InvalidSpec', message: object.problem ?? 'The spec can’t be used.' };
    return conclude(object, context, { ...unusable(servers.state(key), object), problem });
  }
  const found = await endpointsOf(object, spec, context, discovered);
  const credential = await credentialOf(object, spec, context);
  const endpoints = found.endpoints && endpointsInUse(spec, found.endpoints);
  const connection = found.problem ?? permitted(object, spec, endpoints ?? {}, credential, context);
  const state = { ...unusable(servers.state(key), object), endpoints };
  endProbe(key, context, found);
  const retry = await conclude(
    object,
    context,
    isProblem(connection) ? { ...state, problem: connection } : { ...state, connection, problem: undefined },
  );
  const probe = nextProbe(servers.health(key));
  const lookAgain = Math.min(found.askAgainAt, probe ?? Number.POSITIVE_INFINITY) - clock.now();
  return retry ?? (Number.isFinite(lookAgain) ? Math.max(250, lookAgain) : undefined);
}

export function keyOfServer({ kind, metadata: { name, namespace } }: ServerObject): string {
  return serverKey(
    { kind: kind === 'AuthorizationServer' ? kind : 'ClusterAuthorizationServer', name },
    namespace ?? '',
  );
}

function unusable(before: ServerState | undefined, { status }: ServerObject): ServerState {
  return {
    connection: undefined,
    problem: undefined,
    endpoints: before?.endpoints ?? status.endpoints,
    management: before?.management ?? status.management ?? 'Unknown',
    admissionAccepted: before?.admissionAccepted ?? isTrue(status, 'AdmissionAccepted'),
  };
}

const isTrue = ({ conditions }: AuthorizationServerStatus, type: string): boolean =>
  conditions?.some((condition) => condition.type === type && condition.status === 'True') ?? false;

const isProblem = (value: ServerConnection | Problem): value is Problem => 'reason' in value;

async function endpointsOf(
  object: ServerObject,
  spec: AuthorizationServerSpec,
  context: Context,
  discovered: Map<string, Discovered>,
): Promise<Discovered> {
  const { generation, metadata, status } = object;
  const uid = metadata.uid ?? '';
  const { clock, random } = context;
  const now = clock.now();
  if (spec.discovery?.mode === 'None') {
    return {
      generation,
      endpoints: {},
      problem: undefined,
      attempts: 0,
      askAgainAt: Number.POSITIVE_INFINITY,
    };
  }
  const known = discovered.get(uid) ?? fromStatus(object, now + REFRESH_MS * random());
  const isProbeDue =
    (nextProbe(context.servers.health(keyOfServer(object))) ?? Number.POSITIVE_INFINITY) <= now;
  if (known?.generation === generation && now < known.askAgainAt && !isProbeDue) {
    discovered.set(uid, known);
    return known;
  }
  const attempts = known?.problem === undefined || known.generation !== generation ? 0 : known.attempts + 1;
  const answer = await askUnlessForbidden(object, spec, context);
  const failed = isProblem(answer as Problem);
  const delay = failed ? Math.min(FIRST_RETRY_MS * 2 ** attempts, LONGEST_RETRY_MS) : REFRESH_MS;
  const result: Discovered = {
    generation,
    endpoints: 'endpoints' in answer ? answer.endpoints : (known?.endpoints ?? status.endpoints),
    problem: 'endpoints' in answer ? undefined : answer,
    attempts,
    askAgainAt: clock.now() + delay * (0.8 + 0.4 * random()),
  };
  discovered.set(uid, result);
  return result;
}

function askUnlessForbidden(
  object: ServerObject,
  spec: AuthorizationServerSpec,
  { http, settings }: Context,
) {
  const problem = forbiddenHost(object, [spec.issuer, spec.discovery?.url], settings.namespacedServerHosts);
  return problem ?? discover(spec, http, settings.urlRules);
}

/** What an earlier process wrote into status is as good as asking again, until the next refresh. */
function fromStatus({ generation, status }: ServerObject, askAgainAt: number): Discovered | undefined {
  const isCurrent =
    status.observedGeneration === generation && isTrue(status, 'Ready') && status.endpoints !== undefined;
  return isCurrent
    ? { generation, endpoints: status.endpoints, problem: undefined, attempts: 0, askAgainAt }
    : undefined;
}

function permitted(
  object: ServerObject,
  spec: AuthorizationServerSpec,
  endpoints: Endpoints,
  credential: AdmissionCredential | Problem,
  { settings }: Context,
): ServerConnection | Problem {
  if (credential !== undefined && 'reason' in credential) {
    return credential;
  }
  return (
    forbiddenHost(object, [endpoints.registration], settings.namespacedServerHosts) ??
    toConnection(object, spec, endpoints, credential)
  );
}

function forbiddenHost(
  { kind }: ServerObject,
  urls: readonly (string | undefined)[],
  hosts: readonly string[] | undefined,
): Problem | undefined {
  if (kind !== 'AuthorizationServer' || hosts === undefined) {
    return undefined;
  }
  const [message] = urls.flatMap((url) => (url === undefined ? [] : (hostProblem(url, hosts) ?? [])));
  return message === undefined ? undefined : { reason: 'AddressRefused', message };
}

/** The credential that the spec names: from the labelled Secrets that are watched. */
async function credentialOf(
  { metadata }: ServerObject,
  spec: AuthorizationServerSpec,
  { caches, api, settings }: Context,
): Promise<AdmissionCredential | Problem> {
  const ref = spec.registration.admission.initialAccessToken?.secretRef;
  if (ref === undefined) {
    return undefined;
  }
  const namespace = metadata.namespace ?? settings.operatorNamespace;
  const name = `${namespace}/${ref.name}`;
  const secret = caches.credentials.get(name);
  if (secret === undefined) {
    const found = await api.get<Secret>(RESOURCES.secret, { namespace, name: ref.name });
    return found.ok ? notLabelled(namespace, ref.name) : notFound(name);
  }
  const token = secret.values[ref.key];
  if (token === undefined || token.reveal() === '') {
    const present = Object.keys(secret.values).sort().join(', ') || 'none';
    return {
      reason: 'CredentialKeyMissing',
      message: `Secret ${name} has no key “${ref.key}”. Keys present: ${present}. Add the key, or name another in secretRef.key.`,
    };
  }
  return { token, version: `${secret.metadata.uid}/${secret.metadata.resourceVersion}` };
}

const notFound = (name: string): Problem => ({
  reason: 'CredentialNotFound',
  message: `Secret ${name} doesn’t exist. Create it with the label ${LABELS.credential}=true.`,
});

const notLabelled = (namespace: string, name: string): Problem => ({
  reason: 'CredentialNotLabelled',
  message: `Secret ${namespace}/${name} isn’t marked as a credential. Run: kubectl -n ${namespace} label secret ${name} ${LABELS.credential}=true`,
});

/** A probe was due: where discovery answered, one of those who wait may try; after a pause, all. */
function endProbe(key: string, { servers, clock }: Context, { problem }: Discovered): void {
  const before = servers.health(key);
  const due = nextProbe(before);
  if (due === undefined || due > clock.now()) {
    return;
  }
  const wasPaused = before.pausedUntil > 0;
  servers.setHealth(key, probed(before, problem === undefined, clock.now()));
  if (wasPaused) {
    servers.wakeAll(key);
  } else if (problem === undefined) {
    servers.wakeOne(key);
  }
}

async function conclude(object: ServerObject, context: Context, state: ServerState): Promise<LookAgain> {
  const { api, clock, log, servers, caches } = context;
  const key = keyOfServer(object);
  servers.set(key, state);
  const now = new Date(clock.now()).toISOString().replace(/\.\d+Z$/, 'Z');
  const status = summarizeServer({ object, ...state, health: servers.health(key), now });
  if (canonicalJson(status) === canonicalJson(object.status)) {
    return undefined;
  }
  const isCluster = object.metadata.namespace === undefined;
  const resource = isCluster ? RESOURCES.clusterAuthorizationServer : RESOURCES.authorizationServer;
  const { apiVersion, kind, metadata } = object;
  const written = await api.replace(
    resource,
    { apiVersion, kind, metadata, status } as ServerObject,
    'status',
  );
  if (!written.ok) {
    log.debug('server status not written', {
      server: keyOf(metadata),
      status: written.status,
      reason: written.reason,
    });
    return 1_000;
  }
  const cache = isCluster ? caches.clusterServers : caches.servers;
  const { resourceVersion = '' } = written.object.metadata;
  cache.learn({ ...object, metadata: { ...metadata, resourceVersion }, status });
  return undefined;
}
