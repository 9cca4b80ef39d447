import type { SecureContextOptions } from 'node:tls';
import { Agent, type Dispatcher } from 'undici';
import type {
  AuthorizationServerHttp,
  HttpOutcome,
  HttpRequest,
  NotSentReason,
} from '../controller/ports.ts';
import { Sensitive } from '../oauth/sensitive.ts';
import type { EgressGuard } from './egress.ts';

/** How the calls are made. */
export interface AuthorizationServerHttpOptions {
  readonly guard: EgressGuard;
  readonly userAgent: string;
  /** Longest body that is read. Default: 1 MiB. */
  readonly maxBodyBytes?: number;
  /** From the name's resolution to the end of the TLS handshake. Default: 10 000. */
  readonly connectTimeoutMs?: number;
  /** Trust and client certificate of every connection. Default: Node's CAs, no certificate. */
  readonly tls?: Pick<SecureContextOptions, 'ca' | 'cert' | 'key'>;
}

const KEPT_HEADERS = ['content-type', 'www-authenticate', 'retry-after', 'location', 'cache-control', 'date'];
const KEPT_HEADER_CHARACTERS = 8 * 1024;

/**
 * HTTP/1.1 to authorization servers over kept connections: no redirects, no retries, no decompression.
 *
 * An answer is decoded as UTF-8. A kept connection that the server drops just as a request is written counts as
 * `ConnectionLost`, since nobody can know; so idle connections are closed after 4 s, or 2 s before the server's
 * own hint. `close` lets the calls under way end; a call made after it is `notSent`.
 */
