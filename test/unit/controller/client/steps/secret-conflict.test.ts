import { describe, expect, test } from 'vitest';
import type { Stored } from '../../../../kit/fakes/cluster.ts';
import { answered } from '../../../../kit/fakes/fake-ports.ts';
import { type OperatorInMemory, refusals } from '../../../../kit/fakes/operator-in-memory.ts';
import { DONE, type TakeOptions, take } from '../../../../kit/fakes/step-runner.ts';
import {
  clientObject,
  registrationSecret,
  surroundings,
  workloadSecret,
} from '../../../../kit/fixtures/objects.ts';
import { NOW, setback } from '../../../../kit/fixtures/observations.ts';

const SECRET = 'Secret shop/storefront-oauth';
const LOOK = `metadata of ${SECRET}`;
const BASIS = 'storefront-oauth 3 ';

const theirs: Stored = { ...workloadSecret({ ownerReferences: [], annotations: {}, labels: {} }), data: {} };
/** A Secret that the watch doesn't show. */
const exists = ({ cluster }: Pick<OperatorInMemory, 'cluster'>) => cluster.put('Secret', theirs);
const isGone = (): void => undefined;
const waits = ({ memory, round }: OperatorInMemory) => {
  const given = { reason: 'SecretConflict', basis: BASIS, retryAt: NOW } as const;
  memory.setBack(round.key, { ...setback(given), action: 'Publish' });
  memory.secretConflicts.found(round.key);
};

const unregistered = [...surroundings(), clientObject({}, {}, {})];
const registered = answered(201, { client_id: 'c1', client_secret: 'secret-1' });
const register = (options: Partial<TakeOptions<'Register'>> = {}) =>
  take('Register', { objects: unregistered, outcomes: [registered], ...options });
const publish = (options: Partial<TakeOptions<'Publish'>> = {}) =>
  take('Publish', { objects: [...surroundings(), clientObject(), registrationSecret()], ...options });

describe('A Secret that is in the way from the start', () => {
  test('is seen before the client is registered: nothing is sent, and one Event says so', async () => {
    const { result, wrote, told, events, http, reads, next } = await register({ meanwhile: exists });
    expect([result, wrote, http.sent, reads]).toEqual([DONE, [], [], [LOOK]]);
    expect(told).toEqual(['Warning SecretConflict Publish']);
    expect(events[0]?.message).toBe(
      "Secret storefront-oauth exists and isn't this object's; it was not touched. Nothing is registered while it is there. Choose another spec.secret.name, or remove that Secret.",
    );
    expect(next()).toMatchObject({
      type: 'Idle',
      state: 'Stalled',
      reason: 'SecretConflict',
      until: NOW + 4_000,
    });
  });

  test('is seen without a read where it is of another OAuthClient', async () => {
    const annotations = { 'oauth-registrar.dev/client': 'shop/basket' };
    const { http, reads, next } = await register({
      objects: [...unregistered, workloadSecret({ annotations, ownerReferences: [] })],
    });
    expect([http.sent, reads]).toEqual([[], []]);
    expect(next()).toMatchObject({ state: 'Stalled', reason: 'SecretConflict' });
  });

  test('is looked at again without another Event, and read by its metadata only', async () => {
    const { told, http, reads, memory, round } = await register({ before: waits, meanwhile: exists });
    expect([told, http.sent, reads]).toEqual([[], [], [LOOK]]);
    expect(memory.setbacks(round.key)).toMatchObject([{ retryAt: NOW + 4_000 }]);
  });

  test('keeps the client from being registered no longer when it is gone', async () => {
    const { http, reads, memory, round } = await register({ before: waits, meanwhile: isGone });
    expect([http.sent.length, reads]).toEqual([1, [LOOK]]);
    expect(memory.secretConflicts.isWaiting(round.key)).toBe(false);
    expect(memory.setbacks(round.key)).toEqual([]);
  });

  test('is not looked for where its namespace had a look a moment ago', async () => {
    const before = ({ memory, round }: OperatorInMemory) =>
      void memory.secretConflicts.mayLook(round.key, NOW - 1_000);
    const { http, reads } = await register({ before, meanwhile: exists });
    expect([http.sent.length, reads]).toEqual([1, []]);
  });

  test('delays nothing where the API server does not answer', async () => {
    const { http } = await register({ meanwhile: exists, refuses: { 'get Secret': refusals.broken } });
    expect(http.sent).toHaveLength(1);
  });
});

describe('A Secret that is in the way of a registered client', () => {
  test('is read by its metadata only while it is there, and nothing is written', async () => {
    const { result, wrote, told, reads, memory, round } = await publish({ before: waits, meanwhile: exists });
    expect([result, wrote, told, reads]).toEqual([DONE, [], [], [LOOK]]);
    expect(memory.setbacks(round.key)).toMatchObject([{ reason: 'SecretConflict', retryAt: NOW + 4_000 }]);
  });

  test('is replaced by the own one when it is gone', async () => {
    const { wrote, memory, round, next } = await publish({ before: waits, meanwhile: isGone });
    expect(wrote).toEqual([`create ${SECRET}`]);
    expect(memory.secretConflicts.isWaiting(round.key)).toBe(false);
    expect(next()).toMatchObject({ state: 'Ready' });
  });

  test('counts as there while the API server does not answer', async () => {
    const { wrote, told } = await publish({ before: waits, refuses: { 'get Secret': refusals.broken } });
    expect([wrote, told]).toEqual([[], []]);
  });

  test('gets an Event again where the spec names another Secret that is not free either', async () => {
    const before = (operator: OperatorInMemory) => {
      const given = { reason: 'SecretConflict', basis: 'other 2 ', retryAt: NOW } as const;
      operator.memory.setBack(operator.round.key, { ...setback(given), action: 'Publish' });
      operator.memory.secretConflicts.found(operator.round.key);
    };
    const { wrote, told, reads } = await publish({ before, meanwhile: exists });
    expect([wrote, told, reads]).toEqual([[], ['Warning SecretConflict Publish'], [LOOK]]);
  });
});
