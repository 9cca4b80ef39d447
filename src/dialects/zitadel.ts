import type { Preset } from './dialect.ts';
import { rotatesToken } from './effects.ts';
import { firstOf, needsRedirectUris, noClientCredentials, onRegistration } from './hints.ts';

/**
 * ZITADEL 2026. Read in its source, nothing observed.
 *
 * - Reads eight members and ignores the rest; members of RFC 7591 that it ignores aren't sent, so that status can
 *   report them. `jwks`, `jwks_uri`, private_key_jwt and client_credentials are refused; they are sent, and status
 *   reports the refusal.
 * - PUT replaces and gives a new token; GET gives the URI alone, and for a moment after a write it may be stale.
 * - A wrong token is 401, a deleted client 404; so is every call while registration is off in the security settings.
 */
export const zitadel: Preset = {
  departures: {
    languageTags: 'Omit',
    membersNotSent: [
      'client_uri',
      'logo_uri',
      'tos_uri',
      'policy_uri',
      'contacts',
      'scope',
      'software_id',
      'software_version',
    ],
    updateEffect: rotatesToken,
    goneStatuses: [404],
  },
  hint: firstOf(
    onRegistration(
      [404],
      'ZITADEL answers 404 while dynamic client registration is off: enable it in the security settings of the instance.',
    ),
    noClientCredentials('ZITADEL registers no client_credentials clients dynamically'),
    ({ status }, sent) =>
      status === 400 &&
      (Object.hasOwn(sent, 'jwks') ||
        Object.hasOwn(sent, 'jwks_uri') ||
        sent['token_endpoint_auth_method'] === 'private_key_jwt')
        ? 'ZITADEL takes no keys at dynamic registration: use client_secret_basic, client_secret_post or none as spec.client.tokenEndpointAuthMethod, without spec.credential.generatedKey, jwks and jwksUri.'
        : undefined,
    needsRedirectUris('ZITADEL'),
  ),
};
