import { subscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';

/**
 * The bytes that a connection receives after one request was written to it, as they arrive. The HTTP parser keeps none
 * of an answer whose framing is wrong, though the answer may be whole.
 */
export class ReceivedBytes {
  readonly #most: number;
  #socket: Socket | undefined;
  #chunks: Buffer[] = [];
  #left: number;

  /** @param most bytes that are kept */
  constructor(most: number) {
    this.#most = most;
    this.#left = most;
  }

  /** Call it in `onRequestStart`: the next request that undici writes in this tick is the one. */
  begin(): void {
    starting = this;
    queueMicrotask(() => {
      starting = starting === this ? undefined : starting;
    });
  }

  /** The request is being written to this connection, which carries no other one at the same time. */
  listen(socket: Socket): void {
    this.#socket = socket;
    const { read } = socket;
    socket.read = (size) => {
      const chunk: unknown = read.call(socket, size);
      if (Buffer.isBuffer(chunk)) {
        this.#keep(chunk);
      }
      return chunk;
    };
  }

  /** Everything that was received so far. */
  bytes(): Buffer {
    return Buffer.concat(this.#chunks);
  }

  /** Leaves the connection to others. */
  release(): void {
    if (this.#socket !== undefined) {
      Reflect.deleteProperty(this.#socket, 'read');
    }
    this.#socket = undefined;
    this.#chunks = [];
    this.#left = this.#most;
  }

  #keep(chunk: Buffer): void {
    if (this.#left > 0) {
      const kept = chunk.subarray(0, this.#left);
      this.#chunks.push(kept);
      this.#left -= kept.length;
    }
  }
}

let starting: ReceivedBytes | undefined;

/** Published by undici between `onRequestStart` and the first byte of a request. */
subscribe('undici:client:sendHeaders', (message) => {
  const bytes = starting;
  starting = undefined;
  bytes?.listen((message as { readonly socket: Socket }).socket);
});
