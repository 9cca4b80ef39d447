import { describe, expect, test } from 'vitest';
import { HEALTHY } from '../../../src/core/server-health.ts';
import { begins, ends, gate as gateOf, NOW } from '../../kit/fixtures/health-calls.ts';

const SECOND = 1_000;

describe('rule 40: a server that wants an interval between registrations', () => {
  const registered = ends(HEALTHY, 'Register', undefined, NOW);

  test('gets the next one when the interval is over', () => {
    const early = gateOf(registered, 'Register', 'v1', NOW + SECOND - 1, SECOND);
    expect(early).toMatchObject({ open: false, reason: 'Queued' });
    expect(gateOf(registered, 'Register', 'v1', NOW + SECOND, SECOND)).toEqual({ open: true });
  });

  test('gets one at a time', () => {
    const busy = begins(registered, 'Register');
    expect(gateOf(busy, 'Register', 'v1', NOW + 10 * SECOND, SECOND)).toMatchObject({ open: false });
    expect(gateOf(busy, 'Register', 'v1', NOW + 10 * SECOND, 0)).toEqual({ open: true });
  });

  test('gets updates and deletions meanwhile', () => {
    expect(gateOf(registered, 'Update', 'v1', NOW, SECOND)).toEqual({ open: true });
    expect(gateOf(registered, 'Deregister', 'v1', NOW, SECOND)).toEqual({ open: true });
  });

  test('is looked at again in time, should nobody wake who waits', () => {
    const gate = gateOf(registered, 'Register', 'v1', NOW, SECOND);
    expect(gate.open ? undefined : gate.until).toBe(NOW + 10 * SECOND);
  });
});
