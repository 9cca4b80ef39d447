/** Counts the injected faults, and says whether any may be injected. */
export interface Faults {
  /** While false, no fault is injected. */
  active: boolean;
  count(place: string, kind: string): void;
  counts(): FaultCounts;
}

/** Place → kind → how often. */
export type FaultCounts = Readonly<Record<string, Readonly<Record<string, number>>>>;

export function createFaults(): Faults {
  const counts: Record<string, Record<string, number>> = {};
  return {
    active: false,
    count(place, kind) {
      counts[place] = { ...counts[place], [kind]: (counts[place]?.[kind] ?? 0) + 1 };
    },
    counts: () => structuredClone(counts),
  };
}

export const sumOf = (counts: Readonly<Record<string, number>>): number =>
  Object.values(counts).reduce((sum, count) => sum + count, 0);

export const totalOf = (counts: FaultCounts): number =>
  Object.values(counts).reduce((sum, kinds) => sum + sumOf(kinds), 0);
