import { type Emulator, startEmulator } from '../../kit/emulator/emulator.ts';
import { startDocumentServer } from '../../kit/testbed/document-server.ts';
import { type DocumentsProcess, startDocuments } from '../../kit/testbed/documents.ts';
import { startTestbed, type Testbed } from '../../kit/testbed/testbed.ts';
import type { Failpoint } from './failpoints.ts';
import { type KnownDocuments, readFurther } from './further-facts.ts';
import { FURTHER_FLAGS, permitRestarts } from './further-install.ts';
import { documentServers } from './further-load.ts';
import { breaksAtOnce, documentClients } from './further-oracle.ts';
import { disturb, OBJECTS, prepare } from './load.ts';
import { buildOperator } from './operator-build.ts';
import { breaches, type Counts, countsOf, leaks, lostToken } from './oracle.ts';
import { type Replica, startReplica } from './replica.ts';
import { type ServerClient, type Snapshot, takeSnapshot } from './snapshot.ts';

/** What happens to the leader, and to the replica that takes over. */
export interface KillCase {
  readonly leader: Failpoint;
  readonly successor?: Failpoint;
  /** Default: clients that are made, changed, replaced, renamed, kept and deleted. */
  readonly load?: () => Load;
}

/** Where a case runs. */
export interface Scene {
  readonly testbed: Testbed;
  readonly ns: string;
  readonly plain: Emulator;
  /** Its clients manage themselves. */
  readonly bank: Emulator;
}

/** The work while a replica is killed. */
export interface Load {
  /** It has documents and workloads. */
  readonly isFurther?: true;
  readonly prepare: (scene: Scene) => Promise<void>;
  /** What is not prepared yet. */
  readonly unprepared: (seen: Snapshot) => readonly string[];
  /** All changes at once. */
  readonly disturb: (scene: Scene) => Promise<void>;
  /** What is not right. */
  readonly breaches: (seen: Snapshot) => readonly string[];
}

const CLIENTS: Load = {
  prepare: ({ testbed, ns, plain }) =>
    prepare(testbed, ns, { plain: plain.issuer, rotating: testbed.server.issuer }),
  unprepared: notPrepared,
  disturb: ({ testbed, ns }) => disturb(testbed, ns),
  breaches,
};

export interface Outcome extends Counts {
  /** How many failpoints of the case were reached. */
  readonly met: number;
  /** POSTs that the servers answered in this case. */
  readonly posts: number;
  /** Answers that were recorded from the journal of a process that had ended. */
  readonly replayed: number;
  /** Exit codes of the processes that ended. */
  readonly exits: readonly (number | null)[];
  /** Time from the change of the objects until everything was right. */
  readonly seconds: number;
}

/** A control plane, two servers and two replicas. Cases run in it one after another, each in its own namespace. */
export interface KillWorld {
  /** Throws a list of everything that is wrong if the promise isn't kept in time. */
  run(killCase: KillCase): Promise<Outcome>;
  /** What is still wrong after all cases: ledger entries, late orphans, secrets in logs. */
  findings(): Promise<readonly string[]>;
  /** Output of both replicas so far. */
  output(): string;
  stop(): Promise<void>;
}

const CONVERGE_MS = 240_000;
/**
 * The ledger removes settled entries ten seconds after the last call; before that, a successor must wait for the
 * lease.
 */
const MEET_MS = 45_000;
const POLL_MS = 200;
const LEDGER_IDLE_MS = 30_000;

