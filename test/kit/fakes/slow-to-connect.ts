import { connect, type Socket } from 'node:net';
import { Worker } from 'node:worker_threads';
import { afterEach } from 'vitest';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) {
    await cleanup();
  }
});

/** Listens with room for one connection, and accepts none before it is released. */
const SOURCE = `
const { createServer } = require('node:http');
const { parentPort, workerData } = require('node:worker_threads');
const server = createServer((_request, response) => response.end('{}'));
server.listen({ host: '127.0.0.1', port: 0, backlog: 1 }, () => {
  parentPort.postMessage(server.address().port);
  Atomics.wait(new Int32Array(workerData), 0, 0);
});
`;

/**
 * A port of 127.0.0.1 that drops the first packet of a new connection, since its queue is full. After `releaseAfterMs` the
 * queue is emptied, and the packet that TCP sends again after a second is answered.
 */
export async function slowToConnect(releaseAfterMs: number): Promise<number> {
  const gate = new SharedArrayBuffer(4);
  const worker = new Worker(SOURCE, { eval: true, workerData: gate });
  cleanups.push(() => worker.terminate());
  const port = await new Promise<number>((resolve, reject) => {
    worker.once('message', resolve).once('error', reject);
  });
  const fillers = await Promise.all([waiting(port), waiting(port)]);
  setTimeout(() => {
    for (const filler of fillers) {
      filler.destroy();
    }
    Atomics.store(new Int32Array(gate), 0, 1);
    Atomics.notify(new Int32Array(gate), 0);
  }, releaseAfterMs);
  return port;
}

function waiting(port: number): Promise<Socket> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => resolve(socket));
    socket.on('error', () => undefined);
    cleanups.push(() => socket.destroy());
  });
}
