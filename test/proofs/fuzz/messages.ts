import { expect } from 'vitest';
import { CANARY } from './corpus.ts';

/** Rules for every sentence in a status, an Event or a log. */

/** The limit of a condition; a longer message is cut in the middle of a sentence. */
const LONGEST = 2048;

/** @param hidden texts that must not be in it */
export function expectPresentable(message: string, hidden: readonly string[] = []): void {
  expect(message.length).toBeLessThanOrEqual(LONGEST);
  expect(message).not.toMatch(/[\p{Cc}\p{Cs}\p{Cf}]/u);
  for (const secret of [CANARY, ...hidden]) {
    expect(message).not.toContain(secret);
  }
}
