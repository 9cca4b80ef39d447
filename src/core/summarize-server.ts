import type { AuthorizationServerStatus } from '../api/authorization-server.ts';
import { type NewCondition, toConditions } from '../api/conditions.ts';
import type { Reason } from '../api/reasons.ts';
import { rfc3339 } from '../api/time.ts';
import type { Endpoints } from '../oauth/discovery.ts';
import type { JsonObject } from '../oauth/json.ts';
import { defined } from '../oauth/objects.ts';
import type { ServerConnection } from './connection.ts';
import { isSuspect, suspicion } from './lost-tokens.ts';
import type { Problem } from './problem.ts';
import { isOneClient } from './scope.ts';
import type { ServerHealth } from './server-health.ts';
import type { ServerObject } from './server-object.ts';
import { weakKeys } from './weak-keys.ts';

/** What the status of a server object is made of. */
export interface ServerFacts {
  readonly object: ServerObject;
  readonly endpoints: Endpoints | undefined;
  readonly problem: Problem | undefined;
  /** As far as one can be made. */
  readonly connection?: ServerConnection | undefined;
  readonly health: ServerHealth;
  readonly management: NonNullable<AuthorizationServerStatus['management']>;
  readonly admissionAccepted: boolean;
  readonly effectiveDialect: JsonObject | undefined;
  /** A JWK set. */
  readonly signingKeys: JsonObject | undefined;
  readonly counts: ClientCounts;
  /** RFC 3339. */
  readonly now: string;
}

/** How many clients there are at a server, and may be. */
export interface ClientCounts {
  readonly clients: number;
  readonly suspectedOrphans: number;
  readonly leftBehind: number;
}

/** The one author of a server object's status. */
export function summarizeServer(facts: ServerFacts): AuthorizationServerStatus {
  const { object, endpoints, management, effectiveDialect, signingKeys, counts, now } = facts;
  const conditions = [
    readiness(facts),
    admissionCondition(facts),
    ...paused(facts),
    ...(facts.problem === undefined ? [] : [stalled(facts.problem)]),
  ];
  return {
    observedGeneration: object.generation,
    ...defined({ endpoints, management, effectiveDialect, signingKeys }),
    ...counts,
    ...trouble(facts),
    conditions: [...toConditions(conditions, object.status.conditions ?? [], object.generation, now)],
  };
}

const MAX_ERROR = 1024;

function trouble({ health, now }: ServerFacts): Pick<AuthorizationServerStatus, 'pausedUntil' | 'lastError'> {
  const { pausedUntil, lastError } = health;
  return defined({
    pausedUntil: pausedUntil > Date.parse(now) ? rfc3339(pausedUntil) : undefined,
    lastError: lastError?.slice(0, MAX_ERROR),
  });
}

function readiness({ problem, endpoints, connection }: ServerFacts): NewCondition {
  const weak = connection && weakKeys(connection);
  return problem === undefined
    ? {
        type: 'Ready',
        status: 'True',
        reason: 'Available',
        message: `Clients are registered at ${endpoints?.registration}.${weak === undefined ? '' : ` ${weak}`}`,
      }
    : { type: 'Ready', status: 'False', ...problem };
}

/** Present only while calls are held back, by a person or by the server's own state. */
function paused({ object, health, now }: ServerFacts): readonly NewCondition[] {
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
  const { pausedUntil, phase, metBy, lastError } = health;
  if (pausedUntil > Date.parse(now)) {
    const message = `The server asked for a pause until ${rfc3339(pausedUntil)}.`;
    return [{ type: 'Paused', status: 'True', reason: 'AuthorizationServerPaused', message }];
  }
  if (phase === 'Open' || isOneClient(metBy)) {
    return [];
  }
  const isOfNamespace = metBy !== undefined && metBy !== 'All' && object.metadata.namespace === undefined;
  const what = isOfNamespace
    ? `Calls of namespace ${metBy.namespace} fail, and are held back; those of others go on.`
    : 'The server is in trouble; a few probes are sent, and calls go on when it answers.';
  const message = `${what} ${lastError ?? ''}`.trim();
  return [{ type: 'Paused', status: 'True', reason: 'AuthorizationServerUnavailable', message }];
}

/** Passing faults are tried again by themselves; the others need a person. */
function stalled(problem: Problem): NewCondition {
  return { type: PASSING.includes(problem.reason) ? 'Reconciling' : 'Stalled', status: 'True', ...problem };
}

const PASSING: readonly Reason[] = [
  'DiscoveryFailed',
  'AuthorizationServerUnavailable',
  'ResponseTimedOut',
  'ResponseTruncated',
];

function admissionCondition({ health, admissionAccepted }: ServerFacts): NewCondition {
  if (health.refusedAdmission?.decided) {
    return {
      type: 'AdmissionAccepted',
      status: 'False',
      reason: health.refusedAdmission.reason,
      message: health.refusedAdmission.message,
    };
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
        message: 'No registration was tried yet.',
      };
}