export async function startKillWorld(): Promise<KillWorld> {
  const plain = await startEmulator();
  const testbed = await startTestbed({ server: { initialAccessToken: false }, operator: false });
  const bank = await startEmulator({
    management: { admits: ['ownToken'] },
    answer: { configurationUri: 'absent' },
    gate: { statement: 'ignored' },
  });
  const documents = await startDocuments(testbed.controlPlane);
  const documentServer = await startDocumentServer(documents.ca.cert);
  await permitRestarts(testbed);
  const entry = await buildOperator();
  const flags = FURTHER_FLAGS(documents.baseUrl);
  const replicas = await Promise.all(
    ['pod-a', 'pod-b'].map((name) => startReplica(testbed, name, entry, flags)),
  );
  await testbed.apply(documentServers(documentServer.issuer, documents.baseUrl, documents.ca.cert));
  const output = () => replicas.map((replica) => replica.output()).join('');
  const works: Work[] = [];
  const secretValues = new Set<string>();
  const clientsOf = (ns: string) => clientsIn(ns, { plain, bank }, testbed);
  const look = async (ns: string, load: Load): Promise<Snapshot> => {
    const snapshot = load.isFurther
      ? await lookFurther(testbed, ns, documents, clientsOf)
      : await takeSnapshot(testbed, ns, clientsOf);
    for (const value of snapshot.secretValues) {
      secretValues.add(value);
    }
    return snapshot;
  };
  const untilRight = async (
    [ns, load]: Work,
    wrong: (seen: Snapshot) => readonly string[],
    timeoutMs: number,
  ) => {
    const deadline = performance.now() + timeoutMs;
    for (let before: Snapshot | undefined; ; ) {
      const seen = await look(ns, load);
      const broken = before === undefined || !load.isFurther ? [] : breaksAtOnce(before, seen);
      if (broken.length > 0) {
        throw new Error(`${ns} was wrong for a moment:\n${broken.join('\n')}`);
      }
      before = seen;
      const sentences = wrong(seen);
      if (sentences.length === 0) {
        return seen;
      }
      if (performance.now() > deadline) {
        throw new Error(`${ns} is not right after ${timeoutMs / 1000} s:\n${sentences.join('\n')}`);
      }
      await pause(POLL_MS);
    }
  };
  return {
    async run({ leader, successor, load: loadOf = () => CLIENTS }) {
      const ns = `kill-${works.length}`;
      const load = loadOf();
      const work: Work = [ns, load];
      const scene = { testbed, ns, plain, bank };
      works.push(work);
      const [leading, other] = await roles(replicas);
      const before = {
        posts: posts(plain, bank, testbed),
        replayed: replayedBy(replicas),
        exits: replicas.map(({ exits }) => exits.length),
      };
      const meetings = [nextMeeting(leading), ...(successor === undefined ? [] : [nextMeeting(other)])];
      const metCount = () => meetings.filter((isMet) => isMet()).length;
      const isMet = () => metCount() === meetings.length;
      const set = () => {
        leading.set(leader);
        if (successor !== undefined) {
          other.set(successor);
          leading.restartWhen(isMet);
        }
      };
      const start = performance.now();
      if (isMetWhilePreparing(leader)) {
        set();
      }
      await load.prepare(scene);
      await untilRight(work, load.unprepared, CONVERGE_MS);
      if (!isMetWhilePreparing(leader)) {
        set();
      }
      await load.disturb(scene);
      const stopped = leader.signal === 'SIGSTOP' ? resumeLater(leading, other) : Promise.resolve();
      await untilRight(work, load.breaches, CONVERGE_MS);
      await stopped;
      await until(isMet, MEET_MS);
      const endsBefore = before.exits[replicas.indexOf(leading)] ?? 0;
      await until(() => metCount() === 0 || leading.exits.length > endsBefore, MEET_MS);
      await roles(replicas);
      const seen = await untilRight(work, load.breaches, CONVERGE_MS);
      const seconds = (performance.now() - start) / 1000;
      for (const replica of replicas) {
        replica.clear();
      }
      return {
        ...countsOf(seen),
        met: metCount(),
        posts: posts(plain, bank, testbed) - before.posts,
        replayed: replayedBy(replicas) - before.replayed,
        exits: replicas.flatMap(({ exits }, index) => exits.slice(before.exits[index])),
        seconds,
      };
    },
    async findings() {
      const late = await Promise.all(
        works.map((work) =>
          untilRight(work, (seen) => [...work[1].breaches(seen), ...unsettled(seen)], LEDGER_IDLE_MS).then(
            () => [],
            (error: Error) => [error.message],
          ),
        ),
      );
      return [...late.flat(), ...leaks(output(), [...secretValues, ...plain.secrets, ...bank.secrets])];
    },
    output,
    async stop() {
      await Promise.all(replicas.map((replica) => replica.stop()));
      await Promise.all([plain, bank, documents, documentServer].map((server) => server.stop()));
      await testbed.stop();
    },
  };
}

type Work = readonly [ns: string, load: Load];

/** Documents by URL, also those that are gone; by namespace. */
const knownDocuments = new Map<string, KnownDocuments>();

