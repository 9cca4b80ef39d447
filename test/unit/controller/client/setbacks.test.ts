import { describe, expect, test } from 'vitest';
import { longerEachTime, setBack, withCure } from '../../../../src/controller/client/setbacks.ts';
import type { Clock } from '../../../../src/controller/ports.ts';
import { Memory } from '../../../../src/controller/state/client-memory.ts';
import { storedClientKey } from '../../../../src/core/client-key.ts';
import type { Failure } from '../../../../src/core/failure.ts';
import type { Setback } from '../../../../src/core/observation.ts';
import { contextOf } from '../../../kit/fakes/fake-ports.ts';
import { NOW, setback } from '../../../kit/fixtures/observations.ts';

const KEY = storedClientKey('shop/storefront');
const OTHER = storedClientKey('shop/basket');
const MINUTE = 60_000;

const frozen = { now: () => NOW } as Clock;

function client(...before: readonly Setback[]) {
  const memory = new Memory();
  for (const one of before) {
    memory.setBack(KEY, one);
  }
  // In the middle of its range, jitter changes nothing.
  const context = contextOf({ memory, random: () => 0.5, clock: frozen });
  const fails = (failure: Partial<Failure> = {}, retryAfterMs?: number, basis = 'b1') =>
    setBack(KEY, { action: 'Register', basis }, { ...unavailable, ...failure }, context, retryAfterMs);
  return { memory, fails };
}
const unavailable = {
  kind: 'Transient',
  reason: 'AuthorizationServerUnavailable',
  message: 'no answer',
} as const;

describe("A server's wish for a pause", () => {
  test.each([
    ['is kept where it is longer', 120_000, 120_000],
    ['never shortens the pause of the operator', 0, 2_000],
  ])('%s', (_, retryAfterMs, pause) => {
    expect(client().fails({ retryAfterMs }).retryAt).toBe(NOW + pause);
  });

  test('of none leaves the growth of the pauses as it is', () => {
    const { fails } = client();
    const pauses = Array.from({ length: 10 }, () => fails({ retryAfterMs: 0 }).retryAt - NOW);
    expect(pauses).toEqual([2, 4, 8, 16, 32, 64, 128, 256, 300, 300].map((seconds) => seconds * 1_000));
  });
});

test('What a person has to put right somewhere is tried again after pauses of up to an hour', () => {
  const { fails } = client();
  const pauses = Array.from({ length: 13 }, () => fails({ isSlow: true }).retryAt - NOW);
  const seconds = [2, 4, 8, 16, 32, 64, 128, 256, 512, 1_024, 2_048, 3_600, 3_600];
  expect(pauses).toEqual(seconds.map((pause) => pause * 1_000));
});

test("Refusals of a client's own credential are counted as long as nothing else comes between", () => {
  const { fails } = client();
  const refused = { kind: 'TokenRefused', isOwnRefusal: true } as const;
  const counted = [refused, refused, {}, refused].map((failure) => fails(failure).ownRefusals);
  expect(counted).toEqual([1, 2, undefined, 1]);
});

describe('A failure', () => {
  test('is remembered of its client alone, with what happened and what to do', () => {
    const { memory, fails } = client();
    const made = fails();
    expect(made).toEqual({
      action: 'Register',
      kind: 'Transient',
      reason: 'AuthorizationServerUnavailable',
      message: withCure('no answer', 'AuthorizationServerUnavailable'),
      attempts: 1,
      since: NOW,
      retryAt: NOW + 2_000,
      basis: 'b1',
      ambiguous: false,
      at: NOW,
      awaitsServer: false,
    });
    expect(memory.setbacks(KEY)).toEqual([made]);
    expect(memory.setbacks(OTHER)).toEqual([]);
  });

  test.each<readonly [Failure['kind'], Setback['kind'], boolean]>([
    ['Transient', 'Transient', false],
    ['TokenRefused', 'Transient', false],
    ['Unknown', 'Transient', true],
    ['Terminal', 'Terminal', false],
    ['Unsupported', 'Terminal', false],
  ])('%s counts as %s; whether it took effect is unknown: %s', (kind, expected, ambiguous) => {
    expect(client().fails({ kind })).toMatchObject({ kind: expected, ambiguous });
  });

  test('stays ambiguous when a later try of the same fails otherwise', () => {
    const { fails } = client();
    fails({ kind: 'Unknown' });
    expect(fails()).toMatchObject({ ambiguous: true, attempts: 2 });
    expect(fails({}, undefined, 'b2')).toMatchObject({ ambiguous: false, attempts: 1 });
  });
});

