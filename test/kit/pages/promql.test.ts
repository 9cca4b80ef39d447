import { describe, expect, it } from 'vitest';
import { selectedBy } from './promql.ts';

describe('selectedBy', () => {
  it.each([
    ['absent(a == 1)', [{ metric: 'a', labels: [] }]],
    [
      'sum by (server, le) (increase(a_total{outcome!="2xx"}[15m])) > 10',
      [{ metric: 'a_total', labels: ['outcome', 'server'] }],
    ],
    [
      'a{x="1"} / b',
      [
        { metric: 'a', labels: ['x'] },
        { metric: 'b', labels: [] },
      ],
    ],
  ])('%s', (expression, selected) => {
    expect(selectedBy(expression)).toEqual(selected);
  });

  it.each(['sum by (a) (', 'rate(a[5m]', 'a{b}', 'a >> 1'])('refuses %s', (expression) => {
    expect(() => selectedBy(expression)).toThrow('no PromQL');
  });
});
