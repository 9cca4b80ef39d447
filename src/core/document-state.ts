import { rfc3339, storedTime } from '../api/time.ts';
import { clientDocument, documentDigest, sizeNote } from '../oauth/client-document.ts';
import { canonicalJson, type JsonObject, parseJsonObject } from '../oauth/json.ts';
import { defined } from '../oauth/objects.ts';
import type { DocumentTerms } from './connection.ts';

/**
 * How a client stands that is identified by a document: what is to be served, and what was seen at its public URL. All
 * phases are decided from this, so it is a part of the record. Times are RFC 3339.
 */
export interface DocumentState {
  /** Of what is to be served; see `documentDigest`. */
  readonly digest: string;
  /** Seconds that servers may keep a copy. */
  readonly maxAge: number;
  /** When this content was given to be served. */
  readonly publishedAt: string;
  /** What a fetch of the public URL found last, and when that was first seen. Absent: nothing of this client yet. */
  readonly seen?: { readonly digest: string; readonly at: string };
  /** When the withdrawal took the place of the document. */
  readonly withdrawnAt?: string;
  /** What the server was made to fetch last, by an authorization request; see `primeAuthorization`. */
  readonly primed?: string;
  /** The server may have answered that from its copy of the document before: it is made to fetch once more. */
  readonly primedEarly?: true;
  /** Whether the server fetches documents at authorization requests alone, so that it has to be made to. */
  readonly primes?: true;
  /** Nothing else was served for the client before, so no server has a copy of that. */
  readonly isFirst?: true;
  /** The document ends without a withdrawal. */
  readonly endsAtOnce?: true;
  /** Bytes of the document, where people should know of its size. */
  readonly large?: number;
  /** Identifies the document without its keys. */
  readonly body?: string;
  /** Seconds for which servers may have another document of the client after this one was seen; see `usableFrom`. */
  readonly settles?: number;
  /** RFC 3339: servers may have a copy until then, since `maxAge` was longer before. */
  readonly keptUntil?: string;
}

/**
 * The state after a document was given to be served.
 *
 * @param sent what servers are told of the client
 * @param terms `undefined`: the server object gives none any more, so those of before stay
 * @param now RFC 3339
 */
export function publishedState(
  url: string,
  sent: JsonObject,
  terms: DocumentTerms | undefined,
  now: string,
  before?: DocumentState,
): DocumentState {
  const served = clientDocument(url, sent);
  const digest = documentDigest(served);
  const bytes = Buffer.byteLength(served.body);
  const body = documentDigest({ body: served.body }).slice(0, 22);
  const { seen, primed } = before ?? {};
  const maxAge = terms?.maxAge ?? before?.maxAge ?? 0;
  const isFirst = before === undefined || (before.isFirst === true && before.digest === digest);
  return {
    digest,
    maxAge,
    publishedAt: before?.digest === digest ? before.publishedAt : now,
    ...defined({
      seen,
      primed,
      isFirst: isFirst ? (true as const) : undefined,
      primes: (terms === undefined ? before?.primes : terms.primes) ? (true as const) : undefined,
      endsAtOnce: (terms === undefined ? before?.endsAtOnce : terms.revoke === 'Gone')
        ? (true as const)
        : undefined,
      large: sizeNote(bytes) === undefined ? undefined : bytes,
      body,
      settles: isFirst || before === undefined ? undefined : settlingAfter(before, body, storedTime(now)),
      keptUntil: keptUntil(before, maxAge, storedTime(now)),
    }),
  };
}

/** Replicas serve what was before for some moments. */
const REPLICAS_MS = 60_000;

/** Until when servers may have a copy by a `maxAge` of before; `undefined`: no longer than by that of now. */
function keptUntil(before: DocumentState | undefined, maxAge: number, now: number): string | undefined {
  if (before === undefined) {
    return undefined;
  }
  const byMaxAge = maxAge < before.maxAge ? now + before.maxAge * 1000 + REPLICAS_MS : 0;
  const until = Math.max(byMaxAge, keptLongest(before));
  return until > now ? rfc3339(until) : undefined;
}

/** Milliseconds since the epoch; 0: no longer than by `maxAge`. */
const keptLongest = ({ keptUntil: until }: DocumentState): number => (until && storedTime(until)) || 0;

/**
 * Of the keys alone, servers have the new ones within a minute: they look again where they miss one. What was never seen, no
 * server has.
 */
function settlingAfter(before: DocumentState, body: string, now: number): number | undefined {
  if (before.isFirst && before.seen === undefined) {
    return undefined;
  }
  if (before.body !== body) {
    const left = Math.ceil((keptLongest(before) - now) / 1000);
    return Math.max(before.maxAge, left, before.primes ? LEAST_COPY_MS / 1000 : 0);
  }
  const from = usableFrom(before);
  return from === undefined || now < from ? before.settles : undefined;
}

export const isDocumentSeen = ({ digest, seen }: DocumentState): boolean => seen?.digest === digest;

/** As the record has it. */
export const storedDocumentState = (state: DocumentState): string => canonicalJson(state);

