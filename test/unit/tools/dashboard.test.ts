import { expect, test } from 'vitest';
import { METRICS } from '../../../src/adapters/process/metric-table.ts';
import { dashboardJson, ROWS } from '../../../tools/dashboard.ts';
import { faultsOf, labelsIn, metricsIn } from '../../kit/pages/promql.ts';

interface Built {
  readonly panels: readonly {
    readonly title: string;
    readonly type: string;
    readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
    readonly targets?: readonly { readonly expr: string; readonly refId: string }[];
  }[];
}

const built = JSON.parse(dashboardJson()) as Built;
const panels = ROWS.flatMap(({ stats = [], graphs = [] }) => [...stats, ...graphs]);
/** Grafana puts a duration in the place of its variables before Prometheus sees the expression. */
const asSent = (expr: string) => expr.replaceAll('$__rate_interval', '5m');

test.each(panels.map((panel) => [panel.title, panel] as const))(
  '%s reads metrics and labels that exist, and names its lines by labels of the result',
  (_, { queries }) => {
    for (const { expr, legend } of queries) {
      expect(faultsOf(asSent(expr))).toEqual([]);
      const named = [...legend.matchAll(/\{\{(\w+)\}\}/g)].map(([, label]) => label ?? '');
      expect(named.filter((label) => !labelsIn(asSent(expr)).includes(label))).toEqual([]);
    }
  },
);

test('every metric of the operator is on the dashboard, but for those that another one shows', () => {
  const shown = panels.flatMap(({ queries }) => queries.flatMap(({ expr }) => metricsIn(asSent(expr))));
  const bases = new Set(shown.map((name) => name.replace(/_(?:bucket|sum|count)$/, '')));
  expect(Object.keys(METRICS).filter((name) => !bases.has(name))).toEqual([
    // The queue and the reconciliations show what is slow.
    'oauth_registrar_reconcile_duration_seconds',
  ]);
});

test('the JSON has a row for each row, and each panel with its expressions, none over another', () => {
  expect(built.panels.filter(({ type }) => type === 'row').map(({ title }) => title)).toEqual(
    ROWS.map(({ title }) => title),
  );
  const shown = built.panels.filter(({ type }) => type !== 'row');
  expect(shown.map(({ title, targets = [] }) => [title, ...targets.map(({ expr }) => expr)])).toEqual(
    panels.map(({ title, queries }) => [title, ...queries.map(({ expr }) => expr)]),
  );
  const cells = shown.flatMap(({ gridPos: { x, y, w, h } }) =>
    Array.from({ length: w * h }, (_, index) => `${x + (index % w)}/${y + Math.floor(index / w)}`),
  );
  expect(new Set(cells).size).toBe(cells.length);
});
