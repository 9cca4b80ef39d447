import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { REDACTED, Redaction } from '../../../src/core/redaction.ts';
import type { Json } from '../../../src/oauth/json.ts';

const redacted = (value: Json): Json => new Redaction().object(value);

describe('an object without what may be a secret', () => {
  test('keeps what the operator and the schema say', () => {
    const object = {
      metadata: { name: 'storefront', labels: { 'oauth-registrar.dev/purpose': 'invoices' } },
      spec: { suspend: false, authorizationServerRef: { name: 'corporate' }, client: { scopes: ['openid'] } },
      status: { clientId: 'c1', observedGeneration: 3 },
    };
    expect(redacted(object)).toEqual(object);
  });

  test('has the names of free fields, and none of their values', () => {
    expect(
      redacted({
        metadata: {
          managedFields: [{ x: 1 }],
          annotations: { 'example.com/note': 'token-1' },
          labels: { team: 'shop' },
        },
        spec: {
          client: {
            jwks: { keys: [{ kty: 'EC', d: 'private' }] },
            additionalMetadata: { cost_center: 4711, nested: { token: ['token-2'] }, on: true },
          },
          registration: { admission: { clientCredentials: { parameters: { audience: 'https://x' } } } },
        },
        status: { substitutions: [{ member: 'cost_center', asked: '4711', registered: '' }] },
      }),
    ).toEqual({
      metadata: { annotations: { 'example.com/note': REDACTED }, labels: { team: REDACTED } },
      spec: {
        client: {
          jwks: { keys: [{ kty: REDACTED, d: REDACTED }] },
          additionalMetadata: { cost_center: REDACTED, nested: { token: [REDACTED] }, on: true },
        },
        registration: { admission: { clientCredentials: { parameters: { audience: REDACTED } } } },
      },
      status: { substitutions: [{ member: 'cost_center', asked: REDACTED, registered: '' }] },
    });
  });

  test.each([
    ['https://jane:pass@sso.example.com/a', 'https://[redacted]@sso.example.com/a'],
    ['https://jane@sso.example.com/a', 'https://[redacted]@sso.example.com/a'],
    [
      'The server (GET https://sso.example.com/a?t=1#f) failed.',
      'The server (GET https://sso.example.com/a?[redacted]#[redacted]) failed.',
    ],
    ['https://sso.example.com/a', 'https://sso.example.com/a'],
    ['com.example.app:/callback', 'com.example.app:/callback'],
    ['sent eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.c2ln here', 'sent [redacted] here'],
    ['Authorization: Bearer abcdefgh1234', 'Authorization: [redacted]'],
    ['-----BEGIN PRIVATE KEY-----\nMII\n-----END PRIVATE KEY-----', '[redacted]'],
  ])('%s', (text, expected) => {
    expect(redacted({ message: text })).toEqual({ message: expected });
  });
});

describe('a text', () => {
  test('loses what was taken out of any object, in every usual form', () => {
    const redaction = new Redaction();
    redaction.object({
      spec: { client: { additionalMetadata: { a: 'pa"ss/word', b: 'pa"ss/word-and-more' } } },
    });
    const encoded = [
      'pa"ss/word',
      'pa\\"ss/word',
      encodeURIComponent('pa"ss/word'),
      Buffer.from('pa"ss/word').toString('base64'),
    ];
    expect(redaction.text(`the server said pa"ss/word-and-more; ${encoded.join(' ')}`)).toBe(
      `the server said ${REDACTED}; ${encoded.map(() => REDACTED).join(' ')}`,
    );
  });

  test('has no value of a free field, whatever that is', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 4, maxLength: 40 }), fc.string(), (secret, words) => {
        fc.pre(!REDACTED.includes(secret));
        const redaction = new Redaction();
        redaction.object({ additionalMetadata: { x: secret } });
        expect(redaction.text(`${words} ${secret}`).includes(` ${secret}`)).toBe(false);
      }),
    );
  });
});
