import { describe, expect, test } from 'vitest';
import { nextProbe, probed, triedNow } from '../../../src/core/health-probes.ts';
import { HEALTHY, type ServerHealth } from '../../../src/core/server-health.ts';
import { ends, gate, NOW } from '../../kit/fixtures/health-calls.ts';
import {
  fails,
  failure,
  having,
  silent,
  tokenRefused,
  trouble,
  unknown,
} from '../../kit/fixtures/health-events.ts';

const MINUTE = 60_000;

describe('probes', () => {
  const times = (count: number) => having(...Array.from({ length: count }, () => fails('Update', trouble)));

  test.each([
    [1, 2_000],
    [3, 2_000],
    [4, 32_000],
    [5, MINUTE],
    [500, MINUTE],
  ])('come after %i failures in %i ms', (count, ms) => {
    expect(times(count).nextProbeAt).toBe(NOW + ms);
  });

  test.each([
    ['every three seconds in the first minutes of an outage', 299_000, 3_000],
    ['every ten seconds in the first half hour', 300_000, 10_000],
    ['every minute after that', 1_800_000, MINUTE],
  ])('without an answer follow each other %s', (_, sinceMs, ms) => {
    const now = NOW + sinceMs;
    const health = probed(times(3), { answered: false, begunAt: now }, now);
    expect(health).toMatchObject({ phase: 'Failing', nextProbeAt: now + ms, hasProbeAnswered: false });
  });

  test('that hang are counted from their begin, and leave half a second between', () => {
    const probe = (tookMs: number) => probed(times(3), { answered: false, begunAt: NOW }, NOW + tookMs);
    expect(probe(2_000).nextProbeAt).toBe(NOW + 3_000);
    expect(probe(3_000).nextProbeAt).toBe(NOW + 3_500);
  });

  test('that are answered while calls fail follow after growing pauses, since each leads to another call', () => {
    const pauses: number[] = [];
    let health = times(3);
    let now = NOW;
    for (let round = 0; round < 4; round += 1) {
      now = health.nextProbeAt;
      health = ends(probed(health, { answered: true }, now), 'Update', trouble, now + 100);
      pauses.push(health.nextProbeAt - now - 100);
    }
    expect(pauses).toEqual([32_000, MINUTE, MINUTE, MINUTE]);
  });

  test('that are answered while no call is made follow after growing pauses: they tell nothing new', () => {
    const pausesOf = (isWaitedFor: boolean, from: ServerHealth) => {
      const pauses: number[] = [];
      let health = from;
      for (let round = 0; round < 10; round += 1) {
        const now = health.nextProbeAt;
        health = probed(health, { answered: true, isWaitedFor }, now);
        pauses.push((health.nextProbeAt - now) / 1_000);
      }
      return pauses;
    };
    expect(pausesOf(true, having(silent))).toEqual([4, 8, 16, 32, 64, 128, 256, 512, 600, 600]);
    expect(pausesOf(false, having(silent))).toEqual([60, 120, 240, 480, 600, 600, 600, 600, 600, 600]);
    const later = probed(probed(having(silent), { answered: true }, NOW), { answered: true }, NOW + MINUTE);
    expect(ends(later, 'Register', trouble, NOW + 2 * MINUTE)).toMatchObject({ answeredProbes: 0 });
    expect(ends(later, 'Update', undefined, NOW + 2 * MINUTE)).toMatchObject({ answeredProbes: 0 });
  });

  test('that are answered again make due what failed before, and let one call go', () => {
    const [down, back] = [probed(times(1), { answered: false }, NOW + 2_000), NOW + 9_000];
    expect(probed(down, { answered: true }, back)).toMatchObject({ phase: 'Open', resumedAt: back });
    expect(probed(times(3), { answered: true }, back)).toMatchObject({
      phase: 'OneAtATime',
      resumedAt: back,
    });
  });

  test('that are answered say nothing of the failures of one client', () => {
    const one = having(fails('Update', unknown));
    const answered = probed(one, { answered: true }, NOW + 2_000);
    expect(answered.resumedAt).toBe(HEALTHY.resumedAt);
    expect(nextProbe(answered)).toBeUndefined();
  });

  test('a person who asks for a try ends the pauses, and has what is tested tested now', () => {
    const paused = having(fails('Register', failure({ retryAfterMs: 3_600_000 })), fails('Update', trouble));
    const after = triedNow(paused, NOW + 1);
    expect(gate(after, 'Register', 'v1', NOW + 1)).toEqual({ open: true });
    expect(after).toMatchObject({ resumedAt: NOW + 1, nextProbeAt: NOW + 1 });
    expect(after.rateLimits.registrations.times).toBe(1);
    const refused = triedNow(having(fails('Register', tokenRefused)), NOW + 1);
    expect(gate(refused, 'Register', 'v1', NOW + 1)).toEqual({ open: true });
  });

  test.each([
    [1, MINUTE],
    [2, 2 * MINUTE],
    [4, 8 * MINUTE],
    [5, 10 * MINUTE],
    [500, 10 * MINUTE],
  ])('of a refused credential come after %i refusals in %i ms', (count, ms) => {
    const health = having(...Array.from({ length: count }, () => fails('Register', tokenRefused)));
    expect(health.refusedAdmission).toMatchObject({ version: 'v1', attempts: count, nextProbeAt: NOW + ms });
  });

  test('of a new credential are counted anew', () => {
    const health = ends(having(fails('Register', tokenRefused)), 'Register', tokenRefused, NOW, {
      version: 'v2',
    });
    expect(health.refusedAdmission).toMatchObject({ version: 'v2', attempts: 1, nextProbeAt: NOW + MINUTE });
  });

  test.each<readonly [string, ServerHealth, number | undefined]>([
    ['none while the server is healthy', HEALTHY, undefined],
    [
      'none while the server only asks for a pause',
      having(fails('Update', failure({ retryAfterMs: 5_000 }))),
      undefined,
    ],
    ['soon after one failure', times(1), NOW + 2_000],
    ['when a failing server is due', times(3), NOW + 2_000],
    ['when a silent server is due', having(silent), NOW + 2_000],
    ['when the credential is due', having(fails('Register', tokenRefused)), NOW + MINUTE],
  ])('are due: %s', (_, health, at) => {
    expect(nextProbe(health)).toBe(at);
  });
});
