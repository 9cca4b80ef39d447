import { expect, test } from 'vitest';
import type { Secret } from '../../../../src/api/kubernetes.ts';
import { ANNOTATIONS, LABELS } from '../../../../src/api/names.ts';
import { createRecorder, type RecordListener } from '../../../../src/controller/durable/recorder.ts';
import type { ApiResult, Clock, Journal, KubernetesApi, Log } from '../../../../src/controller/ports.ts';
import { storedClientKey } from '../../../../src/core/client-key.ts';
import type { Sensitive } from '../../../../src/oauth/sensitive.ts';

/** What becomes of answers whose registration Secret the API server doesn't take. */

const secretOf = (name: string, client = 'shop/storefront'): Secret => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: {
    name,
    namespace: 'op',
    labels: { [LABELS.registration]: 'true', [LABELS.role]: 'current', [LABELS.session]: 's-1' },
    annotations: {
      [ANNOTATIONS.client]: client,
      [ANNOTATIONS.clientId]: 'c1',
      [ANNOTATIONS.rotateRequestedAt]: 'x'.repeat(262_005),
      'example.com/other': 'x',
    },
  },
  data: {
    client_id: 'YzE=',
    registration_access_token: 'dA==',
    'registered.json': 'e30=',
    'sent.json': 'e30=',
  },
});

const refusal = (status: number, message: string): ApiResult<never> => ({
  ok: false,
  status,
  reason: status === 409 ? 'Conflict' : 'Refused',
  message,
});

/** Time that passes only when it is told to. */
function createTime() {
  let now = 0;
  const sleepers: { readonly at: number; readonly wake: () => void }[] = [];
  const clock: Clock = {
    now: () => now,
    earliest: () => now,
    monotonic: () => now,
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        sleepers.push({ at: now + ms, wake: resolve });
        signal?.addEventListener('abort', () => resolve());
      }),
  };
  const settle = async () => {
    for (let turn = 0; turn < 50; turn += 1) {
      await Promise.resolve();
    }
  };
  return {
    clock,
    settle,
    async pass(ms: number) {
      const end = now + ms;
      for (;;) {
        await settle();
        const next = sleepers.filter(({ at }) => at <= end).toSorted((a, b) => a.at - b.at)[0];
        if (next === undefined) {
          break;
        }
        sleepers.splice(sleepers.indexOf(next), 1);
        now = Math.max(now, next.at);
        next.wake();
      }
      now = end;
      await settle();
    },
  };
}

/** Everything around a recorder whose API server decides about each Secret as `decide` says. */
function createScene(decide: (secret: Secret, time: number) => ApiResult<never> | 'Taken' | 'NoAnswer') {
  const time = createTime();
  const sent: Secret[] = [];
  const times: number[] = [];
  const entries = new Map<string, Sensitive>();
  const journal: Journal = {
    append: ({ id, payload }) => void entries.set(id, payload),
    settle: (id) => void entries.delete(id),
    unsettled: () => [...entries].map(([id, payload]) => ({ id, namespace: '', payload })),
  };
  const log: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
  const api = {
    async create(_: unknown, secret: Secret) {
      sent.push(secret);
      times.push(time.clock.now());
      const decision = decide(secret, time.clock.now());
      return decision === 'NoAnswer'
        ? new Promise(() => undefined)
        : decision === 'Taken'
          ? { ok: true, object: secret }
          : decision;
    },
  } as unknown as KubernetesApi;
  const told: string[] = [];
  const listener: RecordListener = {
    refused: (form, message) => told.push(`${form}: ${message}`),
    recorded: ({ metadata }) => told.push(`recorded ${metadata.name}`),
  };
  const createNew = () => createRecorder({ api, journal, clock: time.clock, log });
  return { ...time, sent, times, entries, told, listener, createNew, recorder: createNew() };
}

const isWhole = ({ data }: Secret): boolean => data?.['sent.json'] !== undefined;

test('what is refused for its content is not sent again: a minimal record follows at once (H2)', async () => {
  const { recorder, sent, times, told, listener, settle, entries } = createScene((secret) =>
    isWhole(secret) ? refusal(422, 'annotations: Too long') : 'Taken',
  );
  const written = recorder.create('a1', secretOf('r1'), listener);
  await settle();
  expect((await written)?.metadata.name).toBe('r1');
  expect(times).toEqual([0, 0]);
  expect(sent[1]).toMatchObject({
    metadata: {
      labels: { [LABELS.registration]: 'true', [LABELS.role]: 'current' },
      annotations: { [ANNOTATIONS.client]: 'shop/storefront', [ANNOTATIONS.clientId]: 'c1' },
    },
    data: { client_id: 'YzE=', registration_access_token: 'dA==' },
  });
  expect(JSON.stringify(sent[1]).length).toBeLessThan(1_000);
  expect(told).toEqual(['Whole: annotations: Too long']);
  expect(entries.size).toBe(0);
});

