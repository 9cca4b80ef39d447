import { rfc3339 } from '../api/time.ts';
import { END_KINDS } from '../core/inventory.ts';
import type { InventoryDay } from '../core/inventory-query.ts';
import { type Element, h } from './element.ts';
import { END_TEXTS, tableOf } from './parts.ts';

/** What ends in the next days, as a picture, and as a table for those who cannot see it. */

const WIDTH = 900;
const HEIGHT = 150;
const TOP = 16;
const BOTTOM = 26;

export function timeline(days: readonly InventoryDay[]): Element {
  const total = days.reduce((sum, day) => sum + day.total, 0);
  const summary = summaryOf(days, total);
  return h(
    'section',
    { 'aria-labelledby': 'timeline' },
    h('h2', { id: 'timeline' }, `What ends in the next ${days.length} days`),
    h(
      'figure',
      null,
      total === 0 ? null : picture(days, summary),
      h('figcaption', null, summary, total === 0 ? null : legend()),
    ),
    total === 0 ? null : h('details', null, h('summary', null, 'The same as a table'), dayTable(days)),
  );
}

function summaryOf(days: readonly InventoryDay[], total: number): string {
  if (total === 0) {
    return `Nothing that is known ends in the next ${days.length} days.`;
  }
  const kinds = END_KINDS.map((kind) => ({ kind, count: days.reduce((sum, day) => sum + day.ends[kind], 0) }))
    .filter(({ count }) => count > 0)
    .map(({ kind, count }) => `${END_TEXTS[kind]}: ${count}`);
  const busiest = days.reduce((most, day) => (day.total > most.total ? day : most));
  return `${total} in ${days.length} days (${kinds.join('; ')}). Most on ${dayText(busiest)}: ${busiest.total}.`;
}

const dayText = ({ start }: InventoryDay): string => rfc3339(start).slice(0, 10);

function picture(days: readonly InventoryDay[], summary: string): Element {
  const most = Math.max(...days.map(({ total }) => total));
  const step = WIDTH / days.length;
  const scale = (HEIGHT - TOP - BOTTOM) / most;
  const floor = HEIGHT - BOTTOM;
  return h(
    'svg',
    { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: 'img', 'aria-label': summary },
    h('line', { class: 'axis', x1: 0, x2: WIDTH, y1: floor, y2: floor }),
    days.map((day, index) => dayBar(day, { x: index * step, step, scale, floor })),
    days.map((day, index) =>
      index % 5 === 0 ? h('text', { x: index * step + 2, y: HEIGHT - 8 }, dayText(day).slice(5)) : null,
    ),
  );
}

interface Place {
  readonly x: number;
  readonly step: number;
  readonly scale: number;
  readonly floor: number;
}

function dayBar(day: InventoryDay, { x, step, scale, floor }: Place): readonly (Element | null)[] {
  let top = floor;
  const bars = END_KINDS.map((kind) => {
    const height = round(day.ends[kind] * scale);
    top = round(top - height);
    return height === 0
      ? null
      : h('rect', { class: `bar-${kind}`, x: round(x + 2), y: top, width: round(step - 4), height });
  });
  const label = h('text', { x: round(x + step / 2), y: round(top - 3), 'text-anchor': 'middle' }, day.total);
  return [...bars, day.total === 0 ? null : label];
}

const round = (number: number): number => Math.round(number * 10) / 10;

const legend = (): readonly Element[] =>
  END_KINDS.map((kind) =>
    h(
      'span',
      { class: 'key' },
      h(
        'svg',
        { viewBox: '0 0 10 10', 'aria-hidden': 'true', width: 10, height: 10 },
        h('rect', { class: `bar-${kind}`, width: 10, height: 10 }),
      ),
      ` ${END_TEXTS[kind]}`,
    ),
  );

const dayTable = (days: readonly InventoryDay[]): Element =>
  tableOf(
    'What ends, by day in UTC',
    ['Day', ...END_KINDS.map((kind) => END_TEXTS[kind])],
    days
      .filter(({ total }) => total > 0)
      .map((day) =>
        h(
          'tr',
          null,
          h('th', { scope: 'row' }, dayText(day)),
          END_KINDS.map((kind) => h('td', { class: 'number' }, day.ends[kind])),
        ),
      ),
  );
