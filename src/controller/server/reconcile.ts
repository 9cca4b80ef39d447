import type { AuthorizationServerSpec, AuthorizationServerStatus } from '../../api/authorization-server.ts';
import { storedTime } from '../../api/time.ts';
import { backoff, withJitter } from '../../core/backoff.ts';
import { endpointsInUse, type Found, toConnection, transportOf } from '../../core/build-connection.ts';
import type { ServerConnection } from '../../core/connection.ts';
import { nextProbe, outageProbeDelay, probed } from '../../core/health-probes.ts';
import { keptIfAny } from '../../core/kept-text.ts';
import { suspicionEnds } from '../../core/lost-tokens.ts';
import { isProblem, type Problem } from '../../core/problem.ts';
import { limitsAt } from '../../core/rate-limits.ts';
import { reachProblem } from '../../core/reach.ts';
import { keyOfServer, type ServerKey, serverNamed } from '../../core/server-key.ts';
import type { ServerObject } from '../../core/server-object.ts';
import { type Endpoints, mergeEndpoints, type RefusedEndpoint } from '../../oauth/discovery.ts';
import type { Transport } from '../../oauth/http-message.ts';
import { canonicalJson } from '../../oauth/json.ts';
import { omit } from '../../oauth/objects.ts';
import type { OfferedValues } from '../../oauth/offered-values.ts';
import { refreshMeans } from '../calls/server-means.ts';
import type { Context } from '../context.ts';
import type { ServerState } from '../state/server-registry.ts';
import { discover, LONGEST_READ_MS, probeDocument, UNANSWERED } from './discover-endpoints.ts';
import { isMigrationHeld } from './migrate.ts';
import { signingKeysOf } from './published-keys.ts';
import { resolveReferences } from './references.ts';
import { refreshOrphans } from './refresh-orphans.ts';
import { type LookAgain, tellStatus } from './status.ts';

const REFRESH_MS = 3_600_000;
/** Between two refreshes one document is asked for, so that a server that stops is reported while nobody uses it. */
const SIGN_OF_LIFE_MS = 600_000;
const RETRIES = { firstMs: 5_000, longestMs: 300_000 };

/** What this process has found out about one server by asking it. */
export interface Discovered {
  /** Of the server object. */
  readonly uid: string;
  readonly generation: number;
  /** See {@link sourceOf}. */
  readonly source: string;
  readonly endpoints: Endpoints | undefined;
  readonly aliases: Endpoints;
  /** Not known of endpoints that an earlier process found. */
  readonly refused?: readonly RefusedEndpoint[] | undefined;
  /** Not known until this process has read a document. */
  readonly offered?: OfferedValues | undefined;
  /** Whether the server says that it fetches documents; not known of what an earlier process found, unless status says. */
  readonly takesDocuments?: boolean | undefined;
  readonly problem: Problem | undefined;
  readonly attempts: number;
  /** Milliseconds since the epoch. */
  readonly askAgainAt: number;
  /** When the document that was found is asked for again, in milliseconds since the epoch. */
  readonly signOfLifeAt?: number | undefined;
  /** Where the discovery document was last found, and how many milliseconds that took. */
  readonly found?: { readonly url: string; readonly tookMs: number } | undefined;
  /** When discovery began to fail, in milliseconds since the epoch. */
  readonly failingSince?: number | undefined;
}

