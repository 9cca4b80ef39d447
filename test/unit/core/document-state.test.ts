import { describe, expect, test } from 'vitest';
import {
  type DocumentState,
  endingOf,
  isDocumentSeen,
  primedState,
  publishedState,
  readDocumentState,
  storedDocumentState,
  usableFrom,
} from '../../../src/core/document-state.ts';
import { primingDueAt, secretHeldUntil } from '../../../src/core/document-visits.ts';
import type { JsonObject } from '../../../src/oauth/json.ts';
import { DOCUMENT_TERMS, NOW, served } from '../../kit/fixtures/observations.ts';

const URL_OF_APP = 'https://clients.example.com/team-a/app';
const at = (ms: number) => new Date(ms).toISOString().replace('.000Z', 'Z');
const SECOND = 1_000;
const HOUR = 3_600_000;

describe('the state of a document', () => {
  test('is stored as text, and read back', () => {
    const states = [
      served(),
      served({ withdrawnAt: at(NOW), primes: true, primed: 'digest-0', endsAtOnce: true }),
      { digest: 'd', maxAge: 0, publishedAt: at(NOW) },
      served({ large: 2049, body: 'body-1', settles: 300, keptUntil: at(NOW) }),
    ];
    for (const state of states) {
      expect(readDocumentState(storedDocumentState(state))).toEqual(state);
    }
  });

  test.each([undefined, '', '{}', '[]', '{"digest":1,"maxAge":300,"publishedAt":"a"}'])(
    'that was damaged (%s) is none',
    (text) => {
      expect(readDocumentState(text)).toBeUndefined();
    },
  );

  test('may be used a minute after other keys were seen, and after another document when no server may have the former one', () => {
    const jwks = (kid: string) => ({ client_name: 'a', jwks: { keys: [{ kid }] } });
    const seenAt = (state: ReturnType<typeof publishedState>, ms: number) => ({
      ...state,
      seen: { digest: state.digest, at: at(ms) },
    });
    const published = (sent: JsonObject, now: number, before?: DocumentState, primes = false) =>
      publishedState(URL_OF_APP, sent, { ...DOCUMENT_TERMS, primes }, at(now), before);
    const first = seenAt(published(jwks('k1'), NOW), NOW);
    expect(usableFrom(first)).toBe(NOW + 60 * SECOND);

    const rotated = seenAt(published(jwks('k2'), NOW + HOUR, first), NOW + HOUR);
    expect(usableFrom(rotated)).toBe(NOW + HOUR + 60 * SECOND);

    const other = { ...jwks('k3'), token_endpoint_auth_signing_alg: 'ES384' };
    const changed = seenAt(published(other, NOW + HOUR, rotated), NOW + HOUR);
    expect(usableFrom(changed)).toBe(NOW + HOUR + 360 * SECOND);
    const again = { ...other, ...jwks('k4'), token_endpoint_auth_signing_alg: 'ES384' };
    const soon = seenAt(published(again, NOW + HOUR + SECOND, changed), NOW + HOUR + SECOND);
    expect(usableFrom(soon)).toBe(NOW + HOUR + 361 * SECOND);
    const later = seenAt(published(again, NOW + 2 * HOUR, changed), NOW + 2 * HOUR);
    expect(usableFrom(later)).toBe(NOW + 2 * HOUR + 60 * SECOND);

    const { seen: __, ...never } = first;
    expect(usableFrom(seenAt(published(other, NOW, never), NOW))).toBe(NOW + 60 * SECOND);
    // Keycloak keeps a copy for five minutes at least.
    const short = { ...first, maxAge: 30, primes: true as const };
    expect(usableFrom(seenAt(published(other, NOW, short, true), NOW))).toBe(NOW + 370 * SECOND);
  });

  test('says how large it is where people should know', () => {
    const sized = (bytes: number) => {
      const { length } = JSON.stringify({ client_id: URL_OF_APP, client_name: '' });
      return publishedState(URL_OF_APP, { client_name: 'a'.repeat(bytes - length) }, DOCUMENT_TERMS, at(NOW))
        .large;
    };
    expect([sized(2048), sized(2049)]).toEqual([undefined, 2049]);
  });

  test('keeps what was seen before, and is not the first after a change', () => {
    const first = publishedState(URL_OF_APP, { client_name: 'a' }, DOCUMENT_TERMS, at(NOW));
    const body = expect.any(String);
    expect(first).toEqual({ digest: body, body, maxAge: 300, publishedAt: at(NOW), isFirst: true });
    const seen = { ...first, seen: { digest: first.digest, at: at(NOW + SECOND) } };
    expect(publishedState(URL_OF_APP, { client_name: 'a' }, DOCUMENT_TERMS, at(NOW + HOUR), seen)).toEqual(
      seen,
    );
    const next = publishedState(URL_OF_APP, { client_name: 'b' }, DOCUMENT_TERMS, at(NOW + HOUR), seen);
    expect(next).toEqual({
      digest: expect.any(String),
      maxAge: 300,
      publishedAt: at(NOW + HOUR),
      seen: seen.seen,
      body: expect.any(String),
      settles: 300,
    });
    expect(isDocumentSeen(seen)).toBe(true);
    expect(isDocumentSeen(next)).toBe(false);
  });

  test('remembers until when servers may have a copy by a maxAge of before', () => {
    const published = (maxAge: number, now: number, before?: DocumentState, name = 'a') =>
      publishedState(URL_OF_APP, { client_name: name }, { ...DOCUMENT_TERMS, maxAge }, at(now), before);
    const seen = (state: DocumentState, ms: number) => ({
      ...state,
      seen: { digest: state.digest, at: at(ms) },
    });
    const long = seen(published(7_200, NOW), NOW);
    expect(long).not.toHaveProperty('keptUntil');
    const short = published(60, NOW + HOUR, long);
    const until = NOW + 3 * HOUR + 60 * SECOND;
    expect(short).toMatchObject({ maxAge: 60, keptUntil: at(until) });
    expect(published(60, NOW + 2 * HOUR, short)).toMatchObject({ keptUntil: at(until) });
    expect(published(60, until, short)).not.toHaveProperty('keptUntil');
    expect(published(86_400, NOW + HOUR, long)).not.toHaveProperty('keptUntil');

    // Another document settles when nobody may have the one of before.
    const other = published(60, NOW + 2 * HOUR, short, 'b');
    expect(other.settles).toBe((until - NOW - 2 * HOUR) / SECOND);
    // A withdrawal is held for as long, and the server is made to fetch it then.
    const ended = { ...short, digest: 'withdrawal', withdrawnAt: at(NOW + HOUR) };
    const withdrawn = { ...ended, seen: { digest: 'withdrawal', at: at(NOW + HOUR) } };
    expect(endingOf(withdrawn, NOW + 2 * HOUR)).toEqual({ phase: 'Hold', until });
    expect(endingOf(withdrawn, until)).toEqual({ phase: 'Remove' });
    const primed = { ...withdrawn, primes: true, primed: 'digest-1' } as const;
    expect(endingOf(primed, NOW + 2 * HOUR)).toEqual({ phase: 'Hold', until });
    expect(endingOf(primed, until)).toEqual({ phase: 'Prime' });
  });

  test('has the terms of the server object, and those of before where it gives none', () => {
    const terms = { ...DOCUMENT_TERMS, maxAge: 60, primes: true, revoke: 'Gone' } as const;
    const state = publishedState(URL_OF_APP, {}, terms, at(NOW));
    expect(state).toMatchObject({ maxAge: 60, primes: true, endsAtOnce: true });
    expect(publishedState(URL_OF_APP, {}, undefined, at(NOW), state)).toMatchObject({
      maxAge: 60,
      primes: true,
      endsAtOnce: true,
    });
  });
});

