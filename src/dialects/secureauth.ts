import type { Preset } from './dialect.ts';
import { rotatesToken } from './effects.ts';
import { firstOf, onAdmission } from './hints.ts';

/**
 * SecureAuth (Cloudentity). Read in its documents and in its client library's models, nothing observed.
 *
 * - `scope` and `scopes` are both in its model; its samples answer the list alone. Sent as both.
 * - GET and PUT both give a new token, and the old one becomes invalid at once; the secret stays and is returned
 *   unchanged.
 * - The token lives 30 days by default. Its samples have a much larger `registration_access_token_expires_in`, so the
 *   documented time caps it. Where the administrator shortened it, set `lifetimes.registrationAccessToken`.
 * - Its samples answer no `registration_client_uri`; the client id goes into the path.
 * - The admission token becomes invalid with the registration that used it.
 * - Not established: what an update does to members left out, what a deleted client answers.
 */
export const secureauth: Preset = {
  departures: {
    scopeEncoding: 'Both',
    readEffect: rotatesToken,
    updateEffect: rotatesToken,
    secretOnRead: 'Trust',
    configurationUrl: '{registration_endpoint}/{client_id}',
    lifetimes: { registrationAccessToken: '720h' },
  },
  hint: firstOf(
    onAdmission(
      'SecureAuth wants an access token with the scope dcr_register, good for one registration: set spec.registration.admission.clientCredentials of the server object with scopes [dcr_register] and reuse Never.',
    ),
    ({ status, description = '' }, sent) =>
      status === 400 && /software.statement/i.test(description) && !Object.hasOwn(sent, 'software_statement')
        ? 'The workspace is protected by software statement: set spec.registration.softwareStatement of the server object.'
        : undefined,
  ),
};
