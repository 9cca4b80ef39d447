import { generateKeyPair } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import Provider, { type Configuration, type JWK } from 'oidc-provider';
import {
  type AuthorizationServerStore,
  createStore,
  type RegisteredClient,
} from './authorization-server-store.ts';
import { requestToken, type TokenAnswer, type TokenRequest } from './token-request.ts';

export interface AuthorizationServerOptions {
  /** On 127.0.0.1. Default: a free one. */
  readonly port?: number;
  /** What a registration must bear; `false` registers anyone. Default: `testbed-initial-access-token`. */
  readonly initialAccessToken?: string | false;
}

/** A real authorization server (oidc-provider) within this process; RFC 7591, RFC 7592, client credentials. */
export interface EmbeddedAuthorizationServer {
  /** `http://127.0.0.1:PORT`. */
  readonly issuer: string;
  /** Absent where registration is open. */
  readonly initialAccessToken: string | undefined;
  /** Exactly the clients that exist: the oracle of every test. */
  clients(): readonly RegisteredClient[];
  client(id: string): RegisteredClient | undefined;
  /** As an administrator would: another secret. */
  changeSecret(id: string, secret: string): void;
  /** The server loses a client. */
  forget(id: string): void;
  /** Every request so far, in the order in which the answers ended. */
  readonly log: RequestLog;
  /** Asks the token endpoint for a token by client credentials, as a workload does. */
  requestToken(request: TokenRequest): Promise<TokenAnswer>;
  /**
   * Puts `handler` before the server; the newest is asked first. Returns what takes it away again. A handler that reads
   * the body must answer, too.
   */
  intercept(handler: Interceptor): () => void;
  /** Ends all connections and serves again at the same address with the same clients; also after `stop`. */
  restart(): Promise<void>;
  /** Ends all connections at once and closes the port. */
  stop(): Promise<void>;
}

/** Returns true where it took the request over: answered it, lets it hang, or destroyed its socket. */
export type Interceptor = (request: IncomingMessage, response: ServerResponse) => boolean | Promise<boolean>;

export interface LoggedRequest {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  /** 0 where the connection ended before the whole answer was written. */
  readonly status: number;
  /** When the answer ended, milliseconds since the epoch. */
  readonly at: number;
}

export type RequestLog = readonly LoggedRequest[] & { readonly clear: () => void };

const INITIAL_ACCESS_TOKEN = 'testbed-initial-access-token';
/** What a client may be registered for. Any other word in `scope` is `invalid_client_metadata` here. */
export const SUPPORTED_SCOPES = ['openid', 'offline_access', 'profile', 'email', 'read', 'write'] as const;
const HOUR_SECONDS = 3_600;

export async function startAuthorizationServer(
  options: AuthorizationServerOptions = {},
): Promise<EmbeddedAuthorizationServer> {
  const initialAccessToken = options.initialAccessToken ?? INITIAL_ACCESS_TOKEN;
  const store = createStore();
  const interceptors: Interceptor[] = [];
  const log = createLog();
  let provide: ReturnType<Provider['callback']> = async () => {};
  const server = createServer(async (request, response) => {
    log.record(request, response);
    try {
      for (const handler of interceptors.toReversed()) {
        if (await handler(request, response)) {
          return;
        }
      }
      await provide(request, response);
    } catch (error) {
      response.destroy(error instanceof Error ? error : undefined);
    }
  });
  const port = await listen(server, options.port ?? 0);
  const issuer = `http://127.0.0.1:${port}`;
  provide = new Provider(issuer, await configuration(store, initialAccessToken)).callback();
  return {
    issuer,
    initialAccessToken: initialAccessToken === false ? undefined : initialAccessToken,
    clients: store.clients,
    client: store.client,
    changeSecret: store.changeSecret,
    forget: store.forget,
    log: log.entries,
    requestToken: (request) => requestToken(issuer, request),
    intercept: (handler) => {
      interceptors.push(handler);
      return () => void interceptors.splice(interceptors.indexOf(handler), 1);
    },
    restart: async () => {
      await close(server);
      await listen(server, port);
    },
    stop: () => close(server),
  };
}

async function configuration(
  store: AuthorizationServerStore,
  initialAccessToken: string | false,
): Promise<Configuration> {
  // Every value that oidc-provider would otherwise print a warning about is given.
  return {
    adapter: store.adapterFor,
    jwks: { keys: [await signingKey()] },
    cookies: { keys: ['testbed'] },
    scopes: [...SUPPORTED_SCOPES],
    clientBasedCORS: () => false,
    findAccount: (_context, sub) => ({ accountId: sub, claims: () => ({ sub }) }),
    ttl: { ClientCredentials: HOUR_SECONDS, AccessToken: HOUR_SECONDS, IdToken: HOUR_SECONDS },
    features: {
      devInteractions: { enabled: false },
      registration: { enabled: true, initialAccessToken },
      registrationManagement: { enabled: true, rotateRegistrationAccessToken: true },
      clientCredentials: { enabled: true },
      introspection: { enabled: true, allowedPolicy: () => true },
      revocation: { enabled: true, allowedPolicy: () => true },
    },
  };
}

/** RS256: what RFC 7591 clients of OpenID Connect get unless they ask otherwise. */
async function signingKey(): Promise<JWK> {
  const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 });
  return { ...privateKey.export({ format: 'jwk' }), kty: 'RSA', alg: 'RS256', use: 'sig', kid: 'testbed' };
}

function createLog() {
  const requests: LoggedRequest[] = [];
  const entries = Object.assign(requests, {
    clear: () => {
      requests.length = 0;
    },
  });
  const record = (request: IncomingMessage, response: ServerResponse) => {
    // Taken at once: what follows may rewrite `url`.
    const method = request.method ?? '';
    const path = (request.url ?? '').split('?', 1)[0] ?? '';
    response.once('close', () => {
      const status = response.writableFinished ? response.statusCode : 0;
      requests.push({ method, path, status, at: Date.now() });
    });
  };
  return { entries, record };
}

async function listen(server: Server, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject);
      resolve();
    });
  });
  const address = server.address();
  if (address === null || typeof address === 'string') {
    throw new Error('the server has no TCP address');
  }
  return address.port;
}

async function close(server: Server): Promise<void> {
  if (!server.listening) {
    return;
  }
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeAllConnections();
  await closed;
}
