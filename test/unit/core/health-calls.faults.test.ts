import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Failure } from '../../../src/core/failure.ts';
import { probed } from '../../../src/core/health-probes.ts';
import { isSuspect, suspicion } from '../../../src/core/lost-tokens.ts';
import type { CallKind } from '../../../src/core/observation.ts';
import { HEALTHY, type ServerHealth } from '../../../src/core/server-health.ts';
import { begins, by, ends, gate, NOW } from '../../kit/fixtures/health-calls.ts';
import {
  afterRegistrations,
  denied,
  doubted,
  failed,
  failure,
  isOpen,
  lost,
  neighbours,
  nobody,
  others,
  register,
  unreachable,
} from '../../kit/fixtures/health-faults.ts';

/** A fault belongs to a client, to its namespace, or to the server, by what it shows. */

describe('a registration without an answer', () => {
  const one = afterRegistrations(others, ['b/good', undefined], ['a/poison', lost]);

  test('keeps its client waiting for discovery, and lets others go one at a time (H3)', () => {
    expect(register(one, 'a/poison')).toMatchObject({ open: false, reason: 'AuthorizationServerPaused' });
    expect(isOpen(one, 'b/good')).toBe(true);
    expect(register(begins(one, 'Register', by('b/good')), 'c/new')).toMatchObject({
      open: false,
      reason: 'Queued',
      until: expect.any(Number),
    });
  });

  test('lets other clients of its namespace go after those of others', () => {
    expect(isOpen(one, 'a/other', others)).toBe(false);
    expect(isOpen(one, 'a/other', neighbours)).toBe(true);
    const hanging = begins(one, 'Register', by('a/other'));
    expect(isOpen(hanging, 'a/third')).toBe(false);
    expect(isOpen(hanging, 'b/good')).toBe(true);
  });

  test('of a second client of the namespace silences that namespace alone', () => {
    const two = ends(one, 'Register', lost, NOW + 10, by('a/other'));
    expect(isOpen(two, 'a/third')).toBe(false);
    expect(isOpen(two, 'b/good')).toBe(true);
  });

  test('of a client of another namespace silences the server, until discovery answers', () => {
    const two = ends(one, 'Register', lost, NOW + 10, by('b/other'));
    expect(isOpen(two, 'c/new')).toBe(false);
    const answering = probed(two, { answered: true }, NOW + 60_000);
    expect(isOpen(answering, 'c/new')).toBe(true);
    expect(isOpen(begins(answering, 'Register', by('c/new')), 'd/new')).toBe(false);
  });

  test("is that client's when another's that began since is answered", () => {
    const answered = ends(one, 'Register', undefined, NOW + 10, by('b/other'));
    expect(answered).toMatchObject({ phase: 'Open', metBy: undefined });
  });

  test('stays in doubt when one that had begun before is answered: an outage may have begun since', () => {
    const early = ends(one, 'Register', undefined, NOW + 10, by('b/other', { begunAt: NOW - 1 }));
    expect(early.phase).toBe('Silent');
  });

  test('holds back its namespace longer each time, while others are answered', () => {
    const rounds = (count: number) =>
      Array.from({ length: count }).reduce<ServerHealth>((health, _, index) => {
        const at = NOW + 2 * index;
        const poisoned = ends(health, 'Register', failed, at, by(`a/poison-${index}`));
        return ends(poisoned, 'Register', undefined, at + 1, by('b/good'));
      }, HEALTHY);
    const pauseAfter = (count: number) => {
      const gated = register(rounds(count), 'a/innocent', nobody, NOW + 2 * count - 1);
      return gated.open ? 0 : Math.round(((gated.until ?? 0) - NOW) / 1_000);
    };
    expect([1, 2, 3, 4, 5, 30].map(pauseAfter)).toEqual([0, 0, 8, 16, 32, 300]);
    expect(isOpen(rounds(30), 'b/good')).toBe(true);
    const better = ends(rounds(3), 'Register', undefined, NOW + 100, by('a/innocent'));
    expect(isOpen(better, 'a/other')).toBe(true);
  });
});

