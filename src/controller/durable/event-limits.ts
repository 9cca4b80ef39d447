import { SHARES } from '../../api/shares.ts';
import { sha256 } from '../../oauth/sha256.ts';

/** `New`: write it. `Repeated`: it was written recently. `Full`: its namespace has used its share. */
type EventVerdict = 'New' | 'Repeated' | 'Full';

/** Events of one namespace → time until which they are not repeated, in milliseconds since the epoch. */
type RepeatTimes = Map<string, number>;

const REPEAT_AFTER_MS = 600_000;
/** Most namespaces with Events at a time; the oldest is forgotten. */
const MAX_SHARES = SHARES.namespacesWithEvents.most;
const ID_LENGTH = 16;

/**
 * Limits Events: the same one once in ten minutes, and a share per namespace in that time. Deregistrations have a share
 * of their own, which other Events never use.
 */
export class EventLimits {
  /** By namespace, with a share of its own for its deregistrations. */
  readonly #shares = new Map<string, RepeatTimes>();

  /**
   * Counts the Event if it is `New`.
   *
   * @param id what makes two Events the same
   */
  judge(
    id: string,
    { namespace, isEnding }: { namespace: string; isEnding: boolean },
    now: number,
  ): EventVerdict {
    const name = `${isEnding ? 'endings' : 'others'} ${namespace}`;
    const times = this.#shares.get(name) ?? new Map<string, number>();
    const short = sha256(id).slice(0, ID_LENGTH);
    if (now < (times.get(short) ?? 0)) {
      return 'Repeated';
    }
    forgetOld(times, now);
    if (times.size >= (isEnding ? SHARES.eventsOfDeregistrations : SHARES.events).most) {
      return 'Full';
    }
    // At the end, so that the oldest come first.
    times.delete(short);
    times.set(short, now + REPEAT_AFTER_MS);
    this.#shares.set(name, times);
    this.#forgetShares(now);
    return 'New';
  }

  #forgetShares(now: number): void {
    const [first] = this.#shares;
    if (first !== undefined && this.#shares.size > MAX_SHARES) {
      this.#shares.delete(first[0]);
    }
    for (const [name, times] of this.#shares) {
      forgetOld(times, now);
      if (times.size > 0) {
        return;
      }
      this.#shares.delete(name);
    }
  }
}

function forgetOld(times: RepeatTimes, now: number): void {
  for (const [id, until] of times) {
    if (now < until) {
      return;
    }
    times.delete(id);
  }
}