/**
 * Reconciles one server object: finds its endpoints and credential, makes it available to clients, and writes status.
 * The caller keeps `discovered` between rounds, by `keyOfServer`.
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
    const { problem: message = "The spec can't be used.", problemReason: reason = 'InvalidSpec' } = object;
    return refuse(object, { reason, message }, context);
  }
  const changed = issuerProblem(servers.state(key), object);
  if (changed !== undefined) {
    return refuse(object, changed, context);
  }
  resume(object, context, discovered);
  const begunAt = clock.now();
  const references = await resolveReferences(object, spec, context);
  const { urlRules } = context.settings;
  const transport = transportOf(spec, { ...references, urlRules });
  const reachable = references.problem ?? (isProblem(transport) ? transport : undefined);
  const found =
    reachable === undefined
      ? await endpointsOf(object, spec, context, discovered, transport as Transport | undefined)
      : unreachable(object, reachable, discovered, clock.now());
  const endpoints = found.endpoints && endpointsInUse(spec, found.endpoints);
  const { endpoints: known = {}, aliases, refused, offered } = found;
  const { documents: hosting } = context.settings;
  const takesDocuments = takesDocumentsNow(object, found, context);
  const said = { refused, offered, takesDocuments, hosting };
  const facts = { endpoints: known, aliases, ...said, ...references, urlRules, now: clock.now() };
  const connection = found.problem ?? permitted(object, spec, facts, context);
  const signingKeys = isProblem(connection) ? undefined : await signingKeysOf(connection, context.jwt);
  const state = { ...unusable(servers.state(key), object), endpoints };
  endProbe(key, context, found, begunAt);
  const orphansVisit = await refreshOrphans(key, context);
  const retry = await tellStatus(
    object,
    context,
    isProblem(connection)
      ? { ...state, problem: connection }
      : isProblem(signingKeys)
        ? { ...state, problem: signingKeys }
        : { ...state, connection, problem: undefined, signingKeys },
  );
  const probe = nextProbe(servers.health(key));
  const doubt = suspicionEnds(servers.health(key).lostTokens, clock.now());
  const limits = limitsAt(servers.health(key).rateLimits, clock.now()).map(({ until }) => until);
  const isKept = await isRefreshed(key, connection, context);
  const waitsForOthers = [references.isIncomplete, !isKept, isMigrationHeld(object, context)];
  const readAgain = waitsForOthers.includes(true) ? clock.now() + MISSING_REFERENCE_MS : undefined;
  const due = [found.askAgainAt, found.signOfLifeAt, probe, doubt, orphansVisit, readAgain, ...limits].filter(
    (time) => time !== undefined,
  );
  const lookAgain = Math.min(...due) - clock.now();
  return retry ?? (Number.isFinite(lookAgain) ? Math.max(250, lookAgain) : undefined);
}

/** While there are clients, what the server says later changes nothing: none of them is moved, and none is told to. */
function takesDocumentsNow(
  { metadata: { uid = '' }, status: { identification } }: ServerObject,
  { takesDocuments }: Discovered,
  { caches: { registrations } }: Context,
): boolean | undefined {
  const hasClients = registrations.count('atServerObject', uid) > 0;
  return hasClients && identification !== undefined ? identification === 'Document' : takesDocuments;
}

/** Takes over the pauses that an earlier process wrote into status, and obeys a person who asks for a try. */
function resume(object: ServerObject, { servers }: Context, discovered: Map<string, Discovered>): void {
  const key = keyOfServer(object);
  if (servers.state(key) === undefined) {
    servers.restorePauses(key, pausesIn(object.status));
  }
  if (isTryAsked(object, servers.state(key))) {
    const known = knownOf(object, discovered) ?? fromStatus(object, 0);
    discovered.delete(key);
    if (known !== undefined && known.problem === undefined) {
      // What was found serves until the document is read again, which is due.
      discovered.set(key, { ...known, askAgainAt: 0 });
    }
    servers.tryNow(key);
  }
}

/** Whether what manages the clients is kept as it is now. */
async function isRefreshed(
  key: ServerKey,
  connection: ServerConnection | Problem,
  context: Context,
): Promise<boolean> {
  const problem = isProblem(connection) ? undefined : await refreshMeans(key, connection, context);
  if (problem !== undefined) {
    context.log.warn('what manages the clients of a server is not kept yet', { server: key, ...problem });
  }
  return problem === undefined;
}

/** Makes no request and serves no client until the object, or an object that it depends on, changes. */
export function refuse(object: ServerObject, problem: Problem, context: Context): Promise<LookAgain> {
  const before = context.servers.state(keyOfServer(object));
  return tellStatus(object, context, { ...unusable(before, object), problem });
}

function unusable(before: ServerState | undefined, object: ServerObject): ServerState {
  const { status, spec } = object;
  return {
    connection: undefined,
    problem: undefined,
    endpoints: before?.endpoints ?? status.endpoints,
    management: before?.management ?? status.management ?? 'Unknown',
    admissionAccepted: before?.admissionAccepted ?? isTrue(status, 'AdmissionAccepted'),
    registered: registeredOf(before, object),
    signingKeys: undefined,
    suspended: spec?.suspend === true,
    handledReconcileAt: object.reconcileRequestedAt ?? before?.handledReconcileAt,
  };
}

