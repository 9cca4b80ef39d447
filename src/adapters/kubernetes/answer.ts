import type { Dispatcher } from 'undici';

/** Result of one attempt to call the API server. */
export type ApiAnswer =
  | {
      readonly kind: 'answered';
      readonly status: number;
      readonly retryAfter: string;
      readonly date: string;
      readonly text: string;
    }
  /** `stale`: the API server had closed the kept connection. */
  | { readonly kind: 'lost'; readonly stale: boolean; readonly detail: string }
  /** The answer's body exceeds the limit; the rest was not read. */
  | { readonly kind: 'tooLarge'; readonly detail: string };

const CANCELLED: ApiAnswer = { kind: 'lost', stale: false, detail: 'the call was cancelled' };
const STALE_CODES: readonly unknown[] = ['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET'];

/**
 * One attempt and its answer, read completely up to `maxBytes`. What comes first ends it: the end of the answer, a
 * failure, `timeoutMs` from now (this includes the wait for a free connection), or `signal`. A call that ends while
 * it waits for a connection is never sent.
 *
 * undici's own `request` does the same with a stream, an AbortSignal and their listeners per call, which costs
 * measurable time under load (docs/scale.md).
 */
export class AnswerReader implements Dispatcher.DispatchHandler {
  readonly answer: Promise<ApiAnswer>;
  readonly #resolve: (answer: ApiAnswer) => void;
  readonly #timer: NodeJS.Timeout;
  readonly #signal: AbortSignal | undefined;
  readonly #cancel = () => this.#stop(CANCELLED);
  readonly #chunks: Buffer[] = [];
  readonly #maxBytes: number;
  #bytes = 0;
  #over = false;
  #controller: Dispatcher.DispatchController | undefined;
  #status = 0;
  #retryAfter = '';
  #date = '';

  constructor(timeoutMs: number, signal: AbortSignal | undefined, maxBytes: number) {
    this.#maxBytes = maxBytes;
    const { promise, resolve } = Promise.withResolvers<ApiAnswer>();
    this.answer = promise;
    this.#resolve = resolve;
    this.#timer = setTimeout(
      () => this.#stop({ kind: 'lost', stale: false, detail: `no answer within ${timeoutMs} ms` }),
      timeoutMs,
    );
    this.#signal = signal;
    signal?.addEventListener('abort', this.#cancel);
    if (signal?.aborted === true) {
      this.#cancel();
    }
  }

  /** Called just before the first byte. Aborting here means that nothing is written. */
  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#over) {
      controller.abort(new Error('ended before it was sent'));
    }
  }

  onResponseStart(
    _: unknown,
    status: number,
    headers: Readonly<Record<string, string | string[] | undefined>>,
  ): void {
    this.#status = status;
    this.#retryAfter = String(headers['retry-after'] ?? '');
    this.#date = String(headers['date'] ?? '');
  }

  onResponseData(_: unknown, chunk: Buffer): void {
    this.#bytes += chunk.length;
    if (this.#bytes > this.#maxBytes) {
      this.#stop({ kind: 'tooLarge', detail: `the answer is larger than ${this.#maxBytes} bytes` });
      return;
    }
    this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    const text = Buffer.concat(this.#chunks).toString('utf8');
    this.#end({
      kind: 'answered',
      status: this.#status,
      retryAfter: this.#retryAfter,
      date: this.#date,
      text,
    });
  }

  onResponseError(_: unknown, error: Error): void {
    const { code } = error as { code?: unknown };
    this.#end({ kind: 'lost', stale: STALE_CODES.includes(code), detail: describeAnswer(error) });
  }

  #stop(answer: ApiAnswer): void {
    this.#end(answer);
    this.#controller?.abort(new Error('no longer read'));
  }

  #end(answer: ApiAnswer): void {
    if (this.#over) {
      return;
    }
    this.#over = true;
    this.#chunks.length = 0;
    clearTimeout(this.#timer);
    this.#signal?.removeEventListener('abort', this.#cancel);
    this.#resolve(answer);
  }
}

/** Code and message of a network error, on one line. */
export function describeAnswer(error: unknown): string {
  if (!(error instanceof Error)) {
    return String(error);
  }
  const { code } = error as { code?: unknown };
  return typeof code === 'string' && !error.message.includes(code)
    ? `${code}: ${error.message}`
    : error.message;
}
