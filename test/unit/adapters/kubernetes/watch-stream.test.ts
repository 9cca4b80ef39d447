import { describe, expect, test } from 'vitest';
import {
  createLineSplitter,
  decodeCutEvent,
  decodeEvent,
} from '../../../../src/adapters/kubernetes/watch-stream.ts';

const bytes = (text: string) => Buffer.from(text, 'utf8');

describe('createLineSplitter', () => {
  test('gives the same lines however the bytes are cut', () => {
    const text = '{"a":"é"}\n\n{"b":"漢字"}\r\n{"c":1}\n';
    for (let size = 1; size <= text.length; size += 1) {
      const splitter = createLineSplitter();
      const lines: string[] = [];
      for (let at = 0; at < bytes(text).length; at += size) {
        lines.push(...splitter.push(bytes(text).subarray(at, at + size)).map(String));
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

  test('accepts a line of exactly the limit; of a longer one it gives the beginning and continues with the next line', () => {
    expect(createLineSplitter(4).push(bytes('1234\n1234\n'))).toEqual(['1234', '1234']);
    const text = '12345678\n1234\n';
    for (let size = 1; size <= text.length; size += 1) {
      const splitter = createLineSplitter(4);
      const lines = [];
      for (let at = 0; at < text.length; at += size) {
        lines.push(...splitter.push(bytes(text).subarray(at, at + size)));
      }
      expect(lines, `chunks of ${size} bytes`).toEqual([{ head: expect.stringMatching(/^12345/) }, '1234']);
    }
  });

  test('keeps 4 KiB of a line of 64 MB', () => {
    const splitter = createLineSplitter();
    const chunk = Buffer.alloc(64 * 1024, 'a');
    for (let count = 0; count < 1_000; count += 1) {
      expect(splitter.push(chunk)).toEqual([]);
    }
    expect(splitter.push(bytes('\n'))).toEqual([{ head: 'a'.repeat(4_096) }]);
  });
});

describe('decodeCutEvent', () => {
  const head = (type: string, metadata: string) =>
    `{"type":"${type}","object":{"kind":"PartialObjectMetadata","apiVersion":"meta.k8s.io/v1","metadata":{${metadata}`;

  test.each([
    [
      'an object of a namespace',
      head('DELETED', '"name":"a","namespace":"shop","uid":"u","resourceVersion":"7","labels":{"x":"<<<'),
      {
        type: 'DELETED',
        object: { metadata: { name: 'a', namespace: 'shop', uid: 'u', resourceVersion: '7' } },
      },
    ],
    [
      'an object of the cluster, with a generated name',
      head('ADDED', '"name":"a-x","generateName":"a-","uid":"u","resourceVersion":"7"'),
      { type: 'ADDED', object: { metadata: { name: 'a-x', uid: 'u', resourceVersion: '7' } } },
    ],
  ])('names its object: %s', (_, given, event) => {
    expect(decodeCutEvent({ head: given })).toEqual(event);
  });

  test.each([
    ['annotations come first', head('DELETED', '"annotations":{"a":"b"},"name":"a","uid":"u"')],
    ['a name that needs escapes', head('DELETED', '"name":"a\\"","uid":"u","resourceVersion":"7"')],
    ['no event', 'x'.repeat(100)],
  ])('refuses a beginning that does not name it: %s', (_, given) => {
    expect(() => decodeCutEvent({ head: given })).toThrow('a line is longer than 2097152 bytes');
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
  ])('refuses %s, and shows nothing from it', (_, line) => {
    expect(() => decodeEvent(line)).toThrow(/^a (line is no watch event|watch event has an unknown type)/);
    expect(() => decodeEvent(line)).not.toThrow('c2VjcmV0');
  });
});
