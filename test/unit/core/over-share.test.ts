import { describe, expect, test } from 'vitest';
import { toClientObject } from '../../../src/core/desired.ts';
import { isLessOfClient, isLessOfServer, lessOfClient, lessOfServer } from '../../../src/core/over-share.ts';
import { plan } from '../../../src/core/plan.ts';
import { observation, record } from '../../kit/fixtures/observations.ts';
import { issuer, objectOf, open } from '../../kit/fixtures/server-objects.ts';

const metadata = {
  name: 'storefront',
  namespace: 'shop',
  uid: 'uid-1',
  resourceVersion: '7',
  generation: 3,
  finalizers: ['oauth-registrar.dev/registration'],
};
const spec = { client: { clientName: 'x'.repeat(2_000) }, deletionPolicy: 'Retain' };
const told = (observedGeneration: number) => ({
  conditions: [
    {
      type: 'Ready',
      status: 'False',
      reason: 'NamespaceShareReached',
      message: 'x'.repeat(400),
      lastTransitionTime: '2026-05-01T11:00:00Z',
      observedGeneration,
    },
  ],
});
const whole = (change: object = {}) => toClientObject({ metadata, spec, ...change });

describe('what is kept of an OAuthClient without room (H1)', () => {
  test('is what its ending needs, and the fact', () => {
    const less = lessOfClient(whole(), 9_000);
    expect(isLessOfClient(less)).toBe(true);
    expect(isLessOfClient(whole())).toBe(false);
    expect(less.metadata).toEqual(whole().metadata);
    expect(less.observed).toMatchObject({
      uid: 'uid-1',
      hasFinalizer: true,
      retained: true,
      desired: { valid: false, reason: 'NamespaceShareReached' },
      status: {},
    });
  });

  test('has whose client it is, which the next status takes over', () => {
    const status = { clientId: 'c1', issuer, secretName: 's', installation: 'main', ...told(3) };
    expect(lessOfClient(whole({ status }), 9_000).observed).toMatchObject({
      status: { clientId: 'c1', issuer, secretName: 's', installation: 'main' },
      isTold: true,
    });
    expect(lessOfClient(whole({ status }), 9_000).observed.status.conditions).toBeUndefined();
  });

  test.each([
    ['not yet', {}, false],
    ['of this generation', told(3), true],
    ['of an earlier one', told(2), false],
  ])('says whether its status has the fact: %s', (_, status, isTold) => {
    expect(lessOfClient(whole({ status }), 9_000).observed.isTold).toBe(isTold);
  });

  test('is not taken for the spec of the same generation when the object is read again', () => {
    expect(toClientObject({ metadata, spec }, lessOfClient(whole(), 9_000)).observed.desired).toMatchObject({
      valid: true,
    });
  });

  test('stalls, and says what to do', () => {
    const { observed } = lessOfClient(whole(), 9_000);
    expect(plan(observation({ object: observed, records: [] }))).toMatchObject({
      type: 'Idle',
      state: 'Stalled',
      reason: 'NamespaceShareReached',
      message: expect.stringContaining('Delete objects that nobody needs'),
    });
  });

  test('is enough to end it', () => {
    const deleting = { ...metadata, deletionTimestamp: '2026-05-01T11:00:00Z' };
    const { observed } = lessOfClient(
      toClientObject({ metadata: deleting, spec: { ...spec, deletionPolicy: 'Delete' } }),
      9_000,
    );
    const own = record({ client: { namespace: 'shop', name: 'storefront', uid: 'uid-1' } });
    expect(plan(observation({ object: observed, records: [own] }))).toMatchObject({ type: 'Deregister' });
    expect(plan(observation({ object: observed, records: [] }))).toMatchObject({ type: 'RemoveFinalizer' });
  });
});

test('what is kept of a server object without room is the fact (H1)', () => {
  const less = lessOfServer(objectOf({ issuer, registration: open } as never), 9_000);
  expect(less).toMatchObject({ spec: undefined, problemReason: 'NamespaceShareReached', status: {} });
  expect([isLessOfServer(less), isLessOfServer(objectOf({ issuer, registration: open } as never))]).toEqual([
    true,
    false,
  ]);
});
