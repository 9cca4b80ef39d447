import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import {
  signedRequest as signedRequestSchema,
  softwareStatement as statementSchema,
} from '../../../src/api/statement-schema.ts';
import { givenStatement, toSignedRequestTerms, toStatementTerms } from '../../../src/core/statement.ts';
import { sha256 } from '../../../src/oauth/sha256.ts';
import { found, plain, secretsOf, statementOf } from '../../kit/fixtures/credentials.ts';

const NOW = Date.parse('2026-05-01T12:00:00Z');
const SECOND = NOW / 1000;
const claims = { iss: 'https://publisher.example.com', software_id: 's1' };
const encrypted = 'eyJhbGciOiJkaXIifQ..aXY.Y2lwaGVy.dGFn';

const secretsWith = (jwt: string) =>
  secretsOf({
    statement: found({ software_statement: jwt }),
    signer: found({ key: 'canary-key' }),
    recipient: found({ key: 'recipient-key' }),
  });
const given = (jwt: string) =>
  plain(givenStatement({ name: 'statement', key: 'software_statement' }, secretsWith(jwt), NOW));

/** It changes with the value. */
const versionOf = (jwt: string) => JSON.stringify([sha256(jwt)]);

describe('a software statement that was issued elsewhere', () => {
  test('is known by its claims, without those that every signature has of its own', () => {
    const jwt = statementOf({ ...claims, iat: 1, nbf: 1, exp: SECOND + 1, jti: 'a' });
    expect(given(jwt)).toEqual({ jwt, claims, version: versionOf(jwt) });
  });

  test('is known by its digest where it is encrypted and nothing can be read', () => {
    expect(given(encrypted)).toEqual({
      jwt: encrypted,
      claims: { sha256: createHash('sha256').update(encrypted).digest('base64url') },
      version: versionOf(encrypted),
    });
  });

  const expired = (since: string) => ({
    reason: 'SoftwareStatementExpired',
    message: `The software statement in Secret operators/statement expired at ${since}. Put a current one into key software_statement.`,
  });

  test.each<readonly [string, number, object]>([
    ['a year ago', Date.parse('2025-05-01T12:00:00Z') / 1000, expired('2025-05-01T12:00:00Z')],
    ['at this very second', SECOND, expired('2026-05-01T12:00:00Z')],
    ['before time began', -1e300, { reason: 'SoftwareStatementExpired' }],
  ])('is reported as expired when it ended %s (rule 8)', (_, exp, problem) => {
    expect(given(statementOf({ ...claims, exp }))).toMatchObject(problem);
  });

  test.each<readonly [string, object]>([
    ['one more second', { exp: SECOND + 1 }],
    ['for ever', {}],
    ['until a time that can not be read', { exp: 'soon' }],
  ])('is good where it lasts %s', (_, times) => {
    expect(given(statementOf({ ...claims, ...times }))).toMatchObject({ claims: { software_id: 's1' } });
  });

  test('is reported as missing if its Secret is', () => {
    expect(givenStatement({ name: 'none', key: 'k' }, secretsWith('x'), NOW)).toMatchObject({
      reason: 'CredentialNotFound',
    });
  });
});

const termsOf = (spec: object | undefined, secrets = secretsWith(statementOf(claims))) =>
  plain(toStatementTerms(spec && statementSchema.parse(spec), secrets, NOW));
const sign = {
  secretRef: { name: 'signer' },
  algorithm: 'ES256',
  issuer: 'https://publisher.example.com',
};

