import { defineConfig } from 'vitest/config';

/** What Argo CD and Flux make of our objects, `npm run test:gitops`: by their own code, without a cluster. */
export default defineConfig({
  test: {
    name: 'gitops',
    include: ['test/gitops/**/*.test.ts'],
    reporters: process.env['CI'] ? ['default', 'json'] : ['default'],
    outputFile: { json: '.testbed/gitops-report.json' },
    testTimeout: 30_000,
    // The first run builds a program with Go.
    hookTimeout: 900_000,
  },
});
