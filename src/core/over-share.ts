import type { OAuthClientStatus } from '../api/oauth-client.ts';
import { omit } from '../oauth/objects.ts';
import type { ClientObject, DesiredClient } from './observation.ts';
import type { Problem } from './problem.ts';
import type { ServerObject } from './server-object.ts';

/**
 * What is kept of an object when its namespace's share of memory has no room for the whole object: what its deletion
 * needs, what status must not lose, and the fact itself.
 */

const OVER_SHARE: Problem = {
  reason: 'NamespaceShareReached',
  message:
    'The OAuthClients, AuthorizationServers and Secrets of this namespace use all the memory that one namespace may use. Delete objects that nobody needs, or make their specs smaller; then this object is reconciled. Until then only its deletion is handled.',
};

const NOT_KEPT: DesiredClient = {
  valid: false,
  problem: OVER_SHARE.message,
  reason: 'NamespaceShareReached',
};

/** @param takes bytes of memory that the whole object takes */
export function lessOfClient(object: ClientObject, takes: number): ClientObject {
  const { status, generation } = object.observed;
  const ready = status.conditions?.find(({ type }) => type === 'Ready');
  const isTold = ready?.reason === OVER_SHARE.reason && ready.observedGeneration === generation;
  return {
    ...object,
    takes,
    observed: { ...object.observed, desired: NOT_KEPT, status: essentials(status), isTold },
  };
}

export const isLessOfClient = ({ observed: { desired } }: ClientObject): boolean =>
  !desired.valid && desired.reason === OVER_SHARE.reason;

const NO_STATUS: OAuthClientStatus = {};

/** The part of a status that the next one takes over: which client it reports, and which requests were handled. */
function essentials(status: OAuthClientStatus): OAuthClientStatus {
  return status.clientId === undefined ? NO_STATUS : omit(status, 'conditions', 'substitutions');
}

export const lessOfServer = (object: ServerObject, takes: number): ServerObject => ({
  ...object,
  takes,
  spec: undefined,
  problem: OVER_SHARE.message,
  problemReason: 'NamespaceShareReached',
  allowedNamespaces: undefined,
  status: {},
});

export const isLessOfServer = ({ problemReason }: ServerObject): boolean =>
  problemReason === OVER_SHARE.reason;
