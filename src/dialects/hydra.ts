import type { Preset } from './dialect.ts';
import { rotatesToken } from './effects.ts';
import { firstOf, listed, onRegistration } from './hints.ts';

/**
 * Ory Hydra 2.3, from its source code; much was also observed.
 *
 * - Unknown members are ignored, language tags among them; those left to its administrators (`metadata` …) are
 *   refused with 400.
 * - `software_id`, `software_version`, `default_acr_values`, `default_max_age`, `require_auth_time`,
 *   `initiate_login_uri` and `id_token_signed_response_alg` are dropped silently, so they aren't sent and status
 *   reports that. `application_type` is dropped too, but is sent, since newer protocols on top require it.
 * - A client that authenticates with a key gets a secret nevertheless. Assertions must be signed by
 *   `token_endpoint_auth_signing_alg`, RS256 where none is registered, for the token endpoint as audience.
 * - Redirect URIs and grant types are registered with any value.
 * - PUT replaces and gives only a new token; a `client_secret` in it is refused with 403.
 * - GET gives neither token, URI nor secret.
 * - A deleted client answers 401, as a wrong token does. A 404 means that dynamic registration was switched off; the
 *   client still exists.
 */
export const hydra: Preset = {
  departures: {
    languageTags: 'Omit',
    membersNotSent: [
      'software_id',
      'software_version',
      'default_acr_values',
      'default_max_age',
      'require_auth_time',
      'initiate_login_uri',
      'id_token_signed_response_alg',
    ],
    updateEffect: rotatesToken,
    goneStatuses: [401],
  },
  hint: firstOf(
    onRegistration(
      [404],
      'Hydra answers 404 while dynamic registration is off: set oidc.dynamic_client_registration.enabled in its configuration.',
    ),
    ({ status }, sent) => {
      const reserved = RESERVED.filter((member) => Object.hasOwn(sent, member));
      return status === 400 && reserved.length > 0
        ? `Hydra leaves ${listed(reserved)} to its administrators: remove it from spec.client.additionalMetadata.`
        : undefined;
    },
  ),
};

const RESERVED = [
  'metadata',
  'access_token_strategy',
  'skip_consent',
  'skip_logout_consent',
  'client_secret',
];
