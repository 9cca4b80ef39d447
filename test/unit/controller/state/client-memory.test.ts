import { expect, test } from 'vitest';
import { Memory } from '../../../../src/controller/state/client-memory.ts';
import { storedClientKey } from '../../../../src/core/client-key.ts';
import type { Setback } from '../../../../src/core/observation.ts';
import { storedServerKey } from '../../../../src/core/server-key.ts';

const KEY = storedClientKey('shop/storefront');
const OTHER = storedClientKey('shop/basket');

const setback = (given: Partial<Setback>): Setback => ({
  action: 'Update',
  kind: 'Transient',
  reason: 'AuthorizationServerUnavailable',
  message: 'The server answered status 500.',
  attempts: 1,
  since: 0,
  retryAt: 2_000,
  basis: 'first edit',
  ambiguous: true,
  ...given,
});

test('an update without an answer throws no doubt on the token after another update, of another edit, was answered', () => {
  const memory = new Memory();
  memory.setBack(KEY, setback({ basis: 'first edit' }));
  memory.succeeded(KEY, 'Update', 'second edit');
  expect(memory.setbacks(KEY)).toEqual([]);
});

test('a deregistration that succeeded leaves those of other records, and other actions, as they were', () => {
  const memory = new Memory();
  const update = setback({});
  const other = setback({ action: 'Deregister', basis: 'oac-2' });
  memory.setBack(KEY, update);
  memory.setBack(KEY, other);
  memory.setBack(KEY, setback({ action: 'Deregister', basis: 'oac-1' }));
  memory.succeeded(KEY, 'Deregister', 'oac-1');
  expect(memory.setbacks(KEY)).toEqual([update, other]);
});

test('a status whose write had no answer is looked at once more, when no such write can take effect', () => {
  const memory = new Memory();
  expect(memory.statusKnownAt(KEY, 0)).toBeUndefined();
  memory.statusUnanswered(KEY, 1_000);
  expect(memory.statusKnownAt(KEY, 2_000)).toBe(91_000);
  expect(memory.statusKnownAt(KEY, 91_000)).toBeUndefined();
  expect(memory.statusKnownAt(KEY, 91_001)).toBeUndefined();
});

test('calls that were sent are remembered for an hour, by client', () => {
  const memory = new Memory();
  const call = (at: number) => ({ kind: 'Update', attempt: `a${at}`, at }) as const;
  memory.wasSent(KEY, call(0));
  memory.wasSent(KEY, call(1_000));
  memory.wasSent(OTHER, call(2_000));
  expect(memory.sentCalls(KEY, 3_000)).toEqual([call(0), call(1_000)]);
  expect(memory.sentCalls(KEY, 3_600_500)).toEqual([call(1_000)]);
  expect(memory.sentCalls(KEY, 3_601_000)).toEqual([]);
  expect(memory.sentCalls(OTHER, 3_601_000)).toEqual([call(2_000)]);
  memory.forget(OTHER);
  expect(memory.sentCalls(OTHER, 3_000)).toEqual([]);
});

test('a call of the future, which a wrong clock noted, does not count', () => {
  const memory = new Memory();
  memory.wasSent(KEY, { kind: 'Update', attempt: 'a1', at: 10_000 });
  expect(memory.sentCalls(KEY, 9_999)).toEqual([]);
});

test('of one client, the latest sixty-four calls are remembered', () => {
  const memory = new Memory();
  for (let at = 0; at < 70; at += 1) {
    memory.wasSent(KEY, { kind: 'Update', attempt: `a${at}`, at });
  }
  expect(memory.sentCalls(KEY, 70).map(({ at }) => at)).toEqual(
    Array.from({ length: 64 }, (_, index) => index + 6),
  );
});

test('overdue renewals are counted for each server, until they are overdue no more or the client is gone', () => {
  const memory = new Memory();
  const [sso, own] = [
    storedServerKey('ClusterAuthorizationServer/sso'),
    storedServerKey('AuthorizationServer/shop/own'),
  ];
  memory.renewalOverdue(KEY, sso);
  memory.renewalOverdue(KEY, sso);
  memory.renewalOverdue(OTHER, sso);
  expect([...memory.overdue]).toEqual([[sso, 2]]);
  memory.renewalOverdue(KEY, own);
  expect([...memory.overdue]).toEqual([
    [sso, 1],
    [own, 1],
  ]);
  memory.renewalOverdue(OTHER, undefined);
  memory.renewalOverdue(OTHER, undefined);
  memory.forget(KEY);
  expect([...memory.overdue]).toEqual([]);
});

test('a pause for probes goes with its server object', () => {
  const memory = new Memory();
  const [corporate, own] = ['ClusterAuthorizationServer/corporate', 'AuthorizationServer/shop/own'].map(
    storedServerKey,
  );
  if (corporate === undefined || own === undefined) {
    throw new Error('two servers');
  }
  memory.pauseProbes(corporate, 5_000);
  memory.pauseProbes(own, 6_000);
  memory.forgetServer(corporate);
  expect([memory.probesPausedUntil(corporate), memory.probesPausedUntil(own)]).toEqual([0, 6_000]);
});
