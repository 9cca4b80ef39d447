import { SHARES } from '../../api/shares.ts';
import { sha256 } from '../../oauth/sha256.ts';

/** `New`: write it. `Told`: the same Event was written recently. `Full`: its namespace has used its share. */
type EventVerdict = 'New' | 'Told' | 'Full';

/** Events of one namespace → time until which they aren't repeated, in milliseconds since the epoch. */
type TellingTimes = Map<string, number>;

const REPEAT_AFTER_MS = 600_000;
/** More namespaces than this don't tell at a time: the one that began first is forgotten. */
const MAX_SHARES = 2_000;
const ID_LENGTH = 16;

/**
 * Limits Events: the same one once in ten minutes, and a share per namespace in that time. Deregistrations have a share
 * of their own, which other Events never use.
 */
export class ToldEvents {
  /** By namespace, and apart from it for deregistrations. */
  readonly #shares = new Map<string, TellingTimes>();

  /** @param id what makes two Events the same */
  tell(
    id: string,
    { namespace, isEnding }: { namespace: string; isEnding: boolean },
    now: number,
  ): EventVerdict {
    const name = `${isEnding ? 'endings' : 'others'} ${namespace}`;
    const told = this.#shares.get(name) ?? new Map<string, number>();
    const short = sha256(id).slice(0, ID_LENGTH);
    if (now < (told.get(short) ?? 0)) {
      return 'Told';
    }
    forgetOld(told, now);
    if (told.size >= (isEnding ? SHARES.eventsOfDeregistrations : SHARES.events).most) {
      return 'Full';
    }
    // At the end, so that the oldest stand first.
    told.delete(short);
    told.set(short, now + REPEAT_AFTER_MS);
    this.#shares.set(name, told);
    this.#forgetShares(now);
    return 'New';
  }

  #forgetShares(now: number): void {
    const [first] = this.#shares;
    if (first !== undefined && this.#shares.size > MAX_SHARES) {
      this.#shares.delete(first[0]);
    }
    for (const [name, told] of this.#shares) {
      forgetOld(told, now);
      if (told.size > 0) {
        return;
      }
      this.#shares.delete(name);
    }
  }
}

function forgetOld(told: TellingTimes, now: number): void {
  for (const [id, until] of told) {
    if (now < until) {
      return;
    }
    told.delete(id);
  }
}
