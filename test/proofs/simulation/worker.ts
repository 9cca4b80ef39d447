import { parentPort } from 'node:worker_threads';
import { perform, type Task } from './tally.ts';

/** Whoever lives a life again, alone, sees where an error came from. */
Error.stackTraceLimit = 0;

/** Lives what it is given, task by task. */
parentPort?.on('message', async (task: Task) => {
  parentPort?.postMessage(await perform(task));
});
