import { contextNames } from '../adapters/kubernetes/connection.ts';
import { RESOURCES, type Resource } from '../api/kubernetes.ts';
import { visible } from '../oauth/text.ts';
import { type ClusterAccess, type ClusterFlags, openCluster } from './cluster.ts';
import type { CliCommand, CommandOption, Terminal } from './command.ts';
import { resourceOfServer } from './server-objects.ts';
import { untilAborted } from './until-aborted.ts';

/**
 * Completion, as kubectl asks for it: it runs `kubectl_complete-oauthclient WORD…`, whose last word is the one to complete,
 * and reads one proposal per line, perhaps with a tab and a description, and a last line `:N` that says what the shell
 * does with them.
 */

/** For the last line: no files are proposed, or files are. */
const NO_FILES = ':4';
const FILES = ':0';

/** The program that kubectl looks for on the PATH. */
export const COMPLETION_SCRIPT = `#!/bin/sh
# Completion of kubectl oauthclient: kubectl runs this file, which has to be on the PATH under the name
# kubectl_complete-oauthclient and has to be executable.
exec kubectl-oauthclient __complete "$@"
`;

interface Typed {
  readonly command: CliCommand | undefined;
  /** Operands before the word to complete. */
  readonly operands: number;
  /** The flag whose value is to be completed. */
  readonly flag: string | undefined;
  readonly flags: ClusterFlags;
  readonly word: string;
}

/** A person who types does not wait longer. */
const LIMIT_MS = 3_000;

/**
 * Prints the proposals. Whatever fails, at the signal and after {@link LIMIT_MS} there are none: nobody can read an error
 * while typing.
 */
export async function complete(
  words: readonly string[],
  commands: readonly CliCommand[],
  common: readonly CommandOption[],
  { stdout, signal }: Pick<Terminal, 'stdout' | 'signal'>,
): Promise<void> {
  const typed = readWords(words, commands, common);
  const none: Proposals = { proposals: [], end: NO_FILES };
  const { proposals, end } = await Promise.race([
    proposalsFor(typed, commands, common).catch(() => none),
    untilAborted(AbortSignal.any([signal, AbortSignal.timeout(LIMIT_MS)])).then(() => none),
  ]);
  const fitting = proposals.filter((line) => line.startsWith(typed.word)).map(visibleLine);
  const text = [...fitting, end, ''].join('\n');
  await new Promise<void>((resolve) => stdout.write(text, () => resolve()));
}

const visibleLine = (line: string): string => line.split('\t').map(visible).join('\t');

function readWords(
  words: readonly string[],
  commands: readonly CliCommand[],
  common: readonly CommandOption[],
): Typed {
  const before = words.slice(0, -1);
  const command = commands.find(({ name }) => before.includes(name));
  const options = [...common, ...(command?.options ?? [])];
  const values: Record<string, string | true> = {};
  const plain: string[] = [];
  let waiting: string | undefined;
  for (const one of before) {
    if (waiting !== undefined) {
      values[waiting] = one;
      waiting = undefined;
      continue;
    }
    const flag = flagIn(one, options);
    if (flag === undefined) {
      plain.push(one);
      continue;
    }
    values[flag.name] = flag.value;
    waiting = flag.isOpen ? flag.name : undefined;
  }
  const operands = Math.max(plain.length - 1, 0);
  return { command, operands, flag: waiting, flags: clusterFlags(values), word: words.at(-1) ?? '' };
}

/** `isOpen`: its value is the next word. */
function flagIn(
  word: string,
  options: readonly CommandOption[],
): { readonly name: string; readonly value: string | true; readonly isOpen: boolean } | undefined {
  if (!word.startsWith('-')) {
    return undefined;
  }
  const [name = '', value] = word.split('=', 2);
  const usage = options.find((option) => namesIn(option.usage).includes(name))?.usage ?? name;
  return {
    name: namesIn(usage).at(-1) ?? name,
    value: value ?? true,
    isOpen: usage.includes('<') && value === undefined,
  };
}