/** Ends of the pauses that an earlier process wrote into status, in milliseconds since the epoch. */
export const pausesIn = ({ pauses }: AuthorizationServerStatus) =>
  Object.fromEntries(Object.entries(pauses ?? {}).map(([calls, end = '']) => [calls, storedTime(end)]));

/** Whether a person asked for a try since the last round, or since what an earlier process wrote into status. */
function isTryAsked(
  { reconcileRequestedAt, status }: ServerObject,
  before: ServerState | undefined,
): boolean {
  const handled = before === undefined ? keptIfAny(status.lastHandledReconcileAt) : before.handledReconcileAt;
  return reconcileRequestedAt !== undefined && reconcileRequestedAt !== handled;
}

/** Whether the endpoints in status came of a discovery that succeeded. A refused credential says nothing of them. */
function wereFound(status: AuthorizationServerStatus): boolean {
  const find = (type: string) => status.conditions?.find((condition) => condition.type === type);
  const admission = find('AdmissionAccepted');
  const isRefused = admission?.status === 'False' && admission.reason === find('Ready')?.reason;
  return isTrue(status, 'Ready') || isRefused;
}

/** Another object may have had the name. */
function registeredOf(
  before: ServerState | undefined,
  { metadata: { uid = '' }, status: { issuer } }: ServerObject,
): ServerState['registered'] {
  const known = before?.registered;
  return known?.uid === uid ? known : issuer === undefined ? undefined : { uid, issuer };
}

/** The rule of the CRD, for the moments before status shows that a client was registered. */
function issuerProblem(before: ServerState | undefined, object: ServerObject): Problem | undefined {
  const { issuer } = registeredOf(before, object) ?? {};
  return issuer === undefined || issuer === object.spec?.issuer
    ? undefined
    : {
        reason: 'InvalidSpec',
        message: `Clients of this server object are registered at ${issuer}, and spec.issuer names ${object.spec?.issuer}. Set it back, and create another server object for another issuer.`,
      };
}

const isTrue = ({ conditions }: AuthorizationServerStatus, type: string): boolean =>
  conditions?.some((condition) => condition.type === type && condition.status === 'True') ?? false;

async function endpointsOf(
  object: ServerObject,
  spec: AuthorizationServerSpec,
  context: Context,
  discovered: Map<string, Discovered>,
  transport: Transport | undefined,
): Promise<Discovered> {
  const { generation, metadata } = object;
  const key = keyOfServer(object);
  const { clock, random } = context;
  const now = clock.now();
  if (spec.discovery.mode === 'None') {
    return {
      uid: metadata.uid ?? '',
      generation,
      source: sourceOf(spec),
      endpoints: {},
      aliases: {},
      offered: {},
      problem: undefined,
      attempts: 0,
      askAgainAt: Number.POSITIVE_INFINITY,
    };
  }
  const known = knownOf(object, discovered) ?? fromStatus(object, now + REFRESH_MS * random());
  const isDoubted = (nextProbe(context.servers.health(key)) ?? Number.POSITIVE_INFINITY) <= now;
  const isRefreshDue = known === undefined || now >= known.askAgainAt;
  const isProbeDue = isDoubted || (!isRefreshDue && now >= (known.signOfLifeAt ?? Number.POSITIVE_INFINITY));
  if (known?.generation === generation && !isRefreshDue && !isProbeDue) {
    discovered.set(key, known);
    return known;
  }
  const isKept = known?.generation === generation && (isProbeDue || known.problem !== undefined);
  const result =
    isKept && known.found !== undefined
      ? await probeAgain(known, known.found, key, context, transport)
      : await discoverAnew(object, spec, context, known, transport);
  discovered.set(key, result);
  return result;
}

