import type { Dispatcher } from 'undici';
import type { HttpAnswer, HttpNoAnswer, HttpOutcome } from '../../oauth/http-message.ts';
import { parseJsonObject } from '../../oauth/json.ts';
import { defined } from '../../oauth/objects.ts';
import { Sensitive } from '../../oauth/sensitive.ts';
import { whyUnreadable } from '../../oauth/torn-json.ts';
import { ClientCertificateError } from './client-certificate.ts';
import { type ConnectionError, explainNotSent, notSent } from './connection-failure.ts';
import { type DecodedBody, decodeBody } from './decode-body.ts';
import { type RawAnswer, readRawAnswer } from './raw-answer.ts';
import { ReceivedBytes } from './received-bytes.ts';

const KEPT_HEADERS = ['content-type', 'www-authenticate', 'retry-after', 'location', 'cache-control', 'date'];
const KEPT_HEADER_CHARACTERS = 8 * 1024;
/** Start line, headers and chunk sizes beside the body: what Node accepts as headers, twice. */
const FRAMING_BYTES = 32 * 1024;

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
 * The body is decoded ({@link decodeBody}). An answer whose framing is wrong, although one complete JSON object was
 * received, counts as answered. The received part of a truncated 2xx answer is kept: it may contain a client's
 * credentials.
 */
export class HttpExchange implements Dispatcher.DispatchHandler {
  readonly outcome: Promise<HttpOutcome>;
  readonly #limits: Limits;
  readonly #resolve: (outcome: HttpOutcome) => void;
  readonly #timer: NodeJS.Timeout;
  readonly #raw: ReceivedBytes;
  #over = false;
  #controller: Dispatcher.DispatchController | undefined;
  #status: number | undefined;
  #headers: ResponseHeaders = {};
  /** By its `content-length`. */
  #isTooLong = false;
  #chunks: Buffer[] = [];
  #bytes = 0;

  constructor(limits: Limits) {
    const { promise, resolve } = Promise.withResolvers<HttpOutcome>();
    this.outcome = promise;
    this.#limits = limits;
    this.#resolve = resolve;
    this.#raw = new ReceivedBytes(limits.maxBodyBytes + FRAMING_BYTES);
    this.#timer = setTimeout(() => this.#expire(), limits.timeoutMs);
  }

  /** Called just before the first byte. Aborting here means that nothing is written. */
  onRequestStart(controller: Dispatcher.DispatchController): void {
    const fresh = !this.#over && this.#controller === undefined;
    if (fresh) {
      this.#controller = controller;
      this.#raw.begin();
    } else {
      controller.abort(new Error('never sent late, never sent twice'));
    }
  }

  onResponseStart(_: unknown, status: number, headers: ResponseHeaders): void {
    if (status < 200) {
      return;
    }
    this.#status = status;
    this.#headers = headers;
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
    const decoded = this.#decoded();
    if (decoded.tooLarge) {
      this.#end(this.#tooLarge());
      return;
    }
    const whole =
      whyUnreadable(decoded.text) === 'Truncated'
        ? this.#whole('more was received than its Content-Length says')
        : undefined;
    const answer = toAnswer(this.#status ?? 0, this.#headers, decoded);
    this.#end(whole ?? (this.#raw.isRepaired ? { ...answer, framing: INVALID_FRAMING } : answer));
  }

  onResponseError(_: unknown, error: ConnectionError): void {
    const whole = this.#controller === undefined ? undefined : this.#whole(explainFraming(error));
    this.#end(whole ?? this.#explain(error));
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
    const whole = this.#whole('its end did not arrive in time');
    const late = this.#noAnswer('Timeout', `no complete answer from ${host} within ${timeoutMs} ms`);
    this.#stop(whole ?? (this.#isTooLong ? this.#tooLarge() : late));
  }

  #tooLarge(): HttpNoAnswer {
    return this.#noAnswer(
      'ResponseTooLarge',
      `the answer's body is larger than ${this.#limits.maxBodyBytes} bytes`,
    );
  }

  #noAnswer(reason: HttpNoAnswer['reason'], detail: string): HttpNoAnswer {
    const raw = this.#status === undefined ? readRawAnswer(this.#raw.bytes()) : undefined;
    const status = this.#status ?? raw?.status;
    const headers = status === undefined ? undefined : keptHeaders(raw?.headers ?? this.#headers);
    const received = isSuccess(status) ? this.#received(raw) : undefined;
    return defined({ kind: 'noAnswer', reason, status, headers, received, detail });
  }

  #received(raw: RawAnswer | undefined): Sensitive | undefined {
    const { text } = raw === undefined ? this.#decoded() : this.#decode(raw.bodies[0], raw.headers);
    return text === '' ? undefined : new Sensitive(text);
  }

  #decoded(): DecodedBody {
    return this.#decode(Buffer.concat(this.#chunks), this.#headers);
  }

  #decode(bytes: Buffer = Buffer.alloc(0), headers: ResponseHeaders): DecodedBody {
    const named = (name: string) => [headers[name] ?? ''].flat().join(', ');
    const coded = { contentEncoding: named('content-encoding'), contentType: named('content-type') };
    return decodeBody(bytes, coded, this.#limits.maxBodyBytes);
  }

  /** The answer, where one complete JSON object was received although the framing is wrong. */
  #whole(framing: string): HttpAnswer | undefined {
    const raw = readRawAnswer(this.#raw.bytes());
    for (const bytes of raw?.bodies ?? []) {
      const decoded = this.#decode(bytes, raw?.headers ?? {});
      if (!decoded.tooLarge && parseJsonObject(decoded.text) !== undefined) {
        return { ...toAnswer(raw?.status ?? 0, raw?.headers ?? {}, decoded), framing };
      }
    }
    return undefined;
  }

  #isSuccess(): boolean {
    return isSuccess(this.#status);
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
    this.#raw.release();
    clearTimeout(this.#timer);
    this.#resolve(outcome);
  }
}

const isSuccess = (status: number | undefined): boolean =>
  status !== undefined && status >= 200 && status < 300;

function toAnswer(status: number, headers: ResponseHeaders, { text, unread }: DecodedBody): HttpAnswer {
  const body = new Sensitive(text);
  return defined({ kind: 'answered', status, headers: keptHeaders(headers), body, unread });
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

function explainLoss(error: ConnectionError): string {
  switch (error.name) {
    case 'HTTPParserError':
      return 'the answer is not valid HTTP/1.1';
    case 'ResponseContentLengthMismatchError':
      return "the length of the answer's body is not what its headers say";
    default:
      return `the connection was lost before the answer was complete (${error.code ?? error.name})`;
  }
}

const INVALID_FRAMING = 'Content-Length, Transfer-Encoding or a chunk is not valid';

function explainFraming({ name, code }: ConnectionError): string {
  if (code === 'UND_ERR_HEADERS_OVERFLOW') {
    return 'the headers are larger than Node reads';
  }
  return name === 'HTTPParserError' || name === 'ResponseContentLengthMismatchError'
    ? INVALID_FRAMING
    : `the connection ended before the end of the body that the headers announce (${code ?? name})`;
}
