import { describe, expect, test } from 'vitest';
import {
  basisText,
  recalled,
  refusalPauseMs,
  refusalToKeep,
  spreadMs,
} from '../../../src/core/remembered-refusal.ts';
import { NOW, setback } from '../../kit/fixtures/observations.ts';

const HOUR = 3_600_000;
const uids = Array.from({ length: 5_000 }, (_, index) => `4f0c6a52-${index}-4c1e-9d1f-8f8a1b2c3d4e`);

const refused = (more: object = {}) =>
  setback({
    ...{ action: 'Register', kind: 'Terminal', reason: 'RegistrationRefused', message: 'No.' },
    ...{
      basis: 'b1',
      retryAt: NOW - 1_000 + refusalPauseMs({ basis: 'b1', attempts: 1, reason: 'RegistrationRefused' }),
    },
    ...more,
  });
const status = refusalToKeep([refused()], {}, false);

describe('What status keeps of a refusal', () => {
  test('is what was refused, how often, and when', () => {
    expect(status).toEqual({
      ...{ call: 'Register', basis: 'b1', reason: 'RegistrationRefused', message: 'No.', attempts: 1 },
      at: '2026-05-01T11:59:59Z',
    });
  });

  test.each([
    ['a failure that passes', refused({ kind: 'Transient' })],
    ['a refusal by the API server', refused({ action: 'Publish' })],
    ['a deregistration', refused({ action: 'Deregister' })],
  ])('is nothing of %s', (_, one) => {
    expect(refusalToKeep([one], {}, false)).toBeUndefined();
  });

  test('has the time of the refusal, also where the next try follows after another pause', () => {
    const later = refused({ at: NOW - 2_000, retryAt: NOW + 24 * HOUR });
    expect(refusalToKeep([later], {}, false)).toMatchObject({ at: '2026-05-01T11:59:58Z' });
  });

  test('goes when the object has what its spec wants, or when the same call failed otherwise since', () => {
    const before = { refusal: status };
    expect(refusalToKeep([], before, false)).toEqual(status);
    expect(refusalToKeep([], before, true)).toBeUndefined();
    expect(refusalToKeep([refused({ kind: 'Transient' })], before, false)).toBeUndefined();
  });

  test('does not change by being read and kept again', () => {
    const again = recalled({ status: { refusal: status } }, NOW, 0);
    expect(refusalToKeep(again === undefined ? [] : [again], { refusal: status }, false)).toEqual(status);
  });
});

describe('What a new process reads', () => {
  test.each([
    ['one that is due after its pause', {}, refusalPauseMs(refused()) - 1_000],
    ['one that is due, where its time is in the future', { at: '2026-05-03T12:00:00Z' }, 0],
    ['one that is due, where its time can not be read', { at: 'x' }, -Number.MAX_VALUE],
  ])('is %s', (_, more, least) => {
    const refusal = status && { ...status, ...more };
    const { retryAt = Number.NaN } = recalled({ status: { refusal } }, NOW, 0) ?? {};
    expect(retryAt - NOW).toBeGreaterThanOrEqual(least);
    expect(retryAt - NOW).toBeLessThanOrEqual(Math.max(least, 0));
  });

  test('waits for its turn, even if it is due', () => {
    const refusal = status && { ...status, at: '2026-04-01T12:00:00Z' };
    expect(recalled({ status: { refusal } }, NOW, NOW + 5_000)).toMatchObject({ retryAt: NOW + 5_000 });
  });

  test('is nothing where another version wrote a reason that this one does not know', () => {
    expect(
      recalled({ status: { refusal: status && { ...status, reason: 'Unheard' } } }, NOW, 0),
    ).toBeUndefined();
  });
});

test('no pause is longer than a day, and refusals of one moment are tried again at different times', () => {
  const pauses = uids.map((uid) =>
    refusalPauseMs({ basis: uid, attempts: 1_000, reason: 'RegistrationRefused' }),
  );
  expect(Math.max(...pauses)).toBeLessThanOrEqual(24 * HOUR);
  expect(Math.max(...pauses) - Math.min(...pauses)).toBeGreaterThan(6 * HOUR);
});

test('5,000 objects that were refused are spread over minutes after a start, a single one does not wait', () => {
  const delays = uids.map((uid) => spreadMs(uid, 5_000)).toSorted((a, b) => a - b);
  const busiest = delays.map(
    (delay, index) => delays.filter((other, at) => at >= index && other < delay + 1_000).length,
  );
  expect(Math.max(...busiest.slice(0, 200))).toBeLessThan(100);
  expect(delays.at(-1)).toBeLessThanOrEqual(500_000);
  expect(spreadMs(uids[0] ?? '', 1)).toBeLessThanOrEqual(100);
  expect(spreadMs(uids[0] ?? '', 1_000_000)).toBeLessThanOrEqual(600_000);
});

test('the parts of a basis are told apart, and none can be read in it', () => {
  expect(basisText('uid', 'secret-hash')).toMatch(/^[\w-]{22}$/);
  expect(basisText('a', 'b')).not.toBe(basisText('a', 'c'));
});
