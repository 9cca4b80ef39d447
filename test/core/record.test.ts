import { describe, expect, test } from 'vitest';
import type { Secret } from '../../src/api/kubernetes.ts';
import { LABELS } from '../../src/api/names.ts';
import {
  metadataHash,
  type RegistrationContent,
  recordName,
  toContent,
  toRecord,
  toRegistrationSecret,
} from '../../src/core/record.ts';
import { Sensitive } from '../../src/oauth/sensitive.ts';
import { record } from './observations.ts';

const content: RegistrationContent = {
  information: {
    clientId: 'c1',
    clientSecret: new Sensitive('canary-secret'),
    clientSecretExpiresAt: 1_800_000_000,
    registrationAccessToken: new Sensitive('canary-token'),
    registrationClientUri: 'https://sso.example.com/register/c1?x=%20',
    metadata: { client_name: 'クライアント名', redirect_uris: ['https://a'], nested: { a: [null, 1.5] } },
  },
  sent: { client_name: 'Client', response_types: [] },
  registrationEndpoint: 'https://sso.example.com/register',
  allowedOrigins: ['https://manage.example.com'],
  endpoints: { token: 'https://sso.example.com/token' },
};

const bare: RegistrationContent = {
  information: { clientId: 'c1', metadata: {} },
  sent: {},
  registrationEndpoint: 'https://sso.example.com/register',
  allowedOrigins: [],
  endpoints: {},
};

/** In plain text: two values that are wrapped always look equal to `toEqual`. */
const revealed = (given: RegistrationContent | undefined) =>
  given && {
    ...given,
    information: {
      ...given.information,
      clientSecret: given.information.clientSecret?.reveal(),
      registrationAccessToken: given.information.registrationAccessToken?.reveal(),
    },
  };

const stored = (secret: Secret): Secret => ({
  ...secret,
  metadata: { ...secret.metadata, resourceVersion: '10' },
});
const secretOf = (overrides = {}, given = content) =>
  stored(toRegistrationSecret(record(overrides), given, 'oauth-registrar'));
const withMetadata = (change: object): Secret => {
  const secret = secretOf();
  return { ...secret, metadata: { ...secret.metadata, ...change } };
};
const withAnnotation = (name: string, value: string | undefined): Secret => {
  const { [`oauth-registrar.dev/${name}`]: _, ...others } = secretOf().metadata.annotations ?? {};
  return withMetadata({
    annotations: value === undefined ? others : { ...others, [`oauth-registrar.dev/${name}`]: value },
  });
};
const withLabel = (name: string, value: string | undefined): Secret => {
  const { [name]: _, ...others } = secretOf().metadata.labels ?? {};
  return withMetadata({ labels: value === undefined ? others : { ...others, [name]: value } });
};

describe('a registration Secret', () => {
  test.each([
    ['a full record', record()],
    [
      'a record that expires',
      record({
        clientSecretExpiresAt: '2027-01-01T00:00:00Z',
        registrationAccessTokenExpiresAt: '2026-06-01T00:00:00Z',
      }),
    ],
    ['a record that is owed', record({ role: 'owed', revision: 7 })],
    ['a record that can not be managed', record({ managed: false, role: 'left-behind' })],
    ['a server of the namespace', record({ server: { kind: 'AuthorizationServer', name: 'sso' } })],
    ['a client_id of any characters', record({ clientId: 'https://client.example/ü#?"\n' })],
  ])('gives back %s', (_, given) => {
    expect(toRecord(stored(toRegistrationSecret(given, content, 'oauth-registrar')))).toEqual(given);
  });

  test.each([
    ['everything that the server answered', content],
    ['an answer that held nothing but a client_id', bare],
  ])('gives back %s', (_, given) => {
    expect(revealed(toContent(secretOf({}, given)))).toEqual(revealed(given));
  });

  test('is named after the object and the attempt, and found by labels', () => {
    const { metadata, type } = secretOf();
    expect({ type, name: metadata.name, namespace: metadata.namespace, labels: metadata.labels }).toEqual({
      type: 'Opaque',
      name: recordName('uid-1', 'a1'),
      namespace: 'oauth-registrar',
      labels: {
        'oauth-registrar.dev/registration': 'true',
        'oauth-registrar.dev/role': 'current',
        'oauth-registrar.dev/client-namespace': 'shop',
        'oauth-registrar.dev/client-name': 'storefront',
        'oauth-registrar.dev/client-uid': 'uid-1',
      },
    });
  });

  test.each([
    ['is cut', `${'a'.repeat(62)}bc`, `${'a'.repeat(62)}b`],
    ['is cut to end with a letter', `${'a'.repeat(60)}.-.b`, 'a'.repeat(60)],
  ])('has the name of a client whose label %s whole in an annotation', (_, name, label) => {
    const secret = secretOf({ client: { namespace: 'shop', name, uid: 'uid-1' } });
    expect(secret.metadata.labels?.[LABELS.clientName]).toBe(label);
    expect(toRecord(secret)?.client.name).toBe(name);
  });

  test('shows neither secret nor token in its metadata, and is not one that may be sent', () => {
    const { metadata } = secretOf();
    expect(JSON.stringify(metadata)).not.toContain('canary');
    expect(metadata.labels).not.toHaveProperty([LABELS.credential]);
  });

  test('is written on condition where a version is given', () => {
    expect(toRegistrationSecret(record(), content, 'o', '7').metadata.resourceVersion).toBe('7');
    expect(toRegistrationSecret(record(), content, 'o').metadata).not.toHaveProperty('resourceVersion');
  });
});

