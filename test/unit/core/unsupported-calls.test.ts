import { describe, expect, test } from 'vitest';
import { clientKey } from '../../../src/core/client-key.ts';
import {
  ALL_SUPPORTED,
  lacksCall,
  supportedAgain,
  UNSUPPORTED_MS,
  withUnsupported,
} from '../../../src/core/unsupported-calls.ts';

const NOW = 1_000_000;

const met = (key: string, more: { kind?: 'Update' | 'Deregister'; version?: string; at?: number } = {}) => {
  const [namespace = '', name = ''] = key.split('/');
  return {
    kind: 'Update' as const,
    version: 'v1',
    at: NOW,
    namespace,
    client: clientKey({ namespace, name }),
    ...more,
  };
};
const known = (...all: readonly ReturnType<typeof met>[]) => all.reduce(withUnsupported, ALL_SUPPORTED);
const lacks = (calls: ReturnType<typeof known>, namespaces = 2, now = NOW, version = 'v1') =>
  lacksCall(calls, 'Update', { version, namespaces, now });

describe('A server lacks a call', () => {
  test.each([
    ['once clients of two namespaces met that', known(met('a/1'), met('b/1')), 2, true],
    ['not by one client, however often', known(met('a/1'), met('a/1')), 2, false],
    [
      'not by two clients of one namespace, where others have clients',
      known(met('a/1'), met('a/2')),
      2,
      false,
    ],
    ['by two clients, where one namespace has all', known(met('a/1'), met('a/2')), 1, true],
    ['not by one client, where one namespace has all', known(met('a/1')), 1, false],
    ['not by refusals of two kinds of call', known(met('a/1'), met('b/1', { kind: 'Deregister' })), 2, false],
    ['not by what was met before an edit', known(met('a/1', { version: 'v0' }), met('b/1')), 2, false],
  ])('%s', (_, calls, namespaces, expected) => {
    expect(lacks(calls, namespaces)).toBe(expected);
  });

  test('until a day has passed, one succeeds, or the server object is edited', () => {
    const calls = known(met('a/1'), met('b/1'));
    expect(lacks(calls, 2, NOW + UNSUPPORTED_MS - 1)).toBe(true);
    expect(lacks(calls, 2, NOW + UNSUPPORTED_MS)).toBe(false);
    expect(lacks(supportedAgain(calls, 'Update'))).toBe(false);
    expect(lacks(supportedAgain(calls, 'Deregister'))).toBe(true);
    expect(lacks(calls, 2, NOW, 'v2')).toBe(false);
  });

  test('remembers a bounded number', () => {
    expect(known(...Array.from({ length: 99 }, (_, index) => met(`n${index}/c`)))).toHaveLength(32);
  });
});
