import { beforeAll, describe, expect, test } from 'vitest';
import type { StubServer } from '../../kit/stub-server.ts';
import { startBystander } from './kit/bystander.ts';
import { clusterServer, conditionOf, machineClient, type SeenObject } from './kit/objects.ts';
import { type Tenant, useTarget } from './kit/target.ts';

let tenant: Tenant;
const target = useTarget();
beforeAll(async () => {
  tenant = await target.tenant('edit');
});

const at = (name: string) => ({ kind: 'ClusterAuthorizationServer', name });
const reasonOf = (object: SeenObject | undefined) => conditionOf(object, 'Ready')?.['reason'] as string;
const isTold = (object: SeenObject | undefined): boolean =>
  reasonOf(object) !== undefined && reasonOf(object) !== 'Queued';
const calls = ({ requests }: StubServer): number =>
  requests.filter(({ method, path }) => method !== 'GET' || path.includes('/register/')).length;

const BOUNDS = {
  redirectUriPatterns: ['https://*.example.com/cb'],
  grantTypes: ['client_credentials'],
  scopes: ['read'],
  defaultsOnly: ['clientName'],
  algorithms: ['ES256'],
  schemes: 'HttpsOnly',
  retain: 'Deny',
  additionalMetadata: { allowed: ['callback'] },
};
const WITHIN = { clientName: undefined, scopes: ['read'] };

describe('L7: a policy', () => {
  test.each<[string, object, object?]>([
    ['a signature of nothing', { idTokenSignedResponseAlg: 'none' }],
    ['an algorithm that is not listed', { requestObjectSigningAlg: 'HS256' }],
    ["a name that people take for the platform's", { clientName: 'Corporate SSO' }],
    ['a script where only redirect URIs are bounded', { initiateLoginUri: 'javascript:alert(1)' }],
    ["the server's own default scopes", { scopes: undefined }],
    ['grant types that servers fill in', { grantTypes: [] }],
    ['a page without TLS', { clientUri: 'http://shop.example.com/' }],
    [
      'a place of another scheme in an open member',
      { jwks: { keys: [{ kty: 'EC', x5u: 'ftp://evil.attacker.test/' }] } },
    ],
    ["a place in a vendor's member", { additionalMetadata: { callback: 'ldap://evil.attacker.test/' } }],
    ['a client that outlives its object', {}, { deletionPolicy: 'Retain' }],
  ])('%s is refused', async (_, client, spec = {}) => {
    const server = await target.server();
    const name = `bounded-${server.issuer.split(':').at(-1)}`;
    await target.admin.createOrFail(clusterServer(name, server.issuer, { policy: BOUNDS }));
    await tenant.createOrFail(
      machineClient(name, { server: at(name), client: { ...WITHIN, ...client }, ...spec }),
    );
    const seen = await tenant.until('OAuthClient', name, isTold);
    expect(reasonOf(seen), conditionOf(seen, 'Ready')?.['message']).toBe('PolicyRefused');
    expect(calls(server)).toBe(0);
  });

  test('metadata within the bounds is accepted', async () => {
    const server = await target.server();
    await target.admin.createOrFail(clusterServer('within', server.issuer, { policy: BOUNDS }));
    await tenant.ready(machineClient('within', { server: at('within'), client: WITHIN }));
    expect(calls(server)).toBe(1);
  });
});

describe('L8: a stricter policy', () => {
  test('is reported on existing clients with enforce Existing; nothing happens at the server', async () => {
    const bystander = await startBystander(target);
    const server = await target.server();
    const open = { enforce: 'Existing' };
    await target.admin.createOrFail(clusterServer('enforced', server.issuer, { policy: open }));
    await tenant.ready(machineClient('enforced', { server: at('enforced'), client: { scopes: ['admin'] } }));
    const before = calls(server);
    await bystander.during(async () => {
      await target.admin.patchOrFail('ClusterAuthorizationServer', 'enforced', {
        spec: { policy: { scopes: ['read'] } },
      });
      const told = await tenant.until(
        'OAuthClient',
        'enforced',
        (object) => reasonOf(object) === 'PolicyRefused',
      );
      expect(conditionOf(told, 'Ready')?.['message']).toMatch(
        /stays as it is.* scope "admin" is not permitted/,
      );
      await target.admin.patchOrFail('ClusterAuthorizationServer', 'enforced', {
        spec: { policy: { scopes: null }, allowedNamespaces: { selector: null, names: ['nobody'] } },
      });
      const out = await tenant.until(
        'OAuthClient',
        'enforced',
        (object) => reasonOf(object) === 'AuthorizationServerNotAvailable',
      );
      expect(conditionOf(out, 'Ready')?.['message']).toContain('no longer admits namespace');
      expect(calls(server)).toBe(before);
    });
    await bystander.judge();
  });
});
