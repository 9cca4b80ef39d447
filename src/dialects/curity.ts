import type { Preset } from './dialect.ts';
import { onAdmission } from './hints.ts';
import type { CallEffect } from './switches.ts';

const rotatesBoth: CallEffect = { supported: true, token: 'Rotates', secret: 'Rotates' };

/**
 * Curity Identity Server. Read in its documents, nothing observed.
 *
 * - GET and PUT each give a new token and a new secret, and the old ones die: a read is never used to look around.
 * - The token lives 365 days, told in `registration_access_token_expires_in`.
 * - The token that admits carries the scope `dcr` and serves once; one with `dcrm` manages every client.
 * - Clients made of a template are updated in another form. That DELETE is supported is documented; what a deleted
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
