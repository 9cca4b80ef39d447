import type { AuthorizationServerStatus } from '../api/authorization-server.ts';
import { type NewCondition, SEE_READY, toConditions } from '../api/conditions.ts';
import type { Reason } from '../api/reasons.ts';
import { rfc3339 } from '../api/time.ts';
import type { Endpoints } from '../oauth/discovery.ts';
import { presentable } from '../oauth/error-response.ts';
import type { JsonObject } from '../oauth/json.ts';
import { defined } from '../oauth/objects.ts';
import { asSentence } from '../oauth/text.ts';
import type { ServerConnection } from './connection.ts';
import { isSuspect, suspicion } from './lost-tokens.ts';
import type { Problem } from './problem.ts';
import { limitMessage, limitsAt } from './rate-limits.ts';
import { isOneClient } from './scope.ts';
import { isCrowded, type ServerHealth } from './server-health.ts';
import type { ServerObject } from './server-object.ts';
import { type MigrationFacts, migrationConditions, migrationStatus } from './summarize-migration.ts';
import type { CallThatMayLack } from './unsupported-calls.ts';
import { weakKeys } from './weak-keys.ts';

/** The inputs of a server object's status. */
export interface ServerFacts {
  readonly object: ServerObject;
  readonly endpoints: Endpoints | undefined;
  readonly problem: Problem | undefined;
  /** `undefined` if no connection can be built. */
  readonly connection?: ServerConnection | undefined;
  readonly health: ServerHealth;
  readonly management: NonNullable<AuthorizationServerStatus['management']>;
  readonly admissionAccepted: boolean;
  /** At which clients were registered; `undefined` where none was. */
  readonly registeredIssuer: string | undefined;
  /** Under which documents of its clients are served; absent: there are none. */
  readonly documentBaseUrl?: string | undefined;
  readonly effectiveDialect: JsonObject | undefined;
  /** A JWK set. */
  readonly signingKeys: JsonObject | undefined;
  readonly counts: ClientCounts;
  /** Default: no migration. */
  readonly migration?: MigrationFacts | undefined;
  /** What the server is known to lack. Default: nothing. */
  readonly lackingCalls?: readonly CallThatMayLack[];
  /** RFC 3339. */
  readonly now: string;
  /** Why the API server refuses the watch of Secrets, in its words. */
  readonly secretsUnwatched?: string | undefined;
}

const LACKING = { Update: 'Update', Deregister: 'Deletion' } as const;

/** How many clients a server has, and how many it may have. */
export interface ClientCounts {
  readonly clients: number;
  readonly suspectedOrphans: number;
  readonly owed: number;
  readonly leftBehind: number;
}

/** The only author of a server object's status. */
export function summarizeServer(facts: ServerFacts): AuthorizationServerStatus {
  const { object, connection, effectiveDialect, signingKeys, counts, now } = facts;
  const registrationEndpoint =
    connection?.documents === undefined ? connection?.registrationEndpoint : undefined;
  // With a client certificate, an alias is called (RFC 8705 section 5).
  const endpoints = facts.endpoints && {
    ...facts.endpoints,
    ...defined({ registration: registrationEndpoint }),
  };
  const management = managementIn(facts);
  const { lackingCalls = [] } = facts;
  const problem = facts.problem ?? credentialRefusal(facts) ?? withoutTokens(facts) ?? outage(facts);
  const { registeredIssuer: issuer } = facts;
  const { documentBaseUrl } = facts;
  const identification = identificationIn(facts);
  const conditions = [
    readiness(facts, problem),
    admissionCondition(facts, problem),
    ...paused(facts, problem),
    ...(problem === undefined ? [] : [progress(problem)]),
    ...unwatched(facts),
    ...(facts.migration === undefined ? [] : migrationConditions(facts.migration)),
  ];
  return {
    observedGeneration: object.generation,
    ...defined({ endpoints, issuer, documentBaseUrl, identification, management }),
    ...defined({ effectiveDialect, signingKeys }),
    ...counts,
    ...defined({ migration: facts.migration && migrationStatus(facts.migration) }),
    isDefault: object.isDefault,
    ...trouble(facts),
    ...(lackingCalls.length === 0 ? {} : { unsupportedCalls: lackingCalls.map((kind) => LACKING[kind]) }),
    ...defined({
      lastHandledReconcileAt: object.reconcileRequestedAt ?? object.status.lastHandledReconcileAt,
    }),
    conditions: [...toConditions(conditions, object.status.conditions ?? [], object.generation, now)],
  };
}

