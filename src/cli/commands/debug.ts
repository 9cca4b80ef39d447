import { writeFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import type { CliCommand, ClusterContext } from '../command.ts';
import { confirm } from '../confirm.ts';
import { debugFiles } from '../debug-bundle.ts';
import { type TarFile, tar } from '../tar.ts';

const DEFAULT_FILE = 'oauthclient-debug.tar.gz';

export const debug: CliCommand = {
  name: 'debug',
  summary: 'Writes what helps others to find a fault into a file, without secrets',
  details: `OAuthClients and server objects, their Events, the ledger, the lists of what is left at servers, metrics and
versions, of the namespace or with -A of all. No Secret is read; values that people or servers chose freely are taken out.
Each file is shown before it is put into the bundle.`,
  options: [
    { usage: '--file <FILE>', about: `The bundle, a new file. Default: ${DEFAULT_FILE}.` },
    { usage: '-y, --yes', about: 'Put in all files, without showing them.' },
  ],
  hasNoOutput: true,
  async run(context) {
    const { cluster, flags, print, terminal } = context;
    const path = typeof flags['file'] === 'string' ? flags['file'] : DEFAULT_FILE;
    const chosen: TarFile[] = [];
    for (const file of await debugFiles(cluster)) {
      const answer = await isWanted(file, context);
      if (answer !== true && answer !== false) {
        return answer;
      }
      if (answer) {
        chosen.push(file);
      }
    }
    if (terminal.signal.aborted) {
      return 'interrupted';
    }
    try {
      await writeFile(path, gzipSync(tar(chosen, cluster.clock.now())), { mode: 0o600, flag: 'wx' });
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      return { exit: 'found', sentence: `The bundle is not written: ${why}.` };
    }
    print.line(`${path}: ${chosen.length} files.`);
    return 'done';
  },
};

async function isWanted({ name, content }: TarFile, context: ClusterContext) {
  const { print, flags, terminal } = context;
  const size = `${name}, ${Buffer.byteLength(content)} bytes`;
  if (flags['yes'] === true) {
    print.note(size);
    return true;
  }
  if (terminal.stdin.isTTY === true) {
    print.line(`==== ${size} ====`);
    for (const line of content.trimEnd().split('\n')) {
      print.line(line);
    }
  }
  const refused = await confirm(`Put ${name} into the bundle?`, context);
  return refused?.exit === 'found' ? false : (refused ?? true);
}
