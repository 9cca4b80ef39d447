import type { Preset } from './dialect.ts';
import { unmanaged } from './effects.ts';
import { firstOf, needsRedirectUris, noClientCredentials, onRegistration } from './hints.ts';

/**
 * authentik 2026.8. Read in its source and documents, nothing observed.
 *
 * - One endpoint for each application; no token, no URI, nothing to manage.
 * - Reads `redirect_uris`, `client_name`, `grant_types` and `token_endpoint_auth_method`. Other members of RFC 7591
 *   aren't sent, so that status can say so. Grants and methods that it doesn't allow are replaced silently.
 */
export const authentik: Preset = {
  departures: {
    ...unmanaged,
    languageTags: 'Omit',
    membersNotSent: [
      'client_uri',
      'logo_uri',
      'tos_uri',
      'policy_uri',
      'contacts',
      'scope',
      'jwks',
      'jwks_uri',
      'software_id',
      'software_version',
    ],
  },
  hint: firstOf(
    onRegistration(
      [401],
      'authentik wants an access token with the scope goauthentik.io/oidc/dcr: set spec.registration.admission.clientCredentials.scopes of the server object.',
    ),
    onRegistration(
      [403],
      'The policies bound to the application in authentik refuse the user of the token: bind that user, or give the token to one who is bound.',
    ),
    onRegistration(
      [404],
      'authentik registers clients only where dynamic client registration is enabled for the provider of that application: enable it, and set spec.registration.endpoint to the address of the application.',
    ),
    noClientCredentials('authentik registers no client_credentials clients dynamically'),
    needsRedirectUris('authentik'),
  ),
};
