import { SHARES } from '../../api/shares.ts';
import { defined } from '../../oauth/objects.ts';
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

/** A line of a watch, whole; or the beginning of one that is longer than what is read. */
export type WatchLine = string | CutLine;

interface CutLine {
  readonly head: string;
}

/** Above what etcd stores of one object (1.5 MiB). Text of metadata alone may become longer in JSON. */
const MAX_LINE_BYTES: number = SHARES.watchLineBytes.most;
/** Type, name, namespace, uid and version stand at the beginning. */
const HEAD_BYTES = 4 * 1024;

const NEWLINE = 0x0a;
const TYPES: readonly unknown[] = ['ADDED', 'MODIFIED', 'DELETED', 'BOOKMARK'];

/**
 * Cuts a byte stream at newlines; holds at most one unfinished line, whatever the chunks' bounds. Empty lines are
 * left out. Of a line that is longer than `maxBytes` the beginning is given, and the rest passed over as it comes.
 */
export function createLineSplitter(maxBytes = MAX_LINE_BYTES): {
  push(chunk: Uint8Array): readonly WatchLine[];
} {
  let parts: Uint8Array[] = [];
  let held = 0;
  let cut: CutLine | undefined;
  const hold = (part: Uint8Array) => {
    if (cut !== undefined) {
      return;
    }
    held += part.length;
    parts.push(part);
    if (held <= maxBytes) {
      return;
    }
    cut = { head: Buffer.concat(parts, Math.min(held, HEAD_BYTES)).toString('utf8') };
    parts = [];
  };
  const take = (): WatchLine => {
    // Decoded only when whole: a chunk may end inside a character.
    const line = cut ?? Buffer.concat(parts, held).toString('utf8');
    parts = [];
    held = 0;
    cut = undefined;
    return line;
  };
  return {
    push(chunk) {
      const lines: WatchLine[] = [];
      let start = 0;
      for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
        hold(chunk.subarray(start, end));
        const line = take();
        if (typeof line !== 'string' || line.trim() !== '') {
          lines.push(line);
        }
        start = end + 1;
      }
      if (start < chunk.length) {
        hold(chunk.subarray(start));
      }
      return lines;
    },
  };
}

/** @throws MalformedStreamError where the line is no event of a watch. The message shows none of its content. */
export function decodeEvent(line: string): WatchEvent {
  const event = parsed(line);
  const object = event?.['object'];
  if (event === undefined || !isRecord(object)) {
    throw new MalformedStreamError('a line is no watch event');
  }
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

const CUT_EVENT =
  /^\{"type":"(ADDED|MODIFIED|DELETED)","object":\{(?:"kind":"[^"\\]*",)?(?:"apiVersion":"[^"\\]*",)?"metadata":\{"name":"([^"\\]*)",(?:"generateName":"[^"\\]*",)?(?:"namespace":"([^"\\]*)",)?"uid":"([^"\\]*)","resourceVersion":"([^"\\]*)"/;

/**
 * What the beginning of an event tells: its type, and which object at which version it is about. The API server writes the
 * metadata of its own kinds in this order.
 *
 * @throws MalformedStreamError where the beginning doesn't tell that.
 */
export function decodeCutEvent({ head }: CutLine): Exclude<WatchEvent, { readonly type: 'ERROR' }> {
  const [, type, name = '', namespace, uid = '', resourceVersion = ''] = CUT_EVENT.exec(head) ?? [];
  if (type === undefined) {
    throw new MalformedStreamError(`a line is longer than ${MAX_LINE_BYTES} bytes`);
  }
  const metadata = defined({ name, namespace, uid, resourceVersion });
  return { type: type as 'ADDED' | 'MODIFIED' | 'DELETED', object: { metadata } };
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
