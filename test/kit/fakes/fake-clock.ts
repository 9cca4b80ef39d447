import type { Clock, Log } from '../../../src/controller/ports.ts';

export interface FakeClock extends Clock {
  /** What was asked of `sleep`, in milliseconds. */
  readonly sleeps: readonly number[];
  /** Lets time pass; sleepers wake in their order, each with time to act before the next. */
  advance(ms: number): Promise<void>;
}

/** A clock that stands still. Sleeps up to `skipMs` end at once and move it on; longer ones wait for `advance`. */
export function createFakeClock({
  skipMs = -1,
  startMs = 1_000_000,
}: {
  readonly skipMs?: number;
  readonly startMs?: number;
} = {}): FakeClock {
  let time = startMs;
  const sleeps: number[] = [];
  const sleepers = new Set<{ readonly at: number; readonly wake: () => void }>();
  return {
    sleeps,
    now: () => time,
    earliest: () => time,
    monotonic: () => time,
    async sleep(ms, signal) {
      sleeps.push(ms);
      if (ms <= skipMs) {
        time += ms;
        return settle();
      }
      if (signal?.aborted === true) {
        return;
      }
      const { promise, resolve } = Promise.withResolvers<void>();
      const sleeper = { at: time + ms, wake: resolve };
      sleepers.add(sleeper);
      signal?.addEventListener('abort', () => resolve());
      await promise;
      sleepers.delete(sleeper);
    },
    async advance(ms) {
      const until = time + ms;
      await settle();
      for (;;) {
        const next = [...sleepers].sort((a, b) => a.at - b.at)[0];
        if (next === undefined || next.at > until) {
          break;
        }
        time = Math.max(time, next.at);
        next.wake();
        await settle();
      }
      time = until;
    },
  };
}

export interface RecordingLog extends Log {
  readonly lines: readonly string[];
}

/** Keeps each line as `level message {fields}`. */
export function createRecordingLog(): RecordingLog {
  const lines: string[] = [];
  const record = (level: string) => (message: string, fields?: object) => {
    lines.push(`${level} ${message} ${JSON.stringify(fields ?? {})}`);
  };
  return {
    lines,
    debug: record('debug'),
    info: record('info'),
    warn: record('warn'),
    error: record('error'),
  };
}

function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
}
