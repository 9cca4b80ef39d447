import { describe, expect, test } from 'vitest';
import { MAX_URL_LENGTH, originOf, resolveUrl, urlProblem } from '../../../src/oauth/url.ts';

const NOT_A_URL = 'is not an absolute URL without user information and fragment';
const https = { allowHttp: false };

describe('urlProblem', () => {
  test.each([
    'https://sso.example.com',
    'https://sso.example.com/',
    'https://sso.example.com/realms/shop',
    'https://sso.example.com:8443/a/b?c=d&e=%20f',
    'https://sso.example.com?tenant=a',
    'https://localhost/register',
    'https://192.0.2.1/register',
    'https://[2001:db8::1]:8443/register',
    "https://a.example.com/~user/(x)!$&'*+,;=:@-._",
    `https://a.example.com/${'p'.repeat(MAX_URL_LENGTH - 'https://a.example.com/'.length)}`,
  ])('accepts %s', (url) => {
    expect(urlProblem(url, https)).toBeUndefined();
  });

  test.each([
    ['nothing', ''],
    ['a relative reference', '/register'],
    ['a reference without scheme', '//sso.example.com/register'],
    ['a host alone', 'sso.example.com'],
    ['another scheme', 'ftp://sso.example.com/'],
    ['a script', 'javascript:alert(1)'],
    ['a file', 'file:///etc/passwd'],
    ['upper case in the scheme', 'HTTPS://sso.example.com/'],
    ['one slash', 'https:/sso.example.com/'],
    ['three slashes', 'https:///sso.example.com/'],
    ['no host', 'https://'],
    ['a user', 'https://admin@sso.example.com/'],
    ['a user and a password', 'https://admin:secret@sso.example.com/'],
    ['an empty user', 'https://@sso.example.com/'],
    ['a host that looks like a user', 'https://good.example.com\\@evil.example.com/'],
    ['a fragment', 'https://sso.example.com/#a'],
    ['an empty fragment', 'https://sso.example.com/#'],
    ['a backslash in the path', 'https://sso.example.com/a\\b'],
    ['backslashes for slashes', 'https:\\\\sso.example.com/'],
    ['an encoded host', 'https://sso%2eexample.com/'],
    ['an encoded slash in the host', 'https://good.example.com%2f.evil.example.com/'],
    ['a host in another script', 'https://ѕѕо.example.com/'],
    ['a full-width stop', 'https://sso．example.com/'],
    ['a space in the host', 'https://sso example.com/'],
    ['a space in the path', 'https://sso.example.com/a b'],
    ['a tab', 'https://sso.example.com/a\tb'],
    ['a line feed at the end', 'https://sso.example.com/\n'],
    ['a line feed, then another URL', 'https://sso.example.com/\nhttps://evil.example.com/'],
    ['a null character', 'https://sso.example.com/\u0000'],
    ['a leading space', ' https://sso.example.com/'],
    ['a host that begins with a hyphen', 'https://-sso.example.com/'],
    ['a host that ends with a stop', 'https://sso.example.com./'],
    ['an empty label', 'https://.example.com/'],
    ['a port of letters', 'https://sso.example.com:https/'],
    ['an empty port', 'https://sso.example.com:/'],
    ['a port that does not exist', 'https://sso.example.com:65536/'],
    ['an address in brackets that is none', 'https://[1.2.3.4]/'],
    ['a bracket that is not closed', 'https://[::1/'],
    ['a zone', 'https://[fe80::1%25eth0]/'],
    ['text where an address must be', 'https://[sso.example.com]/'],
    ['a quote', 'https://sso.example.com/"'],
    ['braces', 'https://sso.example.com/{client_id}'],
  ])('refuses %s', (_, url) => {
    expect(urlProblem(url, https)).toBe(NOT_A_URL);
  });

  test('refuses what is too long, whatever else it is', () => {
    const url = `https://a.example.com/${'p'.repeat(MAX_URL_LENGTH)}`;
    expect(urlProblem(url, https)).toBe('is longer than 2048 characters');
  });

  test('refuses http, unless it is permitted', () => {
    expect(urlProblem('http://sso.example.com/', https)).toBe(
      'does not use https, and http is not permitted here',
    );
    expect(urlProblem('http://sso.example.com/', { allowHttp: true })).toBeUndefined();
  });
});

describe('originOf', () => {
  test.each([
    ['https://a.example.com/x?y', 'https://a.example.com'],
    ['https://a.example.com:443/x', 'https://a.example.com'],
    ['https://a.example.com:8443/x', 'https://a.example.com:8443'],
    ['https://A.Example.com/x', 'https://a.example.com'],
    ['http://a.example.com/', 'http://a.example.com'],
  ])('of %s is %s', (url, origin) => {
    expect(originOf(url)).toBe(origin);
  });
});

describe('resolveUrl', () => {
  const base = 'https://a.example.com/realms/shop/register';

  test.each([
    ['takes an absolute one as it is', 'https://b.example.com/r/1?x=%2F', 'https://b.example.com/r/1?x=%2F'],
    ['resolves a path', '/clients/1', 'https://a.example.com/clients/1'],
    ['resolves a relative path', 'register/1', 'https://a.example.com/realms/shop/register/1'],
    ['resolves a query', '?client_id=1', 'https://a.example.com/realms/shop/register?client_id=1'],
    ['shows where one without scheme leads', '//evil.example.com/1', 'https://evil.example.com/1'],
  ])('%s', (_, reference, resolved) => {
    expect(resolveUrl(reference, base)).toBe(resolved);
  });

  test('gives nothing for what can not be read', () => {
    expect(resolveUrl('https://[', base)).toBeUndefined();
  });
});
