import type { Change, Stored } from '../../kit/fakes/cluster.ts';
import { keptMap } from './snapshot.ts';
import type { Process, World } from './world.ts';

/**
 * What status says of a refusal holds for the next process: it doesn't send the same registration again. What people
 * changed since, or just before, leads to another request.
 */

/** Until then the same is not tried again. */
const PAUSE_MS = 0.8 * 3_600_000;
/** Longer than any watch is late, and than clocks differ. */
const MARGIN_MS = 120_000;

interface Refusal {
  readonly at: number;
  /** When status said it first, in milliseconds of the life. */
  readonly shownAt: number;
}

export class Refusals {
  /** uid of the object, or '' for all server objects → when a person changed it last, in milliseconds of the life. */
  readonly #touched = new Map<string, number>();
  /** By uid of the object. */
  readonly #shown = new Map<string, Refusal>();
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
    world.parts.push(() => {
      const kept = [keptMap(this.#touched), keptMap(this.#shown)];
      return () => {
        for (const restore of kept) {
          restore();
        }
      };
    });
    world.calls.onRegistration.push((process, uid) => this.#sent(process, uid));
  }

  changed({ kind, before, after, by }: Change): void {
    const { now } = this.#world.scheduler;
    const uid = (after ?? before)?.metadata.uid ?? '';
    if (by.startsWith('user')) {
      this.#touched.set(kind === 'OAuthClient' ? uid : '', now);
    }
    if (kind === 'OAuthClient') {
      this.#note(uid, after, now);
    }
  }

  #note(uid: string, object: Stored | undefined, now: number): void {
    const { call, at = '' } = (object?.status?.['refusal'] ?? {}) as {
      readonly call?: string;
      readonly at?: string;
    };
    if (call !== 'Register') {
      this.#shown.delete(uid);
    } else if (this.#shown.get(uid)?.at !== Date.parse(at)) {
      this.#shown.set(uid, { at: Date.parse(at), shownAt: now });
    }
  }

  #sent(process: Process, uid: string): void {
    const refusal = this.#shown.get(uid);
    if (refusal === undefined || process.since < refusal.shownAt) {
      return;
    }
    const touched = Math.max(this.#touched.get(uid) ?? 0, this.#touched.get('') ?? 0);
    const age = Date.parse(this.#world.time()) - refusal.at;
    const { now } = this.#world.scheduler;
    if (age < PAUSE_MS - MARGIN_MS && touched < now - age - MARGIN_MS) {
      this.#world.violated(`${process.name} registers ${uid} again, as an earlier process was refused`);
    }
  }
}
