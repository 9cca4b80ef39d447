import { createLog } from '../../../src/adapters/process/log.ts';
import { readConfig } from '../../../src/config.ts';
import { operate } from '../../../src/operator.ts';
import { withFailpoints } from './failpoints.ts';

/**
 * The operator of `src/main.ts`, with failpoints around its ports. `--failpoint-file=PATH` names the file with the
 * failpoint; without that file it works undisturbed.
 */
const FLAG = '--failpoint-file=';
const file = process.argv.find((argument) => argument.startsWith(FLAG))?.slice(FLAG.length) ?? '';
const config = readConfig(process.argv.slice(2).filter((argument) => !argument.startsWith(FLAG)));
if (config === 'help' || 'problem' in config) {
  throw new Error(config === 'help' ? 'no help here' : config.problem);
}
const log = createLog({ level: config.logLevel });
process.exitCode = await operate(config, log, (ports) => withFailpoints(ports, file)).catch(
  (error: unknown) => {
    log.error("the operator can't run", { error });
    return 1;
  },
);
setTimeout(() => process.exit(), 100).unref();
