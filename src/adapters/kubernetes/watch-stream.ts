import { SHARES } from '../../api/shares.ts';
import { defined } from '../../oauth/objects.ts';
import type { RawObject } from './paths.ts';

/** One event of a watch, decoded and otherwise unchecked. */
export type WatchEvent =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK'; readonly object: RawObject }
  /** `code` is that of the Status object: 410 if the events since our version are gone. */
  | { readonly type: 'ERROR'; readonly code: number; readonly message: string };

/** The stream contains something that is not an event; what follows can't be trusted. */
export class MalformedStreamError extends Error {
  override readonly name = 'MalformedStreamError';
}

/** A whole line of a watch, or the beginning of a line that exceeds the limit. */
export type WatchLine = string | CutLine;

interface CutLine {
  readonly head: string;
}

/** More than what etcd stores per object (1.5 MiB). Only text in metadata may become longer in JSON. */
const MAX_LINE_BYTES: number = SHARES.watchLineBytes.most;
/** Type, name, namespace, uid and version are in this part. */
const HEAD_BYTES = 4 * 1024;

const NEWLINE = 0x0a;
const TYPES: readonly unknown[] = ['ADDED', 'MODIFIED', 'DELETED', 'BOOKMARK'];

/**
 * Splits a byte stream at newlines; keeps at most one unfinished line, whatever the size of the chunks. Empty lines
 * are left out. Of a line longer than `maxBytes` it returns the beginning and drops the rest as it arrives.
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

/** @throws MalformedStreamError if the line is not an event of a watch. The message shows nothing of its content. */
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
 * Decodes the beginning of an event: its type, and name and version of its object. The API server writes the metadata
 * of its own kinds in this order.
 *
 * @throws MalformedStreamError if the beginning has another form
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
