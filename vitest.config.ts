import { defineConfig } from 'vitest/config';
import { LongestFirst } from './test/kit/longest-first.ts';

/**
 * Four projects, one after the other:
 *
 * ```
 * unit      src file by file, and the tools of the tests; needs Node alone
 * proofs    any input (fuzz) and any order of events (simulation), in short; needs Node alone
 * serial    counts of writes, adapters and manifests at one real API server, a file at a time
 * cluster   behaviour: each file has an API server, an authorization server and an operator of its own
 * ```
 *
 * In CI a test on an API server that failed is run once more; `.ci/run` closes with the names of those that needed it.
 */
export default defineConfig({
  test: {
    reporters: process.env['CI'] ? ['default', 'json'] : ['default'],
    outputFile: { json: '.testbed/report.json' },
    sequence: { sequencer: LongestFirst },
    coverage: { include: ['src/**'], reporter: ['text'] },
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/unit/**/*.test.ts', 'test/kit/**/*.test.ts', 'test/bench/**/*.test.ts'],
          // By default one core stays idle. No module has state that another file's tests could see, so files share them:
          // loading the modules for each file anew took longer than the tests.
          maxWorkers: '100%',
          isolate: false,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          name: 'proofs',
          include: ['test/proofs/{fuzz,simulation}/**/*.test.ts'],
          maxWorkers: '100%',
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: 'serial',
          include: ['test/cluster/{adapters,counts,deploy}/**/*.test.ts'],
          sequence: { groupOrder: 2 },
          globalSetup: ['test/kit/testbed/shared-control-plane.ts'],
          fileParallelism: false,
          retry: process.env['CI'] ? 1 : 0,
          testTimeout: 30_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'cluster',
          include: ['test/cluster/behaviour/**/*.test.ts'],
          sequence: { groupOrder: 3 },
          globalSetup: ['test/kit/testbed/ensure-binaries.ts'],
          // They wait more than they work: for leases, retries and namespaces that go.
          maxWorkers: 4,
          retry: process.env['CI'] ? 1 : 0,
          testTimeout: 60_000,
          hookTimeout: 90_000,
        },
      },
    ],
  },
});