test('if even that is refused, the round continues at once, and the write is retried with growing pauses (H2)', async () => {
  const { recorder, sent, times, told, listener, pass, entries } = createScene((_, now) =>
    now < 60_000 ? refusal(403, 'exceeded quota: tight') : 'Taken',
  );
  const written = recorder.create('a1', secretOf('r1'), listener);
  await pass(0);
  expect(await written).toBeUndefined();
  expect(recorder.pendingOf(storedClientKey('shop/storefront'))).toEqual({
    refused: 'exceeded quota: tight',
  });
  expect(recorder.pendingOf(storedClientKey('shop/other'))).toBeUndefined();
  expect(entries.size).toBe(1);
  await pass(120_000);
  // Each time whole, then minimal: a quota says nothing of what is in the Secret.
  expect(times.filter((_, index) => index % 2 === 0)).toEqual([
    0, 1_000, 3_000, 7_000, 15_000, 31_000, 63_000,
  ]);
  expect(sent.map(isWhole)).toEqual([...Array(6).fill([true, false]).flat(), true]);
  expect(told.slice(0, 2)).toEqual(['Whole: exceeded quota: tight', 'Minimal: exceeded quota: tight']);
  expect(told.at(-1)).toBe('recorded r1');
  expect(recorder.pendingOf(storedClientKey('shop/storefront'))).toBeUndefined();
  expect(entries.size).toBe(0);
});

test('an API server that does not answer keeps the round for some seconds only (H2)', async () => {
  const { recorder, listener, pass } = createScene(() => 'NoAnswer');
  let isBack = false;
  void recorder.create('a1', secretOf('r1'), listener).then(() => {
    isBack = true;
  });
  await pass(4_999);
  expect(isBack).toBe(false);
  await pass(1);
  expect(isBack).toBe(true);
  expect(recorder.pendingOf(storedClientKey('shop/storefront'))).toEqual({ refused: undefined });
});

test.each([409, 429, 500, 0])(
  'a failure with %s is no refusal: the whole record is tried again',
  async (status) => {
    const { recorder, sent, told, listener, pass } = createScene((_, now) =>
      now < 300 ? refusal(status, 'passes') : 'Taken',
    );
    const written = recorder.create('a1', secretOf('r1'), listener);
    await pass(300);
    expect((await written)?.metadata.name).toBe('r1');
    expect(sent.map(isWhole)).toEqual([true, true, true]);
    expect(told).toEqual([]);
  },
);

test('one answer in the journal that is refused keeps no other waiting after a start (H2)', async () => {
  const { createNew, recorder, told, listener, pass } = createScene(({ metadata }, now) =>
    now < 1_000 ? 'NoAnswer' : metadata.name === 'r1' ? refusal(422, 'Too long') : 'Taken',
  );
  for (const [attempt, name, client] of [
    ['a1', 'r1', 'evil/p-1'],
    ['a2', 'r2', 'shop/storefront'],
    ['a3', 'r3', 'shop/checkout'],
  ] as const) {
    void recorder.create(attempt, secretOf(name, client), listener);
  }
  await pass(1_000);
  const next = createNew();
  void next.replay((attempt, client) => ({
    ...listener,
    recorded: () => told.push(`${attempt} of ${client}`),
  }));
  expect(['evil/p-1', 'shop/storefront'].map((client) => next.pendingOf(storedClientKey(client)))).toEqual([
    { refused: undefined },
    { refused: undefined },
  ]);
  await pass(0);
  expect(told).toContain('a2 of shop/storefront');
  expect(told).toContain('a3 of shop/checkout');
  expect(next.pendingOf(storedClientKey('shop/storefront'))).toBeUndefined();
  expect(next.pendingOf(storedClientKey('evil/p-1'))).toEqual({ refused: 'Too long' });
});

test('a stop waits until all is recorded', async () => {
  const { recorder, listener, pass } = createScene((_, now) =>
    now < 10_000 ? refusal(403, 'exceeded quota') : 'Taken',
  );
  await recorder.idle();
  let isIdle = false;
  void recorder.create('a1', secretOf('r1'), listener);
  void recorder.idle().then(() => {
    isIdle = true;
  });
  await pass(9_000);
  expect(isIdle).toBe(false);
  await pass(20_000);
  expect(isIdle).toBe(true);
});

test('a write that throws is a failed try like another: nothing waits for it for ever', async () => {
  const { recorder, sent, told, listener, pass, entries } = createScene((_, now) => {
    if (now < 300) {
      throw new Error('broken');
    }
    return 'Taken';
  });
  const written = recorder.create('a1', secretOf('r1'), listener);
  await pass(1_000);
  expect((await written)?.metadata.name).toBe('r1');
  expect(sent.map(isWhole)).toEqual([true, true, true]);
  expect(told).toEqual([]);
  expect(recorder.pendingOf(storedClientKey('shop/storefront'))).toBeUndefined();
  expect(entries.size).toBe(0);
});
