import { expect, test } from 'vitest';
import { readArguments } from './arguments.ts';

test('without flags there are five runs of two backlogs', () => {
  expect(readArguments([])).toMatchObject({
    runs: 5,
    clients: [1000, 5000],
    memory: [0, 1000, 10_000, 50_000],
  });
});

test('flags go before what --quick stands for', () => {
  expect(readArguments(['--quick', '--clients', '50', '--memory', ''])).toMatchObject({
    runs: 1,
    clients: [50],
    memory: [],
    rawClients: 50,
  });
});

test('one namespace’s backlog beside another’s clients is always looked at, two installations with time enough', () => {
  expect(readArguments([])).toMatchObject({ waiting: 5000, installs: 2, peer: false });
  expect(readArguments(['--quick'])).toMatchObject({ waiting: 300, installs: 0, peer: false });
  expect(readArguments(['--quick', '--waiting', '0', '--installs', '3'])).toMatchObject({
    waiting: 0,
    installs: 3,
  });
});

test('a backlog at a server with a quota is looked at with time enough', () => {
  expect(readArguments([])).toMatchObject({ quota: 10_000 });
  expect(readArguments(['--quick'])).toMatchObject({ quota: 0 });
  expect(readArguments(['--quick', '--quota', '300'])).toMatchObject({ quota: 300 });
});

test.each([
  { args: ['--peer'], expected: { peer: true, runs: 1, clients: [1000], liveSeconds: 20 } },
  { args: ['--peer', '--quick'], expected: { peer: true, runs: 1, clients: [100], liveSeconds: 4 } },
  { args: ['--peer', '--clients', '50', '--runs', '3'], expected: { peer: true, runs: 3, clients: [50] } },
])('$args compares with hydra-maester', ({ args, expected }) => {
  expect(readArguments(args)).toMatchObject(expected);
});

test.each([
  { args: ['--runs', 'two'], problem: '“runs” must be whole numbers.' },
  { args: ['--clients', '10,x'], problem: '“clients” must be whole numbers.' },
  { args: ['--installs', '5'], problem: '“installs” must be at most 4: so many namespaces have clients.' },
  { args: ['--waiting', 'all'], problem: '“waiting” must be whole numbers.' },
  { args: ['--installs', '1.5'], problem: '“installs” must be whole numbers.' },
  { args: ['--peer', '--clients', ''], problem: '“clients” must name at least one size.' },
  { args: ['--fast'], problem: expect.stringContaining('--fast') },
])('$args is refused with a sentence', ({ args, problem }) => {
  expect(readArguments(args)).toEqual({ problem });
});
