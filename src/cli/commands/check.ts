import { readFile } from 'node:fs/promises';
import { text as readAll } from 'node:stream/consumers';
import { parseAllDocuments } from 'yaml';
import { createEgressGuards } from '../../adapters/authorization-server/egress.ts';
import { createAuthorizationServerHttp } from '../../adapters/authorization-server/http.ts';
import { API_VERSION, type KubernetesObject, RESOURCES, type Resource } from '../../api/kubernetes.ts';
import type { OAuthClient } from '../../api/oauth-client.ts';
import { VERSION } from '../../api/version.ts';
import { isJsonObject } from '../../oauth/json.ts';
import { asSentence } from '../../oauth/text.ts';
import { type ClientCheck, checkClient } from '../client-check.ts';
import { clientCheckTree, clientCheckValue, isGood } from '../client-check-tree.ts';
import type { ClusterAccess } from '../cluster.ts';
import type { CliCommand, ClusterContext, CommandResult } from '../command.ts';
import { type CommandFailure, commandFailure, EXITS, unseenBecause } from '../failure.ts';
import type { Printer } from '../print.ts';
import { checkServer } from '../server-check.ts';
import { serverCheckTree } from '../server-check-tree.ts';
import { toServer } from '../server-objects.ts';
import { kindNamed, NAMED_KINDS, oneObjectRefusal } from '../target.ts';
import { printTree } from '../tree.ts';

export const check: CliCommand = {
  name: 'check',
  summary: 'Says what the operator would do about a client, or what is wrong with a server object',
  details: `Of a client: which step comes next and why, what would be sent, and what the policy of the server says. Nothing is
sent to the server, and nothing is written. Of a server object: its documents are read from this machine (GET alone), its
credentials with your rights; what you may not see is named. The exit code is 0 if nothing is wrong, else 1.`,
  operands: [
    {
      usage: '[NAME]',
      about:
        'Name of an OAuthClient or a server object; with its kind, like coas/corporate, where several have it.',
      completes: 'clientsAndServers',
    },
  ],
  options: [
    {
      usage: '-f, --filename <FILE>',
      about: 'An OAuthClient that does not exist yet, as YAML or JSON; - reads stdin.',
    },
    {
      usage: '--allow-addresses <CIDRS>',
      about:
        "Addresses that the documents may be read from although they are refused by default; as the operator's flag.",
    },
  ],
  run: (context) => {
    const { operands, flags } = context;
    const file = flags['filename'];
    if ((typeof file === 'string') === (operands[0] !== undefined)) {
      return Promise.resolve({ exit: 'usage', sentence: 'Give either a name or -f FILE.' });
    }
    return typeof file === 'string' ? checkFile(file, context) : checkNamed(operands[0] ?? '', context);
  },
};

interface Named {
  readonly resource: Resource;
  readonly object: KubernetesObject;
}

async function checkNamed(operand: string, context: ClusterContext): Promise<CommandResult> {
  const found = oneObjectRefusal(context.cluster) ?? (await find(operand, context));
  if ('sentence' in found) {
    return found;
  }
  const { resource, object } = found;
  return resource.kind === 'OAuthClient'
    ? checkOne(object as OAuthClient, context)
    : checkServerObject(found, context);
}

async function find(operand: string, { cluster }: ClusterContext): Promise<Named | CommandFailure> {
  const named = kindNamed(operand);
  if ('sentence' in named) {
    return named;
  }
  const { name } = named;
  const { api, namespace } = cluster;
  const answers = await Promise.all(
    (named.resource === undefined ? NAMED_KINDS : [named.resource]).map(async (resource) => {
      const key = { ...(resource.namespaced ? { namespace } : {}), name };
      return { resource, key, answer: await api.get<KubernetesObject>(resource, key) };
    }),
  );
  const present = answers.flatMap(({ resource, answer }) =>
    answer.ok ? [{ resource, object: answer.object }] : [],
  );
  const [only, other] = present;
  if (only !== undefined && other !== undefined) {
    const called = present.map(({ resource }) => `${resource.kind.toLowerCase()}/${name}`).join(' or ');
    return { exit: 'usage', sentence: `Several kinds have the name "${name}": say ${called}.` };
  }
  return only ?? nothingFound(name, namespace, answers);
}

function nothingFound(
  name: string,
  namespace: string,
  answers: readonly {
    readonly resource: Resource;
    readonly key: { readonly namespace?: string };
    readonly answer: Awaited<ReturnType<ClusterContext['cluster']['api']['get']>>;
  }[],
): CommandFailure {
  const failures = answers.flatMap(({ resource, key, answer }) =>
    answer.ok ? [] : [commandFailure(answer, { verb: 'get', resource, ...key, name })],
  );
  const other =
    failures.find(({ exit }) => exit !== 'found') ?? (answers.length === 1 ? failures[0] : undefined);
  return (
    other ?? {
      exit: 'found',
      sentence: `There is no OAuthClient "${name}" in namespace ${namespace}, and no server object of that name.`,
    }
  );
}

async function checkServerObject(
  { resource, object: raw }: Named,
  { cluster, print, flags }: ClusterContext,
): Promise<CommandResult> {
  const kind = resource.kind === 'AuthorizationServer' ? 'AuthorizationServer' : 'ClusterAuthorizationServer';
  const object = toServer(kind)(raw);
  const allowed = String(flags['allowAddresses'] ?? '')
    .split(',')
    .filter(Boolean);
  const http = createAuthorizationServerHttp({
    guards: createEgressGuards({ allowed }),
    userAgent: `kubectl-oauthclient/${VERSION}`,
  });
  try {
    const findings = await checkServer(object, cluster, http);
    if (print.format === undefined) {
      printTree(print, serverCheckTree(object, findings));
    } else if (print.format === 'name') {
      print.object(raw);
    } else {
      print.value({ kind, name: object.metadata.name, findings });
    }
    return findings.some(({ verdict }) => verdict === 'Bad') ? 'found' : 'done';
  } finally {
    await http.close();
  }
}

