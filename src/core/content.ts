import type { Secret } from '../api/kubernetes.ts';
import type { Dialect } from '../dialects/dialect.ts';
import { effectiveDialect } from '../dialects/presets.ts';
import { rfc7591 } from '../dialects/rfc7591.ts';
import type { ClientInformation } from '../oauth/client-information.ts';
import type { Endpoints } from '../oauth/discovery.ts';
import { isJsonObject, isSameJson, type Json, type JsonObject, parseJsonObject } from '../oauth/json.ts';
import { defined } from '../oauth/objects.ts';
import { Sensitive } from '../oauth/sensitive.ts';
import type { GeneratedKey } from '../oauth/signing-key.ts';
import { cut } from '../oauth/text.ts';

/** The secret part of a client's record: everything needed to manage the client, even without its server object. */
export interface RegistrationContent {
  /** `registrationClientUri` is absolute here. */
  readonly information: ClientInformation;
  /** Absent where `registrationClientUri` itself worked, or no other address of its origin did. */
  readonly addresses?: ClientAddresses;
  /** The document that was sent last. A software statement is represented by its claims. */
  readonly sent: JsonObject;
  /** The origin of the registration endpoint, which issued the token. */
  readonly registrationEndpoint: string;
  /** Further origins that the token may be sent to. */
  readonly allowedOrigins: readonly string[];
  /**
   * The endpoints at the time of the registration, so that the Secret can be rendered after the server object is gone.
   */
  readonly endpoints: Endpoints;
  /** The dialect at the last answered call. */
  readonly dialect: Dialect;
  /** CA bundle (PEM) that verifies the server's certificate, where no public CA does. */
  readonly ca?: string;
  /** Keys that the operator made, the one in use first. */
  readonly keys: readonly StoredKey[];
}

/** What is known of addresses of a client besides the one that the last answer brought. */
export interface ClientAddresses {
  /** A call at this address succeeded, before an answer brought `registrationClientUri`, which no call proved yet. */
  readonly proven?: string;
  /** The server answers this address, and it does not work: it is not believed again. */
  readonly broken?: string;
}

/** A key pair for private_key_jwt. */
export type StoredKey = GeneratedKey & {
  /** RFC 3339. */
  readonly createdAt: string;
};

const KEYS = {
  clientId: 'client_id',
  clientSecret: 'client_secret',
  clientSecretExpiresAt: 'client_secret_expires_at',
  registrationAccessToken: 'registration_access_token',
  registrationClientUri: 'registration_client_uri',
  registered: 'registered.json',
  sent: 'sent.json',
  server: 'server.json',
  keys: 'keys.json',
} as const;

/** All keys of the data. */
export const CONTENT_KEYS: readonly string[] = Object.values(KEYS);

/** Keys of the data that isn't needed to find and manage a client. */
export const DOCUMENT_KEYS: readonly string[] = [KEYS.registered, KEYS.sent];

/** No person looks for a longer name. */
const LONGEST_NAME = 100;

/** The `client_name` of a document, cut after 100 characters. `undefined`: it has none. */
export function displayNameOf({ client_name: name }: JsonObject): string | undefined {
  return typeof name === 'string' && name !== '' ? cut(name, LONGEST_NAME) : undefined;
}

/** The data of a registration Secret. */
export function encodeContent(content: RegistrationContent): Record<string, string> {
  const { information, addresses, sent, keys, registrationEndpoint, allowedOrigins, endpoints, dialect, ca } =
    content;
  const departures = departuresOf(dialect);
  const server = { registrationEndpoint, allowedOrigins, endpoints, dialect: departures, ca, addresses };
  const entries = {
    [KEYS.clientId]: information.clientId,
    [KEYS.clientSecret]: information.clientSecret?.reveal(),
    [KEYS.clientSecretExpiresAt]: information.clientSecretExpiresAt?.toString(),
    [KEYS.registrationAccessToken]: information.registrationAccessToken?.reveal(),
    [KEYS.registrationClientUri]: information.registrationClientUri,
    [KEYS.registered]: JSON.stringify(information.metadata),
    [KEYS.sent]: JSON.stringify(sent),
    [KEYS.server]: JSON.stringify(server),
    [KEYS.keys]: keys.length === 0 ? undefined : JSON.stringify(keys.map(revealed)),
  };
  return Object.fromEntries(
    Object.entries(entries).flatMap(([key, value]) => (value === undefined ? [] : [[key, base64(value)]])),
  );
}

