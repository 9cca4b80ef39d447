import { RESOURCES } from '../../api/kubernetes.ts';
import { resolutionKey } from '../../core/resolution.ts';
import { OWN_SUSPECTS, SUSPECTS } from '../../core/suspects.ts';
import { UNREMOVED } from '../../core/unremoved-client.ts';
import { enumerated } from '../../oauth/text.ts';
import type { CliCommand, ClusterContext, CommandResult } from '../command.ts';
import { confirm, YES } from '../confirm.ts';
import { type CommandFailure, commandFailure } from '../failure.ts';
import { readList, readLists } from '../lists.ts';
import { operatorNamespaceOf, withOperatorNamespace } from '../versions.ts';
import { WAIT, waitMs } from '../wait-flags.ts';

export const resolve: CliCommand = {
  name: 'resolve',
  summary: 'Removes entries of orphans, left-behind and owed that you dealt with at the server',
  details: `Names of entries are in the column ENTRY, and what -o name prints. The operator then removes the entry; of a
client that is owed or left behind it removes the record, too, and tries no more to remove the client. An Event of the
OAuthClient has the note. ClusterRole oauth-registrar-list-resolver permits that, without a right to read Secrets.`,
  operands: [{ usage: '<ENTRY...>', about: 'Names of entries.' }],
  options: [{ usage: '--note <TEXT>', about: 'What was done, for others. It is required.' }, YES, ...WAIT],
  hasNoOutput: true,
  async run(given) {
    const { operands, flags } = given;
    const note = typeof flags['note'] === 'string' ? flags['note'].trim() : '';
    const timeoutMs = waitMs(given);
    if (note === '') {
      return { exit: 'usage', sentence: 'Say what was done: --note TEXT is required.' };
    }
    if (typeof timeoutMs !== 'number') {
      return timeoutMs;
    }
    const context = { ...given, cluster: await withOperatorNamespace(given.cluster) };
    const places = await placesOf(operands, context);
    if ('sentence' in places) {
      return places;
    }
    const many = operands.length === 1 ? 'this entry' : `these ${operands.length} entries`;
    const refused =
      (await confirm(`The operator forgets ${many}: ${enumerated(operands, 5)}. Go on?`, context)) ??
      (await writeNotes(places, note, context));
    return refused ?? (timeoutMs === 0 ? told(context) : waitUntilGone(places, timeoutMs, context));
  },
};

/** ConfigMap → keys of its entries. */
type Places = ReadonlyMap<string, readonly string[]>;

async function placesOf(
  entries: readonly string[],
  { cluster }: Pick<ClusterContext, 'cluster'>,
): Promise<Places | CommandFailure> {
  const places = new Map<string, readonly string[]>();
  const { data, failures } = await readLists([SUSPECTS, OWN_SUSPECTS, UNREMOVED], cluster);
  if (failures[0] !== undefined) {
    return failures[0];
  }
  for (const [name, listed] of data) {
    places.set(
      name,
      entries.filter((entry) => Object.hasOwn(listed, entry)),
    );
  }
  const known = [...places.values()].flat();
  const unknown = entries.filter((entry) => !known.includes(entry));
  return unknown.length === 0
    ? places
    : {
        exit: 'found',
        sentence: `No list in namespace ${operatorNamespaceOf(cluster)} has the entry ${unknown[0]}; nothing was done.`,
      };
}

/** Each ConfigMap is written by itself, so a failure names the entries whose note is written. */
async function writeNotes(
  places: Places,
  note: string,
  { cluster, terminal }: Pick<ClusterContext, 'cluster' | 'terminal'>,
): Promise<CommandFailure | undefined> {
  const namespace = operatorNamespaceOf(cluster);
  const resource = RESOURCES.configMap;
  const left = new Map([...places].filter(([, keys]) => keys.length > 0));
  const done: string[] = [];
  for (const [name, keys] of left) {
    if (terminal.signal.aborted) {
      return { exit: 'interrupted', sentence: endedBetween(done, [...left.values()].flat()) };
    }
    const data = Object.fromEntries(keys.map((key) => [resolutionKey(key), note]));
    const written = await cluster.api.patch(resource, { namespace, name }, { data });
    if (!written.ok) {
      const failure = commandFailure(written, { verb: 'patch', resource, namespace, name });
      const sentence = [failure.sentence, ...extentOf(done, [...left.values()].flat())].join(' ');
      return { ...failure, sentence };
    }
    done.push(...keys);
    left.delete(name);
  }
  return undefined;
}

const endedBetween = (done: readonly string[], left: readonly string[]): string =>
  done.length === 0
    ? 'Nothing was done: the command ended before it wrote a note.'
    : ['The command was ended.', ...extentOf(done, left)].join(' ');

/** Which entries have the note; nothing where none has. */
const extentOf = (done: readonly string[], left: readonly string[]): readonly string[] =>
  done.length === 0
    ? []
    : [`The note is written to ${done.join(', ')}; run the command again for ${left.join(', ')}.`];

function told({ print }: Pick<ClusterContext, 'print'>): CommandResult {
  print.note('The note is written. The operator removes the entry within 15 s.');
  return 'done';
}

const LOOK_MS = 1_000;

/** The right to resolve is none to watch, so it looks again and again. */
async function waitUntilGone(
  places: Places,
  timeoutMs: number,
  { cluster, print, terminal }: ClusterContext,
): Promise<CommandResult> {
  const { clock } = cluster;
  print.note('The note is written. The operator looks at the lists every 15 s.');
  const until = clock.monotonic() + timeoutMs;
  while (clock.monotonic() < until && !terminal.signal.aborted) {
    const left = await leftIn(places, cluster);
    if ('sentence' in left) {
      return left;
    }
    if (left.length === 0) {
      print.note('Resolved.');
      return 'done';
    }
    await clock.sleep(LOOK_MS, terminal.signal);
  }
  return {
    exit: 'found',
    sentence:
      'The operator has not removed all entries yet. It goes on when it runs; you need not repeat the note.',
  };
}

async function leftIn(
  places: Places,
  cluster: ClusterContext['cluster'],
): Promise<readonly string[] | CommandFailure> {
  const left: string[] = [];
  for (const [name, keys] of places) {
    const list = keys.length === 0 ? undefined : await readList(name, cluster);
    if (list !== undefined && 'sentence' in list) {
      return list;
    }
    left.push(...keys.filter((key) => Object.hasOwn(list?.data ?? {}, key)));
  }
  return left;
}
