import type { OAuthClientStatus } from '../api/oauth-client.ts';
import { omit } from '../oauth/objects.ts';
import type { ClientObject, DesiredClient } from './observation.ts';
import type { Problem } from './problem.ts';
import type { ServerObject } from './server-object.ts';

/**
 * What is kept of an object for which its namespace's share of memory has no room: what its ending needs, what status must
 * not lose, and the fact.
 */

const OVER_SHARE: Problem = {
  reason: 'NamespaceShareReached',
  message:
    'What is kept of the OAuthClients, AuthorizationServers and Secrets of this namespace takes as much memory as one namespace may. Delete objects that nobody needs, or make their specs smaller: then this one is taken up by itself. Until then nothing is done for it but its deletion.',
};

const NOT_KEPT: DesiredClient = {
  valid: false,
  problem: OVER_SHARE.message,
  reason: 'NamespaceShareReached',
};

/** @param takes bytes of memory that all of it takes */
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

/** Whose client it is, and what was handled: all that the next status takes over from the one before. */
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
