import { expect, test } from 'vitest';
import { figuresOf } from '../figure.ts';
import { comparePeers, toPeerTable } from './table.ts';

const runOf = (theirs: number, ours: number) => ({
  'hydra-maester': figuresOf('Backlog')('clients/s', { rate: theirs }),
  'oauth-registrar': [
    ...figuresOf('Backlog')('clients/s', { rate: ours }),
    ...figuresOf('Backlog')('MB', { RSS: 100 }),
  ],
});

test("the medians of both stand beside each other, row by row as hydra-maester's come", () => {
  expect(comparePeers([runOf(20, 100), runOf(30, 140), runOf(25, 150)])).toEqual([
    { group: 'Backlog', name: 'rate', unit: 'clients/s', maester: 25, registrar: 140 },
  ]);
});

test.each([
  { unit: 'clients/s', maester: 25, registrar: 140, end: '25              140  clients/s, 5.60 times' },
  { unit: 'clients/s', maester: 0, registrar: 140, end: '0              140  clients/s' },
  { unit: 'MB', maester: 45, registrar: undefined, end: '45                -  MB' },
])('a row in $unit ends with "$end"', ({ end, ...row }) => {
  const [line = ''] = toPeerTable([{ group: 'Backlog', name: 'it', ...row }])
    .split('\n')
    .slice(-1);
  expect(line).toMatch(new RegExp(` ${end}$`));
});
