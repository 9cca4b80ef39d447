import {
  type AllowedNamespaces,
  type AuthorizationServer,
  type AuthorizationServerSpec,
  type AuthorizationServerStatus,
  authorizationServerStatus,
  clusterAuthorizationServerSpec,
  type ServerKind,
} from '../api/authorization-server.ts';
import { type NewCondition, toConditions } from '../api/conditions.ts';
import { boundedMs } from '../api/durations.ts';
import { API_VERSION, type KubernetesObject } from '../api/kubernetes.ts';
import { ANNOTATIONS } from '../api/names.ts';
import type { Reason } from '../api/reasons.ts';
import { rfc3339 } from '../api/time.ts';
import type { DiscoveryAnswer, Endpoints } from '../oauth/discovery.ts';
import type { JsonObject } from '../oauth/json.ts';
import { defined } from '../oauth/objects.ts';
import type { UrlRules } from '../oauth/url.ts';
import type { DeletionTerms, ServerConnection } from './connection.ts';
import { isSuspect, suspicion } from './lost-tokens.ts';
import type { Problem } from './problem.ts';
import { isOneClient } from './scope.ts';
import type { ServerHealth } from './server-health.ts';
import { readServerSpec } from './server-spec.ts';
import { weakKeys } from './weak-keys.ts';

/** Decisions about server objects: who may use one, what it takes to call one, and what its status says. */

export interface ServerObject extends KubernetesObject {
  readonly generation: number;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  /** Absent where the spec can't be used; then `problem` says why. */
  readonly spec: AuthorizationServerSpec | undefined;
  readonly problem: string | undefined;
  /** Default: `InvalidSpec`. */
  readonly problemReason?: 'NamespaceShareReached';
  /** Where less is kept of it: bytes of memory that all of it takes. */
  readonly takes?: number;
  /** Known also of a spec that can't be used, so that those who are admitted hear what is wrong. */
  readonly allowedNamespaces: AllowedNamespaces | undefined;
  /** Serves OAuthClients that name no server. */
  readonly isDefault: boolean;
  readonly status: AuthorizationServerStatus;
}

/** Reads one server object, whatever is in it. */
export function toServerObject(kind: ServerKind, raw: KubernetesObject, rules: UrlRules): ServerObject {
  const { spec: rawSpec, status: rawStatus } = raw as Partial<AuthorizationServer>;
  const { spec, problem } = readServerSpec(kind, rawSpec, rules);
  const { name, namespace, uid = '', resourceVersion = '', generation = 0, annotations } = raw.metadata;
  const { creationTimestamp = '' } = raw.metadata;
  const status = authorizationServerStatus.safeParse(rawStatus ?? {});
  return {
    apiVersion: API_VERSION,
    kind,
    metadata: defined({ name, namespace, uid, resourceVersion }),
    generation,
    createdAt: Date.parse(creationTimestamp),
    spec,
    problem,
    allowedNamespaces: allowedNamespacesOf(rawSpec),
    isDefault: annotations?.[ANNOTATIONS.isDefault] === 'true',
    status: status.success ? status.data : {},
  };
}

function allowedNamespacesOf(
  spec: Partial<AuthorizationServerSpec> | undefined,
): AllowedNamespaces | undefined {
  const allowed = clusterAuthorizationServerSpec.shape.allowedNamespaces.safeParse(spec?.allowedNamespaces);
  return allowed.success ? allowed.data : undefined;
}

/** Known from the spec alone, so that it counts also while the server can't be called. */
export const deletionTerms = ({ deletion, policy }: AuthorizationServerSpec): DeletionTerms => ({
  unconfirmed: deletion?.unconfirmed ?? 'Release',
  retryForMs: boundedMs('retryFor', deletion?.retryFor ?? '1h'),
  retainDenied: policy?.retain === 'Deny',
});

/** Whether a cluster server serves a namespace: by name or by label, either admits; by default none. */
export function admits(
  allowed: AllowedNamespaces | undefined,
  namespace: string,
  labels: Readonly<Record<string, string>>,
): boolean {
  if (allowed?.names?.includes(namespace)) {
    return true;
  }
  const { selector } = allowed ?? {};
  if (selector === undefined) {
    return false;
  }
  return (
    Object.entries(selector.matchLabels ?? {}).every(([key, value]) => labels[key] === value) &&
    (selector.matchExpressions ?? []).every((expression) => matches(expression, labels[expression.key]))
  );
}

type Expression = NonNullable<NonNullable<AllowedNamespaces['selector']>['matchExpressions']>[number];

function matches({ operator, values = [] }: Expression, label: string | undefined): boolean {
  switch (operator) {
    case 'Exists':
      return label !== undefined;
    case 'DoesNotExist':
      return label === undefined;
    case 'In':
      return label !== undefined && values.includes(label);
    case 'NotIn':
      return label === undefined || !values.includes(label);
  }
}

/** Every URL with what it gave: `DiscoveryFailed` for people. */
export function describeDiscovery(answers: readonly DiscoveryAnswer[]): string {
  return answers
    .map((answer) => `${answer.url}: ${answer.kind === 'document' ? 'a document' : answer.detail}`)
    .join('; ');
}

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
    admission(facts),
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

function admission({ health, admissionAccepted }: ServerFacts): NewCondition {
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
