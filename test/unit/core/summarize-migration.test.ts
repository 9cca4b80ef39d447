import { describe, expect, test } from 'vitest';
import {
  type MigrationFacts,
  migrationConditions,
  migrationStatus,
  moveConditions,
} from '../../../src/core/summarize-migration.ts';
import {
  available,
  factsOf,
  NOW,
  observation,
  record,
  secret,
  unavailable,
} from '../../kit/fixtures/observations.ts';

const from = { kind: 'ClusterAuthorizationServer', name: 'corporate' } as const;
const to = { kind: 'ClusterAuthorizationServer', name: 'corporate-new' } as const;
const facts = (
  counts: Partial<MigrationFacts['counts']> = {},
  more: Partial<MigrationFacts> = {},
): MigrationFacts => ({
  to,
  isSuspended: false,
  problem: undefined,
  counts: { total: 5, left: 2, moving: 1, refused: 0, isJudged: true, isBegun: true, ...counts },
  references: 4,
  movedForGood: 2,
  ...more,
});
const shown = (given: MigrationFacts) =>
  migrationConditions(given).map(({ status, reason, message }) => `${status} ${reason}: ${message}`);

describe('a server object whose clients move', () => {
  test('counts them in status', () => {
    expect(migrationStatus(facts())).toEqual({
      to,
      ...{ total: 5, moved: 3, moving: 1, refused: 0, references: 4, movedForGood: 2, begun: true },
    });
  });

  test.each([
    [
      'that they move',
      facts(),
      'True Migrating: The clients move to ClusterAuthorizationServer corporate-new: status.migration says how far that is.',
    ],
    [
      'that all could move, while it is suspended',
      facts({ isBegun: false }, { isSuspended: true }),
      'True Migrating: ClusterAuthorizationServer corporate-new would refuse no client. No client moves while spec.migration.suspend is true.',
    ],
    [
      'that not all clients were judged yet',
      facts({ isJudged: false, isBegun: false }, { isSuspended: true }),
      'True Migrating: Which clients ClusterAuthorizationServer corporate-new would refuse is not known yet.',
    ],
    [
      'that none moves while one would be refused',
      facts({ refused: 1, isBegun: false }),
      'True MigrationRefused: ClusterAuthorizationServer corporate-new would refuse 1 client: condition Migrating of each says why, and kubectl oauthclient check lists them. Correct the policy of ClusterAuthorizationServer corporate-new, or those clients. No client moves until none is refused.',
    ],
    [
      'that the others go on, once one has moved',
      facts({ refused: 2 }),
      'True MigrationRefused: ClusterAuthorizationServer corporate-new would refuse 2 clients: condition Migrating of each says why, and kubectl oauthclient check lists them. Correct the policy of ClusterAuthorizationServer corporate-new, or those clients. The others move.',
    ],
    [
      'why none can move',
      facts({}, { problem: { reason: 'MigrationRefused', message: 'It is not ready.' } }),
      'True MigrationRefused: It is not ready.',
    ],
  ])('says %s', (_, given, text) => {
    expect(shown(given)).toEqual([text]);
  });

  test('says nothing once all have moved', () => {
    expect(shown(facts({ left: 0, moving: 0 }))).toEqual([]);
  });
});

describe('a client of it', () => {
  const migration = { from, to, target: { ...available, ref: to }, clientsInNamespace: 0 } as const;
  const old = record();
  const next = record({
    attempt: 'b2',
    clientId: 'c2',
    server: to,
    replaces: old.registrationSecret,
    registeredAt: new Date(NOW - 1_000).toISOString(),
  });
  const conditions = (
    o: Parameters<typeof observation>[0],
    idle: Parameters<typeof moveConditions>[1] = { state: 'Ready', message: '' },
  ) => moveConditions(observation(o), idle);

  test('says nothing without a migration, and while it waits for its turn', () => {
    expect(conditions({})).toEqual([]);
    expect(conditions({ migration: { ...migration, state: 'Waiting' } })).toEqual([]);
    const target = unavailable;
    expect(conditions({ migration: { ...migration, target, state: 'Waiting' } })).toEqual([]);
  });

  test('says why it would be refused', () => {
    const target = {
      ...unavailable,
      reason: 'AuthorizationServerNotAvailable',
      message: 'Not for you.',
    } as const;
    expect(conditions({ migration: { ...migration, target, state: 'Waiting' } })).toEqual([
      {
        type: 'Migrating',
        status: 'True',
        reason: 'MigrationRefused',
        message:
          'The clients of ClusterAuthorizationServer corporate move to ClusterAuthorizationServer corporate-new, and this one would be refused there, so it stays where it is. Not for you.',
      },
    ]);
  });

  test('says where it stays until its turn, where that is neither the former server nor the new one', () => {
    const server = { kind: 'ClusterAuthorizationServer', name: 'third' } as const;
    const records = [record({ server })];
    expect(conditions({ records, migration: { ...migration, state: 'Waiting' } })).toMatchObject([
      {
        reason: 'Migrating',
        message:
          'The clients of ClusterAuthorizationServer corporate move to ClusterAuthorizationServer corporate-new. This one stays at ClusterAuthorizationServer third until its turn.',
      },
    ]);
  });

  test('says why the new server refuses it in its turn', () => {
    const idle = { state: 'Stalled', message: 'The server refused the redirect URI.' } as const;
    expect(conditions({ migration: { ...migration, state: 'Moving' } }, idle)).toMatchObject([
      {
        reason: 'MigrationRefused',
        message:
          'The client moves from ClusterAuthorizationServer corporate to ClusterAuthorizationServer corporate-new, and can not. The server refused the redirect URI.',
      },
    ]);
  });

  test('says that it moves, and until when it can go back', () => {
    expect(conditions({ migration: { ...migration, state: 'Moving' } })).toMatchObject([
      {
        reason: 'Migrating',
        message:
          'The client moves from ClusterAuthorizationServer corporate to ClusterAuthorizationServer corporate-new.',
      },
    ]);
    const moved = {
      migration: { ...migration, state: 'Moved' },
      records: [old, next],
      secrets: [secret({}, next)],
      servers: [factsOf(from, available), factsOf(to, { ...available, ref: to })],
    } as const;
    expect(conditions(moved)).toMatchObject([
      {
        reason: 'Migrating',
        message:
          'The client moved from ClusterAuthorizationServer corporate to ClusterAuthorizationServer corporate-new. Client c1 ends at ClusterAuthorizationServer corporate at 2026-05-02T11:59:59Z.',
      },
    ]);
    expect(conditions({ ...moved, records: [next] })).toEqual([]);
  });
});
