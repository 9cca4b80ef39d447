import type { Reason } from '../api/reasons.ts';
import { omit } from '../oauth/objects.ts';
import { backoff } from './backoff.ts';
import type { Failure } from './failure.ts';
import { type Caller, concerns, isBehind, type Scope, type Waiting } from './scope.ts';

/**
 * An admission credential that a server refused. The cause may be one client's metadata, since they decide the answer,
 * too. So other clients test the credential, one registration at a time, before all clients wait. Once the credential
 * is known to be the cause, the server would refuse every registration, so one client at a time is woken to test
 * whether the server accepts the credential again. Times are milliseconds since the epoch.
 */
export interface RefusedAdmission {
  /** Version of the connection that was refused. Another version is tried at once. */
  readonly version: string;
  readonly reason: Reason;
  /** The message for readers of the server object. */
  readonly message: string;
  /** The message for readers of OAuthClients. */
  readonly brief: string;
  /** Whether the credential is known to be the cause; else clients still test it. */
  readonly decided: boolean;
  /** Whose registrations were refused; empty where the server itself named the credential as the cause. */
  readonly witnesses: readonly Witness[];
  readonly attempts: number;
  readonly nextProbeAt: number;
  /** When a client was last woken to test the credential. */
  readonly wokenAt?: number | undefined;
}

/** A client whose registration was refused. */
export interface Witness extends Caller {
  /** Hash of what its object declares: the same document may be refused again for the same reason. */
  readonly document: string;
}

const PROBES = { firstMs: 60_000, longestMs: 600_000 };
const MAX_WITNESSES = 8;
/** So many witnesses decide, even if all sent the same document. */
const ENOUGH = 3;

interface Refusal {
  readonly version: string;
  readonly witness: Witness;
  readonly failure: Failure;
  /** Calls that were under way together count as one. */
  readonly isCounted: boolean;
  /** Which other clients wait at the server. */
  readonly waiting: Waiting;
  /** Whether the server has accepted a registration with this credential before. */
  readonly isProven: boolean;
  readonly now: number;
}

/** The state after a refusal; `before` is the state after an earlier refusal of the same connection. */
export function refusedAgain(before: RefusedAdmission | undefined, refusal: Refusal): RefusedAdmission {
  const { version, failure, isCounted, now } = refusal;
  const { reason, message: brief, detail: message = brief } = failure;
  const isSaid = failure.credential === undefined || failure.credential === 'Refused';
  const wasSaid = before?.decided === true && before.witnesses.length === 0;
  const witnesses = isSaid || wasSaid ? [] : withWitness(before?.witnesses ?? [], refusal.witness);
  const decided = isSaid || before?.decided === true || decides(witnesses, refusal, before);
  if (before?.decided && isCounted) {
    return { ...before, witnesses };
  }
  const attempts = decided ? (before?.attempts ?? 0) + 1 : 0;
  const nextProbeAt = decided ? now + backoff(PROBES, attempts - 1) : Number.POSITIVE_INFINITY;
  return { version, reason, message, brief, decided, witnesses, attempts, nextProbeAt };
}

const withWitness = (witnesses: readonly Witness[], witness: Witness): readonly Witness[] =>
  [...witnesses.filter(({ client }) => client !== witness.client), witness].slice(-MAX_WITNESSES);

/**
 * A refused client of another namespace with another document decides that the credential is the cause. Where no other
 * namespace waits, another client of the same namespace decides. Where no other client waits and the server has never
 * accepted the credential, a second refusal of the same client decides.
 */
function decides(
  witnesses: readonly Witness[],
  { witness, waiting, isProven }: Refusal,
  before: RefusedAdmission | undefined,
): boolean {
  const others = witnesses.filter(({ client }) => client !== witness.client);
  const namespaces = new Set(witnesses.map(({ namespace }) => namespace));
  const isOther = ({ document }: Witness) => document !== witness.document;
  if (namespaces.size >= ENOUGH || others.some((w) => w.namespace !== witness.namespace && isOther(w))) {
    return true;
  }
  if (!waiting.otherNamespaces && (others.some(isOther) || witnesses.length >= ENOUGH)) {
    return true;
  }
  const isSecondTry = before?.witnesses.some(({ client }) => client === witness.client) === true;
  return isSecondTry && !waiting.otherClients && !isProven;
}

/**
 * Whose registrations wait. Where only one namespace was refused, a client of another namespace tests the credential at
 * once.
 */
function refusalScope({ witnesses }: RefusedAdmission): Scope {
  const [first] = witnesses;
  return first === undefined || witnesses.some(({ namespace }) => namespace !== first.namespace)
    ? 'All'
    : { namespace: first.namespace, client: undefined };
}

/** Whether the caller may register now, and if not, whether status reports a refusal. */
export function admissionGate(
  refused: RefusedAdmission,
  caller: Caller,
  waiting: Waiting,
  registering: readonly Caller[],
  now: number,
): 'Open' | 'Refused' | 'InTurn' {
  const scope = refusalScope(refused);
  if (refused.decided && concerns(scope, caller)) {
    return now >= refused.nextProbeAt && registering.length === 0 ? 'Open' : 'Refused';
  }
  const hasFailed = refused.witnesses.some(({ client }) => client === caller.client);
  const isAfterOthers = (hasFailed && waiting.otherClients) || isBehind(scope, caller, waiting, registering);
  return isAfterOthers ? 'InTurn' : 'Open';
}

/** The state after a client was woken to test the credential. */
export const withProber = (refused: RefusedAdmission, now: number): RefusedAdmission =>
  refused.nextProbeAt > now ? refused : { ...refused, wokenAt: now };

/** The state after a person asked for a try. */
export const tryNow = (refused: RefusedAdmission, now: number): RefusedAdmission =>
  refused.decided
    ? { ...omit(refused, 'wokenAt'), nextProbeAt: Math.min(refused.nextProbeAt, now) }
    : refused;

/** When the next client is woken: a minute after the last one, which may have gone away. */
export const admissionProbeAt = ({ nextProbeAt, wokenAt }: RefusedAdmission): number =>
  Math.max(nextProbeAt, wokenAt === undefined ? 0 : wokenAt + PROBES.firstMs);
