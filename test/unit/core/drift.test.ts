import { describe, expect, test } from 'vitest';
import { sameDocument, substitutions, substitutionsOf, withheldIn } from '../../../src/core/drift.ts';
import type { JsonObject } from '../../../src/oauth/json.ts';

describe('sameDocument', () => {
  test.each<readonly [string, JsonObject, JsonObject, boolean]>([
    ['nothing and nothing', {}, {}, true],
    ['members in another order', { a: '1', b: '2' }, { b: '2', a: '1' }, true],
    ['a list in another order', { contacts: ['a', 'b'] }, { contacts: ['b', 'a'] }, true],
    ['another value', { client_name: 'a' }, { client_name: 'b' }, false],
    ['one member more', { client_name: 'a' }, { client_name: 'a', software_id: 's' }, false],
    ['an empty list and none: the one is sent, the other is not', { contacts: [] }, {}, false],
    ['an empty text and none', { client_name: '' }, {}, false],
    ['another key set', { jwks: { keys: [{ kid: '1' }] } }, { jwks: { keys: [{ kid: '2' }] } }, false],
    [
      'values in the order of preference',
      { default_acr_values: ['a', 'b'] },
      { default_acr_values: ['b', 'a'] },
      false,
    ],
    ["a member called like one of JavaScript's own", { constructor: 'a' }, {}, false],
    ["a member called like one of JavaScript's own, empty", { valueOf: '' }, {}, false],
  ])('%s', (_, a, b, same) => {
    expect(sameDocument(a, b)).toBe(same);
    expect(sameDocument(b, a)).toBe(same);
  });
});

describe('substitutions', () => {
  test.each<readonly [string, JsonObject, JsonObject, readonly object[]]>([
    ['nothing where the answer is an echo', { client_name: 'a' }, { client_name: 'a' }, []],
    ['nothing for what the answer leaves out', { contacts: ['a'] }, {}, []],
    ['nothing for what was not asked for', {}, { application_type: 'web' }, []],
    [
      'nothing for a list in another order',
      { redirect_uris: ['https://a', 'https://b'] },
      { redirect_uris: ['https://b', 'https://a'] },
      [],
    ],
    [
      'a list with something added',
      { response_types: ['code'] },
      { response_types: ['none', 'code'] },
      [{ member: 'response_types', asked: '["code"]', registered: '["none","code"]' }],
    ],
    [
      'a text',
      { token_endpoint_auth_method: 'none' },
      { token_endpoint_auth_method: 'client_secret_basic' },
      [{ member: 'token_endpoint_auth_method', asked: 'none', registered: 'client_secret_basic' }],
    ],
    [
      'what was taken away',
      { scope: 'openid profile' },
      { scope: 'openid' },
      [{ member: 'scope', asked: 'openid profile', registered: 'openid' }],
    ],
    [
      'what was emptied',
      { contacts: ['a'] },
      { contacts: null },
      [{ member: 'contacts', asked: '["a"]', registered: 'null' }],
    ],
    ['nothing where empty became null', { contacts: [] }, { contacts: null }, []],
    [
      'nothing for a language tag in another case',
      { 'client_name#ja-Jpan-JP': 'x' },
      { 'client_name#ja-jpan-jp': 'x' },
      [],
    ],
    [
      'a translation under a tag in another case',
      { 'client_name#ja-JP': 'x' },
      { 'client_name#ja-jp': 'y' },
      [{ member: 'client_name#ja-JP', asked: 'x', registered: 'y' }],
    ],
    [
      'what the answer leaves out',
      { client_name: 'a', contacts: ['b'], policy_uri: null },
      { client_name: 'a' },
      [{ member: 'contacts', asked: '["b"]', registered: '' }],
    ],
    ['nothing where the answer has none of what was sent', { client_name: 'a' }, { owner: 'b' }, []],
    ["nothing for a member called like one of JavaScript's own", { constructor: 'a' }, {}, []],
    ['nothing where a list of one came back as text', { contacts: ['a'] }, { contacts: 'a' }, []],
    [
      'nothing where scope came back as a list (rule 10)',
      { scope: 'openid email' },
      { scopes: ['email', 'openid'] },
      [],
    ],
    [
      'nothing where scopes came back as text (rule 14)',
      { scopes: ['openid', 'email'] },
      { scope: 'email openid' },
      [],
    ],
    [
      'what was taken away of scope, in whichever form it came back',
      { scope: 'openid email' },
      { scopes: ['openid'] },
      [{ member: 'scope', asked: 'openid email', registered: 'openid' }],
    ],
    [
      'scope itself where both forms came back',
      { scope: 'openid' },
      { scope: 'openid', scopes: ['openid', 'offline_access'] },
      [],
    ],
    [
      'what was taken away of a list that was sent in both forms',
      { scope: 'openid email', scopes: ['openid', 'email'] },
      { scope: 'openid' },
      [{ member: 'scope', asked: 'openid email', registered: 'openid' }],
    ],
    ['nothing where jwks came back as text (rule 14)', { jwks: { keys: [] } }, { jwks: '{"keys":[]}' }, []],
    [
      'nothing where jwks was sent as text',
      { jwks: '{"keys":[{"kid":"1"}]}' },
      { jwks: { keys: [{ kid: '1' }] } },
      [],
    ],
    [
      'another key set, in whichever form it was sent',
      { jwks: '{"keys":[{"kid":"1"}]}' },
      { jwks: { keys: [{ kid: '2' }] } },
      [
        {
          member: 'jwks',
          asked: '{"keys":[{"kid":"1"}]}',
          registered: '{"keys":[{"kid":"2"}]}',
        },
      ],
    ],
    [
      'jwks that is no JSON',
      { jwks: { keys: [] } },
      { jwks: 'keys' },
      [{ member: 'jwks', asked: '{"keys":[]}', registered: 'keys' }],
    ],
    [
      'nothing for a software statement, whatever the answer has',
      { software_statement: { iss: 'a' } },
      { software_statement: 'a.b.c' },
      [],
    ],
    [
      'what a server completed (rule 27)',
      { grant_types: ['authorization_code'] },
      { grant_types: ['authorization_code', 'refresh_token'] },
      [
        {
          member: 'grant_types',
          asked: '["authorization_code"]',
          registered: '["authorization_code","refresh_token"]',
        },
      ],
    ],
  ])('are %s', (_, sent, registered, found) => {
    expect(substitutions(sent, registered)).toEqual(found);
  });

  test('are cut to what status can hold', () => {
    const names = Array.from({ length: 40 }, (_, index) => `m${index}`);
    const document = (value: string) => Object.fromEntries(names.map((name) => [name, value]));
    const found = substitutions(document('a'.repeat(500)), document('b'.repeat(200)));
    expect(found).toHaveLength(32);
    expect(found[0]).toEqual({ member: 'm0', asked: `${'a'.repeat(200)}…`, registered: 'b'.repeat(200) });
  });

  test('have names that the CRD takes', () => {
    const name = 'n'.repeat(300);
    expect(substitutions({ [name]: 'a' }, { [name]: 'b' })[0]?.member.length).toBeLessThanOrEqual(256);
  });

  test('are cut between characters', () => {
    const [found] = substitutions({ a: 'x' }, { a: `${'x'.repeat(199)}😀😀` });
    expect(found?.registered.isWellFormed()).toBe(true);
  });
});

