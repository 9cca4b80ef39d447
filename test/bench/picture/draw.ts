import type { Panel, Row, Stat } from '../../../tools/dashboard.ts';
import type { Line } from './prometheus.ts';

/** What is drawn of a panel: the lines of its expressions, with the names that the dashboard gives them. */
export interface Drawn {
  readonly name: string;
  readonly points: Line['points'];
}

export interface DrawnRow {
  readonly row: Row;
  /** By title of the panel. */
  readonly lines: ReadonlyMap<string, readonly Drawn[]>;
}

const WIDTH = 1_200;
const MARGIN = 16;
const GAP = 12;
const HEAD = 30;
const STAT = { width: (WIDTH - 2 * MARGIN - 7 * GAP) / 8, height: 74 };
const GRAPH = { width: (WIDTH - 2 * MARGIN - GAP) / 2, height: 190 };
const PLOT = { left: 54, top: 30, right: 14, bottom: 20 };
const LEGEND_WIDTH = 190;
const MOST_IN_LEGEND = 9;
const COLOURS = [
  '#3274d9',
  '#299c46',
  '#e0752d',
  '#a352cc',
  '#c4162a',
  '#0a9b9b',
  '#b8860b',
  '#6f6f6f',
  '#d683ce',
];

/** The rows of the dashboard as one SVG. */
export function draw(rows: readonly DrawnRow[], from: number, to: number): string {
  const parts: string[] = [];
  let top = MARGIN;
  for (const { row, lines } of rows) {
    parts.push(text(MARGIN, top + 18, row.title, 'font-size="15" font-weight="bold"'));
    top += HEAD;
    const { stats = [], graphs = [] } = row;
    stats.forEach((stat, index) => {
      const left = MARGIN + index * (STAT.width + GAP);
      parts.push(drawStat(stat, lines.get(stat.title) ?? [], left, top));
    });
    top += stats.length === 0 ? 0 : STAT.height + GAP;
    graphs.forEach((graph, index) => {
      const left = MARGIN + (index % 2) * (GRAPH.width + GAP);
      const down = Math.floor(index / 2) * (GRAPH.height + GAP);
      parts.push(drawGraph(graph, lines.get(graph.title) ?? [], { left, top: top + down, from, to }));
    });
    top += Math.ceil(graphs.length / 2) * (GRAPH.height + GAP);
  }
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${top}" viewBox="0 0 ${WIDTH} ${top}" font-family="Helvetica, Arial, 'DejaVu Sans', sans-serif" font-size="11" fill="#24292e" role="img" aria-label="The dashboard, drawn from the metrics of a run">
<rect width="${WIDTH}" height="${top}" fill="#f4f5f5"/>
${parts.join('\n')}
</svg>
`;
}

function drawStat({ title, unit, red }: Stat, lines: readonly Drawn[], left: number, top: number): string {
  const value = lines[0]?.points.at(-1)?.[1];
  const isRed = red !== undefined && value !== undefined && value >= red;
  const colour = isRed ? '#c4162a' : '#299c46';
  return [
    box(left, top, STAT.width, STAT.height),
    text(left + 8, top + 18, title),
    text(
      left + STAT.width / 2,
      top + 56,
      value === undefined ? '–' : shown(value, unit),
      `font-size="26" text-anchor="middle" fill="${colour}"`,
    ),
  ].join('\n');
}

interface Place {
  readonly left: number;
  readonly top: number;
  readonly from: number;
  readonly to: number;
}

function drawGraph({ title, unit }: Panel, lines: readonly Drawn[], { left, top, from, to }: Place): string {
  const most = nice(Math.max(...lines.map(peak), 0));
  const [x0, x1] = [left + PLOT.left, left + GRAPH.width - PLOT.right - LEGEND_WIDTH];
  const [y0, y1] = [top + GRAPH.height - PLOT.bottom, top + PLOT.top];
  const x = (at: number) => x0 + ((at - from) / (to - from)) * (x1 - x0);
  const y = (value: number) => y0 - (value / most) * (y0 - y1);
  const grid = [0, 0.5, 1].map((share) => {
    const height = y(share * most);
    return `<line x1="${x0}" x2="${x1}" y1="${height}" y2="${height}" stroke="#dddfe2"/>${text(x0 - 6, height + 4, shown(share * most, unit), 'text-anchor="end" font-size="10"')}`;
  });
  const times = [0, 0.5, 1].map((share) =>
    text(
      x0 + share * (x1 - x0),
      y0 + 14,
      `${Math.round(share * (to - from))} s`,
      'text-anchor="middle" font-size="10"',
    ),
  );
  const byPeak = lines.toSorted((a, b) => peak(b) - peak(a));
  const curves = byPeak.map(
    (line, index) =>
      `<path d="${pathOf(line.points, x, y)}" fill="none" stroke="${colourOf(index)}" stroke-width="1.5"/>`,
  );
  const legend = byPeak.slice(0, MOST_IN_LEGEND).map(({ name }, index) => {
    const height = y1 + 4 + index * 15;
    return `<rect x="${x1 + 12}" y="${height - 7}" width="10" height="4" fill="${colourOf(index)}"/>${text(x1 + 27, height, cutTo(name, 30), 'font-size="10"')}`;
  });
  const more =
    byPeak.length > MOST_IN_LEGEND
      ? [
          text(
            x1 + 27,
            y1 + 4 + MOST_IN_LEGEND * 15,
            `and ${byPeak.length - MOST_IN_LEGEND} more`,
            'font-size="10"',
          ),
        ]
      : [];
  const nothing =
    lines.length === 0
      ? [text((x0 + x1) / 2, (y0 + y1) / 2, 'nothing', 'text-anchor="middle" fill="#8e8e8e"')]
      : [];
  return [
    box(left, top, GRAPH.width, GRAPH.height),
    text(left + 8, top + 18, title, 'font-weight="bold"'),
    ...grid,
    ...times,
    ...curves,
    ...legend,
    ...more,
    ...nothing,
  ].join('\n');
}

const colourOf = (index: number): string => COLOURS[index % COLOURS.length] ?? '';

/** A quantile of nothing is no number. */
const peak = ({ points }: Drawn): number =>
  Math.max(...points.map(([, value]) => value).filter(Number.isFinite), 0);

/** A gap in time is a gap in the line. */
function pathOf(points: Line['points'], x: (at: number) => number, y: (value: number) => number): string {
  const step =
    points.length < 2 ? 0 : Math.min(...points.slice(1).map(([at], index) => at - (points[index]?.[0] ?? 0)));
  return points
    .filter(([, value]) => Number.isFinite(value))
    .map(([at, value], index, all) => {
      const isNext = index > 0 && at - (all[index - 1]?.[0] ?? 0) <= step * 1.5;
      return `${isNext ? 'L' : 'M'}${x(at).toFixed(1)} ${y(value).toFixed(1)}`;
    })
    .join('');
}

/** The next number above that has one digit. */
function nice(value: number): number {
  if (value <= 0) {
    return 1;
  }
  const power = 10 ** Math.floor(Math.log10(value));
  return ([1, 2, 3, 5, 10].find((step) => step * power >= value) ?? 10) * power;
}

function shown(value: number, unit: Panel['unit']): string {
  switch (unit) {
    case 's':
      return value >= 1 || value === 0 ? `${digits(value)} s` : `${digits(value * 1_000)} ms`;
    case 'bytes':
      return `${digits(value / 1_048_576)} MiB`;
    case 'percentunit':
      return `${digits(value * 100)} %`;
    case 'ops':
      return `${digits(value)}/s`;
    case 'short':
      return digits(value);
  }
}

const digits = (value: number): string => String(Number(value.toPrecision(value >= 100 ? 4 : 2)));

const cutTo = (name: string, most: number): string =>
  name.length > most ? `${name.slice(0, most - 1)}…` : name;

const box = (left: number, top: number, width: number, height: number): string =>
  `<rect x="${left}" y="${top}" width="${width}" height="${height}" rx="3" fill="#ffffff" stroke="#d8d9da"/>`;

const text = (x: number, y: number, content: string, more = ''): string =>
  `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" ${more}>${escaped(content)}</text>`;

const escaped = (content: string): string =>
  content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
