import { setImmediate, setTimeout as sleep } from 'node:timers/promises';

/** Runs `work` for 0 to `count` - 1, at most `concurrency` at a time; returns the seconds it took. */
export async function pooled(
  count: number,
  concurrency: number,
  work: (index: number) => Promise<void>,
): Promise<number> {
  const start = performance.now();
  let next = 0;
  const worker = async () => {
    for (let index = next++; index < count; index = next++) {
      await work(index);
    }
  };
  await Promise.all(Array.from({ length: Math.min(count, concurrency) }, worker));
  return (performance.now() - start) / 1000;
}

/**
 * Begins `work` evenly, `perSecond` times a second, however long it takes each time; resolves when all are done. After a
 * failure nothing further is begun; rejects with the first one when all that was begun has ended.
 */
export async function paced(
  count: number,
  perSecond: number,
  work: (index: number) => Promise<void>,
): Promise<void> {
  const start = performance.now();
  const running: Promise<void>[] = [];
  const failures: unknown[] = [];
  for (let index = 0; index < count; index++) {
    const waitMs = start + (index * 1000) / perSecond - performance.now();
    await (waitMs > 0 ? sleep(waitMs) : setImmediate());
    if (failures.length > 0) {
      break;
    }
    running.push(work(index).catch((error: unknown) => void failures.push(error)));
  }
  await Promise.all(running);
  if (failures.length > 0) {
    throw failures[0];
  }
}

/**
 * Milliseconds from an answer until a watch showed its effect, by `performance.now()`. Not below 0: the watch may be
 * faster than the answer.
 */
export const sinceAnswer = (answeredAt: number, seenAt = Number.NaN): number =>
  Math.max(0, seenAt - answeredAt);

const POLL_MS = 5;

/** Polls `holds`. Throws after `timeoutMs`. */
export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
  { timeoutMs = 60_000, everyMs = POLL_MS } = {},
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!(await holds())) {
    if (performance.now() > deadline) {
      throw new Error(`not so after ${timeoutMs / 1000} s: ${what}`);
    }
    await sleep(everyMs);
  }
}
