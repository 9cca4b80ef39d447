import { VERSION } from '../../api/version.ts';
import type { CliCommand, ClusterContext, CommandResult } from '../command.ts';
import { changesByUpgrade } from '../upgrade-check.ts';

export const describeUpgrade: CliCommand = {
  name: 'describe-upgrade',
  summary: 'Lists the clients that an operator of the version of this plugin would change',
  details: `None is expected. The plugin decides as that operator would after its start, about all clients that are ready and
whose status is about their present spec; nothing is sent or written. You need the right to list the metadata of Secrets.
The exit code is 1 if a client would be changed, or if there are clients and none could be compared.`,
  run,
};

async function run({ cluster, print }: ClusterContext): Promise<CommandResult> {
  const found = await changesByUpgrade(cluster);
  if ('sentence' in found) {
    return found;
  }
  const { changes, looked, atRest, notSeen } = found;
  if (print.format !== undefined) {
    print.value({ version: VERSION, looked, atRest, changes, notSeen });
  } else if (changes.length > 0) {
    print.table(
      ['NAMESPACE', 'NAME', 'STEP', 'WHY'],
      changes.map(({ namespace, name, step, why }) => [namespace, name, step, why]),
    );
  }
  for (const sentence of notSeen) {
    print.note(sentence);
  }
  print.note(
    `An operator of version ${VERSION} would change ${changes.length} of ${atRest} clients that were compared; ${looked - atRest} others are not ready, wait already, or have a software statement that is not seen.`,
  );
  if (looked > 0 && atRest === 0) {
    return {
      exit: 'found',
      sentence: 'No client could be compared, so this says nothing about the upgrade.',
    };
  }
  return changes.length === 0 ? 'done' : 'found';
}
