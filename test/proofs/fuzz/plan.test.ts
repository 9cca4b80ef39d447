import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CONDITION_TYPES, type ConditionTypeFacts } from '../../../src/api/condition-types.ts';
import type { KubernetesObject } from '../../../src/api/kubernetes.ts';
import { toClientObject } from '../../../src/core/desired.ts';
import type { Observation } from '../../../src/core/observation.ts';
import { plan } from '../../../src/core/plan.ts';
import { summarize } from '../../../src/core/summarize.ts';
import {
  closed,
  desired,
  NOW,
  object,
  observation,
  record,
  secret,
  setback,
  unavailable,
} from '../../kit/fixtures/observations.ts';
import { anyObservation } from './any-observation.ts';
import { check } from './check.ts';
import { expectPresentable } from './messages.ts';
import { after } from './obedient-world.ts';

/** For any observation, also one that no history leads to, there is one step or a reason to wait. */

/** More than any history needs; only a plan that loops needs more. */
const MOST_STEPS = 30;

function settle(given: Observation): { readonly o: Observation; readonly steps: readonly string[] } {
  let o = given;
  const steps: string[] = [];
  for (let action = plan(o); action.type !== 'Idle' && steps.length < MOST_STEPS; action = plan(o)) {
    steps.push(action.type);
    o = after(o, action);
  }
  return { o, steps };
}

