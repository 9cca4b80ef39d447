import type { HttpOutcome } from '../oauth/http-message.ts';
import type { CallKind } from './observation.ts';
import type { Caller } from './scope.ts';

/**
 * Calls that a server doesn't have, as its answers show: a PUT or DELETE was answered by 404, 405 or 501, and a read with
 * the same token shows that the client exists. One tenant's client alone decides nothing for others: two namespaces must
 * have met it, or two clients where one namespace has all the clients. Times are milliseconds since the epoch.
 */
export type UnsupportedCalls = readonly Sighting[];

const LACKING: readonly number[] = [404, 405, 501];

/**
 * Whether a server that has no such call may have answered so, in whatever form: frameworks answer an unknown route in
 * text or HTML. A server that doesn't know the client, and a proxy, may answer the same; a read tells them apart.
 */
export const mayLackCall = (outcome: HttpOutcome): boolean =>
  outcome.kind === 'answered' && LACKING.includes(outcome.status);

export type CallThatMayLack = 'Update' | 'Deregister';

interface Sighting extends Caller {
  readonly kind: CallThatMayLack;
  /** Version of the connection: an edit of the server object, or of what it refers to, makes what was learned void. */
  readonly version: string;
  readonly at: number;
}

export const ALL_SUPPORTED: UnsupportedCalls = [];

/** What was learned holds for so long. */
export const UNSUPPORTED_MS = 86_400_000;
const ENOUGH = 2;
const MAX_REMEMBERED = 32;

/** Adds what one client met. */
export function withUnsupported(known: UnsupportedCalls, met: Sighting): UnsupportedCalls {
  const others = known.filter(
    ({ kind, client, version, at }) =>
      version === met.version &&
      met.at - at < UNSUPPORTED_MS &&
      !(kind === met.kind && client === met.client),
  );
  return [...others.slice(1 - MAX_REMEMBERED), met];
}

/** A call of this kind succeeded. */
export const supportedAgain = (known: UnsupportedCalls, kind: CallKind): UnsupportedCalls =>
  known.some((one) => one.kind === kind) ? known.filter((one) => one.kind !== kind) : known;

/**
 * Whether the server is known to lack calls of this kind.
 *
 * @param namespaces how many namespaces have clients at the server
 */
export function lacksCall(
  known: UnsupportedCalls,
  kind: CallThatMayLack,
  {
    version,
    namespaces,
    now,
  }: { readonly version: string; readonly namespaces: number; readonly now: number },
): boolean {
  const met = known.filter(
    (one) => one.kind === kind && one.version === version && now - one.at < UNSUPPORTED_MS,
  );
  return new Set(met.map(({ namespace, client }) => (namespaces <= 1 ? client : namespace))).size >= ENOUGH;
}
