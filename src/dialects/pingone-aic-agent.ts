import type { Preset } from './dialect.ts';
import { forgerock } from './forgerock.ts';
import { asksForClientCredentials, firstOf, isMetadataRefusal } from './hints.ts';

/**
 * PingOne Advanced Identity Cloud, the endpoint `/aiagent/register` for AI agents. Read in its documents: not in
 * discovery, chooses the client_id itself, takes `scopes` as a list, and its sample of a client_credentials client
 * carries `response_types: ["token"]` and a redirect URI. Managing isn't documented separately; it is assumed to be the
 * same as at `/register`.
 */
export const pingoneAicAgent: Preset = {
  departures: { ...forgerock.departures, scopeEncoding: 'Array' },
  hint: firstOf(
    ({ status }, sent) => {
      const { response_types: responseTypes, redirect_uris: redirectUris } = sent;
      const complete =
        Array.isArray(responseTypes) &&
        responseTypes.includes('token') &&
        Array.isArray(redirectUris) &&
        redirectUris.length > 0;
      return isMetadataRefusal(status) && asksForClientCredentials(sent) && !complete
        ? 'An agent with the grant client_credentials carries spec.client.responseTypes [token] and at least one of redirectUris.'
        : undefined;
    },
    (refusal, sent) => forgerock.hint?.(refusal, sent),
  ),
};
