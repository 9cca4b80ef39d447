import { describe, expect, test } from 'vitest';
import { keyOf, type Secret } from '../../../../src/api/kubernetes.ts';
import type { Settings } from '../../../../src/controller/context.ts';
import { resolveReferences } from '../../../../src/controller/server/references.ts';
import { CredentialCache } from '../../../../src/controller/state/credential-cache.ts';
import { sha256 } from '../../../../src/oauth/sha256.ts';
import { contextOf, createReadOnlyApi, unbounded } from '../../../kit/fakes/fake-ports.ts';
import { plain } from '../../../kit/fixtures/credentials.ts';
import { type Given, objectOf, open, specOf } from '../../../kit/fixtures/server-objects.ts';

const CA = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n';

const labelled = (namespace: string, name: string, values: Readonly<Record<string, string>>): Secret => ({
  metadata: {
    namespace,
    name,
    uid: `uid-${name}`,
    resourceVersion: '7',
    labels: { 'oauth-registrar.dev/credential': 'true' },
  },
  data: Object.fromEntries(
    Object.entries(values).map(([key, value]) => [key, Buffer.from(value).toString('base64')]),
  ),
});

interface Surroundings {
  /** With the label. */
  readonly secrets?: readonly Secret[];
  /** As the API server has them, by `Kind namespace/name`. */
  readonly objects?: Readonly<Record<string, object>>;
}

async function resolve(more: object, { secrets = [], objects = {} }: Surroundings = {}, given: Given = {}) {
  const watched = new Map(secrets.map((secret) => [keyOf(secret.metadata), secret]));
  const labelled = [...watched].map(([key, secret]) => [`Secret ${key}`, secret]);
  const api = createReadOnlyApi({ ...objects, ...Object.fromEntries(labelled) });
  const found = (key: string) => {
    const { metadata } = watched.get(key) ?? {};
    return metadata && { metadata, isRegistration: false };
  };
  const credentials = new CredentialCache(api, unbounded(), found, sha256);
  const context = contextOf({
    api,
    credentials,
    settings: { operatorNamespace: 'operators' } as Settings,
  });
  const spec = specOf(more);
  const references = await resolveReferences(objectOf(spec, given), spec, context);
  return { ...references, reads: api.reads };
}

const token = { registration: { admission: { initialAccessToken: { secretRef: { name: 'iat' } } } } };
const caIn = (kind: string, key = 'ca.crt') => ({
  registration: open,
  connection: { caRef: { kind, name: 'bank-ca', key } },
});

describe('a Secret that a server object refers to', () => {
  test('is read, where it is watched and not known yet', async () => {
    const { secrets, reads, problem } = await resolve(token, {
      secrets: [labelled('operators', 'iat', { token: 'canary' })],
    });
    expect(plain(secrets.get('iat'))).toEqual({
      kind: 'Found',
      values: { token: 'canary' },
      hashes: { token: sha256('canary') },
    });
    expect({ reads, problem }).toEqual({ reads: ['Secret operators/iat'], problem: undefined });
  });

  test.each<readonly [string, Given, string]>([
    ["the operator's namespace for a cluster server", {}, 'operators'],
    ['its own namespace for a server of a namespace', { kind: 'AuthorizationServer' }, 'shop'],
  ])('is looked for in %s, and nowhere else', async (_, given, namespace) => {
    const everywhere = ['operators', 'shop'].map((where) => labelled(where, 'iat', { token: `of ${where}` }));
    const { secrets } = await resolve(token, { secrets: everywhere }, given);
    expect(secrets.namespace).toBe(namespace);
    expect(plain(secrets.get('iat'))).toMatchObject({ values: { token: `of ${namespace}` } });
    const other = everywhere.filter(({ metadata }) => metadata.namespace !== namespace);
    expect((await resolve(token, { secrets: other }, given)).secrets.get('iat')).toEqual({
      kind: 'NotFound',
    });
  });

  test('is distinguished: it lacks the label, or it does not exist', async () => {
    const objects = { 'Secret operators/iat': { metadata: { name: 'iat' }, data: { token: 'canary' } } };
    const unlabelled = await resolve(token, { objects });
    expect(unlabelled.secrets.get('iat')).toEqual({ kind: 'NotLabelled' });
    expect(unlabelled.reads).toEqual(['Secret operators/iat']);
    expect((await resolve(token)).secrets.get('iat')).toEqual({ kind: 'NotFound' });
  });

  test('is not one that the spec does not name', async () => {
    const { secrets } = await resolve(token, { secrets: [labelled('operators', 'other', { token: 't' })] });
    expect(secrets.get('other')).toEqual({ kind: 'NotFound' });
  });
});

