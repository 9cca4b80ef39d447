import { clientKey } from '../../core/client-key.ts';
import type { ServerConnection } from '../../core/connection.ts';
import type { Failure } from '../../core/failure.ts';
import type { CallKind, PendingCall } from '../../core/observation.ts';
import type { RegistrationRecord } from '../../core/record.ts';
import type { HealthCall } from '../../core/server-health.ts';
import { type ServerKey, serverNamed } from '../../core/server-key.ts';
import { type Told, viewersOf } from '../../core/tell.ts';
import type { Sensitive } from '../../oauth/sensitive.ts';
import { sentCredentials } from '../../oauth/sent-credentials.ts';
import type { Context } from '../context.ts';
import type { LedgerEntry } from '../durable/ledger-entry.ts';
import type { HttpOutcome, HttpRequest } from '../ports.ts';
import { type AuditEnd, type Audited, audit, endOf } from './audit.ts';

export interface GuardedCall {
  /** New, or that of an earlier call about the same record that got no answer. */
  readonly attempt: string;
  readonly kind: CallKind;
  readonly client: RegistrationRecord['client'];
  /** Name of the registration Secret, which need not exist yet. */
  readonly record: string;
  /** By its key of `serverKey`. */
  readonly server: ServerKey;
  /** Tells what is sent from what another client sends. Default: all of this kind send the same. */
  readonly document?: string;
  /** A client that was adopted: who brought its token may change it, too. Default: false. */
  readonly isAdopted?: boolean;
  /** What the audit trail says of the call. Absent: it is not named there. */
  readonly audited?: Audited;
  /** Asked just before the entry: whether the call is still wanted. Default: it is. */
  readonly isWanted?: () => boolean;
}

/** What a call needs to know of the server; a record alone gives that, too. */
export type CallTerms = Pick<ServerConnection, 'version' | 'timeoutMs' | 'maxInFlight' | 'transport'>;

/** What is particular to one call. */
export interface CallHandlers<R> {
  /** Makes the request: tokens and signatures are obtained here, when the call's turn has come. */
  readonly prepare: () => Promise<HttpRequest | Failure>;
  /** `prepare` gave a failure: nothing was sent, and there is no entry. */
  readonly notReady: (failure: Failure) => Conclusion<R>;
  readonly conclude: (answer: Answer) => Conclusion<R> | Promise<Conclusion<R>>;
}

/** How a call that was sent ended. */
export interface Answer {
  readonly outcome: HttpOutcome;
  /** RFC 3339, with milliseconds. */
  readonly sentAt: string;
  /** What must not come back to people in the server's words. */
  readonly sent: readonly Sensitive[];
  /** What the words about a failure are made by. */
  readonly told: Told;
}

/**
 * What a call comes to, in two parts: what it shows of the server is known before what it brought is recorded, and
 * recording may take seconds.
 */
export interface Conclusion<R> {
  /** For the server's registry. `undefined`: the call succeeded. `Nothing`: it shows neither success nor failure. */
  readonly shown: Failure | 'Nothing' | undefined;
  /** What the audit trail says of it, where that is more or other than `shown`. */
  readonly end?: AuditEnd;
  /** Records and reports, when the server has been left. */
  readonly finish: () => Finish<R> | Promise<Finish<R>>;
}

export interface Finish<R> {
  readonly entry: EntryEnd;
  /** Earlier calls without an answer, about which nothing has to be known any more: their entries are settled. */
  readonly supersedes?: readonly PendingCall[];
  readonly result: R;
}

/**
 * What becomes of a call's ledger entry.
 *
 * - `Settle`: the call's effect is recorded, or it is known that it had none.
 * - `Interrupt`: its effect isn't known. The entry stays, for the rules of the next round.
 * - `Recording`: its answer is being written. The entry stays under way until the recorder settles it.
 */
export type EntryEnd = 'Settle' | 'Interrupt' | 'Recording';

type BracketContext = Pick<Context, 'clock' | 'http' | 'lead' | 'ledger' | 'log' | 'servers' | 'slots'>;

