import { describe, expect, test } from 'vitest';
import { countsOf, minorOf, missingOn, type Report, SUITES, tableOf } from './suites.ts';

const suite = (title: string) => {
  const found = SUITES.find((one) => one.title === title);
  if (found === undefined) {
    throw new Error(`no suite ${title}`);
  }
  return found;
};
const result = (name: string, statuses: readonly string[], status = 'passed') => ({
  name: `/root/${name}`,
  status,
  assertionResults: statuses.map((one) => ({ status: one })),
});
const report = (...testResults: Report['testResults']): Report => ({ success: true, testResults });

test.each([
  ['1.34', 34],
  ['v1.37.2', 37],
])('the minor version of %s is %i', (version, minor) => {
  expect(minorOf(version)).toBe(minor);
});

test.each([
  ['v1.35.4', 'no MutatingAdmissionPolicy v1'],
  ['v1.36.4', undefined],
])('the finalizer overlay on %s: %s', (version, missing) => {
  expect(missingOn(suite('finalizer overlay'), version)).toBe(missing);
  expect(missingOn(suite('deploy'), version)).toBeUndefined();
});

describe('the counts of a suite', () => {
  const deploy = 'test/cluster/deploy';

  test('are those of its files; another suite may have a file of the same folder', () => {
    const given = report(
      result(`${deploy}/rbac.test.ts`, ['passed', 'passed']),
      result(`${deploy}/finalizer-policy.test.ts`, ['passed']),
    );
    expect(countsOf(suite('deploy'), given, '/root')).toEqual({ passed: 2, failed: 0 });
    expect(countsOf(suite('finalizer overlay'), given, '/root')).toEqual({ passed: 1, failed: 0 });
  });

  test.each([
    ['a test that failed', [result(`${deploy}/rbac.test.ts`, ['passed', 'failed'], 'failed')], 1],
    ['a test that was skipped', [result(`${deploy}/rbac.test.ts`, ['passed', 'skipped'])], 1],
    ['a file that could not be loaded', [result(`${deploy}/rbac.test.ts`, [], 'failed')], 1],
    ['no file at all', [], 1],
  ])('call %s a failure', (_, results, failed) => {
    expect(countsOf(suite('deploy'), report(...results), '/root').failed).toBe(failed);
  });
});

test('the table has columns of equal width', () => {
  expect(
    tableOf([
      ['a', 'bcd'],
      ['ef', 'g'],
    ]),
  ).toBe('| a  | bcd |\n| -- | --- |\n| ef | g   |');
});
