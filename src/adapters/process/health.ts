import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { SHARES } from '../../api/shares.ts';

/** What the endpoint reports. */
export interface HttpEndpointOptions {
  /** 0: any free port. */
  readonly port: number;
  /** Default: all addresses. */
  readonly host?: string;
  /** What is wrong, as a sentence, while only a restart helps; else `undefined`. */
  readonly live: () => string | undefined;
  /** What is not ready yet, as a sentence; `undefined` when the process is ready. */
  readonly ready: () => string | undefined;
  readonly metrics: () => Promise<{ readonly contentType: string; readonly body: string }>;
}

/** Any pod may connect, so a connection that sends nothing or reads nothing is closed soon. */
const BOUNDS = {
  headersTimeout: 2_000,
  requestTimeout: 4_000,
  keepAliveTimeout: 1_000,
  connectionsCheckingInterval: 500,
  maxHeaderSize: 8_192,
};
const SILENCE_MS = 4_000;

interface EndpointAnswer {
  readonly status: number;
  readonly contentType?: string;
  readonly body: string;
}

/**
 * Serves `GET /livez`, `/readyz` and `/metrics` over plain HTTP.
 *
 * A probe answers 200 `ok`, or 503 with the sentence. If a check or the metrics throw, the answer is 500 without the
 * message. Rejects if it can't listen on the port. `close` also ends open connections. When there are too many
 * connections, the address with most of them loses its oldest one, so the kubelet always gets an answer.
 */
export async function startHttpEndpoint(
  options: HttpEndpointOptions,
): Promise<{ readonly port: number; close(): Promise<void> }> {
  const server = createServer(BOUNDS, (request, response) => {
    answerTo(options, request.method, request.url).then(
      (answer) => send(response, answer),
      () => send(response, { status: 500, body: 'the check itself failed' }),
    );
  });
  server.timeout = SILENCE_MS;
  shareConnections(server, SHARES.probeConnections.most);
  const { promise: listening, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  server.listen(options.port, options.host, resolve);
  await listening;

  const { port } = server.address() as AddressInfo;
  const close = () =>
    new Promise<void>((closed) => {
      server.close(() => closed());
      server.closeAllConnections();
    });
  return { port, close };
}

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

async function answerTo(options: HttpEndpointOptions, method = '', url = ''): Promise<EndpointAnswer> {
  const [path] = url.split('?');
  if (path !== '/livez' && path !== '/readyz' && path !== '/metrics') {
    return { status: 404, body: 'not found' };
  }
  if (method !== 'GET') {
    return { status: 405, body: 'only GET is served' };
  }
  if (path === '/livez') {
    return probe(options.live());
  }
  if (path === '/readyz') {
    return probe(options.ready());
  }
  return { status: 200, ...(await options.metrics()) };
}

function probe(fault: string | undefined): EndpointAnswer {
  return fault === undefined ? { status: 200, body: 'ok' } : { status: 503, body: fault };
}

function send(response: ServerResponse, { status, contentType, body }: EndpointAnswer): void {
  const allow = status === 405 ? { allow: 'GET' } : {};
  response.writeHead(status, { 'content-type': contentType ?? 'text/plain; charset=utf-8', ...allow });
  response.end(body);
}