/** Shown only where the server itself decides; while it can't be asked, what it said before stays. */
function identificationIn({ object, connection }: ServerFacts): AuthorizationServerStatus['identification'] {
  if (object.spec?.identification.mode !== 'Auto') {
    return undefined;
  }
  return connection === undefined
    ? object.status.identification
    : connection.documents === undefined
      ? 'Registration'
      : 'Document';
}

/** A token is of no use at a server that neither updates nor deletes clients. */
function managementIn({ management, connection }: ServerFacts): ServerFacts['management'] {
  const { updateEffect, deleteEffect } = connection?.dialect ?? {};
  const servesNothing = updateEffect?.supported === false && deleteEffect?.supported === false;
  return servesNothing && management !== 'Unknown' ? 'None' : management;
}

const MAX_ERROR = 1024;

function trouble({
  health,
  now,
}: ServerFacts): Pick<AuthorizationServerStatus, 'pausedUntil' | 'pauses' | 'lastError'> {
  const { lastError } = health;
  const limits = limitsAt(health.rateLimits, Date.parse(now));
  const until = Math.max(...limits.map((limit) => limit.until));
  return defined({
    pausedUntil: limits.length === 0 ? undefined : rfc3339(until),
    pauses:
      limits.length === 0
        ? undefined
        : Object.fromEntries(limits.map((limit) => [limit.calls, rfc3339(limit.until)])),
    lastError: lastError?.slice(0, MAX_ERROR),
  });
}

/** The server refuses the credential for its registration endpoint: no client can be registered. */
function credentialRefusal({ health }: ServerFacts): Problem | undefined {
  const { refusedAdmission } = health;
  return refusedAdmission?.decided
    ? { reason: refusedAdmission.reason, message: refusedAdmission.message }
    : undefined;
}

/** So many token requests in a row fail before the server object isn't ready. */
const FAILED_TOKENS = 3;

/** No client can be registered without an access token. Updates and deletions that need none go on. */
function withoutTokens({ health }: ServerFacts): Problem | undefined {
  const { rateLimits, lastError } = health;
  return rateLimits.tokens.times < FAILED_TOKENS
    ? undefined
    : {
        reason: 'AuthorizationServerUnavailable',
        message:
          `No client can be registered: the token endpoint gives no access token. It is asked again after growing pauses. ${lastError ?? ''}`.trim(),
      };
}

/**
 * Time after a failed call during which a server that answers discovery again is still reported as unavailable. It is
 * longer than the time between two probes, so a server whose other endpoints fail is not reported ready in between.
 */
const DOUBT_MS = 120_000;

/** The server does not answer, or answers with errors, and not only one client or one namespace is affected. */
function outage({ object, health, now }: ServerFacts): Problem | undefined {
  const { phase, metBy, countedAt, lastError } = health;
  const isOver = phase === 'OneAtATime' && Date.parse(now) >= countedAt + DOUBT_MS;
  if (phase === 'Open' || isOver || isOneClient(metBy) || namespaceMet(object, metBy) !== undefined) {
    return undefined;
  }
  const message = `The server does not answer, or answers with errors. It is tried again from time to time, and calls go on when it answers. ${lastError ?? ''}`;
  return { reason: 'AuthorizationServerUnavailable', message: message.trim() };
}

/** The namespace whose calls fail, if it is the only one, at a server that serves several. */
const namespaceMet = ({ metadata }: ServerObject, metBy: ServerHealth['metBy']): string | undefined =>
  metBy === undefined || metBy === 'All' || metadata.namespace !== undefined ? undefined : metBy.namespace;

const CROWDED =
  'Other server objects register at this endpoint, too, so that dialectOverrides.registrationInterval could not be kept within the last hour: the server may have made one client of two registrations.';

