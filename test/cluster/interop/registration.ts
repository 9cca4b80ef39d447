/** Dynamic client registration without the operator's code, so that the testbed is checked independently. */

/** An answer of a registration or client configuration endpoint. */
export interface RegistrationAnswer {
  readonly status: number;
  /** RFC 7591 client information or an error; `{}` where the body is empty. */
  readonly body: Readonly<Record<string, unknown>>;
}

/** A registered client and its management credentials. */
export interface Registered {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly uri: string;
  readonly token: string;
}

/** A machine client: no redirect URI, tokens by client credentials. */
export const MACHINE = {
  client_name: 'Machine',
  grant_types: ['client_credentials'],
  response_types: [],
  redirect_uris: [],
  token_endpoint_auth_method: 'client_secret_basic',
  scope: 'read',
};

/** The `registration_endpoint` in the OpenID Connect Discovery document of `issuer`. */
export async function registrationEndpoint(issuer: string): Promise<string> {
  const answer = await fetch(`${issuer}/.well-known/openid-configuration`);
  const { registration_endpoint: endpoint } = (await answer.json()) as Record<string, unknown>;
  return String(endpoint);
}

/** One request with `token` as bearer token (RFC 6750), if there is one, and `body` as JSON, if there is one. */
export async function ask(
  method: 'GET' | 'POST' | 'PUT' | 'DELETE',
  uri: string,
  { token, body }: { readonly token?: string; readonly body?: object } = {},
): Promise<RegistrationAnswer> {
  const headers = new Headers({ accept: 'application/json', 'content-type': 'application/json' });
  if (token !== undefined) {
    headers.set('authorization', `Bearer ${token}`);
  }
  const sent = body === undefined ? null : JSON.stringify(body);
  const answer = await fetch(uri, { method, headers, body: sent });
  const text = await answer.text();
  return { status: answer.status, body: text === '' ? {} : (JSON.parse(text) as RegistrationAnswer['body']) };
}

/** The content of a 201; throws if one of its four members is missing. */
export function registered({ status, body }: RegistrationAnswer): Registered {
  const member = (name: string) => {
    const value = body[name];
    if (typeof value !== 'string') {
      throw new Error(`${status} without ${name}: ${JSON.stringify(body)}`);
    }
    return value;
  };
  return {
    clientId: member('client_id'),
    clientSecret: member('client_secret'),
    uri: member('registration_client_uri'),
    token: member('registration_access_token'),
  };
}
