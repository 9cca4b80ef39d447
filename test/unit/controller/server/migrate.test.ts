import { describe, expect, test } from 'vitest';
import { isMigrationHeld, refreshMigration } from '../../../../src/controller/server/migrate.ts';
import { clientKey } from '../../../../src/core/client-key.ts';
import { serverKey } from '../../../../src/core/server-key.ts';
import type { Stored } from '../../../kit/fakes/cluster.ts';
import { operatorInMemory } from '../../../kit/fakes/operator-in-memory.ts';
import {
  clientObject,
  recorded,
  registeredClient,
  registrationSecret,
  serverObject,
} from '../../../kit/fixtures/objects.ts';

const KEY = clientKey({ namespace: 'shop', name: 'storefront' });
const CORPORATE = serverKey({ kind: 'ClusterAuthorizationServer', name: 'corporate' }, '');
const NEW = serverKey({ kind: 'ClusterAuthorizationServer', name: 'new' }, '');
const to = (name: string) => ({ to: { kind: 'ClusterAuthorizationServer', name } });

/** A server object with one client, which is to move. */
function migrating(
  migration: object | undefined,
  others: readonly Stored[] = [],
  { isReady = false, status = {} }: { isReady?: boolean; status?: object } = {},
) {
  const spec = migration === undefined ? {} : { migration };
  const corporate = { ...serverObject('corporate', { spec }), status } as Stored;
  const objects = registeredClient().filter(({ metadata }) => metadata.name !== 'corporate');
  const operator = operatorInMemory({ objects: [...objects, corporate, ...others] });
  const { context } = operator;
  const known = context.servers.state(CORPORATE);
  const servers = { state: (key: string) => (isReady && key === NEW ? known : undefined) };
  const look = () => {
    const object = context.caches.clusterServers.get('corporate');
    if (object === undefined) {
      throw new Error('The server object is not known.');
    }
    const given = { ...context, servers };
    return { facts: refreshMigration(object, given), isHeld: isMigrationHeld(object, given) };
  };
  return { ...operator, look, counts: () => context.moves.counts(CORPORATE) };
}

describe('A server object', () => {
  test('without a migration has nothing to say, and forgets an earlier one', () => {
    const { context, look, counts } = migrating(undefined);
    const terms = { to: 'x', maxConcurrent: 1, isSuspended: false };
    context.moves.begin(CORPORATE, terms, () => [KEY], { total: 0, isBegun: false });
    expect(look()).toEqual({ facts: undefined, isHeld: false });
    expect(counts()).toBeUndefined();
  });

  test.each([
    [
      'does not exist',
      [],
      'ClusterAuthorizationServer new does not exist: create it, or name another in spec.migration.to.',
    ],
    [
      'can not be used',
      [serverObject('new', { spec: { dialect: 'nonesuch' } })],
      'ClusterAuthorizationServer new has a spec that can not be used: correct it, or name another in spec.migration.to.',
    ],
    [
      'has a migration of its own',
      [serverObject('new', { spec: { migration: to('newer') } }), serverObject('newer')],
      'ClusterAuthorizationServer new has a migration of its own: name the server object that the clients are to end up at.',
    ],
    [
      'was not looked at yet',
      [serverObject('new')],
      'ClusterAuthorizationServer new is not ready: it was not looked at yet.',
    ],
  ])('moves no client to one that %s, and looks again', (_, others, message) => {
    const { look, counts } = migrating(to('new'), others);
    expect(look()).toMatchObject({
      facts: { problem: { reason: 'MigrationRefused', message } },
      isHeld: true,
    });
    expect(counts()).toBeUndefined();
  });

  test('begins with its clients, and counts the specs that name it', () => {
    const { look, counts } = migrating(to('new'), [serverObject('new')], { isReady: true });
    expect(look()).toMatchObject({
      facts: {
        problem: undefined,
        isSuspended: false,
        references: 1,
        movedForGood: 0,
        counts: { total: 1, left: 1 },
      },
      isHeld: false,
    });
    expect(counts()).toMatchObject({ left: 1, isBegun: false });
  });

  test('goes on after a restart with what status says of the same migration', () => {
    const status = {
      migration: { ...to('new'), total: 9, moved: 8, moving: 1, refused: 0, references: 9, begun: true },
    };
    const { look } = migrating(to('new'), [serverObject('new')], { isReady: true, status });
    expect(look().facts?.counts).toMatchObject({ total: 9, left: 1, isBegun: true });
    // The new server object is looked at a moment later.
    const early = migrating(to('new'), [serverObject('new')], { status });
    expect(early.look().facts?.counts).toMatchObject({ total: 9, left: 1, isBegun: true });
  });

  test('has those move on that moved to another server object before', () => {
    const migration = {
      ...to('third'),
      total: 9,
      moved: 9,
      moving: 0,
      refused: 0,
      references: 9,
      begun: true,
    };
    const third = { kind: 'ClusterAuthorizationServer', name: 'third' } as const;
    const client = { ...recorded().client, name: 'second', uid: 'uid-2' };
    const named = clientObject({ name: 'second', uid: 'uid-2' });
    const foreign = { ...client, name: 'third', uid: 'uid-3' };
    const moved = registrationSecret(recorded({ registrationSecret: 'oac-uid-2-a1', client, server: third }));
    const another = registrationSecret(
      recorded({ registrationSecret: 'oac-uid-3-a1', client: foreign, server: third }),
    );
    const others = [serverObject('new'), serverObject('third'), named, moved, another];
    const { look } = migrating(to('new'), others, { isReady: true, status: { migration } });
    const { facts } = look();
    expect(facts?.counts).toMatchObject({ total: 2, left: 2, isBegun: false });
    // The first client is here still; nobody knows an OAuthClient of the third one.
    expect(facts?.movedForGood).toBe(1);
  });
});
