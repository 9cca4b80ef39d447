import { REASONS, type Reason } from '../../api/reasons.ts';
import { backoff } from '../../core/backoff.ts';
import type { ClientKey } from '../../core/client-key.ts';
import { setbackOf } from '../../core/earlier-calls.ts';
import type { Failure } from '../../core/failure.ts';
import type { Setback } from '../../core/observation.ts';
import { isRemembered, refusalPauseMs } from '../../core/remembered-refusal.ts';
import { asSentence } from '../../oauth/text.ts';
import type { StepContext } from './step-context.ts';

/** Turns a failure into a setback. */

const RETRIES = { firstMs: 2_000, longestMs: 300_000 };
const LONGEST_SLOW_MS = 3_600_000;
/** Only another basis can help. */
const NEVER_MS = Number.POSITIVE_INFINITY;
const LONGEST_LOST_MS = 600_000;

/** Stores a failure, and decides when to retry. */
export function setBack(
  key: ClientKey,
  { action, basis }: Pick<Setback, 'action' | 'basis'>,
  failure: Pick<Failure, 'kind' | 'message'> & Partial<Omit<Failure, 'reason'>> & { readonly reason: Reason },
  context: StepContext,
  retryAfterMs?: number,
): Setback {
  const { clock, memory, random } = context;
  const now = clock.now();
  const again = setbackOf({ setbacks: memory.setbacks(key) }, action, basis);
  const attempts = (again?.attempts ?? 0) + 1;
  const terminal = failure.kind === 'Terminal' || failure.kind === 'Unsupported';
  const reason = failure.reason;
  const bounds = failure.isSlow ? { ...RETRIES, longestMs: LONGEST_SLOW_MS } : RETRIES;
  const delay = retryAfterMs ?? Math.max(backoff(bounds, attempts - 1, random), failure.retryAfterMs ?? 0);
  const untilTrial = isRemembered(action) ? refusalPauseMs({ basis, attempts, reason }) : NEVER_MS;
  const setback: Setback = {
    action,
    kind: terminal ? 'Terminal' : 'Transient',
    reason,
    message: withCure(failure.message, reason),
    attempts,
    ...beginningOf(again, now),
    retryAt: terminal && retryAfterMs === undefined ? wholeSecond(now) + untilTrial : now + delay,
    basis,
    ambiguous: failure.kind === 'Unknown' || (again?.ambiguous ?? false),
    at: now,
    ...(failure.isOwnRefusal && { ownRefusals: (again?.ownRefusals ?? 0) + 1 }),
    awaitsServer: !terminal && isOfServer(action, failure),
  };
  memory.setBack(key, setback);
  return setback;
}

/** Status keeps a refusal's time in seconds: the time of the next try is the same for a new process. */
const wholeSecond = (ms: number): number => ms - (ms % 1_000);

/** A suspension by a person is no failure. */
const beginningOf = (again: Setback | undefined, now: number): Pick<Setback, 'since' | 'uncountedMs'> =>
  again === undefined || again.reason === 'Suspended'
    ? { since: now }
    : { since: again.since, uncountedMs: again.uncountedMs ?? 0 };

/** A registration without an answer keeps its cooldown: a client may exist. */
const isOfServer = (
  action: Setback['action'],
  { kind, serverTrouble, isOfTokenEndpoint }: Partial<Omit<Failure, 'reason'>>,
): boolean =>
  !(action === 'Register' && kind === 'Unknown') && (serverTrouble === true || isOfTokenEndpoint === true);

/** Pause before an unanswered registration is retried; doubles from the third on, since its content may be the cause. */
export function longerEachTime(
  firstMs: number,
  key: ClientKey,
  basis: string,
  { memory }: Pick<StepContext, 'memory'>,
): number {
  const before = setbackOf({ setbacks: memory.setbacks(key) }, 'Register', basis);
  const longestMs = Math.max(firstMs, LONGEST_LOST_MS);
  return backoff({ firstMs, longestMs }, Math.max((before?.attempts ?? 0) - 1, 0));
}

/** What happened, then what to do. */
export function withCure(message: string, reason: Reason): string {
  return `${asSentence(message)} ${REASONS[reason].cure}`;
}
