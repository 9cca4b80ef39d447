import { existsSync, readFileSync } from 'node:fs';
import { relative } from 'node:path';

/** What is read of a report that the test runner writes as JSON. */
interface Report {
  readonly success: boolean;
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numTotalTests: number;
  readonly testResults: readonly TestFile[];
}

interface TestFile {
  /** Path of the file. */
  readonly name: string;
  readonly status: string;
  /** Why the file as a whole failed, or empty. */
  readonly message: string;
  readonly assertionResults: readonly TestResult[];
}

interface TestResult {
  readonly status: string;
  readonly ancestorTitles: readonly string[];
  readonly title: string;
  /** Also those of a first try, where the second one passed. */
  readonly failureMessages: readonly string[];
}

/** Lines of a failure that are printed; the rest stands where the test runner printed it. */
const LINES_OF_A_FAILURE = 12;

/** A line of a stack that shows a library or Node itself. */
const IN_A_LIBRARY = /^\s+at .*(node_modules\/|node:|<anonymous>)/;

/**
 * The end of `.ci/run`: which tests failed and why, which passed only when they were run again, and the sum.
 *
 * @param reports path → text of the report, or undefined where the test runner left none
 * @returns the lines, the last one `N passed, N failed`; and whether every test was run and passed
 */
export function ciSummary(
  reports: ReadonlyMap<string, string | undefined>,
  root: string,
): [string[], boolean] {
  const failed: string[] = [];
  const again: string[] = [];
  let passedTests = 0;
  let failedTests = 0;
  let isGood = true;
  for (const [path, text] of reports) {
    if (text === undefined) {
      failed.push(`  The test runner left no ${path}.`);
      failedTests += 1;
      isGood = false;
      continue;
    }
    const report = JSON.parse(text) as Report;
    passedTests += report.numPassedTests;
    failedTests += report.numFailedTests;
    const unrun = report.numTotalTests - report.numPassedTests - report.numFailedTests;
    if (unrun !== 0 || report.numTotalTests === 0) {
      failed.push(`  ${unrun} of ${report.numTotalTests} tests in ${path} were not run.`);
    }
    isGood &&= report.success && report.numPassedTests === report.numTotalTests && report.numTotalTests > 0;
    for (const file of report.testResults) {
      const name = relative(root, file.name);
      if (file.status === 'failed' && file.message !== '') {
        failed.push(...failure(name, [file.message]));
      }
      for (const test of file.assertionResults) {
        if (test.status !== 'failed' && test.failureMessages.length === 0) {
          continue;
        }
        const list = test.status === 'failed' ? failed : again;
        list.push(...failure([name, ...test.ancestorTitles, test.title].join(' > '), test.failureMessages));
      }
    }
  }
  return [
    [
      ...(again.length === 0 ? [] : ['Passed only when they were run again:', ...again, '']),
      ...(failed.length === 0 ? [] : ['Failed:', ...failed, '']),
      `${passedTests} passed, ${failedTests} failed`,
    ],
    isGood,
  ];
}

function failure(name: string, messages: readonly string[]): string[] {
  const lines = messages
    .join('\n')
    .split('\n')
    .filter((line) => line.trim() !== '' && !IN_A_LIBRARY.test(line));
  return [`  ${name}`, ...lines.slice(0, LINES_OF_A_FAILURE).map((line) => `      ${line}`)];
}

if (import.meta.main) {
  const paths = process.argv.slice(2);
  const reports = paths.map(
    (path) => [path, existsSync(path) ? readFileSync(path, 'utf8') : undefined] as const,
  );
  const [lines, isGood] = ciSummary(new Map(reports), process.cwd());
  console.log(lines.join('\n'));
  process.exitCode = isGood ? 0 : 1;
}
