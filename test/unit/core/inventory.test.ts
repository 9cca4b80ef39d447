import { describe, expect, test } from 'vitest';
import { toClientObject } from '../../../src/core/desired.ts';
import { inventoryRows, inventoryServers } from '../../../src/core/inventory.ts';
import { clientObject } from '../../kit/fixtures/objects.ts';
import { issuer, objectOf, open } from '../../kit/fixtures/server-objects.ts';

const READY = {
  type: 'Ready',
  status: 'False',
  reason: 'UpdateRefused',
  message: 'The server refuses the update.',
  lastTransitionTime: '2026-05-01T11:00:00Z',
};
const CORPORATE = { kind: 'ClusterAuthorizationServer', name: 'corporate' };
const rowOf = (
  object: ReturnType<typeof clientObject>,
  servers = [objectOf({ issuer, registration: open })],
) => inventoryRows([toClientObject(object)], servers)[0];
const at = (time: string) => Date.parse(time);

describe('a row of the inventory', () => {
  test('says where the client is, whose it is, and why it is not ready', () => {
    const metadata = {
      labels: { 'oauth-registrar.dev/purpose': 'checkout', 'oauth-registrar.dev/session': 'run-7' },
      ownerReferences: [{ apiVersion: 'batch/v1', kind: 'Job', name: 'agent-7', uid: 'u' }],
    };
    const status = {
      observedGeneration: 3,
      clientId: 'c1',
      issuer,
      secretName: 'storefront-oauth',
      registeredAt: '2026-05-01T10:00:05Z',
      registrationAccessTokenExpiresAt: '2026-05-02T10:00:00Z',
      authorizationServerRef: CORPORATE,
      conditions: [READY],
    };
    expect(rowOf(clientObject(metadata, { suspend: true }, status))).toEqual({
      namespace: 'shop',
      name: 'storefront',
      server: 'ClusterAuthorizationServer/corporate',
      issuer,
      clientId: 'c1',
      secretName: 'storefront-oauth',
      ready: 'False',
      reason: 'UpdateRefused',
      message: 'The server refuses the update.',
      suspended: true,
      conditions: [READY],
      owners: ['Job.batch/agent-7'],
      purpose: 'checkout',
      session: 'run-7',
      deleting: false,
      isCurrent: true,
      createdAt: at('2026-05-01T10:00:00Z'),
      registeredAt: at('2026-05-01T10:00:05Z'),
      tokenExpiresAt: at('2026-05-02T10:00:00Z'),
      ends: [],
    });
  });

  test('of an object that the operator has not seen says so', () => {
    const spec = { authorizationServerRef: { kind: 'AuthorizationServer' as const, name: 'own' } };
    expect(rowOf(clientObject({}, spec, {}))).toMatchObject({
      server: 'AuthorizationServer/shop/own',
      ready: 'Unknown',
      reason: 'Queued',
      message: 'Not yet seen by the operator. Is it running?',
      isCurrent: false,
      clientId: undefined,
    });
  });

  test('has no server where none is named and none was chosen', () => {
    const object = clientObject({}, { authorizationServerRef: undefined }, {});
    expect(rowOf(object)?.server).toBeUndefined();
  });

  test('names the server where the client is registered, also while the spec names another one', () => {
    const spec = { authorizationServerRef: { kind: 'ClusterAuthorizationServer' as const, name: 'next' } };
    const status = { clientId: 'c1', authorizationServerRef: CORPORATE };
    expect(rowOf(clientObject({}, spec, status))?.server).toBe('ClusterAuthorizationServer/corporate');
    const unregistered = { observedGeneration: 2, authorizationServerRef: CORPORATE };
    expect(rowOf(clientObject({}, spec, unregistered))?.server).toBe('ClusterAuthorizationServer/next');
  });

  test('is there for a spec that cannot be used', () => {
    const object = { ...clientObject({}, {}, { conditions: [READY] }), spec: { client: 7 } as never };
    expect(rowOf(object)).toMatchObject({ name: 'storefront', ready: 'False', suspended: false });
  });

  test('lists what ends, the first to end first, and what the operator renews', () => {
    const status = {
      clientId: 'c1',
      registeredAt: '2026-05-01T10:00:00Z',
      clientSecretExpiresAt: '2026-06-01T00:00:00Z',
      authorizationServerRef: CORPORATE,
      retiring: [{ clientId: 'c0', issuer, endsAt: '2026-05-02T00:00:00Z' }],
    };
    const server = objectOf({
      issuer,
      registration: open,
      dialectOverrides: { lifetimes: { client: '24h' } },
    });
    const ends = (spec: Parameters<typeof clientObject>[1]) =>
      rowOf(clientObject({}, spec, status), [server])?.ends;
    const lifetime = { expiresAfter: '1h', onExpiry: 'DeleteObject' } as const;
    expect(ends({ lifetime })).toEqual([
      { what: 'Lifetime', at: at('2026-05-01T11:00:00Z'), isRenewed: false },
      { what: 'FormerClient', at: at('2026-05-02T00:00:00Z'), isRenewed: false, clientId: 'c0' },
      { what: 'Registration', at: at('2026-05-02T10:00:00Z'), isRenewed: true },
      { what: 'ClientSecret', at: at('2026-06-01T00:00:00Z'), isRenewed: true },
    ]);
    const manual = { onEdit: 'Never', onExpiry: 'Manual', retire: 'AfterOverlap', overlap: '24h' } as const;
    const secretOf = (spec: Parameters<typeof clientObject>[1]) =>
      ends(spec)?.find(({ what }) => what === 'ClientSecret');
    expect(secretOf({ replacement: manual })).toMatchObject({ isRenewed: false });
    expect(secretOf({ suspend: true })).toMatchObject({ isRenewed: false });
  });

  test.each([
    ['before it was issued', '2026-05-01T09:59:59Z'],
    ['at a time that cannot be read', 'soon'],
  ])('has no end for a client secret that expired %s', (_, clientSecretExpiresAt) => {
    const status = { clientId: 'c1', registeredAt: '2026-05-01T10:00:00Z', clientSecretExpiresAt };
    expect(rowOf(clientObject({}, {}, status))?.ends).toEqual([]);
  });
});

