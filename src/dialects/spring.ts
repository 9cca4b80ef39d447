import type { Preset } from './dialect.ts';
import { readOnly } from './effects.ts';
import { firstOf, isMetadataRefusal, onAdmission } from './hints.ts';

/**
 * Spring Authorization Server 1.5 and Spring Security 7, the OpenID form (`/connect/register`). Read in its source,
 * nothing observed. The OAuth form (`/oauth2/register`) answers neither token nor URI.
 *
 * - The admission token has exactly the scope `client.create` and works once.
 * - The newest patches refuse any `scope` with invalid_scope. Older ones register it, so it isn't withheld.
 * - The registration access token lives 5 minutes and permits only reads. GET returns the secret encoded, so that value
 *   is never used.
 * - Keys are accepted only as `jwks_uri`.
 */
export const spring: Preset = {
  departures: {
    ...readOnly,
    lifetimes: { registrationAccessToken: '5m' },
  },
  hint: firstOf(
    onAdmission(
      'Spring wants an access token with exactly the scope client.create, good for one registration: set spec.registration.admission.clientCredentials of the server object with scopes [client.create] and reuse Never.',
    ),
    ({ status, error }, sent) =>
      isMetadataRefusal(status) && error === 'invalid_scope' && Object.hasOwn(sent, 'scope')
        ? 'Newer patches of Spring refuse any scope at registration: remove spec.client.scopes, and let the server give scopes to the clients that it registers.'
        : undefined,
    ({ status }, sent) =>
      status === 400 &&
      sent['token_endpoint_auth_method'] === 'private_key_jwt' &&
      !Object.hasOwn(sent, 'jwks_uri')
        ? 'Spring takes the keys of a private_key_jwt client by address: set spec.client.jwksUri.'
        : undefined,
  ),
};
