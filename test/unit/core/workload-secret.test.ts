import { describe, expect, test } from 'vitest';
import type { KubernetesObject } from '../../../src/api/kubernetes.ts';
import { keptText } from '../../../src/core/kept-text.ts';
import {
  differenceOf,
  inputsHash,
  projectionOf,
  toObservedSecret,
  toWorkloadSecret,
  wantedSecret,
} from '../../../src/core/workload-secret.ts';
import { keysFormat } from '../../../src/formats/keys.ts';
import { clientSpecOf } from '../../kit/fixtures/client-specs.ts';
import { record } from '../../kit/fixtures/observations.ts';

const client = { namespace: 'shop', name: 'storefront', uid: 'uid-1' };
const ref = { kind: 'AuthorizationServer', name: 'sso' } as const;
const inputs = inputsHash({ record: record(), format: 'Keys', keys: {}, include: [], endpoints: {} });
const values = { client_id: 'c1', client_secret: 'canary' };
const spec = clientSpecOf({ authorizationServerRef: ref });
const wanted = wantedSecret(client, spec);
const written = toWorkloadSecret(client, wanted, { shows: 'oac-uid-1-a1', inputs, values });

/**
 * What kube-apiserver 1.36.4 wrote, read back with `--show-managed-fields`: a PUT or PATCH takes over those fields
 * alone whose value it changes.
 */
const entry = (manager: string, fieldsV1: object) => ({
  apiVersion: 'v1',
  fieldsType: 'FieldsV1',
  fieldsV1,
  manager,
  operation: 'Update',
  time: '2026-05-01T12:00:00Z',
});
const metadataFields = { 'f:annotations': { '.': {}, 'f:x': {} }, 'f:labels': { '.': {}, 'f:a': {} } };
const data = (...keys: readonly string[]) =>
  Object.fromEntries(keys.map((key) => [key === '.' ? '.' : `f:${key}`, {}]));
const ours = (...keys: readonly string[]) =>
  entry('oauth-registrar', { 'f:data': data('.', ...keys), 'f:metadata': metadataFields, 'f:type': {} });

const observed = (...managedFields: readonly object[]) => {
  const metadata = { ...written.metadata, uid: 'secret-uid', resourceVersion: '7', managedFields };
  return toObservedSecret({ ...written, metadata } as KubernetesObject);
};

describe('a Secret as the API server has it', () => {
  test.each([
    ['created by the operator', [ours('client_id', 'client_secret')], true],
    [
      'with a label that somebody added',
      [entry('kubectl', { 'f:metadata': { 'f:labels': { 'f:q': {} } } }), ours('client_id', 'client_secret')],
      true,
    ],
    [
      'with a value that somebody edited',
      [entry('kubectl-edit', { 'f:data': data('client_secret') }), ours('client_id')],
      false,
    ],
    ['with a key that somebody removed', [ours('client_id')], false],
    [
      'with a key that somebody added',
      [ours('client_id', 'client_secret'), entry('kubectl-patch', { 'f:data': data('foreign') })],
      false,
    ],
    [
      'with a key that somebody replaced by another',
      [ours('client_id'), entry('kubectl', { 'f:data': data('foreign') })],
      false,
    ],
    [
      'created by somebody else',
      [entry('velero', { 'f:data': data('.', 'client_id', 'client_secret') })],
      false,
    ],
    ['without managed fields', [], false],
    ['with an entry that says nothing', [{}, ours('client_id', 'client_secret')], true],
  ])('%s', (_, managedFields, untouched) => {
    expect(observed(...managedFields).projection).toBe(
      untouched ? projectionOf(inputs, ['client_id', 'client_secret']) : undefined,
    );
  });

  test('shows its owner, its client and its inputs', () => {
    expect(observed(ours('client_id', 'client_secret'))).toEqual({
      name: 'storefront',
      namespace: 'shop',
      uid: 'secret-uid',
      resourceVersion: '7',
      ownerUid: 'uid-1',
      shows: 'oac-uid-1-a1',
      projection: projectionOf(inputs, ['client_id', 'client_secret']),
      labels: wanted.labels,
      annotations: wanted.annotations,
    });
  });

  test('keeps of labels and annotations what is compared: its own, and those that a spec may ask for (H1)', () => {
    const long = 'x'.repeat(200_000);
    const metadata = {
      name: 's',
      namespace: 'shop',
      labels: { ...wanted.labels, team: 'a', 'helm.sh/chart': 'c', 'app.kubernetes.io/name': 'n' },
      annotations: {
        'oauth-registrar.dev/client': `shop/${'c'.repeat(253)}`,
        'oauth-registrar.dev/rotate-requested-at': long,
        'oauth-registrar.dev/shows': long,
        'oauth-registrar.dev/projection': long,
        'kubectl.kubernetes.io/last-applied-configuration': long,
        note: long,
        [`${'n'.repeat(200)}/note`]: 'short',
      },
      ownerReferences: [{ apiVersion: 'v1', kind: 'OAuthClient', name: 'x', uid: long, controller: true }],
    };
    const kept = toObservedSecret({ metadata });
    const hashed = keptText(long);
    expect(kept).toMatchObject({
      ownerUid: hashed,
      shows: undefined,
      projection: undefined,
      labels: { ...wanted.labels, team: 'a', 'helm.sh/chart': 'c' },
      annotations: {
        'oauth-registrar.dev/client': `shop/${'c'.repeat(253)}`,
        'oauth-registrar.dev/rotate-requested-at': hashed,
        note: hashed,
        [keptText(`${'n'.repeat(200)}/note`)]: 'short',
      },
    });
    expect(JSON.stringify(kept).length).toBeLessThan(1_200);
  });

  test('keeps of very many labels and annotations its own alone (H1)', () => {
    const many = Object.fromEntries(Array.from({ length: 5_000 }, (_, at) => [`a${at}`, 'x']));
    const metadata = {
      ...written.metadata,
      labels: { ...many, ...wanted.labels },
      annotations: { ...many, ...written.metadata.annotations },
    };
    expect(toObservedSecret({ metadata })).toMatchObject({
      labels: wanted.labels,
      annotations: wanted.annotations,
    });
  });

  test.each([
    ['none', undefined],
    [
      'of another kind',
      [{ apiVersion: 'v1', kind: 'Pod', name: 'storefront', uid: 'uid-1', controller: true }],
    ],
    [
      'that does not control it',
      [{ apiVersion: 'v1', kind: 'OAuthClient', name: 'storefront', uid: 'uid-1' }],
    ],
  ])('has no owner where its owner is %s', (_, ownerReferences) => {
    const metadata = { name: 's', namespace: 'shop', ownerReferences } as KubernetesObject['metadata'];
    expect(toObservedSecret({ metadata }).ownerUid).toBeUndefined();
  });
});

