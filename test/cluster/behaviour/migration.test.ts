import { beforeAll, describe, expect, it } from 'vitest';
import type { AuthorizationServer } from '../../../src/api/authorization-server.ts';
import type { Condition } from '../../../src/api/conditions.ts';
import { type StubServer, startStubServer } from '../../kit/stub-server.ts';
import { getClusterServer } from './looks.ts';
import { all, clusterServer, conditionOf, eventually, namespace, oauthClient } from './objects.ts';
import { type Team, teamIn, useTestbed } from './team.ts';

/** `spec.migration`: the clients of one server object move to another. */

const testbed = useTestbed({ namespaces: [] });
const OPEN = { registration: { admission: { open: {} } } };
const NAMES = ['one', 'two', 'three'];

let from: StubServer;
let to: StubServer;

beforeAll(async () => {
  [from, to] = [await startStubServer(), await startStubServer()];
});

/** A namespace with three clients at a server object of its own, and a further server object. */
async function fleet(space: string, there: object = {}): Promise<Team> {
  await testbed.apply(
    all(
      namespace(space),
      clusterServer(from.issuer, `${space}-from`, OPEN),
      clusterServer(to.issuer, `${space}-to`, { ...OPEN, ...there }),
      ...NAMES.map((name) => oauthClient(space, name, { server: cluster(`${space}-from`) })),
    ),
  );
  const team = teamIn(testbed, space);
  for (const name of NAMES) {
    await team.until(name, 'Registered');
  }
  return team;
}

const cluster = (name: string) => ({ kind: 'ClusterAuthorizationServer', name });

const migrate = (space: string, migration: object | null) =>
  testbed.kubectl(
    'patch',
    'coas',
    `${space}-from`,
    '--type=merge',
    '-p',
    JSON.stringify({ spec: { migration: migration && { to: cluster(`${space}-to`), ...migration } } }),
  );

type Progress = NonNullable<NonNullable<AuthorizationServer['status']>['migration']>;

const untilMigration = (space: string, isSo: (migration: Progress) => boolean) =>
  eventually(
    () => getClusterServer(testbed, `${space}-from`),
    ({ status }) => status?.migration !== undefined && isSo(status.migration),
    40_000,
  );

const clientIds = async (team: Team): Promise<readonly (string | undefined)[]> =>
  Promise.all(NAMES.map(async (name) => (await team.client(name)).status?.clientId));

const migrating = (object: {
  readonly status?: { readonly conditions?: readonly Condition[] | undefined } | undefined;
}) => object.status?.conditions?.find(({ type }) => type === 'Migrating');