/**
 * The switches that differ from the RFCs. Only these are stored: most dialects have few, and there may be many Secrets.
 */
function departuresOf(dialect: Dialect): Partial<Dialect> {
  return Object.fromEntries(
    Object.entries(dialect).filter(([name, value]) => !isSameJson(value, rfc7591[name as keyof Dialect])),
  );
}

const revealed = ({ privateJwk, privatePem, ...key }: StoredKey) => ({
  ...key,
  privateJwk: privateJwk.reveal(),
  privatePem: privatePem.reveal(),
});

function keysOf(text: string | undefined): readonly StoredKey[] {
  const keys = parseJsonObject(`{"keys":${text ?? '[]'}}`)?.['keys'];
  return (Array.isArray(keys) ? keys : []).flatMap((key: Json) => {
    if (
      !isJsonObject(key) ||
      typeof key['privateJwk'] !== 'string' ||
      typeof key['privatePem'] !== 'string'
    ) {
      return [];
    }
    const [privateJwk, privatePem] = [new Sensitive(key['privateJwk']), new Sensitive(key['privatePem'])];
    return [{ ...(key as unknown as StoredKey), privateJwk, privatePem }];
  });
}

/** Reads the data of a registration Secret. `undefined` where it was damaged by hand. */
export function toContent(secret: Secret): RegistrationContent | undefined {
  const value = (key: string) => fromBase64(secret.data?.[key]) || undefined;
  const clientId = value(KEYS.clientId);
  const server = parseJsonObject(value(KEYS.server) ?? '') ?? {};
  const { registrationEndpoint, allowedOrigins: origins } = server;
  if (!clientId || typeof registrationEndpoint !== 'string' || !URL.canParse(registrationEndpoint)) {
    return undefined;
  }
  return {
    information: {
      clientId,
      ...defined({
        clientSecret: sensitive(value(KEYS.clientSecret)),
        registrationAccessToken: sensitive(value(KEYS.registrationAccessToken)),
        registrationClientUri: value(KEYS.registrationClientUri),
        clientSecretExpiresAt: seconds(value(KEYS.clientSecretExpiresAt)),
      }),
      metadata: parseJsonObject(value(KEYS.registered) ?? '') ?? {},
    },
    sent: parseJsonObject(value(KEYS.sent) ?? '') ?? {},
    registrationEndpoint,
    allowedOrigins: Array.isArray(origins) ? origins.filter((origin) => typeof origin === 'string') : [],
    endpoints: isJsonObject(server['endpoints']) ? (server['endpoints'] as Endpoints) : {},
    dialect: effectiveDialect(
      'rfc7591',
      isJsonObject(server['dialect']) ? (server['dialect'] as Partial<Dialect>) : {},
    ),
    ...defined({
      ca: typeof server['ca'] === 'string' ? server['ca'] : undefined,
      addresses: isJsonObject(server['addresses']) ? (server['addresses'] as ClientAddresses) : undefined,
    }),
    keys: keysOf(value(KEYS.keys)),
  };
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');

const fromBase64 = (text: string | undefined): string | undefined =>
  text === undefined ? undefined : Buffer.from(text, 'base64').toString();

const seconds = (text: string | undefined): number | undefined =>
  text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;

const sensitive = (value: string | undefined): Sensitive | undefined =>
  value === undefined ? undefined : new Sensitive(value);
