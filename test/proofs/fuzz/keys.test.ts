import { generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isProblem } from '../../../src/core/problem.ts';
import { givenStatement } from '../../../src/core/statement.ts';
import type { JsonObject } from '../../../src/oauth/json.ts';
import { readEncryptionKey, readSigningKey } from '../../../src/oauth/key-material.ts';
import { Sensitive } from '../../../src/oauth/sensitive.ts';
import { sentCredentials } from '../../../src/oauth/sent-credentials.ts';
import {
  CONTENT_ENCODINGS,
  ENCRYPTION_ALGORITHMS,
  type KeyFormat,
  SIGNING_ALGORITHMS,
  SigningError,
} from '../../../src/oauth/signing-key.ts';
import {
  decodeStatementClaims,
  softwareStatementClaims,
  statementExpiry,
} from '../../../src/oauth/software-statement.ts';
import { found, NAMESPACE, secretsOf, statementOf } from '../../kit/fixtures/credentials.ts';
import { anyBody, json, jsonObject, name, secretText, text } from './arbitraries.ts';
import { check } from './check.ts';
import { expectPresentable } from './messages.ts';

/** Content of Secrets by people: keys and statements, complete, damaged, or something else. */

const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const pem = pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const jwk = pair.privateKey.export({ format: 'jwk' }) as JsonObject;

/** The complete key, with a part replaced, or cut off anywhere. */
const material = fc.oneof(
  fc
    .tuple(fc.constantFrom(pem, JSON.stringify(jwk), JSON.stringify({ keys: [jwk, jwk] })), fc.nat())
    .map(([whole, at]) => whole.slice(0, at % (whole.length + 1))),
  fc.tuple(fc.nat(pem.length), text).map(([at, put]) => pem.slice(0, at) + put + pem.slice(at + 1)),
  fc.tuple(name, json).map(([member, value]) => JSON.stringify({ ...jwk, [member]: value })),
  fc
    .tuple(fc.constantFrom('kty', 'crv', 'd', 'x', 'alg', 'use', 'key_ops', 'kid', 'k'), json)
    .map(([member, value]) => JSON.stringify({ ...jwk, [member]: value })),
  fc.array(jsonObject, { maxLength: 3 }).map((keys) => JSON.stringify({ keys: [...keys, jwk] })),
  anyBody,
  secretText,
);

const format = fc.constantFrom<KeyFormat>('Raw', 'Base64Url', 'Pem', 'Jwk');

/** Expects a key, or an error that shows nothing of the input. */
function expectKeyOrReason(read: () => { readonly key: object }, given: string): void {
  try {
    expect(read().key).toBeDefined();
  } catch (error) {
    expect(error).toBeInstanceOf(SigningError);
    expect((error as Error).cause).toBeUndefined();
    const pieces = given.match(/[\w+/=-]{24,}/g) ?? [];
    expectPresentable((error as Error).message, pieces);
  }
}

describe('keys', () => {
  test('sign, or are refused with a message that shows nothing of them', () => {
    const algorithm = fc.oneof(fc.constantFrom(...Object.keys(SIGNING_ALGORITHMS)), text);
    check(
      fc.property(material, format, algorithm, (given, keyFormat, alg) => {
        const key = { material: new Sensitive(given), format: keyFormat, algorithm: alg };
        expectKeyOrReason(() => readSigningKey(key), given);
      }),
    );
  });

  test('encrypt, or are refused with a message that shows nothing of them', () => {
    const algorithm = fc.oneof(fc.constantFrom(...Object.keys(ENCRYPTION_ALGORITHMS)), text);
    const encoding = fc.oneof(fc.constantFrom(...Object.keys(CONTENT_ENCODINGS)), text);
    check(
      fc.property(material, format, algorithm, encoding, (given, keyFormat, alg, enc) => {
        const recipient = { key: new Sensitive(given), format: keyFormat, algorithm: alg, encoding: enc };
        expectKeyOrReason(() => readEncryptionKey(recipient), given);
      }),
    );
  });
});

const jwt = fc.oneof(
  jsonObject.map(statementOf),
  fc.tuple(jsonObject, fc.nat()).map(([claims, at]) => {
    const whole = statementOf(claims);
    return whole.slice(0, at % (whole.length + 1));
  }),
  fc.array(text, { maxLength: 5 }).map((parts) => parts.join('.')),
  anyBody.map((body) => `e30.${Buffer.from(body).toString('base64url')}.`),
  anyBody,
);

describe('software statements', () => {
  test('are read if they are complete; nothing else is read', () => {
    check(
      fc.property(jsonObject, (claims) => {
        const shallow = Object.fromEntries(
          Object.entries(claims).filter(([, value]) => typeof value !== 'object'),
        );
        expect(decodeStatementClaims(new Sensitive(statementOf(shallow)))).toEqual(
          JSON.parse(JSON.stringify(shallow)),
        );
      }),
    );
  });

  test('are accepted or refused without an error, for any content of the Secret', () => {
    const now = Date.parse('2026-05-01T12:00:00Z');
    check(
      fc.property(jwt, (given) => {
        const secrets = secretsOf({ statement: found({ jwt: given }) });
        const statement = givenStatement({ name: 'statement', key: 'jwt' }, secrets, now);
        if (isProblem(statement)) {
          expectPresentable(statement.message, given.length > 20 ? [given] : []);
          return;
        }
        expect(
          Object.keys(statement.claims).filter((claim) => ['iat', 'exp', 'jti'].includes(claim)),
        ).toEqual([]);
        expect(statementExpiry(statement.jwt) ?? Number.POSITIVE_INFINITY).toBeGreaterThan(now / 1000);
      }),
    );
  });

  test('that claim a negative end are reported as expired', () => {
    const secrets = secretsOf({ statement: found({ jwt: statementOf({ exp: -1e300 }) }) });
    expect(givenStatement({ name: 'statement', key: 'jwt' }, secrets, 0)).toEqual({
      reason: 'SoftwareStatementExpired',
      message: `The software statement in Secret ${NAMESPACE}/statement expired at 1970-01-01T00:00:00Z. Put a current one into key jwt.`,
    });
  });

  test('have issuer and times that no claim can replace', () => {
    const fromClient = fc.array(fc.tuple(name, name)).map((pairs) => Object.fromEntries(pairs));
    check(
      fc.property(jsonObject, fromClient, jsonObject, (claims, claimsFromClient, document) => {
        const made = softwareStatementClaims({
          issuer: 'https://issuer.example',
          claims,
          claimsFromClient,
          document,
          lifetimeSeconds: 60,
          nowSeconds: 1000.7,
          jti: 'j',
        });
        expect(made).toMatchObject({ iss: 'https://issuer.example', iat: 1000, exp: 1060, jti: 'j' });
        expect(Object.getPrototypeOf(made)).toBe(Object.prototype);
      }),
    );
  });
});

describe('a sent request', () => {
  test('is recognised, for any body and credential', () => {
    const scheme = fc.constantFrom('Bearer', 'Basic', 'SSWS', '');
    check(
      fc.property(scheme, text, anyBody, (how, credential, body) => {
        const sent = sentCredentials({
          method: 'POST',
          url: 'https://sso.example/register',
          headers: { authorization: new Sensitive(`${how} ${credential}`) },
          body: new Sensitive(body),
        });
        expect(sent.map((secret) => secret.reveal())).not.toContain('');
      }),
    );
  });
});
