import type { Information } from './stub-server.ts';

/**
 * Makes a stub server answer as Keycloak does at its own endpoint: the names of the ClientRepresentation, and no address for
 * the management of the client. Set it as `present`.
 */
export const asKeycloak = ({
  client_id: clientId,
  client_secret: secret,
  registration_access_token: registrationAccessToken,
  registration_client_uri: _,
  client_secret_expires_at: __,
  ...sent
}: Information): Information => ({ ...sent, clientId, secret, registrationAccessToken });
