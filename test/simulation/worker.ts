import { parentPort } from 'node:worker_threads';
import { perform, type Task } from './tally.ts';

/** Lives what it is given, task by task. */
parentPort?.on('message', async (task: Task) => {
  parentPort?.postMessage(await perform(task));
});
