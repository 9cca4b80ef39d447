import { setTimeout } from 'node:timers/promises';
import type { Clock } from '../../../src/controller/ports.ts';

/** The real clock, for tests against a real API server. */
export const systemClock: Clock = {
  now: () => Date.now(),
  earliest: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: (ms, signal) => setTimeout(ms, undefined, signal && { signal }).catch(() => {}),
};
