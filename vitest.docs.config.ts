import { defineConfig } from 'vitest/config';

/** What README and docs print, `npm run test:docs`: commands are run, YAML is applied. */
export default defineConfig({
  test: {
    name: 'docs',
    include: ['test/cluster/docs/**/*.test.ts'],
    reporters: process.env['CI'] ? ['default', 'json'] : ['default'],
    outputFile: { json: '.testbed/docs-report.json' },
    globalSetup: ['test/kit/testbed/ensure-binaries.ts'],
    retry: process.env['CI'] ? 1 : 0,
    testTimeout: 60_000,
    hookTimeout: 90_000,
  },
});
