import { Client } from 'undici';

export interface TokenRequest {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly scope?: string;
  /** Default: `client_secret_basic`. */
  readonly authMethod?: 'client_secret_basic' | 'client_secret_post';
}

export interface TokenAnswer {
  readonly status: number;
  /** RFC 6749 section 5.1 or 5.2: `access_token` or `error` and so on. */
  readonly body: Readonly<Record<string, unknown>>;
}

/** Asks `issuer`, whose token endpoint is `/token`, by client credentials (RFC 6749 section 4.4). */
export function requestToken(issuer: string, request: TokenRequest): Promise<TokenAnswer> {
  return requestTokenAt(`${issuer}/token`, request);
}

/** Asks a token endpoint by client credentials (RFC 6749 section 4.4). Rejects where the answer is not JSON. */
export async function requestTokenAt(tokenEndpoint: string, request: TokenRequest): Promise<TokenAnswer> {
  const form = new URLSearchParams({ grant_type: 'client_credentials' });
  if (request.scope !== undefined) {
    form.set('scope', request.scope);
  }
  const headers: Record<string, string> = { 'content-type': 'application/x-www-form-urlencoded' };
  if (request.authMethod === 'client_secret_post') {
    form.set('client_id', request.clientId);
    form.set('client_secret', request.clientSecret);
  } else {
    headers['authorization'] = `Basic ${basicCredentials(request)}`;
  }
  // A connection of its own: one kept from before a restart would be dead.
  const { origin, pathname } = new URL(tokenEndpoint);
  const connection = new Client(origin);
  try {
    const answer = await connection.request({
      path: pathname,
      method: 'POST',
      headers,
      body: form.toString(),
    });
    return { status: answer.statusCode, body: (await answer.body.json()) as TokenAnswer['body'] };
  } finally {
    await connection.destroy();
  }
}

/** RFC 6749 section 2.3.1: both halves are form-encoded first. */
function basicCredentials({ clientId, clientSecret }: TokenRequest): string {
  return Buffer.from(`${formEncode(clientId)}:${formEncode(clientSecret)}`).toString('base64');
}

function formEncode(value: string): string {
  return new URLSearchParams({ '': value }).toString().slice(1);
}
