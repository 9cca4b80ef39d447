import { createLog } from './adapters/process/log.ts';
import { readConfig, usage } from './config.ts';
import type { Log } from './controller/ports.ts';
import { serveDocuments } from './documents.ts';
import { documentsUsage, readDocumentsConfig } from './documents-config.ts';
import { operate } from './operator.ts';

const [command, ...flags] = process.argv.slice(2);
if (command === 'documents') {
  await run(readDocumentsConfig(flags), documentsUsage, serveDocuments, "documents can't be served");
} else {
  await run(readConfig(process.argv.slice(2)), usage, operate, "the operator can't run");
}

async function run<Config extends { readonly logLevel: 'debug' | 'info' | 'warn' | 'error' }>(
  config: Config | 'help' | { readonly problem: string },
  help: () => string,
  work: (config: Config, log: Log) => Promise<number>,
  failed: string,
): Promise<void> {
  if (config === 'help') {
    process.stdout.write(help());
    return;
  }
  if ('problem' in config) {
    process.stderr.write(`oauth-registrar: ${config.problem}\n\n${help()}`);
    process.exitCode = 2;
    return;
  }
  const log = createLog({ level: config.logLevel });
  process.exitCode = await work(config, log).catch((error: unknown) => {
    log.error(failed, { error });
    return 1;
  });
  // Timers of backoffs and kept connections serve no one any more.
  setTimeout(() => process.exit(), 100).unref();
}
