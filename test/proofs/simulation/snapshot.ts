import type { Restore } from './scheduler.ts';

/** Saved collections: their content is never changed in place. */

export function keptMap<K, V>(map: Map<K, V>): Restore {
  const entries = [...map];
  return () => {
    map.clear();
    for (const [key, value] of entries) {
      map.set(key, value);
    }
  };
}

export function keptSet<T>(set: Set<T>): Restore {
  const values = [...set];
  return () => {
    set.clear();
    for (const value of values) {
      set.add(value);
    }
  };
}