describe('The next try', () => {
  test.each<readonly [string, Partial<Failure>, number | undefined, number]>([
    ['after two seconds', {}, undefined, 2_000],
    ['when the server says', { retryAfterMs: 30_000 }, undefined, 30_000],
    ['when the step says, before what the server says', { retryAfterMs: 30_000 }, 5_000, 5_000],
    ['at once, where the step says 0', { retryAfterMs: 30_000 }, 0, 0],
    ['when the step says, even so', { kind: 'Terminal' }, MINUTE, MINUTE],
  ])('is %s', (_, failure, retryAfterMs, afterMs) => {
    expect(client().fails(failure, retryAfterMs).retryAt).toBe(NOW + afterMs);
  });

  const HOUR = 60 * MINUTE;
  const refused = { kind: 'Terminal', reason: 'InvalidRedirectURI' } as const;

  test.each<readonly [string, Partial<Failure>]>([
    ['a refusal', refused],
    ['a refusal, whatever the server says,', { ...refused, retryAfterMs: 1 }],
  ])('after %s comes after about one hour, then twice as late, once a day at the latest', (_, failure) => {
    const { fails } = client();
    const hours = Array.from({ length: 12 }, () => (fails(failure).retryAt - NOW) / HOUR);
    const expected = [1, 2, 4, 8, 16, 20, 20, 20, 20, 20, 20, 20];
    hours.forEach((pause, index) => {
      expect(pause / (expected[index] ?? 0)).toBeGreaterThanOrEqual(0.8);
      expect(pause / (expected[index] ?? 0)).toBeLessThanOrEqual(1.2);
    });
  });

  test.each(['UpdateUnsupported', 'RegistrationAccessTokenLost'] as const)(
    'comes once a day where %s says that every call of this kind would be refused',
    (reason) => {
      const hours = (client().fails({ kind: 'Terminal', reason }).retryAt - NOW) / HOUR;
      expect(hours).toBeGreaterThanOrEqual(16);
      expect(hours).toBeLessThanOrEqual(24);
    },
  );

  test.each(['Publish', 'Bind', 'TakeOver', 'Identify', 'Deregister'] as const)(
    'of %s never comes by itself after a refusal: it is no call to the server, or it has pauses of its own',
    (action) => {
      const { memory } = client();
      const context = contextOf({ memory, random: () => 0.5, clock: frozen });
      const made = setBack(KEY, { action, basis: 'b1' }, { ...unavailable, ...refused }, context);
      expect(made.retryAt).toBe(Number.POSITIVE_INFINITY);
    },
  );

  test('takes twice as long after each failure of the same, five minutes at most', () => {
    const { fails } = client();
    const pauses = Array.from({ length: 10 }, () => (fails().retryAt - NOW) / 1000);
    expect(pauses).toEqual([2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
  });

  test('comes soon again where something else is tried', () => {
    const { fails } = client(setback({ action: 'Register', basis: 'b1', attempts: 9 }));
    expect(fails({}, undefined, 'b2')).toMatchObject({ attempts: 1, retryAt: NOW + 2_000 });
  });

  test('is counted by action', () => {
    const { fails } = client(setback({ action: 'Update', basis: 'b1', attempts: 9 }));
    expect(fails()).toMatchObject({ attempts: 1 });
  });
});

describe('It fails since', () => {
  const failed = (reason: Setback['reason']) =>
    setback({ action: 'Register', basis: 'b1', reason, since: NOW - MINUTE });

  test('the first failure of the same', () => {
    expect(client(failed('RateLimited')).fails().since).toBe(NOW - MINUTE);
  });

  test('now, where before a person wanted nothing to be sent', () => {
    expect(client(failed('Suspended')).fails().since).toBe(NOW);
  });
});

describe('A registration without an answer is made again after a pause', () => {
  const SECONDS = 1_000;
  const pauseAfter = (attempts: number | undefined, firstMs = 60 * SECONDS) => {
    const { memory } = client(
      ...(attempts === undefined ? [] : [setback({ action: 'Register', basis: 'b1', attempts })]),
      setback({ action: 'Update', basis: 'b1', attempts: 9 }),
    );
    return longerEachTime(firstMs, KEY, 'b1', { memory }) / SECONDS;
  };

  test.each([
    [undefined, 60],
    [1, 60],
    [2, 120],
    [3, 240],
    [4, 480],
    [5, 600],
    [50, 600],
  ])('after %s failures it is %i s', (attempts, seconds) => {
    expect(pauseAfter(attempts)).toBe(seconds);
  });

  test('never shorter than the first, however long that is', () => {
    expect(pauseAfter(5, 900 * SECONDS)).toBe(900);
  });

  test('of another registration it is the first pause', () => {
    const { memory } = client(setback({ action: 'Register', basis: 'b0', attempts: 5 }));
    expect(longerEachTime(60_000, KEY, 'b1', { memory })).toBe(60_000);
  });
});

test.each([
  ['no answer', 'no answer. '],
  ['Ends already.', 'Ends already. '],
])('%j becomes a sentence before the cure', (message, start) => {
  expect(withCure(message, 'AuthorizationServerUnavailable').startsWith(start)).toBe(true);
});
