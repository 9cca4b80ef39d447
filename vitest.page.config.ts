import { defineConfig } from 'vitest/config';

/** The inventory page in Chromium, `npm run test:page`. */
export default defineConfig({
  test: {
    name: 'page',
    include: ['test/page/**/*.test.ts'],
    reporters: process.env['CI'] ? ['default', 'json'] : ['default'],
    outputFile: { json: '.testbed/page-report.json' },
    globalSetup: ['test/page/kit/setup.ts'],
    retry: process.env['CI'] ? 1 : 0,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
