import type { HttpRequest } from './http-message.ts';
import type { JsonObject } from './json.ts';
import { Sensitive } from './sensitive.ts';

/** The four calls of RFC 7591 and RFC 7592, as requests to be sent. */

/** Where a registered client is managed, and the token that admits to it (RFC 7592 section 2). */
export interface Management {
  readonly registrationClientUri: string;
  readonly registrationAccessToken: Sensitive;
}

/** Client Registration Request (RFC 7591 section 3.1). To an open endpoint no token is sent. */
export function registerRequest(
  endpoint: string,
  document: JsonObject,
  initialAccessToken?: Sensitive,
): HttpRequest {
  return {
    method: 'POST',
    url: endpoint,
    headers: { ...json, ...bearer(initialAccessToken) },
    body: bodyOf(document),
  };
}

/**
 * Client Update Request (RFC 7592 section 2.2): the declared members and `client_id`. Never the token, the URI,
 * `client_id_issued_at` or `client_secret_expires_at`, which the RFC forbids; nor the secret, which servers refuse.
 */
export function updateRequest(management: Management, clientId: string, document: JsonObject): HttpRequest {
  const body = bodyOf({ ...document, client_id: clientId });
  return {
    ...manage('PUT', management),
    headers: { ...json, ...bearer(management.registrationAccessToken) },
    body,
  };
}

/** Client Read Request (RFC 7592 section 2.1). Some servers rotate the token or the secret when asked. */
export function readRequest(management: Management): HttpRequest {
  return manage('GET', management);
}

/** Client Delete Request (RFC 7592 section 2.3). */
export function deleteRequest(management: Management): HttpRequest {
  return manage('DELETE', management);
}

const accept = { accept: 'application/json' } as const;
const json = { ...accept, 'content-type': 'application/json' } as const;

function manage(method: HttpRequest['method'], management: Management): HttpRequest {
  const headers = { ...accept, ...bearer(management.registrationAccessToken) };
  return { method, url: management.registrationClientUri, headers };
}

function bearer(token: Sensitive | undefined): Record<string, Sensitive> {
  return token === undefined ? {} : { authorization: new Sensitive(`Bearer ${token.reveal()}`) };
}

/** Metadata may hold what a tenant considers confidential, so a body never prints. */
function bodyOf(document: JsonObject): Sensitive {
  return new Sensitive(JSON.stringify(document));
}