describe('a document ends', () => {
  const withdrawn = served({
    digest: 'withdrawal',
    withdrawnAt: at(NOW),
    seen: { digest: 'withdrawal', at: at(NOW + SECOND) },
  });
  const seenAt = NOW + SECOND;

  test.each([
    ['by its withdrawal', served(), NOW, { phase: 'Withdraw' }],
    ['which is looked for', served({ digest: 'withdrawal', withdrawnAt: at(NOW) }), NOW, { phase: 'Check' }],
    ['and held', withdrawn, seenAt, { phase: 'Hold', until: seenAt + HOUR }],
    ['for an hour', withdrawn, seenAt + HOUR - 1, { phase: 'Hold', until: seenAt + HOUR }],
    ['and removed', withdrawn, seenAt + HOUR, { phase: 'Remove' }],
    [
      'held for as long as servers may keep it',
      { ...withdrawn, maxAge: 7_200 },
      seenAt + HOUR,
      { phase: 'Hold', until: seenAt + 2 * HOUR },
    ],
    [
      'after the server may no longer use its copy, it is made to fetch the withdrawal',
      { ...withdrawn, primes: true, primed: 'digest-1' } as const,
      seenAt,
      { phase: 'Hold', until: seenAt + 300 * SECOND },
    ],
    [
      'once',
      { ...withdrawn, primes: true, primed: 'digest-1' } as const,
      seenAt + 300 * SECOND,
      { phase: 'Prime' },
    ],
    [
      'and held on',
      { ...withdrawn, primes: true, primed: 'withdrawal' } as const,
      seenAt + 300 * SECOND,
      { phase: 'Hold', until: seenAt + 2 * HOUR },
    ],
    [
      'once more, where the server may have had its copy still',
      { ...withdrawn, maxAge: 30, primes: true, primed: 'withdrawal', primedEarly: true } as const,
      seenAt + 30 * SECOND,
      { phase: 'Hold', until: seenAt + 310 * SECOND },
    ],
    [
      'also where the server may keep its copy for longer than an hour',
      { ...withdrawn, maxAge: 7_200, primes: true, primed: 'digest-1' } as const,
      seenAt + 2 * HOUR,
      { phase: 'Prime' },
    ],
    [
      'where nobody can see it, by times alone',
      served({ digest: 'withdrawal', withdrawnAt: at(NOW) }),
      NOW + HOUR,
      { phase: 'Remove' },
    ],
    ['at once, where the server object says so', served({ endsAtOnce: true }), NOW, { phase: 'Remove' }],
    [
      'where a time was damaged',
      { ...withdrawn, seen: { digest: 'withdrawal', at: 'x' } },
      NOW,
      { phase: 'Remove' },
    ],
  ])('%s', (_, state, now, ending) => {
    expect(endingOf(state, now)).toEqual(ending);
  });
});