describe('toStatementTerms', () => {
  test.each<readonly [string, object | undefined]>([
    ['nothing', undefined],
    ['an empty object', {}],
  ])('sends no statement and lets no client bring one where the spec says %s', (_, spec) => {
    expect(termsOf(spec)).toEqual({ given: undefined, sign: undefined, fromClient: 'Deny' });
  });

  test('sends one that is given (rule 5)', () => {
    expect(termsOf({ secretRef: { name: 'statement' }, fromClient: 'Allow' })).toEqual({
      given: { jwt: statementOf(claims), claims, version: versionOf(statementOf(claims)) },
      sign: undefined,
      fromClient: 'Allow',
    });
  });

  test('signs one for five minutes, with nothing in it that the spec does not say', () => {
    expect(termsOf({ sign })).toEqual({
      given: undefined,
      sign: {
        key: { material: 'canary-key', format: 'Pem', algorithm: 'ES256' },
        issuer: 'https://publisher.example.com',
        subject: undefined,
        audience: undefined,
        lifetimeSeconds: 300,
        claims: {},
        claimsFromClient: {},
        encryption: undefined,
      },
      fromClient: 'Deny',
    });
  });

  test('signs and encrypts one as the spec says (rule 5)', () => {
    const whole = {
      ...sign,
      keyFormat: 'Jwk',
      keyId: 'k1',
      subject: 'registrar@example.com',
      audience: 'https://sso.example.com',
      lifetime: '1h',
      claims: { org: 'shop' },
      claimsFromClient: { redirect_uris: 'redirect_uris' },
      encryption: {
        algorithm: 'RSA-OAEP-256',
        encoding: 'A256GCM',
        secretRef: { name: 'recipient' },
        keyId: 'r1',
      },
    };
    expect(termsOf({ sign: whole })).toMatchObject({
      sign: {
        key: { material: 'canary-key', format: 'Jwk', algorithm: 'ES256', keyId: 'k1' },
        subject: 'registrar@example.com',
        audience: 'https://sso.example.com',
        lifetimeSeconds: 3600,
        claims: { org: 'shop' },
        claimsFromClient: { redirect_uris: 'redirect_uris' },
        encryption: {
          key: 'recipient-key',
          format: 'Pem',
          algorithm: 'RSA-OAEP-256',
          encoding: 'A256GCM',
          keyId: 'r1',
        },
      },
    });
  });

  const recipient = { algorithm: 'dir', encoding: 'A256GCM', secretRef: { name: 'none' } };
  test.each<readonly [string, object, string]>([
    ['the statement', { secretRef: { name: 'none' } }, 'none'],
    ['the key that signs', { sign: { ...sign, secretRef: { name: 'none' } } }, 'none'],
    ['the key of who reads it', { sign: { ...sign, encryption: recipient } }, 'none'],
  ])('says that the Secret with %s is missing', (_, spec, name) => {
    expect(termsOf(spec)).toMatchObject({
      reason: 'CredentialNotFound',
      message: expect.stringContaining(`Secret operators/${name} doesn't exist.`),
    });
  });
});

describe('toSignedRequestTerms', () => {
  const terms = (spec: object) =>
    plain(
      toSignedRequestTerms(
        signedRequestSchema.parse({ secretRef: { name: 'signer' }, algorithm: 'PS256', ...spec }),
        'https://sso.example.com',
        secretsWith(''),
      ),
    );

  test("is for the server's issuer, as a JWT, for five minutes, where nothing else is said (rule 5)", () => {
    expect(terms({})).toEqual({
      key: { material: 'canary-key', format: 'Pem', algorithm: 'PS256' },
      issuer: undefined,
      audience: 'https://sso.example.com',
      lifetimeSeconds: 300,
      contentType: 'application/jwt',
    });
  });

  test('is as the spec says', () => {
    const spec = { issuer: 'i', audience: 'a', lifetime: '30s', contentType: 'application/jose', keyId: 'k' };
    expect(terms(spec)).toMatchObject({
      key: { keyId: 'k' },
      issuer: 'i',
      audience: 'a',
      lifetimeSeconds: 30,
      contentType: 'application/jose',
    });
  });

  test('says that its key is missing', () => {
    expect(terms({ secretRef: { name: 'signer', key: 'x' } })).toMatchObject({
      reason: 'CredentialKeyMissing',
      message: expect.stringContaining('Secret operators/signer has no key "x". Keys present: key.'),
    });
  });
});
