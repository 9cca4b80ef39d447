import { describe, expect, test } from 'vitest';
import { Waiters } from '../../../../src/controller/state/waiters.ts';
import { storedClientKey } from '../../../../src/core/client-key.ts';
import { storedServerKey } from '../../../../src/core/server-key.ts';

const SERVER = storedServerKey('ClusterAuthorizationServer/corporate');
const NOW = 1_000_000;

const waiting = (ready: readonly string[], others: readonly string[] = [], now = NOW): Waiters => {
  const waiters = new Waiters();
  for (const client of ready.map(storedClientKey)) {
    waiters.waits(client, new Map([[SERVER, true]]), now);
  }
  for (const client of others.map(storedClientKey)) {
    waiters.waits(client, new Map([[SERVER, false]]), now);
  }
  return waiters;
};
const caller = (client: string) => ({
  namespace: client.split('/')[0] ?? '',
  client: storedClientKey(client),
});
const inTurn = (waiters: Waiters, last?: string): readonly (string | undefined)[] => {
  const next = waiters.takeOne(SERVER, last === undefined ? undefined : caller(last));
  return next === undefined ? [] : [next, ...inTurn(waiters, last)];
};

describe('who waits for a server', () => {
  test('is woken by turns of namespaces', () => {
    expect(inTurn(waiting(['a/1', 'a/2', 'a/3', 'b/1', 'c/1', 'b/2']))).toEqual([
      'a/1',
      'b/1',
      'c/1',
      'a/2',
      'b/2',
      'a/3',
    ]);
  });

  test('is woken before the namespace whose client failed last, and that client comes last of all (H3)', () => {
    const order = inTurn(waiting(['a/poison', 'a/other', 'b/1', 'b/2']), 'a/poison');
    expect(order).toEqual(['b/1', 'b/2', 'a/other', 'a/poison']);
  });

  test('is woken before those who wait for something else', () => {
    expect(inTurn(waiting(['b/1'], ['a/1', 'b/0']))).toEqual(['b/1', 'a/1', 'b/0']);
  });

  test('is woken once, all together or those alone who would call', () => {
    const waiters = waiting(['a/1', 'b/1'], ['a/2']);
    expect(waiters.takeReady(SERVER)).toEqual(['a/1', 'b/1']);
    expect(waiters.takeAll(SERVER)).toEqual(['a/2']);
    expect(waiters.isWaitedFor(SERVER)).toBe(false);
  });

  test('is found by its namespace, at whichever server', () => {
    const waiters = waiting(['a/1', 'b/1']);
    waiters.waits(
      storedClientKey('a/2'),
      new Map([[storedServerKey('AuthorizationServer/a/own'), false]]),
      NOW,
    );
    expect(waiters.takeNamespace('a')).toEqual(['a/1', 'a/2']);
    expect(inTurn(waiters)).toEqual(['b/1']);
  });

  test('waits for no other than it said last: what it named before is forgotten (M10)', () => {
    const waiters = waiting(['a/1']);
    for (let index = 0; index < 100; index += 1) {
      waiters.waits(
        storedClientKey('a/1'),
        new Map([[storedServerKey(`AuthorizationServer/a/${index}`), false]]),
        NOW,
      );
    }
    expect(waiters.isWaitedFor(SERVER)).toBe(false);
    expect(waiters.isWaitedFor(storedServerKey('AuthorizationServer/a/0'))).toBe(false);
    expect(waiters.takeNamespace('a')).toEqual(['a/1']);
  });
});

describe('who waits beside a caller', () => {
  test.each<readonly [string, readonly string[], readonly string[], string, boolean, boolean]>([
    ['nobody', [], [], 'a/1', false, false],
    ['itself alone', ['a/1'], [], 'a/1', false, false],
    ['one of its namespace', ['a/1', 'a/2'], [], 'a/1', false, true],
    ['one of another namespace', ['b/1'], [], 'a/1', true, true],
    ['one that waits for something else', [], ['b/1'], 'a/1', false, false],
  ])('is: %s', (_, ready, others, client, otherNamespaces, otherClients) => {
    expect(waiting(ready, others).beside(SERVER, caller(client), NOW)).toEqual({
      otherNamespaces,
      otherClients,
    });
  });

  test("counts no longer when it hasn't said so for a while: it may be gone", () => {
    expect(waiting(['b/1']).beside(SERVER, caller('a/1'), NOW + 20_000)).toEqual({
      otherNamespaces: false,
      otherClients: false,
    });
  });
});
