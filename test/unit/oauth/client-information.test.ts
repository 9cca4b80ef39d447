import { describe, expect, test } from 'vitest';
import {
  type ClientInformation,
  mergeClientInformation,
  parseClientInformation,
  salvageClientInformation,
} from '../../../src/oauth/client-information.ts';
import { Sensitive } from '../../../src/oauth/sensitive.ts';

/** In plain text: two values that are wrapped always look equal to `toEqual`. */
function revealed(information: ClientInformation | undefined) {
  if (information === undefined) {
    return undefined;
  }
  const { clientSecret, registrationAccessToken, ...rest } = information;
  return {
    ...rest,
    ...(clientSecret === undefined ? {} : { clientSecret: clientSecret.reveal() }),
    ...(registrationAccessToken === undefined
      ? {}
      : { registrationAccessToken: registrationAccessToken.reveal() }),
  };
}

const parse = (body: unknown) =>
  revealed(parseClientInformation(new Sensitive(typeof body === 'string' ? body : JSON.stringify(body))));

describe('parseClientInformation', () => {
  test('reads what RFC 7591 and RFC 7592 define, and keeps the rest under its wire names', () => {
    const body = {
      client_id: 's6BhdRkqt3',
      client_secret: 'cf136dc3c1fc93f31185e5885805d',
      client_id_issued_at: 2893256800,
      client_secret_expires_at: 2893276800,
      registration_access_token: 'reg-23410913-abewfq.123483',
      registration_client_uri: 'https://server.example.com/register/s6BhdRkqt3',
      client_name: 'My Example Client',
      'client_name#ja-Jpan-JP': 'クライアント名',
      redirect_uris: ['https://client.example.org/callback'],
    };
    expect(parse(body)).toEqual({
      clientId: 's6BhdRkqt3',
      clientSecret: 'cf136dc3c1fc93f31185e5885805d',
      clientSecretExpiresAt: 2893276800,
      clientIdIssuedAt: 2893256800,
      registrationAccessToken: 'reg-23410913-abewfq.123483',
      registrationClientUri: 'https://server.example.com/register/s6BhdRkqt3',
      metadata: {
        client_name: 'My Example Client',
        'client_name#ja-Jpan-JP': 'クライアント名',
        redirect_uris: ['https://client.example.org/callback'],
      },
    });
  });

  test.each<readonly [string, object, object]>([
    ['a secret that never expires', { client_secret_expires_at: 0 }, { clientSecretExpiresAt: 0 }],
    ['an expiry without secret', { client_secret_expires_at: 7 }, { clientSecretExpiresAt: 7 }],
    [
      'an expiry in a string',
      { client_secret_expires_at: '1700000000' },
      { clientSecretExpiresAt: 1700000000 },
    ],
    [
      'an expiry in milliseconds',
      { client_secret_expires_at: 1_700_000_000_123 },
      { clientSecretExpiresAt: 1_700_000_000 },
    ],
    [
      'milliseconds in a string',
      { client_secret_expires_at: '1700000000123' },
      { clientSecretExpiresAt: 1_700_000_000 },
    ],
    [
      'an expiry in the year 9999, in seconds',
      { client_secret_expires_at: 253402300799 },
      { clientSecretExpiresAt: 253402300799 },
    ],
    [
      'an expiry as RFC 3339',
      { client_secret_expires_at: '2026-06-01T00:00:00Z' },
      { clientSecretExpiresAt: 1_780_272_000 },
    ],
    ['an expiry as a date that is none', { client_secret_expires_at: '2026-99-99' }, {}],
    [
      'when it was issued, as RFC 3339',
      { client_id_issued_at: '2026-06-01T00:00:00Z' },
      { clientIdIssuedAt: 1_780_272_000 },
    ],
    ['never, in a string', { client_secret_expires_at: '0' }, { clientSecretExpiresAt: 0 }],
    ['an expiry that is no number', { client_secret_expires_at: 'never' }, {}],
    ['an expiry below zero', { client_secret_expires_at: -1 }, {}],
    ['an expiry that is an object', { client_secret_expires_at: {} }, {}],
    ['an expiry that is true', { client_secret_expires_at: true }, {}],
    ['an empty expiry', { client_secret_expires_at: '' }, {}],
    ['a null secret', { client_secret: null }, {}],
    ['an empty secret', { client_secret: '' }, {}],
    ['a secret that is a list', { client_secret: ['a'] }, {}],
    ['a secret that is a number', { client_secret: 42 }, { clientSecret: '42' }],
    ['a secret of spaces', { client_secret: ' ' }, { clientSecret: ' ' }],
    ['a null token', { registration_access_token: null }, {}],
    ['an empty token', { registration_access_token: '' }, {}],
    ['a null address', { registration_client_uri: null }, {}],
    ['a relative address', { registration_client_uri: '/r/1' }, { registrationClientUri: '/r/1' }],
    [
      'the life of the token',
      { registration_access_token_expires_in: 300 },
      { registrationAccessTokenExpiresIn: 300 },
    ],
    [
      'the life of the token in a string',
      { registration_access_token_expires_in: '300' },
      { registrationAccessTokenExpiresIn: 300 },
    ],
    [
      'metadata of any type',
      { redirect_uris: 'https://a', x: null },
      { metadata: { redirect_uris: 'https://a', x: null } },
    ],
  ])('reads %s', (_, members, read) => {
    expect(parse({ client_id: 'c1', ...members })).toEqual({ clientId: 'c1', metadata: {}, ...read });
  });

  test('takes a client_id that is a number for its digits', () => {
    expect(parse({ client_id: 123456 })?.clientId).toBe('123456');
  });

  test('reads a large client_id digit by digit', () => {
    expect(parse('{"client_id":12345678901234567890}')?.clientId).toBe('12345678901234567890');
  });

  test.each([
    ['nothing', ''],
    ['HTML', '<html>created</html>'],
    ['an array', '[{"client_id":"c1"}]'],
    ['an object without client_id', '{"client_secret":"s"}'],
    ['an empty client_id', '{"client_id":""}'],
    ['a null client_id', '{"client_id":null}'],
    ['a client_id that is a list', '{"client_id":["c1"]}'],
    ['a client_id that is true', '{"client_id":true}'],
    ['a torn answer', '{"client_id":"c1","client_sec'],
    ['a client_id of 4097 characters', JSON.stringify({ client_id: 'c'.repeat(4097) })],
  ])('finds no client in %s', (_, body) => {
    expect(parse(body)).toBeUndefined();
  });

  test('reads a client_id of 4096 characters', () => {
    expect(parse({ client_id: 'c'.repeat(4096) })?.clientId).toHaveLength(4096);
  });

  test('keeps the first thousand members of an answer with more, and its credentials wherever they are', () => {
    const many = Object.fromEntries(Array.from({ length: 18_000 }, (_, index) => [`m${index}`, index]));
    const { metadata, ...rest } = parse({ ...many, client_id: 'c1', client_secret: 's1' }) ?? {};
    expect(rest).toEqual({ clientId: 'c1', clientSecret: 's1' });
    expect(Object.keys(metadata ?? {})).toEqual(Array.from({ length: 1_000 }, (_, index) => `m${index}`));
  });

  test('keeps the client where another member nests too deep', () => {
    const deep = '['.repeat(50_000) + ']'.repeat(50_000);
    expect(parse(`{"client_id":"c1","x":${deep},"client_secret":"s"}`)).toEqual({
      clientId: 'c1',
      clientSecret: 's',
      metadata: {},
    });
  });

  test('keeps credentials out of the metadata', () => {
    const names = [
      'client_id',
      'client_secret',
      'client_secret_expires_at',
      'client_id_issued_at',
      'registration_access_token',
      'registration_access_token_expires_in',
      'registration_client_uri',
    ];
    const body = Object.fromEntries(names.map((name) => [name, 'canary']));
    expect(parse(body)?.metadata).toEqual({});
  });
});

