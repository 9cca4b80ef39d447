import { describe, expect, test } from 'vitest';
import { migrationState, moveVerdict, withMoveVerdict } from '../../../src/core/migration.ts';
import type { ObservedMigration } from '../../../src/core/observation.ts';
import {
  available,
  observation,
  reached,
  record,
  unavailable,
  unregistered,
} from '../../kit/fixtures/observations.ts';

const from = { kind: 'ClusterAuthorizationServer', name: 'corporate' } as const;
const to = { kind: 'ClusterAuthorizationServer', name: 'corporate-new' } as const;

describe('the state of a client in a migration', () => {
  test.each([
    ['Moved', 'has no client yet', undefined, false],
    ['Moved', 'is at the new server', { server: to }, false],
    ['Waiting', 'is at the former server and has no turn', { server: from }, false],
    ['Moving', 'is at the former server and has its turn', { server: from }, true],
  ] as const)('is %s where it %s', (state, _, current, hasTurn) => {
    expect(migrationState(to, current, hasTurn)).toBe(state);
  });
});

describe('the new server', () => {
  const at = (more: Partial<ObservedMigration>): ObservedMigration => ({
    from,
    to,
    state: 'Waiting',
    target: { ...available, ref: to },
    clientsInNamespace: 0,
    ...more,
  });

  test('can take a client that its policy permits', () => {
    expect(moveVerdict(observation({}), at({}))).toBe('Fits');
  });

  test('judges a client that waits once in a round', () => {
    const o = withMoveVerdict(observation({ migration: at({}) }));
    expect(o.migration?.verdict).toBe('Fits');
    const looked = { ...at({ verdict: 'Fits' }), target: unavailable };
    expect(moveVerdict(o, looked)).toBe('Fits');
    const moving = observation({ migration: at({ state: 'Moving' }) });
    expect(withMoveVerdict(moving)).toBe(moving);
  });

  test.each([
    [
      'it does not admit the namespace',
      { target: { ...unavailable, reason: 'AuthorizationServerNotAvailable' } },
    ],
    [
      'its policy refuses the client',
      { target: reached({ policy: { grantTypes: ['refresh_token'], scopes: [] } }) },
    ],
  ] as const)('refuses one where %s', (_, more) => {
    const o = observation({});
    const verdict = moveVerdict(o, at(more as Partial<ObservedMigration>));
    expect(verdict).toMatchObject({ reason: expect.any(String), message: expect.any(String) });
  });

  test('refuses as many as its quota has no room for', () => {
    const bounded = { target: reached({ policy: { maxClientsPerNamespace: 3 } }) };
    expect(moveVerdict(observation({}), at({ ...bounded, clientsInNamespace: 3 }))).toBe('Fits');
    expect(moveVerdict(observation({}), at({ ...bounded, clientsInNamespace: 4 }))).toEqual({
      reason: 'QuotaExceeded',
      message: 'Namespace shop would have 4 clients there, and the platform team permits 3.',
    });
  });

  test.each([
    ['it does not answer', observation({}), { target: unavailable }],
    ['the object is gone', observation({ object: undefined }), {}],
  ])('is not known to take one where %s', (_, o, more) => {
    expect(moveVerdict(o, at(more))).toBe('Unknown');
  });

  test('takes a client that has no record as it takes another', () => {
    expect(moveVerdict(unregistered({ records: [record()] }), at({}))).toBe('Fits');
  });
});
