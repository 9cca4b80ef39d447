import { randomBytes } from 'node:crypto';
import { constants } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { createProgress } from '../testbed/progress.ts';
import { startTestbed, type Testbed } from '../testbed/testbed.ts';
import { followOperator, printInvitation } from './hands-on.ts';
import { type Print, paint, printSummary, runSteps, type StepResult } from './report.ts';
import { renderSample } from './sample.ts';
import { endOfAClient, lifeOfAClient } from './script.ts';
import type { Stage } from './stage.ts';

/** The life of one OAuth client on this machine, checked step by step. */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
/** For a start that a signal interrupts: it ends in order where it is nearly done. */
const GRACE_MS = 3_000;
const LOG_LINES = 8;

/**
 * Shows every step and removes what it started.
 *
 * @param keep stop before the deletion and leave everything running until a signal
 * @returns the exit code
 */
export async function demo(keep: boolean): Promise<number> {
  const interrupted = firstSignal();
  let quiet = false;
  const print: Print = (line) => void (quiet || console.log(line));
  const starting = start(print);
  const showing = starting.then((testbed) => show(testbed, { keep, interrupted, print }));
  const code = await Promise.race([
    showing.catch((error: unknown) => {
      print(`${paint('red', '✗')} ${error instanceof Error ? error.message : String(error)}`);
      return 1;
    }),
    // With --keep, the signal is the expected end once everything is shown; `showing` then ends by itself.
    interrupted.then(async (signal) => {
      const ended = await Promise.race([showing.catch(() => 1), sleep(0, undefined)]);
      return ended ?? 128 + constants.signals[signal];
    }),
  ]);
  quiet = true;
  await end(starting);
  return code;
}

async function start(print: Print): Promise<Testbed> {
  print(
    'oauth-registrar: a Kubernetes API, an authorization server and the operator, on this machine alone.',
  );
  const progress = createProgress({ stream: process.stdout });
  const testbed = await progress.step('Starting all three, with deploy/ applied', () =>
    startTestbed({
      controllerManager: true,
      server: { initialAccessToken: randomBytes(24).toString('base64url') },
      progress,
    }),
  );
  print(`   Kubernetes ${testbed.controlPlane.url}, authorization server ${testbed.server.issuer}`);
  return testbed;
}

interface Showing {
  readonly keep: boolean;
  readonly interrupted: Promise<unknown>;
  readonly print: Print;
}

/** Returns the exit code; with `keep` only once there was a signal. */
async function show(testbed: Testbed, { keep, interrupted, print }: Showing): Promise<number> {
  const stage: Stage = { testbed, sample: await renderSample(testbed) };
  const steps = lifeOfAClient(stage);
  const results = await runSteps(keep ? steps : [...steps, endOfAClient(stage)], print);
  printSummary(results, print);
  const code = verdict(results, testbed, print);
  if (keep) {
    const log = followOperator(testbed);
    await printInvitation(stage, log, print);
    await interrupted;
    log.stop();
  }
  return code;
}

function verdict(results: readonly StepResult[], testbed: Testbed, print: Print): number {
  const failed = results.filter(({ outcome }) => outcome === 'failed');
  print('');
  if (failed.length === 0) {
    print(paint('green', 'Every step held.'));
    return 0;
  }
  print(paint('red', `${failed.length} of ${results.length} steps did not hold. The operator's last lines:`));
  for (const line of testbed.operator.output().trimEnd().split('\n').slice(-LOG_LINES)) {
    print(`   ${line}`);
  }
  return 1;
}

function firstSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    for (const signal of SIGNALS) {
      process.once(signal, () => resolve(signal));
    }
  });
}

/** Stops and removes everything that was started. */
async function end(starting: Promise<Testbed>): Promise<void> {
  const testbed = await Promise.race([starting.catch(() => undefined), sleep(GRACE_MS, undefined)]);
  await testbed?.stop();
  console.log(testbed === undefined ? '\nStopped.' : '\nEverything is stopped and removed.');
}