async function discoverAnew(
  object: ServerObject,
  spec: AuthorizationServerSpec,
  context: Context,
  known: Discovered | undefined,
  transport: Transport | undefined,
): Promise<Discovered> {
  const { generation, metadata, status } = object;
  const { clock } = context;
  const now = clock.now();
  const attempts = attemptsAfter(known, generation);
  const { urlRules } = context.settings;
  const longestReadMs = longestRead(known?.problem, attempts);
  const server = serverNamed(keyOfServer(object));
  const answer = await discover(server, spec, context, urlRules, { transport, longestReadMs });
  const failed = isProblem(answer);
  const before = known?.endpoints ?? status.endpoints;
  return {
    uid: metadata.uid ?? '',
    generation,
    source: sourceOf(spec),
    endpoints: failed ? before : keepUsed(answer.endpoints, isOfSource(spec, known, status) ? before : {}),
    ...(failed ? besides(known ?? { aliases: {} }) : besides({ offered: {}, ...answer })),
    ...(failed ? failing(answer, attempts, known, now, context) : refreshed(context)),
    found: failed ? known?.found : { url: answer.url, tookMs: clock.now() - now },
  };
}

type Outcome = Pick<Discovered, 'problem' | 'attempts' | 'askAgainAt' | 'signOfLifeAt' | 'failingSince'>;

const refreshed = (context: Context): Outcome => ({
  problem: undefined,
  attempts: 0,
  askAgainAt: context.clock.now() + withJitter(REFRESH_MS, context.random),
  signOfLifeAt: signOfLifeAt(context),
});

const signOfLifeAt = ({ clock, random }: Context): number =>
  clock.now() + withJitter(SIGN_OF_LIFE_MS, random);

/** A server that doesn't answer is tried every few seconds at first, so that its clients wait no longer than it is away. */
function failing(
  problem: Problem,
  attempts: number,
  known: Discovered | undefined,
  begunAt: number,
  { clock, random }: Context,
): Outcome {
  const now = clock.now();
  const since = known?.failingSince ?? begunAt;
  const delayMs = UNANSWERED.includes(problem.reason)
    ? outageProbeDelay(now - since) - (now - begunAt)
    : withJitter(backoff(RETRIES, attempts), random);
  const askAgainAt = now + Math.max(SHORTEST_RETRY_MS, delayMs);
  return { problem, attempts, failingSince: since, askAgainAt, signOfLifeAt: undefined };
}

const SHORTEST_RETRY_MS = 500;

/** All documents are read again so long after an outage: the server may have been upgraded. */
const AFTER_OUTAGE_MS = 60_000;

/** A server that hangs is tried again soon, since it may never answer what it accepted before. */
const SHORT_READ_MS = 3_000;

/** Every third time a slow answer is waited for. */
const longestRead = (before: Problem | undefined, attempts: number): number =>
  before?.reason === 'ResponseTimedOut' && attempts % 3 !== 0 ? SHORT_READ_MS : LONGEST_READ_MS;

async function probeAgain(
  known: Discovered,
  { url, tookMs }: NonNullable<Discovered['found']>,
  key: ServerKey,
  context: Context,
  transport: Transport | undefined,
): Promise<Discovered> {
  const begunAt = context.clock.now();
  const longestReadMs = Math.min(Math.max(3 * tookMs, SHORT_READ_MS), LONGEST_READ_MS);
  const { urlRules } = context.settings;
  const problem = await probeDocument(serverNamed(key), url, context, urlRules, {
    transport,
    longestReadMs,
  });
  if (problem !== undefined) {
    const again = failing(problem, known.attempts + 1, known, begunAt, context);
    // Its address may have moved: the next time all addresses are tried.
    return { ...known, ...again, ...(UNANSWERED.includes(problem.reason) ? {} : { found: undefined }) };
  }
  const isBack = known.problem !== undefined;
  const askAgainAt = isBack
    ? context.clock.now() + withJitter(AFTER_OUTAGE_MS, context.random)
    : known.askAgainAt;
  const alive = { problem: undefined, attempts: 0, failingSince: undefined };
  return { ...known, ...alive, askAgainAt, signOfLifeAt: signOfLifeAt(context) };
}

type Besides = Pick<Discovered, 'aliases' | 'refused' | 'offered' | 'takesDocuments'>;

/** What documents say besides the endpoints. */
const besides = ({ aliases, refused, offered, takesDocuments }: Besides): Besides => ({
  aliases,
  refused,
  offered,
  takesDocuments,
});

/** Where the documents come from, and whose they are: endpoints of one source are not kept for another. */
const sourceOf = ({ issuer, discovery: { url, acceptedIssuer } }: AuthorizationServerSpec): string =>
  canonicalJson([issuer, url ?? '', acceptedIssuer ?? '']);

