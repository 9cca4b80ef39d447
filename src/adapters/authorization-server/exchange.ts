import { StringDecoder } from 'node:string_decoder';
import type { Dispatcher } from 'undici';
import type { HttpNoAnswer, HttpOutcome } from '../../oauth/http-message.ts';
import { defined } from '../../oauth/objects.ts';
import { Sensitive } from '../../oauth/sensitive.ts';
import { ClientCertificateError } from './client-certificate.ts';
import { type ConnectionError, explainNotSent, notSent } from './connection-failure.ts';

const KEPT_HEADERS = ['content-type', 'www-authenticate', 'retry-after', 'location', 'cache-control', 'date'];
const KEPT_HEADER_CHARACTERS = 8 * 1024;

interface Limits {
  readonly host: string;
  readonly maxBodyBytes: number;
  /** From now to the end of the answer. */
  readonly timeoutMs: number;
}

type ResponseHeaders = Readonly<Record<string, string | string[] | undefined>>;

/**
 * One request and its answer. The first ending counts.
 *
 *     queued, connecting ──onRequestStart──▶ written ──▶ headers ──▶ body ──▶ answered
 *            └─ fails: notSent                  └────────┴──────────┴─ fails: noAnswer
 *
 * The received part of a truncated 2xx answer is kept: it may contain a client's credentials.
 */
export class HttpExchange implements Dispatcher.DispatchHandler {
  readonly outcome: Promise<HttpOutcome>;
  readonly #limits: Limits;
  readonly #resolve: (outcome: HttpOutcome) => void;
  readonly #timer: NodeJS.Timeout;
  #over = false;
  #controller: Dispatcher.DispatchController | undefined;
  #status: number | undefined;
  #headers: Readonly<Record<string, string>> = {};
  /** By its `content-length`. */
  #isTooLong = false;
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
    if (fresh) {
      this.#controller = controller;
    } else {
      controller.abort(new Error('never sent late, never sent twice'));
    }
  }

  onResponseStart(_: unknown, status: number, headers: ResponseHeaders): void {
    if (status < 200) {
      return;
    }
    this.#status = status;
    this.#headers = keptHeaders(headers);
    this.#isTooLong = Number(headers['content-length'] ?? 0) > this.#limits.maxBodyBytes;
    if (this.#isTooLong && !this.#isSuccess()) {
      this.#stop(this.#tooLarge());
    }
  }

  onResponseData(_: unknown, chunk: Buffer): void {
    const room = this.#limits.maxBodyBytes - this.#bytes;
    this.#bytes += chunk.length;
    this.#chunks.push(chunk.subarray(0, Math.max(room, 0)));
    if (chunk.length > room) {
      this.#stop(this.#tooLarge());
    }
  }

  onResponseEnd(): void {
    const body = new Sensitive(Buffer.concat(this.#chunks).toString('utf8'));
    this.#end({ kind: 'answered', status: this.#status ?? 0, headers: this.#headers, body });
  }

  onResponseError(_: unknown, error: ConnectionError): void {
    this.#end(this.#explain(error));
  }

  #explain(error: ConnectionError): HttpOutcome {
    const wasWritten = this.#controller !== undefined;
    const wasRefused = error instanceof ClientCertificateError && this.#status === undefined;
    if (!wasWritten || wasRefused) {
      return explainNotSent(error, this.#limits.host);
    }
    if (error.code === 'UND_ERR_HEADERS_OVERFLOW') {
      return this.#noAnswer('ResponseTooLarge', "the answer's headers are too large");
    }
    return this.#isTooLong ? this.#tooLarge() : this.#noAnswer('ConnectionLost', explainLoss(error));
  }

  #expire(): void {
    const { host, timeoutMs } = this.#limits;
    if (this.#controller === undefined) {
      this.#end(notSent('ConnectFailed', `no connection to ${host} within ${timeoutMs} ms`));
      return;
    }
    const late = this.#noAnswer('Timeout', `no complete answer from ${host} within ${timeoutMs} ms`);
    this.#stop(this.#isTooLong ? this.#tooLarge() : late);
  }

  #tooLarge(): HttpNoAnswer {
    return this.#noAnswer(
      'ResponseTooLarge',
      `the answer's body is larger than ${this.#limits.maxBodyBytes} bytes`,
    );
  }

  #noAnswer(reason: HttpNoAnswer['reason'], detail: string): HttpNoAnswer {
    const [status, received] = [this.#status, this.#received()];
    return defined({ kind: 'noAnswer', reason, status, received, detail });
  }

  /** Drops a character that was cut in two. */
  #received(): Sensitive | undefined {
    if (!this.#isSuccess() || this.#bytes === 0) {
      return undefined;
    }
    return new Sensitive(new StringDecoder('utf8').write(Buffer.concat(this.#chunks)));
  }

  #isSuccess(): boolean {
    return this.#status !== undefined && this.#status < 300;
  }

  #stop(outcome: HttpOutcome): void {
    this.#end(outcome);
    this.#controller?.abort(new Error('no longer read'));
  }

  #end(outcome: HttpOutcome): void {
    if (this.#over) {
      return;
    }
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
    if (value === undefined) {
      continue;
    }
    kept[name] = [value].flat().join(', ').slice(0, left);
    left -= kept[name].length;
  }
  return kept;
}

function explainLoss({ code, name }: ConnectionError): string {
  if (name === 'HTTPParserError') {
    return 'the answer is not valid HTTP/1.1';
  }
  return `the connection was lost before the answer was complete (${code ?? name})`;
}
