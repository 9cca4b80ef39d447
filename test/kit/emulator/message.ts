import type { IncomingMessage } from 'node:http';
import { TLSSocket } from 'node:tls';
import type { JsonObject } from './behaviour.ts';

/** What a request is for. */
export type Call = 'discovery' | 'token' | 'register' | 'read' | 'update' | 'remove' | 'other';

/** A request, read to its end. */
export interface Message {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  /** As in the request's `Host`. */
  readonly host: string;
  readonly contentType: string;
  readonly authorization: Authorization | undefined;
  readonly text: string;
  readonly bytes: number;
  /** Common name of the TLS client certificate, where one was presented that our CA signed. */
  readonly certificateName: string | undefined;
  /** SHA-256 of the TLS client certificate, which any CA may have signed. */
  readonly certificateFingerprint: string | undefined;
}

export interface Authorization {
  /** Lower case. */
  readonly scheme: string;
  readonly value: string;
}

/** What is answered. An object is sent as JSON. */
export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: JsonObject | string;
}

/** No request of a test comes near it; a larger one is cut off. */
const MAX_BYTES = 32 * 1024 * 1024;

/** Reads a request to its end. */
export async function receive(request: IncomingMessage): Promise<Message> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_BYTES) {
      throw new Error('the request is larger than any test needs');
    }
    chunks.push(chunk);
  }
  const url = new URL(request.url ?? '/', 'http://emulator');
  return {
    method: request.method ?? '',
    path: url.pathname,
    query: url.searchParams,
    host: request.headers.host ?? '',
    contentType: (request.headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '',
    authorization: authorizationOf(request.headers.authorization),
    text: Buffer.concat(chunks).toString('utf8'),
    bytes,
    certificateName: certificateName(request),
    certificateFingerprint: certificateFingerprint(request),
  };
}

function authorizationOf(header: string | undefined): Authorization | undefined {
  const [, scheme, value] = /^(\S+)\s+(.*)$/.exec(header ?? '') ?? [];
  return scheme === undefined || value === undefined ? undefined : { scheme: scheme.toLowerCase(), value };
}

function certificateName({ socket }: IncomingMessage): string | undefined {
  if (!(socket instanceof TLSSocket) || !socket.authorized) {
    return undefined;
  }
  const name = socket.getPeerCertificate().subject?.CN;
  return Array.isArray(name) ? name[0] : name;
}

const certificateFingerprint = ({ socket }: IncomingMessage): string | undefined =>
  socket instanceof TLSSocket ? socket.getPeerCertificate().fingerprint256 : undefined;

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The JSON object in `text`, or `undefined`. */
export function objectOf(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
