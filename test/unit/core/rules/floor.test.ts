import { describe, expect, test } from 'vitest';
import { rfc3339 } from '../../../../src/api/time.ts';
import type { Observation, RecentCall } from '../../../../src/core/observation.ts';
import { callTooSoon } from '../../../../src/core/rules/floor.ts';
import { connection, NOW, observation, record } from '../../../kit/fixtures/observations.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

const sent = (kind: RecentCall['kind'], ...secondsAgo: readonly number[]): readonly RecentCall[] =>
  secondsAgo.map((ago, index) => ({ kind, attempt: `s${index}`, at: NOW - ago * SECOND }));

/** How long the next call waits, in seconds; 0: not at all. */
function pauseOf(
  calls: Partial<Pick<Observation, 'records' | 'sentCalls'>>,
  kind: RecentCall['kind'] = 'Register',
  cause: 'Asked' | 'Automatic' = 'Automatic',
): number {
  const o = observation({ records: [], secrets: [], ...calls });
  const idle = callTooSoon(o, kind, cause, connection);
  return idle === undefined ? 0 : ((idle.until ?? NOW) - NOW) / SECOND;
}

describe('The pause before the next registration of an object', () => {
  test.each<[string, readonly number[], number]>([
    ['is none before the first', [], 0],
    ['is none before the second', [0], 0],
    ['is ten seconds after two', [0, 1], 10],
    ['counts from the last one', [7, 8], 3],
    ['doubles with each further one', [0, 1, 2], 20],
    ['doubles again', [0, 1, 2, 3], 40],
    ['leaves out those of an hour ago', [0, 3_600], 0],
    ['is over by itself', [10, 11], 0],
  ])('%s', (_, secondsAgo, pause) => {
    expect(pauseOf({ sentCalls: sent('Register', ...secondsAgo) })).toBe(pause);
  });

  test('is five minutes at most', () => {
    const o = observation({ sentCalls: sent('Register', ...Array(30).fill(0)), records: [] });
    const many = { ...connection, recovery: { ...connection.recovery, maxRegistrationsPerHour: 1_000 } };
    expect(callTooSoon(o, 'Register', 'Automatic', many)?.until).toBe(NOW + 5 * MINUTE);
  });

  test('begins later where a person asks for each', () => {
    const many = { ...connection, recovery: { ...connection.recovery, maxRegistrationsPerHour: 1_000 } };
    const waitsAfter = (made: number) =>
      callTooSoon(
        observation({ records: [], sentCalls: sent('Register', ...Array(made).fill(0)) }),
        'Register',
        'Asked',
        many,
      )?.until;
    expect([waitsAfter(9), waitsAfter(10)]).toEqual([undefined, NOW + 10 * SECOND]);
  });

  test('counts each registration once: by its record, by what later records store about it, and by the call', () => {
    const recorded = (attempt: string, secondsAgo: number, earlier?: string) =>
      record({
        attempt,
        registeredAt: rfc3339(NOW - secondsAgo * SECOND),
        ...(earlier === undefined ? {} : { earlierRegistrations: earlier }),
      });
    const first = recorded('a1', 30);
    const second = recorded('a2', 20, `a1 ${rfc3339(NOW - 30 * SECOND)}`);
    expect(pauseOf({ records: [first, second] })).toBe(0);
    // The first client is gone, and a third was registered.
    const third = recorded('a3', 0, `a2 ${rfc3339(NOW - 20 * SECOND)},a1 ${rfc3339(NOW - 30 * SECOND)}`);
    expect(pauseOf({ records: [third] })).toBe(20);
    const call = { kind: 'Register', attempt: 'a3', at: NOW } as const;
    expect(pauseOf({ records: [second, third], sentCalls: [call] })).toBe(20);
  });

  test('leaves out registrations of an earlier object of this name', () => {
    const other = { namespace: 'shop', name: 'storefront', uid: 'uid-0' };
    const earlier = Array.from({ length: 12 }, (_, index) =>
      record({ client: other, attempt: `e${index}`, registeredAt: rfc3339(NOW) }),
    );
    expect(pauseOf({ records: earlier })).toBe(0);
  });
});

describe('The bound on registrations of an object within an hour', () => {
  test('is ten by default; the next one is registered an hour after the first of these', () => {
    const o = observation({ sentCalls: sent('Register', 3_000, ...Array(9).fill(2_000)), records: [] });
    expect(callTooSoon(o, 'Register', 'Asked', connection)).toEqual({
      type: 'Idle',
      state: 'Waiting',
      reason: 'ReplacementLimitReached',
      message:
        '10 clients were registered for this object within one hour, and recovery.maxRegistrationsPerHour of the server object is 10. The next one may be registered at 2026-05-01T12:10:00Z.',
      until: NOW + 600 * SECOND,
    });
  });

  test('has room again when the first of these is an hour old', () => {
    const calls = sent('Register', 3_600, ...Array(9).fill(2_000));
    expect(pauseOf({ sentCalls: calls }, 'Register', 'Asked')).toBe(0);
  });
});

describe('The pause before the next update of a client', () => {
  test.each<[string, number, 'Asked' | 'Automatic', number]>([
    ['is none before the twelfth edit', 11, 'Asked', 0],
    ['is two seconds after twelve', 12, 'Asked', 2],
    ['is half a minute at most', 40, 'Asked', 30],
    ['begins after three that nobody asked for', 3, 'Automatic', 10],
    ['is five minutes at most for these', 40, 'Automatic', 300],
  ])('%s', (_, made, cause, pause) => {
    expect(pauseOf({ sentCalls: sent('Update', ...Array(made).fill(0)) }, 'Update', cause)).toBe(pause);
  });

  test('does not count registrations', () => {
    expect(pauseOf({ sentCalls: sent('Register', ...Array(9).fill(0)) }, 'Update')).toBe(0);
  });
});
