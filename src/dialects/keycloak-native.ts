import { omit } from '../oauth/objects.ts';
import type { Preset } from './dialect.ts';
import { rotatesToken } from './effects.ts';
import { keycloak, realmHint } from './keycloak.ts';
import { keycloakClient } from './keycloak-client.ts';

/**
 * Keycloak 26.7.0 by its own registration endpoint, `clients-registrations/default`; all observed on a running server. Clients
 * can authenticate there with tokens of a Kubernetes cluster, which the OpenID Connect form has no words for (`federated-jwt`
 * is answered 400).
 *
 * - Of the metadata only what the representation has a place for is sent: see `keycloak-client.ts`.
 * - `fullScopeAllowed` and `directAccessGrantsEnabled` are true unless they are sent as false, and so are sent.
 * - An answer has no `registration_client_uri`: the client is managed at `{registration_endpoint}/{client_id}`.
 * - GET and PUT give a new registration access token.
 * - A client has a `secret` also where its authenticator takes none: then it is not read.
 */
export const keycloakNative: Preset = {
  departures: {
    ...omit(keycloak.departures, 'membersNotSent'),
    readEffect: rotatesToken,
    updateEffect: rotatesToken,
    configurationUrl: '{registration_endpoint}/{client_id}',
  },
  hint: realmHint,
  codec: keycloakClient,
};
