import { SHARES } from '../../api/shares.ts';
import type { Log } from '../../controller/ports.ts';
import {
  type HttpServer,
  PLAIN_TEXT,
  type ServedAnswer,
  type ServedRequest,
  startHttpServer,
} from './http-server.ts';
import type { TlsFiles } from './tls-files.ts';

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
  /**
   * Why this caller gets no metrics, by the header `Authorization` and the remote address: a status and a sentence; `undefined`: it gets them.
   * Default: everybody gets them.
   */
  readonly refusal?: (sender: {
    readonly authorization: string | undefined;
    readonly address: string | undefined;
  }) => Promise<{ readonly status: number; readonly message: string } | undefined>;
  /** Serves HTTPS. Default: plain HTTP. */
  readonly tls?: TlsFiles | undefined;
  readonly log: Pick<Log, 'info' | 'warn'>;
}

const SILENCE_MS = 4_000;
const MAX_HEADER_BYTES = 8_192;

/**
 * Serves `GET /livez`, `/readyz` and `/metrics` over HTTP, or over HTTPS where there is a certificate.
 *
 * A probe answers 200 `ok`, or 503 with the sentence. If a check or the metrics throw, the answer is 500 without the
 * message. Rejects if it can't listen on the port. `close` also ends open connections. When there are too many
 * connections, the address with most of them loses its oldest one, so the kubelet always gets an answer.
 */
export const startHttpEndpoint = (options: HttpEndpointOptions): Promise<HttpServer> =>
  startHttpServer({
    port: options.port,
    host: options.host,
    tls: options.tls,
    log: options.log,
    mostConnections: SHARES.probeConnections.most,
    silenceMs: SILENCE_MS,
    maxHeaderSize: MAX_HEADER_BYTES,
    answer: (request) => answerTo(options, request),
  });

async function answerTo(
  options: HttpEndpointOptions,
  { method, url, headers, address }: ServedRequest,
): Promise<ServedAnswer> {
  const [path] = url.split('?');
  if (path !== '/livez' && path !== '/readyz' && path !== '/metrics') {
    return { status: 404, headers: PLAIN_TEXT, body: 'not found' };
  }
  if (method !== 'GET') {
    return { status: 405, headers: { ...PLAIN_TEXT, allow: 'GET' }, body: 'only GET is served' };
  }
  if (path === '/livez') {
    return probe(options.live());
  }
  if (path === '/readyz') {
    return probe(options.ready());
  }
  const refusal = await options.refusal?.({ authorization: headers.authorization, address });
  if (refusal !== undefined) {
    const challenge = refusal.status === 401 ? { 'www-authenticate': 'Bearer' } : {};
    return { status: refusal.status, headers: { ...PLAIN_TEXT, ...challenge }, body: refusal.message };
  }
  const { contentType, body } = await options.metrics();
  return { status: 200, headers: { 'content-type': contentType }, body };
}

function probe(fault: string | undefined): ServedAnswer {
  return fault === undefined
    ? { status: 200, headers: PLAIN_TEXT, body: 'ok' }
    : { status: 503, headers: PLAIN_TEXT, body: fault };
}
