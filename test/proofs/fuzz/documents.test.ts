import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { sameDocument, substitutions, substitutionsOf } from '../../../src/core/drift.ts';
import { declaredHash, metadataHash } from '../../../src/core/record.ts';
import type { Dialect } from '../../../src/dialects/dialect.ts';
import { encodeMetadata, updateBody } from '../../../src/dialects/encoding.ts';
import { DIALECT_NAMES, effectiveDialect } from '../../../src/dialects/presets.ts';
import { parseClientInformation } from '../../../src/oauth/client-information.ts';
import { canonicalJson, type Json, type JsonObject } from '../../../src/oauth/json.ts';
import { Sensitive } from '../../../src/oauth/sensitive.ts';
import { bodyOf, json, jsonObject, name } from './arbitraries.ts';
import { check } from './check.ts';
import { CLIENT_INFORMATION } from './corpus.ts';
import { expectPresentable } from './messages.ts';

/** Sent documents in every dialect: encoding twice is the same as once, and the comparison becomes stable. */

/** Every preset, and switches that no preset combines. */
const dialect: fc.Arbitrary<Dialect> = fc
  .record({
    preset: fc.constantFrom(...DIALECT_NAMES),
    overrides: fc.record(
      {
        scopeEncoding: fc.constantFrom('String' as const, 'Array' as const, 'Both' as const),
        jwksEncoding: fc.constantFrom('Object' as const, 'String' as const),
        languageTags: fc.constantFrom('Send' as const, 'Lowercase' as const, 'Omit' as const),
        // `scopes` is a form of `scope`, not a member of its own.
        membersNotSent: fc.array(
          name.filter((member) => member !== 'scopes'),
          { maxLength: 3 },
        ),
        scopesNotSent: fc.array(fc.constantFrom('openid', 'a', 'b'), { maxLength: 2 }),
        updateBody: fc.constantFrom('Declared' as const, 'Returned' as const),
        clearBy: fc.constantFrom('Omit' as const, 'Null' as const, 'Empty' as const),
        secretEcho: fc.constantFrom('Omit' as const, 'Send' as const),
      },
      { requiredKeys: [] },
    ),
  })
  .map(({ preset, overrides }) => effectiveDialect(preset, overrides));

/** The form that `toWire` makes: no `scopes`, `scope` as words. */
const request: fc.Arbitrary<JsonObject> = fc
  .tuple(jsonObject, fc.option(fc.array(fc.constantFrom('openid', 'a', 'b', 'c')), { nil: undefined }))
  .map(([{ scopes: _, scope: __, ...document }, words]) => ({
    ...document,
    ...(words === undefined ? {} : { scope: words.join(' ') }),
  }));

/** The same value with the members of all objects in reverse order. */
function reordered(value: Json): Json {
  if (Array.isArray(value)) {
    return value.map(reordered);
  }
  return typeof value === 'object' && value !== null
    ? Object.fromEntries(
        Object.entries(value)
          .toReversed()
          .map(([member, inner]) => [member, reordered(inner)]),
      )
    : value;
}

describe('encoding', () => {
  test('is the same each time, also when it is applied to its own result', () => {
    check(
      fc.property(request, dialect, (document, given) => {
        const { body } = encodeMetadata(document, given);
        expect(encodeMetadata(document, given).body).toEqual(body);
        expect(encodeMetadata(body, given).body).toEqual(body);
      }),
    );
  });

  test('sends or withholds each member, and adds none', () => {
    check(
      fc.property(request, dialect, (document, given) => {
        const { body, withheld } = encodeMetadata(document, given);
        const plain = (member: string) => member.split('#', 1)[0]?.replace(/^scopes$/, 'scope');
        const asked = new Set(Object.keys(document).map(plain));
        const answered = new Set([...Object.keys(body), ...withheld.map(({ member }) => member)].map(plain));
        expect(answered).toEqual(asked);
      }),
    );
  });

  test('makes an update that names its client and is the same each time, with a secret only on request', () => {
    const returned = bodyOf(CLIENT_INFORMATION).map(
      (body) => parseClientInformation(new Sensitive(body))?.metadata ?? {},
    );
    check(
      fc.property(request, request, returned, dialect, (now, before, answered, given) => {
        const encoded = encodeMetadata(now, given).body;
        const last = {
          clientId: 'c1',
          dialect: given,
          lastSent: encodeMetadata(before, given).body,
          returned: answered,
          clientSecret: new Sensitive('the-secret'),
        };
        const body = updateBody(encoded, last);
        expect(body['client_id']).toBe('c1');
        expect(JSON.stringify(body).includes('the-secret')).toBe(given.secretEcho === 'Send');
        expect(updateBody(encoded, last)).toEqual(body);
        for (const [member, value] of Object.entries(encoded)) {
          expect(member === 'client_id' || member === 'client_secret' || body[member] === value).toBe(true);
        }
      }),
    );
  });
});

