import { storedTime } from '../api/time.ts';
import { type DocumentState, endingOf, isDocumentSeen, primedNextAt, usableFrom } from './document-state.ts';
import { setbackOf } from './earlier-calls.ts';
import { serverOfClient } from './home.ts';
import type { Observation } from './observation.ts';
import { isReconcileRequested } from './reconcile-request.ts';
import type { RegistrationRecord } from './record.ts';
import { spreadOf } from './spread.ts';

/** When something is due for a client that a document identifies. Times are milliseconds since the epoch. */

/**
 * What a check or a priming of a document is tried with. A setback holds only for the same basis, so a person who put the
 * base URL right can ask for a check at once.
 */
export const documentBasis = (
  { object }: Pick<Observation, 'object'>,
  { registrationSecret }: Pick<RegistrationRecord, 'registrationSecret'>,
  { digest }: DocumentState,
): string => [registrationSecret, digest, object?.reconcileRequestedAt ?? ''].join(' ');

/**
 * Until when the Secret of the workload stays as it is, since servers may still have the document or the keys of before;
 * infinite until what is served was seen. `undefined`: it may change now.
 */
export function secretHeldUntil(
  { now }: Pick<Observation, 'now'>,
  { document }: Pick<RegistrationRecord, 'document'>,
): number | undefined {
  if (document === undefined || (document.isFirst && document.seen !== undefined)) {
    return undefined;
  }
  const from = usableFrom(document) ?? Number.POSITIVE_INFINITY;
  return now < from ? from : undefined;
}

/** When the server may be made to fetch what is served now; infinite where nothing is to be done. */
export function primingDueAt(state: DocumentState): number {
  const { primes, primed, seen } = state;
  if (!isDocumentSeen(state)) {
    return Number.POSITIVE_INFINITY;
  }
  return primes && primed === undefined ? 0 : primedNextAt(state, storedTime(seen?.at));
}

/** How often a document that was seen is fetched again where `drift` of the server object reads nothing. */
const SEEN_AGAIN_MS = 3_600_000;

/**
 * When a document that was seen is fetched again: its ConfigMap may be lost or changed, and the operator watches none. After
 * a start, all of them are spread over one interval. `undefined`: never.
 */
export function recheckDueAt(o: Observation, record: RegistrationRecord): number | undefined {
  const { object, readAt, startedAt } = o;
  const { document } = record;
  const drift = serverOfClient(o, record)?.connection.drift;
  const isServed = document !== undefined && document.withdrawnAt === undefined;
  if (object === undefined || drift === undefined || !isServed) {
    return undefined;
  }
  const basis = documentBasis(o, record, document);
  const failed = setbackOf(o, 'CheckDocument', basis);
  if (failed !== undefined) {
    return failed.retryAt;
  }
  if (isReconcileRequested(object) && o.documentChecked !== basis) {
    return 0;
  }
  const intervalMs = drift.mode === 'Off' ? SEEN_AGAIN_MS : drift.intervalMs;
  const spread = spreadOf(object.uid);
  return readAt + intervalMs * (readAt > startedAt ? 0.9 + 0.2 * spread : spread);
}

/** Replicas see a new document some moments later. */
const SEEN_BY_ALL_MS = 10_000;

/** From when on a document that is not at its URL counts as lost, in milliseconds since the epoch. */
export const seenByAllFrom = ({ publishedAt }: DocumentState): number =>
  storedTime(publishedAt) + SEEN_BY_ALL_MS;

const lossJudgedFrom = (document: DocumentState): number | undefined =>
  isDocumentSeen(document) ? undefined : seenByAllFrom(document);

/** When the document of a client in use is checked, shown to workloads, or fetched by the server. */
export function documentVisits(o: Observation, record: RegistrationRecord): readonly (number | undefined)[] {
  const { document } = record;
  return document === undefined
    ? []
    : [
        retryOf(o, record, document),
        secretHeldUntil(o, record),
        primingDueAt(document),
        recheckDueAt(o, record),
        lossJudgedFrom(document),
      ].filter((time) => time === undefined || Number.isFinite(time));
}

/** When something is due for a document whose client ends. */
export function endingVisit(o: Observation, record: RegistrationRecord): number | undefined {
  const { document } = record;
  const ending = document && endingOf(document, o.now);
  if (document === undefined || ending === undefined) {
    return undefined;
  }
  return ending.phase === 'Hold' ? ending.until : retryOf(o, record, document);
}

const retryOf = (o: Observation, record: RegistrationRecord, document: DocumentState): number | undefined =>
  o.setbacks.find(({ basis, retryAt }) => basis === documentBasis(o, record, document) && retryAt > o.now)
    ?.retryAt;
