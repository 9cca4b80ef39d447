import { describe, expect, test } from 'vitest';
import { requestBody } from '../../../../src/controller/calls/request-body.ts';
import type { JsonWebTokens } from '../../../../src/controller/ports.ts';
import type { ServerConnection } from '../../../../src/core/connection.ts';
import type { OwnStatement } from '../../../../src/core/observation.ts';
import { viewersOf } from '../../../../src/core/tell.ts';
import type { JsonObject } from '../../../../src/oauth/json.ts';
import { Sensitive } from '../../../../src/oauth/sensitive.ts';
import { SigningError } from '../../../../src/oauth/signing-key.ts';
import { createFakeClock } from '../../../kit/fakes/fake-clock.ts';
import { createFakeJwt, createRandom, readJws, signingKey } from '../../../kit/fakes/fake-ports.ts';
import { plain, statementOf } from '../../../kit/fixtures/credentials.ts';
import { connection, signTerms } from '../../../kit/fixtures/observations.ts';

/** The time of the clock, in seconds. */
const NOW = 1_000;
const JTI = /^[0-9a-v]{26}$/;

const ownStatement = (claims: JsonObject, times: object = {}): OwnStatement => ({
  jwt: new Sensitive(statementOf({ ...claims, ...times })),
  claims,
  version: '1',
});
const terms = (statement: Partial<ServerConnection['statement']>): Partial<ServerConnection> => ({
  statement: { ...connection.statement, ...statement },
});
const sign = signTerms(signingKey('publisher-key', { keyId: 'p1' }));
const document = { client_name: 'Shop', redirect_uris: [], software_statement: { iss: 'i', org: 'shop' } };

function operator(change: Partial<ServerConnection> = {}, jwt: Partial<JsonWebTokens> = {}) {
  const tools = { jwt: createFakeJwt(jwt), clock: createFakeClock(), random: createRandom() };
  return async (given: JsonObject, own?: OwnStatement) =>
    plain(
      await requestBody(given, own, { ...connection, ...change }, viewersOf('AuthorizationServer'), tools),
    ) as {
      readonly content: string;
      readonly contentType: string;
    };
}

const bodyOf = async (send: ReturnType<typeof operator>, given: JsonObject, own?: OwnStatement) =>
  JSON.parse((await send(given, own)).content) as JsonObject;

describe('a body without statement', () => {
  test('is the unchanged document in JSON', async () => {
    const given = { client_name: 'Shop', redirect_uris: [], grant_types: ['client_credentials'] };
    expect(await operator()(given)).toEqual({
      content: '{"client_name":"Shop","redirect_uris":[],"grant_types":["client_credentials"]}',
      contentType: 'application/json',
    });
  });

  test('stays so where statements are signed, but none was planned', async () => {
    expect(await bodyOf(operator(terms({ sign })), { client_name: 'Shop' })).toEqual({ client_name: 'Shop' });
  });
});

describe('a body with a statement that was issued elsewhere', () => {
  const given = ownStatement({ iss: 'i', org: 'shop' }, { exp: NOW + 1 });

  test.each<readonly [string, Partial<ServerConnection>, OwnStatement | undefined]>([
    ["the client's own", {}, given],
    ["the server object's", terms({ given }), undefined],
    ["the client's own before the server object's", terms({ given: ownStatement({ iss: 'other' }) }), given],
    ["the client's own before one that would be signed", terms({ sign }), given],
  ])('carries it in place of its claims: %s (rule 5)', async (_, change, own) => {
    expect(await bodyOf(operator(change), document, own)).toEqual({
      client_name: 'Shop',
      redirect_uris: [],
      software_statement: given.jwt.reveal(),
    });
  });

  test.each<readonly [string, Partial<ServerConnection>, OwnStatement | undefined]>([
    ["the client's own", {}, ownStatement({ iss: 'i' }, { exp: NOW })],
    ["the server object's", terms({ given: ownStatement({ iss: 'i' }, { exp: NOW - 1 }) }), undefined],
  ])('is not sent with one that has expired meanwhile: %s (rule 8)', async (_, change, own) => {
    expect(await operator(change)(document, own)).toEqual({
      kind: 'Terminal',
      reason: 'SoftwareStatementExpired',
      message: 'The software statement has expired',
      serverTrouble: false,
      unsent: true,
    });
  });
});

