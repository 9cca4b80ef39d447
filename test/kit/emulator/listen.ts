import { createServer as createHttpServer, type Server as HttpServer, type RequestListener } from 'node:http';
import { createServer as createHttpsServer, type Server as HttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';

/** PEM. `requestClientCertificate` asks for certificates that `ca` signed, and goes on without. */
export interface TlsOptions {
  readonly key: string;
  readonly cert: string;
  readonly ca?: string;
  readonly requestClientCertificate?: boolean;
}

export function createServer(
  tls: TlsOptions | undefined,
  listener: RequestListener,
): HttpServer | HttpsServer {
  if (tls === undefined) {
    return createHttpServer(listener);
  }
  const { requestClientCertificate = false, ...keys } = tls;
  // A certificate that is missing or not ours is refused in HTTP, by those calls that need one.
  return createHttpsServer(
    { ...keys, requestCert: requestClientCertificate, rejectUnauthorized: false },
    listener,
  );
}

/** Listens on 127.0.0.1; says the port, any free one for 0. */
export async function listen(server: HttpServer | HttpsServer, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  return (server.address() as AddressInfo).port;
}

/** Ends every connection, then the server. */
export async function close(server: HttpServer | HttpsServer): Promise<void> {
  if (!server.listening) {
    return;
  }
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeAllConnections();
  await closed;
}
