import { describe, expect, test } from 'vitest';
import { Moves } from '../../../../src/controller/state/moves.ts';
import { storedClientKey } from '../../../../src/core/client-key.ts';
import { storedServerKey } from '../../../../src/core/server-key.ts';

const SERVER = storedServerKey('ClusterAuthorizationServer/corporate');
const [a, b, c] = ['shop/a', 'shop/b', 'blog/c'].map(storedClientKey) as [never, never, never];
const FRESH = { total: 0, isBegun: false };

function movesOf(terms: { maxConcurrent?: number; isSuspended?: boolean } = {}, before = FRESH) {
  const woken: string[] = [];
  const changed: string[] = [];
  const moves = new Moves(
    (client) => woken.push(client),
    (server) => changed.push(server),
  );
  const all = { to: 'x', maxConcurrent: 1, isSuspended: false, ...terms };
  const begin = (more: Partial<typeof all> = {}) =>
    moves.begin(SERVER, { ...all, ...more }, () => [a, b, c], before);
  begin();
  const moving = () => [a, b, c].filter((client) => moves.hasTurn(SERVER, client));
  const judge = (...clients: readonly never[]) => {
    for (const client of clients) {
      moves.judged(SERVER, client, true);
    }
  };
  return { moves, begin, judge, moving, woken, changed };
}

describe('Moves', () => {
  test('wake all clients at first, so that each is judged', () => {
    const { moves, woken, moving } = movesOf();
    expect(woken).toEqual([a, b, c]);
    expect(moving()).toEqual([]);
    expect(moves.counts(SERVER)).toEqual({
      total: 3,
      left: 3,
      moving: 0,
      refused: 0,
      isJudged: false,
      isBegun: false,
    });
  });

  test('give no turn before the last client is judged, and then so many as permitted', () => {
    const { moves, judge, moving } = movesOf({ maxConcurrent: 2 });
    judge(a, b);
    expect(moving()).toEqual([]);
    judge(c);
    expect(moving()).toEqual([a, b]);
    moves.settled(a);
    expect(moving()).toEqual([b, c]);
    expect(moves.counts(SERVER)).toEqual({
      total: 3,
      left: 2,
      moving: 2,
      refused: 0,
      isJudged: true,
      isBegun: true,
    });
  });

  test('give no turn while a client is refused; once begun, a refused one does not keep the others', () => {
    const { moves, judge, moving, woken } = movesOf();
    moves.judged(SERVER, b, false);
    judge(a, c);
    expect([moving(), moves.counts(SERVER)?.refused]).toEqual([[], 1]);
    judge(b);
    expect(moving()).toEqual([a]);
    woken.length = 0;
    moves.judged(SERVER, a, false);
    expect([moving(), woken]).toEqual([[c], [c]]);
  });

  test('go on after a restart without a judgement of all', () => {
    const { moves, judge, moving } = movesOf({}, { total: 9, isBegun: true });
    judge(b);
    expect(moving()).toEqual([b]);
    expect(moves.counts(SERVER)).toEqual({
      total: 9,
      left: 3,
      moving: 1,
      refused: 0,
      isJudged: false,
      isBegun: true,
    });
  });

  test('stop while they are suspended, and go on after that', () => {
    const { begin, judge, moving } = movesOf({ isSuspended: true });
    judge(a, b, c);
    expect(moving()).toEqual([]);
    begin({ isSuspended: false });
    expect(moving()).toEqual([a]);
    begin({ isSuspended: true });
    expect(moving()).toEqual([]);
  });

  test('begin anew for another server, and end without a trace', () => {
    const { moves, begin, judge, moving, woken } = movesOf();
    judge(a, b, c);
    woken.length = 0;
    begin({ to: 'y' });
    expect([moving(), woken]).toEqual([[], [a, b, c]]);
    moves.end(SERVER);
    expect([moves.size, moves.counts(SERVER)]).toEqual([0, undefined]);
    moves.settled(a);
    moves.judged(SERVER, a, true);
    expect(moves.size).toBe(0);
  });

  test('tell a change of the counts, and nothing where there is none', () => {
    const { moves, judge, changed } = movesOf({ isSuspended: true });
    judge(a, a);
    moves.settled(b);
    moves.settled(b);
    expect(changed).toEqual([SERVER, SERVER]);
  });
});
