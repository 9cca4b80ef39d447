import type { Condition } from '../../api/conditions.ts';
import { REASONS, type Reason } from '../../api/reasons.ts';
import { storedTime } from '../../api/time.ts';
import type { ClientObject } from '../../core/observation.ts';
import { isLessOfClient } from '../../core/over-share.ts';

/** What of a client ends, by the field of its status that says when. */
export const END_FIELDS = {
  ClientSecret: 'clientSecretExpiresAt',
  RegistrationAccessToken: 'registrationAccessTokenExpiresAt',
  Client: 'endsAt',
} as const;

type Ending = keyof typeof END_FIELDS;

/** How far ahead ends are counted, by the name of the time, in milliseconds. */
export const HORIZONS = { '1d': 86_400_000, '7d': 7 * 86_400_000, '30d': 30 * 86_400_000 } as const;

/** The conditions that say why an object is not as its spec wants it; it has one of them at most. */
export const PROGRESS = ['Reconciling', 'Stalled', 'Paused'] as const;

/** What one client has in common with those that are counted together. */
interface ClientState {
  /**
   * Name of the ClusterAuthorizationServer; `AuthorizationServer` for all others; `''` while none is known, or while
   * nothing says that it exists.
   */
  readonly server: string;
  readonly ready: 'True' | 'False' | 'Unknown';
  /** `None`: the object is as its spec wants it, or nothing more is done for it. */
  readonly condition: (typeof PROGRESS)[number] | 'None';
  /** Of the condition Ready. */
  readonly reason: string;
}

export type Counted<T> = T & { readonly count: number };

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
const LONG_MS = 15 * MINUTE_MS;

/**
 * Counts clients for metrics. Counts change with each version of an object that enters or leaves the cache, so reading
 * them walks no clients: it takes one step for each state that a client of any server is in, and for each hour in which
 * something ends. Nothing is kept per client.
 */
export class ClientTally {
  readonly #states = new Map<string, { readonly state: ClientState; count: number }>();
  readonly #waiting = new Map<string, { readonly state: ClientState; readonly since: SinceCount }>();
  readonly #ends: Readonly<Record<Ending, Map<number, number>>> = {
    ClientSecret: new Map(),
    RegistrationAccessToken: new Map(),
    Client: new Map(),
  };

  add(object: ClientObject): void {
    this.#count(object, 1);
  }

  /** @param object the same version that was added */
  remove(object: ClientObject): void {
    this.#count(object, -1);
  }

  states(): readonly Counted<ClientState>[] {
    return [...this.#states.values()].map(({ state, count }) => ({ ...state, count }));
  }

  /** Clients that have not been Ready for fifteen minutes, although no person wants it so. */
  notReadyForLong(now: number): readonly Counted<Pick<ClientState, 'server' | 'reason'>>[] {
    return [...this.#waiting.values()].flatMap(({ state: { server, reason }, since }) => {
      const count = since.until(Math.floor((now - LONG_MS) / MINUTE_MS));
      return count === 0 ? [] : [{ server, reason, count }];
    });
  }

  /** How many ends are ahead within each horizon, to the hour. */
  ends(now: number): readonly { readonly what: Ending; readonly within: string; readonly count: number }[] {
    const thisHour = Math.floor(now / HOUR_MS);
    return (Object.keys(END_FIELDS) as Ending[]).flatMap((what) =>
      Object.entries(HORIZONS).map(([within, ms]) => {
        let count = 0;
        for (let hour = thisHour; hour < thisHour + ms / HOUR_MS; hour += 1) {
          count += this.#ends[what].get(hour) ?? 0;
        }
        return { what, within, count };
      }),
    );
  }

  #count(object: ClientObject, by: 1 | -1): void {
    const ready = object.observed.status.conditions?.find(({ type }) => type === 'Ready');
    const state = stateOf(object, ready);
    const key = `${state.server} ${state.ready} ${state.condition} ${state.reason}`;
    const counted = this.#states.get(key) ?? { state, count: 0 };
    counted.count += by;
    keep(this.#states, key, counted, counted.count === 0);
    if (isWaiting(object, state)) {
      const waiting = this.#waiting.get(key) ?? { state, since: new SinceCount() };
      waiting.since.change(Math.floor(notReadySince(object, ready) / MINUTE_MS), by);
      keep(this.#waiting, key, waiting, waiting.since.isEmpty);
    }
    for (const [what, field] of Object.entries(END_FIELDS)) {
      const end = object.observed.status[field];
      if (end !== undefined) {
        const hour = Math.floor(storedTime(end) / HOUR_MS);
        const ends = this.#ends[what as Ending];
        const count = (ends.get(hour) ?? 0) + by;
        keep(ends, hour, count, count === 0);
      }
    }
  }
}

