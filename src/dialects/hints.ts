import type { Json, JsonObject } from '../oauth/json.ts';
import { cut } from '../oauth/text.ts';
import type { Hint } from './dialect.ts';

/** Building blocks of hints. A hint is advice: it says what probably helps, and never replaces the server's words. */

/** The first of several hints that gives advice. */
export function firstOf(...hints: readonly Hint[]): Hint {
  return (refusal, sent) => {
    for (const hint of hints) {
      const advice = hint(refusal, sent);
      if (advice !== undefined) {
        return advice;
      }
    }
    return undefined;
  };
}

/** Advice about the token or the server's settings, where a registration was refused with one of `statuses`. */
export function onRegistration(statuses: readonly number[], advice: string): Hint {
  return ({ status }, sent) => (statuses.includes(status) && isRegistration(sent) ? advice : undefined);
}

/** Advice for a token that the registration endpoint refused. */
export const onAdmission = (advice: string): Hint => onRegistration([401, 403], advice);

/** The server registers no client_credentials clients at all. */
export function noClientCredentials(why: string): Hint {
  return ({ status }, sent) =>
    isMetadataRefusal(status) && asksForClientCredentials(sent)
      ? `${why}: remove client_credentials from spec.client.grantTypes, or let another server register this client.`
      : undefined;
}

/** The server wants at least one redirect URI, whatever the grant. */
export function needsRedirectUris(server: string): Hint {
  return ({ status }, sent) =>
    isMetadataRefusal(status) && isEmptyList(sent['redirect_uris'] ?? [])
      ? `${server} registers no client without a redirect URI: set spec.client.redirectUris.`
      : undefined;
}

/**
 * Advice for an unknown server: no single body for client_credentials suits all servers. It fits a refusal of what such
 * a client has besides the grant, or one of the metadata without words; not one of the grant itself.
 */
export const clientCredentialsAnywhere: Hint = ({ status, error = '', description = '' }, sent) => {
  const isAboutUris = /redirect|response.?type/i.test(`${error} ${description}`);
  const isWordless = error === 'invalid_client_metadata' && description === '';
  return isMetadataRefusal(status) && asksForClientCredentials(sent) && (isAboutUris || isWordless)
    ? 'Servers differ in what a client_credentials client must carry: try spec.client.responseTypes and redirectUris as empty lists, or leave both out, or give one redirect URI and responseTypes [token].'
    : undefined;
};

/**
 * Whether a body is a registration. An update names its client in the body (RFC 7592 section 2.2) and doesn't use the
 * admission token.
 */
export const isRegistration = (sent: JsonObject): boolean => !Object.hasOwn(sent, 'client_id');

/** The statuses that refuse the metadata (RFC 7591 section 3.2.2) or the client. */
export const isMetadataRefusal = (status: number): boolean => status === 400 || status === 403;

export function asksForClientCredentials(sent: JsonObject): boolean {
  const grants = sent['grant_types'];
  return Array.isArray(grants) && grants.includes('client_credentials');
}

export const isEmptyList = (value: Json | undefined): boolean => Array.isArray(value) && value.length === 0;

const MAX_NAMES = 10;
const MAX_NAME_LENGTH = 64;

/** A bounded number of names as text for people. */
export function listed(names: readonly string[]): string {
  const shown = names.slice(0, MAX_NAMES).map((name) => cut(name, MAX_NAME_LENGTH));
  return names.length > MAX_NAMES ? `${shown.join(', ')} and others` : shown.join(', ');
}