function readiness(
  { endpoints, connection, health, now }: ServerFacts,
  problem: Problem | undefined,
): NewCondition {
  const crowded = isCrowded(health, Date.parse(now)) ? CROWDED : undefined;
  const warnings = [connection && weakKeys(connection), connection?.unusedEndpoints, crowded];
  const warned = warnings.flatMap((warning) => (warning === undefined ? [] : [` ${warning}`])).join('');
  return problem === undefined
    ? {
        type: 'Ready',
        status: 'True',
        reason: 'Available',
        message: `${whereClientsAre(connection, endpoints)}${warned}`,
      }
    : { type: 'Ready', status: 'False', ...problem };
}

function whereClientsAre(connection: ServerConnection | undefined, endpoints: Endpoints | undefined): string {
  const { documents, registrationEndpoint = endpoints?.registration } = connection ?? {};
  return documents === undefined
    ? `Clients are registered at ${registrationEndpoint}.`
    : `Clients are identified by documents under ${documents.baseUrl}.`;
}

/** The condition is present only while a person or the state of the server stops calls. */
function paused({ object, health, now }: ServerFacts, problem: Problem | undefined): readonly NewCondition[] {
  if (object.spec?.suspend === true) {
    return [
      {
        type: 'Paused',
        status: 'True',
        reason: 'Suspended',
        message: 'Nothing is sent until spec.suspend is unset.',
      },
    ];
  }
  if (isSuspect(health.lostTokens, Date.parse(now))) {
    return [
      {
        type: 'Paused',
        status: 'True',
        reason: 'AuthorizationServerSuspect',
        message: suspicion(health.lostTokens, Date.parse(now)),
      },
    ];
  }
  const { phase, metBy, lastError } = health;
  const pauses = limitsAt(health.rateLimits, Date.parse(now)).map(limitMessage);
  if (pauses.length > 0) {
    const message = pauses.join(' ');
    return [{ type: 'Paused', status: 'True', reason: 'AuthorizationServerPaused', message }];
  }
  if (phase === 'Open' || isOneClient(metBy)) {
    return [];
  }
  const reason = 'AuthorizationServerUnavailable';
  if (problem?.reason === reason) {
    return [{ type: 'Paused', status: 'True', reason, message: SEE_READY }];
  }
  const namespace = namespaceMet(object, metBy);
  const what =
    namespace === undefined
      ? 'The server was in trouble and answers discovery again; one call at a time is tried.'
      : `Calls of namespace ${namespace} fail, and are held back; those of others go on.`;
  return [{ type: 'Paused', status: 'True', reason, message: `${what} ${lastError ?? ''}`.trim() }];
}

/** The words may name Secrets of others, so only cluster servers show them. */
function unwatched({ object, secretsUnwatched: why }: ServerFacts): readonly NewCondition[] {
  if (why === undefined) {
    return [];
  }
  const words = object.metadata.namespace === undefined ? `: ${asSentence(presentable(why, []))}` : '.';
  const message = `The API server does not let the operator watch Secrets${words} A Secret that is changed or deleted by hand is not put right, and a new credential is not seen, until it permits the watch.`;
  return [{ type: 'SecretsUnwatched', status: 'True', reason: 'SecretsUnwatched', message }];
}

/** Transient problems are retried; the others need a person. */
function progress({ reason }: Problem): NewCondition {
  const type = PASSING.includes(reason) ? 'Reconciling' : 'Stalled';
  return { type, status: 'True', reason, message: SEE_READY };
}

const PASSING: readonly Reason[] = [
  'DiscoveryFailed',
  'AuthorizationServerUnavailable',
  'ResponseTimedOut',
  'ResponseTruncated',
];

function admissionCondition(facts: ServerFacts, problem: Problem | undefined): NewCondition {
  const { admissionAccepted } = facts;
  const refused = credentialRefusal(facts);
  if (refused !== undefined) {
    const message = problem?.message === refused.message ? SEE_READY : refused.message;
    return { type: 'AdmissionAccepted', status: 'False', reason: refused.reason, message };
  }
  return admissionAccepted
    ? {
        type: 'AdmissionAccepted',
        status: 'True',
        reason: 'AdmissionAccepted',
        message: 'The server accepted a registration.',
      }
    : {
        type: 'AdmissionAccepted',
        status: 'Unknown',
        reason: 'Queued',
        message: Number.isFinite(facts.health.registeredAt)
          ? 'No registration was accepted yet.'
          : 'No registration was tried yet.',
      };
}
