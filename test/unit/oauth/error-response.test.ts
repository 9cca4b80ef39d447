import { describe, expect, test } from 'vitest';
import { describeError, presentable, readErrorResponse } from '../../../src/oauth/error-response.ts';
import type { HttpAnswer } from '../../../src/oauth/http-message.ts';
import { Sensitive } from '../../../src/oauth/sensitive.ts';

const answer = (body: string, challenge?: string, status = 400): HttpAnswer => ({
  kind: 'answered',
  status,
  headers: challenge === undefined ? {} : { 'www-authenticate': challenge },
  body: new Sensitive(body),
});

const read = (body: string, challenge?: string) => readErrorResponse(answer(body, challenge), []);

describe('readErrorResponse', () => {
  test('reads a challenge of 8 KiB in time that grows with its length alone (L2)', () => {
    const timeOf = (length: number) => {
      const challenge = 'a'.repeat(length);
      const start = performance.now();
      for (let round = 0; round < 20; round += 1) {
        read('', challenge);
      }
      return performance.now() - start;
    };
    timeOf(1_024);
    // Sixty-four times as much text: quadratic, it took four thousand times as long.
    expect(timeOf(65_536)).toBeLessThan(1_000);
    expect(read('', `${'a'.repeat(4_000)} error="invalid_token"`).error).toBe('invalid_token');
  });

  test.each([
    [
      'the words of a well-formed body',
      '{"error":"invalid_redirect_uri","error_description":"no fragments"}',
      { status: 400, error: 'invalid_redirect_uri', description: 'no fragments' },
    ],
    ['an error without description', '{"error":"access_denied"}', { status: 400, error: 'access_denied' }],
    [
      'a sentence in place of a code',
      '{"error":"The request is missing something"}',
      { status: 400, error: 'The request is missing something' },
    ],
    ['a description alone', '{"error_description":"why"}', { status: 400, description: 'why' }],
    [
      'rule 45: a code beside a sentence in error (SecureAuth)',
      '{"error":"no such method","error_code":"invalid_client_metadata","status_code":400,"details":{}}',
      { status: 400, error: 'invalid_client_metadata', description: 'no such method' },
    ],
    [
      "rule 45: another server's code and summary (Okta)",
      '{"errorCode":"E0000001","errorSummary":"Api validation failed: redirect_uris"}',
      { status: 400, error: 'E0000001', description: 'Api validation failed: redirect_uris' },
    ],
    [
      'rule 45: a dump of several lines as one',
      '{"error":"invalid_request","error_description":"{\\n  \\"a\\": 1\\n}"}',
      { status: 400, error: 'invalid_request', description: '{ "a": 1 }' },
    ],
    ['rule 45: nothing of an empty body', '', { status: 400 }],
    [
      'rule 45: nothing of HTML',
      '<html><pre>java.lang.NullPointerException</pre></html>',
      { status: 400, body: 'with a body that is not a JSON object' },
    ],
    [
      'rule 45: {code, reason, message}',
      '{"code":"E1","message":"no","reason":"x"}',
      { status: 400, error: 'E1', description: 'no' },
    ],
    [
      'rule 45: no more than a word of {timestamp, status, error, path}',
      '{"timestamp":"2026-01-01","status":400,"error":"Bad Request","path":"/register"}',
      { status: 400, error: 'Bad Request' },
    ],
    ['nothing of members of another type', '{"error":{"a":1},"error_description":[1]}', { status: 400 }],
    ['nothing of empty words', '{"error":"","error_description":""}', { status: 400 }],
    [
      'nothing of an array',
      '[{"error":"invalid_token"}]',
      { status: 400, body: 'with a body that is not a JSON object' },
    ],
  ])('takes %s', (_, body, said) => {
    expect(read(body)).toEqual(said);
  });

  test.each([
    [
      'rule 45: where the body is empty',
      '',
      'Bearer realm="x", error="invalid_token", error_description="The token \\"a\\" has expired"',
      { status: 400, error: 'invalid_token', description: 'The token "a" has expired' },
    ],
    [
      'never over the body',
      '{"error":"invalid_client_metadata","error_description":"b"}',
      'Bearer error="invalid_token", error_description="c"',
      { status: 400, error: 'invalid_client_metadata', description: 'b' },
    ],
    ['never out of another parameter', '', 'Bearer realm="error=\\"invalid_token\\""', { status: 400 }],
    ['not where it says nothing', '', 'Bearer', { status: 400 }],
  ])('takes the challenge %s', (_, body, challenge, said) => {
    expect(read(body, challenge)).toEqual(said);
  });

  test.each<readonly [string, Readonly<Record<string, string>>, string, string]>([
    ['HTML', { 'content-type': 'Text/HTML; charset=utf-8' }, '<p>canary', 'status 400 with text/html'],
    ['text', { 'content-type': 'text/plain' }, 'canary', 'status 400 with text/plain'],
    [
      'a JSON text',
      { 'content-type': 'application/json' },
      '"canary"',
      'status 400 with application/json that is not a JSON object',
    ],
    [
      'a content type that is none',
      { 'content-type': 'canary' },
      'x',
      'status 400 with a body that is not a JSON object',
    ],
    ['JSON that is cut off', {}, '{"error":"canary', 'status 400 with JSON that is cut off'],
  ])('describes %s by its content type alone', (_, headers, body, line) => {
    const said = readErrorResponse({ ...answer(body), headers }, []);
    expect(describeError(said)).toBe(line);
  });

  test('says why a body could not be decoded', () => {
    const coded = {
      ...answer(''),
      headers: { 'content-type': 'application/json' },
      unread: 'has the content coding zstd, which is not read',
    };
    expect(describeError(readErrorResponse(coded, []))).toBe(
      'status 400 whose body has the content coding zstd, which is not read',
    );
  });

  test('masks what was held or sent, in both parts', () => {
    const said = readErrorResponse(
      answer('{"error":"bad canary-token","error_description":"got canary-token, canary-secret"}'),
      [new Sensitive('canary-token'), new Sensitive('canary-secret')],
    );
    expect(said).toEqual({
      status: 400,
      error: 'bad [redacted]',
      description: 'got [redacted], [redacted]',
    });
  });
});