describe('scope', () => {
  test.each<readonly [string, object, object]>([
    ['comes from scopes where it is absent', { scopes: ['a', 'b'] }, { scope: 'a b', scopes: ['a', 'b'] }],
    ['comes from scopes where it is empty', { scope: '', scopes: ['a'] }, { scope: 'a', scopes: ['a'] }],
    ['comes from scopes where it is null', { scope: null, scopes: ['a'] }, { scope: 'a', scopes: ['a'] }],
    ['stays where both are given', { scope: 'x', scopes: ['a'] }, { scope: 'x', scopes: ['a'] }],
    ['stays absent where scopes is empty', { scopes: [] }, { scopes: [] }],
    ['stays empty where scopes is empty', { scope: '', scopes: [] }, { scope: '', scopes: [] }],
    ['stays absent where scopes is no list', { scopes: 'a b' }, { scopes: 'a b' }],
    ['stays absent where scopes is no list of strings', { scopes: ['a', 1] }, { scopes: ['a', 1] }],
  ])('%s', (_, members, metadata) => {
    expect(parse({ client_id: 'c1', ...members })?.metadata).toEqual(metadata);
  });
});

describe('salvageClientInformation', () => {
  const salvage = (text: string) => revealed(salvageClientInformation(new Sensitive(text)));

  const whole = JSON.stringify({
    client_id: 'c"1\\',
    client_secret: 's}é\u{1F511}',
    registration_access_token: 't,1',
    registration_client_uri: 'https://as.example/r?id=c1',
    client_secret_expires_at: 1700000000,
    redirect_uris: ['https://a.example/{}', '"'],
    jwks: { keys: [{ kty: 'EC', x: '],' }] },
  });

  test('reads of a whole answer what parseClientInformation reads', () => {
    expect(salvage(whole)).toEqual(parse(whole));
  });

  test('reads at every cut what was complete: nothing that is wrong, nothing less than before', () => {
    const full: Readonly<Record<string, unknown>> = { ...parse(whole) };
    let known = 0;
    for (let length = 0; length <= whole.length; length += 1) {
      const { metadata, ...members } = salvage(whole.slice(0, length)) ?? { metadata: {} };
      expect({ ...full, ...members }).toEqual(full);
      expect({ ...(full['metadata'] as object), ...metadata }).toEqual(full['metadata']);
      const found = Object.keys(members).length + Object.keys(metadata).length;
      expect(found).toBeGreaterThanOrEqual(known);
      known = found;
    }
    expect(known).toBe(7);
  });

  const client = { clientId: 'c1', metadata: {} };

  test.each<readonly [string, string, object | undefined]>([
    ['nothing', '', undefined],
    ['white space', ' \n', undefined],
    ['an opening brace', '{', undefined],
    ['HTML', '<html>"client_id":"c1"', undefined],
    ['a list', '[{"client_id":"c1"},', undefined],
    ['a string', '"client_id', undefined],
    ['a name', '{"client_id"', undefined],
    ['a name and its colon', '{"client_id":', undefined],
    ['a value cut in the middle', '{"client_id":"c1', undefined],
    ['a value that ends in an escaped quote', '{"client_id":"c1\\"', undefined],
    ['a value that ends in a backslash', '{"client_id":"c1\\', undefined],
    ['a value to its end', '{"client_id":"c1"', client],
    ['a value that ends in an escaped backslash', '{"client_id":"c1\\\\"', { ...client, clientId: 'c1\\' }],
    ['a value with escapes', '{"client\\u005fid":"\\u0063\\u0031",', client],
    ['an escape cut in the middle', '{"client_id":"c1","client_name":"\\u00', client],
    ['a surrogate pair cut in the middle', '{"client_id":"c1","client_name":"\\ud83d\\ud', client],
    ['a surrogate cut from its other half', '{"client_id":"c1","client_name":"\ud83d', client],
    ['a number', '{"client_id":42,', { ...client, clientId: '42' }],
    ['a number before white space', '{"client_id":42\n', { ...client, clientId: '42' }],
    ['a number that may go on', '{"client_id":42', undefined],
    [
      'a number of many digits',
      '{"client_id":12345678901234567890,"x',
      { ...client, clientId: '12345678901234567890' },
    ],
    ['a literal that may go on', '{"client_id":"c1","client_secret_expires_at":0', client],
    ['a literal', '{"client_id":"c1","client_secret":null,', client],
    ['a client_id that is null', '{"client_id":null,"client_secret":"s",', undefined],
    ['a client_id further inside', '{"x":{"client_id":"c1"},', undefined],
    ['a client_id in a string', '{"x":"\\",\\"client_id\\":\\"c1\\",', undefined],
    ['an object without its end', '{"client_id":"c1","jwks":{"keys":[]', client],
    [
      'a list with its end',
      '{"client_id":"c1","contacts":["a"]',
      { ...client, metadata: { contacts: ['a'] } },
    ],
    ['what follows the object', '{"client_id":"c1"},"client_secret":"s",', client],
    ['a second object', '{"client_id":"c1"}{"client_id":"c2"}', client],
    ['a byte order mark', '\uFEFF {"client_id":"c1",', client],
    ['two of one name', '{"client_id":"c0","client_id":"c1",', client],
    ['two of one name, one cut off', '{"client_id":"c1","client_id":"c2', client],
    [
      '__proto__',
      '{"__proto__":{"client_id":"c0"},"client_id":"c1",',
      { ...client, metadata: JSON.parse('{"__proto__":{"client_id":"c0"}}') },
    ],
    ['no value between commas', '{,,"client_id":"c1",,', client],
    ['a value without a name', '{"c0",1,"client_id":"c1",', client],
    ['a bad escape', '{"client_name":"\\x","client_id":"c1",', client],
    ['a line break in a string', '{"client_name":"\n","client_id":"c1",', client],
    [
      "brackets that don't match",
      '{"client_id":"c1","x":[},"client_secret":"s",',
      { ...client, clientSecret: 's' },
    ],
  ])('reads of %s what is complete', (_, text, information) => {
    expect(salvage(text)).toEqual(information);
  });

  const MIB = 1024 * 1024;
  const begin = '{"client_id":"c1",';

  test.each([
    ['brackets without end', `${begin}"x":${'['.repeat(MIB)}`],
    ['brackets with their end', `${begin}"x":${'['.repeat(MIB / 2)}${']'.repeat(MIB / 2)},`],
    ['objects within objects', `${begin}"x":${'{"a":'.repeat(MIB / 5)}`],
    ['closing brackets', `${begin}"x":${']'.repeat(MIB)}`],
    ['commas', `${begin}${','.repeat(MIB)}`],
    ['values without a name', `${begin}${'1,'.repeat(MIB / 2)}`],
    ['quotes', `${begin}${'"'.repeat(MIB)}`],
    ['escaped quotes', `${begin}"x":"${'\\"'.repeat(MIB / 2)}`],
    ['backslashes', `${begin}"x":"${'\\'.repeat(MIB)}`],
    ['a string without end', `${begin}"x":"${'x'.repeat(MIB)}`],
    ['white space', `${begin}${' '.repeat(MIB)}`],
    ['members of one name', `${begin}${'"client_id":"c1",'.repeat(MIB / 17)}`],
  ])('finds the client before a megabyte of %s', (_, text) => {
    expect(salvage(text)).toEqual(client);
  });

  test('keeps a string of a megabyte', () => {
    expect(salvage(`${begin}"x":"${'x'.repeat(MIB)}"`)?.metadata['x']).toHaveLength(MIB);
  });

  test('looks at a thousand members', () => {
    const members = Array.from({ length: 2000 }, (_, index) => `"m${index}":1`);
    expect(Object.keys(salvage(`${begin}${members.join(',')},`)?.metadata ?? {})).toHaveLength(999);
  });
});

