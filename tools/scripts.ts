import type { Script } from './command-line.ts';
import { type Program, TEST_FILES, VITEST_FLAGS } from './program.ts';

/** A script that starts a program with these arguments, and after them the caller's. */
export interface ProgramScript extends Script {
  readonly program: Program;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

const COVERAGE = { about: 'Print which lines of src/ the tests run.', isPassedOn: true } as const;
const TESTS = { program: 'vitest', operands: TEST_FILES, flags: VITEST_FLAGS } as const;

/** Scripts of package.json that start a program of node_modules; the others start a file of their own. */
export const SCRIPTS: readonly ProgramScript[] = [
  {
    ...TESTS,
    name: 'test',
    about: `Runs every test except those of the other test:… scripts: unit tests, fuzzing and simulation in short, and the operator
on a real API server and a real authorization server. About twelve minutes on two cores. The first run builds etcd and
kube-apiserver with Go, which takes five minutes more.`,
    flags: {
      project: { value: 'NAME', about: 'Only unit, proofs, serial or cluster.', isPassedOn: true },
      ...VITEST_FLAGS,
      coverage: COVERAGE,
    },
    args: ['run'],
    environment: {
      FUZZ_SEED: 'Seed of the fuzz tests. Default: 7591.',
      FUZZ_RUNS: 'Inputs for each property. Default: 100.',
      SIMULATION_SEED: 'Seed of the random lives. Default: a fresh one, which a failure prints.',
    },
  },
  {
    ...TESTS,
    name: 'test:unit',
    about:
      'Runs the tests that need Node alone: src file by file, and the tools of the tests. Under 40 seconds on two cores.',
    flags: { ...VITEST_FLAGS, coverage: COVERAGE },
    args: ['run', '--project=unit'],
  },
  {
    ...TESTS,
    name: 'test:kill',
    about: `Runs the kill matrix: operators are killed at each point where that could lose something, and their successors must put
it right. A quarter of an hour on two cores.`,
    args: ['run', '--config=vitest.kill.config.ts'],
    environment: {
      UPDATE_KILL_MATRIX: '1 writes the result into docs/reliability.md, if every case passes.',
    },
  },
  {
    ...TESTS,
    name: 'test:docs',
    about: `Runs the commands and applies the YAML of README and docs on a real API server, as the pages print them, and registers the
example of each server at its emulator. About a minute on two cores.`,
    args: ['run', '--config=vitest.docs.config.ts'],
  },
  {
    ...TESTS,
    name: 'test:chart',
    about: `Renders the Helm chart and compares it with the kustomize folders. Installs, upgrades and removes it by Helm 4 and Helm 3
on a real API server, and types what README and docs/getting-started.md print. The first run builds both with Go, and KWOK,
which stands in for a node: nine minutes. After that about four minutes on two cores.`,
    args: ['run', '--config=vitest.chart.config.ts'],
  },
  {
    ...TESTS,
    name: 'test:gitops',
    about: `Judges an object of every situation by the code of Argo CD's engine, Flux and kstatus. Ten seconds on two cores; the first
run builds a program with Go in two minutes.`,
    args: ['run', '--config=vitest.gitops.config.ts'],
  },
  {
    ...TESTS,
    name: 'test:page',
    about: `Looks at the inventory page in Chromium: filter, order, pages, keyboard, screen reader (axe), hostile names, no request to
elsewhere. Installs Debian's chromium where there is none and this is root. Under a minute on two cores. With
UPDATE_SCREENSHOTS=1 it takes the pictures of docs/inventory.md.`,
    args: ['run', '--config=vitest.page.config.ts'],
  },
  {
    ...TESTS,
    name: 'test:alerts',
    about: `Loads the alerts into promtool and shows for each that it fires and that it keeps silent. Seconds; the first run builds
promtool with Go, some minutes.`,
    args: ['run', '--config=vitest.alerts.config.ts'],
  },
  {
    ...TESTS,
    name: 'test:release',
    about: `Makes a release on stand-in base images, pushes image and chart to a registry of this machine, pulls and compares them.
Makes the executables of the kubectl plugin and runs the one for this machine. Needs what \`npm run release\` needs. About
seven minutes on two cores.`,
    args: ['run', '--config=vitest.release.config.ts'],
  },
  {
    ...TESTS,
    name: 'test:upgrade',
    about: `Runs the newest release with 200 clients in every state, upgrades it to the present build and to a later one, and rolls both
back: no call, no write, nothing lost. About three minutes on two cores.`,
    args: ['run', '--config=vitest.upgrade.config.ts'],
  },
  {
    ...TESTS,
    name: 'test:interop',
    about: `Runs the operator against a real Keycloak and a real Ory Hydra. The first run fetches Keycloak and builds Hydra with Go
(some minutes); it needs Java. After that about five minutes.`,
    args: ['run', '--config=vitest.interop.config.ts'],
  },
  {
    program: 'vitest',
    name: 'generate:dialects',
    about: `Runs the contract tests of all dialects on a real API server and writes docs/dialects.md from what they saw. About two
minutes on two cores.`,
    args: ['run', '--project=cluster', 'test/cluster/behaviour/contract'],
    env: { UPDATE_DIALECTS: '1' },
  },
  {
    name: 'lint',
    about: 'Checks form and style of every file. Two seconds.',
    program: 'biome',
    args: ['check', '.'],
  },
  {
    name: 'format',
    about: 'Formats every file and applies the safe fixes. Two seconds.',
    program: 'biome',
    args: ['check', '--write', '.'],
  },
  {
    name: 'typecheck',
    about: 'Checks the types of src, test and tools. Some seconds.',
    program: 'tsc',
    args: ['--noEmit'],
  },
];
