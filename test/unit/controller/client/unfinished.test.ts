import { describe, expect, test } from 'vitest';
import { reconcileClient } from '../../../../src/controller/client/reconcile.ts';
import { FAILED_ROUND, tellUnfinished } from '../../../../src/controller/client/unfinished.ts';
import { storedServerKey } from '../../../../src/core/server-key.ts';
import type { Stored } from '../../../kit/fakes/cluster.ts';
import {
  type InMemoryOptions,
  type OperatorInMemory,
  operatorInMemory,
  refusals,
} from '../../../kit/fakes/operator-in-memory.ts';
import {
  clientObject,
  DELETED,
  registeredClient,
  registrationSecret,
  surroundings,
  workloadSecret,
} from '../../../kit/fixtures/objects.ts';

const without = (name: string): readonly Stored[] =>
  registeredClient().filter(({ metadata }) => metadata.name !== name);
const registered = [...surroundings(), registrationSecret(), workloadSecret()];
const NOT_MADE = 'Secret storefront-oauth is not written';
const bound = { lifetime: { boundTo: { group: 'batch', kind: 'Job', name: 'nightly' } } } as never;

async function rounds(operator: OperatorInMemory, pauses: readonly number[]): Promise<void> {
  for (const pauseMs of pauses) {
    await reconcileClient(operator.round.key, operator.context);
    operator.round.contents.clear();
    await operator.context.clock.sleep(pauseMs);
  }
}

function readyOf({ cluster }: OperatorInMemory): string | undefined {
  const status = cluster.find('OAuthClient', 'shop/storefront')?.status as
    | { conditions?: readonly { type: string; status: string; reason: string; message: string }[] }
    | undefined;
  const ready = status?.conditions?.find(({ type }) => type === 'Ready');
  return ready && `${ready.status} ${ready.reason}: ${ready.message}`;
}

