import { createServer } from 'node:net';

/** A TCP port of 127.0.0.1 that nobody listens on at this moment; somebody may a moment later. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') {
    throw new Error('no TCP port was given');
  }
  return address.port;
}
