import type { Preset } from './dialect.ts';
import { asksForClientCredentials, firstOf, isRegistration, onAdmission } from './hints.ts';

const TOKEN =
  'the master API token in spec.registration.admission.initialAccessToken of the server object, or a one-time token with the scope client-reg by clientCredentials';

/**
 * Connect2id server. Read in its documents, nothing observed: answers 200 with token and URI. Open registration is
 * for authorization_code, implicit and refresh_token alone. Whether an update renews the token is the administrator's
 * choice; what it does to members left out and what a deleted client answers isn't established.
 */
export const connect2id: Preset = {
  departures: {},
  hint: firstOf(
    ({ status }, sent) =>
      [400, 401, 403].includes(status) && isRegistration(sent) && asksForClientCredentials(sent)
        ? `Connect2id registers client_credentials only with a token that permits it: put ${TOKEN}.`
        : undefined,
    onAdmission(`Connect2id wants a token: put ${TOKEN}.`),
  ),
};
