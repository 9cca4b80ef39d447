import type { Behaviour, ErrorShape, JsonObject } from './behaviour.ts';
import type { Reply } from './message.ts';
import { type Occasion, REFUSALS, type Refusal } from './refusals.ts';

/** A refusal on its way to the client. */
export class Refused extends Error {
  readonly occasion: Occasion;
  readonly detail: Partial<Refusal>;

  /** @param detail what differs from the server's refusal on this occasion */
  constructor(occasion: Occasion, detail: Partial<Refusal> = {}) {
    super(occasion);
    this.name = 'Refused';
    this.occasion = occasion;
    this.detail = detail;
  }
}

/** How `behaviour` refuses on an occasion. */
export function refusalOf(
  behaviour: Behaviour,
  occasion: Occasion,
  detail: Partial<Refusal> = {},
): Refusal & { readonly shape: ErrorShape } {
  return {
    shape: behaviour.errors.shape,
    ...(REFUSALS[occasion] as Refusal),
    ...behaviour.errors.refusals[occasion],
    ...detail,
  } as Refusal & { readonly shape: ErrorShape };
}

/** The answer that a refusal becomes. `at`: milliseconds since the epoch. */
export function refuse(
  behaviour: Behaviour,
  { occasion, detail }: Refused,
  { path, at }: { readonly path: string; readonly at: number },
): Reply {
  const refusal = refusalOf(behaviour, occasion, detail);
  const challenge = refusal.status === 401 && behaviour.errors.challenge;
  return {
    status: refusal.status,
    headers: {
      ...contentType(refusal.shape),
      ...(challenge ? { 'www-authenticate': `Bearer realm="emulator", error="${refusal.error}"` } : {}),
      ...refusal.headers,
    },
    body: BODIES[refusal.shape](refusal, path, at),
  };
}

function contentType(shape: ErrorShape): Readonly<Record<string, string>> {
  const types: Partial<Record<ErrorShape, string>> = {
    html: 'text/html; charset=utf-8',
    text: 'text/plain; charset=utf-8',
  };
  return shape === 'empty' ? {} : { 'content-type': types[shape] ?? 'application/json' };
}

const REASONS: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  413: 'Payload Too Large',
  415: 'Unsupported Media Type',
  429: 'Too Many Requests',
};
const reason = (status: number) => REASONS[status] ?? 'Error';

type Body = (refusal: Refusal, path: string, at: number) => JsonObject | string;

/** Every form of error that was met (authorization servers, "Error answers", and the rules about errors). */
const BODIES: Readonly<Record<ErrorShape, Body>> = {
  oauth: ({ error, description }) => ({ error, error_description: description }),
  codeOnly: ({ error }) => ({ error }),
  sentence: ({ description }) => ({ error: description }),
  secureauth: ({ status, error, description }) => ({
    error: description,
    error_code: error,
    status_code: status,
    details: {},
  }),
  codeReasonMessage: ({ status, description }) => ({
    code: status,
    reason: reason(status),
    message: description,
  }),
  timestampStatusPath: ({ status }, path, at) => ({
    timestamp: new Date(at).toISOString(),
    status,
    error: reason(status),
    path,
  }),
  okta: ({ error, description }) => ({
    errorCode: error,
    errorSummary: description,
    errorLink: error,
    errorId: 'oae0000000000000000',
    errorCauses: [],
  }),
  dump: ({ error, description }) => ({
    error,
    error_description: `{\n  "cause" : {\n    "message" : "${description}"\n  }\n}`,
  }),
  html: ({ status, description }) =>
    `<html><head><title>${status}</title></head><body><pre>${description}\n\tat Handler.run(Handler.java:42)</pre></body></html>`,
  text: ({ status }) => reason(status),
  empty: () => '',
};
