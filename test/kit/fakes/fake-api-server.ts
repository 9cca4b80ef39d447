import { writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { join } from 'node:path';
import { type Connection, connect } from '../../../src/adapters/kubernetes/connection.ts';
import { scratchFolder } from '../scratch-folder.ts';
import { createFakeClock, createRecordingLog } from './fake-clock.ts';

export interface Exchange {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: IncomingMessage['headers'];
  readonly response: ServerResponse;
  readonly socket: Socket;
}

export interface FakeApiServer {
  readonly connection: Connection;
  /** Every request that arrived. */
  readonly requests: readonly Exchange[];
  readonly openSockets: () => number;
  readonly close: () => Promise<void>;
}

/** A server that answers its requests in turn by `script`; the last one answers all that follow. */
export async function startFakeApiServer(
  script: readonly ((exchange: Exchange) => void)[],
): Promise<FakeApiServer> {
  const requests: Exchange[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '', 'http://fake');
    const exchange = {
      method: request.method ?? '',
      path: url.pathname,
      query: Object.fromEntries(url.searchParams),
      headers: request.headers,
      response,
      socket: request.socket,
    };
    requests.push(exchange);
    script[Math.min(requests.length, script.length) - 1]?.(exchange);
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const kubeconfig = writeKubeconfig({ server: `http://127.0.0.1:${port}`, user: { token: 'token-1' } });
  const connection = await connect({ kubeconfig, clock: createFakeClock(), log: createRecordingLog() });
  return {
    connection,
    requests,
    openSockets: () => sockets.size,
    async close() {
      await connection.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Writes a kubeconfig (JSON is YAML) and returns its path. */
export function writeKubeconfig({
  server,
  user,
  proxyUrl,
}: {
  readonly server: string;
  readonly user: object;
  readonly proxyUrl?: string;
}): string {
  const path = join(scratchFolder(), 'config');
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      { name: 'fake', cluster: { server, 'proxy-url': proxyUrl, 'insecure-skip-tls-verify': true } },
    ],
    users: [{ name: 'fake', user }],
    contexts: [{ name: 'fake', context: { cluster: 'fake', user: 'fake', namespace: 'trial' } }],
    'current-context': 'fake',
  };
  writeFileSync(path, JSON.stringify(config), { mode: 0o600 });
  return path;
}

/** Answers with JSON. */
export function answer(status: number, body: unknown, headers: Record<string, string> = {}) {
  return ({ response }: Pick<Exchange, 'response'>): void => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  };
}

export function status(code: number, reason: string, message = 'no'): object {
  return { kind: 'Status', apiVersion: 'v1', status: 'Failure', code, reason, message };
}

/** Opens a watch, sends the lines and leaves it open. */
export function stream(...lines: readonly (object | string)[]) {
  return ({ response }: Pick<Exchange, 'response'>): void => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.flushHeaders();
    for (const line of lines) {
      response.write(`${typeof line === 'string' ? line : JSON.stringify(line)}\n`);
    }
  };
}
