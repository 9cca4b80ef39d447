import { defineConfig } from 'vitest/config';

/**
 * Three projects: what needs nothing but Node; adapters and manifests against one real API server, in turn; and the
 * behaviour, where each file has an API server, an authorization server and an operator of its own.
 */
export default defineConfig({
  test: {
    reporters: process.env['CI'] ? ['default', 'json'] : ['default'],
    outputFile: { json: '.testbed/report.json' },
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/e2e/**', 'test/deploy/**', 'test/**/*.integration.test.ts', 'test/interop/**'],
        },
      },
      {
        test: {
          name: 'manifests',
          include: ['test/deploy/**/*.test.ts', 'test/**/*.integration.test.ts'],
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
          globalSetup: ['test/testbed/ensure-binaries.ts'],
          // They wait more than they work: for leases, retries and namespaces that go.
          maxWorkers: 3,
          testTimeout: 30_000,
          hookTimeout: 90_000,
        },
      },
    ],
  },
});