describe('The clients of a server object', () => {
  it('move to another one, show it in their Secrets, and end at the former one after the overlap', async () => {
    const team = await fleet('fleet');
    const before = await clientIds(team);
    await migrate('fleet', { maxConcurrent: 1, overlap: '0s' });
    const { status } = await untilMigration(
      'fleet',
      ({ moved, movedForGood }) => moved === 3 && movedForGood === 3,
    );
    expect(status?.migration).toEqual({
      to: cluster('fleet-to'),
      ...{ total: 3, moved: 3, moving: 0, refused: 0, references: 3, movedForGood: 3, begun: true },
    });
    for (const [index, name] of NAMES.entries()) {
      const client = await team.client(name);
      expect(client.status).toMatchObject({ issuer: to.issuer, authorizationServerRef: cluster('fleet-to') });
      expect(client.status?.clientId).not.toBe(before[index]);
      expect(await team.secret(name)).toMatchObject({
        client_id: client.status?.clientId,
        issuer: to.issuer,
      });
      expect(conditionOf(client, 'Ready')?.status).toBe('True');
      expect(before[index] !== undefined && from.clients.has(before[index])).toBe(false);
    }
  });

  it('do not move while one would be refused, and say which; then all move, and can go back', async () => {
    const policy = { policy: { uriHosts: ['*.example.com'] } };
    const team = await fleet('mixed', policy);
    await team.edit('two', { redirectUris: ['https://app.elsewhere.example/cb'] });
    await team.until('two', 'Registered');
    const before = await clientIds(team);
    const registered = to.count('register');

    await migrate('mixed', { overlap: '1h' });
    const refusing = await untilMigration('mixed', ({ refused }) => refused === 1);
    expect(migrating(refusing)?.message).toBe(
      'ClusterAuthorizationServer mixed-to would refuse 1 client: condition Migrating of each says why, and kubectl oauthclient check lists them. Correct the policy of ClusterAuthorizationServer mixed-to, or those clients. No client moves until none is refused.',
    );
    const refused = await team.client('two');
    expect(conditionOf(refused, 'Ready')?.status).toBe('True');
    expect(migrating(refused)).toMatchObject({
      status: 'True',
      reason: 'MigrationRefused',
      message: expect.stringMatching(
        /^The clients of ClusterAuthorizationServer mixed-from move to ClusterAuthorizationServer mixed-to, and this one would be refused there, so it stays where it is. /,
      ),
    });
    expect(to.count('register')).toBe(registered);

    await team.edit('two', { redirectUris: ['https://app.example.com/cb'] });
    await untilMigration('mixed', ({ moved }) => moved === 3);
    expect(await clientIds(team)).not.toEqual(before);
    expect(migrating(await team.client('one'))?.message).toMatch(/^The client moved from .* ends at /);

    await migrate('mixed', null);
    await eventually(
      () => clientIds(team),
      (now) => JSON.stringify(now) === JSON.stringify(before),
    );
    expect((await team.secret('one'))?.['client_id']).toBe(before[0]);
    expect((await team.client('one')).status?.retiring).toHaveLength(1);
  });

  it.each([
    [
      'does not admit their namespace',
      'unadmitted',
      { allowedNamespaces: { names: ['elsewhere'] } },
      { allowedNamespaces: { names: ['unadmitted'] } },
      /not available|not allowed|allowedNamespaces/,
    ],
    [
      'has no room for them',
      'crowded',
      { policy: { maxClientsPerNamespace: 2 } },
      { policy: { maxClientsPerNamespace: 3 } },
      /Namespace crowded would have 3 clients there, and the platform team permits 2\./,
    ],
  ])(
    'do not move before any of them where the other one %s; all move once it does',
    async (_, space, refusing, permitting, why) => {
      const team = await fleet(space, refusing);
      const before = await clientIds(team);
      const registered = to.count('register');
      await migrate(space, {});
      await untilMigration(space, ({ refused }) => refused === 3);
      for (const name of NAMES) {
        const client = await team.client(name);
        expect(migrating(client)).toMatchObject({
          reason: 'MigrationRefused',
          message: expect.stringMatching(why),
        });
        expect(conditionOf(client, 'Ready')?.status).toBe('True');
      }
      expect(await clientIds(team)).toEqual(before);
      expect(to.count('register')).toBe(registered);
      await testbed.kubectl(
        'patch',
        'coas',
        `${space}-to`,
        '--type=merge',
        '-p',
        JSON.stringify({ spec: permitting }),
      );
      await untilMigration(space, ({ moved }) => moved === 3);
    },
  );

  it('stay where they are by a dry run, which can be removed though an OAuthClient has no client', async () => {
    const team = await fleet('dry');
    const before = await clientIds(team);
    const waiting = { server: cluster('dry-from'), suspend: true };
    await testbed.apply(oauthClient('dry', 'waiting', waiting));
    await migrate('dry', { suspend: true });
    await untilMigration('dry', ({ total, references }) => total === 3 && references === 4);
    await migrate('dry', null);
    expect(await clientIds(team)).toEqual(before);
  });

  it('are not registered a second time by a removal after their overlaps: it is refused in a sentence', async () => {
    await fleet('over');
    await migrate('over', { overlap: '0s' });
    await untilMigration('over', ({ moved }) => moved === 3);
    await eventually(
      () => getClusterServer(testbed, 'over-from'),
      ({ status }) => status?.clients === 0,
    );
    await expect(migrate('over', null)).rejects.toThrow(
      'OAuthClients name this object that have a client at the new one alone',
    );
  });

  it('stay where they are while the new server object is missing or has a migration of its own', async () => {
    const team = await fleet('lost');
    const before = await clientIds(team);
    await migrate('lost', { to: cluster('nowhere') });
    const { status } = await eventually(
      () => getClusterServer(testbed, 'lost-from'),
      (server) => migrating(server) !== undefined,
    );
    expect(migrating({ status })?.message).toBe(
      'ClusterAuthorizationServer nowhere does not exist: create it, or name another in spec.migration.to.',
    );
    expect(await clientIds(team)).toEqual(before);
    await expect(migrate('lost', { to: cluster('lost-from') })).rejects.toThrow(
      'migration.to names this object itself',
    );
  });
});
