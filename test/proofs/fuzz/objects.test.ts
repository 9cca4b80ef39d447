import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { KubernetesObject } from '../../../src/api/kubernetes.ts';
import { toConnection } from '../../../src/core/build-connection.ts';
import { toClientObject } from '../../../src/core/desired.ts';
import { isProblem } from '../../../src/core/problem.ts';
import { toServerObject } from '../../../src/core/server-object.ts';
import { DIALECT_NAMES } from '../../../src/dialects/presets.ts';
import { MEMBERS, type MemberType, specName } from '../../../src/oauth/client-metadata.ts';
import type { Json, JsonObject } from '../../../src/oauth/json.ts';
import { secretsOf } from '../../kit/fixtures/credentials.ts';
import { json, jsonObject, name } from './arbitraries.ts';
import { check } from './check.ts';
import { expectPresentable } from './messages.ts';

import { metadata, stringMap, wellFormed } from './object-parts.ts';

/** Objects of people: they are read with any content, and none affects another. */

const url = fc.constantFrom(
  'https://sso.example',
  'https://a.example/cb?x=1',
  'myapp:cb',
  '{name}',
  'nowhere',
);
const word = fc.constantFrom('openid', 'none', 'code id_token', 'ES256', '{namespace}');

/** A value of the type that a person might write. */
const FITTING: Readonly<Record<MemberType, fc.Arbitrary<Json>>> = {
  string: word,
  uri: url,
  strings: fc.array(word, { maxLength: 3 }),
  uris: fc.array(url, { maxLength: 3 }),
  scope: fc.array(word, { maxLength: 3 }),
  boolean: fc.boolean(),
  integer: fc.nat(),
  object: jsonObject,
};

/** At most one in this many values has another type. */
const RARELY = 20;

/** Some of the given fields, and sometimes one with any name and type. */
const someOf = (fields: Readonly<Record<string, fc.Arbitrary<Json>>>): fc.Arbitrary<JsonObject> =>
  fc
    .tuple(
      fc.array(
        fc
          .constantFrom(...Object.entries(fields))
          .chain(([field, value]) =>
            fc.tuple(
              fc.constant(field),
              fc.oneof({ weight: RARELY, arbitrary: value }, { weight: 1, arbitrary: json }),
            ),
          ),
        { maxLength: 5 },
      ),
      fc.oneof(
        { weight: RARELY, arbitrary: fc.constant([]) },
        { weight: 1, arbitrary: fc.array(fc.tuple(name, json), { maxLength: 1 }) },
      ),
    )
    .map(([members, more]) => Object.fromEntries<Json>([...members, ...more]));

const duration = fc.constantFrom('0s', '1m', '24h', '999999h', '1h30m');
const objectName = fc.constantFrom('sso', 'a.b-c');
const secretRef = fc.record({ name: objectName, key: fc.constantFrom('token', 'a_b.c') });

const client = fc
  .tuple(
    someOf({
      ...Object.fromEntries(MEMBERS.map(({ wire, type }) => [specName(wire), FITTING[type]])),
      additionalMetadata: jsonObject,
    }),
    fc.option(fc.tuple(wellFormed, wellFormed), { nil: undefined }),
  )
  .map(
    ([members, translation]): JsonObject => ({
      ...members,
      ...(translation === undefined
        ? {}
        : { localized: { clientName: { [translation[0]]: translation[1] } } }),
    }),
  );

const clientSpec = fc
  .tuple(
    someOf({
      authorizationServerRef: fc.record({ name: objectName }),
      softwareStatement: fc.record({ secretRef }),
      credential: fc.record({
        generatedKey: someOf({ algorithm: fc.constant('ES256'), rotateAfter: duration, overlap: duration }),
      }),
      secret: someOf({
        name: objectName,
        keys: stringMap(name),
        labels: stringMap(wellFormed),
        include: fc.array(word, { maxLength: 2 }),
      }),
      lifetime: someOf({ expiresAfter: duration, onExpiry: fc.constant('Deregister'), expiryMember: word }),
      replacement: someOf({ onEdit: fc.constant('Manual'), overlap: duration }),
    }),
    client,
  )
  .map(([more, given]): JsonObject => ({ client: given, ...more }));

const serverSpec = fc
  .tuple(
    client,
    someOf({
      defaults: client,
      discovery: someOf({ url, mode: fc.constant('None'), acceptedIssuer: url }),
      endpoints: someOf({ token: url, jwks: url }),
      connection: someOf({ timeout: duration, maxInFlight: fc.nat(64), proxyUrl: url }),
      dialect: fc.constantFrom(...DIALECT_NAMES),
      dialectOverrides: someOf({
        membersNotSent: fc.array(word, { maxLength: 2 }),
        lifetimes: someOf({ client: duration }),
        updateEffect: someOf({ token: fc.constant('Rotates') }),
      }),
      management: someOf({ configurationUrl: url, allowedOrigins: fc.array(url, { maxLength: 2 }) }),
      policy: someOf({
        uriHosts: fc.array(word, { maxLength: 2 }),
        additionalMetadata: fc.record({ allowed: fc.array(word, { maxLength: 2 }) }),
      }),
    }),
  )
  .map(
    ([defaults, more]): JsonObject => ({
      issuer: 'https://sso.example',
      registration: { admission: { open: {} } },
      defaults,
      ...more,
    }),
  );