describe('mergeClientInformation', () => {
  const stored: ClientInformation = {
    clientId: 'c1',
    clientSecret: new Sensitive('s1'),
    clientSecretExpiresAt: 1000,
    registrationAccessToken: new Sensitive('t1'),
    registrationClientUri: 'https://r/1',
    metadata: { client_name: 'old', contacts: ['a'] },
  };
  const merged = (answer: Partial<ClientInformation>) =>
    revealed(mergeClientInformation(stored, { clientId: 'c1', metadata: {}, ...answer }));
  const kept = { ...revealed(stored), metadata: {} };

  test.each<readonly [string, Partial<ClientInformation>, object]>([
    ['token, address, secret and expiry stay where the answer is silent', {}, {}],
    [
      'a new token replaces the stored one',
      { registrationAccessToken: new Sensitive('t2') },
      { registrationAccessToken: 't2' },
    ],
    [
      'a new address replaces the stored one',
      { registrationClientUri: 'https://r/2' },
      { registrationClientUri: 'https://r/2' },
    ],
    [
      'a new secret comes with its own expiry',
      { clientSecret: new Sensitive('s2'), clientSecretExpiresAt: 2000 },
      { clientSecret: 's2', clientSecretExpiresAt: 2000 },
    ],
    [
      'a new secret that never expires ends the stored expiry',
      { clientSecret: new Sensitive('s2') },
      { clientSecret: 's2', clientSecretExpiresAt: undefined },
    ],
    ['a new expiry alone counts', { clientSecretExpiresAt: 3000 }, { clientSecretExpiresAt: 3000 }],
    [
      "the metadata is the answer's",
      { metadata: { client_name: 'new' } },
      { metadata: { client_name: 'new' } },
    ],
    ['another client_id is not believed', { clientId: 'c2' }, { clientId: 'c1' }],
  ])('%s', (_, answer, changed) => {
    expect(merged(answer)).toEqual({ ...kept, ...changed });
  });
});
