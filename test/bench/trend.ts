/** Points, ordered by their first number. */
export type Line = readonly (readonly [number, number])[];

/** The straight line that fits best: its slope, and the standard deviation of the points around it. NaN of fewer than two. */
export function trendOf(line: Line): { readonly slope: number; readonly noise: number } {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [middle, level] = [mean(line.map(([x]) => x)), mean(line.map(([, y]) => y))];
  const width = mean(line.map(([x]) => (x - middle) ** 2));
  const slope = mean(line.map(([x, y]) => (x - middle) * (y - level))) / width;
  const noise = Math.sqrt(mean(line.map(([x, y]) => (y - level - slope * (x - middle)) ** 2)));
  return { slope, noise };
}