describe('other calls that fail', () => {
  const failing = (what: Failure, ...clients: readonly string[]) =>
    clients.reduce<ServerHealth>(
      (health, client, index) => ends(health, 'Update', what, NOW + index, by(client)),
      HEALTHY,
    );
  const update = (health: ServerHealth, client: string) =>
    gate(health, 'Update', 'v1', NOW + 100, 0, by(client)).open;

  test("of one client are that client's, however often", () => {
    const health = failing(failed, ...Array.from({ length: 20 }, () => 'a/poison'));
    expect(health.phase).toBe('Open');
  });

  test('of several clients of one namespace hold back that namespace', () => {
    const health = failing(failed, 'a/x', 'a/y', 'a/z');
    expect(health.phase).toBe('Failing');
    expect([update(health, 'a/w'), update(health, 'b/good')]).toEqual([false, true]);
  });

  test("of clients of several namespaces are the server's", () => {
    expect(update(failing(failed, 'a/x', 'b/y', 'c/z'), 'd/good')).toBe(false);
  });

  test("are the server's at once where it can't be reached", () => {
    expect(update(failing(unreachable, 'a/x', 'a/x', 'a/x'), 'd/good')).toBe(false);
  });

  test('that were never sent for what the object brings show nothing (M5)', () => {
    const unsent = failure({ kind: 'Transient', reason: 'RequestUnsendable', unsent: true });
    expect(ends(HEALTHY, 'Read', unsent, NOW, by('a/x'))).toEqual(HEALTHY);
    expect(ends(HEALTHY, 'Register', unsent, NOW, by('a/x'))).toEqual(HEALTHY);
  });
});

describe('registration access tokens that are refused', () => {
  const tokenLost = failure({ reason: 'RegistrationAccessTokenLost' });
  const losing = (namespaces: number, ...clients: readonly (readonly [string, boolean?])[]) =>
    clients.reduce<ServerHealth>(
      (health, [client, isAdopted = false]) =>
        ends(health, 'Update', tokenLost, NOW, by(client, { isAdopted }), { waiting: nobody, namespaces }),
      HEALTHY,
    ).lostTokens;

  test.each<readonly [string, number, readonly (readonly [string, boolean?])[], boolean]>([
    ['three clients, where one namespace has all', 1, [['a/x'], ['a/y'], ['a/z']], true],
    ['one client three times', 1, [['a/x'], ['a/x'], ['a/x']], false],
    ['two clients, where one namespace has all', 1, [['a/x'], ['a/y']], false],
    ['three clients of one of two namespaces (M5)', 2, [['a/x'], ['a/y'], ['a/z']], false],
    ['both of two namespaces', 2, [['a/x'], ['b/y']], true],
    ['two of five namespaces', 5, [['a/x'], ['b/y'], ['b/z']], false],
    ['three of five namespaces', 5, [['a/x'], ['b/y'], ['c/z']], true],
    [
      'three adopted clients (M5)',
      1,
      [
        ['a/x', true],
        ['a/y', true],
        ['a/z', true],
      ],
      false,
    ],
    [
      "many of one namespace don't push out another's",
      2,
      [['b/y'], ...Array.from({ length: 300 }, (_, index) => [`a/${index}`] as const)],
      true,
    ],
  ])('make a server suspect or not: %s', (_, namespaces, clients, expected) => {
    expect(isSuspect(losing(namespaces, ...clients), NOW)).toBe(expected);
  });

  test('are counted by clients, or by namespaces if there are several', () => {
    expect(suspicion(losing(1, ['a/x'], ['a/y'], ['a/z']), NOW)).toContain('tokens of 3 clients within');
    expect(suspicion(losing(2, ['a/x'], ['b/y']), NOW)).toContain('tokens of clients of 2 namespaces within');
  });
});

describe('whatever the clients of one namespace meet', () => {
  const outcome = fc.constantFrom<readonly [CallKind, Failure | undefined]>(
    ['Register', undefined],
    ['Register', lost],
    ['Register', doubted],
    ['Register', denied],
    ['Register', failure({})],
    ['Register', failure({ kind: 'Transient', serverTrouble: true, perhapsOwn: true })],
    ['Update', undefined],
    ['Update', failed],
    ['Update', failure({ reason: 'RegistrationAccessTokenLost' })],
    ['Deregister', failed],
    ['Read', lost],
  );
  const event = fc.record({
    client: fc.constantFrom('a/1', 'a/2', 'a/3', 'a/4'),
    outcome,
    afterMs: fc.constantFrom(0, 1, 5_000, 120_000),
    isHanging: fc.boolean(),
    isProbed: fc.boolean(),
    waiting: fc.constantFrom(nobody, neighbours, others),
  });

  test('keeps no client of another namespace from any call (H3)', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 40 }), (events) => {
        let [health, now] = [HEALTHY, NOW];
        for (const {
          client,
          outcome: [kind, what],
          afterMs,
          isHanging,
          isProbed,
          waiting,
        } of events) {
          now += afterMs;
          health = isProbed ? probed(health, { answered: true }, now) : health;
          const isLetGo = gate(health, kind, 'v1', now, 0, by(client), waiting).open;
          if (!isHanging) {
            health = ends(health, kind, what, now, by(client), { waiting, namespaces: 2 });
          } else if (isLetGo) {
            health = begins(health, kind, by(client));
          }
          for (const call of ['Register', 'Update', 'Read', 'Deregister'] as const) {
            expect(gate(health, call, 'v1', now, 0, by('b/good'))).toEqual({ open: true });
          }
        }
      }),
    );
  });
});
