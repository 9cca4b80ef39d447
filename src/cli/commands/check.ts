import { readFile } from 'node:fs/promises';
import { text as readAll } from 'node:stream/consumers';
import { parseAllDocuments } from 'yaml';
import { createEgressGuards } from '../../adapters/authorization-server/egress.ts';
import { createAuthorizationServerHttp } from '../../adapters/authorization-server/http.ts';
import { API_VERSION, type KubernetesObject, RESOURCES, type Resource } from '../../api/kubernetes.ts';
import type { OAuthClient } from '../../api/oauth-client.ts';
import { VERSION } from '../../api/version.ts';
import { toServerObject } from '../../core/server-object.ts';
import { checkClient } from '../client-check.ts';
import { clientCheckTree, clientCheckValue, isGood } from '../client-check-tree.ts';
import type { CliCommand, ClusterContext, CommandResult } from '../command.ts';
import { type CommandFailure, commandFailure } from '../failure.ts';
import { checkServer } from '../server-check.ts';
import { serverCheckTree } from '../server-check-tree.ts';
import { oneObjectRefusal } from '../target.ts';
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

/** The kinds that can be checked, by the names that kubectl accepts. */
const KINDS: readonly { readonly names: readonly string[]; readonly resource: Resource }[] = [
  { names: ['oac', 'oauthclient', 'oauthclients'], resource: RESOURCES.oauthClient },
  {
    names: ['coas', 'clusterauthorizationserver', 'clusterauthorizationservers'],
    resource: RESOURCES.clusterAuthorizationServer,
  },
  {
    names: ['oas', 'authorizationserver', 'authorizationservers'],
    resource: RESOURCES.authorizationServer,
  },
];

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
  const [first = '', second] = operand.split('/', 2);
  const [type = '', name] = second === undefined ? [undefined, first] : [first.split('.')[0], second];
  const kinds =
    second === undefined ? KINDS : KINDS.filter(({ names }) => names.includes(type.toLowerCase()));
  if (kinds.length === 0) {
    return { exit: 'usage', sentence: `There is no kind "${first}": name oac, coas or oas.` };
  }
  const { api, namespace } = cluster;
  const answers = await Promise.all(
    kinds.map(async ({ resource }) => {
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
  const object = toServerObject(kind, raw, { allowHttp: true });
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

async function checkFile(file: string, context: ClusterContext): Promise<CommandResult> {
  const clients = await readClients(file, context);
  if ('sentence' in clients) {
    return clients;
  }
  let result: CommandResult = 'done';
  for (const client of clients) {
    const one = await checkNew(client, context);
    result = one === 'done' ? result : one;
  }
  return result;
}

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
  const clients = documents.map((document) => document.toJS() as OAuthClient | null).filter(isClient);
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

/** An object of that name may exist: then the file is an edit of it. */
async function checkNew(client: OAuthClient, context: ClusterContext): Promise<CommandResult> {
  const { api } = context.cluster;
  const resource = RESOURCES.oauthClient;
  const { namespace = '', name } = client.metadata;
  const found = await api.get<OAuthClient>(resource, { namespace, name });
  if (found.ok) {
    const { metadata, status } = found.object;
    const generation = (metadata.generation ?? 0) + 1;
    const labels = { ...metadata.labels, ...client.metadata.labels };
    const edited = { ...client, metadata: { ...metadata, labels, generation } };
    return checkOne(status === undefined ? edited : { ...edited, status }, context);
  }
  const admitted = await api.dryRun<OAuthClient>(resource, client);
  if (!admitted.ok && admitted.status !== 403) {
    return commandFailure(admitted, { verb: 'create', resource, namespace, name });
  }
  const { status: _, ...created } = admitted.ok ? admitted.object : client;
  return checkOne(created, context);
}

async function checkOne(raw: OAuthClient, { cluster, print }: ClusterContext): Promise<CommandResult> {
  const result = await checkClient(raw, cluster);
  if (print.format === undefined) {
    printTree(print, clientCheckTree(result));
  } else if (print.format === 'name') {
    print.object(raw);
  } else {
    print.value(clientCheckValue(result));
  }
  return isGood(result) ? 'done' : 'found';
}
