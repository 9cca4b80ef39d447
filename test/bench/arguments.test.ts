import { expect, test } from 'vitest';
import { readArguments } from './arguments.ts';

test('without flags there are five runs of two backlogs', () => {
  expect(readArguments([])).toMatchObject({ runs: 5, clients: [1000, 5000], memory: [0, 1000, 10_000] });
});

test('flags go before what --quick stands for', () => {
  expect(readArguments(['--quick', '--clients', '50', '--memory', ''])).toMatchObject({
    runs: 1,
    clients: [50],
    memory: [],
    rawClients: 50,
  });
});

test.each([
  { args: ['--runs', 'two'], problem: '“runs” must be whole numbers.' },
  { args: ['--clients', '10,x'], problem: '“clients” must be whole numbers.' },
  { args: ['--fast'], problem: expect.stringContaining('--fast') },
])('$args is refused with a sentence', ({ args, problem }) => {
  expect(readArguments(args)).toEqual({ problem });
});