/** `undefined` where it was damaged by hand. */
export function readDocumentState(text: string | undefined): DocumentState | undefined {
  const stored = text === undefined ? undefined : parseJsonObject(text);
  if (stored === undefined) {
    return undefined;
  }
  const { digest, maxAge, publishedAt, seen, withdrawnAt, isFirst, endsAtOnce } = stored;
  const { primed, primedEarly, primes, large, body, settles, keptUntil: until } = stored;
  if (typeof digest !== 'string' || typeof maxAge !== 'number' || typeof publishedAt !== 'string') {
    return undefined;
  }
  return {
    digest,
    maxAge,
    publishedAt,
    ...defined({
      seen: seenIn(seen),
      withdrawnAt: typeof withdrawnAt === 'string' ? withdrawnAt : undefined,
      primed: typeof primed === 'string' ? primed : undefined,
      primedEarly: primedEarly === true ? (true as const) : undefined,
      primes: primes === true ? (true as const) : undefined,
      isFirst: isFirst === true ? (true as const) : undefined,
      endsAtOnce: endsAtOnce === true ? (true as const) : undefined,
      large: typeof large === 'number' ? large : undefined,
      body: typeof body === 'string' ? body : undefined,
      settles: typeof settles === 'number' ? settles : undefined,
      keptUntil: typeof until === 'string' ? until : undefined,
    }),
  };
}

function seenIn(value: unknown): DocumentState['seen'] {
  const { digest, at } = (value ?? {}) as { readonly digest?: unknown; readonly at?: unknown };
  return typeof digest === 'string' && typeof at === 'string' ? { digest, at } : undefined;
}

/** The next step to end a document. `Hold`: nothing until then, in milliseconds since the epoch. */
type DocumentEnding =
  | { readonly phase: 'Withdraw' | 'Check' | 'Prime' | 'Remove' }
  | { readonly phase: 'Hold'; readonly until: number };

/** How long a withdrawal is served at least: some servers keep a copy for so long, whatever the document says. */
const HOLD_MS = 3_600_000;
/** After that, times count from the withdrawal itself: nobody can see the public URL from here. */
const UNSEEN_MS = 3_600_000;

/**
 * How a document ends: the withdrawal takes its place; the server is made to fetch that, once it may no longer use its
 * copy of the document; it is held; then the URL is gone for good.
 *
 * @param now milliseconds since the epoch
 */
export function endingOf(state: DocumentState, now: number): DocumentEnding {
  const { withdrawnAt, seen, maxAge, primes, endsAtOnce } = state;
  if (endsAtOnce) {
    return { phase: 'Remove' };
  }
  if (withdrawnAt === undefined) {
    return { phase: 'Withdraw' };
  }
  const withdrawn = storedTime(withdrawnAt);
  if (!isDocumentSeen(state) && now < withdrawn + UNSEEN_MS) {
    return { phase: 'Check' };
  }
  const since = isDocumentSeen(state) ? storedTime(seen?.at) : withdrawn;
  const primeAt = primedNextAt(state, since);
  const held = Math.max(since + Math.max(HOLD_MS, maxAge * 1000), keptLongest(state));
  const end = held + (primes ? PRIMING_PATIENCE_MS : 0);
  if (now >= end || Number.isNaN(end)) {
    return { phase: 'Remove' };
  }
  return now >= primeAt ? { phase: 'Prime' } : { phase: 'Hold', until: Math.min(primeAt, end) };
}

/** A withdrawal that the server is to be made to fetch is held so much longer, since that may fail. */
const PRIMING_PATIENCE_MS = 3_600_000;
/** Keycloak keeps a copy for five minutes at least, whatever the document says. */
const LEAST_COPY_MS = 310_000;

/**
 * When the server can be made to fetch what is served now: once a copy of before is too old by `maxAge`, and again once it
 * is too old for a server that keeps it longer. Infinite where nothing is to be done.
 *
 * @param since when the present content took the place of the one before, in milliseconds since the epoch
 */
export function primedNextAt(state: DocumentState, since: number): number {
  const { primes, primed, primedEarly, digest, maxAge } = state;
  if (!primes || (primed === digest && !primedEarly)) {
    return Number.POSITIVE_INFINITY;
  }
  return primed === digest ? since + LEAST_COPY_MS : Math.max(since + maxAge * 1000, keptLongest(state));
}

/** The state after the server was made to fetch what is served. */
export function primedState({ primedEarly: _, ...state }: DocumentState, now: number): DocumentState {
  const { digest, primed, seen, withdrawnAt } = state;
  const hasCopy = primed !== undefined || withdrawnAt !== undefined;
  const since = storedTime(isDocumentSeen(state) ? seen?.at : withdrawnAt);
  const isEarly = hasCopy && now < since + LEAST_COPY_MS;
  return { ...state, primed: digest, ...(isEarly ? { primedEarly: true } : {}) };
}

/** How long a key is served before workloads use it: the time for which servers keep a key set. */
const KEY_SETTLES_MS = 60_000;
/** The least time for which a former key is served: the longest life of an assertion, and an hour. */
export const LEAST_KEY_OVERLAP_MS = 3_900_000 + KEY_SETTLES_MS;

/**
 * When what is served now may be used by workloads, in milliseconds since the epoch: a server that still has the document of
 * before may expect another algorithm or method of authentication. `undefined`: it was not seen yet.
 */
export function usableFrom(state: DocumentState): number | undefined {
  const { seen, settles = 0 } = state;
  return isDocumentSeen(state) && seen !== undefined
    ? storedTime(seen.at) + KEY_SETTLES_MS + settles * 1000
    : undefined;
}
