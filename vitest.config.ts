import { defineConfig } from 'vitest/config';

/** Two projects: what needs nothing but Node, and what runs against a real API server and authorization server. */
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
          name: 'cluster',
          include: ['test/e2e/**/*.test.ts', 'test/deploy/**/*.test.ts', 'test/**/*.integration.test.ts'],
          globalSetup: ['test/testbed/global-setup.ts'],
          // One control plane serves all files: they run in turn, each with an operator of its own.
          fileParallelism: false,
          testTimeout: 30_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});
