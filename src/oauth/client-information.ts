import { type Json, type JsonObject, parseJsonObject } from './json.ts';
import { scopeOfList } from './member-value.ts';
import { defined, omit } from './objects.ts';
import { Sensitive } from './sensitive.ts';
import { completeMembers } from './torn-json.ts';

/**
 * What a server answers about a client (RFC 7591 section 3.2.1, RFC 7592 section 3). It is read leniently: with a valid
 * `client_id`, no error in the other members may lose the client.
 */
export interface ClientInformation {
  readonly clientId: string;
  readonly clientSecret?: Sensitive;
  /** Seconds since the epoch; 0: it never expires. Absent where the answer doesn't say. */
  readonly clientSecretExpiresAt?: number;
  /** Seconds since the epoch, by the server's clock: when the client, or its latest credentials, were issued. */
  readonly clientIdIssuedAt?: number;
  readonly registrationAccessToken?: Sensitive;
  /** Seconds from the answer. Not in the RFC; some servers give it. */
  readonly registrationAccessTokenExpiresIn?: number;
  /** As returned, possibly relative. */
  readonly registrationClientUri?: string;
  /** Everything else, under its wire names. Holds no credential. */
  readonly metadata: JsonObject;
}

/** Members of an answer that are no metadata (RFC 7591 section 3.2.1, RFC 7592 section 3), by wire name. */
export const ANSWER_MEMBERS = {
  clientId: 'client_id',
  clientIdIssuedAt: 'client_id_issued_at',
  clientSecret: 'client_secret',
  clientSecretExpiresAt: 'client_secret_expires_at',
  registrationAccessToken: 'registration_access_token',
  registrationAccessTokenExpiresIn: 'registration_access_token_expires_in',
  registrationClientUri: 'registration_client_uri',
} as const;

const NO_METADATA: ReadonlySet<string> = new Set(Object.values(ANSWER_MEMBERS));

export const MAX_CLIENT_ID_LENGTH = 4096;

/** Reads the body of a 2xx answer. `undefined` where there is no JSON object with a usable `client_id` in it. */
export function parseClientInformation(body: Sensitive): ClientInformation | undefined {
  const document = parseJsonObject(body.reveal());
  const clientId = clientIdOf(body, document?.['client_id']);
  if (document === undefined || clientId === undefined || clientId.length > MAX_CLIENT_ID_LENGTH) {
    return undefined;
  }
  return { clientId, ...credentialsOf(document), metadata: metadataOf(document) };
}

/**
 * Reads the part of a 2xx answer that arrived before it was cut off. Only complete members count; of several with one
 * name, the last. `metadata` may lack what was to come. `undefined` where no usable `client_id` had arrived.
 */
export function salvageClientInformation(prefix: Sensitive): ClientInformation | undefined {
  const members = completeMembers(prefix.reveal());
  return parseClientInformation(new Sensitive(`{${members.join(',')}}`));
}

/** A blank one names no client. A number that JavaScript can't hold exactly is read again, digit by digit: some servers number their clients. */
function clientIdOf(body: Sensitive, value: Json | undefined): string | undefined {
  if (typeof value !== 'number' || Number.isSafeInteger(value)) {
    const id = unlessEmpty(value);
    return id?.trim() === '' ? undefined : id;
  }
  let digits: string | undefined;
  try {
    JSON.parse(
      body.reveal(),
      function (this: unknown, name: string, member: unknown, context?: { readonly source?: string }) {
        digits = name === 'client_id' && member === value ? context?.source : digits;
        return member;
      },
    );
  } catch {
    // The answer nests too deep to be read again, and a rounded number is better than none.
  }
  return digits ?? unlessEmpty(value);
}

function credentialsOf(document: JsonObject): Omit<ClientInformation, 'clientId' | 'metadata'> {
  return defined({
    clientSecret: sensitive(document[ANSWER_MEMBERS.clientSecret]),
    clientSecretExpiresAt: secondsOf(document[ANSWER_MEMBERS.clientSecretExpiresAt]),
    clientIdIssuedAt: secondsOf(document[ANSWER_MEMBERS.clientIdIssuedAt]),
    registrationAccessToken: sensitive(document[ANSWER_MEMBERS.registrationAccessToken]),
    registrationAccessTokenExpiresIn: positive(document[ANSWER_MEMBERS.registrationAccessTokenExpiresIn]),
    registrationClientUri: unlessEmpty(document[ANSWER_MEMBERS.registrationClientUri]),
  });
}

/** Of an answer with more members, the first ones are metadata: everything that looks at members takes time for each. */
export const MOST_ANSWER_MEMBERS = 1_000;

function metadataOf(document: JsonObject): JsonObject {
  const names = Object.keys(document)
    .slice(0, MOST_ANSWER_MEMBERS)
    .filter((name) => !NO_METADATA.has(name));
  const members = names.map((name) => [name, document[name] ?? null] as const);
  return Object.fromEntries([...members, ...scopeMember(document)]);
}

/** `scope` from `scopes`, for servers that answer only the list. */
function scopeMember({ scope, scopes }: JsonObject): readonly (readonly ['scope', string])[] {
  const isUnset = scope === undefined || scope === null || scope === '';
  const words = scopeOfList(scopes);
  return isUnset && words ? [['scope', words]] : [];
}

/** A non-empty string; `""` and `null` mean unset, a number is taken as its digits. */
function unlessEmpty(value: Json | undefined): string | undefined {
  if (typeof value === 'number') {
    return String(value);
  }
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function sensitive(value: Json | undefined): Sensitive | undefined {
  const content = unlessEmpty(value);
  return content === undefined ? undefined : new Sensitive(content);
}

/** From here on, a time counts milliseconds: as seconds, it would be in the year 33658. */
const LEAST_OF_MILLISECONDS = 1e12;

/**
 * A time as whole seconds since the epoch (RFC 7591 section 3.2.1). Some servers count milliseconds, or write the time as
 * RFC 3339.
 */
function secondsOf(value: Json | undefined): number | undefined {
  const isText = typeof value === 'string' && /^\d{4}-\d\d-\d\d/.test(value);
  const time = isText ? Date.parse(value) : numberOf(value);
  if (time === undefined || Number.isNaN(time)) {
    return undefined;
  }
  return isText || time >= LEAST_OF_MILLISECONDS ? Math.floor(time / 1000) : time;
}

/** A number above zero, also where it is written as a string. */
const positive = (value: Json | undefined): number | undefined => numberOf(value) || undefined;

function numberOf(value: Json | undefined): number | undefined {
  const number = Number(unlessEmpty(value) ?? Number.NaN);
  return Number.isFinite(number) && number >= 0 ? number : undefined;
}

/**
 * Merges a later answer into the stored one. A server may leave out the token, the URI and the secret; the stored
 * values then stay valid (RFC 7592 section 3 lets it rotate any of them).
 */
export function mergeClientInformation(
  stored: ClientInformation,
  answer: ClientInformation,
): ClientInformation {
  const secretIsNew = answer.clientSecret !== undefined && !answer.clientSecret.equals(stored.clientSecret);
  const kept = omit(stored, 'registrationAccessTokenExpiresIn', 'clientIdIssuedAt');
  return {
    ...(secretIsNew ? omit(kept, 'clientSecretExpiresAt') : kept),
    ...answer,
    clientId: stored.clientId,
  };
}
