import { parseArgs } from 'node:util';
import { NAMESPACES } from './objects.ts';

export const USAGE = `Usage: npm run bench [-- flags]

Starts a Kubernetes API (etcd's fsync on), an authorization server and the bundled operator as processes of their own,
measures what the API server and the authorization server can do at most and how near to it the operator comes, and
prints one table. Everything is also in .testbed/bench.json.

  --quick          One run with 200 clients and a short live phase: under three minutes on two cores.
  --runs N         How often everything but installs and memory is measured, each time with a fresh control plane; 0: those
                   alone, which go to .testbed/bench-memory.json. Default: 5.
  --clients N,M    Sizes of the backlog. Default: 1000,5000.
  --live S         Seconds of creation at each rate. Default: 20.
  --memory N,M     Numbers of clients at which memory is looked at; empty: not at all.
                   Default: 0,1000,10000,50000.
  --waiting N      Clients of one namespace that wait while another namespace's are looked at; 0: not at all.
                   Default: 5000; with --quick 300.
  --installs N     So many operators with namespaces of their own, at most 4, compared with one; 0: not at all.
                   Default: 2; with --quick 0.
  --quota N        Clients of a backlog that is worked off twice: at a server without and with a bound on the clients of a
                   namespace; 0: not at all. Default: 10000; with --quick 0.
  --unrelated N    How many unrelated Secrets are there for the last look at the memory. Default: 10000.
  --profile        Leave a CPU profile of each operator in .testbed/bench; it costs the operator some of its speed.
  --peer           Instead of all that: hydra-maester and this operator in turn at one Ory Hydra. hydra-maester and Hydra
                   are built with Go where they are missing (some minutes, once). Takes --clients N (default 1000, with
                   --quick 100), --live, --runs (default 1) and --profile; it writes .testbed/bench-peer.json.
  --help           Print this.

On two cores a run takes eight minutes, the memory at 50,000 clients a quarter of an hour.
`;

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
  /** Repetitions of each raw limit. */
  readonly rawClients: number;
  /** Whether operators write CPU profiles. */
  readonly profile: boolean;
  /** Instead of all else: hydra-maester and this operator in turn. */
  readonly peer: boolean;
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
};
const PEER = { ...FULL, runs: '1', clients: '1000' };
const QUICK_PEER = { ...QUICK, clients: '100' };
const MAX_RAW_CLIENTS = 1_000;

/** Returns `help` where it was asked for, or a sentence that says what is wrong. */
export function readArguments(
  args: readonly string[],
): BenchArguments | 'help' | { readonly problem: string } {
  let values: ReturnType<typeof parse>;
  try {
    values = parse(args);
  } catch (error) {
    return { problem: error instanceof Error ? error.message : 'The flags can’t be read.' };
  }
  if (values.help) return 'help';
  const texts = { ...defaultsOf(values), ...values };
  const clients = numbersOf(texts.clients);
  if (clients.length === 0) return { problem: '“clients” must name at least one size.' };
  const numbers = {
    runs: Number(texts.runs),
    clients,
    liveSeconds: Number(texts.live),
    memory: numbersOf(texts.memory),
    unrelatedSecrets: Number(texts.unrelated),
    waiting: Number(texts.waiting),
    installs: Number(texts.installs),
    quota: Number(texts.quota),
    rawClients: Math.min(MAX_RAW_CLIENTS, Math.max(...clients)),
  };
  if (numbers.installs > NAMESPACES.length) {
    return { problem: `“installs” must be at most ${NAMESPACES.length}: so many namespaces have clients.` };
  }
  const wrong = Object.entries(numbers).find(([, value]) => ![value].flat().every(isCount));
  return wrong === undefined
    ? { ...numbers, profile: values.profile === true, peer: values.peer === true }
    : { problem: `“${wrong[0]}” must be whole numbers.` };
}

function defaultsOf({ quick, peer }: ReturnType<typeof parse>): typeof FULL {
  if (peer) return quick ? QUICK_PEER : PEER;
  return quick ? QUICK : FULL;
}

const parse = (args: readonly string[]) =>
  parseArgs({
    args: [...args],
    options: {
      quick: { type: 'boolean' },
      runs: { type: 'string' },
      clients: { type: 'string' },
      live: { type: 'string' },
      memory: { type: 'string' },
      unrelated: { type: 'string' },
      waiting: { type: 'string' },
      installs: { type: 'string' },
      quota: { type: 'string' },
      peer: { type: 'boolean' },
      profile: { type: 'boolean' },
      help: { type: 'boolean' },
    },
  }).values;

const numbersOf = (text: string): readonly number[] => text.split(',').filter(Boolean).map(Number);

const isCount = (value: number): boolean => Number.isSafeInteger(value) && value >= 0;