/** Whether the endpoints that are known, from this process or from status, are those of the server in the spec. */
const isOfSource = (
  spec: AuthorizationServerSpec,
  known: Discovered | undefined,
  { issuer }: AuthorizationServerStatus,
): boolean => (known === undefined ? issuer === spec.issuer : known.source === sourceOf(spec));

/**
 * The endpoints of a document, and those that an earlier one had and that workloads may use: they stay until another one
 * that can be used takes their place. Only what the document says permits registrations.
 */
const keepUsed = (found: Endpoints, before: Endpoints = {}): Endpoints =>
  mergeEndpoints(found, omit(before, 'registration'));

const attemptsAfter = (known: Discovered | undefined, generation: number): number =>
  known?.problem === undefined || known.generation !== generation ? 0 : known.attempts + 1;

/** An earlier object may have had the same name. */
function knownOf(object: ServerObject, discovered: ReadonlyMap<string, Discovered>): Discovered | undefined {
  const known = discovered.get(keyOfServer(object));
  return known?.uid === object.metadata.uid ? known : undefined;
}

/** Endpoints that an earlier process wrote into status are reused until the next refresh. */
function fromStatus(
  { metadata: { uid = '' }, generation, spec, status }: ServerObject,
  askAgainAt: number,
): Discovered | undefined {
  // Aliases for calls with a certificate aren't kept in status.
  const isCurrent =
    spec !== undefined &&
    spec.connection.clientCertificateRef === undefined &&
    status.observedGeneration === generation &&
    wereFound(status) &&
    status.endpoints !== undefined;
  return isCurrent
    ? {
        uid,
        generation,
        source: sourceOf(spec),
        endpoints: status.endpoints,
        aliases: {},
        takesDocuments: status.identification && status.identification === 'Document',
        problem: undefined,
        attempts: 0,
        askAgainAt,
      }
    : undefined;
}

/**
 * An early check of what each call checks again: a server object whose address is not permitted shows that in its own
 * status, before the first client needs it.
 */
function permitted(
  object: ServerObject,
  spec: AuthorizationServerSpec,
  facts: Found,
  { settings: { namespacedServerHosts, assertionAudiences } }: Context,
): ServerConnection | Problem {
  const connection = toConnection(object, spec, { ...facts, assertionAudiences });
  if (isProblem(connection)) {
    return connection;
  }
  const { registrationEndpoint, tokenEndpoint, allowedOrigins, transport } = connection;
  const registration = connection.documents === undefined ? registrationEndpoint : undefined;
  const urls = [registration, tokenEndpoint, spec.management.configurationUrl, ...allowedOrigins];
  const refused = reachProblem(
    serverNamed(keyOfServer(object)).kind,
    { urls, proxyUrl: transport?.proxyUrl },
    { namespacedServerHosts },
  );
  return refused === undefined ? connection : { reason: 'AddressRefused', message: refused.message };
}

/** A referenced object can't be used: makes no request until it can. */
function unreachable(
  object: ServerObject,
  problem: Problem,
  discovered: Map<string, Discovered>,
  now: number,
): Discovered {
  const { generation, metadata, status } = object;
  const known = knownOf(object, discovered);
  return {
    uid: metadata.uid ?? '',
    generation,
    source: known?.source ?? '',
    endpoints: known?.endpoints ?? status.endpoints,
    aliases: {},
    offered: known?.offered,
    takesDocuments: known?.takesDocuments,
    problem,
    attempts: 0,
    askAgainAt: now + MISSING_REFERENCE_MS,
  };
}

/** A new Secret wakes the server object; a ConfigMap isn't watched, so it is polled. */
const MISSING_REFERENCE_MS = 15_000;

/** A probe was due: if discovery answered, one waiting client may call. */
function endProbe(
  key: ServerKey,
  { servers, clock }: Context,
  { problem }: Discovered,
  begunAt: number,
): void {
  const before = servers.health(key);
  const due = nextProbe(before);
  if (due === undefined || due > clock.now()) {
    return;
  }
  const answered = problem === undefined;
  const isWaitedFor = servers.isWaitedFor(key);
  servers.setHealth(key, probed(before, { answered, begunAt, isWaitedFor }, clock.now()));
  if (answered && before.phase === 'Open' && before.refusedAdmission === undefined) {
    servers.wakeAll(key);
  } else if (answered) {
    servers.wakeOne(key);
  }
}
