import { defineConfig } from 'vitest/config';

/** The kill matrix, `npm run test:kill`: a quarter of an hour of killed operators. */
export default defineConfig({
  test: {
    name: 'kill',
    include: ['test/proofs/chaos/**/*.kill.ts'],
    globalSetup: ['test/proofs/chaos/kill-setup.ts'],
    // One world for each.
    maxConcurrency: 4,
    hookTimeout: 180_000,
  },
});
