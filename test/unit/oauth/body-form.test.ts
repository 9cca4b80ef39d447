import { describe, expect, test } from 'vitest';
import { bodyForm, isFromApi } from '../../../src/oauth/body-form.ts';
import { Sensitive } from '../../../src/oauth/sensitive.ts';

const answer = (
  contentType: string,
  body: string,
  more: { readonly unread?: string; readonly challenge?: string } = {},
) => {
  const { unread, challenge } = more;
  return {
    headers: {
      ...(contentType === '' ? {} : { 'content-type': contentType }),
      ...(challenge === undefined ? {} : { 'www-authenticate': challenge }),
    },
    body: new Sensitive(body),
    ...(unread === undefined ? {} : { unread }),
  };
};

describe('The body and then the content type decide who answered', () => {
  test.each([
    ['Object', 'application/json', '{}'],
    ['Object', 'text/html; charset=utf-8', ' {"error":"x"}'],
    ['Object', '', '{}'],
    ['JSON', 'application/json', '{"error":"x'],
    ['Empty', '', ''],
    ['Empty', 'application/json', ''],
    ['Empty', 'text/html; charset=utf-8', ''],
  ])('%s of an API: %s %s', (form, contentType, body) => {
    expect([bodyForm(answer(contentType, body)), isFromApi(answer(contentType, body))]).toEqual([form, true]);
  });

  test.each([
    ['HTML', 'text/html', '<html>'],
    ['HTML', 'application/xhtml+xml', 'x'],
    ['HTML', '', ' <!doctype html>'],
    ['HTML', 'application/json', '<html>'],
    ['HTML', 'text/xml', '<error/>'],
    ['Other', 'text/plain', 'Forbidden'],
    ['Other', 'text/plain', '[not JSON]'],
    ['Other', '', 'Forbidden'],
    ['Other', 'application/json', '[{"message":"x"}]'],
    ['Other', 'application/problem+json', '"x"'],
    ['Other', '', '[1]'],
    ['Other', 'application/octet-stream', 'x'],
  ])('%s of somebody else: %s %s', (form, contentType, body) => {
    expect([bodyForm(answer(contentType, body)), isFromApi(answer(contentType, body))]).toEqual([
      form,
      false,
    ]);
  });

  test('A body that could not be decoded is what its content type says', () => {
    const unread = 'has the content coding zstd, which is not read';
    expect(bodyForm(answer('application/json', '', { unread }))).toBe('JSON');
    expect(bodyForm(answer('text/html', '', { unread }))).toBe('HTML');
    expect(bodyForm(answer('', '', { unread }))).toBe('Other');
  });

  test('A challenge that names an error is that of an API; one that asks for a password is not', () => {
    const text = (challenge: string) => isFromApi(answer('text/plain', 'Unauthorized', { challenge }));
    expect(text('Bearer error="invalid_token"')).toBe(true);
    expect(text('Basic realm="proxy"')).toBe(false);
    expect(text('Bearer realm="x"')).toBe(false);
  });
});
