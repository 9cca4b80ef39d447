import { describe, expect, it } from 'vitest';
import type { HttpRequest } from '../../../src/oauth/http-message.ts';
import { Sensitive } from '../../../src/oauth/sensitive.ts';
import { sentCredentials } from '../../../src/oauth/sent-credentials.ts';
import { basicAuthorization } from '../../../src/oauth/token-request.ts';

describe('sentCredentials', () => {
  const of = (request: Partial<HttpRequest>) =>
    sentCredentials({ method: 'POST', url: 'https://as.example/', headers: {}, ...request }).map((secret) =>
      secret.reveal(),
    );
  const header = (authorization: string | Sensitive) => of({ headers: { authorization } });
  const basic = (encoding: 'Encoded' | 'Raw') =>
    header(basicAuthorization('operator', new Sensitive('p:ä /+'), encoding));

  it('are none where none were sent', () => {
    expect(of({ body: 'grant_type=client_credentials' })).toEqual([]);
    expect(of({ body: '{"client_name":"Shop"}' })).toEqual([]);
  });

  it('are a token, without its scheme', () => {
    expect(header(new Sensitive('Bearer abc.def'))).toEqual(['abc.def']);
  });

  it.each(['Encoded', 'Raw'] as const)('are a password, encoded and decoded (%s)', (encoding) => {
    const known = basic(encoding);
    expect(known).toContain('p:ä /+');
    expect(known.some((secret) => /^[A-Za-z0-9+/=]{12,}$/.test(secret))).toBe(true);
    expect(known).not.toContain('operator');
  });

  it.each([
    ['a client secret in a form', 'client_id=a&client_secret=s%2B1', ['s+1']],
    ['an assertion in a form', 'client_assertion=a.b.c&scope=read', ['a.b.c']],
    ['a software statement', '{"software_statement":"a.b.c","client_name":"x"}', ['a.b.c']],
    ['a signed body', 'a.b.c', ['a.b.c']],
  ])('are %s', (_, body, secrets) => {
    expect(of({ body: new Sensitive(body) })).toEqual(secrets);
  });
});
