import { own } from '../oauth/objects.ts';
import type { Rendering, SecretFormat } from './format.ts';
import { type PublishedClient, publishedValues } from './published-client.ts';

type Keys = Readonly<Record<string, string>>;

/** What the values of a client are called in its Secret: a key, or a name in a file. */

/** The name of a value; `''`: it is left out. */
export const nameOfValue = (
  wireName: string,
  keys: Keys,
  { nameOf }: Pick<SecretFormat, 'nameOf'>,
  client: Pick<PublishedClient, 'name' | 'provider'> = {},
): string => own(keys, wireName) ?? nameOf(wireName, client);

/**
 * The values of a client by their names. Unknown values have none. No name has two values.
 *
 * @param more values that the format has besides those that all formats have, or in their place, by wire name
 */
export function namedValues(
  client: PublishedClient,
  keys: Keys,
  format: Pick<SecretFormat, 'nameOf'>,
  more: Readonly<Record<string, string | undefined>> = {},
): Rendering {
  const data = new Map<string, string>();
  for (const [wireName, value] of Object.entries({ ...publishedValues(client), ...more })) {
    const name = nameOfValue(wireName, keys, format, client);
    if (value === undefined || name === '') {
      continue;
    }
    if (data.has(name)) {
      return {
        ok: false,
        problem: `would give the name "${name}" to two values: choose another name for one by spec.secret.keys`,
      };
    }
    data.set(name, value);
  }
  return { ok: true, data: Object.fromEntries(data) };
}

/**
 * The part of a format that has one key of the Secret for each value.
 *
 * @param more as in {@link namedValues}
 */
export const keyForEach = (
  nameOf: SecretFormat['nameOf'],
  more: (client: PublishedClient) => Readonly<Record<string, string | undefined>> = () => ({}),
): Pick<SecretFormat, 'nameOf' | 'render' | 'clientIdIn'> => ({
  nameOf,
  render: (client, keys) => namedValues(client, keys, { nameOf }, more(client)),
  clientIdIn: (data, keys) => own(data, nameOfValue('client_id', keys, { nameOf })),
});
