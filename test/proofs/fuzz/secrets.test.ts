import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { KubernetesObject, Secret } from '../../../src/api/kubernetes.ts';
import { FIELD_MANAGER } from '../../../src/api/names.ts';
import { encodeContent, type RegistrationContent, toContent } from '../../../src/core/content.ts';
import { keptText } from '../../../src/core/kept-text.ts';
import { managementOf } from '../../../src/core/management.ts';
import { type RegistrationRecord, toRecord, toRegistrationSecret } from '../../../src/core/record.ts';
import {
  differenceOf,
  toObservedSecret,
  toWorkloadSecret,
  wantedSecret,
} from '../../../src/core/workload-secret.ts';
import { DIALECT_NAMES, effectiveDialect } from '../../../src/dialects/presets.ts';
import { keysFormat } from '../../../src/formats/keys.ts';
import type { Json, JsonObject } from '../../../src/oauth/json.ts';
import { Sensitive } from '../../../src/oauth/sensitive.ts';
import { bare, revealed } from '../../kit/fixtures/contents.ts';
import { alone, record as aRecord } from '../../kit/fixtures/observations.ts';
import { json, jsonObject } from './arbitraries.ts';
import { check } from './check.ts';

import { metadata, stringMap, wellFormed } from './object-parts.ts';

/** The operator's own Secrets: reading returns what was written, and edits by hand never break reading. */

describe('a workload Secret', () => {
  const managed = fc.array(
    fc.record(
      {
        manager: fc.constantFrom(FIELD_MANAGER, 'kubectl'),
        fieldsV1: fc.record(
          { 'f:data': stringMap(fc.oneof(fc.constantFrom('.', 'f:client_id'), wellFormed)) },
          { requiredKeys: [] },
        ),
      },
      { requiredKeys: [] },
    ),
    { maxLength: 3 },
  );

  test('is read with any metadata', () => {
    check(
      fc.property(metadata, managed, (meta, managedFields) => {
        const observed = toObservedSecret({ metadata: { ...meta, managedFields } } as KubernetesObject);
        expect(observed.name).toBe('storefront');
        expect(observed.projection === undefined || typeof observed.projection === 'string').toBe(true);
      }),
    );
  });

  test('is in sync after the write, and no longer when somebody adds, removes or owns a key', () => {
    const keys = fc.uniqueArray(fc.stringMatching(/^[A-Za-z0-9._-]{1,20}$/), { minLength: 1, maxLength: 5 });
    const identity = { namespace: 'shop', name: 'storefront', uid: 'uid-1' };
    check(
      fc.property(keys, stringMap(wellFormed), (names, labels) => {
        const values = Object.fromEntries(names.map((key) => [key, 'v']));
        const wanted = wantedSecret(identity, { client: {}, secret: { labels } } as never);
        const written = toWorkloadSecret(identity, wanted, { shows: 'oac-1', inputs: 'inputs', values }, '1');
        const record = { registrationSecret: 'oac-1' } as RegistrationRecord;
        const inSync = (raw: KubernetesObject) =>
          differenceOf(toObservedSecret(raw), record, wanted, 'inputs') === undefined;
        expect(inSync(written)).toBe(true);
        const owned = (manager: string, data: readonly string[]) => ({
          ...written,
          metadata: {
            ...written.metadata,
            managedFields: [
              { manager, fieldsV1: { 'f:data': Object.fromEntries(data.map((key) => [`f:${key}`, {}])) } },
            ],
          },
        });
        expect(inSync(owned(FIELD_MANAGER, names.slice(1)))).toBe(false);
        expect(inSync(owned(FIELD_MANAGER, [...names, 'other/key']))).toBe(false);
        expect(inSync(owned('kubectl', names))).toBe(false);
      }),
    );
  });
});

const secretValue = wellFormed.filter((given) => given !== '');
const rfc3339 = fc
  .integer({ min: 0, max: 253402214400 })
  .map((seconds) => new Date(seconds * 1000).toISOString().replace('.000', ''));
const optionalTime = fc.option(rfc3339, { nil: undefined });