const namesIn = (usage: string): readonly string[] => usage.match(/--?[a-zA-Z][a-z-]*/g) ?? [];

function clusterFlags(values: Readonly<Record<string, string | true>>): ClusterFlags {
  const text = (name: string, key: keyof ClusterFlags) =>
    typeof values[name] === 'string' ? { [key]: values[name] } : {};
  return {
    ...text('--kubeconfig', 'kubeconfig'),
    ...text('--context', 'context'),
    ...text('--namespace', 'namespace'),
    ...(values['--all-namespaces'] === true ? { allNamespaces: true } : {}),
  };
}

interface Proposals {
  readonly proposals: readonly string[];
  readonly end: string;
}

async function proposalsFor(
  { command, operands, flag, flags, word }: Typed,
  commands: readonly CliCommand[],
  common: readonly CommandOption[],
): Promise<Proposals> {
  if (flag !== undefined) {
    return valuesOf(flag, flags);
  }
  if (word.startsWith('-')) {
    const options = [...(command?.options ?? []), ...common];
    const lines = options.map(({ usage, about }) => `${namesIn(usage).at(-1)}\t${about}`);
    return { proposals: lines, end: NO_FILES };
  }
  if (command === undefined) {
    return { proposals: commands.map(({ name, summary }) => `${name}\t${summary}`), end: NO_FILES };
  }
  const all = command.operands ?? [];
  const last = all.at(-1);
  const operand = all[operands] ?? (last?.usage.includes('...') === true ? last : undefined);
  return { proposals: await candidates(operand?.completes, flags), end: NO_FILES };
}

async function valuesOf(flag: string, flags: ClusterFlags): Promise<Proposals> {
  switch (flag) {
    case '--namespace':
    case '--operator-namespace':
      return {
        proposals: await inCluster(flags, ({ api }) => namesListed(api, RESOURCES.namespace)),
        end: NO_FILES,
      };
    case '--context':
      return { proposals: contextNames(flags.kubeconfig), end: NO_FILES };
    case '--output':
      return { proposals: ['json', 'yaml', 'name'], end: NO_FILES };
    case '--filename':
    case '--kubeconfig':
      return { proposals: [], end: FILES };
    default:
      return { proposals: [], end: NO_FILES };
  }
}

function candidates(
  what: NonNullable<CliCommand['operands']>[number]['completes'],
  flags: ClusterFlags,
): Promise<readonly string[]> {
  if (what === undefined) {
    return Promise.resolve([]);
  }
  return inCluster(flags, async ({ api, namespace }) => {
    const clients = await namesListed(api, RESOURCES.oauthClient, namespace);
    if (what === 'clients') {
      return clients;
    }
    const shared = await namesListed(api, resourceOfServer('ClusterAuthorizationServer'));
    const own = await namesListed(api, resourceOfServer('AuthorizationServer'), namespace);
    return what === 'clientsAndServers'
      ? [...clients, ...shared, ...own]
      : [...clients, ...shared.map((name) => `coas/${name}`), ...own.map((name) => `oas/${name}`)];
  });
}

async function inCluster(
  flags: ClusterFlags,
  list: (cluster: ClusterAccess) => Promise<readonly string[]>,
): Promise<readonly string[]> {
  const cluster = await openCluster(flags);
  if ('sentence' in cluster) {
    return [];
  }
  try {
    return await list(cluster);
  } finally {
    await cluster.close();
  }
}

async function namesListed(
  api: ClusterAccess['api'],
  resource: Resource,
  namespace?: string,
): Promise<readonly string[]> {
  const selection = { metadataOnly: true, ...(namespace === undefined ? {} : { namespace }) };
  const found = await api.collect(resource, selection, ({ metadata }) => metadata.name);
  return found.ok ? found.object.items : [];
}
