import { createLog } from './adapters/process/log.ts';
import { readConfig, usage } from './config.ts';
import { operate } from './operator.ts';

const config = readConfig(process.argv.slice(2));
if (config === 'help') {
  process.stdout.write(usage());
} else if ('problem' in config) {
  process.stderr.write(`oauth-registrar: ${config.problem}\n\n${usage()}`);
  process.exitCode = 2;
} else {
  const log = createLog({ level: config.logLevel });
  process.exitCode = await operate(config, log).catch((error: unknown) => {
    log.error("the operator can't run", { error });
    return 1;
  });
  // Timers of backoffs and kept connections serve no one any more.
  setTimeout(() => process.exit(), 100).unref();
}
