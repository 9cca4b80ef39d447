import { namespaceOf } from '../../api/kubernetes.ts';
import type { ClientKey } from '../../core/client-key.ts';

/** The pause between two looks at a Secret that is in the way, while few clients wait: its end is noticed within 5 s. */
const SHORTEST_MS = 4_000;
const LONGEST_MS = 300_000;

/** As many clients look again after the shortest pause; with more, pauses grow in proportion. */
const FEW_OF_NAMESPACE = 10;
const FEW_OF_ALL = 100;

/** Looks before registrations: one of a namespace in this time, and one of all namespaces. */
const LOOK_OF_NAMESPACE_MS = 60_000;
const LOOK_OF_ALL_MS = 1_000;

/**
 * Clients whose Secret has the name of one that isn't theirs, and how often the API server is asked about such Secrets. The
 * operator watches only Secrets with its label, so nothing else says that another Secret is there or gone.
 *
 * *Guarantees*: however many clients wait, a namespace causes at most 2.5 reads a second, and all namespaces 25. Before
 * registrations there is at most one read a second, however many clients are registered.
 */
export class SecretConflicts {
  readonly #waiting = new Map<string, Set<ClientKey>>();
  #total = 0;
  /** Namespace → time of its last look, the oldest first. */
  readonly #looks = new Map<string, number>();
  #lastLook = Number.NEGATIVE_INFINITY;

  /** A Secret is in the way of the client. Returns the pause before the next look, in milliseconds. */
  found(key: ClientKey): number {
    const namespace = namespaceOf(key);
    const waiting = this.#waiting.get(namespace) ?? new Set();
    this.#waiting.set(namespace, waiting);
    this.#total += waiting.has(key) ? 0 : 1;
    waiting.add(key);
    const share = Math.max(1, waiting.size / FEW_OF_NAMESPACE, this.#total / FEW_OF_ALL);
    return Math.min(SHORTEST_MS * share, LONGEST_MS);
  }

  /** Nothing is in the way any more, or the client is gone. */
  over(key: ClientKey): void {
    const namespace = namespaceOf(key);
    const waiting = this.#waiting.get(namespace);
    if (waiting?.delete(key)) {
      this.#total -= 1;
    }
    if (waiting?.size === 0) {
      this.#waiting.delete(namespace);
    }
  }

  isWaiting(key: ClientKey): boolean {
    return this.#waiting.get(namespaceOf(key))?.has(key) === true;
  }

  /** Whether a client that has no Secret yet may be looked for one now, before it is registered; counts as a look. */
  mayLook(key: ClientKey, now: number): boolean {
    for (const [namespace, at] of this.#looks) {
      if (now < at + LOOK_OF_NAMESPACE_MS) {
        break;
      }
      this.#looks.delete(namespace);
    }
    const namespace = namespaceOf(key);
    if (this.#looks.has(namespace) || now < this.#lastLook + LOOK_OF_ALL_MS) {
      return false;
    }
    this.#looks.set(namespace, now);
    this.#lastLook = now;
    return true;
  }
}
