import { describe, expect, test } from 'vitest';
import { Sensitive } from '../../../src/oauth/sensitive.ts';
import {
  basicAuthorization,
  type ClientAuthentication,
  TOKEN_REQUEST_PARAMETERS,
  tokenRequest,
} from '../../../src/oauth/token-request.ts';

const tokenEndpoint = 'https://sso.example.com/token';
const nothing = { scopes: [], resources: [], parameters: {} };
const secretPost: ClientAuthentication = {
  method: 'client_secret_post',
  clientSecret: new Sensitive('canary-secret'),
};

/** Header and form, in plain text. */
function sent(request: Partial<Parameters<typeof tokenRequest>[0]>) {
  const { headers, body, method, url } = tokenRequest({
    tokenEndpoint,
    clientId: 'registrar',
    authentication: { method: 'tls_client_auth' },
    ...nothing,
    ...request,
  });
  const { authorization } = headers;
  return {
    method,
    url,
    headers,
    authorization: authorization instanceof Sensitive ? authorization.reveal() : authorization,
    form: [...new URLSearchParams(body instanceof Sensitive ? body.reveal() : body)],
  };
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');

describe('tokenRequest', () => {
  test('posts a form to the token endpoint and asks for JSON', () => {
    const { method, url, headers } = sent({});
    expect({ method, url, headers }).toEqual({
      method: 'POST',
      url: tokenEndpoint,
      headers: { accept: 'application/json', 'content-type': 'application/x-www-form-urlencoded' },
    });
  });

  test.each<readonly [string, ClientAuthentication, string | undefined, Readonly<Record<string, string>>]>([
    [
      'client_secret_basic',
      { method: 'client_secret_basic', clientSecret: new Sensitive('s 1'), encoding: 'Encoded' },
      `Basic ${base64('registrar:s+1')}`,
      {},
    ],
    [
      'client_secret_basic, raw',
      { method: 'client_secret_basic', clientSecret: new Sensitive('s 1'), encoding: 'Raw' },
      `Basic ${base64('registrar:s 1')}`,
      {},
    ],
    ['client_secret_post', secretPost, undefined, { client_id: 'registrar', client_secret: 'canary-secret' }],
    ...(['client_secret_jwt', 'private_key_jwt'] as const).map(
      (method) =>
        [
          method,
          { method, assertion: new Sensitive('a.b.c') },
          undefined,
          {
            client_id: 'registrar',
            client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
            client_assertion: 'a.b.c',
          },
        ] as const,
    ),
    ...(['tls_client_auth', 'self_signed_tls_client_auth'] as const).map(
      (method) => [method, { method }, undefined, { client_id: 'registrar' }] as const,
    ),
  ])('authenticates with %s', (_, authentication, authorization, parameters) => {
    const request = sent({ authentication });
    expect(request.authorization).toBe(authorization);
    expect(Object.fromEntries(request.form)).toEqual({
      grant_type: 'client_credentials',
      ...parameters,
    });
  });

  test('asks for scopes in one parameter and for each resource in one of its own', () => {
    const resources = ['https://a.example.com/?x=1&y=2', 'https://b.example.com/'];
    expect(sent({ scopes: ['dcr', 'read:all'], resources }).form).toEqual([
      ['grant_type', 'client_credentials'],
      ['scope', 'dcr read:all'],
      ['client_id', 'registrar'],
      ['resource', 'https://a.example.com/?x=1&y=2'],
      ['resource', 'https://b.example.com/'],
    ]);
  });

  test('sends no scope where none is asked for', () => {
    expect(sent({}).form.map(([name]) => name)).not.toContain('scope');
  });

  test('sends further parameters', () => {
    expect(sent({ parameters: { audience: 'https://api.example.com/?a=b&c' } }).form).toContainEqual([
      'audience',
      'https://api.example.com/?a=b&c',
    ]);
  });

  test.each(TOKEN_REQUEST_PARAMETERS)('lets no further parameter set %s', (name) => {
    const authentication = {
      method: 'client_secret_basic',
      clientSecret: new Sensitive('s'),
      encoding: 'Raw',
    } as const;
    const values = (parameters: Record<string, string>) =>
      sent({ authentication, parameters }).form.filter(([each]) => each === name);
    expect(values({ [name]: 'forged' })).toEqual(values({}));
  });

  test('prints neither secret nor assertion', () => {
    const requests = [
      secretPost,
      { method: 'private_key_jwt', assertion: new Sensitive('canary.assertion') } as const,
      { method: 'client_secret_basic', clientSecret: new Sensitive('canary'), encoding: 'Raw' } as const,
    ].map((authentication) =>
      tokenRequest({ tokenEndpoint, clientId: 'registrar', authentication, ...nothing }),
    );
    const printed = JSON.stringify(requests);
    expect(printed).not.toContain('canary');
    expect(printed).not.toContain(base64('registrar:canary'));
  });
});

describe('basicAuthorization', () => {
  test.each([
    // The example of RFC 7617 section 2.
    ['Raw', 'Aladdin', 'open sesame', 'Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=='],
    // The example of RFC 7617 section 2.1: UTF-8.
    ['Raw', 'test', '123£', 'Basic dGVzdDoxMjPCow=='],
    // The example of RFC 6749 section 2.3.1.
    ['Encoded', 's6BhdRkqt3', '7Fjfp0ZBr1KtDRbnfVdmIw', 'Basic czZCaGRSa3F0Mzo3RmpmcDBaQnIxS3REUmJuZlZkbUl3'],
    // The value of RFC 6749 appendix B.
    ['Encoded', ' %&+£€', 'x', `Basic ${base64('+%25%26%2B%C2%A3%E2%82%AC:x')}`],
    ['Encoded', 'https://app/1', 'a:b', `Basic ${base64('https%3A%2F%2Fapp%2F1:a%3Ab')}`],
    ['Raw', 'agent/1', 'a:b', `Basic ${base64('agent/1:a:b')}`],
  ] as const)('writes %s credentials of %s', (encoding, user, password, header) => {
    expect(basicAuthorization(user, new Sensitive(password), encoding).reveal()).toBe(header);
  });
});
