import { createPrivateKey, randomUUID } from 'node:crypto';
import { SignJWT } from 'jose';
import type { AuthMethod, JsonObject } from './behaviour.ts';
import { callHttp } from './http-call.ts';

/** Published credentials, and what to ask for with them. */
export interface TokenRequest {
  readonly clientId: string;
  /** Default: `client_secret_basic`. */
  readonly method?: AuthMethod;
  readonly clientSecret?: string;
  /** For `private_key_jwt`: PKCS #8, PEM. */
  readonly privateKey?: string;
  readonly keyId?: string;
  /** Default: RS256, or HS256 for `client_secret_jwt`. */
  readonly algorithm?: string;
  /** Default: the token endpoint. */
  readonly audience?: string;
  readonly scope?: string;
  /** `raw`: Basic without the encoding of RFC 6749 section 2.3.1. */
  readonly basicEncoding?: 'percentEncoded' | 'raw';
  /** TLS client certificate, PEM. */
  readonly certificate?: { readonly key: string; readonly cert: string };
  /** Further parameters, like `resource`. */
  readonly parameters?: Readonly<Record<string, string>>;
}

export interface TokenAnswer {
  readonly status: number;
  readonly body: JsonObject;
}

/** Asks a token endpoint for a token by client credentials (RFC 6749 section 4.4). */
export async function requestToken(
  endpoint: string,
  request: TokenRequest,
  now: () => number = Date.now,
): Promise<TokenAnswer> {
  const { scope, certificate, parameters, clientId } = request;
  const form = new URLSearchParams({ grant_type: 'client_credentials', ...parameters });
  if (scope !== undefined) {
    form.set('scope', scope);
  }
  const headers: Record<string, string> = { 'content-type': 'application/x-www-form-urlencoded' };
  const method = request.method ?? 'client_secret_basic';
  if (method === 'client_secret_basic') {
    headers['authorization'] = `Basic ${basic(request)}`;
  } else {
    form.set('client_id', clientId);
  }
  if (method === 'client_secret_post') {
    form.set('client_secret', request.clientSecret ?? '');
  }
  if (method === 'client_secret_jwt' || method === 'private_key_jwt') {
    form.set('client_assertion_type', 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer');
    form.set('client_assertion', await assertion(endpoint, request, method, now()));
  }
  const answer = await callHttp({
    method: 'POST',
    url: endpoint,
    headers,
    body: form.toString(),
    ...(certificate === undefined ? {} : { certificate }),
  });
  return { status: answer.status, body: JSON.parse(answer.text) as JsonObject };
}

function basic({ clientId, clientSecret = '', basicEncoding }: TokenRequest): string {
  const encode = basicEncoding === 'raw' ? (value: string) => value : formEncode;
  return Buffer.from(`${encode(clientId)}:${encode(clientSecret)}`).toString('base64');
}

const formEncode = (value: string) => new URLSearchParams({ '': value }).toString().slice(1);

async function assertion(
  endpoint: string,
  request: TokenRequest,
  method: 'client_secret_jwt' | 'private_key_jwt',
  now: number,
): Promise<string> {
  const isShared = method === 'client_secret_jwt';
  const alg = request.algorithm ?? (isShared ? 'HS256' : 'RS256');
  const issuedAt = Math.floor(now / 1000);
  return new SignJWT({ jti: randomUUID() })
    .setProtectedHeader({ alg, ...(request.keyId === undefined ? {} : { kid: request.keyId }) })
    .setIssuer(request.clientId)
    .setSubject(request.clientId)
    .setAudience(request.audience ?? endpoint)
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + 60)
    .sign(
      isShared ? new TextEncoder().encode(request.clientSecret) : createPrivateKey(request.privateKey ?? ''),
    );
}
