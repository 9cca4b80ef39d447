import { styleText } from 'node:util';
import { formatDuration } from '../testbed/progress.ts';

/** What a step shows while it runs. */
export interface StepReport {
  /** One plain line. */
  say(text: string): void;
  /** What a program printed, as it printed it. */
  block(text: string): void;
  /** ✓ where `found` equals `expected`, else ✗ with both. Neither may be a secret. */
  check(check: Check): void;
}

export interface Check {
  /** What should hold, in plain words. */
  readonly claim: string;
  readonly expected: string | number;
  readonly found: string | number;
}

export interface Step {
  readonly title: string;
  /** Where it fails, there is nothing that later steps could show. */
  readonly essential?: boolean;
  run(report: StepReport): Promise<void>;
}

export interface StepResult {
  readonly title: string;
  readonly outcome: 'held' | 'failed' | 'skipped';
  readonly durationMs: number;
}

/** Where everything goes that the demo prints: one call a line. */
export type Print = (line: string) => void;

/** Colours on a terminal only, and never with NO_COLOR. */
export const paint = (color: Parameters<typeof styleText>[0], text: string): string =>
  styleText(color, text, { stream: process.stdout });

/** Runs the steps in order; one that fails never stops the others, unless it is essential. */
export async function runSteps(steps: readonly Step[], print: Print): Promise<readonly StepResult[]> {
  const results: StepResult[] = [];
  let goOn = true;
  for (const [index, step] of steps.entries()) {
    const title = `${index + 1}. ${step.title}`;
    const result: StepResult = goOn
      ? await runStep(step, title, print)
      : { title, outcome: 'skipped', durationMs: 0 };
    results.push(result);
    goOn &&= !(step.essential && result.outcome === 'failed');
  }
  return results;
}

async function runStep(step: Step, title: string, print: Print): Promise<StepResult> {
  print('');
  print(paint('bold', title));
  const startedAt = performance.now();
  let held = true;
  const fail = (line: string) => {
    held = false;
    print(`   ${paint('red', '✗')} ${line}`);
  };
  const report: StepReport = {
    say: (text) => print(`   ${text}`),
    block: (text) => {
      for (const line of text.trimEnd().split('\n')) {
        print(`     ${paint('gray', line)}`);
      }
    },
    check: ({ claim, expected, found }) => {
      if (found !== expected) {
        return fail(`${claim}: expected ${expected}, found ${found}`);
      }
      print(`   ${paint('green', '✓')} ${claim}: ${found}`);
    },
  };
  try {
    await step.run(report);
  } catch (error) {
    fail(`The step could not go on: ${error instanceof Error ? error.message.trim() : String(error)}`);
  }
  return { title, outcome: held ? 'held' : 'failed', durationMs: performance.now() - startedAt };
}

/** How each step ended and what it took. */
export function printSummary(results: readonly StepResult[], print: Print): void {
  const MARKS = {
    held: paint('green', '✓'),
    failed: paint('red', '✗'),
    skipped: paint('yellow', '–'),
  } as const;
  const width = Math.max(...results.map(({ title }) => title.length));
  const total = results.reduce((sum, { durationMs }) => sum + durationMs, 0);
  const row = (mark: string, title: string, time: string) =>
    print(`   ${mark} ${title.padEnd(width)}  ${time.padStart(11)}`);
  print('');
  print(paint('bold', 'Summary'));
  for (const { title, outcome, durationMs } of results) {
    row(MARKS[outcome], title, outcome === 'skipped' ? 'not tried' : formatDuration(durationMs));
  }
  row(' ', 'Together', formatDuration(total));
}
