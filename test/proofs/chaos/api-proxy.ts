import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Certificate } from '../../kit/testbed/certificates.ts';
import type { Faults } from './soak-faults.ts';
import {
  type Answer,
  answeredInstead,
  connectionHarms,
  type FaultyProxy,
  type Harm,
  type Open,
  type Question,
  startProxy,
} from './soak-proxy.ts';
import { type Chance, drawnOf } from './soak-random.ts';

/** How often which fault occurs between operator and API server, as a share of all calls. Together some percent. */
const CALLS = {
  'cut before the call': 0.012,
  'cut after the call': 0.018,
  'answer truncated': 0.01,
  'too many requests': 0.01,
  conflict: 0.012,
  'internal error, not applied': 0.01,
  'internal error, applied': 0.008,
  'timeout, applied': 0.014,
  'stalled, not applied': 0.0016,
  'stalled, applied': 0.0016,
  'stale list': 0.1,
} as const;

type CallFault = keyof typeof CALLS;

/** The same for all watches that are opened. */
const WATCHES = {
  'watch refused with 410': 0.12,
  'watch ended by 410': 0.15,
  'watch ended': 0.2,
  'watch cut': 0.2,
  'watch late, then cut': 0.15,
} as const;

/** Longer than any deadline of the operator's calls. */
const STALL_MS = 16_000;
const WATCH_LIFE_MS = [1_000, 40_000] as const;
const WATCH_LAG_MS = [500, 4_000] as const;
/** How old a list may be that is returned as the current one. */
const STALE_MS = 30_000;

export interface ApiProxyOptions {
  readonly backend: { readonly origin: string; readonly ca: string };
  readonly tls: Certificate;
  readonly faults: Faults;
  readonly chance: Chance;
}

/** A proxy before kube-apiserver. Its clients need its CA and a token of the server. */
export function startApiProxy({ backend, tls, faults, chance }: ApiProxyOptions): Promise<FaultyProxy> {
  const lists = new Map<string, { readonly answer: Answer; readonly at: number }>();
  const harm = (question: Question): Harm | undefined => {
    const earlier = staleFor(question, lists);
    const fault = faults.active ? drawn(question, earlier !== undefined, chance) : undefined;
    if (fault === undefined) {
      return undefined;
    }
    faults.count('API server', fault);
    return toHarm(fault, earlier);
  };
  return startProxy({
    backend,
    tls,
    harm,
    answered(question, answer) {
      if (isList(question) && answer.status === 200) {
        lists.set(keyOf(question), { answer, at: Date.now() });
      }
      return answer;
    },
    stream(question, response, open) {
      if (!isWatch(question)) {
        return false;
      }
      const fault = faults.active ? chance.weighed({ ...WATCHES, none: 0.18 }) : undefined;
      const life = chance.between(...WATCH_LIFE_MS);
      const lag = fault === 'watch late, then cut' ? chance.between(...WATCH_LAG_MS) : 0;
      if (fault !== undefined && fault !== 'none') {
        faults.count('API server', fault);
      }
      follow({ fault, life, lag }, response, open).catch(() => response.destroy());
      return true;
    },
  });
}

const isWatch = ({ path }: Question): boolean => /[?&]watch=(1|true)/.test(path);

/** Whether this lists a whole collection; pages and lists by a changing selector are not kept. */
const isList = ({ method, path }: Question): boolean =>
  method === 'GET' && path.includes('limit=') && !path.includes('continue=') && !path.includes('watch=');

const keyOf = ({ path, headers }: Question): string => `${path} ${headers['accept']}`;

function staleFor(
  question: Question,
  lists: ReadonlyMap<string, { readonly answer: Answer; readonly at: number }>,
): Answer | undefined {
  const found = isList(question) ? lists.get(keyOf(question)) : undefined;
  return found !== undefined && Date.now() - found.at < STALE_MS ? found.answer : undefined;
}

function drawn(question: Question, hasEarlier: boolean, chance: Chance): CallFault | undefined {
  const { conflict, 'stale list': stale, ...always } = CALLS;
  const changes = ['PUT', 'PATCH', 'DELETE'].includes(question.method);
  const weights = { ...always, conflict: changes ? conflict : 0, 'stale list': hasEarlier ? stale : 0 };
  return drawnOf<CallFault>(weights, chance);
}

function toHarm(fault: CallFault, earlier: Answer | undefined): Harm {
  const harms: Readonly<Record<CallFault, Harm>> = {
    ...connectionHarms(STALL_MS),
    'too many requests': answeredInstead(refusal(429, 'TooManyRequests', { 'retry-after': '1' })),
    conflict: answeredInstead(refusal(409, 'Conflict')),
    'internal error, not applied': answeredInstead(refusal(500, 'InternalError')),
    'internal error, applied': answeredInstead(refusal(500, 'InternalError'), true),
    'timeout, applied': answeredInstead(refusal(504, 'Timeout'), true),
    'stale list': earlier === undefined ? { kind: 'cutBefore' } : answeredInstead(earlier),
  };
  return harms[fault];
}

const status = (code: number, reason: string) => ({
  kind: 'Status',
  apiVersion: 'v1',
  metadata: {},
  status: 'Failure',
  message: `injected: ${reason}`,
  reason,
  code,
});

const refusal = (code: number, reason: string, headers = {}): Answer => ({
  status: code,
  headers: { 'content-type': 'application/json', ...headers },
  body: Buffer.from(JSON.stringify(status(code, reason))),
});

interface Following {
  readonly fault: keyof typeof WATCHES | 'none' | undefined;
  readonly life: number;
  readonly lag: number;
}

/** `writable` stays true after the end. */
const isOpen = ({ writableEnded, destroyed }: ServerResponse): boolean => !writableEnded && !destroyed;

/** Forwards a watch until its life ends, `lag` milliseconds late. */
async function follow({ fault, life, lag }: Following, response: ServerResponse, open: Open): Promise<void> {
  if (fault === 'watch refused with 410') {
    const { status: code, headers, body } = refusal(410, 'Expired');
    response.writeHead(code, headers).end(body);
    return;
  }
  const ending = new AbortController();
  response.once('close', () => ending.abort());
  const { statusCode, headers, body } = await open(ending.signal);
  response.writeHead(statusCode, { 'content-type': String(headers['content-type'] ?? 'application/json') });
  response.flushHeaders();
  if (fault !== undefined && fault !== 'none') {
    setTimeout(() => end(fault, response), life).unref();
  }
  for await (const chunk of body) {
    if (!isOpen(response)) {
      return;
    }
    if (lag > 0) {
      setTimeout(() => isOpen(response) && response.write(chunk), lag);
    } else {
      response.write(chunk);
    }
  }
  await sleep(lag);
  if (isOpen(response)) {
    response.end();
  }
}

function end(fault: keyof typeof WATCHES, response: ServerResponse): void {
  if (!isOpen(response)) {
    return;
  }
  switch (fault) {
    case 'watch ended':
      response.end();
      return;
    case 'watch ended by 410':
      response.end(`${JSON.stringify({ type: 'ERROR', object: status(410, 'Expired') })}\n`);
      return;
    default:
      // In the middle of a line.
      response.write('{"type":"MODIFIED","object":{"kind":', () => response.destroy());
  }
}
