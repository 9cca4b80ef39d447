import type { Preset } from './dialect.ts';
import { unmanaged } from './effects.ts';
import { firstOf, needsRedirectUris, noClientCredentials, onRegistration } from './hints.ts';

/**
 * Cloudflare's workers-oauth-provider. Observed; how it treats each member is read in its source.
 *
 * - No token, no URI: a GET beside the registration endpoint even reaches the application behind it.
 * - Every client ends after 90 days, public ones too, whose answers don't say so.
 * - `scope`, `software_id` and `software_version` aren't kept. Bodies above 1 MiB are refused; 501 means switched off.
 */
export const cloudflare: Preset = {
  departures: {
    ...unmanaged,
    membersNotSent: ['scope', 'software_id', 'software_version'],
    lifetimes: { client: '2160h' },
  },
  hint: firstOf(
    onRegistration(
      [501],
      'The worker has dynamic client registration switched off: give it a clientRegistrationEndpoint.',
    ),
    noClientCredentials('The worker registers no client_credentials clients'),
    needsRedirectUris('The worker'),
  ),
};