describe('a server object of the inventory', () => {
  test('has its counts and its pause', () => {
    const status = {
      issuer,
      clients: 12,
      owed: 1,
      leftBehind: 2,
      suspectedOrphans: 3,
      pausedUntil: '2026-05-01T12:05:00Z',
      conditions: [{ ...READY, reason: 'AdmissionRefused', message: 'The server refuses the token.' }],
    };
    const server = objectOf({ issuer, registration: open, suspend: true }, { status });
    expect(inventoryServers([server])).toEqual([
      {
        key: 'ClusterAuthorizationServer/corporate',
        kind: 'ClusterAuthorizationServer',
        namespace: undefined,
        name: 'corporate',
        issuer,
        isDefault: false,
        ready: 'False',
        reason: 'AdmissionRefused',
        message: 'The server refuses the token.',
        suspended: true,
        conditions: status.conditions,
        clients: 12,
        owed: 1,
        leftBehind: 2,
        suspectedOrphans: 3,
        pausedUntil: at('2026-05-01T12:05:00Z'),
      },
    ]);
  });

  test('of which nothing is known yet has no counts', () => {
    const own = objectOf({ issuer, registration: open }, { kind: 'AuthorizationServer' });
    const [cluster, first] = inventoryServers([objectOf({ issuer, registration: open }), own].toReversed());
    expect(first).toMatchObject({
      key: 'ClusterAuthorizationServer/corporate',
      clients: 0,
      ready: 'Unknown',
    });
    expect(cluster).toMatchObject({ key: 'AuthorizationServer/shop/corporate', namespace: 'shop' });
  });
});
