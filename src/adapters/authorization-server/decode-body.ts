import { StringDecoder } from 'node:string_decoder';
import { brotliDecompressSync, constants, gunzipSync, inflateRawSync, inflateSync } from 'node:zlib';
import { parseJsonObject } from '../../oauth/json.ts';

/** Headers of an answer that say how its body is coded. */
interface BodyHeaders {
  readonly contentEncoding: string;
  readonly contentType: string;
}

/**
 * A body as text. `tooLarge`: it has more than the permitted bytes, and `text` is its beginning. `unread`: why there is
 * no text, as the end of a sentence about the body.
 */
export interface DecodedBody {
  readonly text: string;
  readonly tooLarge?: true;
  readonly unread?: string;
}

/** A larger output is not kept, not even in part. */
const MOST_EXPANSION = 4;
/** No server needs more than one; the bound is against loops. */
const MAX_CODINGS = 4;

/**
 * Decodes the bytes of a body: content codings (RFC 9110 section 8.4), also gzip that no header announces, then the
 * charset. The bytes may be the beginning of a body that broke off: what can be decoded of them is kept.
 *
 * @param most permitted bytes without content coding
 */
export function decodeBody(bytes: Buffer, headers: BodyHeaders, most: number): DecodedBody {
  const codings = codingsOf(headers.contentEncoding);
  if (codings.length > MAX_CODINGS) {
    return { text: '', unread: `has more than ${MAX_CODINGS} content codings` };
  }
  let plain = bytes;
  for (const coding of codings) {
    const before = plain;
    const decoded = undone(plain, coding, most);
    if (Buffer.isBuffer(decoded)) {
      plain = decoded;
    } else if (isPlainJson(before)) {
      // Some proxies decompress a body and leave the header.
      break;
    } else {
      return decoded;
    }
  }
  for (let times = 0; isGzip(plain) && times < MAX_CODINGS; times += 1) {
    const decoded = undone(plain, 'gzip', most);
    if (!Buffer.isBuffer(decoded)) {
      return decoded;
    }
    plain = decoded;
  }
  const text = textOf(plain.subarray(0, most), headers.contentType);
  return plain.length > most ? { text, tooLarge: true } : { text };
}

/** In the order in which they are undone. */
const codingsOf = (header: string): readonly string[] =>
  header
    .toLowerCase()
    .split(',')
    .map((coding) => coding.trim())
    .filter((coding) => coding !== '' && coding !== 'identity')
    .toReversed();

/** What ended in the middle gives what could be decoded, without an error. */
const ZLIB = { finishFlush: constants.Z_SYNC_FLUSH };
const BROTLI = { finishFlush: constants.BROTLI_OPERATION_FLUSH };

type Bounded = { readonly maxOutputLength: number };

const DECODERS: ReadonlyMap<string, (bytes: Buffer, bounded: Bounded) => Buffer> = new Map([
  ['gzip', (bytes: Buffer, bounded: Bounded) => gunzipSync(bytes, { ...ZLIB, ...bounded })],
  ['x-gzip', (bytes: Buffer, bounded: Bounded) => gunzipSync(bytes, { ...ZLIB, ...bounded })],
  ['deflate', inflated],
  ['br', (bytes: Buffer, bounded: Bounded) => brotliDecompressSync(bytes, { ...BROTLI, ...bounded })],
]);

/** `deflate` means the zlib format; some servers send the bare one (RFC 9110 section 8.4.1.2). */
function inflated(bytes: Buffer, bounded: Bounded): Buffer {
  const [first = 0, second = 0] = bytes;
  const isZlib = (first & 0x0f) === 8 && ((first << 8) | second) % 31 === 0;
  return (isZlib ? inflateSync : inflateRawSync)(bytes, { ...ZLIB, ...bounded });
}

function undone(bytes: Buffer, coding: string, most: number): Buffer | DecodedBody {
  const decode = DECODERS.get(coding);
  if (decode === undefined) {
    const name = coding.replace(/[^a-z0-9-]/g, '').slice(0, 20);
    return { text: '', unread: `has the content coding ${name}, which is not read` };
  }
  try {
    return bytes.length === 0 ? bytes : decode(bytes, { maxOutputLength: MOST_EXPANSION * most });
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE'
      ? { text: '', tooLarge: true }
      : { text: '', unread: `can't be decoded: its content coding ${coding} is damaged` };
  }
}

const isGzip = ([first, second]: Buffer): boolean => first === 0x1f && second === 0x8b;

const isPlainJson = (bytes: Buffer): boolean => parseJsonObject(textOf(bytes, '')) !== undefined;

/**
 * JSON is UTF-8 (RFC 8259 section 8.1), whatever the charset parameter says; only bytes that can't be UTF-8 are read by
 * it. A byte order mark is removed, and a character that was cut in two.
 */
function textOf(bytes: Buffer, contentType: string): string {
  const wide = wideCharset(bytes);
  const declared = /;\s*charset="?([^";\s]+)/i.exec(contentType)?.[1];
  return (
    (wide && decoded(bytes, wide, false)) ??
    decoded(bytes, 'utf-8', true) ??
    (declared && !/^utf-?8$/i.test(declared) ? decoded(bytes, declared, false) : undefined) ??
    new StringDecoder('utf8').write(bytes)
  );
}

/** By the byte order mark, or since the first character of JSON is one of ASCII. */
function wideCharset([first, second]: Buffer): 'utf-16le' | 'utf-16be' | undefined {
  if ((first === 0xff && second === 0xfe) || (first !== 0 && second === 0)) {
    return 'utf-16le';
  }
  const isBigEndian = (first === 0xfe && second === 0xff) || (first === 0 && second !== 0);
  return isBigEndian && second !== undefined ? 'utf-16be' : undefined;
}

/** `undefined` where the charset is unknown or, if `fatal`, does not permit the bytes. */
function decoded(bytes: Buffer, charset: string, fatal: boolean): string | undefined {
  try {
    return new TextDecoder(charset, { fatal }).decode(bytes, { stream: true });
  } catch {
    return undefined;
  }
}
