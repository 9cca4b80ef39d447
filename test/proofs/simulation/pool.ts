import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { add, emptyTally, type Tally, type Task } from './tally.ts';

/** As many threads as processors, each with one task at a time. */
export interface Pool {
  /** @param progress is called after each task, with the sum so far and the share of tasks that are done. */
  run(tasks: readonly Task[], progress: (sum: Tally, done: number) => void): Promise<Tally>;
  close(): Promise<void>;
}

export function createPool(): Pool {
  const workers = Array.from(
    { length: availableParallelism() },
    () => new Worker(new URL('./worker.ts', import.meta.url)),
  );
  return {
    async run(tasks, progress) {
      const sum = emptyTally();
      let next = 0;
      let done = 0;
      const work = async (worker: Worker) => {
        for (let task = tasks[next++]; task !== undefined; task = tasks[next++]) {
          add(sum, await ask(worker, task));
          done += 1;
          progress(sum, done / tasks.length);
        }
      };
      await Promise.all(workers.map(work));
      return sum;
    },
    async close() {
      await Promise.all(workers.map((worker) => worker.terminate()));
    },
  };
}

function ask(worker: Worker, task: Task): Promise<Tally> {
  const { promise, resolve, reject } = Promise.withResolvers<Tally>();
  worker.once('message', resolve).once('error', reject);
  worker.postMessage(task);
  return promise.finally(() => worker.off('message', resolve).off('error', reject));
}