describe("a Secret that is written over somebody else's data", () => {
  test('takes every key over, also those whose value stays: else it would be written again for ever', () => {
    const { metadata } = toWorkloadSecret(client, wanted, { shows: 'oac-uid-1-a1', inputs, values }, '7');
    const { managedFields = [] } = metadata as { managedFields?: readonly object[] };
    expect(observed(...managedFields).projection).toBe(projectionOf(inputs, ['client_id', 'client_secret']));
  });
});

describe('toWorkloadSecret', () => {
  test('writes the values in base64, owned by the client', () => {
    expect(written).toMatchObject({
      apiVersion: 'v1',
      kind: 'Secret',
      type: 'Opaque',
      metadata: {
        name: 'storefront',
        namespace: 'shop',
        ownerReferences: [
          {
            apiVersion: 'oauth-registrar.dev/v1alpha1',
            kind: 'OAuthClient',
            name: 'storefront',
            uid: 'uid-1',
            controller: true,
          },
        ],
      },
      data: { client_id: 'YzE=', client_secret: 'Y2FuYXJ5' },
    });
  });

  test('writes text of every script', () => {
    const { data = {} } = toWorkloadSecret(client, wanted, {
      shows: 's',
      inputs,
      values: { a: 'ü\n"クライアント' },
    });
    expect(Buffer.from(data['a'] ?? '', 'base64').toString()).toBe('ü\n"クライアント');
  });

  test('shows no value in its metadata', () => {
    expect(JSON.stringify(written.metadata)).not.toContain('canary');
  });

  test('is written on condition where a version is given', () => {
    expect(written.metadata).not.toHaveProperty('resourceVersion');
    expect(
      toWorkloadSecret(client, wanted, { shows: 's', inputs, values }, '7').metadata.resourceVersion,
    ).toBe('7');
  });
});

describe('differenceOf', () => {
  const asked = {
    mode: 'Write' as const,
    format: 'Keys' as const,
    labels: Object.fromEntries(Array.from({ length: 32 }, (_, at) => [`label-${at}`, 'v'])),
    annotations: Object.fromEntries(
      Array.from({ length: 32 }, (_, at) => [`${'n'.repeat(240)}.example/${at}`, 'v'.repeat(4_096)]),
    ),
  };
  const longName = { ...client, name: 'n'.repeat(253) };
  const most = wantedSecret(longName, { ...spec, secret: asked });
  const shown = toWorkloadSecret(longName, most, { shows: 'oac-uid-1-a1', inputs, values });
  const fields = { managedFields: [ours('client_id', 'client_secret')] };
  const seen = (change: object = {}) =>
    toObservedSecret({ metadata: { ...shown.metadata, ...fields, ...change } } as KubernetesObject);
  const the = record({ registrationSecret: 'oac-uid-1-a1' });

  test('finds none in a Secret with all that a spec may ask for, whatever the API server puts beside it', () => {
    const annotations = { ...shown.metadata.annotations, 'kubectl.kubernetes.io/x': 'y', other: 'z' };
    expect(differenceOf(seen({ annotations }), the, most, inputs)).toBeUndefined();
  });

  test.each([
    [
      'the end of a long annotation',
      { annotations: { [`${'n'.repeat(240)}.example/7`]: `${'v'.repeat(4_095)}w` } },
      'lacks annotations that it is to have',
    ],
    ['a label', { labels: { 'label-7': 'w' } }, 'lacks labels that it is to have'],
    [
      'the name of the client in its label',
      { labels: { 'oauth-registrar.dev/client': 'other' } },
      'lacks labels that it is to have',
    ],
    [
      'the client',
      { annotations: { 'oauth-registrar.dev/client': 'shop/other' } },
      'lacks annotations that it is to have',
    ],
  ])('finds that %s was edited', (_, edit: { labels?: object; annotations?: object }, difference) => {
    const change = {
      labels: { ...shown.metadata.labels, ...edit.labels },
      annotations: { ...shown.metadata.annotations, ...edit.annotations },
    };
    expect(differenceOf(seen(change), the, most, inputs)).toBe(difference);
  });
});

