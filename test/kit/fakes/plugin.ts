import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable, Writable } from 'node:stream';
import { onTestFinished } from 'vitest';
import { API_VERSION, keyOf, RESOURCES, type Resource } from '../../../src/api/kubernetes.ts';
import { runProgram } from '../../../src/cli/program.ts';
import type { ApiResult } from '../../../src/controller/ports.ts';
import { type Change, Cluster, type Stored } from './cluster.ts';
import { writeKubeconfig } from './fake-api-server.ts';

interface ApiServerOptions {
  readonly objects?: readonly Stored[];
  /** Default: one of its own. */
  readonly cluster?: Cluster;
  /** Refused with 403, such as `list secrets` or `get pods`. */
  readonly forbids?: readonly string[];
  /** Request, as in `requests` → status that refuses it. */
  readonly refusals?: Readonly<Record<string, number>>;
  /** Kinds that the cluster does not have, by plural. */
  readonly lacks?: readonly string[];
  /** Answered with 503, in the same form. */
  readonly fails?: readonly string[];
  /** Kinds beside those of the operator. */
  readonly resources?: readonly Resource[];
  /** Path → what is no object, such as the metrics of a Pod. */
  readonly texts?: Readonly<Record<string, string>>;
}

/** A cluster in memory that the plugin reaches over HTTP. */
export interface PluginCluster {
  readonly cluster: Cluster;
  /** Path of a kubeconfig, whose namespace is `trial`. */
  readonly kubeconfig: string;
  /** Every request, such as `list oauthclients in shop`, `get secrets shop/x (metadata)`. */
  readonly requests: readonly string[];
}

