import { argumentsOf, refuse } from '../../tools/command-line.ts';
import { BENCH, readMeasure } from './arguments.ts';

/** `npm run bench`: reads the flags before anything is loaded or started. */
const wanted = readMeasure(argumentsOf(BENCH).values);
if ('problem' in wanted) {
  refuse(BENCH, wanted);
}
const { bench } = await import('./bench.ts');
process.exit(await bench(wanted));
