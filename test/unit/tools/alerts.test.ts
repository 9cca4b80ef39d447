import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { ALERTS, alertsPage, anchorOf, prometheusRule } from '../../../tools/alerts.ts';
import { faultsOf, labelsIn } from '../../kit/pages/promql.ts';

test.each(ALERTS.map((alert) => [alert.name, alert] as const))(
  '%s reads metrics and labels that exist, and names none in its summary that its result lacks',
  (_, { expr, summary }) => {
    expect(faultsOf(expr)).toEqual([]);
    const told = [...summary.matchAll(/\$labels\.(\w+)/g)].map(([, label]) => label);
    expect(told.filter((label) => !labelsIn(expr).includes(label ?? ''))).toEqual([]);
  },
);

test('each alert is about one namespace, which the chart replaces', () => {
  const selectors = ALERTS.flatMap(({ expr }) => expr.match(/\{[^}]*\}/g) ?? []);
  expect(selectors.filter((one) => !one.includes('namespace="oauth-registrar-system"'))).toEqual([]);
});

test('each alert links to its section of the page', () => {
  const rule = parse(prometheusRule()) as {
    spec: { groups: { rules: { alert: string; annotations: { runbook_url: string } }[] }[] };
  };
  const links = rule.spec.groups.flatMap(({ rules }) => rules.map((one) => one.annotations.runbook_url));
  expect(links).toEqual(ALERTS.map((alert) => `docs/alerts.md#${anchorOf(alert)}`));
  const headings = [...alertsPage().matchAll(/^## (.*)$/gm)].map(([, heading]) => heading?.toLowerCase());
  expect(headings).toEqual(ALERTS.map(anchorOf));
});
