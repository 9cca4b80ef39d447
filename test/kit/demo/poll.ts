import { setTimeout as sleep } from 'node:timers/promises';

export interface PollOptions {
  /** Default: 20 s. */
  readonly deadlineMs?: number;
  /** Between two reads. Default: 50 ms. */
  readonly intervalMs?: number;
}

const DEADLINE_MS = 20_000;
const INTERVAL_MS = 50;

/** Reads until the value `holds` or the deadline is past. Returns the last value either way: the caller judges it. */
export async function poll<T>(
  read: () => Promise<T> | T,
  holds: (value: T) => boolean,
  { deadlineMs = DEADLINE_MS, intervalMs = INTERVAL_MS }: PollOptions = {},
): Promise<T> {
  const deadline = performance.now() + deadlineMs;
  let value = await read();
  while (!holds(value) && performance.now() < deadline) {
    await sleep(intervalMs);
    value = await read();
  }
  return value;
}
