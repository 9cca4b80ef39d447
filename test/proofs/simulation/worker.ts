import { parentPort } from 'node:worker_threads';
import { perform, type Task } from './tally.ts';

/** Traces are off here: to see where an error came from, repeat a single life. */
Error.stackTraceLimit = 0;

/** Runs the lives of each task. */
parentPort?.on('message', async (task: Task) => {
  parentPort?.postMessage(await perform(task));
});
