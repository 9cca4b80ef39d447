import { describe, expect, test } from 'vitest';
import { plan } from '../../../../src/core/plan.ts';
import { replacementOf } from '../../../kit/fixtures/client-specs.ts';
import {
  available,
  desired,
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
