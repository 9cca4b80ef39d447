import { describe, expect, test } from 'vitest';
import { nextProbe } from '../../../src/core/health-probes.ts';
import { HEALTHY, type ServerHealth } from '../../../src/core/server-health.ts';
import { ends, NOW } from '../../kit/fixtures/health-calls.ts';
import { fails, failure, having, silent, tokenRefused, trouble } from '../../kit/fixtures/health-events.ts';

const MINUTE = 60_000;

describe('probes', () => {
  const times = (count: number) => having(...Array.from({ length: count }, () => fails('Update', trouble)));

  test.each([
    [3, 16_000],
    [4, 32_000],
    [5, MINUTE],
    [500, MINUTE],
  ])('come after %i failures in %i ms', (count, ms) => {
    expect(times(count).nextProbeAt).toBe(NOW + ms);
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
    ['none after one failure', times(1), undefined],
    ['when a failing server is due', times(3), NOW + 16_000],
    ['when a silent server is due', having(silent), NOW + 4_000],
    ['when the pause ends', having(fails('Update', failure({ retryAfterMs: 5_000 }))), NOW + 5_000],
    ['when the credential is due', having(fails('Register', tokenRefused)), NOW + MINUTE],
  ])('are due: %s', (_, health, at) => {
    expect(nextProbe(health)).toBe(at);
  });
});
