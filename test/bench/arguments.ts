import { parseArgs } from 'node:util';

export const USAGE = `Usage: npm run bench [-- flags]

Starts a Kubernetes API (etcd's fsync on), an authorization server and the bundled operator as processes of their own,
measures what the API server and the authorization server can do at most and how near to it the operator comes, and
prints one table. Everything is also in .testbed/bench.json.

  --quick          One run with 300 clients and a short live phase: under three minutes on two cores.
  --runs N         How often everything but the memory is measured, each time with a fresh control plane. Default: 5.
  --clients N,M    Sizes of the backlog. Default: 1000,5000.
  --live S         Seconds of creation at each rate. Default: 20.
  --memory N,M     Numbers of clients at which memory is looked at; empty: not at all. Default: 0,1000,10000.
  --unrelated N    How many unrelated Secrets are there for the last look at the memory. Default: 10000.
  --profile        Leave a CPU profile of each operator in .testbed/bench; it costs the operator some of its speed.
  --help           Print this.

Memory at 50,000 clients takes some ten minutes: --memory 0,1000,10000,50000
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
  /** Repetitions of each raw limit. */
  readonly rawClients: number;
  /** Whether operators write CPU profiles. */
  readonly profile: boolean;
}

const QUICK = { runs: '1', clients: '300', live: '5', memory: '0,500', unrelated: '500' };
const FULL = { runs: '5', clients: '1000,5000', live: '20', memory: '0,1000,10000', unrelated: '10000' };
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
  const texts = { ...(values.quick ? QUICK : FULL), ...values };
  const clients = numbersOf(texts.clients);
  const numbers = {
    runs: Number(texts.runs),
    clients,
    liveSeconds: Number(texts.live),
    memory: numbersOf(texts.memory),
    unrelatedSecrets: Number(texts.unrelated),
    rawClients: Math.min(MAX_RAW_CLIENTS, Math.max(...clients)),
  };
  const wrong = Object.entries(numbers).find(([, value]) => ![value].flat().every(isCount));
  return wrong === undefined
    ? { ...numbers, profile: values.profile === true }
    : { problem: `“${wrong[0]}” must be whole numbers.` };
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
      profile: { type: 'boolean' },
      help: { type: 'boolean' },
    },
  }).values;

const numbersOf = (text: string): readonly number[] => text.split(',').filter(Boolean).map(Number);

const isCount = (value: number): boolean => Number.isSafeInteger(value) && value >= 0;
