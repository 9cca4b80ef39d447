import { describe, expect, test } from 'vitest';
import type { ClusterAccess } from '../../../src/cli/cluster.ts';
import { openInventory } from '../../../src/cli/inventory-source.ts';
import { LEDGER_NAME } from '../../../src/controller/durable/ledger-store.ts';
import { createFakeClock } from '../../kit/fakes/fake-clock.ts';
import { inventoryClient } from '../../kit/fixtures/inventory.ts';

type Answer =
  | Error
  | { readonly ok: true; readonly count: number }
  | { readonly ok: false; readonly status: number };

/** A cluster whose lists of OAuthClients are answered one by one, by hand after the first. */
async function open({ ledger = LEDGER_NAME } = {}) {
  const clock = createFakeClock();
  const answers: ((answer: Answer) => void)[] = [];
  const collect = async (
    { plural }: { readonly plural: string },
    _: object,
    convert: (raw: object) => unknown,
  ) => {
    const answer = plural === 'oauthclients' ? await next() : ({ ok: true, count: 0 } as const);
    if (answer instanceof Error) {
      throw answer;
    }
    return answer.ok
      ? {
          ok: true,
          object: { items: Array.from({ length: answer.count }, (_, n) => convert(inventoryClient(n))) },
        }
      : { ok: false, status: answer.status, reason: 'x', message: 'connection lost' };
  };
  const next = () => new Promise<Answer>((resolve) => answers.push(resolve));
  const get = async (_: object, { name }: { readonly name: string }) =>
    name === ledger
      ? { ok: true, object: { metadata: { name } } }
      : { ok: false, status: 404, reason: 'NotFound', message: 'none' };
  const cluster = {
    api: { collect, get },
    clock,
    namespace: 'shop',
    selection: {},
    operatorNamespace: undefined,
    close: async () => undefined,
  } as unknown as ClusterAccess;
  const opening = openInventory(cluster, 'Somewhere.');
  const reply = async (answer: Answer) => {
    answers.shift()?.(answer);
    await clock.advance(0);
  };
  await reply({ ok: true, count: 1 });
  const source = await opening;
  if ('sentence' in source) {
    throw new Error(source.sentence);
  }
  /** The number of clients that is shown, what is hidden, and how old it is. */
  const ask = async () => {
    const { rows, hidden, now, readAt } = await source.view();
    return { count: rows.length, hidden, ageMs: now - readAt };
  };
  return { ask, reply, clock, answers, view: source.view };
}

describe('what the page shows of the cluster', () => {
  test('is not read again within two seconds', async () => {
    const { ask, clock, answers } = await open();
    await clock.advance(1_999);
    expect(await ask()).toEqual({ count: 1, hidden: [], ageMs: 1_999 });
    expect(answers).toHaveLength(0);
  });

  test('is read again after that', async () => {
    const { ask, reply, clock } = await open();
    await clock.advance(2_000);
    const asked = ask();
    await reply({ ok: true, count: 3 });
    expect(await asked).toEqual({ count: 3, hidden: [], ageMs: 0 });
  });

  test('is what was read before, while a new read takes long; requests share that read', async () => {
    const { ask, reply, clock, answers } = await open();
    await clock.advance(5_000);
    const asked = [ask(), ask()];
    await clock.advance(200);
    expect(await Promise.all(asked)).toEqual([
      { count: 1, hidden: [], ageMs: 5_200 },
      { count: 1, hidden: [], ageMs: 5_200 },
    ]);
    expect(answers).toHaveLength(1);
    await reply({ ok: true, count: 4 });
    expect((await ask()).count).toBe(4);
  });

  test('is never older than a minute without a wait for the new read', async () => {
    const { ask, reply, clock } = await open();
    await clock.advance(60_000);
    const asked = ask();
    await clock.advance(10_000);
    await reply({ ok: true, count: 5 });
    expect((await asked).count).toBe(5);
  });

  test('stays, and says that it is old and why, where the cluster is gone, until it is there again', async () => {
    const { ask, reply, clock } = await open();
    const failed = async () => {
      const asked = ask();
      await reply({ ok: false, status: 0 });
      return asked;
    };
    await clock.advance(60_000);
    const hidden = ['What is shown is old: The API server does not answer: connection lost.'];
    expect(await failed()).toEqual({ count: 1, hidden, ageMs: 60_000 });
    expect(await failed()).toEqual({ count: 1, hidden, ageMs: 60_000 });
    const asked = ask();
    await reply({ ok: true, count: 2 });
    expect(await asked).toEqual({ count: 2, hidden: [], ageMs: 0 });
  });
  test('is read again after a read that threw', async () => {
    const { ask, reply, clock } = await open();
    await clock.advance(60_000);
    const broken = ask();
    const failed = expect(broken).rejects.toThrow('unexpected');
    await reply(new Error('unexpected'));
    await failed;
    const asked = ask();
    await reply({ ok: true, count: 2 });
    expect(await asked).toEqual({ count: 2, hidden: [], ageMs: 0 });
  });

  test('is nothing outstanding where the operator has a ledger and no lists', async () => {
    const { view } = await open();
    expect(await view()).toMatchObject({ outstanding: [], hidden: [] });
  });

  test('says where no operator was found, and not that nothing is outstanding', async () => {
    const { view } = await open({ ledger: 'none' });
    const { outstanding, hidden } = await view();
    expect(outstanding).toBeUndefined();
    expect(hidden).toEqual([
      expect.stringMatching(
        /^Namespace \S+ has neither lists nor a ledger of an operator: --operator-namespace names another namespace\.$/,
      ),
    ]);
  });
});
