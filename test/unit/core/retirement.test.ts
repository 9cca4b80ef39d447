import { describe, expect, test } from 'vitest';
import { shownSinceText } from '../../../src/core/given-credential.ts';
import { registered, usable } from '../../../src/core/narrowed.ts';
import type { Observation } from '../../../src/core/observation.ts';
import { plan } from '../../../src/core/plan.ts';
import { isAt } from '../../../src/core/record.ts';
import { summarize } from '../../../src/core/summarize.ts';
import { renderBasis, wantedOf } from '../../../src/core/workload.ts';
import type { ObservedSecret } from '../../../src/core/workload-secret.ts';
import { replacementOf } from '../../kit/fixtures/client-specs.ts';
import {
  desired,
  NOW,
  object,
  observation,
  record,
  secret,
  setback,
} from '../../kit/fixtures/observations.ts';

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
const shownText = (o: Observation, ms: number): string => {
  const [, successor = former] = o.records;
  return shownSinceText(o, successor, undefined, ms) ?? '';
};
/** Another client took the place of `c0`, and no Secret can be made of its values. */
const unfit = (sinceMs: number): Observation => {
  const o = replaced(sinceMs, { secrets: [secret({}, former)] });
  if (o.object?.desired.valid !== true) {
    throw new Error('a spec that can be used');
  }
  const narrowed = registered(usable(o, o.object, o.object.desired), current(sinceMs));
  const basis = renderBasis(narrowed, narrowed.current, wantedOf(narrowed));
  const message = 'Secret storefront-oauth is not written.';
  const failed = { action: 'Render', kind: 'Terminal', reason: 'TemplateInvalid', message, basis } as const;
  return { ...o, setbacks: [setback({ ...failed, retryAt: Number.POSITIVE_INFINITY })] };
};
/** The client moved two hours ago, by a migration with this overlap; its own is 24 hours. */
const moved = (overlap: string): Observation => {
  const to = { kind: 'ClusterAuthorizationServer', name: 'corporate-new' } as const;
  const successor = { ...current(2 * HOUR), server: to };
  const o = replaced(2 * HOUR, { records: [former, successor], secrets: [secret({}, successor)] }, '24h');
  const servers = o.servers.map((server) =>
    isAt(former, server.ref) ? { ...server, migration: { to, overlap } } : server,
  );
  const at = { from: former.server, to, state: 'Moved', clientsInNamespace: 0 } as const;
  return { ...o, servers, migration: { ...at, target: o.server } };
};
const withKey = record({
  registeredAt: at(-1_000 * HOUR),
  keyCreatedAt: at(-2 * HOUR),
  keyRetiresAt: NOW - HOUR,
  keyRotatesAt: NOW + 100 * HOUR,
});
const shownKey = (ms: number): string => shownSinceText({ records: [withKey] }, withKey, undefined, ms) ?? '';
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
    [
      'stays as long as the Secret shows it, and nobody looks for Pods',
      unfit(2 * HOUR),
      { ...RESTS, state: 'Stalled', reason: 'TemplateInvalid' },
    ],
    [
      'is looked for in Pods from before the Secret shows the new one',
      replaced(2 * HOUR, {
        secrets: [secret({ shownSince: shownText(replaced(2 * HOUR), NOW - HOUR) }, current(2 * HOUR))],
      }),
      { ...LOOKS, retirement: { since: NOW - HOUR, until: NOW + 718 * HOUR } },
    ],
    ['ends at once where the overlap of its migration is 0s', moved('0s'), ENDS],
    ['is looked for in Pods where the overlap of its migration is over', moved('1h'), LOOKS],
  ])('%s', (_, o, action) => {
    expect(plan(o)).toMatchObject(action);
  });

  test('that the Secret still shows after its overlap is told', () => {
    const messageOf = (o: Observation) => {
      const idle = plan(o);
      return idle.type === 'Idle' && o.object !== undefined
        ? summarize(o, o.object, idle, undefined).conditions?.[0]?.message
        : idle.type;
    };
    expect(messageOf(unfit(HOUR / 2))).toBe('Secret storefront-oauth is not written.');
    expect(messageOf(unfit(2 * HOUR))).toBe(
      'Secret storefront-oauth is not written. Client c0 is past its overlap, and stays registered until Secret storefront-oauth no longer shows it.',
    );
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
    const wanted = desired({ replacement, credential });
    return observation({
      object: object({ desired: wanted }),
      records: [withKey],
      secrets: [secret({}, withKey)],
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

  test.each<readonly [string, Partial<ObservedSecret>, string]>([
    ['was edited by somebody', { projection: undefined }, 'Idle'],
    [
      'shows the new key already, though it was edited',
      { projection: undefined, shownSince: shownKey(NOW - HOUR) },
      'Update',
    ],
  ])('stays while the Secret may show it; the Secret %s', (_, secretNow, expected) => {
    const o = keyed();
    const taken = setback({ action: 'Publish', retryAt: NOW + HOUR, reason: 'SecretWriteUndone' });
    const basis = 'storefront-oauth 3 ';
    const users = [{ of: `${withKey.registrationSecret} ${withKey.keyCreatedAt}`, pods: [], at: NOW }];
    const action = plan({
      ...o,
      users,
      secrets: [secret(secretNow, withKey)],
      setbacks: [{ ...taken, basis }],
    });
    expect(action.type).toBe(expected);
  });
});
