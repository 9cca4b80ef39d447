import { describe, expect, test } from 'vitest';
import { plan } from '../../../../src/core/plan.ts';
import { replacementOf } from '../../../kit/fixtures/client-specs.ts';
import {
  available,
  desired,
  factsOf,
  NOW,
  object,
  observation,
  reached,
  record,
  secret,
  unavailable,
} from '../../../kit/fixtures/observations.ts';

const other = { kind: 'AuthorizationServer', name: 'other' } as const;
const moved = (more: Parameters<typeof desired>[0] = {}) =>
  object({ desired: desired({ authorizationServerRef: other, ...more }) });
const there = { ...available, ref: other };

describe('a spec that names another server', () => {
  test('has the client registered there, in place of the one before', () => {
    expect(plan(observation({ object: moved(), server: there }))).toMatchObject({
      type: 'Register',
      ref: other,
      replaces: { registrationSecret: record().registrationSecret },
    });
  });

  test('waits for that server, and the Secret stays unchanged', () => {
    const message = 'AuthorizationServer other is not available';
    const server = { ...unavailable, reason: 'AuthorizationServerNotAvailable', message } as const;
    expect(plan(observation({ object: moved(), server }))).toMatchObject({
      type: 'Idle',
      state: 'Waiting',
      reason: 'AuthorizationServerNotAvailable',
    });
  });

  test.each(['Never', 'Manual', 'Automatic'] as const)('is a request itself, by onEdit %s, too', (onEdit) => {
    const asked = moved({ replacement: replacementOf({ onEdit, onExpiry: 'Never' }) });
    expect(plan(observation({ object: asked, server: there }))).toMatchObject({
      type: 'Register',
      ref: other,
    });
  });

  test('shows the new client, and lets the old one go when the overlap is over', () => {
    const old = record();
    const next = record({
      attempt: 'b2',
      clientId: 'c2',
      server: other,
      replaces: old.registrationSecret,
      registeredAt: new Date(NOW - 1_000).toISOString(),
    });
    const shown = { object: moved(), server: there, records: [old, next] };
    expect(plan(observation(shown))).toMatchObject({ type: 'Publish', record: { clientId: 'c2' } });

    const published = { ...shown, secrets: [secret({}, next)] };
    const overlapEnds = NOW - 1_000 + 24 * 3_600_000;
    expect(plan(observation(published))).toMatchObject({ state: 'Ready' });
    expect(plan(observation({ ...published, now: overlapEnds }))).toMatchObject({
      type: 'Deregister',
      because: 'Surplus',
      home: { record: { clientId: 'c1' } },
    });
  });
});

describe('a client with records at two servers whose spec names none any more', () => {
  const first = record({ server: other, issuer: 'https://other.example.com', clientId: 'c0' });
  const current = record({ attempt: 'b2', clientId: 'c2', replaces: first.registrationSecret });
  const unnamed = object({ desired: desired({ authorizationServerRef: undefined, client: {} }) });
  const two = { object: unnamed, records: [first, current], secrets: [secret({}, current)] };

  test('is updated over the connection of the server that has the client in use', () => {
    expect(plan(observation(two))).toMatchObject({ type: 'Update', at: { record: { clientId: 'c2' } } });
  });

  test.each([
    ['another server object', { ...available, ref: other }],
    ['another object of the same name', reached({ uid: 'server-2', issuer: 'https://evil.example.com' })],
  ])('is not updated over the connection of %s', (_, server) => {
    const action = plan(observation({ ...two, server }));
    expect(action).toMatchObject({ type: 'Idle', reason: 'ReplacementPending' });
  });
});

