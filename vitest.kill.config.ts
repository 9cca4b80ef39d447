import { defineConfig } from 'vitest/config';

/** The kill matrix, `npm run test:kill`: a quarter of an hour of killed operators. */
export default defineConfig({
  test: {
    name: 'kill',
    include: ['test/chaos/**/*.kill.ts'],
    globalSetup: ['test/chaos/kill-setup.ts'],
    // One world for each.
    maxConcurrency: 4,
    hookTimeout: 180_000,
  },
});
