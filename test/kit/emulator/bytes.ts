import { STATUS_CODES } from 'node:http';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';

/** How the bytes of an answer may be odd though nothing of it is missing. */

/**
 * How a body is coded. `gzip unannounced`: no header says so. `zstd announced`: the header alone, with bytes that
 * nobody can read.
 */
export type BodyCoding =
  | 'gzip'
  | 'gzip unannounced'
  | 'deflate'
  | 'br'
  | 'zstd announced'
  | 'byte order mark';

export interface CodedBody {
  readonly body: Buffer;
  readonly headers: Readonly<Record<string, string>>;
}

export function codedBody(plain: Buffer, coding: BodyCoding): CodedBody {
  switch (coding) {
    case 'gzip':
      return { body: gzipSync(plain), headers: { 'content-encoding': 'gzip' } };
    case 'gzip unannounced':
      return { body: gzipSync(plain), headers: {} };
    case 'deflate':
      return { body: deflateSync(plain), headers: { 'content-encoding': 'deflate' } };
    case 'br':
      return { body: brotliCompressSync(plain), headers: { 'content-encoding': 'br' } };
    case 'zstd announced':
      return { body: Buffer.from([0x28, 0xb5, 0x2f, 0xfd]), headers: { 'content-encoding': 'zstd' } };
    case 'byte order mark':
      return { body: Buffer.concat([Buffer.from('\ufeff'), plain]), headers: {} };
  }
}

interface WholeAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export type Framing =
  | 'length too small'
  | 'length too large'
  | 'length twice'
  | 'length and chunks'
  | 'bad chunk'
  | 'no last chunk';

/** The bytes of an answer that arrives whole, in a framing that is wrong. The connection ends after them. */
export const FRAMINGS: Readonly<Record<Framing, (answer: WholeAnswer) => Buffer>> = {
  'length too small': (answer) => framed(answer, [lengthOf(answer, -10)]),
  'length too large': (answer) => framed(answer, [lengthOf(answer, 10)]),
  'length twice': (answer) => framed(answer, [lengthOf(answer, 0), lengthOf(answer, 0)]),
  'length and chunks': (answer) => framed(answer, [lengthOf(answer, 0), CHUNKED], '0\r\n\r\n'),
  'bad chunk': (answer) => framed(answer, [CHUNKED], 'oops\r\n'),
  'no last chunk': (answer) => framed(answer, [CHUNKED], ''),
};

const CHUNKED = 'transfer-encoding: chunked';

const lengthOf = ({ body }: WholeAnswer, difference: number): string =>
  `content-length: ${Math.max(body.length + difference, 0)}`;

/** @param last what follows the only chunk; without it, the body has no chunks */
function framed({ status, headers, body }: WholeAnswer, framing: readonly string[], last?: string): Buffer {
  const own = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  const head = [`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`, ...own, ...framing, '', ''].join('\r\n');
  const chunk = last === undefined ? ['', ''] : [`${body.length.toString(16)}\r\n`, `\r\n${last}`];
  return Buffer.concat([Buffer.from(head + chunk[0]), body, Buffer.from(chunk[1] ?? '')]);
}
