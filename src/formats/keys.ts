import type { SecretFormat } from './format.ts';
import { keyForEach } from './named-values.ts';

/**
 * One key for each value: its wire name, or the key that `keys` gives it. Unknown values have no key. The registration
 * access token is never published.
 */
export const keysFormat = {
  name: 'Keys',
  about: 'one key for each value, by its wire name',
  secretType: 'Opaque',
  ...keyForEach((wireName) => wireName),
} as const satisfies SecretFormat;
