import { expect, test } from 'vitest';
import { figuresOf, quantile, summarize } from './figure.ts';

test('a figure of several runs is told by its median and its spread, in the order in which it first came', () => {
  const run = (rate: number) => [
    ...figuresOf('Raw')('clients/s', { rate }),
    ...figuresOf('Memory')('MB', { rss: rate / 2 }),
  ];

  expect(summarize([run(10), run(40), run(20)])).toEqual([
    { group: 'Raw', name: 'rate', unit: 'clients/s', median: 20, least: 10, most: 40, runs: 3 },
    { group: 'Memory', name: 'rss', unit: 'MB', median: 10, least: 5, most: 20, runs: 3 },
  ]);
});

test('what could not be measured is left out', () => {
  expect(figuresOf('Memory')('MB', { rss: undefined, peak: 0 })).toEqual([
    { group: 'Memory', name: 'peak', unit: 'MB', value: 0 },
  ]);
});

test.each([
  { values: [3, 1, 2], share: 0.5, expected: 2 },
  { values: [1, 2], share: 0.5, expected: 1.5 },
  { values: [7], share: 0.99, expected: 7 },
  { values: [], share: 0.5, expected: Number.NaN },
])('the quantile $share of $values is $expected', ({ values, share, expected }) => {
  expect(quantile(values, share)).toBe(expected);
});
