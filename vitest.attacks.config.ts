import { defineConfig } from 'vitest/config';

/**
 * What tenants and servers may try, `npm run test:attacks`: each file has a control plane and a bundled operator of its own,
 * and the machine to itself.
 */
export default defineConfig({
  test: {
    name: 'attacks',
    include: ['test/proofs/attacks/**/*.test.ts'],
    reporters: process.env['CI'] ? ['default', 'json'] : ['default'],
    outputFile: { json: '.testbed/attacks-report.json' },
    globalSetup: ['test/proofs/attacks/kit/setup.ts'],
    fileParallelism: false,
    retry: process.env['CI'] ? 1 : 0,
    testTimeout: 180_000,
    hookTimeout: 120_000,
  },
});
