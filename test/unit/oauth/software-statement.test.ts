import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../../src/oauth/json.ts';
import { Sensitive } from '../../../src/oauth/sensitive.ts';
import {
  decodeStatementClaims,
  type StatementInputs,
  signedRequestClaims,
  softwareStatementClaims,
  statementExpiry,
  withoutTimes,
} from '../../../src/oauth/software-statement.ts';

const validity = { lifetimeSeconds: 300, nowSeconds: 1000.5, jti: 'j-1' };
const times = { iat: 1000, exp: 1300, jti: 'j-1' };
const issuer = 'https://publisher.example.com';

const statement = (inputs: Partial<StatementInputs>): JsonObject =>
  softwareStatementClaims({
    ...validity,
    issuer,
    claims: {},
    claimsFromClient: {},
    document: {},
    ...inputs,
  });

describe('softwareStatementClaims', () => {
  test.each<readonly [string, Partial<StatementInputs>, JsonObject]>([
    ['carries issuer and times', {}, {}],
    [
      'carries subject and audience where they are given',
      { subject: 'registrar@example.com', audience: 'https://sso.example.com' },
      { sub: 'registrar@example.com', aud: 'https://sso.example.com' },
    ],
    ['carries no subject and audience of undefined', { subject: undefined, audience: undefined }, {}],
    [
      'carries claims as they are',
      { claims: { software_id: 's', roles: ['a'], deep: { a: null } } },
      { software_id: 's', roles: ['a'], deep: { a: null } },
    ],
    [
      'copies members of the document under the claims they are mapped to',
      {
        claimsFromClient: { redirect_uris: 'redirect_uris', org_name: 'client_name' },
        document: { redirect_uris: ['https://a/cb'], client_name: 'Shop', scope: 'openid' },
      },
      { redirect_uris: ['https://a/cb'], org_name: 'Shop' },
    ],
    [
      'makes no claim of a member that the document lacks',
      { claimsFromClient: { a: 'jwks_uri', b: 'toString', c: '__proto__' }, document: {} },
      {},
    ],
    [
      "lets the issuer's claims win over those copied",
      {
        claims: { software_id: 'ours' },
        claimsFromClient: { software_id: 'id' },
        document: { id: 'theirs' },
      },
      { software_id: 'ours' },
    ],
    [
      'lets nothing displace issuer, subject, audience and times',
      {
        subject: 's',
        audience: 'a',
        claims: { iss: 'x', exp: 9e9, jti: 'x' },
        claimsFromClient: { sub: 'm', aud: 'm', iat: 'm' },
        document: { m: 'forged' },
      },
      { sub: 's', aud: 'a' },
    ],
  ])('%s', (_, inputs, claims) => {
    expect(statement(inputs)).toEqual({ iss: issuer, ...claims, ...times });
  });

  test('takes a claim called __proto__ for a claim like any other', () => {
    const claims = statement({ claimsFromClient: { ['__proto__']: 'm' }, document: { m: 'v' } });
    expect(Object.getOwnPropertyDescriptor(claims, '__proto__')?.value).toBe('v');
  });
});

describe('signedRequestClaims', () => {
  const document = { client_name: 'Shop', redirect_uris: ['https://a/cb'], aud: 'forged', exp: 9e9 };

  test('carries the document, issuer, audience and times, none of which the document displaces', () => {
    expect(signedRequestClaims({ ...validity, document, issuer, audience: 'https://sso' })).toEqual({
      client_name: 'Shop',
      redirect_uris: ['https://a/cb'],
      iss: issuer,
      aud: 'https://sso',
      ...times,
    });
  });

  test('carries no issuer where there is none', () => {
    expect(signedRequestClaims({ ...validity, document: {}, issuer: undefined, audience: 'a' })).toEqual({
      aud: 'a',
      ...times,
    });
  });
});

