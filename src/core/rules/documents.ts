import { rfc3339, storedTime } from '../../api/time.ts';
import { asSentence } from '../../oauth/text.ts';
import type { Action, DeregisterStep, Step } from '../action.ts';
import { type DocumentState, endingOf, isDocumentSeen } from '../document-state.ts';
import { documentBasis, primingDueAt, recheckDueAt, secretHeldUntil } from '../document-visits.ts';
import { setbackOf } from '../earlier-calls.ts';
import { homeOf } from '../home.ts';
import type { Registered } from '../narrowed.ts';
import type { Observation } from '../observation.ts';
import type { RegistrationRecord } from '../record.ts';
import { isSecretHeld } from '../workload.ts';
import { blocked, wait } from './idle.ts';
import type { Rule } from './rule.ts';

/** Rules about clients that a document identifies: it is seen through its public URL, and withdrawn at the end. */

/** Comes before the rules about the Secret: workloads get the client when its document can be fetched. */
export const documentUnchecked: Rule<Registered> = {
  finding: 'DocumentUnchecked',
  found:
    "What is to be served as the client's document was not seen at its public URL yet, or not for an hour (drift.interval of the server object, where drift.mode is not Off), or a person asked for it.",
  follows: 'It is fetched there and compared.',
  decide: (o) => {
    const { current } = o;
    const { document } = current;
    const isDue =
      document !== undefined &&
      (!isDocumentSeen(document) || o.now >= (recheckDueAt(o, current) ?? o.now + 1));
    return isDue ? planCheck(o, current, document) : undefined;
  },
};

export const documentUnprimed: Rule<Registered> = {
  finding: 'DocumentUnprimed',
  found:
    'The server fetches documents at authorization requests alone, and was made to fetch another one last.',
  follows:
    'One authorization request is sent that nobody answers, as soon as the server may no longer use its copy. What stands in the way does not make the client less ready.',
  decide: (o) => {
    const { current, now } = o;
    const { document } = current;
    return document === undefined || now < primingDueAt(document)
      ? undefined
      : planPriming(o, current, document);
  },
};

/** Comes late: an edit must not wait for a URL that can't be reached. */
export const documentUnseen: Rule<Registered> = {
  finding: 'DocumentUnseen',
  found: "What is to be served as the client's document can not be seen at its public URL.",
  follows: 'It is tried again. A Secret that workloads have already stays as it is.',
  decide: (o) => {
    const { document } = o.current;
    return document === undefined || isDocumentSeen(document)
      ? undefined
      : (blocked(o, 'CheckDocument', documentBasis(o, o.current, document)) ??
          wait('Queued', 'The document of the client is being checked.'));
  },
};

export const secretHeld: Rule<Registered> = {
  finding: 'SecretHeld',
  found: 'Another document or key is served, and servers may still have the one of before.',
  follows:
    'The Secret that workloads have works, and follows a minute after the keys; after another document, when no server may have the one of before.',
  decide: (o) => {
    const until = secretHeldUntil(o, o.current);
    return until !== undefined && isSecretHeld(o, o.current)
      ? wait(
          'DocumentSettling',
          `The document of client ${o.current.clientId} is served, and servers may have the document or the keys of before until ${rfc3339(until)}. Then the Secret follows.`,
          until,
        )
      : undefined;
  },
};

const planCheck = (o: Observation, record: RegistrationRecord, document: DocumentState): Step | undefined =>
  planVisit(
    o,
    record,
    document,
    'CheckDocument',
    `The document of client ${record.clientId} of ${document.publishedAt} is due to be seen at its URL.`,
  );

const planPriming = (o: Observation, record: RegistrationRecord, document: DocumentState): Step | undefined =>
  planVisit(
    o,
    record,
    document,
    'PrimeDocument',
    `The server did not fetch the document of client ${record.clientId} of ${document.publishedAt} yet.`,
  );

/** `undefined`: an earlier one failed, and its pause is not over. */
function planVisit(
  o: Observation,
  record: RegistrationRecord,
  document: DocumentState,
  type: 'CheckDocument' | 'PrimeDocument',
  message: string,
): Step | undefined {
  const basis = documentBasis(o, record, document);
  return blocked(o, type, basis) === undefined
    ? { type, message, home: homeOf(o, record), document, basis }
    : undefined;
}

/**
 * The next step to end a client whose document nobody needs. `undefined`: nothing is due yet; see `documentVisit`.
 *
 * @param message why it ends
 */
export function planEnding(
  o: Observation,
  record: RegistrationRecord,
  document: DocumentState,
  because: DeregisterStep['because'],
  message: string,
): Step | undefined {
  const { phase } = endingOf(document, o.now);
  switch (phase) {
    case 'Check':
      return planCheck(o, record, document);
    case 'Prime':
      return planPriming(o, record, document);
    case 'Withdraw':
    case 'Remove': {
      const basis = record.registrationSecret;
      const setback = setbackOf(o, 'Deregister', basis);
      return setback === undefined || o.now >= setback.retryAt
        ? { type: 'Deregister', message, home: homeOf(o, record), because, basis, phase }
        : undefined;
    }
    case 'Hold':
      return undefined;
  }
}

/** How long an object in deletion is held until its withdrawal is seen. */
const WITHDRAWAL_PATIENCE_MS = 60_000;

/**
 * The same for an object that is being deleted, or whose lifetime is over: once the withdrawal was seen, or is not within
 * a minute, the record is let go, and the rest is done from it.
 */
export function planHeldEnding(
  o: Observation,
  record: RegistrationRecord,
  document: DocumentState,
  because: DeregisterStep['because'],
  message: string,
): Action {
  const { phase } = endingOf(document, o.now);
  const held = storedTime(document.withdrawnAt) + WITHDRAWAL_PATIENCE_MS;
  const isAwaited = phase === 'Check' && o.now < held && !o.namespaceTerminating;
  if (phase !== 'Withdraw' && phase !== 'Remove' && !isAwaited) {
    return released(o, record);
  }
  const step = planEnding(o, record, document, because, message);
  if (step !== undefined) {
    return step;
  }
  return isAwaited
    ? unseenWithdrawal(o, record, document, held)
    : (blocked(o, 'Deregister', record.registrationSecret) ??
        wait('Deleting', 'The document of the client is being withdrawn.'));
}

function unseenWithdrawal(
  o: Observation,
  record: RegistrationRecord,
  document: DocumentState,
  held: number,
): Action {
  const waiting = blocked(o, 'CheckDocument', documentBasis(o, record, document));
  const why = waiting === undefined ? '' : ` ${asSentence(waiting.message)}`;
  return wait(
    waiting?.reason ?? 'Deleting',
    `The withdrawal of the document is not seen yet.${why} The deletion waits until ${rfc3339(held)} at the latest.`,
    Math.min(waiting?.until ?? held, held),
  );
}

/** The object goes, and the record stays until the URL of the document is gone. */
const released = (o: Observation, record: RegistrationRecord): Action => ({
  type: 'Release',
  message: `The document of client ${record.clientId} was withdrawn. The rest is done without the object.`,
  record,
  role: 'owed',
  setback: {
    action: 'Deregister',
    kind: 'Transient',
    reason: 'DocumentWithdrawn',
    message: 'Its document was withdrawn.',
    attempts: 0,
    since: o.now,
    retryAt: o.now,
    basis: record.registrationSecret,
    ambiguous: false,
  },
});
