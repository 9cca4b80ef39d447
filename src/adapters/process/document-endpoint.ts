import type { Log } from '../../controller/ports.ts';
import { type DocumentObject, documentPlace, type ServedDocument } from '../../core/served-document.ts';
import { documentHeaders, keysUrl } from '../../oauth/client-document.ts';
import {
  type HttpServer,
  PLAIN_TEXT,
  type ServedAnswer,
  type ServedRequest,
  startHttpServer,
} from './http-server.ts';
import type { TlsFiles } from './tls-files.ts';

/** The documents that are served, by host and path. */
export class ServedDocuments {
  readonly #places = new Map<string, { readonly body: string; readonly maxAge: number }>();
  readonly #objects = new Map<string, DocumentObject>();

  /** How many documents are served. */
  get size(): number {
    return this.#objects.size - this.unreadable;
  }

  /** How many objects can't be read, so that nothing of them is served. */
  get unreadable(): number {
    return [...this.#objects.values()].filter(({ served }) => served === undefined).length;
  }

  /** Takes the place of the former state of the object. */
  apply(object: DocumentObject): void {
    this.remove(object);
    this.#objects.set(object.metadata.name, object);
    for (const [place, file] of filesOf(object.served)) {
      this.#places.set(place, file);
    }
  }

  remove({ metadata: { name } }: Pick<DocumentObject, 'metadata'>): void {
    const known = this.#objects.get(name);
    this.#objects.delete(name);
    for (const [place] of filesOf(known?.served)) {
      this.#places.delete(place);
    }
  }

  /** Removes all others. */
  keepOnly(names: ReadonlySet<string>): void {
    for (const object of [...this.#objects.values()]) {
      if (!names.has(object.metadata.name)) {
        this.remove(object);
      }
    }
  }

  find(place: string): { readonly body: string; readonly maxAge: number } | undefined {
    return this.#places.get(place);
  }
}

function filesOf(served: ServedDocument | undefined) {
  if (served === undefined) {
    return [];
  }
  const { url, body, keys, maxAge } = served;
  const at = (address: string) => {
    const { host, pathname } = new URL(address);
    return documentPlace(host, pathname);
  };
  return [
    [at(url), { body, maxAge }] as const,
    ...(keys === undefined ? [] : [[at(keysUrl(url)), { body: keys, maxAge }] as const]),
  ];
}

interface DocumentEndpointOptions {
  /** 0: any free port. */
  readonly port: number;
  readonly documents: Pick<ServedDocuments, 'find'>;
  /** Whether the first list of documents was read: before, nobody can say that a URL has none. */
  readonly isReady: () => boolean;
  /** Serves HTTPS. Default: plain HTTP, for what stands before it. */
  readonly tls?: TlsFiles | undefined;
  readonly log: Pick<Log, 'info' | 'warn'>;
  /** Told of the status of each answer. */
  readonly answered: (status: number) => void;
}

const SILENCE_MS = 4_000;
const MAX_HEADER_BYTES = 16_384;
const MOST_CONNECTIONS = 2_000;
/** Longer than the proxies before it keep an idle connection, so that they close it first. */
const KEEP_ALIVE_MS = 75_000;

/**
 * Serves documents and key sets to authorization servers, and nothing else: no path of its own. Whoever asks gets the same
 * answer, with or without a User-Agent. A URL that is not known is gone (410), and no cache keeps that.
 */
export const startDocumentEndpoint = (options: DocumentEndpointOptions): Promise<HttpServer> =>
  startHttpServer({
    port: options.port,
    tls: options.tls,
    log: options.log,
    mostConnections: MOST_CONNECTIONS,
    silenceMs: SILENCE_MS,
    keepAliveMs: KEEP_ALIVE_MS,
    maxHeaderSize: MAX_HEADER_BYTES,
    answer: async (request) => {
      const answer = answerTo(options, request);
      options.answered(answer.status);
      return answer;
    },
  });

const NOT_KEPT = { ...PLAIN_TEXT, 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' } as const;

function answerTo(
  { documents, isReady }: Pick<DocumentEndpointOptions, 'documents' | 'isReady'>,
  { method, url, headers }: ServedRequest,
): ServedAnswer {
  if (method !== 'GET' && method !== 'HEAD') {
    return { status: 405, headers: { ...NOT_KEPT, allow: 'GET, HEAD' }, body: 'only GET is served' };
  }
  if (!isReady()) {
    return { status: 503, headers: { ...NOT_KEPT, 'retry-after': '1' }, body: 'not ready yet' };
  }
  const found = documents.find(documentPlace(headers.host ?? '', url));
  if (found === undefined) {
    return { status: 410, headers: NOT_KEPT, body: 'no client has this URL' };
  }
  const sent = documentHeaders(found.body, found.maxAge);
  return isKnown(headers['if-none-match'], sent['etag'] ?? '')
    ? { status: 304, headers: sent, body: '' }
    : { status: 200, headers: sent, body: found.body };
}

/** RFC 9110 section 13.1.2: the comparison is weak. */
const isKnown = (header: string | undefined, tag: string): boolean =>
  header?.split(',').some((one) => ['*', tag].includes(one.trim().replace(/^W\//, ''))) ?? false;