/** Each client of the file by itself: one that can't be checked does not keep the others from it. */
async function checkFile(file: string, context: ClusterContext): Promise<CommandResult> {
  const clients = await readClients(file, context);
  if ('sentence' in clients) {
    return clients;
  }
  const { cluster, print } = context;
  const values: object[] = [];
  let worst: Exit = 'done';
  for (const client of clients) {
    const checked = await checkNew(client, cluster);
    if ('sentence' in checked) {
      print.note(checked.sentence);
    } else {
      values.push(clientCheckValue(checked.check));
      printChecked(checked, print);
    }
    worst = worseOf(worst, 'sentence' in checked ? checked.exit : exitOf(checked));
  }
  if (clients.length > 1) {
    printValue(values, print);
  } else if (values[0] !== undefined) {
    printValue(values[0], print);
  }
  return worst;
}

type Exit = CommandFailure['exit'];

const worseOf = (one: Exit, other: Exit): Exit => (EXITS[other].code > EXITS[one].code ? other : one);

async function readClients(
  file: string,
  { terminal, cluster }: ClusterContext,
): Promise<readonly OAuthClient[] | CommandFailure> {
  const usage = (sentence: string): CommandFailure => ({ exit: 'usage', sentence });
  let content: string;
  try {
    content = file === '-' ? await readAll(terminal.stdin) : await readFile(file, 'utf8');
  } catch (error) {
    return usage(`${file} can't be read: ${error instanceof Error ? error.message : error}.`);
  }
  const documents = parseAllDocuments(content);
  const broken = documents.find(({ errors }) => errors.length > 0)?.errors[0];
  if (broken !== undefined) {
    return usage(`${file} is not YAML: ${broken.message.split('\n')[0]}`);
  }
  let objects: readonly (OAuthClient | null)[];
  try {
    objects = documents.map((document) => document.toJS() as OAuthClient | null);
  } catch (error) {
    // Such as an alias without its anchor, which the parser does not see.
    return usage(
      `${file} is not YAML: ${asSentence(error instanceof Error ? error.message : String(error))}`,
    );
  }
  const clients = objects.filter(isClient);
  const empty = clients.find(({ spec }) => !isJsonObject(spec));
  if (empty !== undefined) {
    return usage(`OAuthClient "${empty.metadata.name}" of ${file} has no spec.`);
  }
  return clients.length === 0
    ? usage(`${file} has no OAuthClient of ${API_VERSION} with a name.`)
    : clients.map((client) => placedIn(client, cluster.namespace));
}

const isClient = (object: OAuthClient | null): object is OAuthClient =>
  object?.kind === 'OAuthClient' &&
  object.apiVersion === API_VERSION &&
  typeof object.metadata?.name === 'string';

const placedIn = (client: OAuthClient, namespace: string): OAuthClient => ({
  ...client,
  metadata: { ...client.metadata, namespace: client.metadata.namespace ?? namespace },
});

interface Checked {
  readonly raw: OAuthClient;
  readonly check: ClientCheck;
}

/** An object of that name may exist: then the file is an edit of it. */
async function checkNew(client: OAuthClient, cluster: ClusterAccess): Promise<Checked | CommandFailure> {
  const { api } = cluster;
  const resource = RESOURCES.oauthClient;
  const { namespace = '', name } = client.metadata;
  const found = await api.get<OAuthClient>(resource, { namespace, name });
  const wanted = found.ok ? editOf(found.object, client) : client;
  const verb = found.ok ? 'update' : 'create';
  const admitted = found.ok
    ? await api.dryRunReplace<OAuthClient>(resource, wanted)
    : await api.dryRun<OAuthClient>(resource, wanted);
  if (!admitted.ok && admitted.status !== 403) {
    return commandFailure(admitted, { verb, resource, namespace, name });
  }
  const { status: _, ...shown } = admitted.ok ? admitted.object : wanted;
  const status = found.ok ? found.object.status : undefined;
  const checked = await checkExisting(status === undefined ? shown : { ...shown, status }, cluster);
  if (admitted.ok) {
    return checked;
  }
  const consequence = 'the API server has not validated the file';
  const notSeen = [unseenBecause({ verb, resource, namespace }, consequence), ...checked.check.notSeen];
  return { ...checked, check: { ...checked.check, notSeen } };
}

function editOf({ metadata }: OAuthClient, file: OAuthClient): OAuthClient {
  const labels = { ...metadata.labels, ...file.metadata.labels };
  return { ...file, metadata: { ...metadata, labels, generation: (metadata.generation ?? 0) + 1 } };
}

const checkExisting = async (raw: OAuthClient, cluster: ClusterAccess): Promise<Checked> => ({
  raw,
  check: await checkClient(raw, cluster),
});

const exitOf = ({ check }: Checked): Exit => (isGood(check) ? 'done' : 'found');

async function checkOne(raw: OAuthClient, { cluster, print }: ClusterContext): Promise<CommandResult> {
  const checked = await checkExisting(raw, cluster);
  printChecked(checked, print);
  printValue(clientCheckValue(checked.check), print);
  return exitOf(checked);
}

/** As people read it, or by -o name. */
function printChecked({ raw, check }: Checked, print: Printer): void {
  if (print.format === undefined) {
    printTree(print, clientCheckTree(check));
  } else if (print.format === 'name') {
    print.object(raw);
  }
}

/** By -o json or -o yaml. */
function printValue(value: object, print: Printer): void {
  if (print.format === 'json' || print.format === 'yaml') {
    print.value(value);
  }
}
