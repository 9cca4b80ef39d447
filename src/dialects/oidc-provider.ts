import type { Preset } from './dialect.ts';
import { rotatesToken } from './effects.ts';
import { asksForClientCredentials, isEmptyList } from './hints.ts';

/**
 * node-oidc-provider 9. All observed.
 *
 * - Members that aren't configured are dropped, language tags among them; empty strings are refused.
 * - A client_credentials client must say `response_types: []`; `redirect_uris` may then be empty or absent.
 * - PUT replaces and gives a new token by default; the secret may be left out, and must match if sent. It refuses its
 *   own answer echoed (token, URI, times).
 * - GET gives token, URI and secret as they are.
 * - A token that is sent to another client's address is destroyed.
 * - A deleted client answers 401. This endpoint never answers 404.
 */
export const oidcProvider: Preset = {
  departures: {
    languageTags: 'Omit',
    updateEffect: rotatesToken,
    secretOnRead: 'Trust',
    goneStatuses: [401],
  },
  hint: ({ status }, sent) =>
    status === 400 && asksForClientCredentials(sent) && !isEmptyList(sent['response_types'])
      ? 'This server wants spec.client.responseTypes as an empty list, and redirectUris as one, of a client that uses client_credentials alone.'
      : undefined,
};
