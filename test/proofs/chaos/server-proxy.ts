import { isJsonObject, parseJsonObject } from '../../../src/oauth/json.ts';
import type { Faults } from './soak-faults.ts';
import {
  type Answer,
  answeredInstead,
  connectionHarms,
  type FaultyProxy,
  type Harm,
  type Question,
  startProxy,
} from './soak-proxy.ts';
import { type Chance, drawnOf } from './soak-random.ts';

/** How often which fault occurs between operator and authorization server, as a share of the calls about clients. */
const CALLS = {
  'cut before the call': 0.024,
  'cut after the call': 0.028,
  'answer truncated': 0.02,
  'too many requests': 0.02,
  'internal error, not applied': 0.02,
  'internal error, applied': 0.016,
  unavailable: 0.016,
  'timeout, applied': 0.016,
  'stalled, not applied': 0.008,
  'stalled, applied': 0.01,
  late: 0.008,
  'gzip with its header': 0.008,
  'gzip without its header': 0.008,
  'byte order mark': 0.008,
  'length too small': 0.006,
  'length too large': 0.006,
  'length twice': 0.006,
  'length and chunks': 0.006,
  'bad chunk': 0.006,
  'refused by a firewall': 0.01,
} as const;

type CallFault = keyof typeof CALLS;

/** A registration that the server made, also if its answer was lost. */
export interface Registered {
  /** Attempt id, from the marker. */
  readonly attempt: string;
  readonly clientId: string;
  /** `client_uri`, which shows the owner of the client. */
  readonly clientUri: string;
}

/** A call that reached the server, to find the cause of a lost client or token. */
export interface ReachedCall {
  readonly at: string;
  readonly server: string;
  readonly call: string;
  readonly status: number;
  /** What happened to the answer. */
  readonly harm: Harm['kind'] | undefined;
  /** Last characters of the token in the request and of the one in the answer. */
  readonly tokens: readonly string[];
}

export interface ServerProxy extends FaultyProxy {
  readonly registered: readonly Registered[];
  readonly calls: readonly ReachedCall[];
}

export interface ServerProxyOptions {
  /** Name of the server in the counts of faults. */
  readonly name: string;
  /** The real address of the server; the proxy replaces it by its own origin in every answer. */
  readonly backend: string;
  /** Longer than the timeout of the server object, in milliseconds. */
  readonly stallMs: number;
  readonly faults: Faults;
  readonly chance: Chance;
}

export async function startServerProxy(options: ServerProxyOptions): Promise<ServerProxy> {
  const { name, backend, faults, chance } = options;
  const registered: Registered[] = [];
  const calls: ReachedCall[] = [];
  const harm = (question: Question): Harm | undefined => {
    const fault = faults.active ? drawn(question, chance) : undefined;
    if (fault === undefined) {
      return undefined;
    }
    faults.count(name, fault);
    return toHarm(fault, options.stallMs);
  };
  const proxy: FaultyProxy = await startProxy({
    backend: { origin: backend },
    harm,
    answered(question, answer, done) {
      const made = madeBy(question, answer);
      if (made !== undefined) {
        registered.push(made);
      }
      calls.push(toCall(name, question, answer, done));
      return { ...answer, body: Buffer.from(answer.body.toString().replaceAll(backend, proxy.origin)) };
    },
  });
  return { ...proxy, registered, calls };
}

function toCall(server: string, question: Question, answer: Answer, harm: Harm | undefined): ReachedCall {
  const { client_id, registration_access_token: given } = parseJsonObject(answer.body.toString()) ?? {};
  const made = question.method === 'POST' && client_id !== undefined ? ` ${client_id}` : '';
  const shown = question.headers['authorization'];
  return {
    at: new Date().toISOString(),
    server,
    call: `${question.method} ${question.path}${made}`,
    status: answer.status,
    harm: harm?.kind,
    tokens: [shown, given].map((token) => (typeof token === 'string' ? token.slice(-6) : '')),
  };
}

function madeBy({ method, body }: Question, answer: Answer) {
  const made = method === 'POST' && answer.status < 300 ? parseJsonObject(answer.body.toString()) : undefined;
  const { client_name: attempt, client_uri: clientUri } = parseJsonObject(body.toString()) ?? {};
  return isJsonObject(made ?? null) && typeof attempt === 'string' && typeof clientUri === 'string'
    ? { attempt, clientUri, clientId: String(made?.['client_id']) }
    : undefined;
}

function drawn({ method, path }: Question, chance: Chance): CallFault | undefined {
  if (path.includes('/.well-known/') && !chance.hits(0.5)) {
    return undefined;
  }
  const { late, ...always } = CALLS;
  // A late update could undo a newer one: nothing in RFC 7592 prevents or shows that.
  const weights = { ...always, late: method === 'PUT' ? 0 : late };
  return drawnOf<CallFault>(weights, chance);
}

function toHarm(fault: CallFault, ms: number): Harm {
  const harms: Readonly<Record<CallFault, Harm>> = {
    ...connectionHarms(ms),
    'too many requests': answeredInstead(failure(429, { 'retry-after': '2' })),
    'internal error, not applied': answeredInstead(failure(500)),
    'internal error, applied': answeredInstead(failure(500), true),
    unavailable: answeredInstead(failure(503)),
    'timeout, applied': answeredInstead(failure(504), true),
    late: { kind: 'stalled', ms, reached: 'late' },
    'gzip with its header': { kind: 'coded', coding: 'gzip' },
    'gzip without its header': { kind: 'coded', coding: 'gzip unannounced' },
    'byte order mark': { kind: 'coded', coding: 'byte order mark' },
    'length too small': { kind: 'framed', framing: 'length too small' },
    'length too large': { kind: 'framed', framing: 'length too large' },
    'length twice': { kind: 'framed', framing: 'length twice' },
    'length and chunks': { kind: 'framed', framing: 'length and chunks' },
    'bad chunk': { kind: 'framed', framing: 'bad chunk' },
    'refused by a firewall': answeredInstead(failure(403)),
  };
  return harms[fault];
}

/** Like the answer of a gateway: not JSON. */
const failure = (status: number, headers: Readonly<Record<string, string>> = {}): Answer => ({
  status,
  headers: { 'content-type': 'text/html', ...headers },
  body: Buffer.from('<html><title>Injected</title></html>'),
});
