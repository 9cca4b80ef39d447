import { type ConfigMap, RESOURCES } from '../../../src/api/kubernetes.ts';
import { LABELS } from '../../../src/api/names.ts';
import { LEDGER_NAME } from '../../../src/controller/durable/ledger-store.ts';
import { type Change, Cluster } from '../../kit/fakes/cluster.ts';
import { AuthorizationServer, ISSUER, MARKER, type RegisteredClient } from './authorization-server.ts';
import { Calls } from './calls.ts';
import type { Conditions, Crash, Weather } from './conditions.ts';
import { followDocuments } from './documents.ts';
import { OTHER_ISSUER, OtherServer } from './other-server.ts';
import { type Pod, Pods } from './pods.ts';
import { lead, OPERATOR_NAMESPACE } from './process.ts';
import { Chance, type Restore, Scheduler } from './scheduler.ts';
import { keptSet } from './snapshot.ts';

/** One simulated installation: an API server, an authorization server, and the operator's processes. */

export interface Process {
  readonly pod: Pod;
  readonly name: string;
  /** How far the clock of its machine differs from that of other machines. */
  readonly skewMs: number;
  /** Start, in milliseconds of the life. */
  readonly since: number;
  /** Resolves when another process leads. */
  readonly replaced: Promise<void>;
  readonly learnOfReplacement: () => void;
  /** Changes that its watches have not delivered yet. */
  readonly waiting: Change[][];
  alive: boolean;
  holdsLease: boolean;
  isWorking: boolean;
}

/** A port call of a process. */
export interface Passage {
  /** Its number, counted over all processes. */
  readonly at: number;
  /** How the process is dropped after the effect. */
  readonly crash: Crash | undefined;
}

/** A moment at which a process may be dropped. */
export interface Moment {
  readonly at: number;
  readonly when: Crash['when'];
  /** Continues from here with the crash. */
  readonly crash: (journal: Crash['journal']) => void;
}

/** 2026-05-01 */
const STARTED_AT = Date.UTC(2026, 4, 1);

/** The error that is thrown inside a call. */
export class Thrown extends Error {}

export class World {
  readonly scheduler = new Scheduler();
  readonly random: () => number;
  /** Called at every moment at which the only process may be dropped. */
  onMoment: ((moment: Moment) => void) | undefined;
  /** Further state of the life, and how to save it. */
  readonly parts: (() => Restore)[] = [];
  readonly cluster: Cluster;
  readonly server: AuthorizationServer;
  readonly other = new OtherServer();
  readonly calls = new Calls(this);
  readonly pods = new Pods();
  readonly conditions: Conditions;
  readonly violations = new Set<string>();
  readonly counts = { crash: 0, fault: 0, lead: 0, throw: 0 };
  /** Log of the life, on request. */
  readonly history: string[] | undefined;
  weather: Weather;
  /** Port calls so far. */
  points = 0;
  /** Moments inside calls so far, see {@link World.inside}. */
  moments = 0;
  /** Whether the crashes and changes of the lead in the conditions still occur. */
  isEventful = true;
  /** No update arrived after the wait for its answer had ended: the server has what was sent last. */
  isFaithful = true;
  /** An answer was lost with a process's memory or a journal. */
  isForgetful = false;
  /**
   * Calls that are under way, changes that a watch has not delivered yet, and objects that are still to be collected.
   */
  underWay = 0;
  leader: Process | undefined;
  /** By how much the wall clock of the operator's machines is ahead. */
  #aheadMs = 0;
  #isStarting = false;
  #processes = 0;
  readonly #alive = new Set<Process>();

  constructor(conditions: Conditions, history?: string[]) {
    this.conditions = conditions;
    this.history = history;
    const chance = new Chance(conditions.seed);
    this.random = chance.next;
    this.parts.push(() => chance.save());
    this.weather = conditions.weather;
    this.cluster = new Cluster(() => this.time());
    this.server = new AuthorizationServer(conditions.behaviour, () => STARTED_AT + this.scheduler.now);
    this.cluster.onChange.push(followDocuments(this.server, (act) => this.scheduler.after(this.lag(), act)));
    this.#install();
  }

  get processes(): number {
    return this.#alive.size;
  }

  /** The wall clock of the operator's machines, in milliseconds since the epoch. */
  wallClock = (): number => STARTED_AT + this.#aheadMs + Math.floor(this.scheduler.now);

  /** The API server's time. RFC 3339 */
  time(): string {
    return new Date(STARTED_AT + Math.floor(this.scheduler.now)).toISOString().replace(/\.\d+Z$/, 'Z');
  }

  latency = (): number => 1 + this.random() * this.weather.latencyMs;

