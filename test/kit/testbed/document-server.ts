import { generateKeyPairSync } from 'node:crypto';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import Provider from 'oidc-provider';
import { Agent, fetch as fetchWith } from 'undici';

/**
 * A real authorization server (oidc-provider) that identifies clients by documents, and registers others. Anybody may sign in
 * and consents to everything.
 */
export interface DocumentServer {
  readonly issuer: string;
  /** URLs of documents and keys that it fetched, in order. */
  readonly fetched: readonly string[];
  /** Whether its metadata say that it takes documents. At first: true. Not all servers that do so say it. */
  sayDocuments(says: boolean): void;
  stop(): Promise<void>;
}

/**
 * @param ca PEM, for documents: its own refusal of loopback addresses is out of place here
 * @param keptSeconds for how long it keeps a document, whatever the document says. Default: as long as that says, within its
 *   own bounds
 */
export async function startDocumentServer(
  ca: string,
  { keptSeconds }: { readonly keptSeconds?: number } = {},
): Promise<DocumentServer> {
  const cacheDuration =
    keptSeconds === undefined ? {} : { cacheDuration: { min: keptSeconds, max: keptSeconds } };
  const fetched: string[] = [];
  const dispatcher = new Agent({ connect: { ca } });
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  let provide: ReturnType<Provider['callback']> = async () => {};
  let says = true;
  const server = createServer((request, response) => {
    if (!says && request.url?.startsWith('/.well-known/')) {
      leaveOut('client_id_metadata_document_supported', response);
    }
    void provide(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  provide = new Provider(issuer, {
    jwks: {
      keys: [{ ...privateKey.export({ format: 'jwk' }), kty: 'RSA', alg: 'RS256', use: 'sig', kid: 'k' }],
    },
    cookies: { keys: ['documents'] },
    scopes: ['openid', 'offline_access', 'read'],
    clientAuthMethods: ['none', 'private_key_jwt', 'client_secret_basic'],
    clientBasedCORS: () => false,
    findAccount: (_context, sub) => ({ accountId: sub, claims: () => ({ sub }) }),
    ttl: {
      AccessToken: 600,
      IdToken: 600,
      ClientCredentials: 600,
      Grant: 600,
      Interaction: 600,
      RefreshToken: 600,
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
      clientIdMetadataDocument: { enabled: true, ack: 'draft-02', ...cacheDuration },
      registration: { enabled: true },
      registrationManagement: { enabled: true },
      clientCredentials: { enabled: true },
      devInteractions: { enabled: true },
    },
  }).callback();
  return {
    issuer,
    fetched,
    sayDocuments: (next) => {
      says = next;
    },
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await dispatcher.close();
    },
  };
}

/** The JSON that is answered next lacks a member. */
function leaveOut(member: string, response: ServerResponse): void {
  const end = response.end.bind(response);
  response.end = ((body: string | Buffer) => {
    const { [member]: _, ...others } = JSON.parse(String(body));
    const text = JSON.stringify(others);
    response.setHeader('content-length', Buffer.byteLength(text));
    return end(text);
  }) as typeof response.end;
}
