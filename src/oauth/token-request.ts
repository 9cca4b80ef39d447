import type { HttpRequest } from './http-message.ts';
import { Sensitive } from './sensitive.ts';

/** Requests to a token endpoint: an access token by client credentials (RFC 6749 section 4.4), and what goes with it. */

/** `Encoded`: form-encoded first, by RFC 6749 section 2.3.1. `Raw`: only by RFC 7617. */
type BasicEncoding = 'Encoded' | 'Raw';

/** How a client authenticates at the token endpoint (RFC 6749 section 2.3, RFC 7523, RFC 8705). `none`: a public client. */
export type ClientAuthentication =
  | {
      readonly method: 'client_secret_basic';
      readonly clientSecret: Sensitive;
      readonly encoding: BasicEncoding;
    }
  | { readonly method: 'client_secret_post'; readonly clientSecret: Sensitive }
  | { readonly method: 'client_secret_jwt' | 'private_key_jwt'; readonly assertion: Sensitive }
  | { readonly method: 'tls_client_auth' | 'self_signed_tls_client_auth' | 'none' }
  /** RFC 7523 with a token of an issuer that the server trusts; its subject names the client. */
  | { readonly method: 'ServiceAccountToken'; readonly assertion: Sensitive };

export interface TokenRequest {
  readonly tokenEndpoint: string;
  /** Empty: the assertion names the client. */
  readonly clientId: string;
  readonly authentication: ClientAuthentication;
  /** If empty, `scope` is not sent, and the server grants its default. */
  readonly scopes: readonly string[];
  /** Resource indicators (RFC 8707), each sent as one `resource` parameter. */
  readonly resources: readonly string[];
  /** Further parameters. Those named in {@link TOKEN_REQUEST_PARAMETERS} are ignored. */
  readonly parameters: Readonly<Record<string, string>>;
}

/** `client_assertion_type` of a JWT (RFC 7523 section 2.2). */
export const JWT_BEARER = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

/** Parameters that the request itself sets. */
export const TOKEN_REQUEST_PARAMETERS: readonly string[] = [
  'grant_type',
  'scope',
  'resource',
  'client_id',
  'client_secret',
  'client_assertion',
  'client_assertion_type',
];

/** Access Token Request (RFC 6749 section 4.4.2). */
export function tokenRequest(request: TokenRequest): HttpRequest {
  const { tokenEndpoint, clientId, authentication, scopes, resources, parameters } = request;
  const further = Object.entries(parameters).filter(([name]) => !TOKEN_REQUEST_PARAMETERS.includes(name));
  const form = {
    grant_type: 'client_credentials',
    ...(scopes.length === 0 ? {} : { scope: scopes.join(' ') }),
    ...Object.fromEntries(further),
  };
  return authenticatedForm(tokenEndpoint, { clientId, authentication }, form, resources);
}

/** The client that sends a form to an endpoint, and how it authenticates there. */
interface FormSender {
  readonly clientId: string;
  readonly authentication: ClientAuthentication;
}

/**
 * A form that a client sends to an endpoint where it authenticates as at the token endpoint.
 *
 * @param resources each sent as one `resource` parameter (RFC 8707)
 */
export function authenticatedForm(
  url: string,
  { clientId, authentication }: FormSender,
  parameters: Readonly<Record<string, string>>,
  resources: readonly string[] = [],
): HttpRequest {
  const form = new URLSearchParams({ ...parameters, ...credentialParameters(clientId, authentication) });
  for (const resource of resources) {
    form.append('resource', resource);
  }
  const headers = { accept: 'application/json', 'content-type': 'application/x-www-form-urlencoded' };
  const authorization =
    authentication.method === 'client_secret_basic'
      ? basicAuthorization(clientId, authentication.clientSecret, authentication.encoding)
      : undefined;
  return {
    method: 'POST',
    url,
    headers: authorization === undefined ? headers : { ...headers, authorization },
    body: new Sensitive(form.toString()),
  };
}

/** Token Revocation Request of an access token (RFC 7009 section 2.1). */
export const revocationRequest = (url: string, sender: FormSender, token: Sensitive): HttpRequest =>
  authenticatedForm(url, sender, { token: token.reveal(), token_type_hint: 'access_token' });

function credentialParameters(
  clientId: string,
  authentication: ClientAuthentication,
): Readonly<Record<string, string>> {
  switch (authentication.method) {
    case 'client_secret_basic':
      return {};
    case 'client_secret_post':
      return { client_id: clientId, client_secret: authentication.clientSecret.reveal() };
    case 'client_secret_jwt':
    case 'private_key_jwt':
    case 'ServiceAccountToken':
      return {
        // Optional (RFC 7521 section 4.2), but some servers find the client by it before they read the assertion.
        ...(clientId === '' ? {} : { client_id: clientId }),
        client_assertion_type: JWT_BEARER,
        client_assertion: authentication.assertion.reveal(),
      };
    case 'tls_client_auth':
    case 'self_signed_tls_client_auth':
    case 'none':
      return { client_id: clientId };
  }
}

/**
 * Value of an `Authorization` header (RFC 7617). A user with a colon works only with `Encoded`: with `Raw`, the server
 * reads the text after the colon as the password.
 */
export function basicAuthorization(user: string, password: Sensitive, encoding: BasicEncoding): Sensitive {
  const encode = encoding === 'Encoded' ? formEncode : (text: string) => text;
  const credentials = `${encode(user)}:${encode(password.reveal())}`;
  return new Sensitive(`Basic ${Buffer.from(credentials).toString('base64')}`);
}

/** One value of `application/x-www-form-urlencoded` (RFC 6749 appendix B). */
const formEncode = (text: string): string => new URLSearchParams({ '': text }).toString().slice(1);
