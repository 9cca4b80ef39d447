import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  authorizationServerSpec,
  clusterAuthorizationServerSpec,
} from '../../../src/api/authorization-server.ts';
import { oauthClientSpec } from '../../../src/api/oauth-client.ts';
import { admits } from '../../../src/core/server-access.ts';
import {
  authorizationServer,
  clusterAuthorizationServer,
  DEPLOY,
  install,
  oauthClient,
  useCluster,
} from './cluster.ts';

/** What the API server stores: defaults, and the owner of each field. */

const cluster = useCluster(install);
let namespace: string;

beforeAll(async () => {
  namespace = await cluster.namespace();
});

interface Stored {
  readonly spec: Record<string, unknown>;
}

async function stored(kind: string, name: string): Promise<Stored['spec']> {
  const text = await cluster.must(['get', kind, name, '-n', namespace, '-o', 'json']);
  return (JSON.parse(text) as Stored).spec;
}

/** The objects of `kubectl apply -o json`; namespaces stay, since nothing here empties them. */
function withoutNamespaces(applied: string): string {
  const { items, ...list } = JSON.parse(applied) as { items: readonly { readonly kind: string }[] };
  return JSON.stringify({ ...list, items: items.filter(({ kind }) => kind !== 'Namespace') });
}

/** Server-side apply by a manager of this name: it owns exactly the fields that it writes. */
const applyAs = (manager: string, object: string) =>
  cluster.must(['apply', '--server-side', `--field-manager=${manager}`, '-f', '-'], object);

describe('defaults', () => {
  const issuer = 'https://sso.example.com';
  const smallest = { issuer, registration: { admission: { open: {} } } };

  test('are stored with the smallest server object, and admit no namespace', async () => {
    const name = `smallest-${namespace}`;
    await cluster.must(['apply', '-f', '-'], authorizationServer({ name, namespace }));
    expect(await stored('oas', name)).toEqual(authorizationServerSpec.parse(smallest));

    await cluster.must(['apply', '-f', '-'], clusterAuthorizationServer(name));
    const spec = await stored('coas', name);
    const parsed = clusterAuthorizationServerSpec.parse(smallest);
    expect(spec).toEqual(parsed);
    expect(spec['allowedNamespaces']).toEqual({ disclose: 'Nothing' });
    expect(admits(parsed.allowedNamespaces, namespace, { sso: 'true' })).toBe(false);
    await cluster.must(['delete', 'coas', name]);
  });

  test('are stored with the smallest client', async () => {
    await cluster.must(['apply', '-f', '-'], oauthClient({ name: 'smallest', namespace }, { client: {} }));
    const ref = { kind: 'ClusterAuthorizationServer', name: 'corporate' };
    expect(await stored('oac', 'smallest')).toEqual(
      oauthClientSpec.parse({ authorizationServerRef: ref, client: {} }),
    );
  });

  const samples = [
    'samples',
    ...readdirSync(join(DEPLOY, 'samples', 'servers')).map((file) => join('samples', 'servers', file)),
  ];

  test.for(samples)(
    '%s: kubectl diff shows nothing after apply, nor after another manager applied it',
    async (path) => {
      const given = [path === 'samples' ? '-k' : '-f', join(DEPLOY, path)];
      const diff = async (...more: readonly string[]) => {
        const { code, stdout } = await cluster.kubectl(['diff', ...more, ...given]);
        return { code, stdout };
      };
      const nothing = { code: 0, stdout: '' };
      const applied = await cluster.must(['apply', '-o', 'json', ...given]);
      expect(await diff()).toEqual(nothing);
      const other = ['--server-side', '--field-manager=other'];
      await cluster.must(['apply', ...other, ...given]);
      expect(await diff(...other)).toEqual(nothing);
      expect(await diff()).toEqual(nothing);
      await cluster.must(['delete', '-f', '-'], withoutNamespaces(applied));
    },
  );
});

describe('two field managers', () => {
  const client = (spec: object) => oauthClient({ name: 'shared', namespace }, { client: spec });
  const uris = (...hosts: readonly string[]) => hosts.map((host) => `https://${host}.example.com/cb`);

  test('each own some redirect URIs, scopes and grant types of a client', async () => {
    await applyAs(
      'web',
      client({ redirectUris: uris('a', 'b'), scopes: ['openid'], contacts: ['a@example.com'] }),
    );
    await applyAs(
      'app',
      client({ redirectUris: uris('c'), scopes: ['openid', 'email'], contacts: ['b@example.com'] }),
    );
    expect((await stored('oac', 'shared'))['client']).toEqual({
      redirectUris: uris('a', 'b', 'c'),
      scopes: ['openid', 'email'],
      contacts: ['a@example.com', 'b@example.com'],
    });

    await applyAs('web', client({ redirectUris: uris('a') }));
    expect((await stored('oac', 'shared'))['client']).toEqual({
      redirectUris: uris('a', 'c'),
      scopes: ['openid', 'email'],
      contacts: ['b@example.com'],
    });
  });

  test('each admit some namespaces to a server, and permit some scopes', async () => {
    const name = `shared-${namespace}`;
    const spec = (team: string) => ({ allowedNamespaces: { names: [team] }, policy: { scopes: [team] } });
    await applyAs('one', clusterAuthorizationServer(name, spec('one')));
    await applyAs('two', clusterAuthorizationServer(name, spec('two')));
    expect(await stored('coas', name)).toMatchObject({
      allowedNamespaces: { names: ['one', 'two'] },
      policy: { scopes: ['one', 'two'] },
    });
    await applyAs('one', clusterAuthorizationServer(name));
    expect(await stored('coas', name)).toMatchObject({
      allowedNamespaces: { names: ['two'] },
      policy: { scopes: ['two'] },
    });
    await cluster.must(['delete', 'coas', name]);
  });

  test('own a list whose order has a meaning as a whole', async () => {
    await applyAs('web', client({ defaultAcrValues: ['strong', 'weak'] }));
    const { code, stderr } = await cluster.kubectl(
      ['apply', '--server-side', '--field-manager=app', '-f', '-'],
      client({ defaultAcrValues: ['weak'] }),
    );
    expect(code).toBe(1);
    expect(stderr).toContain('conflict with "web": .spec.client.defaultAcrValues');
  });

  test('cannot list one item twice', async () => {
    const { stderr } = await cluster.kubectl(
      ['apply', '--dry-run=server', '-f', '-'],
      oauthClient({ name: 'twice', namespace }, { client: { redirectUris: uris('a', 'a') } }),
    );
    expect(stderr).toContain('spec.client.redirectUris[1]: Duplicate value: "https://a.example.com/cb"');
  });
});
