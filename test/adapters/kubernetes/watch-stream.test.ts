import { describe, expect, test } from 'vitest';
import { createLineSplitter, decodeEvent } from '../../../src/adapters/kubernetes/watch-stream.ts';

const bytes = (text: string) => Buffer.from(text, 'utf8');

describe('createLineSplitter', () => {
  test('gives the same lines however the bytes are cut', () => {
    const text = '{"a":"é"}\n\n{"b":"漢字"}\r\n{"c":1}\n';
    for (let size = 1; size <= text.length; size += 1) {
      const splitter = createLineSplitter();
      const lines: string[] = [];
      for (let at = 0; at < bytes(text).length; at += size) {
        lines.push(...splitter.push(bytes(text).subarray(at, at + size)));
      }
      expect(
        lines.map((line) => JSON.parse(line)),
        `chunks of ${size} bytes`,
      ).toEqual([{ a: 'é' }, { b: '漢字' }, { c: 1 }]);
    }
  });

  test('keeps an unfinished line to itself', () => {
    expect(createLineSplitter().push(bytes('{"a":'))).toEqual([]);
  });

  test('takes a line of exactly the bound and refuses one byte more, finished or not', () => {
    expect(createLineSplitter(4).push(bytes('1234\n1234\n'))).toEqual(['1234', '1234']);
    expect(() => createLineSplitter(4).push(bytes('12345\n'))).toThrow('a line is longer than 4 bytes');
    const splitter = createLineSplitter(4);
    splitter.push(bytes('123'));
    expect(() => splitter.push(bytes('45'))).toThrow('a line is longer than 4 bytes');
  });
});

describe('decodeEvent', () => {
  test('decodes an event with its object', () => {
    const line = '{"type":"ADDED","object":{"metadata":{"name":"a","resourceVersion":"7"}}}';
    expect(decodeEvent(line)).toEqual({
      type: 'ADDED',
      object: { metadata: { name: 'a', resourceVersion: '7' } },
    });
  });

  test('decodes an error with the code of its Status', () => {
    const line =
      '{"type":"ERROR","object":{"kind":"Status","code":410,"message":"too old resource version"}}';
    expect(decodeEvent(line)).toEqual({ type: 'ERROR', code: 410, message: 'too old resource version' });
  });

  test('takes an error without code and message for a fault of the server', () => {
    expect(decodeEvent('{"type":"ERROR","object":{}}')).toEqual({
      type: 'ERROR',
      code: 500,
      message: 'the watch failed without a message',
    });
  });

  test.each([
    ['no JSON', '{"type":"ADDED","object":{"data":"c2VjcmV0"'],
    ['no object', 'null'],
    ['an event without an object', '{"type":"ADDED"}'],
    ['an unknown type', '{"type":"MOVED","object":{"metadata":{"resourceVersion":"1"}}}'],
    ['an object without metadata', '{"type":"ADDED","object":{}}'],
    ['an object without a version', '{"type":"ADDED","object":{"metadata":{"name":"a"}}}'],
  ])('refuses %s, and shows nothing of it', (_, line) => {
    expect(() => decodeEvent(line)).toThrow(/^a (line is no watch event|watch event has an unknown type)/);
    expect(() => decodeEvent(line)).not.toThrow('c2VjcmV0');
  });
});
