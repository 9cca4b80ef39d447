import { describe, expect, test } from 'vitest';
import { EXITS } from '../../../src/cli/failure.ts';
import type { Stored } from '../../kit/fakes/cluster.ts';
import { custom, runPlugin, startPluginCluster } from '../../kit/fakes/plugin.ts';
import { LISTS, OPERATORS } from '../../kit/fixtures/lists.ts';
import { clientObject } from '../../kit/fixtures/objects.ts';

const MARKED = custom('ClusterAuthorizationServer', {
  metadata: { name: 'corporate', uid: 's' },
  spec: { attemptMarker: { member: 'software_id' } } as never,
});

const ledgerIn = (namespace: string): Stored => ({
  kind: 'ConfigMap',
  metadata: { name: 'oauth-registrar-ledger', namespace },
  data: {},
});

async function run(
  args: readonly string[],
  objects: readonly Stored[] = [...LISTS, MARKED],
  options: object = {},
) {
  const cluster = await startPluginCluster({ objects, ...options });
  return { ...(await runPlugin(args, cluster)), requests: cluster.requests };
}

const AT = 'At https://sso.example.com (ClusterAuthorizationServer/corporate), look for';

describe('the lists of what is left at servers', () => {
  test('orphans: each with what is needed to look for it', async () => {
    const { code, stdout, stderr } = await run(['orphans', '-n', 'shop']);
    expect(code).toBe(EXITS.found.code);
    expect(stdout.split('\n')).toEqual([
      'NAMESPACE   CLIENT       SERVER                                 SENT                   ENTRY   WHY',
      'shop        storefront   ClusterAuthorizationServer/corporate   2026-05-01T12:00:00Z   a1      no answer',
      '',
      'a1',
      `  ${AT} a client that was registered at about 2026-05-01T12:00:00Z with client_name "Storefront", whose member software_id is a1.`,
      '',
    ]);
    expect(stderr).toBe('');
  });

  test('orphans: of a server object that the caller may not see, all but the marker', async () => {
    const forbids = ['get clusterauthorizationservers'];
    const { stdout } = await run(['orphans', '-n', 'shop'], undefined, { forbids });
    expect(stdout).toContain('with client_name "Storefront".');
  });

  test('left-behind', async () => {
    const { code, stdout, stderr } = await run(['left-behind', '-n', 'shop']);
    expect(code).toBe(EXITS.found.code);
    expect(stdout.split('\n')).toEqual([
      'NAMESPACE   CLIENT       SERVER                                 CLIENT_ID   LEFT                   ENTRY',
      'shop        storefront   ClusterAuthorizationServer/corporate   c1          2026-05-02T12:00:00Z   oac-uid-1-b1',
      '',
      'oac-uid-1-b1',
      `  ${AT} client_id c1 with client_name "Storefront", registered at 2026-05-01T11:00:00Z.`,
      '',
    ]);
    expect(stderr).toBe(
      'The list has no room for 3 more clients that are owed or left behind. status.owed and status.leftBehind of the server objects count all.\n',
    );
  });

  test('owed', async () => {
    const { code, stdout } = await run(['owed', '-A']);
    expect(code).toBe(EXITS.found.code);
    expect(stdout.split('\n')[1]).toBe(
      'shop        storefront   ClusterAuthorizationServer/corporate   c2          2026-05-01T11:00:00Z   oac-uid-1-b2',
    );
  });

  test.each([
    ['orphans', '-A', ['a1', 'a2']],
    ['left-behind', '-A', ['oac-uid-1-b1']],
    ['owed', '-A', ['oac-uid-1-b2']],
  ])('%s -o name prints what resolve takes', async (command, all, expected) => {
    const { stdout } = await run([command, all, '-o', 'name']);
    expect(stdout.trimEnd().split('\n')).toEqual(expected);
  });

  test.each(['orphans', 'left-behind', 'owed'])(
    '%s -o json has every member, and how to look for it',
    async (command) => {
      const { stdout } = await run([command, '-n', 'shop', '-o', 'json']);
      const [entry, ...others] = JSON.parse(stdout) as readonly Record<string, string>[];
      expect(others).toEqual([]);
      expect(entry).toMatchObject({ client: 'shop/storefront', clientName: 'Storefront' });
      expect(entry?.['lookFor']).toContain(AT);
    },
  );

  test.each([
    ['orphans', 'No orphan is suspected'],
    ['left-behind', 'No client is left behind'],
    ['owed', 'No client is owed'],
  ])('%s: where there is nothing, that is said, with where it was looked', async (command, nothing) => {
    const { code, stdout, stderr } = await run([command, '-n', 'shop'], [ledgerIn(OPERATORS)]);
    expect([code, stdout]).toEqual([0, '']);
    expect(stderr).toBe(`${nothing} in namespace shop, by the lists in namespace ${OPERATORS}.\n`);
  });

  describe.each(['orphans', 'left-behind', 'owed'])('%s', (command) => {
    const client = (namespace: string, name: string, status: object) =>
      clientObject({ namespace, name, uid: name }, {}, status);
    const elsewhere = LISTS.map((list) => ({ ...list, metadata: { ...list.metadata, namespace: 'ops' } }));
    const ofOps = { installation: 'ops@cluster-1' };

    test.each([
      ['-A', client('shop', 'named', ofOps)],
      ['-nshop', client('shop', 'named', ofOps)],
      ['-nshop', client('billing', 'named', ofOps)],
    ])('looks in the namespace that a client names, with %s', async (flag, named) => {
      const objects = [client('shop', 'new', {}), named, ...elsewhere];
      const { code, stdout } = await run([command, flag, '-o', 'name'], objects);
      expect(code).toBe(EXITS.found.code);
      expect(stdout).not.toBe('');
    });

    test('reads no more than a page of clients for that', async () => {
      const many = Array.from({ length: 60 }, (_, at) => client('shop', `c${at}`, {}));
      const { requests } = await run([command, '-nshop'], many);
      expect(requests.filter((one) => one.startsWith('list'))).toEqual([
        'list oauthclients in shop',
        'list oauthclients in all namespaces',
      ]);
    });

    test.each([[[]], [['-o', 'json']]])('fails where there is no operator %j', async (flags) => {
      const { code, stdout, stderr } = await run([command, '-A', ...flags], []);
      expect([code, stdout]).toEqual([EXITS.found.code, '']);
      expect(stderr).toBe(
        `Namespace ${OPERATORS} has neither lists nor a ledger of an operator: --operator-namespace names another namespace.\n`,
      );
    });
  });

  test.each(['orphans', 'left-behind', 'owed'])(
    '%s lists clients alone, and reads no Secret',
    async (command) => {
      const { requests } = await run([command, '-A']);
      expect(requests.filter((one) => one.includes('secrets') || one.startsWith('list'))).toEqual([
        'list oauthclients in all namespaces',
        'list oauthclients in trial',
      ]);
    },
  );

  test.each(['orphans', 'left-behind', 'owed'])('%s names the right that lacks', async (command) => {
    const { code, stderr } = await run([command], LISTS, { forbids: ['get configmaps'] });
    expect(code).toBe(EXITS.forbidden.code);
    expect(stderr).toBe(`Your account may not get configmaps in namespace ${OPERATORS}.\n`);
  });

  test.each(['orphans', 'left-behind', 'owed'])('%s takes no labels', async (command) => {
    const { code, stderr } = await run([command, '-l', 'team=shop']);
    expect(code).toBe(EXITS.usage.code);
    expect(stderr).toBe('The entries of this list have no labels: leave -l out, and use -n or -A.\n');
  });

  test('another namespace of the operator is read', async () => {
    const { requests } = await run(['owed', '--operator-namespace', 'ops']);
    expect(requests).toEqual([
      'get configmaps ops/oauth-registrar-unremoved-clients',
      'get configmaps ops/oauth-registrar-ledger (metadata)',
    ]);
  });
});
