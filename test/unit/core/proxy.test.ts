import { describe, expect, test } from 'vitest';
import { proxyOf } from '../../../src/core/proxy.ts';
import { found, secretsOf } from '../../kit/fixtures/credentials.ts';

const url = 'https://proxy.example.com:3128';
const rules = { allowHttp: false };
const ofSecret = (values: Readonly<Record<string, string>>) =>
  proxyOf({ proxyRef: { name: 'proxy' } }, secretsOf({ proxy: found(values) }), rules);

describe('proxyOf', () => {
  test("is the environment's where the spec names none", () => {
    expect(proxyOf({}, secretsOf(), rules)).toEqual({ url: undefined });
  });

  test('is the one that the spec names', () => {
    expect(proxyOf({ proxyUrl: url }, secretsOf(), rules)).toEqual({ url });
  });

  test.each<readonly [string, Readonly<Record<string, string>>, string]>([
    ['without credentials', { url }, 'https://proxy.example.com:3128/'],
    [
      'with user and password, whatever characters they have',
      { url, username: 'a@b', password: 'c:d/%' },
      'https://a%40b:c%3Ad%2F%25@proxy.example.com:3128/',
    ],
    ['with a user alone', { url, username: 'u' }, 'https://u@proxy.example.com:3128/'],
  ])('is the one that a Secret names, %s', (_, values, expected) => {
    expect(ofSecret(values)).toEqual({ url: expected });
  });

  test.each<readonly [string, Readonly<Record<string, string>>, string]>([
    [
      "http, which the operator's flags don't permit",
      { url: 'http://proxy.example.com' },
      'Key "url" of Secret operators/proxy does not use https, and http is not permitted here. Correct it, and put user and password under keys of their own.',
    ],
    [
      'a URL with user information',
      { url: 'https://u:canary@proxy.example.com' },
      'Key "url" of Secret operators/proxy is not an absolute URL without user information and fragment. Correct it, and put user and password under keys of their own.',
    ],
  ])('is not %s', (_, values, message) => {
    expect(ofSecret(values)).toEqual({ reason: 'CredentialUnusable', message });
  });

  test('names the key that is missing', () => {
    expect(ofSecret({ username: 'u' })).toMatchObject({ reason: 'CredentialKeyMissing' });
  });
});
