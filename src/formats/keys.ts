import type { SecretFormat } from './format.ts';
import { clientIdByKey, namedValues } from './named-values.ts';

const nameOf = (wireName: string): string => wireName;

/**
 * One key for each value: its wire name, or the key that `keys` gives it. Unknown values have no key. The registration
 * access token is never published.
 */
export const keysFormat = {
  name: 'Keys',
  about: 'one key for each value, by its wire name',
  secretType: 'Opaque',
  nameOf,
  render: (client, keys) => namedValues(client, keys, { nameOf }),
  clientIdIn: clientIdByKey({ nameOf }),
} as const satisfies SecretFormat;
