import { argumentsOf } from './command-line.ts';
import { runProgram } from './program.ts';
import { SCRIPTS } from './scripts.ts';

/** `node tools/run.ts NAME [flags]`: a script of package.json that starts a program of node_modules. */
const [name = ''] = process.argv.splice(2, 1);
const script = SCRIPTS.find((one) => one.name === name);
if (script === undefined) {
  throw new Error(`tools/scripts.ts has no script "${name}"`);
}
await runProgram(script.program, script.args, argumentsOf(script), script.env);
