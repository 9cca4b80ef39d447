import type { RawObject } from './paths.ts';

/** One event of a watch, decoded but not judged. */
export type WatchEvent =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK'; readonly object: RawObject }
  /** `code` is the Status object's: 410 where the events since our version are gone. */
  | { readonly type: 'ERROR'; readonly code: number; readonly message: string };

/** The stream holds something that is no event; what follows in it can't be trusted. */
export class MalformedStreamError extends Error {
  override readonly name = 'MalformedStreamError';
}

/** Far above what etcd stores of one object (1.5 MiB). */
export const MAX_LINE_BYTES = 4 * 1024 * 1024;

const NEWLINE = 0x0a;
const TYPES: readonly unknown[] = ['ADDED', 'MODIFIED', 'DELETED', 'BOOKMARK'];

/**
 * Cuts a byte stream at newlines; holds at most one unfinished line, whatever the chunks' bounds. Empty lines are
 * left out.
 *
 * @throws MalformedStreamError from `push` when a line is longer than `maxBytes`.
 */
export function createLineSplitter(maxBytes = MAX_LINE_BYTES): {
  push(chunk: Uint8Array): readonly string[];
} {
  let parts: Uint8Array[] = [];
  let held = 0;
  const hold = (part: Uint8Array) => {
    held += part.length;
    if (held > maxBytes) throw new MalformedStreamError(`a line is longer than ${maxBytes} bytes`);
    parts.push(part);
  };
  const take = () => {
    // Decoded only when whole: a chunk may end inside a character.
    const line = Buffer.concat(parts, held).toString('utf8');
    parts = [];
    held = 0;
    return line;
  };
  return {
    push(chunk) {
      const lines: string[] = [];
      let start = 0;
      for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
        hold(chunk.subarray(start, end));
        const line = take();
        if (line.trim() !== '') lines.push(line);
        start = end + 1;
      }
      if (start < chunk.length) hold(chunk.subarray(start));
      return lines;
    },
  };
}

/** @throws MalformedStreamError where the line is no event of a watch. The message shows none of its content. */
export function decodeEvent(line: string): WatchEvent {
  const event = parsed(line);
  const object = event?.['object'];
  if (event === undefined || !isRecord(object)) throw new MalformedStreamError('a line is no watch event');
  if (event['type'] === 'ERROR') {
    const { code, message } = object;
    return {
      type: 'ERROR',
      code: typeof code === 'number' ? code : 500,
      message: typeof message === 'string' ? message.slice(0, 1_000) : 'the watch failed without a message',
    };
  }
  const { metadata } = object;
  if (
    !TYPES.includes(event['type']) ||
    !isRecord(metadata) ||
    typeof metadata['resourceVersion'] !== 'string'
  ) {
    throw new MalformedStreamError(
      'a watch event has an unknown type, or an object without a resourceVersion',
    );
  }
  return event as WatchEvent;
}

function parsed(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
