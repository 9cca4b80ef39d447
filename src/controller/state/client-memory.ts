import type { ClientKey } from '../../core/client-key.ts';
import type { Substitution } from '../../core/drift.ts';
import type {
  Absence,
  FormerUsers,
  Heard,
  ProbeAnswer,
  RecentCall,
  RestartsDone,
  Setback,
  SetbackAction,
} from '../../core/observation.ts';
import { isRecent } from '../../core/recent-calls.ts';
import type { ServerKey } from '../../core/server-key.ts';
import { KeyCount } from './key-index.ts';
import { SecretConflicts } from './secret-conflicts.ts';

/** The API server's timeout of a request, one minute, plus a margin. */
const LATEST_EFFECT_MS = 90_000;

/** Sent calls that are kept for one client; no floor depends on more. */
const MAX_SENT = 64;

/** As many as clients that status shows as retiring. */
const MOST_USERS_KEPT = 8;

/** State of a client between two rounds, by `namespace/name`. What must outlive the process is in status, too. */
export class Memory {
  readonly #setbacks = new Map<string, readonly Setback[]>();
  /** Clients whose status had a refusal. */
  readonly #recalled = new Set<ClientKey>();
  readonly #absences = new Map<string, Absence>();
  readonly #reads = new Map<string, number>();
  readonly #documentChecks = new Map<ClientKey, string>();
  readonly #heard = new Map<string, Heard>();
  readonly #probes = new Map<ClientKey, ProbeAnswer>();
  readonly #restarts = new Map<ClientKey, RestartsDone>();
  readonly #users = new Map<ClientKey, readonly FormerUsers[]>();
  /** Until when no client's credential is tried, in milliseconds since the epoch. */
  readonly #probePauses = new Map<ServerKey, number>();
  readonly #waits = new Map<
    string,
    { readonly what: string; readonly since: number; readonly isTold: boolean }
  >();
  readonly #unanswered = new Map<string, number>();
  readonly #learned = new Map<string, readonly Substitution[]>();
  readonly #secretNotes = new Map<string, string>();
  /** The last warning that an Event told, of clients that have one. */
  readonly #warned = new Map<ClientKey, string>();
  readonly secretConflicts = new SecretConflicts();
  /** The client whose last call was sent first comes first. */
  readonly #sent = new Map<ClientKey, readonly RecentCall[]>();
  /** Clients whose renewal is overdue, with their servers. */
  readonly #overdue = new Map<ClientKey, ServerKey>();
  readonly #overdueAt = new KeyCount<ServerKey, ServerKey>((server) => server);
  /** Time of the first client's first round. */
  #since: number | undefined;

  /** @param server of the client whose renewal is overdue; `undefined`: nothing is */
  renewalOverdue(key: ClientKey, server: ServerKey | undefined): void {
    const before = this.#overdue.get(key);
    if (before === server) {
      return;
    }
    if (before !== undefined) {
      this.#overdue.delete(key);
      this.#overdueAt.remove(before);
    }
    if (server !== undefined) {
      this.#overdue.set(key, server);
      this.#overdueAt.add(server);
    }
  }

  /** How many clients have an overdue renewal at each server. */
  get overdue(): Iterable<readonly [ServerKey, number]> {
    return this.#overdueAt.entries();
  }

  setbacks(key: ClientKey): readonly Setback[] {
    return this.#setbacks.get(key) ?? [];
  }

  /** Deregistrations have one setback per record; every other action keeps only the latest. */
  setBack(key: ClientKey, setback: Setback): void {
    const { action, basis } = setback;
    const isReplaced = (other: Setback) =>
      other.action === action && (other.basis === basis || action !== 'Deregister');
    this.#setbacks.set(key, [...this.setbacks(key).filter((other) => !isReplaced(other)), setback]);
  }

