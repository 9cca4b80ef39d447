import { describe, expect, test } from 'vitest';
import { toClientObject } from '../../src/core/desired.ts';
import { metadataHash } from '../../src/core/record.ts';

const metadata = {
  name: 'storefront',
  namespace: 'shop',
  uid: 'uid-1',
  resourceVersion: '7',
  generation: 3,
  finalizers: ['x/y', 'oauth-registrar.dev/registration'],
  annotations: { 'oauth-registrar.dev/reconcile-requested-at': 'now' },
};
const ref = { kind: 'ClusterAuthorizationServer', name: 'corporate' };
const desiredOf = (spec: unknown) => toClientObject({ metadata, spec }).observed.desired;
const withClient = (client: object) => desiredOf({ authorizationServerRef: ref, client });

describe('toClientObject', () => {
  test('reads what a decision rests on', () => {
    const status = { clientId: 'c1', installation: 'main' };
    const { observed } = toClientObject({ metadata, spec: undefined, status });
    expect(observed).toMatchObject({
      uid: 'uid-1',
      generation: 3,
      resourceVersion: '7',
      deleting: false,
      deletingSince: undefined,
      hasFinalizer: true,
      finalizers: ['x/y', 'oauth-registrar.dev/registration'],
      status,
      reconcileRequestedAt: 'now',
    });
  });

  test('keeps nothing of the object’s metadata but what names it', () => {
    expect(toClientObject({ metadata, spec: undefined }).metadata).toEqual({
      name: 'storefront',
      namespace: 'shop',
      uid: 'uid-1',
      resourceVersion: '7',
    });
  });

  test('knows that an object is being deleted, and since when', () => {
    const deleted = { ...metadata, deletionTimestamp: '2026-05-01T12:00:00Z', finalizers: ['x/y'] };
    expect(toClientObject({ metadata: deleted }).observed).toMatchObject({
      deleting: true,
      deletingSince: Date.parse('2026-05-01T12:00:00Z'),
      hasFinalizer: false,
    });
  });

  test('makes the document to register', () => {
    const document = { client_name: 'Storefront', response_types: [], scope: 'openid', tiers: ['gold'] };
    expect(
      withClient({
        clientName: 'Storefront',
        responseTypes: [],
        scopes: ['openid'],
        additionalMetadata: { tiers: ['gold'] },
      }),
    ).toMatchObject({ valid: true, document, hash: metadataHash(document) });
  });

  test.each([
    ['no spec', undefined, /^spec\.: .+/],
    ['a spec that is text', 'x', /^spec\.: .+/],
    ['no client', { authorizationServerRef: ref }, /^spec\.client: .+/],
    ['no server', { client: {} }, /^spec\.authorizationServerRef: .+/],
    [
      'a member of another type',
      { authorizationServerRef: ref, client: { redirectUris: 'https://a' } },
      /^spec\.client\.redirectUris: .+/,
    ],
  ])('says what is wrong with %s', (_, spec, problem) => {
    expect(desiredOf(spec)).toEqual({ valid: false, problem: expect.stringMatching(problem) });
  });

  test('says every name that additionalMetadata may not hold, and what to write', () => {
    expect(withClient({ additionalMetadata: { redirect_uris: [], client_secret: 'x', ok: 1 } })).toEqual({
      valid: false,
      problem:
        "additionalMetadata.redirect_uris has a field of its own: write spec.client.redirectUris. additionalMetadata.client_secret can't be set: it belongs to the registration itself; remove it.",
    });
  });

  test('takes a status that can not be read for none, and troubles nobody', () => {
    expect(toClientObject({ metadata, spec: undefined, status: { clientId: 1 } }).observed.status).toEqual(
      {},
    );
  });

  test('reads an object whose metadata nests without end', () => {
    const deep = JSON.parse('['.repeat(9_000) + ']'.repeat(9_000)) as unknown;
    expect(() => withClient({ additionalMetadata: { deep } })).not.toThrow();
  });
});
