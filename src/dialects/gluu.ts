import type { Preset } from './dialect.ts';

/**
 * Janssen and Gluu. Read in the source and documents, except what is marked as recalled; nothing observed.
 *
 * - A `client_secret_expires_at` above 0 is the end of the whole client, not of its secret.
 * - Two flags, both off by default: every use of the token renews it, a read answers the secret. Where the first is on,
 *   set `readEffect.token` and `updateEffect.token` to `Rotates` in `spec.dialectOverrides`.
 * - PUT changes only the members that it contains (recalled).
 * - A deleted client answers 401. Old Gluu answers a registration with 200.
 */
export const gluu: Preset = {
  departures: {
    goneStatuses: [401],
  },
};
