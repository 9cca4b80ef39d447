import type { Preset } from './dialect.ts';
import { unmanaged } from './effects.ts';
import { firstOf, noClientCredentials, onRegistration } from './hints.ts';

/**
 * Scalekit. Read in its documents, nothing observed: open registration where one of its servers has it switched on,
 * listed only in the RFC 8414 document of that resource; public clients without a secret, nothing to manage.
 */
export const scalekit: Preset = {
  departures: unmanaged,
  hint: firstOf(
    noClientCredentials(
      'Scalekit registers public clients, which have no secret and so no use of client_credentials',
    ),
    onRegistration(
      [403, 404],
      'Scalekit registers clients only where dynamic client registration is switched on for that server: switch it on.',
    ),
  ),
};
