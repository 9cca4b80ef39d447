import { subscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import { headOf, repairedHead } from './raw-answer.ts';

/** Longer beginnings of an answer are given to the parser as they are. */
const MAX_HEAD = 16 * 1024;

/**
 * The bytes that a connection receives after one request was written to it, as they arrive. The HTTP parser keeps none
 * of an answer whose framing is wrong, though the answer may be whole. Where the headers alone show that, the parser is
 * given headers that it accepts ({@link repairedHead}), so that it reads on.
 */
export class ReceivedBytes {
  readonly #most: number;
  #socket: Socket | undefined;
  #chunks: Buffer[] = [];
  #left: number;
  /** The part of the headers that was received and not given to the parser yet. */
  #head = NONE;
  #isHeadOver = false;
  #isRepaired = false;

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
      if (!Buffer.isBuffer(chunk)) {
        return chunk;
      }
      this.#keep(chunk);
      return this.#isHeadOver ? chunk : this.#withHead(chunk);
    };
  }

  /** Whether the headers contradicted each other, so that the parser was given others. */
  get isRepaired(): boolean {
    return this.#isRepaired;
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
    this.#head = NONE;
  }

  /** `null` while the headers aren't complete, as for a stream that has no more data yet. */
  #withHead(chunk: Buffer): Buffer | null {
    let rest = Buffer.concat([this.#head, chunk]);
    let given = NONE;
    for (let head = headOf(rest); head !== undefined && !this.#isHeadOver; head = headOf(rest)) {
      const repaired = repairedHead(head);
      this.#isRepaired ||= repaired !== undefined;
      this.#isHeadOver = !/^HTTP\/1\.\d 1\d\d\b/.test(head);
      given = Buffer.concat([given, Buffer.from(repaired ?? head, 'latin1')]);
      rest = rest.subarray(head.length);
    }
    const isHead = !this.#isHeadOver && rest.length <= MAX_HEAD && isBeginning(rest.toString('latin1'));
    this.#head = isHead ? rest : NONE;
    this.#isHeadOver ||= !isHead;
    const whole = isHead ? given : Buffer.concat([given, rest]);
    return whole.length === 0 ? null : whole;
  }

  #keep(chunk: Buffer): void {
    if (this.#left > 0) {
      const kept = chunk.subarray(0, this.#left);
      this.#chunks.push(kept);
      this.#left -= kept.length;
    }
  }
}

const NONE = Buffer.alloc(0);

/** Whether an answer may begin so. */
const isBeginning = (text: string): boolean => 'HTTP/1.'.startsWith(text) || text.startsWith('HTTP/1.');

let starting: ReceivedBytes | undefined;

/** Published by undici between `onRequestStart` and the first byte of a request. */
subscribe('undici:client:sendHeaders', (message) => {
  const bytes = starting;
  starting = undefined;
  bytes?.listen((message as { readonly socket: Socket }).socket);
});
