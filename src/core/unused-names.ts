import { type PublishedClient, publishedValues, VALUE_NAMES } from '../formats/published-client.ts';
import { presentable } from '../oauth/error-response.ts';
import { own } from '../oauth/objects.ts';
import { cut, enumerated } from '../oauth/text.ts';

const MAX_UNUSED = 4;
const MAX_OFFERED = 20;

/**
 * Which entries of `spec.secret.keys` and `spec.secret.include` have no effect for this client, and which names would
 * have one; `''`: every entry has an effect. An entry that leaves out a value counts as effective if the client lacks
 * that value.
 *
 * @param keys `spec.secret.keys`
 */
export function unusedNames(client: PublishedClient, keys: Readonly<Record<string, string>>): string {
  const values = publishedValues(client);
  const { include = [], information, endpoints } = client;
  const hasValue = (name: string): boolean => own(values, name) !== undefined;
  const isKnown = (name: string): boolean => VALUE_NAMES.includes(name) || include.includes(name);
  const keysUnused = Object.entries(keys)
    .filter(([name, key]) => !(hasValue(name) || include.includes(name) || (key === '' && isKnown(name))))
    .map(([name]) => name);
  const included = include.filter((name) => !hasValue(name));
  const sentences = [
    keysUnused.length > 0 &&
      `spec.secret.keys has no effect for ${presented(keysUnused, MAX_UNUSED)}: this client has no value of that name. Its values are ${presented(Object.keys(values).filter(hasValue), MAX_OFFERED)}.`,
    included.length > 0 &&
      `spec.secret.include has no effect for ${presented(included, MAX_UNUSED)}: neither the server's answer nor its endpoints have a member of that name. Members of the answer are ${presented(Object.keys(information.metadata), MAX_OFFERED)}.${offered(Object.keys(endpoints.others ?? {}))}`,
  ];
  return sentences.filter((sentence) => sentence !== false).join(' ');
}

const offered = (endpoints: readonly string[]): string =>
  endpoints.length === 0 ? '' : ` Other endpoints are ${presented(endpoints, MAX_OFFERED)}.`;

function presented(names: readonly string[], most: number): string {
  const shown = names.map((name) => presentable(cut(name, 40), []));
  return shown.length === 0 ? 'none' : enumerated(shown, most);
}
