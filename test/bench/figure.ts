/** One number that was measured, with what it is called in the table. */
export interface Figure {
  /** What it was measured in, such as `Backlog of 1000`. */
  readonly group: string;
  readonly name: string;
  readonly unit: string;
  readonly value: number;
}

/** A figure over all runs. */
export interface Summary extends Omit<Figure, 'value'> {
  readonly median: number;
  readonly least: number;
  readonly most: number;
  readonly runs: number;
}

/** Makes figures of one group; what could not be measured (`undefined`) is left out. */
export const figuresOf =
  (group: string) =>
  (unit: string, values: Readonly<Record<string, number | undefined>>): readonly Figure[] =>
    Object.entries(values).flatMap(([name, value]) =>
      value === undefined ? [] : [{ group, name, unit, value }],
    );

/** Median, least and most of each figure, groups and names in the order in which they first come. */
export function summarize(runs: readonly (readonly Figure[])[]): readonly Summary[] {
  const groups = Map.groupBy(runs.flat(), ({ group }) => group);
  return [...groups.values()].flatMap((figures) =>
    [...Map.groupBy(figures, ({ name }) => name).values()].flatMap((same) => {
      const [first] = same;
      if (first === undefined) {
        return [];
      }
      const { group, name, unit } = first;
      const values = same.map(({ value }) => value);
      const [least, most] = [Math.min(...values), Math.max(...values)];
      return [{ group, name, unit, median: quantile(values, 0.5), least, most, runs: values.length }];
    }),
  );
}

/** The value that this share of `values` doesn't exceed, interpolated. NaN of nothing. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const place = share * (sorted.length - 1);
  const [below, above] = [sorted[Math.floor(place)], sorted[Math.ceil(place)]];
  if (below === undefined || above === undefined) {
    return Number.NaN;
  }
  return below + (above - below) * (place - Math.floor(place));
}