describe('substitutionsOf', () => {
  const withheld = [{ member: 'contacts', asked: '["a"]', registered: '' }];
  const content = { sent: { client_name: 'a' }, information: { metadata: { client_name: 'b' } } };

  test('reports what was not sent before what was registered otherwise', () => {
    expect(substitutionsOf(content, withheld)).toEqual([
      ...withheld,
      { member: 'client_name', asked: 'a', registered: 'b' },
    ]);
  });

  const registered = { client_name: 'a', contacts: ['b'], response_types: ['code'] };
  const answered = { sent: { client_name: 'a' }, information: { metadata: registered } };
  const left = { member: 'contacts', asked: '', registered: '["b"]' };

  test('reports a member that was taken out of the spec and that the server still answers', () => {
    const before = { sent: { ...registered, logo_uri: 'x' }, told: [] };
    expect(substitutionsOf(answered, [], before)).toEqual([left]);
  });

  test('reports it as long as the server answers it', () => {
    const before = { sent: { client_name: 'z' }, told: [left] };
    expect(substitutionsOf(answered, [], before)).toEqual([left]);
    const other = { ...answered, information: { metadata: { ...registered, contacts: ['c'] } } };
    expect(substitutionsOf(other, [], before)).toEqual([]);
  });

  test('takes for no such member what the server answered by itself, or has another value now', () => {
    expect(substitutionsOf(answered, [], { sent: { contacts: ['x'] }, told: [] })).toEqual([]);
    expect(substitutionsOf(answered, [])).toEqual([]);
  });

  test('knows what was withheld before by status', () => {
    const told = [
      { member: 'scope', asked: 'openid', registered: '' },
      { member: 'contacts', asked: '["a"]', registered: '' },
      { member: 'client_name', asked: 'a', registered: 'b' },
    ];
    const shown = {
      sent: { contacts: ['a'], scope: 'email' },
      information: { metadata: { scope: 'email' } },
    };
    expect(withheldIn(told, shown)).toEqual([told[0]]);
  });

  test('holds no more than status can', () => {
    const many = Array.from({ length: 40 }, (_, index) => ({
      member: `m${index}`,
      asked: 'a',
      registered: '',
    }));
    expect(substitutionsOf(content, many)).toEqual(many.slice(0, 32));
  });
});
