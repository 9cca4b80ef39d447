import type { Preset } from './dialect.ts';
import { onAdmission } from './hints.ts';
import type { CallEffect } from './switches.ts';

const rotatesBoth: CallEffect = { supported: true, token: 'Rotates', secret: 'Rotates' };

/**
 * Curity Identity Server. Read in its documents, nothing observed.
 *
 * - GET and PUT each give a new token and a new secret and invalidate the old ones, so a read is never sent only to
 *   check.
 * - The token lives 365 days, given in `registration_access_token_expires_in`.
 * - The admission token has the scope `dcr` and works once; a token with `dcrm` manages every client.
 * - Clients made from a template are updated in another form. That DELETE is supported is documented; what a deleted
 *   client answers isn't.
 */
export const curity: Preset = {
  departures: {
    readEffect: rotatesBoth,
    updateEffect: rotatesBoth,
    secretOnRead: 'Trust',
    lifetimes: { registrationAccessToken: '8760h' },
  },
  hint: onAdmission(
    'Curity wants an access token with the scope dcr, good for one registration: set spec.registration.admission.clientCredentials of the server object with scopes [dcr] and reuse Never.',
  ),
};
