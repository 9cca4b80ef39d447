import { createClusterClock } from '../../../src/adapters/process/cluster-clock.ts';
import { createController } from '../../../src/controller/controller.ts';
import { createEventRecorder } from '../../../src/controller/durable/events.ts';
import { createRecorder } from '../../../src/controller/durable/recorder.ts';
import { Orphans } from '../../../src/controller/durable/suspected-orphans.ts';
import type { Journal, JsonWebTokens, Log } from '../../../src/controller/ports.ts';
import { ReusableTokens } from '../../../src/controller/state/reusable-tokens.ts';
import { TextPool } from '../../../src/controller/state/text-pool.ts';
import { Sensitive } from '../../../src/oauth/sensitive.ts';
import { sha256 } from '../../../src/oauth/sha256.ts';
import { createFakeJwt, UNCOUNTED } from '../../kit/fakes/fake-ports.ts';
import { SHOWS_SECRET } from './authorization-server.ts';
import { BASE_URL, DOCUMENTS_NAMESPACE } from './documents.ts';
import { createApi, createHttp } from './network.ts';
import { createClock } from './scheduler.ts';
import { ThrowingLedger, throwingApi, throwingCalls } from './throws.ts';
import { startWatches } from './watches.ts';
import { type Process, Thrown, type World } from './world.ts';

export const OPERATOR_NAMESPACE = 'oauth-registrar';
const INSTALLATION = { id: `${OPERATOR_NAMESPACE}@cluster-1`, name: OPERATOR_NAMESPACE };
/** The time that a process gives its calls after it lost the lead. */
const DRAIN_MS = 50_000;

/** Starts to lead in this pod, like `operate`: the real controller with all its parts, between simulated ports. */
export async function lead(world: World, process: Process): Promise<void> {
  const log = createLog(world, process);
  const isAlive = () => process.alive;
  const wallClock = () => world.wallClock() + process.skewMs;
  const clock = createClusterClock(createClock(world.scheduler, isAlive, wallClock), log);
  const api = createApi(world, process, clock);
  const journal = createJournal(world, process);
  const http = createHttp(world, process);
  const namespace = OPERATOR_NAMESPACE;
  const random = () => (process.alive ? world.random() : 0);
  const orphans = new Orphans({ api, namespace, clock, log });
  const recorder = createRecorder({ api: throwingApi(world, process, api), journal, clock, log });
  const fenced = Promise.withResolvers<unknown>();
  const ledger = new ThrowingLedger(world, process, {
    api,
    namespace,
    holder: process.name,
    clock,
    log,
    onFenced: fenced.resolve,
    installation: { id: INSTALLATION.id, isOurs: (id) => id === INSTALLATION.id },
  });
  const controller = createController(
    {
      texts: new TextPool(),
      hashOf: sha256,
      api,
      http,
      clock,
      random,
      log,
      lead: { held: () => process.holdsLease },
      journal,
      ledger,
      recorder,
      orphans,
      events: createEventRecorder({
        api,
        clock,
        random,
        log,
        operatorNamespace: namespace,
        identity: process.name,
      }),
      counters: UNCOUNTED,
      jwt: createFakeJwt({ generate: createKeys(process.name) }),
      listPods: api.listPods,
      tokens: new ReusableTokens(clock),
      settings: {
        operatorNamespace: namespace,
        installation: INSTALLATION,
        cluster: 'eu-1',
        urlRules: { allowHttp: false },
        namespacedServerHosts: undefined,
        reservedSecretMetadata: [],
        namespaces: undefined,
        documents: { namespace: DOCUMENTS_NAMESPACE, baseUrls: [BASE_URL], namespacedBaseUrls: [] },
      },
      report: () => undefined,
    },
    throwingCalls(world, process),
  );
  try {
    await ledger.takeLead();
    await orphans.load();
    void controller.replayJournal();
  } catch {
    world.exit(process);
    return;
  }
  await startWatches(world, process, controller.caches);
  controller.start();
  process.isWorking = true;
  await Promise.race([fenced.promise, process.replaced]);
  await Promise.race([controller.stop(), clock.sleep(DRAIN_MS)]);
  world.exit(process);
}

/** Keys that no other process makes. */
function createKeys(by: string): JsonWebTokens['generate'] {
  let made = 0;
  return async (algorithm) => {
    made += 1;
    const kid = `${by}-${made}`;
    return {
      kid,
      privateJwk: new Sensitive(JSON.stringify({ kid, d: 'canary' })),
      privatePem: new Sensitive(`canary ${kid}`),
      publicJwk: { kty: 'EC', alg: algorithm, kid },
    };
  };
}

function createJournal(world: World, process: Process): Journal {
  const { journal } = process.pod;
  const earlier = new Map(journal);
  const act = (name: string, effect: () => void, holdsAnswer: boolean) => {
    const passage = world.enter(process, name, holdsAnswer);
    if (process.alive) {
      effect();
      world.leave(process, passage);
    }
  };
  return {
    append: ({ id, payload }) => {
      act(`append ${id}`, () => void journal.set(id, payload), true);
      world.isForgetful ||= !journal.has(id);
    },
    settle: (id) =>
      act(
        `settle ${id}`,
        () => {
          journal.delete(id);
          earlier.delete(id);
        },
        false,
      ),
    unsettled: () =>
      [...earlier].map(([id, payload]: [string, Sensitive]) => ({ id, namespace: '', payload })),
  };
}

/** The name of the finding, and a sentence. */
const SAYS_WHY = /"finding":"[A-Z][A-Za-z]+","message":"[^"].+\."/;

/** Every log line is checked. A round that throws is a defect, unless the conditions made it throw. */
function createLog(world: World, process: Process): Log {
  const look = (message: string, fields: object = {}) => {
    const { error } = fields as { readonly error?: unknown };
    const text = `${message} ${JSON.stringify(fields)} ${error instanceof Error ? error.stack : ''}`;
    if (SHOWS_SECRET.test(text)) {
      world.violated(`a secret is in the log: ${message}`);
    }
    if (message === 'step' && !SAYS_WHY.test(text)) {
      world.violated(`a step doesn't say why: ${text}`);
    }
    if (message === 'round failed' && !(error instanceof Thrown)) {
      world.violated(text);
    }
    world.trace(process, `  log: ${text}`);
  };
  return { debug: look, info: look, warn: look, error: look };
}
