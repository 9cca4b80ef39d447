import { defineConfig } from 'vitest/config';

/**
 * Three projects, one after the other: what needs nothing but Node; what counts writes, and adapters and manifests at one
 * real API server, a file at a time; and the behaviour, where each file has an API server, an authorization server and an
 * operator of its own.
 */
export default defineConfig({
  test: {
    reporters: process.env['CI'] ? ['default', 'json'] : ['default'],
    outputFile: { json: '.testbed/report.json' },
    projects: [
      {
        test: {
          name: 'unit',
          sequence: { groupOrder: 0 },
          include: ['test/**/*.test.ts'],
          exclude: [
            'test/e2e/**',
            'test/deploy/**',
            'test/**/*.integration.test.ts',
            'test/interop/**',
            'test/attacks/**',
          ],
        },
      },
      {
        test: {
          name: 'serial',
          include: ['test/e2e/counts.test.ts', 'test/deploy/**/*.test.ts', 'test/**/*.integration.test.ts'],
          exclude: ['test/attacks/**'],
          sequence: { groupOrder: 1 },
          globalSetup: ['test/testbed/shared-control-plane.ts'],
          fileParallelism: false,
          testTimeout: 30_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'cluster',
          include: ['test/e2e/**/*.test.ts'],
          exclude: ['test/e2e/counts.test.ts'],
          sequence: { groupOrder: 2 },
          globalSetup: ['test/testbed/ensure-binaries.ts'],
          // They wait more than they work: for leases, retries and namespaces that go.
          maxWorkers: 3,
          testTimeout: 60_000,
          hookTimeout: 90_000,
        },
      },
    ],
  },
});
