/** Reproducible random numbers: the same seed gives the same values in the same order. */
export interface Chance {
  /** Like `Math.random`. */
  next(): number;
  /** True with this probability. */
  hits(probability: number): boolean;
  /** A whole number between the two, both included. */
  between(least: number, most: number): number;
  /** `undefined` for an empty list. */
  pick<T>(items: readonly T[]): T | undefined;
  /** One of the names, with a probability by its weight. `undefined` if no weight is above 0. */
  weighed<Name extends string>(weights: Readonly<Partial<Record<Name, number>>>): Name | undefined;
}

/** `purpose`: one seed gives an independent sequence for each purpose. */
export function chanceOf(seed: number, purpose: string): Chance {
  let state = [...purpose].reduce((hash, letter) => Math.imul(hash ^ letter.charCodeAt(0), 16_777_619), seed);
  const next = () => {
    // SplitMix32: full period, good enough for faults.
    state = (state + 0x9e3779b9) | 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32;
  };
  const between = (least: number, most: number) => least + Math.floor(next() * (most - least + 1));
  return {
    next,
    between,
    hits: (probability) => next() < probability,
    pick: (items) => items[between(0, items.length - 1)],
    weighed<Name extends string>(weights: Readonly<Partial<Record<Name, number>>>) {
      const entries = Object.entries(weights) as [Name, number][];
      let left = next() * entries.reduce((sum, [, weight]) => sum + weight, 0);
      return entries.find(([, weight]) => {
        left -= weight;
        return left < 0;
      })?.[0];
    },
  };
}

/** One of the names, each with its share of 1 as probability; `undefined` with the rest. */
export function drawnOf<Name extends string>(
  shares: Readonly<Record<Name, number>>,
  chance: Chance,
): Name | undefined {
  const total = Object.values<number>(shares).reduce((sum, share) => sum + share, 0);
  const drawn = chance.weighed<string>({ ...shares, none: 1 - total });
  return drawn === 'none' ? undefined : (drawn as Name | undefined);
}