describe('the Secret of a workload', () => {
  const seenAt = Date.parse('2026-05-01T11:00:01Z');
  const changed = served({ digest: 'digest-2', isFirst: undefined as never });
  const { isFirst: _, ...next } = changed;
  const seen = { ...next, seen: { digest: 'digest-2', at: at(seenAt) } };

  test('waits until the first document is seen', () => {
    const { seen: __, ...unseen } = served();
    expect(secretHeldUntil({ now: NOW }, { document: unseen })).toBe(Number.POSITIVE_INFINITY);
    expect(secretHeldUntil({ now: seenAt }, { document: served() })).toBeUndefined();
  });

  test('stays for a minute after another key is seen, since servers may have the keys of before', () => {
    expect(secretHeldUntil({ now: NOW }, { document: next })).toBe(Number.POSITIVE_INFINITY);
    expect(secretHeldUntil({ now: seenAt + 59_999 }, { document: seen })).toBe(seenAt + 60_000);
    expect(secretHeldUntil({ now: seenAt + 60_000 }, { document: seen })).toBeUndefined();
    expect(usableFrom(seen)).toBe(seenAt + 60_000);
  });

  test('of a client that is registered never waits', () => {
    expect(secretHeldUntil({ now: NOW }, {})).toBeUndefined();
  });
});

describe('a server that fetches documents at authorization requests alone', () => {
  const seenAt = Date.parse('2026-05-01T11:00:01Z');
  test.each([
    ['is made to fetch the first at once', served({ primes: true }), 0],
    [
      'the next when it may no longer use its copy',
      served({ primes: true, primed: 'digest-0' }),
      seenAt + 300_000,
    ],
    ['none twice', served({ primes: true, primed: 'digest-1' }), Number.POSITIVE_INFINITY],
    ['none that is not served', served({ primes: true, digest: 'digest-2' }), Number.POSITIVE_INFINITY],
    ['and no other server any', served(), Number.POSITIVE_INFINITY],
  ])('%s', (_, state, due) => {
    expect(primingDueAt(state)).toBe(due);
  });

  test('is made to fetch it once more, where it may have answered from a copy that it keeps for five minutes', () => {
    const first = primedState(served({ primes: true }), seenAt);
    expect(first).toEqual(served({ primes: true, primed: 'digest-1' }));
    const early = primedState(served({ primes: true, primed: 'digest-0', maxAge: 30 }), seenAt + 30_000);
    expect(early).toMatchObject({ primed: 'digest-1', primedEarly: true });
    expect(readDocumentState(storedDocumentState(early))).toEqual(early);
    expect(primingDueAt(early)).toBe(seenAt + 310_000);
    const late = primedState(early, seenAt + 310_000);
    expect(primingDueAt(late)).toBe(Number.POSITIVE_INFINITY);
    expect(late).not.toHaveProperty('primedEarly');
  });

  test('is made to fetch a withdrawal once more, also where it was never made to fetch the document', () => {
    const withdrawn = served({ primes: true, maxAge: 30, withdrawnAt: '2026-05-01T11:00:00Z' });
    expect(primedState(withdrawn, seenAt + 30_000)).toMatchObject({ primedEarly: true });
  });
});