export function createAuthorizationServerHttp(
  options: AuthorizationServerHttpOptions,
): AuthorizationServerHttp & { close(): Promise<void> } {
  const { guard, userAgent, maxBodyBytes = 1024 * 1024, connectTimeoutMs = 10_000, tls } = options;
  const agent = new Agent({
    connect: guard.connector({ ...tls, timeout: connectTimeoutMs }),
    allowH2: false,
    maxOrigins: 1_000,
    keepAliveTimeout: 4_000,
    keepAliveTimeoutThreshold: 2_000,
    keepAliveMaxTimeout: 30_000,
    headersTimeout: 0,
    bodyTimeout: 0,
  });
  return {
    send: (request, { timeoutMs }) => {
      const url = URL.parse(request.url);
      if (url === null || !/^https?:$/.test(url.protocol)) {
        return Promise.resolve(notSent('ConnectFailed', 'the URL is not a valid http or https URL'));
      }
      const exchange = new Exchange({ host: url.host, maxBodyBytes, timeoutMs });
      agent.dispatch(toDispatch(url, request, userAgent), exchange);
      return exchange.outcome;
    },
    close: () => agent.close(),
  };
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

interface Limits {
  readonly host: string;
  readonly maxBodyBytes: number;
  readonly timeoutMs: number;
}

type ResponseHeaders = Readonly<Record<string, string | string[] | undefined>>;

/**
 * One request and its answer. The first ending counts.
 *
 *     queued, connecting ──onRequestStart──▶ written ──▶ headers ──▶ body ──▶ answered
 *            └─ fails: notSent                  └────────┴──────────┴─ fails: noAnswer
 */
class Exchange implements Dispatcher.DispatchHandler {
  readonly outcome: Promise<HttpOutcome>;
  readonly #limits: Limits;
  readonly #resolve: (outcome: HttpOutcome) => void;
  readonly #timer: NodeJS.Timeout;
  #over = false;
  #controller: Dispatcher.DispatchController | undefined;
  #status: number | undefined;
  #headers: Readonly<Record<string, string>> = {};
  #chunks: Buffer[] = [];
  #bytes = 0;

  constructor(limits: Limits) {
    const { promise, resolve } = Promise.withResolvers<HttpOutcome>();
    this.outcome = promise;
    this.#limits = limits;
    this.#resolve = resolve;
    this.#timer = setTimeout(() => this.#expire(), limits.timeoutMs);
  }

  /** Called just before the first byte. Aborting here means that nothing is written. */
  onRequestStart(controller: Dispatcher.DispatchController): void {
    const fresh = !this.#over && this.#controller === undefined;
    if (fresh) this.#controller = controller;
    else controller.abort(new Error('never sent late, never sent twice'));
  }

  onResponseStart(_: unknown, status: number, headers: ResponseHeaders): void {
    if (status < 200) return;
    this.#status = status;
    this.#headers = keptHeaders(headers);
    if (Number(headers['content-length'] ?? 0) > this.#limits.maxBodyBytes) this.#tooLarge();
  }

  onResponseData(_: unknown, chunk: Buffer): void {
    this.#bytes += chunk.length;
    if (this.#bytes > this.#limits.maxBodyBytes) this.#tooLarge();
    else this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    const body = new Sensitive(Buffer.concat(this.#chunks).toString('utf8'));
    this.#end({ kind: 'answered', status: this.#status ?? 0, headers: this.#headers, body });
  }

  onResponseError(_: unknown, error: Failure): void {
    this.#end(this.#explain(error));
  }

  #explain(error: Failure): HttpOutcome {
    if (this.#controller === undefined) return explainNotSent(error, this.#limits.host);
    if (error.code === 'UND_ERR_HEADERS_OVERFLOW') {
      return this.#noAnswer('ResponseTooLarge', "the answer's headers are too large");
    }
    return this.#noAnswer('ConnectionLost', explainLoss(error));
  }

  #expire(): void {
    const { host, timeoutMs } = this.#limits;
    if (this.#controller === undefined) {
      this.#end(notSent('ConnectFailed', `no connection to ${host} within ${timeoutMs} ms`));
    } else {
      this.#stop(this.#noAnswer('Timeout', `no complete answer from ${host} within ${timeoutMs} ms`));
    }
  }

  #tooLarge(): void {
    const detail = `the answer's body is larger than ${this.#limits.maxBodyBytes} bytes`;
    this.#stop(this.#noAnswer('ResponseTooLarge', detail));
  }

  #noAnswer(reason: 'Timeout' | 'ConnectionLost' | 'ResponseTooLarge', detail: string): HttpOutcome {
    const status = this.#status === undefined ? {} : { status: this.#status };
    return { kind: 'noAnswer', reason, ...status, detail };
  }

  #stop(outcome: HttpOutcome): void {
    this.#end(outcome);
    this.#controller?.abort(new Error('no longer read'));
  }

  #end(outcome: HttpOutcome): void {
    if (this.#over) return;
    this.#over = true;
    this.#chunks = [];
    clearTimeout(this.#timer);
    this.#resolve(outcome);
  }
}

function keptHeaders(headers: ResponseHeaders): Readonly<Record<string, string>> {
  let left = KEPT_HEADER_CHARACTERS;
  const kept: Record<string, string> = {};
  for (const name of KEPT_HEADERS) {
    const value = headers[name];
    if (value === undefined) continue;
    kept[name] = [value].flat().join(', ').slice(0, left);
    left -= kept[name].length;
  }
  return kept;
}

interface Failure extends Error {
  readonly code?: string | undefined;
  /** The server's certificate, where the host name is what failed. */
  readonly cert?: { readonly subjectaltname?: string };
}

/** The first row whose pattern matches the error's code explains it. */
const NOT_SENT: readonly {
  readonly code: RegExp;
  readonly reason: NotSentReason;
  readonly explain: (host: string, failure: Failure) => string;
}[] = [
  { code: /^ERR_ADDRESS_REFUSED$/, reason: 'AddressRefused', explain: (_, { message }) => message },
  {
    code: /^(ENOTFOUND|ENODATA|EAI_\w+)$/,
    reason: 'NameNotResolved',
    explain: (host, { code }) => `the name of ${host} could not be resolved (${code})`,
  },
  {
    code: /^(CERT_HAS_EXPIRED|CERT_NOT_YET_VALID)$/,
    reason: 'TlsVerificationFailed',
    explain: (host, { code }) =>
      `the certificate of ${host} ${code === 'CERT_HAS_EXPIRED' ? 'has expired' : 'is not valid yet'}`,
  },
  {
    code: /^(DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_(GET_ISSUER|VERIFY_LEAF)\w+)$/,
    reason: 'TlsVerificationFailed',
    explain: (host, { code }) => `the certificate of ${host} is signed by an unknown CA (${code})`,
  },
  {
    code: /^(ERR_TLS_CERT_ALTNAME_INVALID|HOSTNAME_MISMATCH)$/,
    reason: 'TlsVerificationFailed',
    explain: (host, { cert }) =>
      `the certificate is not for the host name of ${host} but for ${printable(cert?.subjectaltname ?? 'no name')}`,
  },
  {
    code: /^(CERT_|CRL_|INVALID_|PATH_LENGTH_|UNABLE_TO_|ERROR_IN_CERT|ERR_TLS_CERT_)/,
    reason: 'TlsVerificationFailed',
    explain: (host, { code }) => `the certificate of ${host} was refused (${code})`,
  },
  {
    code: /^(EPROTO|ERR_SSL_)/,
    reason: 'ConnectFailed',
    explain: (host, { code }) => `the TLS handshake with ${host} failed (${code})`,
  },
  // undici's message names the header or the path, never a value.
  { code: /^UND_ERR_INVALID_ARG$/, reason: 'ConnectFailed', explain: (_, { message }) => printable(message) },
  {
    code: /^(ETIMEDOUT|UND_ERR_CONNECT_TIMEOUT)$/,
    reason: 'ConnectFailed',
    explain: (host) => `no connection to ${host} in time`,
  },
  { code: /^ECONNREFUSED$/, reason: 'ConnectFailed', explain: (host) => `${host} refused the connection` },
];

function explainNotSent(failure: Failure, host: string): HttpOutcome {
  const code = failure.code ?? failure.name;
  const row = NOT_SENT.find((candidate) => candidate.code.test(code));
  if (row === undefined) return notSent('ConnectFailed', `no connection to ${host} (${code})`);
  return notSent(row.reason, row.explain(host, failure));
}

function explainLoss({ code, name }: Failure): string {
  if (name === 'HTTPParserError') return 'the answer is not valid HTTP/1.1';
  return `the connection was lost before the answer was complete (${code ?? name})`;
}

function notSent(reason: NotSentReason, detail: string): HttpOutcome {
  return { kind: 'notSent', reason, detail };
}

function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, ' ').slice(0, 256);
}
