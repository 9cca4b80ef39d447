import { defineConfig } from 'vitest/config';

/** From the newest release to the present build and back, `npm run test:upgrade`. */
export default defineConfig({
  test: {
    name: 'upgrade',
    include: ['test/cluster/upgrade/**/*.test.ts'],
    reporters: process.env['CI'] ? ['default', 'json'] : ['default'],
    outputFile: { json: '.testbed/upgrade-report.json' },
    globalSetup: ['test/kit/testbed/ensure-binaries.ts'],
    testTimeout: 360_000,
    hookTimeout: 600_000,
  },
});
