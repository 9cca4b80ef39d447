import { memberOf } from '../oauth/client-metadata.ts';
import type { Preset } from './dialect.ts';
import { firstOf, isRegistration, listed, onAdmission, onRegistration } from './hints.ts';

/**
 * PingFederate. Read in its documents, nothing observed.
 *
 * - Registers only; from 11.2 on it also manages, where its administrator allows that. Then two switches, both off by
 *   default, make each managing call rotate the token and the secret. Where they are on, set `readEffect` and
 *   `updateEffect` to `Rotates` and `secretOnRead` to `Trust` in `spec.dialectOverrides`.
 * - A third switch lets clients delete themselves; only a DELETE shows whether it is on.
 * - Further members must be defined as extended properties first.
 * - Not established: what an update does to members left out, what a deleted client answers.
 */
export const pingfederate: Preset = {
  departures: {},
  hint: firstOf(
    onRegistration(
      [404],
      'PingFederate registers clients only where dynamic client registration is enabled and OAuth clients are stored in an external datastore.',
    ),
    onAdmission(
      'PingFederate wants an access token with the scope that its dynamic client registration settings name: set it in spec.registration.admission.clientCredentials.scopes of the server object.',
    ),
    ({ status }, sent) => {
      const further = Object.keys(sent).filter(
        (member) => memberOf(member) === undefined && !BEYOND_THE_TABLE.includes(member),
      );
      return status === 400 && isRegistration(sent) && further.length > 0
        ? `PingFederate takes ${listed(further)} only as extended properties: define them in System > Extended Properties, or remove them from spec.client.additionalMetadata.`
        : undefined;
    },
  ),
};

const BEYOND_THE_TABLE = ['software_statement', 'scopes'];
