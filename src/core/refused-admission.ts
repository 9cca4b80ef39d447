import type { Reason } from '../api/reasons.ts';
import { backoff } from './backoff.ts';
import type { Failure } from './failure.ts';
import { type Caller, concerns, isBehind, type Scope, type Waiting } from './scope.ts';

/**
 * A credential that admits registrations and that a server refused. What was refused may be one client's own doing, since
 * its metadata decide the answer, too: so another finds out, one registration at a time, before all others wait. Once it
 * is the credential, the server would refuse every client's, so one client at a time is woken to look if it is good
 * again. Times are milliseconds since the epoch.
 */
export interface RefusedAdmission {
  /** Of the connection that was refused; another one is worth a try at once. */
  readonly version: string;
  readonly reason: Reason;
  /** For those who look after the server object. */
  readonly message: string;
  /** For those who read clients' objects. */
  readonly brief: string;
  /** Whether it is the credential; else that is still to be found out. */
  readonly decided: boolean;
  /** Whose registrations showed it: none where the server said itself that it is the credential. */
  readonly witnesses: readonly Witness[];
  readonly attempts: number;
  readonly nextProbeAt: number;
  /** When a client was last woken to find out. */
  readonly wokenAt?: number | undefined;
}

/** One whose registration was refused. */
export interface Witness extends Caller {
  /** Hash of what its object declares: the same may be refused again for the same reason. */
  readonly document: string;
}

const PROBES = { firstMs: 60_000, longestMs: 600_000 };
const MAX_WITNESSES = 8;
/** So many decide though all sent the same. */
const ENOUGH = 3;

interface Refusal {
  readonly version: string;
  readonly witness: Witness;
  readonly failure: Failure;
  /** Calls that were under way together count as one. */
  readonly isCounted: boolean;
  /** Who waits beside the one that was refused. */
  readonly waiting: Waiting;
  /** Whether the server has accepted a registration with this credential before. */
  readonly isProven: boolean;
  readonly now: number;
}

/** After a refusal; `before` is an earlier one of the same connection. */
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
 * Another namespace's client with another document decides; where no other namespace waits, another client of the same
 * one. Where nobody else waits and the server has never accepted the credential, a second try of the same one does.
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

/** Whose registrations it holds back; where one namespace met it, another's client finds out at once. */
function refusalScope({ witnesses }: RefusedAdmission): Scope {
  const [first] = witnesses;
  return first === undefined || witnesses.some(({ namespace }) => namespace !== first.namespace)
    ? 'All'
    : { namespace: first.namespace, client: undefined };
}

/** Whether this one may register now, and if not, whether that is told as a refusal. */
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

/** Once a client was woken to find out. */
export const withProber = (refused: RefusedAdmission, now: number): RefusedAdmission =>
  refused.nextProbeAt > now ? refused : { ...refused, wokenAt: now };

/** A client was woken to probe and may have gone away: another is woken a minute later. */
export const admissionProbeAt = ({ nextProbeAt, wokenAt }: RefusedAdmission): number =>
  Math.max(nextProbeAt, wokenAt === undefined ? 0 : wokenAt + PROBES.firstMs);