const part = (value: unknown): string =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
const jws = (claims: unknown, header: unknown = { alg: 'ES256' }): Sensitive =>
  new Sensitive(`${part(header)}.${part(claims)}.c2ln`);

describe('decodeStatementClaims', () => {
  test('reads the claims of a compact JWS', () => {
    expect(decodeStatementClaims(jws({ iss: issuer, client_name: 'クライアント名' }))).toEqual({
      iss: issuer,
      client_name: 'クライアント名',
    });
  });

  test('reads the claims of the example of RFC 7591 section 2.3, whatever its signature', () => {
    const example =
      'eyJhbGciOiJSUzI1NiJ9.eyJzb2Z0d2FyZV9pZCI6IjROUkIxLTBYWkFCWkk5RTYtNVNNM1IiLCJjbGllbnRfbmFtZSI6IkV4YW1wbGUgU3RhdGVtZW50LWJhc2VkIENsaWVudCIsImNsaWVudF91cmkiOiJodHRwczovL2NsaWVudC5leGFtcGxlLm5ldC8ifQ.c2ln';
    expect(decodeStatementClaims(new Sensitive(example))).toEqual({
      software_id: '4NRB1-0XZABZI9E6-5SM3R',
      client_name: 'Example Statement-based Client',
      client_uri: 'https://client.example.net/',
    });
  });

  test('reads an unsecured statement too, whose signature is empty: it is judged, not trusted', () => {
    expect(decodeStatementClaims(new Sensitive(`${part({ alg: 'none' })}.${part({ a: 1 })}.`))).toEqual({
      a: 1,
    });
  });

  test.each<readonly [string, string]>([
    ['an encrypted JWT', `${part({ alg: 'dir', enc: 'A128GCM' })}..aXY.Y3Q.dGFn`],
    ['nothing', ''],
    ['plain text', 'statement'],
    ['two parts', `${part({ alg: 'RS256' })}.${part({ a: 1 })}`],
    ['four parts', `${jws({ a: 1 }).reveal()}.x`],
    ['a payload that is no object', jws('[1]').reveal()],
    ['a payload that is no JSON', jws('canary').reveal()],
    ['a payload outside the alphabet', `${part({ alg: 'RS256' })}.${part({ a: 1 })}=.x`],
    ['a header that is no object', jws({ a: 1 }, '"x"').reveal()],
    ['a header without alg', jws({ a: 1 }, { typ: 'JWT' }).reveal()],
    ['more than 32 KiB', jws({ a: 'x'.repeat(24_576) }).reveal()],
  ])('takes %s for none', (_, text) => {
    expect(decodeStatementClaims(new Sensitive(text))).toBeUndefined();
  });

  test('reads as much as 32 KiB', () => {
    const claims = { a: 'x'.repeat(24_500) };
    expect(decodeStatementClaims(jws(claims))).toEqual(claims);
  });
});

describe('statementExpiry', () => {
  test.each([
    [{ exp: 1675249794 }, 1675249794],
    [{ exp: 1.5 }, 1.5],
    [{}, undefined],
    [{ exp: '1675249794' }, undefined],
    [{ exp: null }, undefined],
  ])('of %j is %s', (claims, expiry) => {
    expect(statementExpiry(jws(claims))).toBe(expiry);
  });

  test("of what is no number that can be held, or no statement, isn't known", () => {
    expect(statementExpiry(jws('{"exp":1e999}'))).toBeUndefined();
    expect(statementExpiry(new Sensitive('canary'))).toBeUndefined();
  });
});

test('withoutTimes leaves what two statements of the same inputs have in common', () => {
  const inputs = { subject: 's', claims: { nbf: 1, software_id: 'x' } };
  const early = statement(inputs);
  const late = statement({ ...inputs, nowSeconds: 5000, jti: 'j-2' });
  expect(early).not.toEqual(late);
  expect(withoutTimes(early)).toEqual(withoutTimes(late));
  expect(withoutTimes(early)).toEqual({ iss: issuer, sub: 's', software_id: 'x' });
});
