/** Counts what was done on purpose, and says whether anything is to be done at all. */
export interface Faults {
  /** While false, nothing goes wrong. */
  active: boolean;
  count(kind: string): void;
  /** By kind, in the order of the alphabet. */
  counts(): Readonly<Record<string, number>>;
}

export function createFaults(): Faults {
  const counts = new Map<string, number>();
  return {
    active: false,
    count: (kind) => void counts.set(kind, (counts.get(kind) ?? 0) + 1),
    counts: () => Object.fromEntries([...counts].toSorted(([a], [b]) => Number(a > b) - Number(a < b))),
  };
}
