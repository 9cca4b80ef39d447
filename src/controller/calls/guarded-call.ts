import { clientKey } from '../../core/client-key.ts';
import type { ServerConnection } from '../../core/connection.ts';
import type { Failure } from '../../core/failure.ts';
import type { CallKind, PendingCall } from '../../core/observation.ts';
import type { RegistrationRecord } from '../../core/record.ts';
import type { HealthCall } from '../../core/server-health.ts';
import { type ServerKey, serverNamed } from '../../core/server-key.ts';
import { type Told, viewersOf } from '../../core/tell.ts';
import { asMetadata } from '../../dialects/answered-form.ts';
import type { Sensitive } from '../../oauth/sensitive.ts';
import { sentCredentials } from '../../oauth/sent-credentials.ts';
import type { Context } from '../context.ts';
import type { LedgerEntry } from '../durable/ledger-entry.ts';
import type { HttpOutcome, HttpRequest } from '../ports.ts';
import { type AuditEnd, type Audited, audit, endOf } from './audit.ts';
import { answerOwn, type OwnRequest } from './document-registrar.ts';

export interface GuardedCall {
  /** A new id, or the id of an earlier unanswered call about the same record. */
  readonly attempt: string;
  readonly kind: CallKind;
  readonly client: RegistrationRecord['client'];
  /** Name of the registration Secret, which need not exist yet. */
  readonly registrationSecret: string;
  /** Key of `serverKey`. */
  readonly server: ServerKey;
  /** Identifies the content of the request. Default: all calls of this kind send the same. */
  readonly document?: string;
  /** The client was adopted: the person who brought its token may change it, too. Default: false. */
  readonly isAdopted?: boolean;
  /** Fields of the call's audit line. Absent: the call is not in the audit trail. */
  readonly audited?: Audited;
  /** Called just before the entry is stored: whether the call is still wanted. Default: true. */
  readonly isWanted?: () => boolean;
}

/** What a call needs from the server; a record can provide it, too. */
export type CallTerms = Pick<
  ServerConnection,
  'version' | 'timeoutMs' | 'maxInFlight' | 'transport' | 'codec'
>;

/** The parts that differ from call to call. */
export interface CallHandlers<R> {
  /** Makes the request. Obtains tokens and signatures, after the call got its slot. */
  readonly prepare: () => Promise<HttpRequest | OwnRequest | Failure>;
  /** `prepare` returned a failure: nothing was sent, and there is no entry. */
  readonly notReady: (failure: Failure) => Conclusion<R>;
  readonly conclude: (answer: Answer) => Conclusion<R> | Promise<Conclusion<R>>;
}

/** How a call that was sent ended. */
export interface Answer {
  readonly outcome: HttpOutcome;
  /** RFC 3339, with milliseconds. */
  readonly sentAt: string;
  /** Values that messages must not repeat, even if the server's answer does. */
  readonly sent: readonly Sensitive[];
  /** Context for messages about a failure. */
  readonly told: Told;
}

/**
 * The result of a call, in two parts: what it shows about the server is known at once, but recording the answer may take
 * seconds.
 */
export interface Conclusion<R> {
  /** For the server's registry. `undefined`: the call succeeded. `Nothing`: it shows neither success nor failure. */
  readonly shown: Failure | 'Nothing' | undefined;
  /** For the audit trail, if it differs from `shown`. */
  readonly end?: AuditEnd;
  /** Records and reports, after the call has left the server's registry. */
  readonly finish: () => Finish<R> | Promise<Finish<R>>;
}

export interface Finish<R> {
  readonly entry: EntryEnd;
  /** Earlier unanswered calls that no longer matter: their entries are settled. */
  readonly supersedes?: readonly PendingCall[];
  readonly result: R;
}

/**
 * What happens to a call's ledger entry.
 *
 * - `Settle`: the call's effect is recorded, or the call is known to have had none.
 * - `Interrupt`: its effect is unknown. The entry stays, for the rules of the next round.
 * - `Recording`: its answer is being written. The entry stays under way until the recorder settles it.
 */
export type EntryEnd = 'Settle' | 'Interrupt' | 'Recording';

type BracketContext = Pick<
  Context,
  | 'api'
  | 'settings'
  | 'clock'
  | 'counters'
  | 'http'
  | 'lead'
  | 'ledger'
  | 'log'
  | 'memory'
  | 'servers'
  | 'slots'
>;

