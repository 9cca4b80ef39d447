import { isJsonObject, parseJsonObject } from '../../../src/oauth/json.ts';
import type { Faults } from './soak-faults.ts';
import { type Answer, type FaultyProxy, type Harm, type Question, startProxy } from './soak-proxy.ts';
import type { Chance } from './soak-random.ts';

/** How often what goes wrong between operator and authorization server, of the calls about clients. */
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
} as const;

type CallFault = keyof typeof CALLS;

/** A registration that the server made, whatever became of its answer. */
export interface Registered {
  /** From the marker. */
  readonly attempt: string;
  readonly clientId: string;
  /** `client_uri`: it says whose client it is. */
  readonly clientUri: string;
}

/** A call that reached the server: what to look at when a client or a token is lost. */
export interface ReachedCall {
  readonly at: string;
  readonly server: string;
  readonly call: string;
  readonly status: number;
  /** What became of the answer. */
  readonly harm: Harm['kind'] | undefined;
  /** Ends of the token that was shown and of the one that was given. */
  readonly tokens: readonly string[];
}

export interface ServerProxy extends FaultyProxy {
  readonly registered: readonly Registered[];
  readonly calls: readonly ReachedCall[];
}

export interface ServerProxyOptions {
  /** For the names of faults. */
  readonly name: string;
  /** Where the server is in truth; it is called by the proxy's origin wherever the server names itself. */
  readonly backend: string;
  /** Longer than what the server object gives one call, in milliseconds. */
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
  // A late update could undo a newer one: nothing in RFC 7592 lets anybody prevent or notice that.
  const weights = { ...always, late: method === 'PUT' ? 0 : late };
  const total = Object.values(weights).reduce((sum, weight) => sum + weight, 0);
  const fault = chance.weighed<CallFault | 'none'>({ ...weights, none: 1 - total });
  return fault === 'none' ? undefined : fault;
}

function toHarm(fault: CallFault, ms: number): Harm {
  switch (fault) {
    case 'cut before the call':
      return { kind: 'cutBefore' };
    case 'cut after the call':
      return { kind: 'cutAfter' };
    case 'answer truncated':
      return { kind: 'truncated' };
    case 'too many requests':
      return { kind: 'answered', reached: false, answer: failure(429, { 'retry-after': '2' }) };
    case 'internal error, not applied':
      return { kind: 'answered', reached: false, answer: failure(500) };
    case 'internal error, applied':
      return { kind: 'answered', reached: true, answer: failure(500) };
    case 'unavailable':
      return { kind: 'answered', reached: false, answer: failure(503) };
    case 'timeout, applied':
      return { kind: 'answered', reached: true, answer: failure(504) };
    case 'stalled, not applied':
      return { kind: 'stalled', ms, reached: 'never' };
    case 'stalled, applied':
      return { kind: 'stalled', ms, reached: 'first' };
    case 'late':
      return { kind: 'stalled', ms, reached: 'late' };
  }
}

/** As a gateway answers: not JSON. */
const failure = (status: number, headers: Readonly<Record<string, string>> = {}): Answer => ({
  status,
  headers: { 'content-type': 'text/html', ...headers },
  body: Buffer.from('<html><title>Injected</title></html>'),
});
