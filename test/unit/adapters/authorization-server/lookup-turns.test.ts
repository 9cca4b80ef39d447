import { describe, expect, it, vi } from 'vitest';
import type { ResolveAll } from '../../../../src/adapters/authorization-server/egress.ts';
import { createLookupTurns } from '../../../../src/adapters/authorization-server/lookup-turns.ts';

const of = (namespace: string) => ({ kind: 'AuthorizationServer', namespace, name: 'sso' }) as const;
const corporate = { kind: 'ClusterAuthorizationServer', name: 'sso' } as const;

/** A resolver whose threads are all that it has, and which answers when the test says so. */
function createResolver() {
  const asked: string[] = [];
  const answers = new Map<string, () => void>();
  const resolve: ResolveAll = (hostname, _, callback) => {
    asked.push(hostname);
    answers.set(hostname, () => callback(null, [{ address: '10.0.0.1', family: 4 }]));
  };
  return {
    asked,
    resolve,
    async answer(hostname: string) {
      answers.get(hostname)?.();
      await new Promise(setImmediate);
    },
  };
}

function look(
  turns: ReturnType<typeof createLookupTurns>,
  resolve: ResolveAll,
  server: Parameters<ReturnType<typeof createLookupTurns>>[0],
  hostname: string,
) {
  const { promise, resolve: done } = Promise.withResolvers<unknown>();
  turns(server)(resolve)(hostname, { all: true }, (error, addresses) => done(error ?? addresses));
  return promise;
}

const turnsOf = () => new Promise(setImmediate);

describe('slow names of one tenant (H7)', () => {
  it('take two look-ups, and leave the others to others', async () => {
    const { asked, resolve, answer } = createResolver();
    const turns = createLookupTurns(16);
    for (let index = 0; index < 500; index += 1) {
      void look(turns, resolve, of('a'), `slow-${index}.evil.example`);
    }
    await turnsOf();
    expect(asked).toEqual(['slow-0.evil.example', 'slow-1.evil.example']);
    const other = look(turns, resolve, of('b'), 'sso.example.com');
    await turnsOf();
    await answer('sso.example.com');
    expect(await other).toEqual([{ address: '10.0.0.1', family: 4 }]);
    await answer('slow-1.evil.example');
    expect(asked.at(-1)).toBe('slow-2.evil.example');
  });

  it.each([4, 16])('never hold up a server of the cluster, with %i threads', async (threads) => {
    const { asked, resolve } = createResolver();
    const turns = createLookupTurns(threads);
    for (const namespace of ['a', 'b', 'c', 'd', 'e']) {
      for (let index = 0; index < 10; index += 1) {
        void look(turns, resolve, of(namespace), `${namespace}-${index}.example`);
      }
    }
    await turnsOf();
    expect(asked.length).toBeLessThan(threads / 2);
    void look(turns, resolve, corporate, 'sso.corporate.example');
    expect(asked.at(-1)).toBe('sso.corporate.example');
  });

  it('are not looked up any more when those who asked have given up', async () => {
    const { asked, resolve, answer } = createResolver();
    const turns = createLookupTurns(4);
    void look(turns, resolve, of('a'), 'first.example');
    const second = look(turns, resolve, of('a'), 'second.example');
    await turnsOf();
    const now = performance.now();
    vi.spyOn(performance, 'now').mockReturnValue(now + 10_001);
    await answer('first.example');
    expect(await second).toMatchObject({ code: 'EAI_AGAIN' });
    expect(asked).toEqual(['first.example']);
    vi.restoreAllMocks();
  });
});
