import { createController } from '../../../src/controller/controller.ts';
import type { EventInput } from '../../../src/controller/durable/events.ts';
import type { Ledger } from '../../../src/controller/durable/ledger.ts';
import type { LedgerEntry } from '../../../src/controller/durable/ledger-entry.ts';
import { createRecorder } from '../../../src/controller/durable/recorder.ts';
import type { HttpOutcome, HttpRequest, KubernetesApi } from '../../../src/controller/ports.ts';
import { ReusableTokens } from '../../../src/controller/state/reusable-tokens.ts';
import { TextPool } from '../../../src/controller/state/text-pool.ts';
import { NOW } from '../fixtures/observations.ts';
import { SETTINGS } from '../fixtures/settings.ts';
import { Cluster, type Stored } from './cluster.ts';
import { createFakeClock, createRecordingLog } from './fake-clock.ts';
import { contextOf, createFakeJwt, createRandom, UNCOUNTED } from './fake-ports.ts';
import { createApi, FakeLedger, fill, type Write } from './operator-in-memory.ts';

interface Called {
  readonly method: string;
  readonly url: string;
  readonly timeoutMs: number;
  /** Seconds since the start. */
  readonly at: number;
}

interface Options {
  readonly objects: readonly Stored[];
  /** How an authorization server answers at this moment; `seconds` since the start. It may take its time. */
  readonly answer: (request: HttpRequest, seconds: number) => HttpOutcome | Promise<HttpOutcome>;
  /** Stands between the controller and the API server. Default: nothing does. */
  readonly between?: (api: KubernetesApi) => KubernetesApi;
}

/** The whole controller between an API server and authorization servers in memory, by a clock that the test moves. */
export function controllerInMemory({ objects, answer, between = (api) => api }: Options) {
  const clock = createFakeClock({ startMs: NOW });
  const cluster = new Cluster(() => new Date(clock.now()).toISOString());
  for (const object of objects) {
    cluster.put(object.kind ?? '', object);
  }
  const writes: Write[] = [];
  const api = between(createApi(cluster, {}, writes, []));
  const log = createRecordingLog();
  const journal = { append: () => undefined, settle: () => undefined, unsettled: () => [] };
  const calls: Called[] = [];
  const events: EventInput[] = [];
  const orphans: LedgerEntry[] = [];
  const seconds = () => (clock.now() - NOW) / 1_000;
  const given = contextOf({
    api,
    clock,
    log,
    journal,
    lead: { held: () => true },
    random: createRandom(),
    jwt: createFakeJwt(),
    tokens: new ReusableTokens(clock),
    ledger: new FakeLedger() as unknown as Ledger,
    recorder: createRecorder({ api, journal, clock, log }),
    http: {
      async send(request: HttpRequest, { timeoutMs }) {
        calls.push({ method: request.method, url: request.url, timeoutMs, at: seconds() });
        return answer(request, seconds());
      },
    },
    orphans: {
      isEmpty: true,
      look: async () => [],
      countAt: () => orphans.length,
      countIn: () => 0,
      isFull: () => false,
      suspectsOf: (uid: string) => {
        const times = orphans.filter(({ client }) => client.uid === uid);
        return {
          count: times.length,
          latestAt: Math.max(0, ...times.map(({ startedAt }) => Date.parse(startedAt))),
        };
      },
      report: async (entry: LedgerEntry) => {
        orphans.push(entry);
        return 'Listed';
      },
      refresh: async () => undefined,
      inUse: () => undefined,
      recorded: () => undefined,
    } as never,
    events: { record: (event) => void events.push(event) },
    counters: UNCOUNTED,
    settings: SETTINGS,
  });
  const controller = createController(
    Object.assign(given, {
      texts: new TextPool(),
      hashOf: (value: string) => value,
      report: () => undefined,
    }),
  );
  fill(controller.caches, objects);
  cluster.onChange.push(({ after }) => fill(controller.caches, after === undefined ? [] : [after]));
  const readyOf = (kind: string, name: string) => {
    const status = cluster.find(kind, name)?.status as
      | { readonly conditions?: readonly { type: string; status: string; reason: string; message: string }[] }
      | undefined;
    const ready = status?.conditions?.find(({ type }) => type === 'Ready');
    return ready && `${ready.status} ${ready.reason}: ${ready.message}`;
  };
  return { controller, clock, cluster, calls, events, orphans, writes, lines: log.lines, seconds, readyOf };
}
