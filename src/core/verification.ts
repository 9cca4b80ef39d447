import type { NewCondition } from '../api/conditions.ts';
import type { OAuthClientStatus } from '../api/oauth-client.ts';
import { REASONS, type Reason } from '../api/reasons.ts';
import { rfc3339, storedTime } from '../api/time.ts';
import { asSentence } from '../oauth/text.ts';
import { setbackOf } from './earlier-calls.ts';
import { type RecordAtServer, serverOfClient } from './home.ts';
import type { Observation, ObservedClient, ProbeAnswer, VerificationResult } from './observation.ts';
import { isReconcileRequested } from './reconcile-request.ts';
import type { RegistrationRecord } from './record.ts';
import { basisText } from './remembered-refusal.ts';
import { isOfWorkload } from './shown-credential.ts';
import { spreadOf } from './spread.ts';

/** Whether a server accepts the credential of a client: what was last heard, and when it is asked again. */

/**
 * Identifies what is tried: the client, and what workloads see of it. It changes with the secret, the key, the
 * authentication method and the scope.
 */
export const credentialVersion = ({
  registrationSecret,
  revision,
}: Pick<RegistrationRecord, 'registrationSecret' | 'revision'>): string =>
  basisText(registrationSecret, String(revision));

/** Some servers know a new client, or its new secret, only after a moment: a refusal counts if it is repeated. */
const BELIEVED = 2;
const CONFIRM_MS = 10_000;
/** How often the time of an unchanged answer is renewed in status. */
const RENEWED_MS = 24 * 3_600_000;
/** After a start, answers that became too old in the meantime are renewed over this time. */
const SPREAD_MS = 600_000;

/** The last answer about the present credential, by this process or as status has it; `undefined`: there is none. */
export function probeOf(o: Observation, record: RegistrationRecord): ProbeAnswer | undefined {
  const credential = credentialVersion(record);
  if (o.probe?.credential === credential) {
    return o.probe;
  }
  const { verification, conditions = [] } = o.object?.status ?? {};
  if (verification?.credential !== credential) {
    return undefined;
  }
  const told = conditions.find(({ type }) => type === 'Verified');
  const at = storedTime(verification.at);
  const { result } = verification;
  return {
    credential,
    result,
    times: BELIEVED,
    message: told?.reason === result ? told.message : '',
    // A time in the future was written by a wrong clock.
    at: at <= o.now ? at : o.now,
  };
}

/** Whether the answer counts: a refusal has to be repeated. */
export const isBelieved = ({ result, times }: ProbeAnswer): boolean =>
  result === 'Verified' || result === 'VerificationInconclusive' || times >= BELIEVED;

/** How often the server said the same in a row, with an answer that comes now. */
export function timesWith(o: Observation, record: RegistrationRecord, isRefused: boolean): number {
  const before = probeOf(o, record);
  const wasRefused = before?.result === 'CredentialRefused' || before?.result === 'ClientForgotten';
  return isRefused && wasRefused ? before.times + 1 : 1;
}

/** What the token endpoint is asked with. A setback holds only for the same basis. */
export const verificationBasis = (
  { record, connection }: Pick<RecordAtServer, 'record' | 'connection'>,
  object: Pick<ObservedClient, 'reconcileRequestedAt'>,
): string => basisText(credentialVersion(record), connection.version, object.reconcileRequestedAt ?? '');

/** When the token endpoint is asked with the present credential, in milliseconds since the epoch; `undefined`: never. */
export function probeDueAt(o: Observation, { record, connection }: RecordAtServer): number | undefined {
  const { mode, intervalMs } = connection.verification;
  if (
    mode === 'Off' ||
    o.object === undefined ||
    record.secretMissingFor !== undefined ||
    isOfWorkload(o, record)
  ) {
    return undefined;
  }
  const probe = probeOf(o, record);
  if (probe === undefined) {
    return 0;
  }
  if (isReconcileRequested(o.object) && probe.request !== o.object.reconcileRequestedAt) {
    return 0;
  }
  if (!isBelieved(probe)) {
    return probe.at + CONFIRM_MS;
  }
  if (intervalMs === undefined) {
    return undefined;
  }
  const spread = spreadOf(o.object.uid);
  const due = lastAskedAt(o, probe) + intervalMs * (0.9 + 0.2 * spread);
  return isHeardHere(o, probe) ? due : Math.max(due, o.startedAt + Math.min(intervalMs, SPREAD_MS) * spread);
}

const isHeardHere = ({ probe }: Observation, { credential }: ProbeAnswer): boolean =>
  probe?.credential === credential;

/** Status renews the time of an unchanged answer once a day: an earlier process may have asked until then. */
const lastAskedAt = (o: Observation, probe: ProbeAnswer): number =>
  isHeardHere(o, probe) ? probe.at : Math.max(probe.at, Math.min(o.startedAt, probe.at + RENEWED_MS));

