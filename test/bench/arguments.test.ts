import { expect, test } from 'vitest';
import { readArguments } from '../../tools/command-line.ts';
import { BENCH, readMeasure } from './arguments.ts';

function read(args: readonly string[]) {
  const given = readArguments(BENCH, args);
  return given === 'help' || 'problem' in given ? given : readMeasure(given.values);
}

test('without flags there are five runs of two backlogs', () => {
  expect(read([])).toMatchObject({
    runs: 5,
    clients: [1000, 5000],
    memory: [0, 1000, 10_000, 50_000],
  });
});

test('flags go before what --quick stands for', () => {
  expect(read(['--quick', '--clients', '50', '--memory', ''])).toMatchObject({
    runs: 1,
    clients: [50],
    memory: [],
    rawClients: 50,
  });
});

test("one namespace's backlog beside another's clients is always looked at, two installations with time enough", () => {
  expect(read([])).toMatchObject({ waiting: 5000, installs: 2, peer: false });
  expect(read(['--quick'])).toMatchObject({ waiting: 300, installs: 0, peer: false });
  expect(read(['--quick', '--waiting', '0', '--installs', '3'])).toMatchObject({
    waiting: 0,
    installs: 3,
  });
});

test('a backlog at a server with a quota is looked at with time enough', () => {
  expect(read([])).toMatchObject({ quota: 10_000 });
  expect(read(['--quick'])).toMatchObject({ quota: 0 });
  expect(read(['--quick', '--quota', '300'])).toMatchObject({ quota: 300 });
});

test('many servers are looked at with time enough, behind a slow API server where that is asked for', () => {
  expect(read([])).toMatchObject({ servers: 2000, slowMs: 0 });
  expect(read(['--quick'])).toMatchObject({ servers: 0, slowMs: 0 });
  expect(read(['--quick', '--servers', '50', '--slow', '20'])).toMatchObject({ servers: 50, slowMs: 20 });
});

test.each([
  { args: ['--churn'], expected: { churn: { stay: 5000, perSecond: 10, seconds: 1200 } } },
  { args: ['--churn', '--quick'], expected: { churn: { stay: 200, perSecond: 10, seconds: 120 } } },
  { args: ['--peer'], expected: { peer: true, runs: 1, clients: [1000], liveSeconds: 20 } },
  { args: ['--peer', '--quick'], expected: { peer: true, runs: 1, clients: [100], liveSeconds: 4 } },
  { args: ['--peer', '--clients', '50', '--runs', '3'], expected: { peer: true, runs: 3, clients: [50] } },
])('$args compares with hydra-maester', ({ args, expected }) => {
  expect(read(args)).toMatchObject(expected);
});

test.each([
  { args: ['--runs', 'two'], problem: '--runs needs a whole number, not "two".' },
  { args: ['--clients', '10,x'], problem: '--clients needs whole numbers, separated by commas.' },
  { args: ['--memory', '-1'], problem: '--memory needs N,M.' },
  { args: ['--memory=10,-1'], problem: '--memory needs whole numbers, separated by commas.' },
  { args: ['--installs', '5'], problem: '--installs must be at most 4: so many namespaces have clients.' },
  { args: ['--waiting', 'all'], problem: '--waiting needs a whole number, not "all".' },
  { args: ['--installs', '1.5'], problem: '--installs needs a whole number, not "1.5".' },
  { args: ['--peer', '--clients', ''], problem: '--clients must name at least one size.' },
  { args: ['--fast'], problem: 'There is no flag --fast.' },
])('$args is refused with a sentence', ({ args, problem }) => {
  expect(read(args)).toEqual({ problem });
});
