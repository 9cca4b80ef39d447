import { memberOf } from '../oauth/client-metadata.ts';
import type { JsonObject } from '../oauth/json.ts';
import { parseJsonObject } from '../oauth/json.ts';
import { defined, own } from '../oauth/objects.ts';
import { ACCOUNT_TOKEN_NAMES } from './account-token.ts';
import type { SecretFormat } from './format.ts';
import { namedValues } from './named-values.ts';
import { type PublishedClient, publishedValues } from './published-client.ts';

const FILE = 'client_information.json';

/** What is no member of a client has a key of its own in the Secret: its keys, and how it uses tokens of its ServiceAccount. */
const KEYS: readonly string[] = ['private_key.pem', 'private_key.jwk', 'kid', ...ACCOUNT_TOKEN_NAMES];

const nameOf = (wireName: string): string => (KEYS.includes(wireName) ? wireName : '');

/** The members that RFCs define, and those that `include` names: other members of an answer are nobody's business. */
function membersOf({ information: { metadata }, sent, include = [] }: PublishedClient): JsonObject {
  const isKnown = (name: string) =>
    name === 'scope' || memberOf(name) !== undefined || include.includes(name);
  const isSilent = Object.keys(sent).every((member) => !Object.hasOwn(metadata, member));
  const said = isSilent ? { ...sent, ...metadata } : metadata;
  return Object.fromEntries(Object.entries(said).filter(([name]) => isKnown(name)));
}

/**
 * One file with the client as RFC 7591 section 3.2.1 has it, without the means to manage it. SDKs of the Model Context
 * Protocol read a client that they did not register themselves in this form.
 */
export const clientInformationFormat = {
  name: 'ClientInformation',
  about: `one file, \`${FILE}\`, with the client as RFC 7591 has it, which MCP clients read`,
  secretType: 'Opaque',
  nameOf,
  render(client, keys) {
    const named = namedValues(client, keys, { nameOf });
    if (!named.ok) {
      return named;
    }
    const { clientId, clientSecretExpiresAt, clientIdIssuedAt } = client.information;
    const secret = publishedValues(client)['client_secret'];
    const information = defined({
      client_id: clientId,
      client_id_issued_at: clientIdIssuedAt,
      client_secret: secret,
      client_secret_expires_at: secret === undefined ? undefined : (clientSecretExpiresAt ?? 0),
    });
    const text = JSON.stringify({ ...membersOf(client), ...information }, null, 2);
    return { ok: true, data: { ...named.data, [FILE]: `${text}\n` } };
  },
  clientIdIn: (data) => {
    const value = own(parseJsonObject(data[FILE] ?? '') ?? {}, 'client_id');
    return typeof value === 'string' ? value : undefined;
  },
} as const satisfies SecretFormat;
