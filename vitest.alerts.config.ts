import { defineConfig } from 'vitest/config';

/** The alerts, `npm run test:alerts`: promtool loads them and shows when they fire. */
export default defineConfig({
  test: {
    name: 'alerts',
    include: ['test/cluster/alerts/**/*.test.ts'],
    reporters: process.env['CI'] ? ['default', 'json'] : ['default'],
    outputFile: { json: '.testbed/alerts-report.json' },
    testTimeout: 60_000,
    // The first run builds promtool.
    hookTimeout: 1_800_000,
  },
});
