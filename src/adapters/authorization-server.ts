import type { Dispatcher } from 'undici';
import { SHARES } from '../api/shares.ts';
import type { AuthorizationServerHttp, HttpOutcome, HttpRequest } from '../controller/ports.ts';
import { Sensitive } from '../oauth/sensitive.ts';
import { notSent } from './connection-failure.ts';
import type { EgressGuard } from './egress.ts';
import { Exchange } from './exchange.ts';
import type { ProxySettings } from './proxies.ts';
import { type TlsDefaults, TransportError } from './secure-context.ts';
import { Transports } from './transports.ts';

/** How the calls are made. */
export interface AuthorizationServerHttpOptions {
  readonly guard: EgressGuard;
  readonly userAgent: string;
  /** Longest body that is read. Default: {@link SHARES.answerBytes}. */
  readonly maxBodyBytes?: number;
  /** From the name's resolution to the end of the TLS handshake; a proxy may take as long again. Default: 10 000. */
  readonly connectTimeoutMs?: number;
  /** Trust and client certificate where the transport has none. Default: Node's CAs, no certificate. */
  readonly tls?: TlsDefaults;
  /** The environment's proxies, for calls whose transport names none; their addresses aren't judged. Default: none. */
  readonly proxy?: ProxySettings;
  /** Transports whose connections are kept at one time. Default: 256. */
  readonly maxPools?: number;
  /** How long a transport without a call is kept, in milliseconds. Default: 30 000. */
  readonly idleMs?: number;
}

/**
 * HTTP/1.1 to authorization servers over kept connections: no redirects, no retries, no decompression.
 *
 * An answer is decoded as UTF-8. A kept connection that the server drops just as a request is written counts as
 * `ConnectionLost`, since nobody can know; so idle connections are closed after 4 s, or 2 s before the server's
 * own hint. `close` lets the calls under way end; a call made after it is `notSent`.
 *
 * Through a proxy the guard sees no resolved address: literal ones in the URL are judged, names are the proxy's.
 * Throws a `RangeError` where a proxy of the environment can't be used.
 */
export function createAuthorizationServerHttp(
  options: AuthorizationServerHttpOptions,
): AuthorizationServerHttp & { close(): Promise<void> } {
  const { userAgent, maxBodyBytes = SHARES.answerBytes.most, connectTimeoutMs = 10_000 } = options;
  const transports = new Transports({ ...options, connectTimeoutMs });
  return {
    send: async (request, { timeoutMs, transport }) => {
      const url = URL.parse(request.url);
      if (url === null || !/^https?:$/.test(url.protocol)) {
        return notSent('ConnectFailed', 'the URL is not a valid http or https URL');
      }
      const call = (dispatcher: Dispatcher): Promise<HttpOutcome> => {
        const exchange = new Exchange({ host: url.host, maxBodyBytes, timeoutMs });
        dispatcher.dispatch(toDispatch(url, request, userAgent), exchange);
        return exchange.outcome;
      };
      return await transports.use(transport, call).catch(explainUnusable);
    },
    close: () => transports.close(),
  };
}

function explainUnusable(error: unknown): HttpOutcome {
  if (error instanceof TransportError) return notSent(error.reason, error.message);
  throw error;
}

/** The one place where secrets leave their wrapper on the way to a server. */
function toDispatch(url: URL, request: HttpRequest, userAgent: string): Dispatcher.DispatchOptions {
  const headers = new Map([['user-agent', userAgent]]);
  for (const [name, value] of Object.entries(request.headers)) headers.set(name.toLowerCase(), reveal(value));
  headers.set('accept-encoding', 'identity');
  return {
    origin: url.origin,
    path: url.pathname + url.search,
    method: request.method,
    headers: [...headers].flat(),
    ...(request.body === undefined ? {} : { body: reveal(request.body) }),
  };
}

function reveal(value: string | Sensitive): string {
  return value instanceof Sensitive ? value.reveal() : value;
}
