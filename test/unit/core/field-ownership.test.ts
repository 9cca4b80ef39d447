import { describe, expect, test } from 'vitest';
import type { KubernetesObject, Secret } from '../../../src/api/kubernetes.ts';
import { askedNames, besideOthers, hasOfOthers, takenOver } from '../../../src/core/field-ownership.ts';
import { toObservedSecret } from '../../../src/core/workload-secret.ts';

const OWN_LABELS = {
  'oauth-registrar.dev/workload': 'true',
  'oauth-registrar.dev/client': 'storefront',
  'app.kubernetes.io/managed-by': 'oauth-registrar',
};
const owner = (uid: string) => ({
  apiVersion: 'oauth-registrar.dev/v1alpha1',
  kind: 'OAuthClient',
  name: 'storefront',
  uid,
  controller: true,
});
const secret = (labels: Readonly<Record<string, string>>, annotations = {}): Secret => ({
  metadata: {
    name: 'storefront-oauth',
    namespace: 'shop',
    labels: { ...labels, ...OWN_LABELS },
    annotations: { 'oauth-registrar.dev/shows': 'oac-1', ...annotations },
    ownerReferences: [owner('uid-1')],
  },
  data: { client_id: 'YzE=' },
});
const written = takenOver(secret({ team: 'a', tier: 'b' }, { note: 'n' }));

/** The Secret as the API server has it after others wrote into it. */
const afterOthers = (change: Partial<Secret['metadata']>, entry: object = {}): KubernetesObject => ({
  metadata: {
    ...written.metadata,
    ...change,
    managedFields: [
      ...(written.metadata as unknown as { managedFields: object[] }).managedFields,
      { manager: 'velero', operation: 'Update', apiVersion: 'v1', fieldsType: 'FieldsV1', fieldsV1: entry },
    ],
  } as Secret['metadata'],
});

describe('a Secret that is written again', () => {
  test('keeps labels, annotations, finalizers and owners of others', () => {
    const job = { apiVersion: 'batch/v1', kind: 'Job', name: 'mirror', uid: 'job-1' };
    const live = afterOthers({
      labels: { ...written.metadata.labels, 'velero.io/exclude-from-backup': 'true' },
      annotations: { ...written.metadata.annotations, 'example.com/reviewed': 'yes' },
      finalizers: ['example.com/mirrored'],
      ownerReferences: [owner('uid-1'), job],
    });
    expect(besideOthers(secret({ team: 'a', tier: 'b' }, { note: 'n' }), live).metadata).toMatchObject({
      labels: { team: 'a', tier: 'b', ...OWN_LABELS, 'velero.io/exclude-from-backup': 'true' },
      annotations: { 'oauth-registrar.dev/shows': 'oac-1', note: 'n', 'example.com/reviewed': 'yes' },
      finalizers: ['example.com/mirrored'],
      ownerReferences: [owner('uid-1'), job],
    });
  });

  test('loses what the operator wrote for a spec that asks for it no more', () => {
    const { labels, annotations } = besideOthers(secret({ tier: 'b' }), afterOthers({})).metadata;
    expect(labels).toEqual({ tier: 'b', ...OWN_LABELS });
    expect(annotations).toEqual({ 'oauth-registrar.dev/shows': 'oac-1' });
  });

  test('keeps a label that the spec asks for no more and another manager owns, too', () => {
    const live = afterOthers({}, { 'f:metadata': { 'f:labels': { 'f:team': {} } } });
    expect(askedNames(live, 'labels')).toEqual(['tier']);
    expect(besideOthers(secret({}), live).metadata.labels).toEqual({ team: 'a', ...OWN_LABELS });
  });

  test('takes the place of its former owner where it was restored', () => {
    const live = afterOthers({ ownerReferences: [owner('uid-0')] });
    expect(besideOthers(secret({}), live).metadata.ownerReferences).toEqual([owner('uid-1')]);
  });

  test('leaves others the owners of their fields, and nobody else the owner of data', () => {
    const entry = {
      'f:data': { 'f:client_id': {} },
      'f:metadata': { 'f:labels': { 'f:velero.io/exclude-from-backup': {} } },
    };
    const { managedFields } = besideOthers(secret({ team: 'a' }), afterOthers({}, entry))
      .metadata as unknown as { managedFields: readonly object[] };
    expect(managedFields).toMatchObject([
      {
        manager: 'velero',
        fieldsV1: { 'f:metadata': { 'f:labels': { 'f:velero.io/exclude-from-backup': {} } } },
      },
      {
        manager: 'oauth-registrar',
        fieldsV1: { 'f:data': { 'f:client_id': {} }, 'f:metadata': { 'f:labels': { 'f:team': {} } } },
      },
    ]);
    expect(managedFields[0]).not.toHaveProperty('fieldsV1.f:data');
  });

  test('has no entry of a manager who owned nothing but data', () => {
    const live = afterOthers({}, { 'f:data': { 'f:client_id': {} } });
    const { managedFields } = besideOthers(secret({}), live).metadata as unknown as {
      managedFields: readonly { manager: string }[];
    };
    expect(managedFields.map(({ manager }) => manager)).toEqual(['oauth-registrar']);
  });
});

test.each<readonly [string, Partial<Secret['metadata']>, boolean]>([
  ['nothing', {}, false],
  ['a label', { labels: { ...written.metadata.labels, 'velero.io/x': 'y' } }, true],
  ['an annotation below kubernetes.io', { annotations: { 'kubernetes.io/x': 'y' } }, true],
  ['a finalizer', { finalizers: ['example.com/mirrored'] }, true],
  ['an owner', { ownerReferences: [owner('uid-1'), owner('uid-2')] }, true],
])('others have %s in a Secret', (_, change, isShared) => {
  expect(hasOfOthers(afterOthers(change))).toBe(isShared);
  expect(toObservedSecret(afterOthers(change)).isShared ?? false).toBe(isShared);
});
