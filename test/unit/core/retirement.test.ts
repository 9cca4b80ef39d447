import { describe, expect, test } from 'vitest';
import type { Observation } from '../../../src/core/observation.ts';
import { plan } from '../../../src/core/plan.ts';
import { replacementOf } from '../../kit/fixtures/client-specs.ts';
import { desired, NOW, object, observation, record, secret } from '../../kit/fixtures/observations.ts';

const HOUR = 3_600_000;
const at = (ms: number): string => new Date(NOW + ms).toISOString();
const former = record({
  registrationSecret: 'oac-uid-1-a0',
  clientId: 'c0',
  registeredAt: at(-1_000 * HOUR),
});
const current = (sinceMs: number) =>
  record({ replaces: former.registrationSecret, registeredAt: at(-sinceMs) });

/** Another client took the place of `c0` so long ago; the overlap is an hour. */
const replaced = (sinceMs: number, more: Partial<Observation> = {}, overlap = '1h'): Observation => {
  const replacement = { ...replacementOf({ overlap }), retire: 'WhenUnused' as const };
  return observation({
    object: object({ desired: desired({ replacement }) }),
    records: [former, current(sinceMs)],
    secrets: [secret({}, current(sinceMs))],
    ...more,
  });
};
const users = (pods: readonly string[], agoMs = 0) => ({
  users: [{ of: former.registrationSecret, pods, at: NOW - agoMs }],
});

const ENDS = { type: 'Deregister', because: 'Surplus' };
const LOOKS = {
  type: 'FindUsers',
  secret: 'storefront-oauth',
  message: 'Client c0 is over its overlap: Pods that still use it are looked for.',
};
const RESTS = { type: 'Idle', state: 'Ready' };

describe('A former client that ends when it is unused', () => {
  test.each<readonly [string, Observation, object]>([
    ['stays during its overlap, and nobody looks for Pods', replaced(HOUR / 2), RESTS],
    ['is looked for in Pods when the overlap is over', replaced(2 * HOUR), LOOKS],
    ['ends when no Pod uses it', replaced(2 * HOUR, users([])), ENDS],
    ['stays while a Pod uses it', replaced(2 * HOUR, users(['web-1'])), RESTS],
    ['is looked for again after some minutes', replaced(2 * HOUR, users(['web-1'], 300_000)), LOOKS],
    [
      'is looked for again when a person asks for it',
      replaced(2 * HOUR, {
        ...users(['web-1']),
        object: object({
          desired: desired({ replacement: { ...replacementOf({ overlap: '1h' }), retire: 'WhenUnused' } }),
          reconcileRequestedAt: 'now',
        }),
      }),
      LOOKS,
    ],
    ['is looked for again where the answer is old', replaced(2 * HOUR, users([], 60_000)), LOOKS],
    ['ends after 720 hours, whoever uses it', replaced(720 * HOUR, users(['web-1'])), ENDS],
    ['ends at once where the overlap is 0s', replaced(1_000, {}, '0s'), ENDS],
  ])('%s', (_, o, action) => {
    expect(plan(o)).toMatchObject(action);
  });

  test('is named in the message of the object, with its Pods and its end', () => {
    const pods = ['web-1', 'web-2', 'web-3', 'web-4'];
    expect(plan(replaced(2 * HOUR, users(pods)))).toMatchObject({
      message: `The client is registered and its Secret is up to date. Client c0 is kept while Pods that started before the new credential run: web-1, web-2, web-3 and 1 more. Restart them; it ends at ${at(718 * HOUR).replace('.000', '')} at the latest.`,
      until: NOW + 300_000,
    });
  });

  test('ends by the overlap alone where the spec does not ask for more', () => {
    const replacement = replacementOf({ overlap: '1h' });
    const o = replaced(2 * HOUR, { object: object({ desired: desired({ replacement }) }) });
    expect(plan(o)).toMatchObject(ENDS);
  });

  test('is not looked for where the installation lists no Pods', () => {
    expect(plan(replaced(2 * HOUR, { mayRestart: false }))).toMatchObject({
      type: 'Idle',
      reason: 'InvalidSpec',
      message:
        'spec.replacement.retire WhenUnused needs the Pods that use the Secret, and this installation lists none. Set AfterOverlap, or ask the platform team to permit it by --rollout-restarts.',
    });
  });
});

describe('A former key that ends when it is unused', () => {
  const keyed = (more: Partial<Observation> = {}): Observation => {
    const replacement = { ...replacementOf({ overlap: '1h' }), retire: 'WhenUnused' as const };
    const credential = { generatedKey: { algorithm: 'ES256', overlap: '1h' } } as const;
    const it = record({
      keyCreatedAt: at(-2 * HOUR),
      keyRetiresAt: NOW - HOUR,
      keyRotatesAt: NOW + 100 * HOUR,
    });
    const wanted = desired({ replacement, credential });
    return observation({
      object: object({ desired: wanted }),
      records: [it],
      secrets: [secret({}, it)],
      ...more,
    });
  };

  test('is looked for in Pods, and stays while one uses it', () => {
    const looks = plan(keyed());
    expect(looks).toMatchObject({
      type: 'FindUsers',
      message: 'The former key of client c1 is over its overlap: Pods that still use it are looked for.',
    });
    const of = looks.type === 'FindUsers' ? looks.retirement.id : '';
    const actionWith = (pods: readonly string[]) => {
      const action = plan(keyed({ users: [{ of, pods, at: NOW }] }));
      return action.type === 'Update' ? action.keys : action.type;
    };
    expect(actionWith([])).toBe('Retire');
    expect(actionWith(['web-1'])).not.toBe('Retire');
  });
});