  /**
   * Takes over the refusal that an earlier process left in status, once for each client.
   *
   * @param toSetback reads it
   */
  recall(key: ClientKey, toSetback: (startedAt: number) => Setback | undefined, now: number): void {
    if (this.#recalled.has(key)) {
      return;
    }
    this.#recalled.add(key);
    this.#since ??= now;
    const setback = toSetback(this.#since);
    if (setback !== undefined && !this.setbacks(key).some(({ action }) => action === setback.action)) {
      this.setBack(key, setback);
    }
  }

  /** Removes the setback of an action, with any basis; of deregistrations only the one of that record. */
  succeeded(key: ClientKey, action: SetbackAction, basis: string): void {
    const isOver = (other: Setback) =>
      other.action === action && (other.basis === basis || action !== 'Deregister');
    if (action === 'Publish') {
      this.secretConflicts.over(key);
    }
    const left = this.setbacks(key).filter((other) => !isOver(other));
    if (left.length === 0) {
      this.#setbacks.delete(key);
      return;
    }
    this.#setbacks.set(key, left);
  }

  /** Time of the first client's first round. */
  startedAt(now: number): number {
    this.#since ??= now;
    return this.#since;
  }

  /** When the client was last read; if it wasn't read yet, when this process first saw it. */
  readAt(key: ClientKey, createdAt: number | undefined, now: number): number {
    return this.#reads.get(key) ?? Math.max(this.startedAt(now), createdAt || 0);
  }

  wasRead(key: ClientKey, now: number): void {
    this.#reads.set(key, now);
  }

  /** What the client's document was last fetched for; `undefined`: it was not, since the start. */
  documentChecked(key: ClientKey): string | undefined {
    return this.#documentChecks.get(key);
  }

  checkedDocument(key: ClientKey, basis: string, now: number): void {
    this.#documentChecks.set(key, basis);
    this.wasRead(key, now);
  }

  /** What the server's last answers said about whether it knows the client. */
  heard(key: ClientKey): Heard | undefined {
    return this.#heard.get(key);
  }

  hear(key: ClientKey, heard: Heard): void {
    this.#heard.set(key, heard);
  }

  /** The last credential for which this process restarted all workloads; `undefined`: none since the start. */
  restartsDone(key: ClientKey): RestartsDone | undefined {
    return this.#restarts.get(key);
  }

  /** Which Pods were seen to use the Secret since before a new credential. */
  users(key: ClientKey): readonly FormerUsers[] | undefined {
    return this.#users.get(key);
  }

  usersFound(key: ClientKey, found: FormerUsers): void {
    const others = (this.#users.get(key) ?? []).filter((users) => users.of !== found.of);
    this.#users.set(key, [found, ...others].slice(0, MOST_USERS_KEPT));
  }

  restarted(key: ClientKey, done: RestartsDone): void {
    this.#restarts.set(key, done);
  }

  /** What a token endpoint last answered about the client's credential. */
  probe(key: ClientKey): ProbeAnswer | undefined {
    return this.#probes.get(key);
  }

  probed(key: ClientKey, probe: ProbeAnswer): void {
    this.#probes.set(key, probe);
  }

  /** A token endpoint asked for fewer requests: no client's credential is tried there until then. */
  pauseProbes(server: ServerKey, until: number): void {
    this.#probePauses.set(server, until);
  }

  /** Removes what is kept of a server object that is gone. */
  forgetServer(server: ServerKey): void {
    this.#probePauses.delete(server);
  }

  /** In milliseconds since the epoch; 0: there was no pause. */
  probesPausedUntil(server: ServerKey): number {
    return this.#probePauses.get(server) ?? 0;
  }

  /**
   * The client waits for something that no step reported.
   *
   * @param what the same for as long as it waits for the same
   * @returns since when, in milliseconds since the epoch, and whether it is told already
   */
  waitsFor(key: ClientKey, what: string, now: number): { readonly since: number; readonly isTold: boolean } {
    const before = this.#waits.get(key);
    const wait = before?.what === what ? before : { what, since: before?.since ?? now, isTold: false };
    this.#waits.set(key, wait);
    return wait;
  }

  /** Status and an Event say what the client waits for. */
  waitTold(key: ClientKey): void {
    const wait = this.#waits.get(key);
    if (wait !== undefined) {
      this.#waits.set(key, { ...wait, isTold: true });
    }
  }

  waitOver(key: ClientKey): void {
    this.#waits.delete(key);
  }

  /** A status write was not answered: it may still take effect and overwrite later writes. */
  statusUnanswered(key: ClientKey, now: number): void {
    this.#unanswered.set(key, now + LATEST_EFFECT_MS);
  }

  /** When to compare its status again for that reason; `undefined` if no write is open any more. */
  statusKnownAt(key: ClientKey, now: number): number | undefined {
    const at = this.#unanswered.get(key);
    if (at !== undefined && at <= now) {
      this.#unanswered.delete(key);
      return undefined;
    }
    return at;
  }

  /** Choices of the server that its last answer showed, until status has them. `undefined`: status has them, or none. */
  learned(key: ClientKey): readonly Substitution[] | undefined {
    return this.#learned.get(key);
  }

  learn(key: ClientKey, substitutions: readonly Substitution[]): void {
    this.#learned.set(key, substitutions);
  }

  /** What of `spec.secret` has no effect, as the last write of the Secret showed: for the next status. */
  noteSecret(key: ClientKey, note: string): void {
    this.#secretNotes.set(key, note);
  }

  /** `undefined`: the Secret was not written since the last status. */
  secretNote(key: ClientKey): string | undefined {
    return this.#secretNotes.get(key);
  }

  /** Whether this warning is another one than the last of this client; from then on it is the last. */
  isNewWarning(key: ClientKey, warning: string): boolean {
    const isNew = this.#warned.get(key) !== warning;
    this.#warned.set(key, warning);
    return isNew;
  }

  /** The API server has the status of this round. */
  statusWritten(key: ClientKey): void {
    this.#learned.delete(key);
    this.#secretNotes.delete(key);
  }

  /** A call was sent for this client, and it had an effect or may have had one. */
  wasSent(key: ClientKey, call: RecentCall): void {
    this.#forgetOld(call.at);
    const calls = [...this.sentCalls(key, call.at), call].slice(-MAX_SENT);
    this.#sent.delete(key);
    this.#sent.set(key, calls);
  }

  /** Calls of the last hour that this process sent. */
  sentCalls(key: ClientKey, now: number): readonly RecentCall[] {
    const calls = this.#sent.get(key);
    return calls === undefined ? NONE_SENT : calls.filter(({ at }) => isRecent(at, now));
  }

  #forgetOld(now: number): void {
    for (const [key, calls] of this.#sent) {
      if (calls.some(({ at }) => isRecent(at, now))) {
        return;
      }
      this.#sent.delete(key);
    }
  }

  absence(key: ClientKey, now: number): Absence {
    const absence = this.#absences.get(key) ?? { since: now, proven: false };
    this.#absences.set(key, absence);
    return absence;
  }

  absenceProven(key: ClientKey): void {
    const absence = this.#absences.get(key);
    this.#absences.set(key, { since: absence?.since ?? 0, proven: true });
  }

  /** The object exists, possibly again. */
  present(key: ClientKey): void {
    this.#absences.delete(key);
  }

  forget(key: ClientKey): void {
    this.#recalled.delete(key);
    this.#setbacks.delete(key);
    this.#absences.delete(key);
    this.#reads.delete(key);
    this.#documentChecks.delete(key);
    this.#heard.delete(key);
    this.#probes.delete(key);
    this.#restarts.delete(key);
    this.#users.delete(key);
    this.#waits.delete(key);
    this.#unanswered.delete(key);
    this.#learned.delete(key);
    this.#secretNotes.delete(key);
    this.#warned.delete(key);
    this.secretConflicts.over(key);
    this.#sent.delete(key);
    this.renewalOverdue(key, undefined);
  }
}

const NONE_SENT: readonly RecentCall[] = [];