/** Documents count as clients, so they are read before the records. */
async function lookFurther(
  testbed: Testbed,
  ns: string,
  documents: DocumentsProcess,
  clientsOf: (ns: string) => readonly ServerClient[],
): Promise<Snapshot> {
  const key = `${documents.baseUrl} ${ns}`;
  const known = knownDocuments.get(key) ?? new Map();
  knownDocuments.set(key, known);
  const further = await readFurther(testbed, ns, documents, known);
  const all = () => [...clientsOf(ns), ...documentClients(further)];
  return { ...(await takeSnapshot(testbed, ns, all)), further };
}

/** Server objects are reconciled when they are new. */
const isMetWhilePreparing = ({ place }: Failpoint): boolean => /^server-(status-put|record)/.test(place);

async function until(isSo: () => boolean, timeoutMs: number): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!isSo() && performance.now() < deadline) {
    await pause(POLL_MS);
  }
}

/** An update that lost a token stays in the ledger and is reported, until an update is answered. */
function unsettled({ pending, objects }: Snapshot): readonly string[] {
  const lost = objects
    .filter((object) => lostToken(object) !== undefined)
    .map(({ metadata }) => metadata.name);
  return pending
    .filter(({ kind, object }) => kind !== 'Update' || !lost.includes(object))
    .map(({ kind, object }) => `${kind} of ${object} is still in the ledger`);
}

/** Everything that exists before the kill is ready. */
function notPrepared({ objects }: Snapshot): readonly string[] {
  const wanted = OBJECTS.filter(({ fate }) => fate !== 'created').length;
  const unready = objects.filter(
    ({ status }) => status?.conditions?.find(({ type }) => type === 'Ready')?.status !== 'True',
  );
  return objects.length === wanted && unready.length === 0
    ? []
    : unready.map(({ metadata, status }) => `${metadata.name}: ${JSON.stringify(status?.conditions)}`);
}

/** The leader and the other replica, as soon as that is settled: a replica that is stopped doesn't end at once. */
async function roles(replicas: readonly Replica[]): Promise<readonly [Replica, Replica]> {
  for (;;) {
    const [leading, another] = replicas.filter((replica) => replica.isWorking());
    const other = replicas.find((replica) => replica !== leading);
    if (leading !== undefined && another === undefined && other !== undefined) {
      return [leading, other];
    }
    await pause(POLL_MS);
  }
}

/** A stopped leader continues when another one has led for a while. */
async function resumeLater(stopped: Replica, other: Replica): Promise<void> {
  await until(() => other.isWorking(), CONVERGE_MS);
  await pause(2_000);
  stopped.resume();
}

function clientsIn(
  ns: string,
  { plain, bank }: Pick<Scene, 'plain' | 'bank'>,
  testbed: Testbed,
): readonly ServerClient[] {
  const found = [
    ...plain.clients().map(({ clientId, clientSecret = '', metadata }) => ({
      server: 'plain' as const,
      id: clientId,
      secret: clientSecret,
      metadata,
    })),
    ...bank.clients().map(({ clientId, metadata }) => ({
      server: 'bank' as const,
      id: clientId,
      secret: '',
      metadata,
    })),
    ...testbed.server.clients().map((metadata) => ({
      server: 'rotating' as const,
      id: metadata.client_id,
      secret: metadata.client_secret ?? '',
      metadata,
    })),
  ];
  return found.flatMap(({ metadata, ...client }) => {
    const [object = '', namespace] = new URL(String(metadata['client_uri'])).hostname.split('.');
    const logo = metadata['logo_uri'];
    return namespace === ns
      ? {
          ...client,
          object,
          attempt: String(metadata['client_name']),
          logoUri: typeof logo === 'string' ? logo : undefined,
        }
      : [];
  });
}

const posts = (plain: Emulator, bank: Emulator, { server }: Testbed): number =>
  plain.count('register') +
  bank.count('register') +
  server.log.filter(({ method, path }) => method === 'POST' && path === '/reg').length;

const replayedBy = (replicas: readonly Replica[]): number =>
  replicas.reduce((sum, replica) => sum + replica.replayed(), 0);

/** Whether it has reached a failpoint since this call. */
function nextMeeting(replica: Replica): () => boolean {
  const before = replica.met();
  return () => replica.met() > before;
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
