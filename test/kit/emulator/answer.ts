import { createHash } from 'node:crypto';
import type { AnswerRules, JsonObject, Read } from './behaviour.ts';
import { type ClientRecord, type ServerState, usesSecret, words } from './server-state.ts';

/** What an answer about a client carries besides its metadata. */
export type Carries = Pick<Read, 'token' | 'secret' | 'uri' | 'issuedAt'>;

export const AT_REGISTRATION: Carries = { token: 'same', secret: 'same', uri: true, issuedAt: true };

/** Client information as this server writes it (RFC 7591 section 3.2.1, RFC 7592 section 3). */
export function present(state: ServerState, record: ClientRecord, carries: Carries): JsonObject {
  const { answer } = state.behaviour;
  return {
    ...structuredClone(answer.base),
    ...record.generated,
    ...metadataIn(state, record.metadata),
    ...scopeIn(answer.scope, record.metadata['scope']),
    client_id: record.id,
    ...(answer.issuedAt && carries.issuedAt ? { client_id_issued_at: record.issuedAt } : {}),
    ...secretIn(answer, record, carries),
    ...tokenIn(answer, record, carries),
    ...(carries.uri ? configurationUriIn(state, record) : {}),
  };
}

function metadataIn({ behaviour }: ServerState, { scope: _scope, ...metadata }: JsonObject): JsonObject {
  const { answer, metadata: rules } = behaviour;
  const echoed = Object.entries(metadata)
    .filter(([name]) => answer.echo === 'all' || answer.echo.includes(name))
    .map(([name, value]) => {
      const asText = name === 'jwks' && rules.jwksForm === 'string';
      const asOne = name === 'redirect_uris' && answer.redirectUris === 'string';
      return [name, asText ? JSON.stringify(value) : asOne ? String(value) : value];
    });
  return Object.fromEntries(echoed) as JsonObject;
}

function scopeIn(form: AnswerRules['scope'], scope: unknown): JsonObject {
  if (scope === undefined) {
    return {};
  }
  return {
    ...(form === 'scopes' ? {} : { scope }),
    ...(form === 'scope' ? {} : { scopes: words(scope) }),
  };
}

function secretIn(answer: AnswerRules, record: ClientRecord, { secret }: Carries): JsonObject {
  const used = usesSecret(record.metadata) || answer.unusedSecret === 'shown';
  const shown = record.secret !== undefined && used && secret !== 'absent';
  const value = secret === 'encoded' ? encoded(record.secret ?? '') : record.secret;
  const expiry =
    answer.secretExpiry === 'always' || (answer.secretExpiry === 'besideSecret' && shown)
      ? { client_secret_expires_at: record.secretExpiresAt }
      : {};
  return { ...(shown ? { client_secret: value } : {}), ...expiry };
}

/** Looks like bcrypt; all that matters is that it isn't the secret. */
const encoded = (secret: string) =>
  `{bcrypt}$2a$10$${createHash('sha256').update(secret).digest('base64url')}`;

function tokenIn({ tokenExpiresIn }: AnswerRules, record: ClientRecord, { token }: Carries): JsonObject {
  if (token === 'absent' || record.token === undefined) {
    return {};
  }
  const lifetime = record.tokenExpiresAt - record.issuedAt;
  const expiresIn = {
    absent: undefined,
    number: lifetime,
    string: String(lifetime),
  };
  const value = typeof tokenExpiresIn === 'string' ? expiresIn[tokenExpiresIn] : tokenExpiresIn.constant;
  return {
    registration_access_token: record.token,
    ...(value === undefined ? {} : { registration_access_token_expires_in: value }),
  };
}

function configurationUriIn(state: ServerState, { id, token }: ClientRecord): JsonObject {
  const { configurationUri: form } = state.behaviour.answer;
  return form === 'absent' || token === undefined
    ? {}
    : { registration_client_uri: configurationUri(state, id, form) };
}

function configurationUri(
  { origin, behaviour }: ServerState,
  id: string,
  form: Exclude<AnswerRules['configurationUri'], 'absent'>,
): string {
  const { registration, issuer } = behaviour.paths;
  const encodedId = encodeURIComponent(id);
  const below = { path: `/${encodedId}`, query: `?client_id=${encodedId}` };
  const realm = /\/realms\/.*$/.exec(issuer)?.[0] ?? issuer;
  switch (form) {
    case 'path':
      return origin + registration + below.path;
    case 'query':
      return origin + registration + below.query;
    case 'relative':
      return registration + below.path;
    case 'relativeQuery':
      return registration + below.query;
    case 'otherOrigin':
      return origin.replace('127.0.0.1', 'localhost') + registration + below[behaviour.management.form];
    case 'lostRealm':
      return origin + registration.replace(realm, '') + below[behaviour.management.form];
  }
}

/** Where the client is managed in truth, whatever the server says. */
export const trueConfigurationUri = (state: ServerState, id: string): string =>
  configurationUri(state, id, state.behaviour.management.form);