/**
 * One call with an effect on an authorization server. All that the call takes is given back here, and nowhere else.
 *
 * *Expected flow*
 * ```
 * wait for room ─▶ enter ─▶ prepare ─▶ begin ─▶ send ─▶ conclude ─▶ finish
 *                 ├─ slot ─────────────────────────────┤
 *                 ├─ call in the server's registry ───────────────┤
 *                                     ├─ entry in the ledger ──────────────┤
 * ```
 *
 * *Guarantees*
 * - The request is sent once at most: after its entry is stored, and while the lead is held.
 * - Slot, registry and entry are given back on every path. Where something throws, the registry is shown nothing; an entry
 *   is settled if nothing was sent, else interrupted, so that the next round of the client deals with it.
 * - `conclude` runs when the slot is free, `finish` when the server has been left: neither a second look at the server nor
 *   a slow record holds up the calls of others.
 *
 * *Assumptions*
 * - No other call of this client is under way: the queue runs one round of a client at a time.
 * - The recorder settles the entry of an answer that it has not written yet, however long that takes.
 *
 * *Caveats*
 * - `prepare` may wait for a token endpoint while it has a slot.
 * - An entry of an earlier call that got no answer, sent again under its own attempt, is never settled because nothing was
 *   sent this time: the earlier call may have had its effect.
 *
 * *Errors*
 * Whatever a handler, the ledger or a port throws is passed on, after everything was given back.
 *
 * @returns `undefined` where the call was not made: its namespace has too many that wait, the server's state forbids it, it
 * is not wanted any more, its entry could not be stored, or the lead is lost. `share-gate.ts` says when to look again.
 */
export async function guarded<R>(
  call: GuardedCall,
  terms: CallTerms,
  handlers: CallHandlers<R>,
  context: BracketContext,
): Promise<R | undefined> {
  const { slots } = context;
  const isEnding = call.kind === 'Deregister';
  const place = { server: call.server, namespace: call.client.namespace, limit: terms.maxInFlight, isEnding };
  if (!isEnding && slots.isCrowded(place)) {
    return undefined;
  }
  const bracket = new Bracket(call, context);
  try {
    const made = await slots.withSlot(place, () => make(call, terms, handlers.prepare, bracket, context));
    if (made === undefined) {
      return undefined;
    }
    const conclusion = await ('outcome' in made ? handlers.conclude(made) : handlers.notReady(made));
    bracket.leave(conclusion);
    const { entry, supersedes = [], result } = await conclusion.finish();
    bracket.end(entry, supersedes);
    return result;
  } finally {
    bracket.close();
  }
}

/** @returns a failure where it could not be made ready; `undefined` where it may not be made */
async function make(
  call: GuardedCall,
  { version, timeoutMs, transport }: CallTerms,
  prepare: () => Promise<HttpRequest | Failure>,
  bracket: Bracket,
  { clock, lead, http }: BracketContext,
): Promise<Answer | Failure | undefined> {
  if (!bracket.enter(version)) {
    return undefined;
  }
  const request = await prepare();
  if ('kind' in request) {
    return request;
  }
  if (call.isWanted?.() === false) {
    return undefined;
  }
  const { attempt, kind, client, record, server } = call;
  const sentAt = new Date(clock.now()).toISOString();
  const committed = await bracket.begin({
    attempt,
    kind,
    client,
    record,
    server,
    startedAt: sentAt,
    timeoutMs,
  });
  if (!committed || !lead.held()) {
    return undefined;
  }
  bracket.sends();
  const outcome = await http.send(request, { timeoutMs, transport, server: serverNamed(server) });
  bracket.answered();
  const told = { viewers: viewersOf(serverNamed(server).kind), call: request };
  return { outcome, sentAt, sent: sentCredentials(request), told };
}

