import { timingSafeEqual } from 'node:crypto';
import { SHARES } from '../../api/shares.ts';
import type { Log } from '../../controller/ports.ts';
import { readParameters } from '../../inventory/page-query.ts';
import { badRequest, PAGE_HEADERS, respond, STYLE_PATH, styleSheet } from '../../inventory/respond.ts';
import type { InventoryView } from '../../inventory/view.ts';
import { sha256 } from '../../oauth/sha256.ts';
import {
  type HttpServer,
  PLAIN_TEXT,
  type ServedAnswer,
  type ServedRequest,
  startHttpServer,
} from './http-server.ts';
import type { TlsFiles } from './tls-files.ts';

/** What a request for the inventory says of its reader. */
export interface InventoryReader {
  /** The header `Authorization`. */
  readonly authorization: string | undefined;
  /** The remote address of the connection; `undefined`: it is closed. */
  readonly address: string | undefined;
  /** The namespace by which the reader filters: a DNS label. */
  readonly namespace: string | undefined;
  /** Whether the connection of the request is closed, so that nobody reads an answer. */
  readonly isClosed: () => boolean;
}

/** Why a reader sees nothing: status, and a sentence. */
interface InventoryRefusal {
  readonly status: 401 | 403 | 503;
  readonly message: string;
}

/** Makes a page of what the reader may see: the caller of `make` decides when it has the time. */
export type ShowInventory = <T extends object>(
  reader: InventoryReader,
  make: (view: InventoryView) => T,
) => Promise<T | InventoryRefusal>;

interface InventoryEndpointOptions {
  /** 0: any free port. */
  readonly port: number;
  /** Default: all addresses. */
  readonly host?: string;
  /** A secret first part of the path. Default: none, the page is at `/`. */
  readonly pathToken?: string;
  /** Host names that the header `Host` may have, so that a page of another site can't read by DNS rebinding. Default: any. */
  readonly hostNames?: readonly string[];
  /** Serves HTTPS. Default: plain HTTP. */
  readonly tls?: TlsFiles | undefined;
  /** Told of renewed certificates. Default: nothing is. */
  readonly log?: Pick<Log, 'info' | 'warn'>;
  readonly show: ShowInventory;
}

/** An access check of many namespaces may take its time. */
const SILENCE_MS = 30_000;
/** Tokens with many groups are long. */
const MAX_HEADER_BYTES = 32_768;

/** Serves the inventory page over HTTP, or over HTTPS where there is a certificate: GET and HEAD. */
export const startInventoryEndpoint = (options: InventoryEndpointOptions): Promise<HttpServer> =>
  startHttpServer({
    port: options.port,
    host: options.host,
    tls: options.tls,
    log: options.log,
    mostConnections: SHARES.inventoryConnections.most,
    silenceMs: SILENCE_MS,
    maxHeaderSize: MAX_HEADER_BYTES,
    answer: async (request) => {
      const { status, headers, body } = await answerTo(options, request);
      return { status, headers: { ...PAGE_HEADERS, ...headers }, body };
    },
  });

const sentence = (
  status: number,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): ServedAnswer => ({
  status,
  headers: { ...PLAIN_TEXT, ...headers },
  body: `${body}\n`,
});

/** A browser tries a 503 again by itself, over another connection: it may reach another replica. */
const HINTS: Readonly<Record<InventoryRefusal['status'], Readonly<Record<string, string>>>> = {
  401: { 'www-authenticate': 'Bearer' },
  403: {},
  503: { refresh: '1', 'retry-after': '1', connection: 'close' },
};

async function answerTo(options: InventoryEndpointOptions, request: ServedRequest): Promise<ServedAnswer> {
  const { method, url, headers, address, isClosed } = request;
  if (!isKnownHost(headers.host, options.hostNames)) {
    return sentence(421, 'This page is not served under that host name.');
  }
  if (method !== 'GET' && method !== 'HEAD') {
    return sentence(405, 'Only GET is served.', { allow: 'GET, HEAD' });
  }
  const mark = url.indexOf('?');
  const [whole, query] = mark < 0 ? [url, ''] : [url.slice(0, mark), url.slice(mark + 1)];
  const path = belowToken(whole, options.pathToken);
  if (path === undefined) {
    return sentence(404, 'Not found.');
  }
  if (path === STYLE_PATH) {
    return { ...styleSheet, headers: { 'content-type': styleSheet.contentType } };
  }
  const parameters = readParameters(query);
  if ('problem' in parameters) {
    return pageOf(badRequest(path, parameters.problem));
  }
  const { namespace } = parameters;
  const reader = { authorization: headers.authorization, address, namespace, isClosed };
  const page = await options.show(reader, (view) => respond(path, parameters, view));
  if ('message' in page) {
    return sentence(page.status, page.message, HINTS[page.status]);
  }
  return pageOf(page);
}

const pageOf = ({ status, contentType, body }: ReturnType<typeof respond>): ServedAnswer => ({
  status,
  headers: { 'content-type': contentType },
  body,
});

function isKnownHost(host: string | undefined, known: readonly string[] | undefined): boolean {
  return known === undefined || (host !== undefined && known.includes(host.replace(/:[0-9]+$/, '')));
}

/** The path below the token, with its slash; `undefined` where the token is not in the path. */
function belowToken(path: string, token: string | undefined): string | undefined {
  if (token === undefined) {
    return path;
  }
  const [, given = '', rest] = /^\/([^/]*)(\/.*)$/.exec(path) ?? [];
  const isSame = timingSafeEqual(Buffer.from(sha256(given)), Buffer.from(sha256(token)));
  return isSame ? rest : undefined;
}
