import type { Convergence } from './soak-converge.ts';
import { lookAfterSuspects } from './soak-disturb.ts';
import type { FaultCounts } from './soak-faults.ts';
import { judge, type Verdict } from './soak-judge.ts';
import { judgeLog, sayings, secretsIn } from './soak-log.ts';
import type { SoakScene } from './soak-scene.ts';
import { SERVERS } from './soak-stage.ts';
import { readTruth, type Truth } from './soak-truth.ts';

/** What a soak did, and its results. */
export interface Summary extends Verdict {
  readonly seed: number;
  readonly seconds: number;
  readonly objects: number;
  /** Operations of users by kind. */
  readonly operations: Readonly<Record<string, number>>;
  readonly faults: FaultCounts;
  /** How often a process ended, by cause. */
  readonly operatorsEnded: Readonly<Record<string, number>>;
  readonly registrations: number;
  /** Documents that were ever there. */
  readonly documents: number;
  /** Those that identify a client in the end. */
  readonly documentsServed: number;
  /** How often a workload was restarted. */
  readonly workloadsRestarted: number;
  /** Clients that exist at the end. */
  readonly clients: number;
  /** Those of them that belong to an object. */
  readonly clientsInUse: number;
  readonly secondsToConverge: number;
  readonly notConverged: readonly string[];
  /** Messages in the operators' logs → count. */
  readonly warningsAndErrors: Readonly<Record<string, number>>;
  readonly unexpectedErrors: readonly string[];
  readonly secretsInLogs: readonly string[];
  readonly secretsInStatusAndEvents: readonly string[];
}

export async function summarize(
  scene: SoakScene,
  { seed, seconds }: { readonly seed: number; readonly seconds: number },
  end: Convergence,
): Promise<Summary> {
  const { servers, proxies, operators, users, faults, suspects } = scene;
  await lookAfterSuspects(scene);
  const truth = await readTruth(scene);
  const lines = operators.lines();
  const said = sayings(lines);
  const saidOf = (object: string) => `${said.get(object) ?? ''}${eventsOf(truth, object)}`;
  const registered = [...proxies.steady.registered, ...proxies.rotating.registered];
  const log = judgeLog(lines);
  const secrets = new Set(SERVERS.flatMap((name) => [...servers[name].secrets]));
  const status = JSON.stringify([...truth.objects.values()]) + JSON.stringify(truth.events);
  const shown = new Set([...truth.secrets.values()].map(({ clientId }) => clientId));
  return {
    seed,
    seconds,
    objects: users.objects.length,
    operations: users.operations,
    faults: faults.counts(),
    operatorsEnded: operators.ends(),
    registrations: registered.length,
    clients: truth.clients.length,
    clientsInUse: truth.clients.filter(({ clientId }) => shown.has(clientId)).length,
    ...judge(truth, { suspects, registered, users: users.objects }, saidOf),
    documents: truth.further.documents.length,
    documentsServed: truth.clients.filter(({ server }) => server === 'documents').length,
    workloadsRestarted: Object.values(truth.further.workloads).reduce(
      (sum, { generation }) => sum + generation - 1,
      0,
    ),
    secondsToConverge: end.seconds,
    notConverged: end.wrong,
    warningsAndErrors: log.expected,
    unexpectedErrors: log.unexpected,
    secretsInLogs: secretsIn(operators.output(), secrets),
    secretsInStatusAndEvents: secretsIn(status, secrets),
  };
}

const eventsOf = ({ events }: Truth, object: string): string =>
  events
    .filter((event) => event.object === object)
    .map(({ note }) => note)
    .join('\n');

/** Lists that must be empty, with a description of a breach. */
const INVARIANTS = {
  orphansUnreported: 'a client without a record or a report',
  tokensLostWithoutRotation: 'a lost token at the server without rotation',
  tokensLostUnreported: 'a lost token without a report',
  doubleRegistrations: 'an object that was registered twice without a report',
  notConverged: 'wrong when the time was over',
  unexpectedErrors: 'a line in the log that no fault explains',
  secretsInLogs: 'a secret in a log',
  secretsInStatusAndEvents: 'a secret in a status or an Event',
} as const satisfies Partial<Record<keyof Summary, string>>;

/** One line for each breach. */
export const breaches = (summary: Summary): readonly string[] =>
  (Object.keys(INVARIANTS) as (keyof typeof INVARIANTS)[]).flatMap((name) =>
    summary[name].map((what) => `${INVARIANTS[name]}: ${what}`),
  );