describe('presentable', () => {
  test('masks the longer of two values first, so that no part remains', () => {
    const shown = presentable('token-abc-def', [new Sensitive('token'), new Sensitive('token-abc-def')]);
    expect(shown).toBe('[redacted]');
  });

  test('masks before it cuts', () => {
    const secret = 's'.repeat(40);
    const shown = presentable(`${'x'.repeat(280)}${secret}`, [new Sensitive(secret)]);
    expect(shown).toBe(`${'x'.repeat(280)}[redacted]`);
  });

  test('does not mask a value that may be any word', () => {
    expect(presentable('a bad day', [new Sensitive('a'), new Sensitive('')])).toBe('a bad day');
  });

  test.each([
    ['line breaks and tabs', 'a\r\n\tb', 'a b'],
    ['escape sequences of a terminal', '\u001b[31mred\u001b[0m', '[31mred [0m'],
    ['a null character', 'a\u0000b', 'a b'],
    ['a change of direction', 'a\u202eb', 'a b'],
    ['an invisible space', 'a\u200bb', 'a b'],
    ['separators of lines', 'a\u2028b\u2029c', 'a b c'],
    ['half a character', 'a\ud83db', 'a b'],
    ['space around it', '  a  ', 'a'],
  ])('makes %s harmless', (_, text, shown) => {
    expect(presentable(text, [])).toBe(shown);
  });

  test('cuts after 300 characters', () => {
    expect(presentable('x'.repeat(300), [])).toBe('x'.repeat(300));
    expect(presentable('x'.repeat(301), [])).toBe(`${'x'.repeat(300)}…`);
  });

  test('cuts between characters, never through one', () => {
    expect(presentable(`${'x'.repeat(299)}😀😀`, []).isWellFormed()).toBe(true);
  });
});

describe('describeError', () => {
  test.each([
    [{ status: 400, error: 'invalid_redirect_uri', description: 'no' }, '400 invalid_redirect_uri: no'],
    [{ status: 401, error: 'invalid_token' }, '401 invalid_token'],
    [{ status: 400, description: 'no' }, 'status 400: no'],
    [{ status: 502 }, 'status 502'],
  ])('says %j as one line', (said, line) => {
    expect(describeError(said)).toBe(line);
  });
});