/**
 * One call with an effect on an authorization server. Everything that the call acquires is released here, and only here.
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
 * - The request is sent at most once: after its entry is stored, and while the lease is held.
 * - Slot, registry and entry are released on every path. After an exception the registry learns nothing; the entry is
 *   settled if nothing was sent, else interrupted, so that the next round of the client handles it.
 * - `conclude` runs after the slot is released, `finish` after the call left the registry: neither a second request to the
 *   server nor a slow record delays the calls of others.
 *
 * *Assumptions*
 * - No other call of this client is under way: the queue runs one round of a client at a time.
 * - The recorder settles the entry of an answer when it has written it, however long that takes.
 *
 * *Caveats*
 * - `prepare` may wait for a token endpoint while it holds a slot.
 * - When an unanswered call is retried under the same attempt id and nothing is sent this time, its entry is not settled:
 *   the earlier call may have had its effect.
 *
 * *Errors*
 * Exceptions of a handler, the ledger or a port are rethrown after everything was released.
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

/** @returns a failure if the call could not be prepared; `undefined` if it may not be made */
async function make(
  call: GuardedCall,
  { version, timeoutMs, transport, codec }: CallTerms,
  prepare: CallHandlers<unknown>['prepare'],
  bracket: Bracket,
  context: BracketContext,
): Promise<Answer | Failure | undefined> {
  const { clock, lead, http } = context;
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
  const { attempt, kind, client, registrationSecret, server } = call;
  const sentAt = new Date(clock.now()).toISOString();
  const committed = await bracket.begin({
    attempt,
    kind,
    client,
    registrationSecret,
    server,
    startedAt: sentAt,
    timeoutMs,
    ...('write' in request && kind === 'Register' ? { isOwn: true } : {}),
  });
  if (!committed || !lead.held()) {
    return undefined;
  }
  bracket.sends('write' in request);
  const send = () =>
    'write' in request
      ? answerOwn(request, context)
      : http.send(request, { timeoutMs, transport, server: serverNamed(server) });
  const said = await send();
  bracket.answered();
  const outcome = codec === undefined ? said : asMetadata(said, codec);
  const told = { viewers: viewersOf(serverNamed(server).kind), call: request };
  return { outcome, sentAt, sent: sentCredentials(request), told };
}

/** What one call holds: its place in the server's registry, its entry in the ledger, its line in the audit trail. */
class Bracket {
  readonly #call: GuardedCall;
  readonly #context: BracketContext;
  #entered: HealthCall | undefined;
  /** What happens to the entry unless `end` decides; `undefined`: there is no entry. */
  #otherwise: 'Settle' | 'Interrupt' | undefined;
  /** `undefined`: nothing was sent, and `notReady` was not called. */
  #audited: AuditEnd | undefined;
  #isSettled = false;
  /** The operator answers itself: that shows nothing of the server. */
  #isOwn = false;
  #sentAt: number | undefined;
  #durationMs: number | undefined;
  /** Whether a sent call counts for the pause before the next one: it may have had an effect that no record shows. */
  #isCounted = true;

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
  sends(isOwn: boolean): void {
    this.#isOwn = isOwn;
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
    if (failure?.reason === 'RegistrationAccessTokenLost') {
      this.#context.counters.tokenLost(serverNamed(this.#call.server));
    }
    const isRecorded = this.#call.kind === 'Register' && shown === undefined;
    this.#isCounted = !isRecorded && (failure === undefined || failure.kind === 'Unknown');
    this.#audited = { ...endOf(failure, this.#sentAt !== undefined), ...end };
    this.#leave(this.#isOwn ? 'Nothing' : shown);
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

  /** Releases everything that the call still holds. */
  close(): void {
    if (this.#otherwise !== undefined) {
      this.end(this.#otherwise, []);
    }
    this.#leave('Nothing');
    this.#count();
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

  /** See `core/rules/floor.ts`. */
  #count(): void {
    const { attempt, kind, client } = this.#call;
    const { clock, memory } = this.#context;
    if (this.#sentAt !== undefined && this.#isCounted && (kind === 'Register' || kind === 'Update')) {
      memory.wasSent(clientKey(client), { kind, attempt, at: clock.now() });
    }
  }

  #tell(): void {
    const { audited, client, server, attempt } = this.#call;
    const end = this.#audited;
    if (audited === undefined || end === undefined) {
      return;
    }
    const isRecorded = this.#isSettled || end.outcome !== 'Succeeded';
    audit(this.#context, {
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

/** Ten characters of base 36, 51 bits: unique among the attempts of one client, and as hard to guess as `random`. */
export function newAttempt({ random }: Pick<Context, 'random'>): string {
  return Array.from({ length: 10 }, () => Math.floor(random() * 36).toString(36)).join('');
}
