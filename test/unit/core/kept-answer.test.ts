import { describe, expect, test } from 'vitest';
import type { Verdict } from '../../../src/core/failure.ts';
import { keptOf, withinBounds } from '../../../src/core/kept-answer.ts';
import type { ClientInformation } from '../../../src/oauth/client-information.ts';
import type { JsonObject } from '../../../src/oauth/json.ts';
import { Sensitive } from '../../../src/oauth/sensitive.ts';

const long = (bytes: number) => 'x'.repeat(bytes);
const information = (more: Partial<ClientInformation> = {}): ClientInformation => ({
  clientId: 'c1',
  metadata: {},
  ...more,
});
const kept = (metadata: JsonObject, sent: JsonObject = {}, include: readonly string[] = []) =>
  Object.keys(keptOf(information({ metadata }), sent, include).metadata);

describe('Of an answer is kept', () => {
  test('everything unchanged, if it is short', () => {
    const answer = information({ metadata: { client_name: 'Storefront', vendor: { a: [1, 2] } } });
    expect(keptOf(answer, {}, [])).toBe(answer);
  });

  test('no value of more than 4 KiB (H6)', () => {
    expect(kept({ client_name: 'Storefront', blob: long(700_000), jwks_uri: long(4_097) })).toEqual([
      'client_name',
    ]);
  });

  test('a long value that is what was sent: it is on record anyway', () => {
    const jwks = { keys: [{ n: long(6_000) }] };
    expect(kept({ jwks }, { jwks })).toEqual(['jwks']);
    expect(kept({ jwks: { keys: [{ n: long(6_001) }] } }, { jwks })).toEqual([]);
  });

  test('at most 32 KiB together (H6)', () => {
    const flood = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`m${index}`, long(1_000)]));
    const { metadata } = keptOf(information({ metadata: flood }), {}, []);
    const bytes = JSON.stringify(metadata).length;
    expect(bytes).toBeGreaterThan(30_000);
    expect(bytes).toBeLessThan(33_500);
  });

  test('first what the Secret is to hold, then what was sent, then what specifications name, then the rest', () => {
    const others = Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`m${index}`, long(3_900)]));
    const answer = { ...others, scope: long(3_900), client_name: long(3_900), tenant: long(3_900) };
    const names = kept(answer, { client_name: 'other' }, ['tenant']);
    expect(names).toHaveLength(8);
    expect(names).toEqual(expect.arrayContaining(['tenant', 'client_name', 'scope', 'm0']));
  });

  test('nothing else of a name that objects inherit', () => {
    expect(kept({ constructor: long(5_000), toString: 'x' })).toEqual(['toString']);
  });
});

describe('A credential that is too long to be kept', () => {
  const judged = (more: Partial<ClientInformation>) =>
    withinBounds({ kind: 'Done', information: information(more) }, []);
  const token = new Sensitive('token');

  test.each([
    ['clientSecret', 16_384, 'client_secret'],
    ['registrationAccessToken', 16_384, 'registration_access_token'],
  ] as const)('%s: of more than %i bytes', (name, most, wire) => {
    const whole = information({ registrationAccessToken: token, [name]: new Sensitive(long(most)) });
    const verdict: Verdict = { kind: 'Done', information: whole };
    expect(withinBounds(verdict, [])).toBe(verdict);
    expect(
      judged({ [name]: new Sensitive(long(most + 1)), registrationClientUri: 'https://sso/c1' }),
    ).toEqual({
      kind: 'Unknown',
      reason: 'ResponseTooLarge',
      message: `The server answered with a ${wire} of more than ${most} bytes, which is not kept; the answer names client c1`,
      serverTrouble: false,
      partial: { clientId: 'c1', metadata: {}, registrationClientUri: 'https://sso/c1' },
    });
  });

  test('an address of more than 8 KiB', () => {
    expect(judged({ registrationClientUri: `https://sso/${long(8_192)}` })).toMatchObject({
      reason: 'ResponseTooLarge',
    });
  });

  test('leaves what manages the client, so that it can be removed again', () => {
    expect(
      judged({ clientSecret: new Sensitive(long(16_385)), registrationAccessToken: token }),
    ).toMatchObject({
      partial: { clientId: 'c1', registrationAccessToken: token },
    });
  });
});
