import fc from 'fast-check';
import type { HttpAnswer, HttpOutcome } from '../../../src/oauth/http-message.ts';
import type { Json, JsonObject } from '../../../src/oauth/json.ts';
import { Sensitive } from '../../../src/oauth/sensitive.ts';
import { CLIENT_INFORMATION, DISCOVERY, ERRORS, PAGES, TOKENS } from './corpus.ts';

/** Worst cases of input from outside. */

/** Names that have a special meaning in JavaScript. */
const PROTOTYPE_NAMES = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'prototype'] as const;

const PROTOCOL_NAMES = [
  'client_id',
  'client_secret',
  'client_secret_expires_at',
  'registration_access_token',
  'registration_access_token_expires_in',
  'registration_client_uri',
  'redirect_uris',
  'token_endpoint_auth_method',
  'response_types',
  'client_name',
  'client_name#ja',
  'client_name#JA',
  'client_name#en-GB',
  'scope',
  'scopes',
  'jwks',
  'jwks_uri',
  'software_statement',
  'default_max_age',
  'error',
  'error_description',
  'issuer',
  'access_token',
  'expires_in',
] as const;

const HOSTILE_TEXTS = [
  '',
  ' ',
  '\u0000',
  'a\u0007b\u001b[31m',
  '\r\nset-cookie: a=b',
  '\ud800',
  '\udc00x',
  '\u202eevil',
  '😀'.repeat(200),
  'a'.repeat(5000),
  '$& $1 $$',
  '{client_id}{registration_endpoint}{name}',
  'https://user:pass@sso.example/#x',
  'javascript:alert(1)',
  ...PROTOTYPE_NAMES,
];

export const text = fc.oneof(fc.constantFrom(...HOSTILE_TEXTS), fc.string({ unit: 'binary', maxLength: 40 }));

const HOSTILE_NUMBERS = [
  0,
  -0,
  -1,
  0.5,
  1e21,
  1e300,
  -1e300,
  2 ** 53,
  2 ** 53 + 2,
  5e-324,
  8.64e15,
  253402300800,
];

const number = fc.oneof(
  fc.constantFrom(...HOSTILE_NUMBERS),
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
);

export const name = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...PROTOCOL_NAMES) },
  { weight: 1, arbitrary: fc.constantFrom(...PROTOTYPE_NAMES) },
  { weight: 1, arbitrary: text },
);

/** With own members, also `__proto__`: as `JSON.parse` makes them, unlike a literal. */
const objectOf = (value: fc.Arbitrary<Json>): fc.Arbitrary<JsonObject> =>
  fc.array(fc.tuple(name, value), { maxLength: 6 }).map((members) => Object.fromEntries(members));

/** Deeper than the operator reads, and deeper than an unbounded recursion survives. */
const deep: fc.Arbitrary<Json> = fc
  .tuple(fc.constantFrom(15, 16, 17, 31, 33, 200), fc.boolean())
  .map(([depth, isList]) => {
    let value: Json = 1;
    for (let level = 0; level < depth; level += 1) {
      value = isList ? [value] : { a: value };
    }
    return value;
  });

export const json: fc.Arbitrary<Json> = fc.letrec<{ readonly value: Json }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    { weight: 12, arbitrary: text },
    { weight: 6, arbitrary: number },
    { weight: 3, arbitrary: fc.boolean() },
    { weight: 3, arbitrary: fc.constant(null) },
    { weight: 1, arbitrary: deep },
    { weight: 8, arbitrary: fc.array(tie('value'), { maxLength: 4 }) },
    { weight: 8, arbitrary: objectOf(tie('value')) },
  ),
})).value;

export const jsonObject: fc.Arbitrary<JsonObject> = objectOf(json);

const corpus: readonly JsonObject[] = [...CLIENT_INFORMATION, ...ERRORS, ...DISCOVERY, ...TOKENS];

/** A known document with members replaced, added and left out. */
const changed = (documents: readonly JsonObject[]): fc.Arbitrary<JsonObject> =>
  fc
    .tuple(fc.constantFrom(...documents), jsonObject, fc.array(fc.nat(20), { maxLength: 3 }))
    .map(([document, more, gone]) => {
      const kept = Object.entries(document).filter((_, index) => !gone.includes(index));
      return Object.fromEntries([...kept, ...Object.entries(more)]);
    });

/** Members in their order, some of them twice, otherwise valid. */
const withDuplicates = (document: JsonObject, again: readonly [string, Json][]): string =>
  `{${[...Object.entries(document), ...again]
    .map(([member, value]) => `${JSON.stringify(member)}:${JSON.stringify(value)}`)
    .join(',')}}`;

