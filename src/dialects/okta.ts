import type { Preset } from './dialect.ts';
import { asksForClientCredentials, firstOf, isMetadataRefusal, onAdmission } from './hints.ts';

/**
 * Okta. Read in its API reference, nothing observed.
 *
 * - Answers neither token nor URI: clients are managed at `/oauth2/v1/clients/{client_id}` with an administrator's
 *   token (`spec.management.credential` of the server object).
 * - PUT replaces, takes no partial update, and refuses `client_secret_expires_at` and `client_id_issued_at`; the
 *   secret may be left out.
 * - `application_type` has values of its own: web, native, browser, service. Unset URIs come back as `null`.
 * - A deleted client answers 404 (recalled). Whether a read returns the secret isn't established.
 */
export const okta: Preset = {
  departures: {
    configurationUrl: '{registration_endpoint}/{client_id}',
    goneStatuses: [404],
  },
  hint: firstOf(
    onAdmission(
      'Okta wants an access token with the scope okta.clients.manage: set spec.registration.admission.clientCredentials.scopes of the server object.',
    ),
    ({ status }, sent) =>
      isMetadataRefusal(status) && asksForClientCredentials(sent) && sent['application_type'] !== 'service'
        ? 'Okta registers client_credentials for service applications: set spec.client.applicationType to service and responseTypes to [token].'
        : undefined,
  ),
};
