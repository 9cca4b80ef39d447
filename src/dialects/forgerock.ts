import type { ErrorResponse } from '../oauth/error-response.ts';
import type { JsonObject } from '../oauth/json.ts';
import type { Preset } from './dialect.ts';
import { rotatesToken } from './effects.ts';
import { firstOf, isRegistration, listed, onAdmission } from './hints.ts';

/**
 * ForgeRock AM and Identity Cloud, PingAM. Read in its documents, nothing observed.
 *
 * - Scopes are documented as `scopes`, a list, and as `scope`, a string; answers carry both. Sent as both: names it
 *   doesn't know are ignored.
 * - Language tags come back in lower case, and its own sample of an update sends them so.
 * - PUT replaces; what is missing gets its default. The sample repeats the secret, which an update can't change.
 * - PUT gives a new token, without a URI; GET gives neither, but the secret as it is.
 * - A software statement is verified again at each PUT, so it must still be valid.
 * - After a deletion 401 is expected (recalled); tokens issued to the client stay valid until they expire.
 *
 * OpenAM, its open relative, departs further (read in its source): `scopeEncoding: Array`, `jwksEncoding: String`,
 * `updateEffect.supported: false`, `deleteEffect.supported: false`, `goneStatuses: [400, 401]`.
 */
export const forgerock: Preset = {
  departures: {
    scopeEncoding: 'Both',
    languageTags: 'Lowercase',
    secretEcho: 'Send',
    updateEffect: rotatesToken,
    secretOnRead: 'Trust',
  },
  hint: firstOf(
    privilegedMembersHint,
    onAdmission(
      'The server takes registrations without a token only where Allow Open Dynamic Client Registration is on: switch it on, or set spec.registration.admission.clientCredentials of the server object with the scope dynamic_client_registration.',
    ),
    ({ status, error }, sent) =>
      status === 400 && error === 'access_denied' && isRegistration(sent)
        ? 'The token that was sent was refused: get it with the scope dynamic_client_registration, by spec.registration.admission.clientCredentials.scopes of the server object.'
        : undefined,
  ),
};

const PRIVILEGED = ['logo_uri', 'client_uri', 'policy_uri'];

/** Errors that name another cause. */
const OTHER_CAUSES = [
  'invalid_redirect_uri',
  'invalid_software_statement',
  'unapproved_software_statement',
  'invalid_scope',
];

function privilegedMembersHint({ status, error = '' }: ErrorResponse, sent: JsonObject): string | undefined {
  const asked = PRIVILEGED.filter((member) => Object.hasOwn(sent, member));
  const isAdmission = [400, 401, 403].includes(status) && isRegistration(sent);
  if (!isAdmission || OTHER_CAUSES.includes(error) || asked.length === 0) {
    return undefined;
  }
  return `To register ${listed(asked)} the access token must carry a special scope: set spec.registration.admission.clientCredentials.scopes of the server object to [dynamic_client_registration], or to what the server's OAuth2 provider names as the scope that gives access to dynamic client registration.`;
}