describe('a body with a statement that the operator signs', () => {
  const statementIn = async (send: ReturnType<typeof operator>) =>
    String((await bodyOf(send, document))['software_statement']);

  test('carries it in place of its claims, valid from now for its lifetime (rule 5)', async () => {
    expect(readJws(await statementIn(operator(terms({ sign }))))).toEqual([
      { alg: 'ES256', kid: 'p1' },
      { iss: 'i', org: 'shop', iat: NOW, exp: NOW + 300, jti: expect.stringMatching(JTI) },
      { by: 'publisher-key' },
    ]);
  });

  test('carries another each time (rule 8)', async () => {
    const send = operator(terms({ sign }));
    expect(await statementIn(send)).not.toBe(await statementIn(send));
  });

  test('carries it encrypted where its reader demands that', async () => {
    const encryption = {
      key: new Sensitive('reader-key'),
      format: 'Pem',
      algorithm: 'RSA-OAEP-256',
      encoding: 'A256GCM',
      keyId: undefined,
    } as const;
    const statement = await statementIn(operator(terms({ sign: { ...sign, encryption } })));
    const [, nested = ''] = /^RSA-OAEP-256 A256GCM reader-key \((.+)\)$/.exec(statement) ?? [];
    expect(readJws(nested)[1]).toMatchObject({ iss: 'i', org: 'shop' });
  });
});

describe('a body that is signed as a whole', () => {
  const signedRequest = {
    key: signingKey('request-key', { algorithm: 'PS256' }),
    issuer: 'https://registrar.example.com',
    audience: 'https://sso.example.com',
    lifetimeSeconds: 60,
    contentType: 'application/jose',
  };

  test('is a JWT of the metadata, for the server (rule 5)', async () => {
    const { content, contentType } = await operator({ signedRequest })({ client_id: 'c1', contacts: [] });
    expect(contentType).toBe('application/jose');
    expect(readJws(content)).toEqual([
      { alg: 'PS256' },
      {
        client_id: 'c1',
        contacts: [],
        iss: 'https://registrar.example.com',
        aud: 'https://sso.example.com',
        iat: NOW,
        exp: NOW + 60,
        jti: expect.stringMatching(JTI),
      },
      { by: 'request-key' },
    ]);
  });

  test('names no issuer where the spec gives none', async () => {
    const { content } = await operator({ signedRequest: { ...signedRequest, issuer: undefined } })({});
    expect(readJws(content)[1]).not.toHaveProperty('iss');
  });

  test('contains the same software statement as an unsigned request', async () => {
    const { content } = await operator({ signedRequest, ...terms({ sign }) })(document);
    const statement = String(readJws(content)[1]?.['software_statement']);
    expect(readJws(statement)[1]).toMatchObject({ iss: 'i', org: 'shop' });
  });
});

describe('a key that can not sign', () => {
  const fails = (error: Error) => ({ sign: () => Promise.reject(error) });

  test('is reported, and nothing is sent', async () => {
    const send = operator(terms({ sign }), fails(new SigningError('ES256 needs a P-256 key')));
    expect(await send(document)).toEqual({
      kind: 'Terminal',
      reason: 'SigningKeyUnusable',
      message: 'ES256 needs a P-256 key',
      serverTrouble: false,
      unsent: true,
    });
  });

  test("is not what a fault of the operator's is taken for", async () => {
    const send = operator(terms({ sign }), fails(new TypeError('undefined is not a function')));
    await expect(send(document)).rejects.toThrow('undefined is not a function');
  });
});
