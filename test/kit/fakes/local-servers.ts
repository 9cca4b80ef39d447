import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { createServer as createHttpsServer, type ServerOptions } from 'node:https';
import {
  type AddressInfo,
  connect,
  createServer as createTcpServer,
  type Server,
  type Socket,
} from 'node:net';
import type { TLSSocket } from 'node:tls';
import { afterEach } from 'vitest';
import { createEgressGuard, type EgressGuard } from '../../../src/adapters/authorization-server/egress.ts';
import {
  type AuthorizationServerHttpOptions,
  createAuthorizationServerHttp,
} from '../../../src/adapters/authorization-server/http.ts';
import type { HttpOutcome, HttpRequest } from '../../../src/controller/ports.ts';

/** Real servers on 127.0.0.1 and the adapter that calls them. They stop with the test. */

const cleanups: (() => unknown)[] = [];

export async function cleanUp(): Promise<void> {
  for (const cleanup of cleanups.splice(0).reverse()) {
    await cleanup();
  }
}
afterEach(cleanUp);

export const loopback = createEgressGuard({ allowed: ['127.0.0.0/8'] });

interface ClientOptions extends Partial<AuthorizationServerHttpOptions> {
  /** For servers of either kind. Default: {@link loopback}. */
  readonly guard?: EgressGuard;
}

export const guardsOf = (guard: EgressGuard) => ({
  AuthorizationServer: guard,
  ClusterAuthorizationServer: guard,
});

export function client({ guard = loopback, ...options }: ClientOptions = {}) {
  const http = createAuthorizationServerHttp({ guards: guardsOf(guard), userAgent: 'test/1', ...options });
  cleanups.push(() => http.close());
  return http;
}

export const post = (url: string, rest: Partial<HttpRequest> = {}): HttpRequest => ({
  method: 'POST',
  url,
  headers: {},
  body: '{}',
  ...rest,
});

/** Whom the calls are made for. */
export const server = { kind: 'ClusterAuthorizationServer', name: 'sso' } as const;

export const within = (timeoutMs: number) => ({ timeoutMs, server });

/** Its sentence, or what it was instead. */
export const detailOf = (outcome: HttpOutcome): string =>
  outcome.kind === 'answered' ? `answered ${outcome.status}` : outcome.detail;

/** What the platform team is told beside it. */
export const whyOf = (outcome: HttpOutcome): string | undefined =>
  outcome.kind === 'notSent' ? outcome.why : undefined;

/** undici gives a connection back one turn after the answer. */
export const connectionIdle = () => new Promise((resolve) => setTimeout(resolve, 20));

export async function listening(server: Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => sockets.add(socket));
  cleanups.push(() => {
    for (const socket of sockets) {
      socket.destroy();
    }
    server.close();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

export const http = async (listener: RequestListener) =>
  `http://127.0.0.1:${await listening(createHttpServer(listener))}/register`;

export async function tcp(onRequest: (socket: Socket) => void) {
  const server = createTcpServer((socket) => {
    socket.on('error', () => undefined).once('data', () => onRequest(socket));
  });
  return `http://127.0.0.1:${await listening(server)}/register`;
}

/** Answers every request with 200, and remembers who asked over which connection. */
export async function https(options: ServerOptions) {
  const requests: { readonly port: number | undefined; readonly subject: string | undefined }[] = [];
  const closed: Promise<unknown>[] = [];
  const server = createHttpsServer(options, (request, response) => {
    const { CN } = (request.socket as TLSSocket).getPeerCertificate().subject ?? {};
    requests.push({ port: request.socket.remotePort, subject: CN?.toString() });
    request.resume();
    response.end('{}');
  });
  server.on('secureConnection', (socket) => {
    closed.push(new Promise((resolve) => socket.once('close', resolve)));
    socket.on('error', () => undefined);
  });
  server.on('tlsClientError', () => undefined);
  const port = await listening(server);
  return { url: `https://127.0.0.1:${port}/`, port, requests, closed };
}

export interface Connect {
  /** What CONNECT asked for. */
  readonly authority: string;
  readonly authorization: string | undefined;
}

export interface ConnectProxyOptions {
  /** The status it answers to CONNECT instead of connecting. */
  readonly refusal?: number;
  /** `Proxy-Authenticate` of that answer. */
  readonly challenges?: readonly string[];
  /** Makes it speak TLS. */
  readonly tls?: ServerOptions;
  readonly onSecure?: (socket: TLSSocket) => void;
}

/** An egress proxy: every name, whatever it is, leads to 127.0.0.1. */
export async function connectProxy({ refusal, challenges = [], tls, onSecure }: ConnectProxyOptions = {}) {
  const asked: Connect[] = [];
  const plain: string[] = [];
  const onPlain: RequestListener = (request, response) => {
    plain.push(request.url ?? '');
    response.end();
  };
  const server = tls === undefined ? createHttpServer(onPlain) : createHttpsServer(tls, onPlain);
  server.on('secureConnection', (socket: TLSSocket) => onSecure?.(socket));
  server.on('connect', (request, socket: Socket) => {
    const authority = request.url ?? '';
    asked.push({ authority, authorization: request.headers['proxy-authorization'] });
    socket.on('error', () => undefined);
    if (refusal !== undefined) {
      const headers = challenges.map((challenge) => `proxy-authenticate: ${challenge}\r\n`).join('');
      socket.end(`HTTP/1.1 ${refusal} No\r\n${headers}content-length: 6\r\n\r\nsecret`);
      return;
    }
    const upstream = connect(Number(authority.split(':').at(-1)), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      socket.pipe(upstream).pipe(socket);
    });
    upstream.on('error', () => socket.destroy());
    socket.on('close', () => upstream.destroy());
  });
  const port = await listening(server);
  return { host: `127.0.0.1:${port}`, port, asked, plain };
}
