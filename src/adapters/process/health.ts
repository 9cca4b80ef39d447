import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { SHARES } from '../../api/shares.ts';

/** What the endpoint reports. */
export interface HttpEndpointOptions {
  /** 0 takes a free port. */
  readonly port: number;
  /** Default: all addresses. */
  readonly host?: string;
  /** A sentence that says what is wrong, for as long as only a restart helps. */
  readonly live: () => string | undefined;
  /** A sentence that says what is not ready yet. */
  readonly ready: () => string | undefined;
  readonly metrics: () => Promise<{ readonly contentType: string; readonly body: string }>;
}

/** Any pod may connect: one that sends nothing, or reads nothing, is let go soon. */
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
 * A probe answers 200 `ok`, or 503 with the sentence. A check or metric that throws answers 500 without its message.
 * Rejects where the port can't be listened on. `close` ends open connections too. Of too many connections, the address
 * that has most loses its oldest, so that the kubelet is answered whatever else connects.
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

/** A bound that refused new connections would refuse the kubelet, and the container would be restarted. */
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
