import { describe, expect, test } from 'vitest';
import { workloadIdentityOf, workloadMembers } from '../../../src/core/workload-identity.ts';
import { keycloakClient } from '../../../src/dialects/keycloak-client.ts';
import { issuer, specOf } from '../../kit/fixtures/server-objects.ts';

describe('a server object', () => {
  const allow = { workloadIdentity: { mode: 'Allow', identityProvider: 'cluster' } };

  test.each([
    ['AuthorizationServer', {}, undefined],
    [
      'AuthorizationServer',
      allow,
      { identityProvider: 'cluster', audience: issuer, permitsDefaultAccount: false, isShared: false },
    ],
    ['ClusterAuthorizationServer', allow, undefined],
    [
      'ClusterAuthorizationServer',
      { ...allow, policy: { workloadIdentity: 'Allow' } },
      { identityProvider: 'cluster', audience: issuer, permitsDefaultAccount: false, isShared: true },
    ],
    [
      'ClusterAuthorizationServer',
      { ...allow, policy: { workloadIdentity: 'AllowDefaultAccount' } },
      { identityProvider: 'cluster', audience: issuer, permitsDefaultAccount: true, isShared: true },
    ],
    ['ClusterAuthorizationServer', { policy: { workloadIdentity: 'Allow' } }, undefined],
    [
      'AuthorizationServer',
      { workloadIdentity: { mode: 'Allow', audience: 'other' } },
      { identityProvider: undefined, audience: 'other', permitsDefaultAccount: false, isShared: false },
    ],
  ] as const)('%s offers with %o: %o', (kind, spec, terms) => {
    expect(workloadIdentityOf(kind, specOf(spec))).toEqual(terms);
  });
});

describe('a client', () => {
  const terms = {
    identityProvider: 'cluster',
    audience: issuer,
    permitsDefaultAccount: false,
    isShared: false,
  };
  const offered = { codec: keycloakClient, workloadIdentity: terms };
  const byAccount = (name: string) => ({ credential: { serviceAccount: { name } } });
  const bySpiffe = { credential: { spiffe: { id: 'spiffe://example.com/shop/web' } } };

  test('that proves itself otherwise needs nothing', () => {
    expect(workloadMembers('shop', {}, { workloadIdentity: undefined })).toBeUndefined();
  });

  test('authenticates as the ServiceAccount of its own namespace', () => {
    expect(workloadMembers('shop', byAccount('agent'), offered)).toEqual({
      token_endpoint_auth_method: 'federated-jwt',
      'jwt.credential.issuer': 'cluster',
      'jwt.credential.sub': 'system:serviceaccount:shop:agent',
    });
  });

  test('authenticates by its SPIFFE ID where clients are written as RFC 7591 says', () => {
    expect(workloadMembers('shop', bySpiffe, { workloadIdentity: terms })).toEqual({
      token_endpoint_auth_method: 'spiffe_jwt',
      spiffe_id: 'spiffe://example.com/shop/web',
    });
  });

  test.each([
    ['spiffe://example.com/shop/web', 'shop', true],
    ['spiffe://example.com/ns/shop/sa/web', 'shop', true],
    ['spiffe://example.com/other/web', 'shop', false],
    ['spiffe://example.com/ns/other/sa/shop', 'shop', false],
    ['spiffe://example.com/ns/shop/sa/web', 'ns', false],
    ['spiffe://example.com/ns/shop', 'shop', false],
    ['spiffe://example.com/shop', 'shop', false],
    ['spiffe://shop/other/web', 'shop', false],
    ['spiffe://example.com/shop/../other/web', 'shop', false],
    ['spiffe://example.com//shop/web', 'shop', false],
  ])('at a server of several namespaces has %s in namespace %s: %s', (id, namespace, isItsOwn) => {
    const spec = { credential: { spiffe: { id } } };
    const shared = { workloadIdentity: { ...terms, isShared: true } };
    expect(workloadMembers(namespace, spec, shared)).toMatchObject(
      isItsOwn ? { spiffe_id: id } : { reason: 'PolicyRefused' },
    );
    expect(workloadMembers(namespace, spec, { workloadIdentity: terms })).toMatchObject({ spiffe_id: id });
  });

  test.each([
    [
      'is not offered it',
      byAccount('agent'),
      { codec: keycloakClient },
      "The server object doesn't offer spec.credential.serviceAccount. Choose another credential, or ask the platform team to set workloadIdentity.mode, and on a ClusterAuthorizationServer policy.workloadIdentity, to Allow.",
    ],
    [
      'is not offered SPIFFE',
      bySpiffe,
      {},
      "The server object doesn't offer spec.credential.spiffe. Choose another credential, or ask the platform team to set workloadIdentity.mode, and on a ClusterAuthorizationServer policy.workloadIdentity, to Allow.",
    ],
    [
      'is at a server without words for it',
      byAccount('agent'),
      { workloadIdentity: terms },
      'The dialect of the server object has no words for spec.credential.serviceAccount. Choose another credential; at Keycloak 26.7 the platform team can set dialect keycloak-native.',
    ],
    [
      'is at a server without words for SPIFFE',
      bySpiffe,
      offered,
      'The dialect of the server object has no words for spec.credential.spiffe. Choose another.',
    ],
    [
      'is at a server that trusts nobody',
      byAccount('agent'),
      { codec: keycloakClient, workloadIdentity: { ...terms, identityProvider: undefined } },
      "The server object doesn't name the trust for this cluster. Ask the platform team to set workloadIdentity.identityProvider.",
    ],
  ])('is told why not: it %s', (_, spec, connection, message) => {
    expect(workloadMembers('shop', spec, connection)).toEqual({
      reason: 'WorkloadIdentityNotOffered',
      message,
    });
  });

  test('does not take the account that every Pod has, unless the policy says so', () => {
    expect(workloadMembers('shop', byAccount('default'), offered)).toEqual({
      reason: 'PolicyRefused',
      message:
        'spec.credential.serviceAccount is "default", which every Pod of the namespace has that names no other. Create a ServiceAccount for this workload, name it here and in its Pods; or ask the platform team to set spec.policy.workloadIdentity of a ClusterAuthorizationServer to AllowDefaultAccount.',
    });
    const permitted = { ...offered, workloadIdentity: { ...terms, permitsDefaultAccount: true } };
    expect(workloadMembers('shop', byAccount('default'), permitted)).toMatchObject({
      'jwt.credential.sub': 'system:serviceaccount:shop:default',
    });
  });
});