const content: fc.Arbitrary<RegistrationContent> = fc
  .record({
    clientId: secretValue,
    clientSecret: fc.option(secretValue, { nil: undefined }),
    token: fc.option(secretValue, { nil: undefined }),
    uri: fc.option(secretValue, { nil: undefined }),
    expiresAt: fc.option(fc.integer({ min: 0, max: 999_999_999_999_999 }), { nil: undefined }),
    metadata: jsonObject,
    sent: jsonObject,
    dialect: fc.constantFrom(...DIALECT_NAMES),
    allowedOrigins: fc.array(wellFormed, { maxLength: 3 }),
    ca: fc.option(secretValue, { nil: undefined }),
    keys: fc.array(secretValue, { maxLength: 2 }),
  })
  .map((given) => ({
    ...bare,
    information: {
      clientId: given.clientId,
      ...(given.clientSecret === undefined ? {} : { clientSecret: new Sensitive(given.clientSecret) }),
      ...(given.token === undefined ? {} : { registrationAccessToken: new Sensitive(given.token) }),
      ...(given.uri === undefined ? {} : { registrationClientUri: given.uri }),
      ...(given.expiresAt === undefined ? {} : { clientSecretExpiresAt: given.expiresAt }),
      metadata: shallow(given.metadata),
    },
    sent: shallow(given.sent),
    dialect: effectiveDialect(given.dialect),
    allowedOrigins: given.allowedOrigins,
    ...(given.ca === undefined ? {} : { ca: given.ca }),
    keys: given.keys.map((key) => ({
      kid: 'k',
      privateJwk: new Sensitive(key),
      privatePem: new Sensitive(key),
      publicJwk: { kty: 'EC' },
      createdAt: '2026-05-01T11:00:00Z',
    })),
  }));

/** Like a parsed answer: nested at most 16 levels deep, and -0 is 0. */
function shallow(document: JsonObject): JsonObject {
  const walk = (value: Json, depth: number): boolean =>
    typeof value !== 'object' ||
    value === null ||
    (depth > 0 && Object.values(value).every((inner) => walk(inner, depth - 1)));
  return JSON.parse(
    JSON.stringify(Object.fromEntries(Object.entries(document).filter(([, value]) => walk(value, 16)))),
  );
}

const withoutUndefined = (given: object): object =>
  Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));

const DAY_MS = 86_400_000;

/** A token is given before it ends. */
function timesOfToken(times: readonly (string | undefined)[]) {
  const [issued, end] = times.toSorted();
  return { tokenIssuedAt: issued, registrationAccessTokenExpiresAt: end };
}

/** A key is followed after it was made. */
function timesOfKey([made, rotatesMs, retiresMs]: [string | undefined, number, number]) {
  const since = Date.parse(made ?? '');
  const isLast = Number.isNaN(since) || since + DAY_MS > Date.parse('9999-12-31T00:00:00Z');
  return isLast
    ? {}
    : { keyCreatedAt: made, keyRotatesAt: since + rotatesMs, keyRetiresAt: since + retiresMs };
}

const record: fc.Arbitrary<RegistrationRecord> = fc
  .record({
    clientId: secretValue,
    name: fc.stringMatching(/^[a-z0-9]([a-z0-9.-]{0,100}[a-z0-9])?$/),
    role: fc.constantFrom('current' as const, 'owed' as const, 'left-behind' as const),
    revision: fc.integer({ min: 1 }),
    registeredAt: rfc3339.filter((time) => time >= '2015'),
    managed: fc.boolean(),
    clientSecretExpiresAt: optionalTime,
    tokenTimes: fc.tuple(optionalTime, optionalTime),
    keyTimes: fc.tuple(
      optionalTime,
      fc.integer({ min: 0, max: DAY_MS }),
      fc.integer({ min: 0, max: DAY_MS }),
    ),
    replaces: fc.option(fc.constant('oac-uid-1-a0'), { nil: undefined }),
    rotatedFor: fc.option(secretValue.map(keptText), { nil: undefined }),
    retain: fc.boolean(),
    purpose: fc.constantFrom({}, { purpose: 'agent' }, { purpose: 'agent', session: 'run-1' }),
  })
  .map(
    ({ name: client, tokenTimes, keyTimes, ...given }) =>
      withoutUndefined({
        ...timesOfToken(tokenTimes),
        ...timesOfKey(keyTimes),
        registrationSecret: 'oac-uid-1-a1',
        resourceVersion: '7',
        attempt: 'a1',
        client: { namespace: 'shop', name: client, uid: 'uid-1' },
        namespaceUid: 'ns-1',
        installation: 'main',
        server: { kind: 'ClusterAuthorizationServer', name: 'corporate' } as const,
        issuer: 'https://sso.example',
        metadataHash: 'v1:a.b',
        ...given,
      }) as RegistrationRecord,
  );

