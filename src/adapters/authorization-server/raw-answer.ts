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

/** Start line and headers with the empty line after them. */
function headOf(bytes: Buffer): string | undefined {
  const text = bytes.toString('latin1');
  return /^.*?\r?\n\r?\n/s.exec(text)?.[0];
}

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