const DEEP_TEXTS = [
  `{"a":${'['.repeat(30_000)}`,
  `{"client_id":"deep","a":${'['.repeat(30_000)}${']'.repeat(30_000)}}`,
  `{"a":${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)},"client_id":"deep"}`,
  `{"client_id":9007199254740993,"a":${'['.repeat(20_000)}${']'.repeat(20_000)}}`,
];

const bytes = fc.uint8Array({ maxLength: 200 }).map((octets) => Buffer.from(octets).toString());

/** A body with every kind of damage: changed, doubled, cut off at any byte, with a byte flipped, not JSON. */
export function bodyOf(documents: readonly JsonObject[]): fc.Arbitrary<string> {
  const whole = fc
    .tuple(changed(documents), fc.array(fc.tuple(name, json), { maxLength: 3 }))
    .map(([document, again]) => withDuplicates(document, again));
  const torn = fc.tuple(whole, fc.nat()).map(([given, at]) =>
    Buffer.from(given)
      .subarray(0, at % (Buffer.byteLength(given) + 1))
      .toString(),
  );
  const flipped = fc.tuple(whole, fc.nat(), fc.nat(255)).map(([given, at, octet]) => {
    const buffer = Buffer.from(given);
    buffer[at % buffer.length] = octet;
    return buffer.toString();
  });
  const other = fc.constantFrom(...PAGES, ...DEEP_TEXTS);
  return fc.oneof(
    whole,
    torn,
    flipped,
    bytes,
    other,
    json.map((value) => JSON.stringify(value)),
  );
}

export const anyBody: fc.Arbitrary<string> = bodyOf(corpus);

/** With texts in between, so that a header is sometimes almost right. */
const challenge = fc
  .array(
    fc.oneof(
      fc.constantFrom('Bearer ', 'error="invalid_token"', 'error_description="', '\\"', '"', ', ', '\\', '='),
      text,
    ),
    { maxLength: 8 },
  )
  .map((parts) => parts.join(''));

const retryAfter = fc.oneof(
  fc.constantFrom('0', '120', '9'.repeat(400), '-5', '1.5', 'Wed, 21 Oct 2026 07:28:00 GMT', 'tomorrow'),
  text,
);

const location = fc.oneof(
  fc.constantFrom(
    '/login',
    'https://login.example/x?token=1',
    'urn:a:b',
    `https://${'a'.repeat(5000)}.example`,
  ),
  text,
);

export const headers: fc.Arbitrary<Readonly<Record<string, string>>> = fc
  .tuple(
    fc.record({ 'www-authenticate': challenge, 'retry-after': retryAfter, location }, { requiredKeys: [] }),
    fc.array(fc.tuple(name, text), { maxLength: 3 }),
  )
  .map(([known, others]) => ({ ...Object.fromEntries(others), ...known }));

export const status = fc.oneof(
  fc.constantFrom(200, 201, 204, 301, 302, 400, 401, 403, 404, 405, 408, 409, 415, 429, 500, 501, 502, 503),
  fc.integer({ min: 200, max: 599 }),
);

export const answerWith = (body: fc.Arbitrary<string>): fc.Arbitrary<HttpAnswer> =>
  fc.record({
    kind: fc.constant('answered'),
    status,
    headers,
    body: body.map((given) => new Sensitive(given)),
  });

/** The adapter's own sentence. */
const detail = fc.constant('The connection was lost');

export const outcome: fc.Arbitrary<HttpOutcome> = fc.oneof(
  { weight: 6, arbitrary: answerWith(anyBody) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('notSent' as const),
      reason: fc.constantFrom(
        'AddressRefused' as const,
        'NameNotResolved' as const,
        'ConnectFailed' as const,
        'TlsVerificationFailed' as const,
      ),
      detail,
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record(
      {
        kind: fc.constant('noAnswer' as const),
        reason: fc.constantFrom('Timeout' as const, 'ConnectionLost' as const, 'ResponseTooLarge' as const),
        detail,
        status,
        received: anyBody.map((given) => new Sensitive(given)),
      },
      { requiredKeys: ['kind', 'reason', 'detail'] },
    ),
  },
);

/** Text like tokens, passwords and keys. None is part of the mask itself. */
export const secretText: fc.Arbitrary<string> = fc
  .oneof(
    fc.stringMatching(/^[A-Za-z0-9._~+/-]{4,40}$/),
    fc.stringMatching(/^[a-z]{2,8}[ \t]{1,2}[a-z]{2,8}$/),
    fc.string({ unit: 'grapheme', minLength: 4, maxLength: 30 }),
  )
  .filter((given) => given.trim().length >= 4 && !'[redacted]'.includes(given));
