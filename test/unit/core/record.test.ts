import { describe, expect, test } from 'vitest';
import type { Secret } from '../../../src/api/kubernetes.ts';
import { LABELS } from '../../../src/api/names.ts';
import {
  declaredHash,
  isDeclaredBy,
  metadataHash,
  recordName,
  toRecord,
  toRegistrationSecret,
} from '../../../src/core/record.ts';
import { content } from '../../kit/fixtures/contents.ts';
import { record } from '../../kit/fixtures/observations.ts';

const stored = (secret: Secret): Secret => ({
  ...secret,
  metadata: { ...secret.metadata, resourceVersion: '10' },
});
const secretOf = (overrides = {}) =>
  stored(toRegistrationSecret(record(overrides), content, 'oauth-registrar'));
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
    [
      'a record of a client that took the place of another',
      record({ replaces: 'oac-uid-1-a0', rotatedFor: '1777630000' }),
    ],
    [
      "a record of a client with keys of the operator's",
      record({
        keyCreatedAt: '2026-05-01T11:00:00Z',
        keyRotatesAt: Date.parse('2026-06-01T11:00:00Z'),
        keyRetiresAt: Date.parse('2026-05-02T11:00:00Z'),
      }),
    ],
    ['what the client is for', record({ purpose: { purpose: 'invoice-agent', session: 'run-42' } })],
    ['a server of the namespace', record({ server: { kind: 'AuthorizationServer', name: 'sso' } })],
    ['a client_id of any characters', record({ clientId: 'https://client.example/ü#?"\n' })],
  ])('gives back %s', (_, given) => {
    expect(toRecord(stored(toRegistrationSecret(given, content, 'oauth-registrar')))).toEqual(given);
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
    ['days ahead', '2026-05-03T11:00:00Z', '2026-05-01T11:00:05Z', '2026-05-01T11:00:05Z'],
    ['half a minute ahead', '2026-05-01T11:00:35Z', '2026-05-01T11:00:05Z', '2026-05-01T11:00:35Z'],
    [
      'older than a record that was restored',
      '2026-04-01T11:00:00Z',
      '2026-05-01T11:00:05Z',
      '2026-04-01T11:00:00Z',
    ],
  ])(
    'registered at a time that is %s was registered before it was written',
    (_, said, creationTimestamp, expected) => {
      const secret = stored(toRegistrationSecret(record({ registeredAt: said }), content, 'oauth-registrar'));
      const metadata = { ...secret.metadata, creationTimestamp };
      expect(toRecord({ ...secret, metadata })?.registeredAt).toBe(expected);
    },
  );

  test.each([
    ['without revision', withAnnotation('revision', undefined), { revision: 1 }],
    ['with a revision that is no number', withAnnotation('revision', 'x'), { revision: 1 }],
    [
      'without hash, which then looks like an edit',
      withAnnotation('metadata-hash', undefined),
      { metadataHash: '' },
    ],
    ['with a time that is none', withAnnotation('key-rotates-at', 'soon'), {}],
    ['without a word on management', withAnnotation('managed', undefined), { managed: false }],
  ])('is a record still %s', (_, secret, read) => {
    expect(toRecord(secret)).toEqual({ ...record(), ...read });
  });
});

describe('metadataHash', () => {
  test('says by which version it was made, of what, and in which shape', () => {
    expect(metadataHash(declaredHash({}), 'shape-1')).toMatch(/^v1:[\w-]{43}\.shape-1$/);
  });

  test('changes with the shape of the server', () => {
    expect(metadataHash('d', 'shape-1')).not.toBe(metadataHash('d', 'shape-2'));
  });
});

describe('declaredHash', () => {
  test('does not depend on the order of members', () => {
    expect(declaredHash({ a: 1, b: [2] })).toBe(declaredHash({ b: [2], a: 1 }));
  });

  test('changes with every value, and with an empty list', () => {
    const hashes = [{}, { a: [] }, { a: '' }, { a: null }, { a: 0 }, { b: 0 }].map(declaredHash);
    expect(new Set(hashes).size).toBe(hashes.length);
  });
});

describe('isDeclaredBy', () => {
  const declared = declaredHash({ clientName: 'Shop' });

  test.each([
    ['the same declaration in the same shape', metadataHash(declared, 'shape-1'), true],
    ['the same declaration in another shape', metadataHash(declared, 'shape-2'), true],
    ['another declaration', metadataHash(declaredHash({ clientName: 'Edited' }), 'shape-1'), false],
    ['a hash of another version', `v2:${declared}.shape-1`, false],
    ['a hash that begins with it', metadataHash(`${declared}x`, 'shape-1'), false],
    ['no hash', '', false],
  ])('tells %s: %s %s', (_, hash, same) => {
    expect(isDeclaredBy({ metadataHash: hash }, declared)).toBe(same);
  });
});
