import type { HttpRequest } from './http-message.ts';
import type { JsonObject } from './json.ts';
import { Sensitive } from './sensitive.ts';

/** The four calls of RFC 7591 and RFC 7592, as requests to be sent. */

/** A body, ready to be sent: metadata as JSON, or as a signed JWT. */
export interface RequestBody {
  readonly content: Sensitive;
  readonly contentType: string;
}

/** The address at which a registered client is managed, and the value of the `Authorization` header for it. */
export interface ManagementAddress {
  readonly url: string;
  /** `undefined`: none is needed. */
  readonly authorization: Sensitive | undefined;
}

/** A body is never printed, since metadata may contain what a tenant considers confidential. */
export function jsonBody(document: JsonObject): RequestBody {
  return { content: new Sensitive(JSON.stringify(document)), contentType: 'application/json' };
}

/** Value of the `Authorization` header: `Bearer` (RFC 6750), or a scheme of the server's own. */
export function tokenAuthorization(token: Sensitive, scheme = 'Bearer'): Sensitive {
  return new Sensitive(`${scheme} ${token.reveal()}`);
}

/** Client Registration Request (RFC 7591 section 3.1). To an open endpoint no token is sent. */
export function registerRequest(
  endpoint: string,
  body: RequestBody,
  authorization: Sensitive | undefined,
): HttpRequest {
  return { method: 'POST', url: endpoint, ...withBody(body, authorization) };
}

/** Client Update Request (RFC 7592 section 2.2). */
export function updateRequest({ url, authorization }: ManagementAddress, body: RequestBody): HttpRequest {
  return { method: 'PUT', url, ...withBody(body, authorization) };
}

/** Client Read Request (RFC 7592 section 2.1). Some servers rotate the token or the secret on a read. */
export function readRequest(address: ManagementAddress): HttpRequest {
  return withoutBody('GET', address);
}

/** Client Delete Request (RFC 7592 section 2.3). */
export function deleteRequest(address: ManagementAddress): HttpRequest {
  return withoutBody('DELETE', address);
}

const accept = { accept: 'application/json' } as const;

function withBody({ content, contentType }: RequestBody, authorization: Sensitive | undefined) {
  const headers = { ...accept, 'content-type': contentType };
  return { headers: authorization === undefined ? headers : { ...headers, authorization }, body: content };
}

function withoutBody(method: 'GET' | 'DELETE', { url, authorization }: ManagementAddress): HttpRequest {
  return { method, url, headers: authorization === undefined ? accept : { ...accept, authorization } };
}