describe('a registration Secret that was damaged by hand', () => {
  test.each([
    ['without labels', withMetadata({ labels: undefined })],
    ['without annotations', withMetadata({ annotations: undefined })],
    ['without the name of its client', withAnnotation('client', undefined)],
    ['with half the name of its client', withAnnotation('client', 'shop')],
    ['without server', withAnnotation('server', undefined)],
    ['with a server of an unknown kind', withAnnotation('server', 'Keycloak/sso')],
    ['without client_id', withAnnotation('client-id', undefined)],
    ['with an empty client_id', withAnnotation('client-id', '')],
    ['without uid', withLabel(LABELS.clientUid, undefined)],
    ['without role', withLabel(LABELS.role, undefined)],
    ['with a role that nobody knows', withLabel(LABELS.role, 'mine')],
  ])('is no record %s', (_, secret) => {
    expect(toRecord(secret)).toBeUndefined();
  });

  test.each([
    ['without revision', withAnnotation('revision', undefined), { revision: 1 }],
    ['with a revision that is no number', withAnnotation('revision', 'x'), { revision: 1 }],
    [
      'without hash, which then looks like an edit',
      withAnnotation('metadata-hash', undefined),
      { metadataHash: '' },
    ],
    ['without a word on management', withAnnotation('managed', undefined), { managed: false }],
  ])('is a record still %s', (_, secret, read) => {
    expect(toRecord(secret)).toEqual({ ...record(), ...read });
  });

  const withData = (key: string, text: string | undefined): Secret => {
    const { [key]: _, ...others } = secretOf().data ?? {};
    return {
      ...secretOf(),
      data: text === undefined ? others : { ...others, [key]: Buffer.from(text).toString('base64') },
    };
  };

  test.each([
    ['without data', { ...secretOf(), data: {} }],
    ['without client_id', withData('client_id', undefined)],
    ['with an empty client_id', withData('client_id', '')],
    ['without the server’s addresses', withData('server.json', undefined)],
    ['with addresses that are torn', withData('server.json', '{"registrationEndpoint":"https:')],
    ['with an address that is no text', withData('server.json', '{"registrationEndpoint":1}')],
  ])('has no content %s', (_, secret) => {
    expect(toContent(secret)).toBeUndefined();
  });

  test.each<readonly [string, Secret, object]>([
    ['the documents are gone', withData('sent.json', undefined), { sent: {} }],
    ['the documents are torn', withData('sent.json', '{"a'), { sent: {} }],
    [
      'the origins are no list',
      withData(
        'server.json',
        '{"registrationEndpoint":"https://sso.example.com/register","allowedOrigins":"https://a"}',
      ),
      { allowedOrigins: [], endpoints: {} },
    ],
    [
      'an origin is no text',
      withData(
        'server.json',
        '{"registrationEndpoint":"https://sso.example.com/register","allowedOrigins":[1,"https://a"]}',
      ),
      { allowedOrigins: ['https://a'], endpoints: {} },
    ],
  ])('keeps what can be read when %s', (_, secret, read) => {
    expect(revealed(toContent(secret))).toEqual({ ...revealed(content), ...read });
  });

  test('takes an expiry that is no number for none', () => {
    expect(
      toContent(withData('client_secret_expires_at', 'x'))?.information.clientSecretExpiresAt,
    ).toBeUndefined();
  });
});

describe('metadataHash', () => {
  test('does not depend on the order of members', () => {
    expect(metadataHash({ a: 1, b: [2] })).toBe(metadataHash({ b: [2], a: 1 }));
  });

  test('changes with every value, and with an empty list', () => {
    const hashes = [{}, { a: [] }, { a: '' }, { a: null }, { a: 0 }, { b: 0 }].map(metadataHash);
    expect(new Set(hashes).size).toBe(hashes.length);
  });

  test('says by which version it was made', () => {
    expect(metadataHash({})).toMatch(/^v1:[\w-]{43}$/);
  });
});
