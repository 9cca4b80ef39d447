import { describe, expect, test } from 'vitest';
import type { Setback } from '../../../../src/core/observation.ts';
import { withNextTry } from '../../../../src/core/rules/idle.ts';
import { NOW, setback } from '../../../kit/fixtures/observations.ts';

const MINUTE = 60_000;
const failed = (more: Partial<Setback>): string =>
  withNextTry(setback({ action: 'Register', kind: 'Transient', message: 'It failed', at: NOW, ...more }));

describe('The message of a call that failed', () => {
  test.each<readonly [string, Partial<Setback>, string]>([
    ['names no pause of a minute', { retryAt: NOW + MINUTE }, 'It failed'],
    [
      'names a longer pause',
      { retryAt: NOW + MINUTE + 1 },
      'It failed. It is tried again at 2026-05-01T12:01:00Z.',
    ],
    [
      'says that the end of an outage comes first',
      { retryAt: NOW + 5 * MINUTE, awaitsServer: true },
      'It failed. It is tried again at 2026-05-01T12:05:00Z, or as soon as the server answers again after an outage.',
    ],
    [
      'names the next try of a refusal, however soon that is',
      { kind: 'Terminal', retryAt: NOW + 1_000 },
      'It failed. It is tried again at 2026-05-01T12:00:01Z.',
    ],
    [
      'names the next try of a refusal that an earlier process met',
      { kind: 'Terminal', at: undefined as never, since: NOW - 30 * MINUTE, retryAt: NOW + 30 * MINUTE },
      'It failed. It is tried again at 2026-05-01T12:30:00Z.',
    ],
    [
      'names the next try of a deletion',
      { action: 'Deregister', retryAt: NOW + 10 * MINUTE },
      'It failed. It is tried again at 2026-05-01T12:10:00Z.',
    ],
    ['names no time where only another request helps', { retryAt: Number.POSITIVE_INFINITY }, 'It failed'],
    ['of a Secret names no time', { action: 'Publish', retryAt: NOW + 5 * MINUTE }, 'It failed'],
  ])('%s', (_, more, message) => {
    expect(failed(more)).toBe(message);
  });
});
