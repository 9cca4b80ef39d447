import { generateKeyPairSync } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import Provider from 'oidc-provider';
import { Agent, fetch as fetchWith } from 'undici';

/**
 * A real authorization server (oidc-provider) that identifies clients by documents and registers none. Anybody may sign in
 * and consents to everything.
 */
export interface DocumentServer {
  readonly issuer: string;
  /** URLs of documents and keys that it fetched, in order. */
  readonly fetched: readonly string[];
  stop(): Promise<void>;
}

/** @param ca PEM, for documents: its own refusal of loopback addresses is out of place here */
export async function startDocumentServer(ca: string): Promise<DocumentServer> {
  const fetched: string[] = [];
  const dispatcher = new Agent({ connect: { ca } });
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  let provide: ReturnType<Provider['callback']> = async () => {};
  const server = createServer((request, response) => void provide(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  provide = new Provider(issuer, {
    jwks: {
      keys: [{ ...privateKey.export({ format: 'jwk' }), kty: 'RSA', alg: 'RS256', use: 'sig', kid: 'k' }],
    },
    cookies: { keys: ['documents'] },
    scopes: ['openid', 'offline_access', 'read'],
    clientAuthMethods: ['none', 'private_key_jwt'],
    clientBasedCORS: () => false,
    findAccount: (_context, sub) => ({ accountId: sub, claims: () => ({ sub }) }),
    ttl: {
      AccessToken: 600,
      IdToken: 600,
      ClientCredentials: 600,
      Grant: 600,
      Interaction: 600,
      Session: 600,
    },
    fetch: (url, options) => {
      fetched.push(String(url));
      const { signal, headers, method, redirect } = options ?? {};
      const init = {
        signal,
        method,
        redirect,
        headers: Object.fromEntries(new Headers(headers)),
        dispatcher,
      };
      return fetchWith(String(url), init as Parameters<typeof fetchWith>[1]) as unknown as Promise<Response>;
    },
    features: {
      clientIdMetadataDocument: { enabled: true, ack: 'draft-02' },
      clientCredentials: { enabled: true },
      devInteractions: { enabled: true },
    },
  }).callback();
  return {
    issuer,
    fetched,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await dispatcher.close();
    },
  };
}
