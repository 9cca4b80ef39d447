import type { Action, DeregisterStep } from '../action.ts';
import { setbackOf } from '../earlier-calls.ts';
import { deletionOf, homeOf } from '../home.ts';
import type { Observation, Setback } from '../observation.ts';
import type { RecordRole, RegistrationRecord } from '../record.ts';
import { isShared, rivalName } from './rivals.ts';

/** How a client ends: it is deregistered, or let go where that can't be done. */

/** How long a deletion waits for a server that doesn't confirm, before the object is let go. */
export const DELETION_PATIENCE_MS = 60_000;
/** How long deregistration is tried after that. */
export const DEREGISTRATION_PATIENCE_MS = 3_600_000;

/** What is to be done now about a client that nobody uses; `undefined`: nothing before the next try is due. */
export function endClient(
  o: Observation,
  record: RegistrationRecord,
  because: DeregisterStep['because'],
): Action | undefined {
  if (isShared(o, record)) {
    return releaseShared(o, record);
  }
  const setback = setbackOf(o, 'Deregister', record.secretName);
  if (setback !== undefined && isGivenUp(o, record, setback)) {
    return release(record, 'left-behind', setback, 'Its deregistration is given up');
  }
  return setback === undefined || o.now >= setback.retryAt ? deregister(o, record, because) : undefined;
}

export const deregister = (
  o: Observation,
  record: RegistrationRecord,
  because: DeregisterStep['because'],
): DeregisterStep => ({
  type: 'Deregister',
  message: WHY[because](record.clientId),
  home: homeOf(o, record),
  because,
  basis: record.secretName,
});

const WHY: Readonly<Record<DeregisterStep['because'], (clientId: string) => string>> = {
  Deleting: (clientId) => `The object of client ${clientId} is being deleted.`,
  Departed: (clientId) => `The object of client ${clientId} is gone.`,
  Surplus: (clientId) => `Another client took the place of client ${clientId}.`,
  Expired: (clientId) => `The lifetime of client ${clientId} is over.`,
};

/**
 * @param role what becomes of the record
 * @param why without a full stop
 */
export const release = (
  record: RegistrationRecord,
  role: RecordRole,
  setback: Setback,
  why: string,
): Action => ({
  type: 'Release',
  message: `Client ${record.clientId} is not removed. ${why}: ${setback.message}`,
  record,
  role,
  setback,
});

/** The client is another object's, which had it before: to end it is for that one. */
export const releaseShared = (o: Observation, record: RegistrationRecord): Action =>
  release(record, 'left-behind', shared(o), 'Another object manages it');

const shared = (o: Observation): Setback => ({
  action: 'Deregister',
  kind: 'Terminal',
  reason: 'ClientAlreadyManaged',
  message: `It is the client of ${rivalName(o)}.`,
  attempts: 0,
  since: o.now,
  retryAt: Number.POSITIVE_INFINITY,
  basis: '',
  ambiguous: false,
});

/** Time in which a person wants nothing to be sent doesn't count. */
function isGivenUp(o: Observation, record: RegistrationRecord, { kind, reason, since }: Setback): boolean {
  const patience = deletionOf(o, record)?.retryForMs ?? DEREGISTRATION_PATIENCE_MS;
  return kind === 'Terminal' || (reason !== 'Suspended' && o.now - since >= patience);
}
