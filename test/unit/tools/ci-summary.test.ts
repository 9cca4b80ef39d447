import { describe, expect, test } from 'vitest';
import { ciSummary } from '../../../tools/ci-summary.ts';

const ROOT = '/checkout';

const report = (tests: readonly object[], over: object = {}) => {
  const passed = tests.filter((one) => 'status' in one && one.status === 'passed').length;
  const failed = tests.filter((one) => 'status' in one && one.status === 'failed').length;
  return JSON.stringify({
    success: failed === 0,
    numPassedTests: passed,
    numFailedTests: failed,
    numTotalTests: tests.length,
    testResults: [
      {
        name: `${ROOT}/test/a.test.ts`,
        status: failed === 0 ? 'passed' : 'failed',
        message: '',
        assertionResults: tests,
      },
    ],
    ...over,
  });
};
const result = (status: string, title: string, failureMessages: readonly string[] = []) => ({
  status,
  ancestorTitles: ['clients'],
  title,
  failureMessages,
});

describe('the end of .ci/run', () => {
  test('is the sum alone, if every test passed', () => {
    const reports = new Map([
      ['one.json', report([result('passed', 'a'), result('passed', 'b')])],
      ['two.json', report([result('passed', 'c')])],
    ]);
    expect(ciSummary(reports, ROOT)).toEqual([['3 passed, 0 failed'], true]);
  });

  test('names each test that failed, with the beginning of its message', () => {
    const long = Array.from({ length: 40 }, (_, line) => `line ${line}`).join('\n');
    const [lines, isGood] = ciSummary(
      new Map([['one.json', report([result('failed', 'is Ready', [long])])]]),
      ROOT,
    );
    expect(isGood).toBe(false);
    expect(lines).toEqual([
      'Failed:',
      '  test/a.test.ts > clients > is Ready',
      ...Array.from({ length: 12 }, (_, line) => `      line ${line}`),
      '',
      '0 passed, 1 failed',
    ]);
  });

  test('names tests that passed when they were run again, as passed', () => {
    const reports = new Map([
      [
        'one.json',
        report([
          result('passed', 'is Ready', [
            'expected 2 to be 1\n    at a.test.ts:3:5\n    at /x/node_modules/run.js:1:2',
          ]),
        ]),
      ],
    ]);
    expect(ciSummary(reports, ROOT)).toEqual([
      [
        'Passed only when they were run again:',
        '  test/a.test.ts > clients > is Ready',
        '      expected 2 to be 1',
        '          at a.test.ts:3:5',
        '',
        '1 passed, 0 failed',
      ],
      true,
    ]);
  });

  test.each([
    ['a report is missing', undefined, 'The test runner left no one.json.', '0 passed, 1 failed'],
    ['there was no test', report([]), '0 of 0 tests in one.json were not run.', '0 passed, 0 failed'],
    [
      'a test was skipped',
      report([result('skipped', 'a')]),
      '1 of 1 tests in one.json were not run.',
      '0 passed, 0 failed',
    ],
  ])('is bad, if %s', (_, text, line, sum) => {
    const [lines, isGood] = ciSummary(new Map([['one.json', text]]), ROOT);
    expect(isGood).toBe(false);
    expect(lines).toEqual(['Failed:', `  ${line}`, '', sum]);
  });

  test('is bad and says why, if a file failed as a whole', () => {
    const testResults = [
      {
        name: `${ROOT}/test/b.test.ts`,
        status: 'failed',
        message: 'etcd did not start',
        assertionResults: [],
      },
    ];
    const text = report([result('passed', 'a')], { success: false, testResults });
    expect(ciSummary(new Map([['one.json', text]]), ROOT)).toEqual([
      ['Failed:', '  test/b.test.ts', '      etcd did not start', '', '1 passed, 0 failed'],
      false,
    ]);
  });
});
