import { describe, expect, test } from 'vitest';
import {
  failed,
  notRead,
  notWritten,
  subjectOf,
  warn,
} from '../../../../../src/controller/client/steps/report.ts';
import { failure } from '../../../../../src/core/failure.ts';
import type { SetbackAction } from '../../../../../src/core/observation.ts';
import {
  type InMemoryOptions,
  operatorInMemory,
  refusals,
} from '../../../../kit/fakes/operator-in-memory.ts';
import {
  OPERATOR_NAMESPACE,
  recorded,
  registrationSecret,
  surroundings,
} from '../../../../kit/fixtures/objects.ts';
import { NOW } from '../../../../kit/fixtures/observations.ts';

/** A step of the client `shop/storefront`. */
function inputOf(options: InMemoryOptions = {}) {
  const operator = operatorInMemory(options);
  const { round, context } = operator;
  const setbacks = () => operator.memory.setbacks(round.key);
  return { ...operator, setbacks, input: { o: operator.observe(), round, context } };
}

const CURE = 'Correct spec.client.redirectUris.';
const refused = (kind: 'Terminal' | 'Transient' | 'Unsupported' | 'TokenRefused' | 'Unknown') =>
  failure(kind, 'InvalidRedirectURI', {
    message: 'The server answered 400',
    detail: 'The server answered 400: x',
  });

/** Shortest and longest, in milliseconds. A refusal of a call to the server is tried again after about an hour. */
const pausesAfter = (kind: string, action: SetbackAction): readonly [number, number] =>
  kind === 'Transient'
    ? [2_000, 2_000]
    : action === 'Update'
      ? [0.8 * 3_600_000, 1.2 * 3_600_000]
      : [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];

describe('A failure', () => {
  test.each<readonly [Parameters<typeof refused>[0], SetbackAction, string, boolean]>([
    ['Terminal', 'Update', 'Terminal', true],
    ['Unsupported', 'Update', 'Terminal', true],
    ['Transient', 'Update', 'Transient', false],
    ['TokenRefused', 'Update', 'Transient', false],
    ['Unknown', 'Update', 'Transient', false],
    // The step that gives a client up writes the Event.
    ['Terminal', 'Deregister', 'Terminal', false],
  ])('%s of %s is a setback (%s); it has an Event: %s', (kind, action, expected, isTold) => {
    const { input, setbacks, events, lines } = inputOf();
    expect(failed(action, 'basis', refused(kind), input)).toEqual({ kind: 'done' });
    expect(setbacks()).toMatchObject([
      {
        ...{ action, basis: 'basis', kind: expected, reason: 'InvalidRedirectURI', attempts: 1 },
        ...{ message: `The server answered 400. ${CURE}`, ambiguous: kind === 'Unknown' },
      },
    ]);
    const { retryAt = 0 } = setbacks()[0] ?? {};
    const [least, most] = pausesAfter(expected, action);
    expect(retryAt - NOW).toBeGreaterThanOrEqual(least);
    expect(retryAt - NOW).toBeLessThanOrEqual(most);
    expect([events.length, lines.length]).toEqual(isTold ? [1, 1] : [0, 0]);
  });

  test('waits as long as the step says, before what the server says', () => {
    const { input, setbacks } = inputOf();
    failed('Update', 'b', { ...refused('Transient'), retryAfterMs: 30_000 }, input, 60_000);
    expect(setbacks()).toMatchObject([{ retryAt: NOW + 60_000 }]);
    failed('Update', 'b', { ...refused('Transient'), retryAfterMs: 30_000 }, input);
    expect(setbacks()).toMatchObject([{ retryAt: NOW + 30_000, attempts: 2 }]);
  });
});

describe('A warning', () => {
  test('tells people what happened and what to do, and the log all that is known', () => {
    const { input, events, lines } = inputOf();
    warn('InvalidRedirectURI', 'Update', 'The server answered 400', input, 'The server answered 400 to PUT');
    expect(events).toEqual([
      {
        ...{ reason: 'InvalidRedirectURI', action: 'Update' },
        message: `The server answered 400. ${CURE}`,
        regarding: {
          ...{ kind: 'OAuthClient', namespace: 'shop', name: 'storefront', uid: 'uid-1' },
          namespaceTerminating: false,
        },
      },
    ]);
    expect(lines).toEqual([
      'warn client needs attention {"client":"shop/storefront","action":"Update","reason":"InvalidRedirectURI","detail":"The server answered 400 to PUT"}',
    ]);
  });

  test('is about the object of the record where the object is gone; about none where nothing is known', () => {
    const gone = recorded({ client: { namespace: 'shop', name: 'storefront', uid: 'uid-0' } });
    const { input } = inputOf({ objects: [...surroundings(), registrationSecret(gone)] });
    expect(subjectOf(input.o, input.o.records[0])).toMatchObject({ uid: 'uid-0' });
    expect(subjectOf(input.o, undefined)).toMatchObject({ uid: '' });
  });

  test("is told in the operator's namespace where that of the object is gone", () => {
    const [, ...others] = surroundings();
    const { input } = inputOf({ objects: [...others, registrationSecret()] });
    expect(subjectOf(input.o, input.o.records[0])).toMatchObject({ namespaceTerminating: true });
  });
});

describe('A record that is not read', () => {
  test('is a setback where it is damaged, without an Event: status shows it', () => {
    const { input, setbacks, events } = inputOf();
    const why = { notRead: 'Damaged', message: 'nothing in it' } as const;
    expect(notRead(why, 'Update', 'b', recorded(), input)).toEqual({ kind: 'done' });
    expect(setbacks()).toMatchObject([
      {
        ...{ action: 'Update', basis: 'b', kind: 'Transient', reason: 'RegistrationRecordMissing' },
        message: expect.stringContaining(
          `Registration Secret ${OPERATOR_NAMESPACE}/oac-uid-1-a1 can't be read`,
        ),
      },
    ]);
    expect(events).toEqual([]);
  });

  test('is read again where that is not known', () => {
    const { input, setbacks } = inputOf();
    const why = { notRead: 'Unknown', message: 'no answer' } as const;
    expect(notRead(why, 'Update', 'b', recorded(), input)).toMatchObject({
      kind: 'later',
      why: 'Registration Secret oac-uid-1-a1 could not be read: no answer',
    });
    expect(setbacks()).toEqual([]);
  });
});

describe('A write that fails is tried again', () => {
  test.each([
    [refusals.forbidden, 1],
    [refusals.conflict, 0],
    [refusals.unanswered, 0],
    [refusals.broken, 0],
  ])('$status: only a refusal is in the log, for the operators; nobody else sees it', (result, logged) => {
    const { input, lines, events, setbacks } = inputOf();
    expect(notWritten('finalizer', result, input)).toMatchObject({
      kind: 'later',
      why: `finalizer: ${result.message}`,
    });
    expect([lines.length, events.length, setbacks().length]).toEqual([logged, 0, 0]);
    if (logged > 0) {
      expect(lines[0]).toContain('"what":"finalizer","status":403,"message":"exceeded quota"');
    }
  });
});