/** Mostly valid by the schema, sometimes anything. */
const mostly = (given: fc.Arbitrary<unknown>) =>
  fc.oneof({ weight: 8, arbitrary: given }, { weight: 1, arbitrary: json });

const object = (given: fc.Arbitrary<unknown>) =>
  fc.record(
    {
      apiVersion: fc.constant('oauth-registrar.dev/v1alpha1'),
      kind: fc.constant('OAuthClient'),
      metadata,
      spec: given,
      status: fc.oneof(json, jsonObject),
    },
    { requiredKeys: ['apiVersion', 'kind', 'metadata', 'spec'] },
  );

const deepSpec = (depth: number): Json => JSON.parse(`${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`);

describe('an OAuthClient', () => {
  test('is read with any content, the same each time, and reports problems in words for people', () => {
    check(
      fc.property(object(mostly(clientSpec)), (raw) => {
        const read = toClientObject(raw as KubernetesObject);
        expect(toClientObject(raw as KubernetesObject)).toEqual(read);
        const { desired, status } = read.observed;
        expect(typeof status).toBe('object');
        if (!desired.valid) {
          expectPresentable(desired.problem.slice(0, 2000));
          expect(desired.problem).toMatch(/\S/);
        }
      }),
    );
  });

  test("has a hash that doesn't depend on the form of the Secret", () => {
    check(
      fc.property(client, stringMap(fc.constantFrom('a', 'b')), (given, labels) => {
        const read = (more: object) =>
          toClientObject({ metadata: { name: 'a' }, spec: { client: given, ...more } } as KubernetesObject);
        const [plain, labelled] = [read({}).observed.desired, read({ secret: { labels } }).observed.desired];
        expect(!plain.valid || !labelled.valid || plain.hash === labelled.hash).toBe(true);
      }),
    );
  });

  test.each(['', ' ', '\u0007', 'a'.repeat(256)])('can\'t hold a member called "%s"', (member) => {
    const raw = { metadata: { name: 'a' }, spec: { client: { additionalMetadata: { [member]: 1 } } } };
    expect(toClientObject(raw as unknown as KubernetesObject).observed.desired).toEqual({
      valid: false,
      problem:
        'additionalMetadata has a member whose name is blank, has more than 255 characters, or some that control; rename it.',
    });
  });
});

describe('a server object', () => {
  const kind = fc.constantFrom('AuthorizationServer' as const, 'ClusterAuthorizationServer' as const);
  const read = (given: 'AuthorizationServer' | 'ClusterAuthorizationServer', raw: unknown) =>
    toServerObject(given, raw as KubernetesObject, { allowHttp: false });

  test('is read with any content, the same each time, and reports problems in words for people', () => {
    check(
      fc.property(kind, object(mostly(serverSpec)), (given, raw) => {
        const server = read(given, raw);
        expect(read(given, raw)).toEqual(server);
        expect(server.spec === undefined).toBe(server.problem !== undefined);
        expectPresentable((server.problem ?? '').slice(0, 2000));
      }),
    );
  });

  test('gives a connection or a problem, if its spec is usable', () => {
    const found = {
      endpoints: {},
      aliases: {},
      secrets: secretsOf(),
      ca: undefined,
      urlRules: { allowHttp: true },
      now: 0,
    };
    const endpoints = { registration: 'https://sso.example/register' };
    check(
      fc.property(kind, object(serverSpec), (given, raw) => {
        const server = read(given, raw);
        const connection = server.spec && toConnection(server, server.spec, { ...found, endpoints });
        if (isProblem(connection)) {
          expectPresentable(connection.message);
        } else if (connection !== undefined) {
          expect(toConnection(server, server.spec as never, { ...found, endpoints })).toMatchObject({
            shape: connection.shape,
            version: connection.version,
          });
        }
      }),
    );
  });

  test('that is nested too deeply is reported so', () => {
    const raw = (defaults: Json) => ({
      metadata: { name: 'a' },
      spec: { issuer: 'https://sso.example', registration: { admission: { open: {} } }, defaults },
    });
    const server = read('AuthorizationServer', raw({ additionalMetadata: { deep: deepSpec(9000) } }));
    expect(server.problem).toBe('spec nests deeper than 16 levels; make it flatter.');
    expect(
      read('AuthorizationServer', raw({ additionalMetadata: { a: deepSpec(8) } })).problem,
    ).toBeUndefined();
  });
});
