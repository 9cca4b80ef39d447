import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

export interface TcpProxy {
  readonly port: number;
  /** Resets every connection and refuses new ones, as a killed server does. */
  readonly kill: () => Promise<void>;
  /** Listens again on the same port. */
  readonly restart: () => Promise<void>;
  readonly openConnections: () => number;
}

/**
 * Stands between a client and a server, and can be killed in its place.
 *
 * @param delayMs how much later the server receives what the client sends, in milliseconds
 */
export async function startTcpProxy(
  target: {
    readonly host: string;
    readonly port: number;
  },
  delayMs = 0,
): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  let server: Server;
  const track = (socket: Socket, other: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => {
      sockets.delete(socket);
      other.destroy();
    });
  };
  const listen = async (port: number) => {
    server = createServer((client) => {
      const upstream = connect(target);
      track(client, upstream);
      track(upstream, client);
      upstream.pipe(client);
      if (delayMs === 0) {
        client.pipe(upstream);
      } else {
        pipeLater(client, upstream, delayMs);
      }
    });
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    return (server.address() as AddressInfo).port;
  };
  const port = await listen(0);
  return {
    port,
    openConnections: () => sockets.size / 2,
    restart: async () => void (await listen(port)),
    async kill() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) {
        socket.resetAndDestroy();
      }
      await closed;
    },
  };
}

/** Timers with one delay end in the order in which they began, so the order of the bytes stays. */
function pipeLater(from: Socket, to: Socket, delayMs: number): void {
  from.on('data', (chunk) => setTimeout(() => to.write(chunk), delayMs));
  from.on('end', () => setTimeout(() => to.end(), delayMs));
}
