import type { ApiResult, Clock } from '../../controller/ports.ts';
import { AnswerReader, type ApiAnswer } from './answer.ts';
import type { Connection } from './connection.ts';

interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Below the API server's root, starting with `/api`. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly accept?: string;
  /** Sent as JSON. */
  readonly body?: object;
  /** Default `application/json`. */
  readonly contentType?: string;
  readonly signal?: AbortSignal | undefined;
  /** Longest body that is read. Default: 16 MiB, which holds any one object as JSON. */
  readonly maxBytes?: number;
  /** Receives the memory that a parsed body takes, about, in bytes. */
  readonly measured?: (bytes: number) => void;
}

export interface ExchangeOptions {
  readonly clock: Clock;
  /** Deadline of each attempt, including the wait for a free connection. Default 15 s. */
  readonly timeoutMs?: number;
}

/**
 * One call, whose answer is a value; never rejects.
 *
 * A 429 means that nothing was done: the call waits as long as asked (at most 5 s) and is retried, at most 3 times. A
 * GET whose kept connection turns out to be closed is retried once. A write is not retried: it ends with status 0. An
 * answer above the limit also ends with status 0, and with the reason `AnswerTooLarge`.
 */
export type ApiExchange = <T>(request: ApiRequest) => Promise<ApiResult<T>>;

/** Reason of an answer that exceeds the limit; the rest was not read. */
export const TOO_LARGE = 'AnswerTooLarge';

type ApiFailure = Extract<ApiResult<never>, { readonly ok: false }>;

const MAX_THROTTLED = 3;
const MAX_RETRY_AFTER_MS = 5_000;
const DEFAULT_TIMEOUT_MS = 15_000;
/** etcd stores at most 1.5 MiB per object; text in its metadata may become six times as long in JSON. */
const DEFAULT_MAX_BYTES = 16 * 1024 * 1024;
const MAX_MESSAGE_LENGTH = 1_000;

export function createExchange(connection: Connection, options: ExchangeOptions): ApiExchange {
  return async <T>(request: ApiRequest): Promise<ApiResult<T>> => {
    let throttled = 0;
    let hasRepeated = false;
    for (;;) {
      const answer = await attempt(connection, request, options);
      const mayRepeat = answer.kind === 'lost' && answer.stale && request.method === 'GET';
      if (mayRepeat && !hasRepeated) {
        hasRepeated = true;
        continue;
      }
      const isThrottled = answer.kind === 'answered' && answer.status === 429;
      if (!isThrottled || throttled === MAX_THROTTLED || request.signal?.aborted === true) {
        return toResult<T>(answer);
      }
      throttled += 1;
      await options.clock.sleep(apiRetryAfterMs(answer.retryAfter), request.signal);
    }
  };
}

/** The failure of an answer with status 400 or more. It quotes the message of the Status object, nothing else. */
export function failureOf(status: number, text: string): ApiFailure {
  const body = parsed(text);
  const isStatus = body?.['kind'] === 'Status';
  const reason = isStatus && typeof body['reason'] === 'string' ? body['reason'] : 'Unknown';
  const message = isStatus && typeof body['message'] === 'string' ? body['message'] : '';
  return {
    ok: false,
    status,
    // A 404 that names no object means that the kind isn't served: it says nothing about the object.
    reason: status === 404 && !(isStatus && namesAnObject(body)) ? 'NotServed' : reason,
    message: (message || `HTTP ${status} without a Status object`).slice(0, MAX_MESSAGE_LENGTH),
  };
}

function toResult<T>(answer: ApiAnswer): ApiResult<T> {
  switch (answer.kind) {
    case 'lost':
      return noAnswer(answer.detail);
    case 'tooLarge':
      return { ...noAnswer(answer.detail), reason: TOO_LARGE };
    case 'answered':
      return resultOf<T>(answer.status, answer.text);
  }
}

function noAnswer(detail: string): ApiFailure {
  return { ok: false, status: 0, reason: 'NoAnswer', message: detail.slice(0, MAX_MESSAGE_LENGTH) };
}

async function attempt(
  connection: Connection,
  request: ApiRequest,
  { clock, timeoutMs = DEFAULT_TIMEOUT_MS }: ExchangeOptions,
): Promise<ApiAnswer> {
  const { method, path, query, accept = 'application/json', contentType = 'application/json' } = request;
  const body = request.body === undefined ? null : JSON.stringify(request.body);
  const identity = await connection.headers();
  const reader = new AnswerReader(timeoutMs, request.signal, request.maxBytes ?? DEFAULT_MAX_BYTES);
  const askedAt = clock.monotonic();
  connection.calls().dispatch(
    {
      origin: connection.origin,
      path: connection.pathPrefix + withQuery(path, query),
      method,
      headers: { ...identity, accept, ...(body !== null && { 'content-type': contentType }) },
      body,
      // A DELETE carries its options as a body. By default undici would then close the connection: one TLS handshake
      // per DELETE.
      reset: false,
    },
    reader,
  );
  const answer = await reader.answer;
  if (answer.kind === 'answered') {
    // What stands before the API server may answer in its place, when that is away.
    connection.heard?.(answer.status < 500 ? answer.date : undefined, askedAt);
    request.measured?.(parsedBytes(answer.text));
  }
  return answer;
}

/** Each object and each list takes memory in addition to its text: `[{},{}]` takes twenty times its length. */
const BYTES_PER_CONTAINER = 48;
const [BRACE, BRACKET] = [0x7b, 0x5b];

function parsedBytes(json: string): number {
  let containers = 0;
  for (let at = 0; at < json.length; at += 1) {
    const code = json.charCodeAt(at);
    if (code === BRACE || code === BRACKET) {
      containers += 1;
    }
  }
  return json.length + BYTES_PER_CONTAINER * containers;
}

export function withQuery(path: string, query: Readonly<Record<string, string>> | undefined): string {
  return query === undefined ? path : `${path}?${new URLSearchParams(query)}`;
}

function resultOf<T>(status: number, text: string): ApiResult<T> {
  if (status < 200 || status > 299) {
    return failureOf(status, text);
  }
  const body = parsed(text);
  return body === undefined
    ? noAnswer(`HTTP ${status} whose body is no JSON object`)
    : { ok: true, object: body as T };
}

function parsed(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function namesAnObject(status: Record<string, unknown>): boolean {
  const details = status['details'];
  return typeof details === 'object' && details !== null && 'name' in details;
}

function apiRetryAfterMs(header: string): number {
  const seconds = Number.parseInt(header, 10);
  return Number.isNaN(seconds) ? 1_000 : Math.min(Math.max(seconds, 0) * 1_000, MAX_RETRY_AFTER_MS);
}