describe('A round that does not come to its end', () => {
  test.each<readonly [string, InMemoryOptions, string]>([
    [
      'the finalizer is refused',
      {
        objects: [...surroundings(), clientObject({ finalizers: [] }, {}, {})],
        refuses: { 'patch OAuthClient': refusals.forbidden },
      },
      'False WriteRefused: The finalizer is not put on: exceeded quota. Follow the words of the API server',
    ],
    [
      'a former Secret is not removed',
      {
        objects: [...registered, clientObject(), workloadSecret({ name: 'former', uid: 'u2' })],
        refuses: { 'delete Secret': refusals.forbidden },
      },
      'True WriteRefused: Secret former is not removed: exceeded quota. Follow the words of the API server',
    ],
    [
      'the owner is not set',
      { objects: [...registered, clientObject({}, bound)], refuses: { 'get Job': refusals.forbidden } },
      'True WriteRefused: Job nightly is not read: exceeded quota. Follow the words of the API server',
    ],
  ])('says at once what the API server refuses: %s', async (_, options, expected) => {
    const operator = operatorInMemory(options);
    await rounds(operator, [0]);
    expect(readyOf(operator)).toContain(expected);
    expect(operator.events).toMatchObject([{ reason: 'WriteRefused', action: 'Reconcile' }]);
    await rounds(operator, [1_000, 30_000]);
    expect(operator.events).toHaveLength(1);
  });

  test.each<readonly [string, InMemoryOptions, string]>([
    [
      'the Secret is not written',
      { objects: without('storefront-oauth'), refuses: { 'create Secret': refusals.broken } },
      `False APIServerUnavailable: ${NOT_MADE}: etcd is down. Wait: the operator tries again.`,
    ],
    [
      'a conflict that does not end',
      { objects: without('storefront-oauth'), refuses: { 'create Secret': refusals.conflict } },
      `False APIServerUnavailable: ${NOT_MADE}: the object has been modified. Wait`,
    ],
    [
      'the record is not read',
      { objects: without('storefront-oauth'), refuses: { 'get Secret': refusals.unanswered } },
      'False APIServerUnavailable: Registration Secret oac-uid-1-a1 could not be read: no answer. Wait',
    ],
    [
      'the finalizer of an object in deletion',
      {
        objects: [...surroundings(), clientObject(DELETED, {}, {})],
        refuses: { 'patch OAuthClient': refusals.broken },
      },
      'False APIServerUnavailable: The finalizer is not taken off: etcd is down. Wait',
    ],
  ])('says what lasts for more than ten seconds: %s', async (_, options, expected) => {
    const operator = operatorInMemory(options);
    const before = readyOf(operator);
    await rounds(operator, [4_000, 7_000]);
    expect([readyOf(operator), operator.events]).toEqual([before, []]);
    await rounds(operator, [30_000, 60_000]);
    expect(readyOf(operator)).toContain(expected);
    expect(operator.events).toMatchObject([{ reason: 'APIServerUnavailable', action: 'Reconcile' }]);
  });

  test('says in an Event that its status is refused', async () => {
    const operator = operatorInMemory({
      objects: [...surroundings(), clientObject({}, {}, {})],
      server: { suspended: true },
      refuses: { 'status OAuthClient': refusals.forbidden },
    });
    await rounds(operator, [1_000, 1_000]);
    expect(operator.events).toMatchObject([
      {
        reason: 'WriteRefused',
        message: expect.stringMatching(/^Status is not written: exceeded quota\. Follow the words/),
      },
    ]);
    expect(operator.writes).toHaveLength(2);
  });

  test('says that the operator failed, if that lasts, and nothing of what it met', async () => {
    const operator = operatorInMemory();
    const failed = () => tellUnfinished(operator.round.key, FAILED_ROUND, operator.context);
    await failed();
    expect(operator.events).toEqual([]);
    await operator.context.clock.sleep(10_000);
    await failed();
    expect(readyOf(operator)).toMatch(
      /^True RoundFailed: The operator met an error of its own\. Report it, with the lines of the operator's log/,
    );
    expect(operator.events).toMatchObject([{ reason: 'RoundFailed' }]);
  });

  test('says nothing any more once a round ends in order', async () => {
    const operator = operatorInMemory({
      objects: without('storefront-oauth'),
      refuses: { 'create Secret': [refusals.broken, refusals.broken] },
    });
    await rounds(operator, [11_000, 1_000]);
    expect(readyOf(operator)).toMatch(/^False APIServerUnavailable/);
    await rounds(operator, [1_000]);
    expect(readyOf(operator)).toMatch(/^True Registered/);
  });
});

describe('A client that is queued', () => {
  test.each<readonly [string, (operator: OperatorInMemory) => void, string]>([
    [
      'because a call about it is under way',
      ({ ledger }) =>
        ledger.leave(
          {
            ...{ attempt: 'a0', kind: 'Register', registrationSecret: 'oac-uid-1-a0', timeoutMs: 1 },
            client: { namespace: 'shop', name: 'storefront', uid: 'uid-1' },
            server: storedServerKey('ClusterAuthorizationServer/corporate'),
            startedAt: '2026-05-01T11:58:00Z',
          },
          'underWay',
        ),
      'False Queued: A call (Register) begun at 2026-05-01T11:58:00Z is not settled yet.',
    ],
    [
      'because its server was not reached once since the start',
      ({ servers }) => servers.remove(storedServerKey('ClusterAuthorizationServer/corporate')),
      'False Queued: ClusterAuthorizationServer corporate is not ready (Queued); its status says more to the platform team.',
    ],
  ])('says so after half a minute, and no sooner: %s', async (_, prepare, expected) => {
    const operator = operatorInMemory({ objects: [...surroundings(), clientObject({}, {}, {})] });
    prepare(operator);
    const before = readyOf(operator);
    await rounds(operator, [29_000, 1_000]);
    expect(readyOf(operator)).toBe(before);
    const end = await reconcileClient(operator.round.key, operator.context);
    expect(end.kind).toBe('rested');
    expect(readyOf(operator)).toBe(expected);
    expect(operator.events).toEqual([]);
  });
});
