import { describe, expect, test } from 'vitest';
import type { Resource } from '../../../../src/api/kubernetes.ts';
import { EXITS } from '../../../../src/cli/failure.ts';
import type { Stored } from '../../../kit/fakes/cluster.ts';
import { runPlugin, startPluginCluster } from '../../../kit/fakes/plugin.ts';
import { clientObject } from '../../../kit/fixtures/objects.ts';

const KINDS: readonly Resource[] = [
  ['apps', 'Deployment'],
  ['apps', 'StatefulSet'],
  ['apps', 'DaemonSet'],
  ['apps', 'ReplicaSet'],
  ['batch', 'CronJob'],
  ['', 'ServiceAccount'],
  ['', 'ReplicationController'],
  ['', 'PodTemplate'],
].map(([group = '', kind = '']) => ({
  ...{ group, version: 'v1', kind, plural: `${kind.toLowerCase()}s` },
  namespaced: true,
}));

const client = (name: string): Stored =>
  clientObject(
    { name, uid: `uid-${name}` },
    {},
    {
      ...{ clientId: `c-${name}`, secretName: `${name}-oauth`, registeredAt: '2026-05-01T11:00:00Z' },
    },
  );
const user = (kind: string, name: string, parts: object): Stored => ({
  kind,
  metadata: { name, namespace: 'shop' },
  ...parts,
});
const mounting = (secretName: string) => ({ volumes: [{ name: 'v', secret: { secretName } }] });
const OBJECTS = [
  ...['a', 'b', 'c', 'd', 'e'].map(client),
  user('Pod', 'web', { spec: mounting('a-oauth') }),
  user('Deployment', 'web', { spec: { template: { spec: mounting('b-oauth') } } }),
  user('CronJob', 'night', { spec: { jobTemplate: { spec: { template: { spec: mounting('c-oauth') } } } } }),
  user('ServiceAccount', 'robot', { secrets: [{ name: 'd-oauth' }] }),
];

async function run(
  args: readonly string[],
  options: { forbids?: readonly string[]; lacks?: readonly string[]; objects?: readonly Stored[] } = {},
  input?: string,
) {
  const plugin = await startPluginCluster({ objects: OBJECTS, resources: KINDS, ...options });
  const result = await runPlugin(['unused', '-n', 'shop', ...args], {
    ...plugin,
    ...(input === undefined ? {} : { input }),
  });
  return { ...result, plugin };
}

const QUESTION =
  'This deletes OAuthClient shop/e, and the operator then removes their clients at the servers. Go on?';

describe('unused', () => {
  test('lists clients without a user, and what is known about since when', async () => {
    const { code, stdout, stderr, plugin } = await run([]);
    expect(code).toBe(EXITS.found.code);
    expect(stdout.split('\n')).toEqual([
      'NAMESPACE   NAME   CLIENT_ID   SECRET    UNUSED',
      'shop        e      c-e         e-oauth   no user is known since it was registered at 2026-05-01T11:00:00.000Z',
      '',
    ]);
    expect(stderr).toBe('');
    expect(plugin.requests.filter((one) => one.includes('secrets'))).toEqual([]);
  });

  test.each([
    ['json', /"clientId": "c-e"/],
    ['name', /^oauthclient\.oauth-registrar\.dev\/e\n$/],
  ])('-o %s', async (format, expected) => {
    expect((await run(['-o', format])).stdout).toMatch(expected);
  });

  test('says that every client has a user', async () => {
    const { code, stdout, stderr } = await run([], {
      objects: OBJECTS.filter(({ metadata }) => metadata.name !== 'e'),
    });
    expect([code, stdout, stderr]).toEqual([0, '', 'Every client has a user in namespace shop.\n']);
  });

  test('names what may not be looked at, and deletes nothing then', async () => {
    const { code, stderr, plugin } = await run(['--delete', '--yes'], { forbids: ['list deployments'] });
    expect(code).toBe(EXITS.forbidden.code);
    expect(stderr).toBe(
      'Your account may not list deployments.apps in namespace shop. So a client in this list may be in use.\nNothing was deleted, since not all that may use a client was seen.\n',
    );
    expect(plugin.cluster.all('OAuthClient')).toHaveLength(5);
  });

  test('a kind that the cluster does not have uses nothing', async () => {
    expect((await run([], { lacks: ['cronjobs'] })).stdout).toContain('c-oauth');
  });

  test.each([
    ['ReplicationController', { spec: { template: { spec: mounting('e-oauth') } } }],
    ['PodTemplate', { template: { spec: mounting('e-oauth') } }],
  ])('a %s uses a Secret', async (kind, parts) => {
    const { code, stderr } = await run([], { objects: [...OBJECTS, user(kind, 'one', parts)] });
    expect([code, stderr]).toEqual([0, 'Every client has a user in namespace shop.\n']);
  });

  test('PodTemplates that may not be listed are named, and hold no deletion back', async () => {
    const { code, stderr, plugin } = await run(['--delete', '--yes'], { forbids: ['list podtemplates'] });
    expect([code, stderr]).toEqual([
      0,
      'Your account may not list podtemplates in namespace shop. So a client in this list may be in use.\n',
    ]);
    expect(plugin.cluster.find('OAuthClient', 'shop/e')?.metadata.deletionTimestamp).toBeDefined();
  });

  test('--delete asks, and deletes what was seen', async () => {
    const { code, stdout, stderr, plugin } = await run(['--delete'], {}, 'y\n');
    expect(code).toBe(0);
    expect(stdout).toMatch(/\nOAuthClient shop\/e is deleted; the operator removes its client\.\n$/);
    expect(stderr).toBe(`${QUESTION} [y/N] `);
    expect(plugin.cluster.find('OAuthClient', 'shop/e')?.metadata.deletionTimestamp).toBeDefined();
    expect(plugin.cluster.find('OAuthClient', 'shop/a')?.metadata.deletionTimestamp).toBeUndefined();
  });

  test.each([
    ['json', /^\[\n.*\]\n$/s],
    ['name', /^oauthclient\.oauth-registrar\.dev\/e\n$/],
  ])('--delete -o %s says on stderr what is deleted', async (format, expected) => {
    const { code, stdout, stderr } = await run(['--delete', '--yes', '-o', format]);
    expect([code, stderr]).toEqual([0, 'OAuthClient shop/e is deleted; the operator removes its client.\n']);
    expect(stdout).toMatch(expected);
  });

  test('--delete does nothing without a terminal and without --yes', async () => {
    const { code, stderr, plugin } = await run(['--delete']);
    expect(code).toBe(EXITS.usage.code);
    expect(stderr).toBe(`Nothing was done: there is no terminal to ask "${QUESTION}"; --yes answers it.\n`);
    expect(plugin.cluster.find('OAuthClient', 'shop/e')?.metadata.deletionTimestamp).toBeUndefined();
  });

  test('--delete leaves an object that was changed since', async () => {
    const plugin = await startPluginCluster({ objects: OBJECTS, resources: KINDS });
    const remove = plugin.cluster.delete.bind(plugin.cluster);
    plugin.cluster.delete = (resource, key, preconditions, by) => {
      plugin.cluster.patch(resource, key, { metadata: { labels: { team: 'x' } } }, 'another');
      return remove(resource, key, preconditions, by);
    };
    const { code, stderr } = await runPlugin(['unused', '-n', 'shop', '--delete', '--yes'], plugin);
    expect([code, stderr]).toEqual([
      1,
      'OAuthClient shop/e was changed since it was seen, so it is not deleted. Run the command again.\n',
    ]);
  });
});
