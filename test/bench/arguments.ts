import type { Arguments, Problem, Script } from '../../tools/command-line.ts';
import { NAMESPACES } from './namespaces.ts';

type Name =
  | 'quick'
  | 'runs'
  | 'clients'
  | 'live'
  | 'memory'
  | 'waiting'
  | 'installs'
  | 'quota'
  | 'servers'
  | 'slow'
  | 'unrelated'
  | 'profile'
  | 'peer'
  | 'churn';

/** `npm run bench`. */
export const BENCH: Script<Name> = {
  name: 'bench',
  about: `Starts a Kubernetes API (etcd's fsync on), an authorization server and the bundled operator as processes of their own,
measures what the API server and the authorization server can do at most and how near to it the operator comes, and
prints one table. Everything is also in .testbed/bench.json. An hour on two cores: a run takes eight minutes, the memory
at 50,000 clients a quarter of an hour. With --quick under three minutes.`,
  flags: {
    quick: { about: 'One run with 200 clients and a short live phase.' },
    runs: {
      value: 'N',
      isCount: true,
      about:
        'How often everything but installs, quota, many servers and memory is measured, each time with a fresh control plane; 0: those alone, which go to .testbed/bench-memory.json. Default: 5; with --quick 1.',
    },
    clients: { value: 'N,M', about: 'Sizes of the backlog. Default: 1000,5000; with --quick 200.' },
    live: {
      value: 'S',
      isCount: true,
      about: 'Seconds of creation at each rate. Default: 20; with --quick 4.',
    },
    memory: {
      value: 'N,M',
      about:
        'Numbers of clients at which memory is measured; empty: not at all. Default: 0,1000,10000,50000; with --quick 500.',
    },
    waiting: {
      value: 'N',
      isCount: true,
      about:
        "Clients of one namespace that wait while another namespace's are measured; 0: not at all. Default: 5000; with --quick 300.",
    },
    installs: {
      value: 'N',
      isCount: true,
      about:
        'So many operators with namespaces of their own, at most 4, compared with one; 0: not at all. Default: 2; with --quick 0.',
    },
    quota: {
      value: 'N',
      isCount: true,
      about:
        'Clients of a backlog that is worked off twice: at a server without and with a bound on the clients of a namespace; 0: not at all. Default: 10000; with --quick 0.',
    },
    servers: {
      value: 'N',
      isCount: true,
      about:
        'AuthorizationServers of many namespaces, one client each, all at one authorization server with an issuer for each; 0: not at all. Default: 2000; with --quick 0.',
    },
    slow: {
      value: 'MS',
      isCount: true,
      about:
        "With --servers: milliseconds by which a proxy delays each of the operator's requests to the API server. Default: 0, no proxy.",
    },
    unrelated: {
      value: 'N',
      isCount: true,
      about:
        'How many unrelated Secrets are there when memory is measured last. Default: 10000; with --quick 500.',
    },
    profile: {
      about:
        'Leave a CPU profile of each operator in .testbed/bench; it costs the operator some of its speed.',
    },
    peer: {
      about:
        'Instead of all that: hydra-maester and this operator in turn at one Ory Hydra. Both are built with Go where they are missing (some minutes, once). Takes --clients N (default 1000, with --quick 100), --live, --runs (default 1) and --profile; writes .testbed/bench-peer.json.',
    },
    churn: {
      about:
        'Instead of all that: ten agents a second come for 20 minutes, each with an OAuthClient that is bound to its Job, and go 20 seconds later, beside 5,000 clients that stay; with --quick for two minutes beside 200. Writes .testbed/bench-churn.json.',
    },
  },
  environment: { UPDATE_BENCH: '1 writes the table into docs/scale.md.' },
};

/** What is to be measured. */
export interface BenchArguments {
  readonly runs: number;
  /** Sizes of the backlog. */
  readonly clients: readonly number[];
  readonly liveSeconds: number;
  /** Numbers of clients at which memory is looked at. */
  readonly memory: readonly number[];
  readonly unrelatedSecrets: number;
  /** Clients of one namespace beside which another's are looked at; 0: not at all. */
  readonly waiting: number;
  /** Operators with namespaces of their own, beside each other; 0: not at all. */
  readonly installs: number;
  /** Clients of a backlog at a server with a quota; 0: not at all. */
  readonly quota: number;
  /** AuthorizationServers with one client each; 0: not at all. */
  readonly servers: number;
  /** Beside many servers: by how many milliseconds the operator's requests to the API server are delayed. */
  readonly slowMs: number;
  /** Repetitions of each raw limit. */
  readonly rawClients: number;
  /** Whether operators write CPU profiles. */
  readonly profile: boolean;
  /** Instead of all else: hydra-maester and this operator in turn. */
  readonly peer: boolean;
  /** Instead of all else: agents that come and go; `undefined`: not. */
  readonly churn: { readonly stay: number; readonly perSecond: number; readonly seconds: number } | undefined;
}

const FULL = {
  runs: '5',
  clients: '1000,5000',
  live: '20',
  memory: '0,1000,10000,50000',
  unrelated: '10000',
  waiting: '5000',
  installs: '2',
  quota: '10000',
  servers: '2000',
  slow: '0',
};
const QUICK = {
  runs: '1',
  clients: '200',
  live: '4',
  memory: '500',
  unrelated: '500',
  waiting: '300',
  installs: '0',
  quota: '0',
  servers: '0',
  slow: '0',
};
const PEER = { ...FULL, runs: '1', clients: '1000' };
const QUICK_PEER = { ...QUICK, clients: '100' };
const CHURN = { stay: 5_000, perSecond: 10, seconds: 1_200 };
const QUICK_CHURN = { stay: 200, perSecond: 10, seconds: 120 };
const MAX_RAW_CLIENTS = 1_000;

/** What the flags ask for, or a sentence that says what is wrong. */
export function readMeasure(values: Arguments<Name>['values']): BenchArguments | Problem {
  const texts = { ...defaultsOf(values), ...values };
  const clients = numbersOf(texts.clients);
  if (clients.length === 0) {
    return { problem: '--clients must name at least one size.' };
  }
  const memory = numbersOf(texts.memory);
  const wrong = Object.entries({ clients, memory }).find(([, sizes]) => !sizes.every(isCount));
  if (wrong !== undefined) {
    return { problem: `--${wrong[0]} needs whole numbers, separated by commas.` };
  }
  const installs = Number(texts.installs);
  if (installs > NAMESPACES.length) {
    return { problem: `--installs must be at most ${NAMESPACES.length}: so many namespaces have clients.` };
  }
  return {
    runs: Number(texts.runs),
    clients,
    liveSeconds: Number(texts.live),
    memory,
    unrelatedSecrets: Number(texts.unrelated),
    waiting: Number(texts.waiting),
    installs,
    quota: Number(texts.quota),
    servers: Number(texts.servers),
    slowMs: Number(texts.slow),
    rawClients: Math.min(MAX_RAW_CLIENTS, Math.max(...clients)),
    profile: values.profile === true,
    peer: values.peer === true,
    churn: values.churn === true ? (values.quick === true ? QUICK_CHURN : CHURN) : undefined,
  };
}

function defaultsOf({ quick, peer }: Arguments<Name>['values']): typeof FULL {
  if (peer) {
    return quick ? QUICK_PEER : PEER;
  }
  return quick ? QUICK : FULL;
}

const numbersOf = (text: string | true): readonly number[] =>
  String(text).split(',').filter(Boolean).map(Number);

const isCount = (value: number): boolean => Number.isSafeInteger(value) && value >= 0;