describe('plan', () => {
  test('is idle or has a step, the same each time, with a reason that people can read', () => {
    check(
      fc.property(anyObservation, (o) => {
        const action = plan(o);
        expect(plan(o)).toEqual(action);
        expectPresentable(action.message);
        expect(action.message).toMatch(/\S.*\S/);
        if (action.type === 'Idle') {
          expect(action.until ?? NOW + 1).toBeGreaterThan(NOW);
          expect(action.until ?? 0).toBeLessThan(Number.POSITIVE_INFINITY);
        }
      }),
    );
  });

  test('has a status whenever it is idle, and the same one after that is written', () => {
    check(
      fc.property(anyObservation, (o) => {
        const action = plan(o);
        if (action.type !== 'Idle' || o.object === undefined) {
          return;
        }
        const status = summarize(o, o.object, action, undefined);
        const written = { ...o, object: { ...o.object, status } };
        const again = plan(written);
        if (again.type === 'Idle') {
          expect(summarize(written, written.object, again, undefined)).toEqual(status);
        }
      }),
    );
  });

  test('has the conditions of its kind, as the table of condition types says', () => {
    const types = Object.entries<ConditionTypeFacts>(CONDITION_TYPES).filter(([, { of }]) =>
      of.includes('OAuthClient'),
    );
    check(
      fc.property(anyObservation, (o) => {
        const action = plan(o);
        if (action.type !== 'Idle' || o.object === undefined) {
          return;
        }
        const { conditions = [] } = summarize(o, o.object, action, undefined);
        const expected = types.filter(
          ([type, { shown }]) => shown === 'Always' || conditions.some((one) => one.type === type),
        );
        expect(conditions.map(({ type }) => type).toSorted()).toEqual(
          expected.map(([type]) => type).toSorted(),
        );
        const shownWhileTrue = conditions.filter(
          ({ type }) => types.find(([name]) => name === type)?.[1].shown === 'WhileTrue',
        );
        expect(shownWhileTrue.map(({ status }) => status)).toEqual(shownWhileTrue.map(() => 'True'));
      }),
    );
  });

  test('becomes idle if every step succeeds, and stays idle', () => {
    check(
      fc.property(anyObservation, (given) => {
        const { o, steps } = settle(given);
        expect(steps.length, steps.join(' ')).toBeLessThan(MOST_STEPS);
        expect(plan(o)).toEqual(plan(o));
        expect(plan(o).type).toBe('Idle');
      }),
    );
  });

  test('registers a client at most once meanwhile, and deregisters none that a Secret shows', () => {
    check(
      fc.property(anyObservation, (given) => {
        const { o, steps } = settle(given);
        expect(steps.filter((step) => step === 'Register').length, steps.join(' ')).toBeLessThanOrEqual(1);
        const isReady = plan(o).type === 'Idle' && (plan(o) as { readonly state: string }).state === 'Ready';
        const shown = o.secrets.find(({ name, ownerUid }) => ownerUid === 'uid-1' && name !== 'former');
        expect(
          !isReady || o.records.some(({ registrationSecret }) => registrationSecret === shown?.shows),
          steps.join(' '),
        ).toBe(true);
      }),
    );
  });

  test('calls no server that is unavailable or closed, except to finish work that needs no server', () => {
    const away = fc.constantFrom(unavailable, closed('AuthorizationServerPaused', 'It is paused.'));
    check(
      fc.property(anyObservation, away, (o, closedServer) => {
        expect(['Register', 'Update']).not.toContain(
          plan(observation({ ...o, server: closedServer, servers: undefined })).type,
        );
      }),
    );
  });

  test('neither removes nor replaces a client because of an unreadable time', () => {
    const unborn = object({
      createdAt: Number.NaN,
      desired: desired({ lifetime: { expiresAfter: '1m', onExpiry: 'DeleteObject' } }),
    });
    expect(plan(observation({ object: unborn }))).toMatchObject({ type: 'Idle', state: 'Ready' });
    for (const damaged of [
      { clientSecretExpiresAt: 'soon' },
      { clientSecretExpiresAt: '2027-01-01T00:00:00Z', registeredAt: '' },
      { registrationAccessTokenExpiresAt: 'soon' },
      { registrationAccessTokenExpiresAt: '2027-01-01T00:00:00Z', tokenIssuedAt: 'lately' },
    ]) {
      const records = [record(damaged)];
      expect(plan(observation({ records })), JSON.stringify(damaged)).toMatchObject({
        type: 'Idle',
        state: 'Ready',
      });
    }
  });

  test("shows the replacement of a client, although an older client can't be deregistered", () => {
    const expired = record({ attempt: 'a2', clientId: 'c2', registeredAt: '2026-05-01T11:30:00Z' });
    const leftover = record({ attempt: 'a1', clientId: 'c1', registeredAt: '2026-05-01T11:00:00Z' });
    const successor = record({
      attempt: 'a3',
      clientId: 'c3',
      registeredAt: '2026-05-01T12:00:00Z',
      replaces: expired.registrationSecret,
    });
    const o = observation({
      object: object({ status: { clientId: 'c2', installation: 'main' } }),
      records: [leftover, expired, successor],
      secrets: [secret({}, expired)],
      setbacks: [setback({ basis: leftover.registrationSecret })],
    });
    expect(plan(o)).toMatchObject({ type: 'Publish', record: { clientId: 'c3' } });
  });

  test('shows the client in the Secret with the current name, although a Secret with a former name shows another', () => {
    const before = record({ attempt: 'a1', clientId: 'c1' });
    const now = record({ attempt: 'a3', clientId: 'c3', registeredAt: '2026-05-01T12:00:00Z' });
    const o = observation({
      records: [before, now],
      secrets: [secret({ name: 'former' }, before), secret({}, now)],
    });
    const { o: end, steps } = settle(o);
    expect(steps).not.toContain('Publish');
    expect(end.records.map(({ clientId }) => clientId)).toEqual(['c3']);
  });

  test('chooses one of two records that a person edited to replace each other', () => {
    const circle = [
      record({ attempt: 'a1', replaces: 'oac-uid-1-a2' }),
      record({ attempt: 'a2', replaces: 'oac-uid-1-a1' }),
    ];
    expect(settle(observation({ records: circle })).steps).not.toContain('Register');
  });

  test('continues with an object without a creationTimestamp', () => {
    const raw = { metadata: { name: 'storefront' }, spec: { client: {}, lifetime: { expiresAfter: '1m' } } };
    const { observed } = toClientObject(raw as unknown as KubernetesObject);
    expect(plan(observation({ object: { ...observed, uid: 'uid-1' } })).type).not.toBe('DeleteObject');
  });
});