  /** Mostly none. */
  lag = (): number => 1 + (this.random() < 0.1 ? this.random() * this.weather.lagMs : 0);

  count = (what: keyof World['counts']): void => {
    this.counts[what] += 1;
  };

  violated = (what: string): void => {
    this.violations.add(what);
    this.history?.push(`!! ${what}`);
  };

  /** The clients of both servers. */
  clients(): readonly RegisteredClient[] {
    return [...this.server.clients.values(), ...this.other.clients.values()];
  }

  clientOf(id: string): RegisteredClient | undefined {
    return this.server.clients.get(id) ?? this.other.clients.get(id);
  }

  trace(process: Process | undefined, what: string): void {
    this.history?.push(`${(this.scheduler.now / 1000).toFixed(3)} ${process?.name ?? ''} ${what}`);
  }

  /**
   * A process calls a port. It may be dropped here, before the effect; see {@link World.leave}.
   *
   * @param holdsAnswer whether the call stores an answer that only this process has
   */
  enter(process: Process, name: string, holdsAnswer = false): Passage {
    if (!process.alive) {
      return { at: 0, crash: undefined };
    }
    this.points += 1;
    const at = this.points;
    this.trace(process, `#${at} ${name}`);
    if (!this.isEventful) {
      return { at, crash: undefined };
    }
    this.#aheadMs = this.conditions.clockJumps.find((jump) => jump.at === at)?.aheadMs ?? this.#aheadMs;
    this.#tellMoment(process, at, 'before', holdsAnswer);
    const crash = this.conditions.crashes.find((one) => one.at === at);
    if (this.conditions.leadChanges.includes(this.points)) {
      this.scheduler.after(0, () => this.changeLead());
    }
    if (crash?.when === 'before') {
      this.#drop(process, crash.journal, holdsAnswer);
      return { at, crash: undefined };
    }
    return { at, crash };
  }

  /**
   * The call has had its effect.
   *
   * @returns whether the process is dropped now
   */
  leave(process: Process, { at, crash }: Passage): boolean {
    if (process.alive && this.isEventful) {
      this.#tellMoment(process, at, 'after', false);
    }
    if (crash !== undefined) {
      this.#drop(process, crash.journal, false);
    }
    return crash !== undefined;
  }

  /**
   * A process is inside a call with an effect. Throws if the conditions say so.
   *
   * @param holdsAnswer whether an answer that only this process has is lost with it
   */
  inside(process: Process, name: string, holdsAnswer = false): void {
    if (!process.alive || !this.isEventful) {
      return;
    }
    this.moments += 1;
    if (this.conditions.throws.includes(this.moments)) {
      this.trace(process, `throws at ${name}, moment ${this.moments}`);
      this.count('throw');
      this.isForgetful ||= holdsAnswer;
      throw new Thrown(name);
    }
  }