function keep<K, V>(map: Map<K, V>, key: K, value: V, isOver: boolean): void {
  if (isOver) {
    map.delete(key);
  } else {
    map.set(key, value);
  }
}

/** Counts by minutes. Those of minutes that were read once are kept as one number. */
class SinceCount {
  readonly #later = new Map<number, number>();
  #earlier = 0;
  #readUntil = Number.NEGATIVE_INFINITY;

  get isEmpty(): boolean {
    return this.#earlier === 0 && this.#later.size === 0;
  }

  change(minute: number, by: 1 | -1): void {
    if (minute <= this.#readUntil) {
      this.#earlier += by;
      return;
    }
    const count = (this.#later.get(minute) ?? 0) + by;
    keep(this.#later, minute, count, count === 0);
  }

  /** How many are of this minute or an earlier one. Later calls ask for the same minute or a later one. */
  until(minute: number): number {
    this.#readUntil = Math.max(this.#readUntil, minute);
    for (const [at, count] of this.#later) {
      if (at <= this.#readUntil) {
        this.#earlier += count;
        this.#later.delete(at);
      }
    }
    return this.#earlier;
  }
}

/** What the operator finds before it looks for the server, or because there is none. */
const WITHOUT_SERVER: ReadonlySet<string> = new Set([
  'AuthorizationServerNotAvailable',
  'BoundObjectNotFound',
  'Ended',
  'InvalidSpec',
  'Suspended',
] satisfies readonly Reason[]);

/** By its status, whatever anybody wrote into it: only known reasons are told apart. */
function stateOf(object: ClientObject, ready: Condition | undefined): ClientState {
  const { status } = object.observed;
  const { conditions = [] } = status;
  const server = serverOf(status, ready?.reason);
  if (ready === undefined) {
    const reason = isLessOfClient(object) ? 'NamespaceShareReached' : 'Queued';
    return { server, ready: 'Unknown', condition: 'None', reason };
  }
  const isTrue = (wanted: string) =>
    conditions.some(({ type, status: value }) => type === wanted && value === 'True');
  return {
    server,
    ready: ready.status,
    condition: PROGRESS.find(isTrue) ?? 'None',
    reason: Object.hasOwn(REASONS, ready.reason) ? ready.reason : 'Other',
  };
}

/** Before a registration, status shows the reference of the spec, which may name a server that does not exist. */
function serverOf(
  { authorizationServerRef: ref, clientId }: ClientObject['observed']['status'],
  reason: string | undefined,
): string {
  if (ref === undefined) {
    return '';
  }
  if (ref.kind !== 'ClusterAuthorizationServer') {
    return 'AuthorizationServer';
  }
  const mayBeInvented = clientId === undefined && reason !== undefined && WITHOUT_SERVER.has(reason);
  return mayBeInvented ? '' : ref.name;
}

/** A person's suspension and a planned end are no waiting. */
const isWaiting = (
  { observed: { deleting } }: ClientObject,
  { ready, condition }: Pick<ClientState, 'ready' | 'condition'>,
): boolean =>
  ready !== 'True' && condition !== 'Paused' && (ready === 'Unknown' || condition !== 'None' || deleting);

/** The definition's default has a time long before the object's creation. */
function notReadySince({ observed: { createdAt } }: ClientObject, ready: Condition | undefined): number {
  return Math.max(storedTime(ready?.lastTransitionTime) || 0, createdAt || 0);
}