test("A list of scopes that can't become text breaks neither an update nor a comparison", () => {
  const returned = JSON.parse('{"scopes":[{"toString":""}]}');
  const last = {
    clientId: 'c1',
    dialect: effectiveDialect('rfc7591', { updateBody: 'Returned' }),
    lastSent: {},
  };
  expect(updateBody({}, { ...last, returned })).toEqual({ client_id: 'c1' });
  expect(substitutions({ scope: 'openid' }, returned)).toEqual([]);
});

test('A member that is withheld in one language is withheld however its tag is written', () => {
  const given = effectiveDialect('rfc7591', {
    languageTags: 'Lowercase',
    membersNotSent: ['client_name#ja-JP'],
  });
  expect(encodeMetadata({ 'client_name#JA-jp': 'x' }, given)).toEqual({
    body: {},
    withheld: [{ member: 'client_name#JA-jp', asked: 'x' }],
  });
});

describe('comparing', () => {
  test('finds a document equal to itself, in any order of members', () => {
    check(
      fc.property(request, dialect, (document, given) => {
        const { body } = encodeMetadata(document, given);
        expect(sameDocument(body, encodeMetadata(document, given).body)).toBe(true);
        expect(sameDocument(body, reordered(body) as JsonObject)).toBe(true);
        expect(sameDocument(body, JSON.parse(JSON.stringify(body)))).toBe(true);
      }),
    );
  });

  test("doesn't depend on which of two documents comes first", () => {
    check(
      fc.property(request, request, (a, b) => {
        expect(sameDocument(a, b)).toBe(sameDocument(b, a));
      }),
    );
  });

  test('finds an added member with any name', () => {
    check(
      fc.property(request, name, json, (document, member, value) => {
        fc.pre(!Object.hasOwn(document, member));
        const more = Object.fromEntries([...Object.entries(document), [member, value]]);
        expect(sameDocument(document, more)).toBe(false);
      }),
    );
  });

  test('finds no substitution in an answer that repeats what was sent', () => {
    check(
      fc.property(request, dialect, (document, given) => {
        const { body } = encodeMetadata(document, given);
        const { client_id: _, client_secret: __, ...rest } = body;
        expect(substitutions(rest, reordered(rest) as JsonObject)).toEqual([]);
      }),
    );
  });

  test('reports at most 32 substitutions, each in words for people', () => {
    const answered = bodyOf(CLIENT_INFORMATION).map((body) => parseClientInformation(new Sensitive(body)));
    check(
      fc.property(request, answered, (sent, information) => {
        const withheld = [{ member: 'scope', asked: 'openid', registered: '' }];
        const told = substitutionsOf({ sent, information: information ?? { metadata: {} } }, withheld);
        expect(told.length).toBeLessThanOrEqual(32);
        for (const { member, asked, registered } of told) {
          expectPresentable(member.slice(0, 256));
          expectPresentable(asked);
          expectPresentable(registered);
          expect(member.length).toBeLessThanOrEqual(256);
          expect(asked.length).toBeLessThanOrEqual(201);
          expect(registered.length).toBeLessThanOrEqual(201);
        }
      }),
    );
  });
});

describe('hashes', () => {
  test("don't depend on the order of members", () => {
    check(
      fc.property(json, (value) => {
        expect(canonicalJson(reordered(value))).toBe(canonicalJson(value));
        expect(metadataHash(declaredHash(reordered(value)), 's')).toBe(
          metadataHash(declaredHash(value), 's'),
        );
      }),
    );
  });

  test('are different for different values', () => {
    check(
      fc.property(json, json, (a, b) => {
        // A number's sign of zero is lost in JSON.
        const same = JSON.stringify(reordered(reordered(a))) === JSON.stringify(b);
        expect(canonicalJson(a) === canonicalJson(b) || !same).toBe(true);
        expect(JSON.parse(canonicalJson(a))).toEqual(JSON.parse(JSON.stringify(a)));
      }),
    );
  });
});