/** Of an object that waits for its verification: reasons of its condition Ready. */
const HELD_REASONS: readonly string[] = ['CredentialRefused', 'VerificationInconclusive'] satisfies Reason[];

/**
 * Whether `verification.mode` Gate holds the condition Ready. While the server can't be called, its object's mode is not
 * known, and what status says holds. A client without a secret is not held: nothing that it was handed over could be wrong,
 * and nobody but its workload can try.
 */
export function isHeldByGate(o: Observation, record: RegistrationRecord): boolean {
  if (isOfWorkload(o, record)) {
    return false;
  }
  const at = serverOfClient(o, record);
  const probe = probeOf(o, record);
  const isVerified = probe?.result === 'Verified';
  if (at !== undefined) {
    return at.connection.verification.mode === 'Gate' && !isVerified;
  }
  const ready = o.object?.status.conditions?.find(({ type }) => type === 'Ready');
  return !isVerified && ready?.status === 'False' && HELD_REASONS.includes(ready.reason);
}

const TOLD: Readonly<Record<VerificationResult, (clientId: string) => string>> = {
  Verified: (clientId) => `The server accepts the credential of client ${clientId}.`,
  CredentialRefused: (clientId) => `The server refuses the credential of client ${clientId}.`,
  VerificationInconclusive: (clientId) =>
    `It is not known whether the server accepts the credential of client ${clientId}.`,
  ClientForgotten: (clientId) => `The server does not know client ${clientId} any more.`,
};

/** What is said of an answer whose words are not known any more. */
export const toldAgain = (result: VerificationResult, clientId: string): string =>
  result === 'Verified' ? TOLD[result](clientId) : `${TOLD[result](clientId)} ${REASONS[result].cure}`;

/** What is said of a credential about which no answer counts yet. */
export const untriedMessage = (clientId: string, probe: ProbeAnswer | undefined): string =>
  probe === undefined
    ? `The credential of client ${clientId} was not tried yet.`
    : `${asSentence(probe.message)} Some servers know a new credential only after a moment, so it is tried once more.`;

/** Why there is no answer that counts; `undefined`: there is one. */
function whyUntried(
  o: Observation,
  { record, connection }: RecordAtServer,
  probe: ProbeAnswer | undefined,
): string | undefined {
  if (isOfWorkload(o, record)) {
    return `The operator does not try client ${record.clientId}: it authenticates by tokens that are issued for its workload, and the operator has none of them. Let the workload ask for a token.`;
  }
  if (probe !== undefined && isBelieved(probe)) {
    return undefined;
  }
  const basis = o.object && verificationBasis({ record, connection }, o.object);
  const setback = basis && setbackOf(o, 'Verify', basis);
  return setback ? setback.message : untriedMessage(record.clientId, probe);
}

/** What status has of the verification. */
interface VerificationShown {
  readonly kept: OAuthClientStatus['verification'];
  readonly conditions: readonly NewCondition[];
}

const NOTHING_SHOWN: VerificationShown = { kept: undefined, conditions: [] };

/**
 * What status shows of the verification: nothing where the server object asks for none, and what it showed before while
 * the server can't be called. An unchanged answer keeps its time and words for a day, so that it is no write.
 */
export function verificationShown(o: Observation, record: RegistrationRecord | undefined): VerificationShown {
  if (record === undefined || o.object === undefined) {
    return NOTHING_SHOWN;
  }
  const { verification: kept, conditions = [] } = o.object.status;
  const before = conditions.find(({ type }) => type === 'Verified');
  const at = serverOfClient(o, record);
  const probe = probeOf(o, record);
  if (at === undefined) {
    return before === undefined || kept?.credential !== credentialVersion(record)
      ? NOTHING_SHOWN
      : { kept, conditions: [{ ...(before as NewCondition), type: 'Verified' }] };
  }
  if (at.connection.verification.mode === 'Off') {
    return NOTHING_SHOWN;
  }
  const untried = whyUntried(o, at, probe);
  if (probe === undefined || untried !== undefined) {
    return { kept: undefined, conditions: [verified('VerificationInconclusive', untried ?? '')] };
  }
  const { credential, result, at: answeredAt } = probe;
  const isKept =
    kept?.credential === credential &&
    kept.result === result &&
    answeredAt - storedTime(kept.at) < RENEWED_MS;
  const said = probe.message || toldAgain(result, record.clientId);
  const message = isKept && before?.reason === result ? before.message : said;
  return {
    kept: isKept ? kept : { credential, result, at: rfc3339(answeredAt) },
    conditions: [verified(result, message)],
  };
}

const STATUS_OF: Readonly<Record<VerificationResult, NewCondition['status']>> = {
  Verified: 'True',
  CredentialRefused: 'False',
  ClientForgotten: 'False',
  VerificationInconclusive: 'Unknown',
};

const verified = (reason: VerificationResult, message: string): NewCondition => ({
  type: 'Verified',
  status: STATUS_OF[reason],
  reason,
  message,
});
