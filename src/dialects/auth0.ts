import type { Preset } from './dialect.ts';
import { unmanaged } from './effects.ts';
import { firstOf, needsRedirectUris, noClientCredentials, onRegistration } from './hints.ts';

/**
 * Auth0. Read in its documents, nothing observed: open registration where the tenant allows it, six members in the
 * answer, no token, no URI, nothing expires. Only authorization_code and refresh_token, as third-party applications.
 * How it treats other members isn't established.
 */
export const auth0: Preset = {
  departures: unmanaged,
  hint: firstOf(
    noClientCredentials('Auth0 registers only authorization_code and refresh_token dynamically'),
    onRegistration(
      [403, 404],
      'Auth0 registers clients only where the tenant allows it: switch on Dynamic Client Registration in Settings > Advanced.',
    ),
    needsRedirectUris('Auth0'),
  ),
};
