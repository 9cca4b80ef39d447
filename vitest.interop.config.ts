import { defineConfig } from 'vitest/config';

/** What runs against real authorization servers of others, fetched and built on the way: `npm run test:interop`. */
export default defineConfig({
  test: {
    name: 'interop',
    // Documents at oidc-provider are a part of `npm test`, too: it runs in the process of its tests.
    include: ['test/cluster/interop/**/*.test.ts', 'test/cluster/behaviour/documents.test.ts'],
    globalSetup: ['test/kit/testbed/interop-setup.ts'],
    // Each file starts a server of its own; one at a time, since Keycloak alone keeps two processors busy.
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 180_000,
  },
});
