import type { Dispatcher } from 'undici';
import type { ServerKind } from '../../api/authorization-server.ts';
import { SHARES } from '../../api/shares.ts';
import type { AuthorizationServerHttp, HttpOutcome, HttpRequest, Log } from '../../controller/ports.ts';
import { type ReachRules, reachProblem } from '../../core/reach.ts';
import { serverKey } from '../../core/server-key.ts';
import { defined } from '../../oauth/objects.ts';
import { Sensitive } from '../../oauth/sensitive.ts';
import { notSent } from './connection-failure.ts';
import type { EgressGuard } from './egress.ts';
import { HttpExchange } from './exchange.ts';
import type { ProxySettings } from './proxies.ts';
import { type TlsDefaults, TransportError } from './secure-context.ts';
import { Transports } from './transports.ts';

/** Settings of the calls, and the addresses that they may reach. */
export interface AuthorizationServerHttpOptions {
  /** For each kind of server object: which addresses its calls may connect to. */
  readonly guards: Readonly<Record<ServerKind, EgressGuard>>;
  /** Which names its calls may go to. Default: any. */
  readonly reach?: ReachRules;
  readonly userAgent: string;
  /** Longest body that is read. Default: {@link SHARES.answerBytes}. */
  readonly maxBodyBytes?: number;
  /** From the name's resolution to the end of the TLS handshake; a proxy may take as long again. Default: 10 000. */
  readonly connectTimeoutMs?: number;
  /** Default CAs and client certificate, if the transport has none. Default: Node's CAs, no certificate. */
  readonly tls?: TlsDefaults;
  /** The environment's proxies, for calls whose transport names none; their addresses aren't judged. Default: none. */
  readonly proxy?: ProxySettings;
  /**
   * Receives reasons for unsent calls that tenants don't see, and answers whose framing is wrong; the same at most once
   * in ten minutes. Default: none.
   */
  readonly log?: Pick<Log, 'warn'>;
  /** Transports whose connections are kept at one time. Default: 256. */
  readonly maxPools?: number;
  /** How long a transport without a call is kept, in milliseconds. Default: 30 000. */
  readonly idleMs?: number;
  /** Threads of the process, which look-ups of names share. Default: 4, as libuv has them. */
  readonly threads?: number;
}

/**
 * HTTP/1.1 to authorization servers over kept connections: no redirects, no retries.
 *
 * Each call is checked when it is made, by the kind of the server object that it is for: the host of its URL and a proxy
 * of the server object's own by {@link ReachRules}, each address at the moment of the connection by the kind's guard.
 *
 * No content coding is asked for; one that comes all the same is undone. A kept connection that the server drops just as a request is written counts as
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
  const reach = options.reach ?? { namespacedServerHosts: undefined };
  const seldom = createSeldom(TOLD_AGAIN_MS);
  const send: AuthorizationServerHttp['send'] = async (request, { timeoutMs, transport, server }) => {
    const url = URL.parse(request.url);
    if (url === null || !/^https?:$/.test(url.protocol)) {
      return notSent('Unsendable', 'the URL is not a valid http or https URL');
    }
    const refused = reachProblem(server.kind, { urls: [url.href], proxyUrl: transport?.proxyUrl }, reach);
    if (refused !== undefined) {
      return notSent('AddressRefused', refused.message, refused.why);
    }
    const call = (dispatcher: Dispatcher): Promise<HttpOutcome> => {
      const exchange = new HttpExchange({ host: url.host, maxBodyBytes, timeoutMs });
      dispatcher.dispatch(toDispatch(url, request, userAgent), exchange);
      return exchange.outcome;
    };
    return await transports.use(server, transport, call).catch(explainUnusable);
  };
  return {
    send: async (request, call) => {
      const outcome = await send(request, call);
      const server = serverKey(call.server, call.server.namespace ?? '');
      if (outcome.kind === 'notSent' && outcome.why !== undefined && seldom(`${server} ${outcome.why}`)) {
        const { reason, why } = outcome;
        options.log?.warn('nothing was sent', { server, reason, why });
      }
      if (outcome.kind === 'answered' && outcome.framing !== undefined && seldom(`${server} framing`)) {
        const { status, framing } = outcome;
        options.log?.warn(FRAMING, { server, method: request.method, status, framing });
      }
      return outcome;
    },
    close: () => transports.close(),
  };
}

const FRAMING =
  'the framing of an answer is wrong (RFC 9112 section 6); its JSON was received in whole and is used';

const TOLD_AGAIN_MS = 600_000;
const MAX_TOLD = 500;

/** Rate limit per message: each once per interval. Bounds messages that tenants provoke. */
function createSeldom(everyMs: number): (what: string) => boolean {
  const told = new Map<string, number>();
  return (what) => {
    const now = performance.now();
    if (now < (told.get(what) ?? Number.NEGATIVE_INFINITY) + everyMs) {
      return false;
    }
    if (told.size >= MAX_TOLD) {
      told.clear();
    }
    told.set(what, now);
    return true;
  };
}

function explainUnusable(error: unknown): HttpOutcome {
  if (error instanceof TransportError) {
    return notSent(error.reason, error.message);
  }
  throw error;
}

/** The only place that unwraps secrets on the way to a server. */
function toDispatch(url: URL, request: HttpRequest, userAgent: string): Dispatcher.DispatchOptions {
  const headers = new Map([['user-agent', userAgent]]);
  for (const [name, value] of Object.entries(request.headers)) {
    headers.set(name.toLowerCase(), reveal(value));
  }
  headers.set('accept-encoding', 'identity');
  return {
    origin: url.origin,
    path: url.pathname + url.search,
    method: request.method,
    headers: [...headers].flat(),
    ...defined({ body: request.body && reveal(request.body) }),
  };
}

function reveal(value: string | Sensitive): string {
  return value instanceof Sensitive ? value.reveal() : value;
}
