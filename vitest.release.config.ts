import { defineConfig } from 'vitest/config';

/** What a release publishes, `npm run test:release`. */
export default defineConfig({
  test: {
    name: 'release',
    include: ['test/cluster/release/**/*.test.ts'],
    reporters: process.env['CI'] ? ['default', 'json'] : ['default'],
    outputFile: { json: '.testbed/release-report.json' },
    testTimeout: 60_000,
    // The first run builds Helm.
    hookTimeout: 1_800_000,
  },
});