describe('a client that was replaced at a server that is wanted again', () => {
  const first = record({ server: other, attempt: 'a0', clientId: 'c0' });
  const second = record({
    replaces: first.registrationSecret,
    registeredAt: new Date(NOW - 1_000).toISOString(),
  });
  const back = { object: moved(), server: there, records: [first, second], secrets: [secret({}, second)] };

  test('serves again while its overlap lasts, instead of another one', () => {
    expect(plan(observation(back))).toMatchObject({
      type: 'TakeBack',
      finding: 'ServerChanged',
      current: { clientId: 'c1' },
      former: { clientId: 'c0' },
      message:
        'The spec names AuthorizationServer other, and client c1 is registered at ClusterAuthorizationServer corporate.',
    });
  });

  test('is shown then, and the other one ends after an overlap that begins there', () => {
    const undone = { ...second, replacementUndoneAt: new Date(NOW - 500).toISOString() };
    const turned = { ...back, records: [first, undone] };
    expect(plan(observation(turned))).toMatchObject({ type: 'Publish', record: { clientId: 'c0' } });
    const shown = { ...turned, secrets: [secret({}, first)] };
    expect(plan(observation(shown))).toMatchObject({ state: 'Ready' });
    expect(plan(observation({ ...shown, now: NOW - 500 + 24 * 3_600_000 }))).toMatchObject({
      type: 'Deregister',
      because: 'Surplus',
      home: { record: { clientId: 'c1' } },
    });
  });

  test('can go forth and back again', () => {
    const undone = { ...second, replacementUndoneAt: new Date(NOW - 500).toISOString() };
    const forth = { object: object(), records: [first, undone], secrets: [secret({}, first)] };
    expect(plan(observation(forth))).toMatchObject({
      type: 'TakeBack',
      current: { clientId: 'c0' },
      former: { clientId: 'c1' },
    });
    const made = { ...second, replacementMadeAt: new Date(NOW - 100).toISOString() };
    const there = observation({ ...forth, records: [first, made], secrets: [secret({}, made)] });
    expect(plan(there)).toMatchObject({ state: 'Ready' });
    expect(plan({ ...there, now: NOW - 100 + 24 * 3_600_000 })).toMatchObject({
      home: { record: { clientId: 'c0' } },
    });
  });

  test('serves again as long as it is there, also where its overlap was that of a migration that is no more', () => {
    const later = { ...back, now: NOW + 25 * 3_600_000 };
    expect(plan(observation(later))).toMatchObject({ type: 'TakeBack', former: { clientId: 'c0' } });
    const unreachable = { ...later, server: { ...unavailable, ref: other } };
    expect(plan(observation(unreachable)).type).toBe('Idle');
  });

  test.each([
    [
      'its document was withdrawn',
      {
        now: NOW + 25 * 3_600_000,
        records: [
          {
            ...first,
            document: {
              digest: 'd',
              maxAge: 300,
              publishedAt: '2026-05-01T10:00:00Z',
              withdrawnAt: '2026-05-01T11:00:00Z',
            },
          },
          second,
        ],
      },
    ],
    [
      'its secret has ended',
      {
        records: [{ ...first, clientSecretExpiresAt: new Date(NOW - 1).toISOString() }, second],
      },
    ],
    [
      'a call may be ending it',
      {
        calls: [
          {
            attempt: 'd1',
            kind: 'Deregister',
            startedAt: new Date(NOW).toISOString(),
            state: 'underWay',
            registrationSecret: first.registrationSecret,
          },
        ],
      },
    ],
    ['its server object is another one', { servers: [] }],
  ] as const)('does not where %s', (_, change) => {
    expect(plan(observation({ ...back, ...change })).type).not.toBe('TakeBack');
  });
});

describe('a server object whose clients move', () => {
  const corporate = { kind: 'ClusterAuthorizationServer', name: 'corporate' } as const;
  const migration = { from: corporate, to: other, target: there, clientsInNamespace: 0 } as const;

  test('leaves a client where it is until it has its turn', () => {
    expect(plan(observation({ migration: { ...migration, state: 'Waiting' } }))).toMatchObject({
      state: 'Ready',
    });
  });

  test('has it registered at the other server then', () => {
    const turn = observation({ server: there, migration: { ...migration, state: 'Moving' } });
    expect(plan(turn)).toMatchObject({
      type: 'Register',
      ref: other,
      replaces: { clientId: 'c1' },
      message:
        'The clients of ClusterAuthorizationServer corporate move to AuthorizationServer other, and client c1 is registered at ClusterAuthorizationServer corporate.',
    });
  });

  test('ends it after the overlap of the migration, where there is one', () => {
    const old = record();
    const next = record({
      attempt: 'b2',
      server: other,
      replaces: old.registrationSecret,
      registeredAt: new Date(NOW - 61_000).toISOString(),
    });
    const overlap = { to: other, overlap: '1m' };
    const moved = observation({
      ...{ server: there, records: [old, next], secrets: [secret({}, next)] },
      migration: { ...migration, state: 'Moved' },
      servers: [factsOf(corporate, available, { migration: overlap }), factsOf(other, there)],
    });
    expect(plan(moved)).toMatchObject({ type: 'Deregister', home: { record: { clientId: 'c1' } } });
  });
});
