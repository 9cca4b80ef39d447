import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { decodeBody } from '../../../../src/adapters/authorization-server/decode-body.ts';

const MOST = 1_000;
const json = '{"client_id":"ü"}';
const decode = (bytes: Buffer, contentEncoding = '', contentType = 'application/json') =>
  decodeBody(bytes, { contentEncoding, contentType }, MOST);

describe('content codings', () => {
  test.each<readonly [string, string, Buffer]>([
    ['none', '', Buffer.from(json)],
    ['identity', 'identity', Buffer.from(json)],
    ['gzip', 'gzip', gzipSync(json)],
    ['gzip in capitals', 'GZIP', gzipSync(json)],
    ['x-gzip', 'x-gzip', gzipSync(json)],
    ['deflate', 'deflate', deflateSync(json)],
    ['deflate without its header', 'deflate', deflateRawSync(json)],
    ['br', 'br', brotliCompressSync(json)],
    ['two, the last one applied last', 'gzip, br', brotliCompressSync(gzipSync(json))],
    ['gzip that is not announced', '', gzipSync(json)],
    ['gzip twice, announced once', 'gzip', gzipSync(gzipSync(json))],
    ['gzip without its checksum', 'gzip', gzipSync(json).subarray(0, -4)],
    ['one that was announced and not applied', 'gzip', Buffer.from(json)],
    ['an unknown one that was not applied', 'zstd', Buffer.from(json)],
    ['nothing', 'gzip', Buffer.alloc(0)],
  ])('%s', (_, encoding, bytes) => {
    expect(decode(bytes, encoding)).toEqual({ text: bytes.length === 0 ? '' : json });
  });

  test.each<readonly [string, string, Buffer, string]>([
    ['unknown', 'zstd', Buffer.from([0x28, 0xb5]), 'has the content coding zstd, which is not read'],
    ['unprintable', 'a\u001bb', Buffer.from([1]), 'has the content coding ab, which is not read'],
    ['damaged', 'gzip', Buffer.from('<html>'), "can't be decoded: its content coding gzip is damaged"],
    ['many', 'gzip,gzip,gzip,gzip,gzip', gzipSync(json), 'has more than 4 content codings'],
  ])('%s: the reason is given', (_, encoding, bytes, unread) => {
    expect(decode(bytes, encoding)).toEqual({ text: '', unread });
  });

  test('that become larger than permitted keep what is permitted', () => {
    expect(decode(gzipSync('a'.repeat(MOST)), 'gzip')).toEqual({ text: 'a'.repeat(MOST) });
    expect(decode(gzipSync('a'.repeat(MOST + 1)), 'gzip')).toEqual({
      text: 'a'.repeat(MOST),
      tooLarge: true,
    });
  });

  test.each(['gzip', ''])('that become many times larger keep nothing (%s)', (encoding) => {
    expect(decode(gzipSync('a'.repeat(1_000 * MOST)), encoding)).toEqual({ text: '', tooLarge: true });
  });
});

describe('characters', () => {
  const utf16 = Buffer.from(json, 'utf16le');
  const big = Buffer.from(json, 'utf16le').swap16();
  const mark = Buffer.from([0xff, 0xfe]);

  test.each<readonly [string, Buffer, string]>([
    ['UTF-8', Buffer.from(json), ''],
    ['UTF-8 with a byte order mark', Buffer.from(`\ufeff${json}`), ''],
    ['UTF-8, whatever the charset says', Buffer.from(json), 'application/json; charset=iso-8859-1'],
    ['Latin-1 by its charset', Buffer.from(json, 'latin1'), 'application/json; charset="ISO-8859-1"'],
    ['UTF-16 with a byte order mark', Buffer.concat([mark, utf16]), ''],
    ['UTF-16, little end first', utf16, 'application/json; charset=utf-16'],
    ['UTF-16, big end first', big, ''],
  ])('%s', (_, bytes, contentType) => {
    expect(decode(bytes, '', contentType)).toEqual({ text: json });
  });

  test('of an unknown charset are read as UTF-8, with marks in place of what is not', () => {
    expect(decode(Buffer.from(json, 'latin1'), '', 'a/b; charset=nonsense').text).toBe(
      '{"client_id":"\ufffd"}',
    );
  });

  test('that were cut in two are dropped', () => {
    expect(decode(Buffer.from('{"a":"€').subarray(0, -1)).text).toBe('{"a":"');
  });
});