describe('the CA bundle of a server', () => {
  const configMap = (data: object) => ({
    'ConfigMap operators/bank-ca': { metadata: { name: 'bank-ca' }, data },
  });

  test('is none where the spec names none', async () => {
    expect(await resolve({ registration: open })).toMatchObject({
      ca: undefined,
      problem: undefined,
      reads: [],
    });
  });

  test.each<readonly [string, object, Surroundings]>([
    ['a ConfigMap', caIn('ConfigMap'), { objects: configMap({ 'ca.crt': CA }) }],
    [
      'another key of a ConfigMap',
      caIn('ConfigMap', 'bundle.pem'),
      { objects: configMap({ 'bundle.pem': CA }) },
    ],
    ['a labelled Secret', caIn('Secret'), { secrets: [labelled('operators', 'bank-ca', { 'ca.crt': CA })] }],
  ])('is read from %s', async (_, spec, world) => {
    const { ca, problem } = await resolve(spec, world);
    expect({ ca: ca?.trim(), problem }).toEqual({ ca: CA.trim(), problem: undefined });
  });

  const noCertificate = {
    reason: 'CredentialKeyMissing',
    message:
      'ConfigMap operators/bank-ca has no certificate (PEM) under key "ca.crt". Put the CA bundle there, or name another key in connection.caRef.',
  };

  test.each<readonly [string, object, Surroundings, object]>([
    [
      'no such ConfigMap',
      caIn('ConfigMap'),
      {},
      {
        reason: 'CredentialNotFound',
        message:
          'ConfigMap operators/bank-ca, which connection.caRef names, can\'t be read (404). Create it with the CA bundle under key "ca.crt".',
      },
    ],
    ['a ConfigMap without the key', caIn('ConfigMap'), { objects: configMap({ other: CA }) }, noCertificate],
    [
      'a ConfigMap without a certificate',
      caIn('ConfigMap'),
      { objects: configMap({ 'ca.crt': '-----BEGIN PUBLIC KEY-----' }) },
      noCertificate,
    ],
    [
      'no such Secret',
      caIn('Secret'),
      {},
      {
        reason: 'CredentialNotFound',
        message:
          "Secret operators/bank-ca doesn't exist. Create it with the label oauth-registrar.dev/credential=true.",
      },
    ],
    [
      'a Secret that nobody marked',
      caIn('Secret'),
      { objects: { 'Secret operators/bank-ca': { metadata: { name: 'bank-ca' } } } },
      {
        reason: 'CredentialNotLabelled',
        message:
          "Secret operators/bank-ca isn't marked as a credential. Run: kubectl -n operators label secret bank-ca oauth-registrar.dev/credential=true",
      },
    ],
    [
      'a Secret without the key',
      caIn('Secret'),
      { secrets: [labelled('operators', 'bank-ca', { other: CA })] },
      {
        reason: 'CredentialKeyMissing',
        message:
          'Secret operators/bank-ca has no key "ca.crt". Keys present: other. Add the key, or name another in the reference.',
      },
    ],
  ])('keeps the server from being asked at all where there is %s', async (_, spec, world, problem) => {
    expect(await resolve(spec, world)).toMatchObject({ ca: undefined, problem });
  });
});
