import type { Action, DeregisterStep } from '../action.ts';
import { isGoneAlready, setbackOf } from '../earlier-calls.ts';
import { deletionOf, homeOf } from '../home.ts';
import type { Observation, Setback } from '../observation.ts';
import type { RecordRole, RegistrationRecord } from '../record.ts';
import { planEnding } from './documents.ts';
import { ownerName, repetitionOf, sharerOf } from './rivals.ts';

/** How a client ends: it is deregistered, or released where the server can't or doesn't deregister it. */

/** How long an object in deletion is held for a server that doesn't confirm the deregistration. */
export const DELETION_PATIENCE_MS = 60_000;
/** How long deregistration is retried in all, where the server object doesn't say. */
const DEREGISTRATION_PATIENCE_MS = 3_600_000;

/** The next step to end a client that nobody uses. `undefined`: the retry isn't due yet. */
export function endClient(
  o: Observation,
  record: RegistrationRecord,
  because: DeregisterStep['because'],
): Action | undefined {
  const spared = spareClient(o, record);
  if (spared !== undefined) {
    return spared;
  }
  const setback = setbackOf(o, 'Deregister', record.registrationSecret);
  if (record.document !== undefined && !isGoneAlready(setback)) {
    return planEnding(o, record, record.document, because, WHY[because](record.clientId));
  }
  if (setback !== undefined && !isGoneAlready(setback) && isGivenUp(o, record, setback)) {
    return planRelease(record, 'left-behind', setback, 'Its deregistration is given up');
  }
  return setback === undefined || o.now >= setback.retryAt
    ? planDeregistration(o, record, because)
    : undefined;
}

export const planDeregistration = (
  o: Observation,
  record: RegistrationRecord,
  because: DeregisterStep['because'],
): DeregisterStep => ({
  type: 'Deregister',
  message: WHY[because](record.clientId),
  home: homeOf(o, record),
  because,
  basis: record.registrationSecret,
});

/** Why a client ends, in one sentence. */
export const whyEnded = (because: DeregisterStep['because'], clientId: string): string =>
  WHY[because](clientId);

const WHY: Readonly<Record<DeregisterStep['because'], (clientId: string) => string>> = {
  Deleting: (clientId) => `The object of client ${clientId} is being deleted.`,
  Departed: (clientId) => `The object of client ${clientId} is gone.`,
  Surplus: (clientId) => `Another client took the place of client ${clientId}.`,
  Expired: (clientId) => `The lifetime of client ${clientId} is over.`,
  Replaced: (clientId) =>
    `The server has one client for each software statement, so client ${clientId} ends before another is registered.`,
};

/**
 * @param role the record's new role
 * @param why without a full stop
 */
export const planRelease = (
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

/**
 * What becomes of a record whose client another record keeps in use: the client isn't deregistered. `undefined`: no
 * other record does.
 */
export function spareClient(o: Observation, record: RegistrationRecord): Action | undefined {
  const { clientId } = record;
  if (repetitionOf(o, record) !== undefined) {
    return {
      type: 'Forget',
      message: `The server answered with client ${clientId} again, so a later record holds it.`,
      record,
    };
  }
  const sharer = sharerOf(o, record);
  return sharer && planRelease(record, 'left-behind', shared(o, sharer), 'Another object has it');
}

const shared = (o: Observation, sharer: RegistrationRecord): Setback => ({
  action: 'Deregister',
  kind: 'Terminal',
  reason: 'ClientAlreadyManaged',
  message: `It is the client of ${ownerName(o, sharer)}, too.`,
  attempts: 0,
  since: o.now,
  retryAt: Number.POSITIVE_INFINITY,
  basis: '',
  ambiguous: false,
});

/** About four minutes, with the pauses between: replicas of a server know a client after some time. */
const MOST_OWN_REFUSALS = 8;

/**
 * Whether the server refused the credential by which the client manages itself so often that no try can be expected to succeed:
 * it does not know the client any more, or has another key of it, and no answer tells which.
 */
export const isOwnCredentialRefused = ({ ownRefusals = 0 }: Setback): boolean =>
  ownRefusals >= MOST_OWN_REFUSALS;

/** While a person suspends the server, the deregistration isn't given up. */
function isGivenUp(o: Observation, record: RegistrationRecord, setback: Setback): boolean {
  const { kind, reason, since, uncountedMs = 0 } = setback;
  const patience = deletionOf(o, record)?.retryForMs ?? DEREGISTRATION_PATIENCE_MS;
  const isFutile = kind === 'Terminal' || isOwnCredentialRefused(setback);
  return isFutile || (reason !== 'Suspended' && o.now - since - uncountedMs >= patience);
}