/** The form in which the API server stores an object: JSON without undefined. */
const stored = (secret: Secret): Secret => JSON.parse(JSON.stringify(secret));

describe('a registration Secret', () => {
  test('contains the record and the content from which it was made', () => {
    check(
      fc.property(record, content, (given, held) => {
        const secret = stored(toRegistrationSecret(given, held, 'operators', '7'));
        expect(toRecord(secret)).toEqual(given);
        expect(revealed(toContent(secret))).toEqual(revealed(held));
        expect(encodeContent(toContent(secret) as RegistrationContent)).toEqual(encodeContent(held));
      }),
    );
  });

  test('shows no secret outside its data', () => {
    check(
      fc.property(record, content, (given, held) => {
        const information = {
          ...held.information,
          clientSecret: new Sensitive('canary-secret'),
          registrationAccessToken: new Sensitive('canary-token'),
        };
        const { data: _, ...shown } = toRegistrationSecret(given, { ...held, information }, 'operators');
        expect(JSON.stringify(shown)).not.toContain('canary');
        expect(JSON.stringify(held)).not.toContain('canary');
      }),
    );
  });

  test('is read after any edit by hand, and what is read is usable', () => {
    const keys = Object.keys(encodeContent(bare));
    const damaged = fc.oneof(
      wellFormed,
      wellFormed.map((given) => Buffer.from(given).toString('base64')),
    );
    const key = fc.oneof(fc.constantFrom(...keys, 'registration_client_uri', 'keys.json'), wellFormed);
    const damage = fc.array(fc.tuple(key, damaged), { maxLength: 3 });
    const server = fc.tuple(
      fc.constantFrom('registrationEndpoint', 'allowedOrigins', 'endpoints', 'dialect'),
      json,
    );
    check(
      fc.property(
        content,
        damage,
        server,
        metadata,
        fc.boolean(),
        (held, entries, [member, value], meta, isInside) => {
          const odd = { registrationEndpoint: 'https://sso.example/register', [member]: value };
          const data = {
            ...encodeContent(held),
            ...Object.fromEntries(entries),
            ...(isInside ? { 'server.json': Buffer.from(JSON.stringify(odd)).toString('base64') } : {}),
          };
          const secret = { apiVersion: 'v1', kind: 'Secret', metadata: meta, data } as Secret;
          const kept = toRecord(secret);
          expect(kept === undefined || kept.clientId !== '').toBe(true);
          const read = toContent(secret);
          if (read !== undefined) {
            expect(managementOf(alone(aRecord()), read).kind).toBeTruthy();
            keysFormat.render({ ...read, issuer: 'https://sso.example' }, {});
            encodeContent(read);
          }
        },
      ),
    );
  });

  test('with a registration endpoint that is no URL, or an empty address, is read as damaged or without it', () => {
    const secret = (endpoint: string, address: string) => {
      const data = {
        ...encodeContent({ ...bare, registrationEndpoint: endpoint }),
        registration_client_uri: address,
      };
      return { metadata: { name: 'a' }, data } as unknown as Secret;
    };
    expect(toContent(secret('nowhere', ''))).toBeUndefined();
    expect(toContent(secret('https://sso.example/r', ''))?.information).not.toHaveProperty(
      'registrationClientUri',
    );
  });
});