  #tellMoment(process: Process, at: number, when: Crash['when'], holdsAnswer: boolean): void {
    if (this.onMoment === undefined || this.#alive.size !== 1) {
      return;
    }
    const restore = this.#save();
    this.onMoment({
      at,
      when,
      crash: (journal) => {
        restore();
        process.alive = true;
        this.#drop(process, journal, holdsAnswer);
      },
    });
  }

  /** Saves everything except the memory of processes. */
  #save(): Restore {
    const { points, moments, isEventful, isFaithful, isForgetful, underWay, leader, weather } = this;
    const counts = { ...this.counts };
    const [isStarting, processes, aheadMs] = [this.#isStarting, this.#processes, this.#aheadMs];
    const waiting = [...this.#alive].flatMap((process) =>
      process.waiting.map((list) => ({ list, was: [...list] })),
    );
    const kept = [
      this.scheduler.save(),
      this.cluster.save(),
      this.server.save(),
      this.other.save(),
      this.calls.save(),
      keptSet(this.violations),
      keptSet(this.#alive),
      this.pods.save(),
      ...this.parts.map((save) => save()),
    ];
    return () => {
      Object.assign(this, {
        points,
        moments,
        isEventful,
        isFaithful,
        isForgetful,
        underWay,
        leader,
        weather,
      });
      Object.assign(this.counts, counts);
      [this.#isStarting, this.#processes, this.#aheadMs] = [isStarting, processes, aheadMs];
      for (const { list, was } of waiting) {
        list.splice(0, list.length, ...was);
      }
      for (const restore of kept) {
        restore();
      }
    };
  }

  /** Ends the life: nothing acts any more. */
  end(): void {
    this.onMoment = undefined;
    for (const process of this.#alive) {
      process.alive = false;
    }
  }

  /** Drops the process at once. What it has sent is still on its way. */
  #drop(process: Process, journal: Crash['journal'], holdsAnswer: boolean): void {
    if (!process.alive) {
      return;
    }
    this.count('crash');
    this.isForgetful ||= holdsAnswer;
    if (journal === 'lost') {
      this.isForgetful ||= process.pod.journal.size > 0;
      this.pods.remove(process.pod);
    }
    this.exit(process);
  }

  exit(process: Process): void {
    this.trace(process, 'is gone');
    process.alive = false;
    for (const list of process.waiting) {
      this.underWay -= list.length;
      list.length = 0;
    }
    this.#alive.delete(process);
    if (this.leader === process) {
      this.leader = undefined;
      this.restart(100 + this.random() * 5 * this.weather.lagMs);
    }
  }

  restart(delayMs: number): void {
    if (this.#isStarting) {
      return;
    }
    this.#isStarting = true;
    this.scheduler.after(delayMs, () => {
      this.#isStarting = false;
      if (this.leader === undefined) {
        this.#lead();
      }
    });
  }

  changeLead(): void {
    const former = this.leader;
    if (former === undefined) {
      return;
    }
    this.count('lead');
    this.leader = undefined;
    if (this.conditions.strictLease) {
      former.holdsLease = false;
    }
    this.scheduler.after(this.random() * 20_000, () => {
      former.holdsLease = false;
      former.learnOfReplacement();
    });
    this.#lead();
  }

  #lead(): void {
    const isTaken = (pod: Pod) => [...this.#alive].some((other) => other.pod === pod);
    const pod = this.pods.next(isTaken, this.random);
    this.#processes += 1;
    const replaced = Promise.withResolvers<void>();
    const process: Process = {
      pod,
      name: `${pod.name}_${this.#processes}`,
      skewMs: Math.floor(this.weather.latencyMs * 20 * (this.random() - 0.5)),
      since: this.scheduler.now,
      replaced: replaced.promise,
      learnOfReplacement: replaced.resolve,
      waiting: [],
      alive: true,
      holdsLease: true,
      isWorking: false,
    };
    this.#alive.add(process);
    this.leader = process;
    this.trace(process, 'takes the lead');
    void lead(this, process);
  }

  ledger(): Readonly<Record<string, string>> {
    const found = this.cluster.find('ConfigMap', `${OPERATOR_NAMESPACE}/${LEDGER_NAME}`) as
      | ConfigMap
      | undefined;
    return found?.data ?? {};
  }

  #install(): void {
    const create = (resource: (typeof RESOURCES)[keyof typeof RESOURCES], object: object) =>
      this.cluster.create(resource, { kind: resource.kind, ...object } as never, 'user admin');
    create(RESOURCES.namespace, { metadata: { name: 'shop' } });
    create(RESOURCES.namespace, { metadata: { name: OPERATOR_NAMESPACE } });
    for (const name of this.conditions.credential === 'serviceAccount' ? ACCOUNTS : []) {
      create(RESOURCES.serviceAccount, { metadata: { name, namespace: 'shop' } });
    }
    if (this.conditions.statement !== undefined) {
      create(RESOURCES.secret, statementSecret(this.conditions.statement));
    }
    create(RESOURCES.clusterAuthorizationServer, serverObject('corporate', ISSUER, specOf(this.conditions)));
    create(RESOURCES.clusterAuthorizationServer, serverObject('other', OTHER_ISSUER));
    this.#lead();
  }
}

/** Of the clients, by their names, and one that may be named besides. */
const ACCOUNTS = ['storefront', 'basket', 'search'];

const statementSecret = (statement: string) => ({
  metadata: {
    name: 'statement',
    namespace: OPERATOR_NAMESPACE,
    labels: { [LABELS.credential]: 'true' },
  },
  data: { software_statement: Buffer.from(statement).toString('base64') },
});

/** If something throws, only one call at a time has room: a slot that isn't returned blocks the next call. */
export const specOf = ({ dialect, throws }: Conditions): object =>
  throws.length === 0 ? dialect : { ...dialect, connection: { maxInFlight: 1 } };

/** The other server returns its own management address, whatever its clients got before. */
export const serverObject = (name: string, issuer: string, more: object = {}) => ({
  metadata: { name },
  spec: {
    issuer,
    registration: { admission: { open: {} } },
    allowedNamespaces: { names: ['shop'] },
    attemptMarker: { member: MARKER },
    ...(issuer === OTHER_ISSUER
      ? { management: { configurationUrl: `${OTHER_ISSUER}/register/{client_id}` } }
      : {}),
    ...more,
  },
});
