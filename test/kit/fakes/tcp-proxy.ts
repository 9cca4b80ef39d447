import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

export interface TcpProxy {
  readonly port: number;
  /** Resets every connection and refuses new ones, as a killed server does. */
  readonly kill: () => Promise<void>;
  /** Listens again on the same port. */
  readonly restart: () => Promise<void>;
  readonly openConnections: () => number;
}

/** Stands between a client and a server, and can be killed in its place. */
export async function startTcpProxy(target: {
  readonly host: string;
  readonly port: number;
}): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  let server: Server;
  const track = (socket: Socket, other: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => {
      sockets.delete(socket);
      other.destroy();
    });
    socket.pipe(other);
  };
  const listen = async (port: number) => {
    server = createServer((client) => {
      const upstream = connect(target);
      track(client, upstream);
      track(upstream, client);
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
