import { parseJsonObject } from '../oauth/json.ts';
import { own } from '../oauth/objects.ts';
import type { SecretFormat } from './format.ts';
import { namedValues, nameOfValue } from './named-values.ts';

const FILE = 'oauth.json';

const nameOf = (wireName: string): string => wireName;

/** One file with a JSON object: a text for each value, by its wire name. */
export const jsonFormat = {
  name: 'Json',
  about: `one file, \`${FILE}\`, with a JSON object that has a text for each value`,
  secretType: 'Opaque',
  nameOf,
  render(client, keys) {
    const named = namedValues(client, keys, { nameOf });
    return named.ok ? { ok: true, data: { [FILE]: `${JSON.stringify(named.data, null, 2)}\n` } } : named;
  },
  clientIdIn: (data, keys) => {
    const value = own(parseJsonObject(data[FILE] ?? '') ?? {}, nameOfValue('client_id', keys, { nameOf }));
    return typeof value === 'string' ? value : undefined;
  },
} as const satisfies SecretFormat;
