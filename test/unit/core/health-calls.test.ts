import { describe, expect, test } from 'vitest';
import type { Failure } from '../../../src/core/failure.ts';
import { callEnds } from '../../../src/core/health-calls.ts';
import type { CallKind } from '../../../src/core/observation.ts';
import { HEALTHY, type ServerHealth } from '../../../src/core/server-health.ts';
import { begins, made, NOW } from '../../kit/fixtures/health-calls.ts';
import {
  fails,
  type HealthEvent,
  having,
  refused,
  silent,
  succeeds,
  thrice,
  tokenRefused,
  trouble,
  unknown,
} from '../../kit/fixtures/health-events.ts';

describe('the phase', () => {
  test.each<readonly [string, readonly HealthEvent[], ServerHealth['phase']]>([
    ['is open at first', [], 'Open'],
    ['stays open after two failures', thrice.slice(1), 'Open'],
    ['is failing after three in a row', thrice, 'Failing'],
    [
      'is open after a success between them',
      [...thrice.slice(1), succeeds('Update'), ...thrice.slice(1)],
      'Open',
    ],
    [
      'is open after a refusal between them: the server answers',
      [...thrice.slice(1), fails('Register', refused), ...thrice.slice(1)],
      'Open',
    ],
    ['is open again when a probe succeeds', [...thrice, succeeds('Deregister')], 'Open'],
    ['is open again when a probe is refused', [...thrice, fails('Register', refused)], 'Open'],
    ['is silent after one registration whose outcome is unknown', [silent], 'Silent'],
    ['is not silent because of an update whose outcome is unknown', [fails('Update', unknown)], 'Open'],
    ['is one at a time when discovery answers', [silent, ['discovery']], 'OneAtATime'],
    ['is open when the next call succeeds', [silent, ['discovery'], succeeds('Register')], 'Open'],
    [
      'is open when the next registration is refused',
      [silent, ['discovery'], fails('Register', refused)],
      'Open',
    ],
    ['is silent again when the next registration gets no answer', [silent, ['discovery'], silent], 'Silent'],
    ['does not change when discovery answers an open server', [['discovery']], 'Open'],
    ['is one at a time when discovery answers a failing server', [...thrice, ['discovery']], 'OneAtATime'],
    ['stays silent when another client is refused', [silent, fails('Register', refused)], 'Silent'],
    ['stays silent while other calls fail', [silent, ...thrice], 'Silent'],
    [
      'stays silent when a registration that was under way succeeds',
      [['begins'], silent, succeeds('Register')],
      'Silent',
    ],
  ])('%s', (_, events, phase) => {
    expect(having(...events).phase).toBe(phase);
  });
});

describe('calls under way', () => {
  test('are counted from beginning to end, however they end', () => {
    const three = having(['begins'], ['begins'], ['begins']);
    expect(three.underWay).toHaveLength(3);
    const ended = [undefined, refused, tokenRefused].reduce<ServerHealth>(
      (health, outcome) => callEnds(health, health.underWay[0] ?? made('Register'), outcome, NOW),
      three,
    );
    expect(ended.underWay).toEqual([]);
  });
});

describe('a success', () => {
  test('of a registration shows that the credential is good', () => {
    expect(having(fails('Register', tokenRefused), succeeds('Register')).refusedAdmission).toBeUndefined();
  });

  test('of an update shows nothing about the credential', () => {
    expect(having(fails('Register', tokenRefused), succeeds('Update')).refusedAdmission).toBeDefined();
  });

  test('clears the last error', () => {
    expect(having(...thrice).lastError).toBe('The server answered status 503');
    expect(having(...thrice, succeeds('Update'))).toMatchObject({ lastError: undefined, failures: 0 });
  });
});

describe('calls that were under way together', () => {
  const together = (outcome: Failure, call: CallKind, count: number) => {
    const begun = Array.from({ length: count }).reduce<ServerHealth>(
      (health) => begins(health, call),
      HEALTHY,
    );
    return Array.from({ length: count }).reduce<ServerHealth>(
      (health, _, index) => callEnds(health, health.underWay[0] ?? made(call), outcome, NOW + 10 + index),
      begun,
    );
  };

  test('count as one failure', () => {
    expect(together(trouble, 'Update', 16)).toMatchObject({ failures: 1, phase: 'Open', underWay: [] });
  });

  test('count as one refusal of the credential', () => {
    expect(together(tokenRefused, 'Register', 16).refusedAdmission).toMatchObject({ attempts: 1 });
  });
});
