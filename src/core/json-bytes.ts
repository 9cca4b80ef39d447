import { cutToBytes } from '../oauth/text.ts';

/** Cuts a text until it takes at most `max` bytes as a JSON string, quotes not counted: escapes take more than one byte. */
export function cutToJsonBytes(text: string, max: number): string {
  let kept = cutToBytes(text, max);
  for (let room = max; escapedBytes(kept) > max && room > 0; ) {
    room = Math.min(room - 1, Math.floor((room * max) / escapedBytes(kept)));
    kept = cutToBytes(text, Math.max(room, MARK_BYTES));
  }
  return kept;
}

/** The ellipsis at the end of a text that was cut. */
const MARK_BYTES = 3;

const escapedBytes = (text: string): number => Buffer.byteLength(JSON.stringify(text)) - 2;
