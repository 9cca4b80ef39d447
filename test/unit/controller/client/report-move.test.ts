import { describe, expect, test } from 'vitest';
import { reportMove } from '../../../../src/controller/client/report-move.ts';
import { Moves } from '../../../../src/controller/state/moves.ts';
import type { Idle } from '../../../../src/core/action.ts';
import { clientKey } from '../../../../src/core/client-key.ts';
import type { ObservedMigration } from '../../../../src/core/observation.ts';
import { serverKey } from '../../../../src/core/server-key.ts';
import {
  available,
  desired,
  object,
  observation,
  reached,
  unavailable,
} from '../../../kit/fixtures/observations.ts';

const from = { kind: 'ClusterAuthorizationServer', name: 'corporate' } as const;
const to = { kind: 'ClusterAuthorizationServer', name: 'corporate-new' } as const;
const KEY = clientKey({ namespace: 'shop', name: 'storefront' });
const SERVER = serverKey(from, 'shop');
const idle = (state: Idle['state']): Idle => ({ type: 'Idle', state, reason: 'Registered', message: '' });

/** What the migration counts after a round of its only client. */
function counts(
  migration: Partial<ObservedMigration> | undefined,
  state: Idle['state'] = 'Ready',
  more: Parameters<typeof observation>[0] = {},
) {
  const moves = new Moves(
    () => undefined,
    () => undefined,
  );
  const terms = { to: 'x', maxConcurrent: 1, isSuspended: false };
  moves.begin(SERVER, terms, () => [KEY], { total: 0, isBegun: false });
  const whole = {
    from,
    to,
    state: 'Waiting',
    target: { ...available, ref: to },
    clientsInNamespace: 0,
  } as const;
  if (migration?.state === 'Moving') {
    moves.judged(SERVER, KEY, true);
  }
  const o = observation({ ...more, migration: migration && { ...whole, ...migration } });
  reportMove(o, idle(state), { moves });
  return { ...moves.counts(SERVER), hasTurn: moves.hasTurn(SERVER, KEY) };
}

describe('At the end of a round, the migration learns that a client', () => {
  test('can move, and gives it the turn', () => {
    expect(counts({})).toMatchObject({ left: 1, moving: 1, refused: 0, hasTurn: true });
  });

  test('would be refused', () => {
    const target = { ...unavailable, reason: 'AuthorizationServerNotAvailable' } as const;
    expect(counts({ target })).toMatchObject({ left: 1, moving: 0, refused: 1, hasTurn: false });
  });

  test('could not be judged yet', () => {
    expect(counts({ target: unavailable })).toMatchObject({ left: 1, moving: 0, refused: 0, isBegun: false });
  });

  test('was refused in its turn, keeps it to try again, and leaves its place to another', () => {
    expect(counts({ state: 'Moving' }, 'Stalled')).toMatchObject({
      ...{ left: 1, moving: 0, refused: 1 },
      hasTurn: true,
    });
  });

  test('has no turn any more where a policy forbids the move', () => {
    const target = reached({ policy: { grantTypes: ['refresh_token'], scopes: [] } });
    expect(counts({ state: 'Moving', target }, 'Stalled')).toMatchObject({
      ...{ left: 1, moving: 0, refused: 1 },
      hasTurn: false,
    });
  });

  test.each(['Waiting', 'Moving'] as const)(
    'that is suspended or being deleted takes no turn, where it is %s',
    (state) => {
      const suspended = { object: object({ desired: desired({ suspend: true }) }) };
      const deleting = { object: object({ deleting: true }) };
      for (const o of [suspended, deleting]) {
        expect(counts({ state }, 'Waiting', o)).toMatchObject({
          ...{ left: 1, moving: 0, refused: 0, isBegun: true },
          hasTurn: false,
        });
      }
    },
  );

  test('keeps its turn while it waits', () => {
    expect(counts({ state: 'Moving' }, 'Waiting')).toMatchObject({ left: 1, moving: 1, hasTurn: true });
  });

  test('has moved, once its Secret shows that', () => {
    expect(counts({ state: 'Moved' }, 'Waiting')).toMatchObject({ left: 1 });
    expect(counts({ state: 'Moved' })).toMatchObject({ left: 0 });
    expect(counts({ state: 'Moved' }, 'Stalled')).toMatchObject({ left: 0 });
  });

  test('is none of its clients any more', () => {
    expect(counts(undefined)).toMatchObject({ left: 0 });
  });
});