/** What is open of one call: its place in the server's registry, its entry in the ledger, its line in the audit trail. */
class Bracket {
  readonly #call: GuardedCall;
  readonly #context: BracketContext;
  #entered: HealthCall | undefined;
  /** What becomes of the entry unless `end` says it; `undefined`: there is none. */
  #otherwise: 'Settle' | 'Interrupt' | undefined;
  /** `undefined`: nothing was sent, and nothing was concluded from that. */
  #audited: AuditEnd | undefined;
  #isSettled = false;
  #sentAt: number | undefined;
  #durationMs: number | undefined;

  constructor(call: GuardedCall, context: BracketContext) {
    this.#call = call;
    this.#context = context;
  }

  /** @returns whether the server's state permits the call */
  enter(version: string): boolean {
    const { kind, client, server, document = '', isAdopted = false } = this.#call;
    const caller = { namespace: client.namespace, client: clientKey(client) };
    this.#entered = this.#context.servers.enter(server, { kind, version, ...caller, document, isAdopted });
    return this.#entered !== undefined;
  }

  /** @returns whether the entry is stored */
  async begin(entry: LedgerEntry): Promise<boolean> {
    const { ledger } = this.#context;
    this.#otherwise = ledger.entry(entry.attempt) === undefined ? 'Settle' : 'Interrupt';
    const committed = await ledger.begin(entry);
    this.#otherwise = committed ? this.#otherwise : undefined;
    return committed;
  }

  /** From here on, the server may have acted. */
  sends(): void {
    this.#otherwise = 'Interrupt';
    this.#audited = { outcome: 'Unknown', message: 'The operator failed before it had read the answer' };
    this.#sentAt = this.#context.clock.monotonic();
  }

  answered(): void {
    const { clock, ledger } = this.#context;
    ledger.answered(this.#call.attempt);
    this.#durationMs = Math.round(clock.monotonic() - (this.#sentAt ?? 0));
  }

  leave({ shown, end }: Pick<Conclusion<unknown>, 'shown' | 'end'>): void {
    const failure = shown === 'Nothing' ? undefined : shown;
    this.#audited = { ...endOf(failure, this.#sentAt !== undefined), ...end };
    this.#leave(shown);
  }

  end(entry: EntryEnd, supersedes: readonly PendingCall[]): void {
    const { ledger } = this.#context;
    const { attempt } = this.#call;
    const isOpen = this.#otherwise !== undefined;
    this.#otherwise = undefined;
    this.#isSettled = entry === 'Settle';
    for (const earlier of supersedes) {
      ledger.settle(earlier.attempt);
    }
    if (isOpen && entry === 'Settle') {
      ledger.settle(attempt);
    }
    if (isOpen && entry === 'Interrupt') {
      ledger.interrupt(attempt);
    }
  }

  /** Gives back whatever is still open. */
  close(): void {
    if (this.#otherwise !== undefined) {
      this.end(this.#otherwise, []);
    }
    this.#leave('Nothing');
    this.#tell();
  }

  #leave(shown: Conclusion<unknown>['shown']): void {
    const { servers } = this.#context;
    const entered = this.#entered;
    this.#entered = undefined;
    if (entered === undefined) {
      return;
    }
    if (shown === 'Nothing') {
      servers.abandon(this.#call.server, entered);
    } else {
      servers.leave(this.#call.server, entered, shown);
    }
  }

  #tell(): void {
    const { audited, client, server, attempt } = this.#call;
    const end = this.#audited;
    if (audited === undefined || end === undefined) {
      return;
    }
    const isRecorded = this.#isSettled || end.outcome !== 'Succeeded';
    audit(this.#context.log, {
      ...audited,
      ...end,
      client: clientKey(client),
      server,
      attempt,
      recorded: isRecorded ? undefined : false,
      durationMs: this.#durationMs,
    });
  }
}

/** Ten characters of base 36, 51 bits: unique among the attempts of one client, and as hard to tell as `random` is. */
export function newAttempt({ random }: Pick<Context, 'random'>): string {
  return Array.from({ length: 10 }, () => Math.floor(random() * 36).toString(36)).join('');
}