describe('wantedSecret', () => {
  test('takes the name of the object where the spec gives none', () => {
    expect(wanted).toEqual({
      name: 'storefront',
      isNone: false,
      format: keysFormat,
      labels: {
        'oauth-registrar.dev/workload': 'true',
        'oauth-registrar.dev/client': 'storefront',
        'app.kubernetes.io/managed-by': 'oauth-registrar',
      },
      annotations: { 'oauth-registrar.dev/client': 'shop/storefront' },
    });
  });

  test('cuts a long name for the label', () => {
    const long = { ...client, name: `${'n'.repeat(60)}.web` };
    expect(wantedSecret(long, spec).labels['oauth-registrar.dev/client']).toBe(`${'n'.repeat(60)}.we`);
    const dotted = { ...client, name: `${'n'.repeat(62)}.web` };
    expect(wantedSecret(dotted, spec).labels['oauth-registrar.dev/client']).toBe('n'.repeat(62));
  });

  test("adds what the spec gives, and lets it overwrite nothing of the operator's", () => {
    const secret = {
      mode: 'Write' as const,
      format: 'Keys' as const,
      name: 's',
      labels: { team: 'a', 'oauth-registrar.dev/workload': 'false' },
      annotations: { note: 'b', 'oauth-registrar.dev/client': 'other/name' },
    };
    expect(wantedSecret(client, { ...spec, secret })).toEqual({
      name: 's',
      isNone: false,
      format: keysFormat,
      labels: { team: 'a', ...wanted.labels },
      annotations: { note: 'b', ...wanted.annotations },
    });
  });
});

describe('inputsHash', () => {
  const base = {
    record: record(),
    format: 'Keys',
    keys: { client_id: 'id' },
    include: ['client_name'],
    endpoints: { token: 'https://t', jwks: 'https://j' },
  };

  test('is the same for the same inputs in another order', () => {
    const endpoints = { jwks: 'https://j', token: 'https://t' };
    expect(inputsHash({ ...base, endpoints })).toBe(inputsHash(base));
  });

  test.each([
    ['the record', { record: record({ attempt: 'a2' }) }],
    ['its revision', { record: record({ revision: 2 }) }],
    ['its issuer', { record: record({ issuer: 'https://other.example.com' }) }],
    ['the format', { format: 'Yaml' }],
    ['the keys', { keys: {} }],
    ['the members to include', { include: ['client_name', 'logo_uri'] }],
    ['an endpoint', { endpoints: { ...base.endpoints, token: 'https://u' } }],
  ])('changes with %s', (_, change) => {
    expect(inputsHash({ ...base, ...change })).not.toBe(inputsHash(base));
  });
});

describe('differenceOf', () => {
  const current = observed(ours('client_id', 'client_secret'));

  const outdated = 'shows an earlier state of the registration, of spec.secret or of the endpoints';
  const touched = 'was changed by somebody else';

  test.each([
    ['finds none in what was written', current, record(), inputs, undefined],
    ['finds none where the endpoints are not known yet', current, record(), undefined, undefined],
    ['finds other inputs', current, record(), 'other', outdated],
    ['finds another record', current, record({ attempt: 'a2' }), inputs, 'does not show client c1'],
    ['finds data that somebody wrote', { ...current, projection: undefined }, record(), inputs, touched],
    [
      'finds them where the endpoints are not known',
      { ...current, projection: undefined },
      record(),
      undefined,
      touched,
    ],
    ['finds a lost label', { ...current, labels: {} }, record(), inputs, 'lacks labels that it is to have'],
    [
      'finds a lost annotation',
      { ...current, annotations: {} },
      record(),
      inputs,
      'lacks annotations that it is to have',
    ],
    [
      'finds none where a label was added',
      { ...current, labels: { ...current.labels, team: 'a' } },
      record(),
      inputs,
      undefined,
    ],
  ])('%s', (_, secret, shown, made, difference) => {
    expect(differenceOf(secret, shown, wanted, made)).toBe(difference);
  });
});
