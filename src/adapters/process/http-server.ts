import { createServer, type IncomingHttpHeaders, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Log } from '../../controller/ports.ts';
import { followTlsFiles, readTlsFiles, type TlsFiles, type TlsPair } from './tls-files.ts';

/** One request, as far as an endpoint of this process needs it: none has a body. */
export interface ServedRequest {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  /** The remote address of the connection; `undefined`: it is closed. */
  readonly address: string | undefined;
  /** Whether the connection is closed, so that nobody reads an answer. */
  readonly isClosed: () => boolean;
}

export interface ServedAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

interface HttpServerOptions {
  /** 0: any free port. */
  readonly port: number;
  /** Default: all addresses. */
  readonly host?: string | undefined;
  /** Connections at the same time. Above that, the address with most of them loses its oldest one. */
  readonly mostConnections: number;
  /** How long the making of an answer may take, in milliseconds. */
  readonly silenceMs: number;
  /** How long an idle connection is kept, in milliseconds. Default: a second, since anybody may connect. */
  readonly keepAliveMs?: number;
  /** Bytes. */
  readonly maxHeaderSize: number;
  readonly answer: (request: ServedRequest) => Promise<ServedAnswer>;
  /** Serves HTTPS, with a certificate that may be renewed in its files. Default: plain HTTP. */
  readonly tls?: TlsFiles | undefined;
  /** Told of renewed certificates. Default: nothing is. */
  readonly log?: Pick<Log, 'info' | 'warn'> | undefined;
}

export interface HttpServer {
  readonly port: number;
  /** Also ends open connections. */
  close(): Promise<void>;
}

/** Anybody may connect, so a connection that sends nothing or reads nothing is closed soon. */
const BOUNDS = {
  headersTimeout: 2_000,
  requestTimeout: 4_000,
  keepAliveTimeout: 1_000,
  connectionsCheckingInterval: 500,
};

/** The bounds above begin after the handshake. */
const TLS_BOUNDS = { ...BOUNDS, handshakeTimeout: 2_000 };

/**
 * Serves HTTP. If `answer` rejects, the answer is 500 without the message. Rejects if it can't listen on the port, or
 * can't use the certificate.
 */
export async function startHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const { silenceMs, mostConnections } = options;
  const { server, stopFollowing } = listenerOf(options, (request, response) => {
    const { method = '', url = '', headers } = request;
    const address = request.socket.remoteAddress;
    const isClosed = () => request.socket.destroyed;
    options.answer({ method, url, headers, address, isClosed }).then(
      ({ status, headers: sent, body }) => response.writeHead(status, sent).end(body),
      () => response.writeHead(500, PLAIN_TEXT).end('the check itself failed'),
    );
  });
  server.timeout = silenceMs;
  server.keepAliveTimeout = options.keepAliveMs ?? BOUNDS.keepAliveTimeout;
  shareConnections(server, mostConnections);
  const { promise: listening, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen(options.port, options.host, resolve);
  await listening;

  const { port } = server.address() as AddressInfo;
  const close = () =>
    new Promise<void>((closed) => {
      stopFollowing();
      server.close(() => closed());
      server.closeAllConnections();
    });
  return { port, close };
}

export const PLAIN_TEXT = { 'content-type': 'text/plain; charset=utf-8' } as const;

function listenerOf(
  { tls, maxHeaderSize, log = UNHEARD }: Pick<HttpServerOptions, 'tls' | 'log' | 'maxHeaderSize'>,
  listener: RequestListener,
): { readonly server: Server; readonly stopFollowing: () => void } {
  if (tls === undefined) {
    return { server: createServer({ ...BOUNDS, maxHeaderSize }, listener), stopFollowing: () => undefined };
  }
  const pair = readTlsFiles(tls);
  const server = createTlsServer({ ...TLS_BOUNDS, maxHeaderSize, ...pair }, listener);
  const use = (renewed: TlsPair) => server.setSecureContext(renewed);
  return { server, stopFollowing: followTlsFiles({ files: tls, used: pair, use, log }) };
}

const UNHEARD = { info: () => undefined, warn: () => undefined };

/** Closes old connections instead of refusing new ones: a refused kubelet would restart the container. */
function shareConnections(server: Server, most: number): void {
  const open = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
    const leaving = open.size > most ? oldestOfMost(open) : undefined;
    if (leaving !== undefined) {
      open.delete(leaving);
      leaving.destroy();
    }
  });
}

function oldestOfMost(open: ReadonlySet<Socket>): Socket | undefined {
  const byAddress = Map.groupBy(open, ({ remoteAddress }) => remoteAddress);
  const [longest] = [...byAddress.values()].sort((one, other) => other.length - one.length);
  return longest?.[0];
}
