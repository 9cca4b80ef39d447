import { expect } from 'vitest';
import { CANARY } from './corpus.ts';

/** What must be true of every sentence that goes into a status, an Event or a log. */

/** A condition holds no more; what is longer is cut there, in the middle of what it says. */
const LONGEST = 2048;

/** @param hidden nothing of these may be read in it */
export function expectPresentable(message: string, hidden: readonly string[] = []): void {
  expect(message.length).toBeLessThanOrEqual(LONGEST);
  expect(message).not.toMatch(/[\p{Cc}\p{Cs}\p{Cf}]/u);
  for (const secret of [CANARY, ...hidden]) {
    expect(message).not.toContain(secret);
  }
}
