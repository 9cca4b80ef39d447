import { defineConfig } from 'vitest/config';

/** The Helm chart, `npm run test:chart`: what it renders, and installs by Helm 4 and 3 on a real API server. */
export default defineConfig({
  test: {
    name: 'chart',
    include: ['test/cluster/chart/**/*.test.ts'],
    reporters: process.env['CI'] ? ['default', 'json'] : ['default'],
    outputFile: { json: '.testbed/chart-report.json' },
    globalSetup: ['test/kit/testbed/chart-setup.ts'],
    // Two control planes side by side keep two processors busy.
    maxWorkers: 2,
    retry: process.env['CI'] ? 1 : 0,
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
