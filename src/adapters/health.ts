import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

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

interface Answer {
  readonly status: number;
  readonly contentType?: string;
  readonly body: string;
}

/**
 * Serves `GET /livez`, `/readyz` and `/metrics` over plain HTTP.
 *
 * A probe answers 200 `ok`, or 503 with the sentence. A check or metric that throws answers 500 without its message.
 * Rejects where the port can't be listened on. `close` ends open connections too.
 */
export async function startHttpEndpoint(
  options: HttpEndpointOptions,
): Promise<{ readonly port: number; close(): Promise<void> }> {
  const server = createServer({ requestTimeout: 10_000 }, (request, response) => {
    answerTo(options, request.method, request.url).then(
      (answer) => send(response, answer),
      () => send(response, { status: 500, body: 'the check itself failed' }),
    );
  });
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

async function answerTo(options: HttpEndpointOptions, method = '', url = ''): Promise<Answer> {
  const [path] = url.split('?');
  if (path !== '/livez' && path !== '/readyz' && path !== '/metrics')
    return { status: 404, body: 'not found' };
  if (method !== 'GET') return { status: 405, body: 'only GET is served' };
  if (path === '/livez') return probe(options.live());
  if (path === '/readyz') return probe(options.ready());
  return { status: 200, ...(await options.metrics()) };
}

function probe(fault: string | undefined): Answer {
  return fault === undefined ? { status: 200, body: 'ok' } : { status: 503, body: fault };
}

function send(response: ServerResponse, { status, contentType, body }: Answer): void {
  const allow = status === 405 ? { allow: 'GET' } : {};
  response.writeHead(status, { 'content-type': contentType ?? 'text/plain; charset=utf-8', ...allow });
  response.end(body);
}
