import { vi } from 'vitest';
import { ObjectCache } from '../../../src/controller/state/object-cache.ts';

/** How many objects the look-ups of caches return meanwhile; a walk over all of a cache counts as endless. */
export function visitsIn(look: () => void): number {
  const count = countVisits();
  look();
  return count();
}

/** The same, until the promise is settled. */
export async function visitsDuring(look: () => Promise<unknown>): Promise<number> {
  const count = countVisits();
  await look();
  return count();
}

function countVisits(): () => number {
  const find = vi.spyOn(ObjectCache.prototype, 'find');
  const get = vi.spyOn(ObjectCache.prototype, 'get');
  const values = vi.spyOn(ObjectCache.prototype, 'values');
  return () => {
    const found = find.mock.results.reduce((sum, { value }) => sum + (value as readonly object[]).length, 0);
    const got = get.mock.results.filter(({ value }) => value !== undefined).length;
    const visits = values.mock.calls.length > 0 ? Number.POSITIVE_INFINITY : found + got;
    vi.restoreAllMocks();
    return visits;
  };
}
