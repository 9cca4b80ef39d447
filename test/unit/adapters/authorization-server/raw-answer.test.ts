import { describe, expect, test } from 'vitest';
import { readRawAnswer, repairedHead } from '../../../../src/adapters/authorization-server/raw-answer.ts';

const read = (text: string) => {
  const answer = readRawAnswer(Buffer.from(text));
  return answer && { ...answer, bodies: answer.bodies.map(String) };
};

describe('readRawAnswer', () => {
  test('takes everything after the headers for the body, whatever its length is said to be', () => {
    expect(read('HTTP/1.1 201 Created\r\nContent-Length: 1\r\ncontent-length: 2\r\n\r\n{"a":1}')).toEqual({
      status: 201,
      headers: { 'content-length': '1, 2' },
      bodies: ['{"a":1}'],
    });
  });

  test.each([
    ['chunks', '3\r\n{"a\r\n4;x=y\r\n":1}\r\n0\r\n\r\n', '{"a":1}'],
    ['chunks without carriage returns', '7\n{"a":1}\n0\n\n', '{"a":1}'],
    ['chunks before one that is none', '7\r\n{"a":1}\r\noops', '{"a":1}'],
    ['a chunk that breaks off', '7\r\n{"a"', '{"a"'],
    ['no chunk', '{"a":1}', ''],
  ])('reads %s, and the body as it is', (_, body, data) => {
    expect(read(`HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n${body}`)?.bodies).toEqual([
      data,
      body,
    ]);
  });

  test('skips interim answers and lines that are no headers', () => {
    const interim = 'HTTP/1.1 103 Early Hints\r\nlink: <a>\r\n\r\n';
    expect(read(`${interim}HTTP/1.1 200 OK\nno header\n__proto__: x\n\n{}`)).toMatchObject({
      status: 200,
      bodies: ['{}'],
    });
  });

  test('skips no more than ten interim answers', () => {
    const interim = 'HTTP/1.1 100 Continue\r\n\r\n';
    expect(read(`${interim.repeat(10)}HTTP/1.1 200 OK\r\n\r\n{}`)).toMatchObject({ status: 200 });
    expect(read(`${interim.repeat(11)}HTTP/1.1 200 OK\r\n\r\n{}`)).toBeUndefined();
  });

  test.each([
    '',
    '{"a":1}',
    'HTTP/1.1 201 Created\r\ncontent-',
    'SSH-2.0\r\n\r\n',
    'HTTP/1.1 103 Wait\r\n\r\n',
  ])('finds no answer in %j', (text) => {
    expect(read(text)).toBeUndefined();
  });
});

describe('repairedHead', () => {
  const repaired = (...headers: readonly string[]) =>
    repairedHead(['HTTP/1.1 201 Created', 'a: b', ...headers, '', ''].join('\r\n'));
  const head = (...headers: readonly string[]) =>
    ['HTTP/1.1 201 Created', 'connection: close', ...headers, 'a: b', '', ''].join('\r\n');

  test.each([
    ['no length', []],
    ['one length', ['Content-Length: 5']],
    ['chunks', ['Transfer-Encoding: chunked']],
  ])('leaves %s as it is', (_, headers) => {
    expect(repaired(...headers)).toBeUndefined();
  });

  test.each([
    ['a length twice', ['content-length: 5', 'Content-Length: 5'], ['content-length: 5']],
    ['a list of one length', ['content-length: 5, 5'], ['content-length: 5']],
    ['two lengths', ['content-length: 5', 'content-length: 6'], []],
    ['no number', ['content-length: -1'], []],
  ])('of %s', (_, headers, left) => {
    expect(repaired(...headers)).toBe(head(...left));
  });

  test('takes chunks before a length', () => {
    expect(repaired('content-length: 5', 'transfer-encoding: chunked')).toBe(
      'HTTP/1.1 201 Created\r\nconnection: close\r\na: b\r\ntransfer-encoding: chunked\r\n\r\n',
    );
  });
});