export interface PluginRun {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

interface Typed {
  /**
   * What is typed: a text at once, or one for each question; a function is called in place of an answer. Then there is a
   * terminal. Default: there is none.
   */
  readonly input?: string | readonly (string | (() => void))[];
  readonly signal?: AbortSignal;
  /** The output is a terminal, too. Default: it is not. */
  readonly showsOnTerminal?: boolean;
}

/** Runs the plugin as `kubectl oauthclient ARGS…` would, in this process. */
export const runPlugin = (
  args: readonly string[],
  { kubeconfig, ...typed }: { readonly kubeconfig: string } & Typed,
): Promise<PluginRun> => collectedRun([...args, `--kubeconfig=${kubeconfig}`], typed);

/** The same, with a kubeconfig among the arguments or none. */
export async function collectedRun(
  args: readonly string[],
  { input, signal = new AbortController().signal, showsOnTerminal = false }: Typed = {},
): Promise<PluginRun> {
  const answers = typeof input === 'string' ? undefined : [...(input ?? [])];
  const source = typeof input === 'string' ? Readable.from([input]) : new Readable({ read: () => undefined });
  const stdin = Object.assign(source, { isTTY: input !== undefined });
  const answer = (asked: string): void => {
    if (answers !== undefined && asked.endsWith(QUESTION_END)) {
      const next = answers.shift() ?? null;
      if (typeof next === 'function') {
        next();
      } else {
        stdin.push(next);
      }
    }
  };
  const [stdout, stderr] = [collecting(), collecting(answer)];
  Object.assign(stdout.stream, { isTTY: showsOnTerminal });
  const terminal = { stdin, stdout: stdout.stream, stderr: stderr.stream, signal };
  const code = await runProgram(args, terminal);
  return { code, stdout: stdout.text(), stderr: stderr.text() };
}

/** Closed when the test is over. */
export async function startPluginCluster(options: ApiServerOptions = {}): Promise<PluginCluster> {
  const cluster = options.cluster ?? new Cluster(() => new Date().toISOString());
  for (const object of options.objects ?? []) {
    cluster.put(object.kind ?? '', object);
  }
  const requests: string[] = [];
  const server = createServer(async (request, response) => {
    const text = options.texts?.[request.url ?? ''];
    if (text !== undefined) {
      response.end(text);
      return;
    }
    const isWatch = new URL(request.url ?? '', 'http://fake').searchParams.has('watch');
    if (isWatch && options.forbids?.some((one) => one.startsWith('watch ')) !== true) {
      showChanges(request, response, cluster, requests);
      return;
    }
    const [status, body] = await answerOf(request, cluster, options, requests);
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const kubeconfig = writeKubeconfig({ server: `http://127.0.0.1:${port}`, user: { token: 'token-1' } });
  return { cluster, kubeconfig, requests };
}

/** An API server that hears a request and never answers it. */
export async function startSilentApiServer() {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { server, kubeconfig: writeKubeconfig({ server: `http://127.0.0.1:${port}`, user: {} }) };
}

const PATH =
  /^\/(?:api|apis\/(?<group>[^/]+))\/v[a-z0-9]+(?:\/namespaces\/(?<namespace>[^/]+))?\/(?<plural>[a-z]+)(?:\/(?<name>[^/]+))?(?:\/(?<sub>status))?$/;
const VERBS: Readonly<Record<string, string>> = {
  POST: 'create',
  PUT: 'update',
  PATCH: 'patch',
  DELETE: 'delete',
};

type Answer = readonly [status: number, body: object];

async function answerOf(
  request: IncomingMessage,
  cluster: Cluster,
  { forbids = [], fails = [], refusals = {}, lacks = [], resources = [] }: ApiServerOptions,
  requests: string[],
): Promise<Answer> {
  const url = new URL(request.url ?? '', 'http://fake');
  const { plural = '', namespace, name, sub } = PATH.exec(url.pathname)?.groups ?? {};
  const resource = [...Object.values(RESOURCES), ...resources].find((one) => one.plural === plural);
  const verb = VERBS[request.method ?? ''] ?? (name === undefined ? 'list' : 'get');
  const isMetadata = request.headers.accept?.includes('PartialObjectMetadata') === true;
  const key = { name: decodeURIComponent(name ?? ''), ...(namespace === undefined ? {} : { namespace }) };
  const where = name === undefined ? `in ${namespace ?? 'all namespaces'}` : keyOf(key);
  const asked = `${verb} ${plural} ${where}${isMetadata ? ' (metadata)' : ''}`;
  requests.push(asked);
  if (resource === undefined || lacks.includes(plural)) {
    return [404, { kind: 'Status', code: 404, reason: 'NotFound', message: 'not served' }];
  }
  if (forbids.includes(`${verb} ${plural}`)) {
    return failed(403, 'Forbidden', `cannot ${verb} resource "${plural}"`, key.name);
  }
  if (fails.includes(`${verb} ${plural}`)) {
    return failed(503, 'ServiceUnavailable', 'the store has no leader', key.name);
  }
  const refusal = refusals[asked];
  if (refusal !== undefined) {
    return failed(refusal, 'Refused', 'as the test asks', key.name);
  }
  const shown = (object: Stored) => (isMetadata ? { metadata: object.metadata } : typed(resource, object));
  if (verb === 'list') {
    const found = cluster.list(resource, {
      ...(namespace === undefined ? {} : { namespace }),
      labelSelector: url.searchParams.get('labelSelector') ?? '',
    });
    return page(found.map(shown), url.searchParams);
  }
  const body = await bodyOf(request);
  if (url.searchParams.get('dryRun') === 'All') {
    requests.push(`dry run of ${verb} ${plural}`);
    return [200, body];
  }
  const done = act(verb, { cluster, resource, key, body, ...(sub === 'status' ? { sub } : {}) });
  return done.ok ? [200, shown(done.object)] : failed(done.status, done.reason, done.message, key.name);
}

/** A watch of one object, which stays open until the plugin closes it. */
function showChanges(
  request: IncomingMessage,
  response: ServerResponse,
  cluster: Cluster,
  requests: string[],
): void {
  const url = new URL(request.url ?? '', 'http://fake');
  const { plural = '', namespace } = PATH.exec(url.pathname)?.groups ?? {};
  const resource = Object.values(RESOURCES).find((one) => one.plural === plural);
  const name = url.searchParams.get('fieldSelector')?.replace('metadata.name=', '') ?? '';
  requests.push(`watch ${plural} ${keyOf(namespace === undefined ? { name } : { namespace, name })}`);
  response.writeHead(200, { 'content-type': 'application/json' });
  response.flushHeaders();
  const since = Number(url.searchParams.get('resourceVersion'));
  const show = ({ kind, before, after, version }: Change): void => {
    const object = after ?? before;
    const isIt = object?.metadata.name === name && object.metadata.namespace === namespace;
    if (resource?.kind === kind && object !== undefined && isIt && Number(version) > since) {
      const type = after === undefined ? 'DELETED' : 'MODIFIED';
      response.write(`${JSON.stringify({ type, object: typed(resource, object) })}\n`);
    }
  };
  cluster.changes.forEach(show);
  cluster.onChange.push(show);
}

interface Act {
  readonly cluster: Cluster;
  readonly resource: Resource;
  readonly key: { readonly namespace?: string; readonly name: string };
  readonly body: object;
  readonly sub?: 'status';
}

function act(verb: string, { cluster, resource, key, body, sub }: Act): ApiResult<Stored> {
  const by = 'kubectl-oauthclient';
  switch (verb) {
    case 'create':
      return cluster.create(resource, body as Stored, by);
    case 'update':
      return cluster.replace(resource, body as Stored, sub, by);
    case 'patch':
      return cluster.patch(resource, key, body, by);
    case 'delete':
      return cluster.delete(resource, key, (body as { preconditions?: object }).preconditions ?? {}, by);
    default:
      return cluster.get(resource, key);
  }
}

function page(items: readonly object[], query: URLSearchParams): Answer {
  const from = Number(query.get('continue') ?? 0);
  const to = from + Number(query.get('limit') ?? items.length);
  const next = to < items.length ? { continue: String(to) } : {};
  return [200, { kind: 'List', metadata: { resourceVersion: '1', ...next }, items: items.slice(from, to) }];
}

const typed = ({ group, version, kind }: Resource, object: Stored): object => ({
  apiVersion: group === '' ? version : `${group}/${version}`,
  kind,
  ...object,
});

const failed = (code: number, reason: string, message: string, name: string): Answer => [
  code,
  { kind: 'Status', apiVersion: 'v1', status: 'Failure', code, reason, message, details: { name } },
];

async function bodyOf(request: IncomingMessage): Promise<object> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) {
    chunks.push(chunk as Buffer);
  }
  const text = Buffer.concat(chunks).toString();
  return text === '' ? {} : (JSON.parse(text) as object);
}

/** Of the prompt of a question. */
const QUESTION_END = ' [y/N] ';

/** A stream that keeps what is written. */
export function collecting(written: (text: string) => void = () => undefined) {
  const chunks: string[] = [];
  const stream = new Writable({
    decodeStrings: false,
    write(chunk: string, _, done) {
      chunks.push(chunk);
      written(chunk);
      done();
    },
  });
  return { stream, text: () => chunks.join('') };
}

/** A server object or client of the operator's group, as it is stored. */
export const custom = (kind: string, object: Omit<Stored, 'kind' | 'apiVersion'>): Stored => ({
  apiVersion: API_VERSION,
  kind,
  ...object,
});
