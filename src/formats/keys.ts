import { own } from '../oauth/objects.ts';
import type { SecretFormat } from './format.ts';
import { publishedValues } from './published-client.ts';

type Keys = Readonly<Record<string, string>>;

/** Empty where the value is left out. */
const keyOfValue = (wireName: string, keys: Keys): string => own(keys, wireName) ?? wireName;

/**
 * One key for each value: its wire name, or the key that `keys` gives it. Unknown values have no key. The registration
 * access token is never published.
 */
export const keysFormat = {
  name: 'Keys',
  secretType: 'Opaque',
  render(client, keys) {
    const data = new Map<string, string>();
    for (const [wireName, value] of Object.entries(publishedValues(client))) {
      const key = keyOfValue(wireName, keys);
      if (value !== undefined && key !== '') {
        data.set(key, value);
      }
    }
    return Object.fromEntries(data);
  },
  clientIdIn: (data, keys) => own(data, keyOfValue('client_id', keys)),
} as const satisfies SecretFormat;
