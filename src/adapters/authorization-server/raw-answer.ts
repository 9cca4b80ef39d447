/** An answer whose framing is wrong, as far as it can be understood. */
export interface RawAnswer {
  readonly status: number;
  /** By name in lower case; of several with one name, all, joined by commas. */
  readonly headers: Readonly<Record<string, string>>;
  /** The body in the ways in which it may be meant, the likeliest first. */
  readonly bodies: readonly Buffer[];
}

/**
 * Reads the bytes of one answer, whatever `Content-Length` and `Transfer-Encoding` say (RFC 9112 section 6.3 has them
 * contradict each other as an error). Interim answers before it are skipped. `undefined`: its headers aren't complete.
 */
export function readRawAnswer(bytes: Buffer): RawAnswer | undefined {
  let rest = bytes;
  for (let heads = 0; heads <= MAX_INTERIM; heads += 1) {
    const head = headOf(rest);
    const status = Number(/^HTTP\/1\.\d (\d{3})\b/.exec(head ?? '')?.[1] ?? 0);
    if (head === undefined || status === 0) {
      return undefined;
    }
    rest = rest.subarray(head.length);
    if (status >= 200) {
      const headers = headersOf(head);
      const isChunked = /\bchunked\b/i.test(headers['transfer-encoding'] ?? '');
      return { status, headers, bodies: isChunked ? [withoutChunks(rest), rest] : [rest] };
    }
  }
  return undefined;
}

const MAX_INTERIM = 10;

/** Start line and headers with the empty line after them, as Latin-1; `undefined`: they aren't complete. */
export function headOf(bytes: Buffer): string | undefined {
  const text = bytes.toString('latin1');
  return /^.*?\r?\n\r?\n/s.exec(text)?.[0];
}

/**
 * Headers that no parser refuses, where those of an answer contradict each other or give no valid length. Chunks count
 * before a length (RFC 9112 section 6.3), and one length that comes several times counts once. Else the body ends with
 * the connection, which serves no other call. `undefined`: nothing is to be repaired.
 */
export function repairedHead(head: string): string | undefined {
  const lines = head.split(/\r?\n/);
  const others = lines.filter((line) => !LENGTH.test(line));
  const lengths = lines
    .filter((line) => LENGTH.test(line))
    .flatMap((line) => line.replace(LENGTH, '').split(','))
    .map((length) => length.trim());
  const isChunked = others.some((line) => /^transfer-encoding\s*:/i.test(line));
  const [first = ''] = lengths;
  const isOne = /^\d{1,15}$/.test(first) && lengths.every((length) => length === first);
  if (lengths.length === 0 || (lengths.length === 1 && isOne && !isChunked)) {
    return undefined;
  }
  const [start = '', ...rest] = others;
  const length = isOne && !isChunked ? [`content-length: ${first}`] : [];
  return [start, 'connection: close', ...length, ...rest].join('\r\n');
}

const LENGTH = /^content-length\s*:/i;

function headersOf(head: string): Readonly<Record<string, string>> {
  const headers: Record<string, string> = {};
  for (const line of head.split(/\r?\n/).slice(1)) {
    const [, name = '', value = ''] = /^([^:]+):\s*(.*?)\s*$/.exec(line) ?? [];
    const key = name.trim().toLowerCase();
    if (key !== '') {
      headers[key] = key in headers ? `${headers[key]}, ${value}` : value;
    }
  }
  return headers;
}

/** The data of the chunks before the end, or before the first place that is no chunk. */
function withoutChunks(bytes: Buffer): Buffer {
  const text = bytes.toString('latin1');
  const data: Buffer[] = [];
  const size = /\r?\n?([0-9a-f]{1,8})[^\r\n]*\r?\n/iy;
  let at = 0;
  for (;;) {
    size.lastIndex = at;
    const length = Number.parseInt(size.exec(text)?.[1] ?? '0', 16);
    if (length === 0) {
      return Buffer.concat(data);
    }
    data.push(bytes.subarray(size.lastIndex, size.lastIndex + length));
    at = size.lastIndex + length;
  }
}
