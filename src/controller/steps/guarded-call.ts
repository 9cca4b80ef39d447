import type { CallKind, ServerConnection } from '../../core/observation.ts';
import type { RegistrationRecord } from '../../core/record.ts';
import type { HealthCall } from '../../core/server-health.ts';
import type { Context } from '../context.ts';
import type { HttpOutcome, HttpRequest } from '../ports.ts';

export interface GuardedCall {
  readonly attempt: string;
  readonly kind: CallKind;
  readonly client: RegistrationRecord['client'];
  readonly record: string;
  readonly server: string;
}

/** A call that was sent. */
export interface Called {
  readonly outcome: HttpOutcome;
  /** To be handed back to the server's registry, with what the call showed. */
  readonly entered: HealthCall;
}

/**
 * One call with an effect: there is room for it, the server permits it, its entry is committed, the lead is held; then
 * it is sent, once. `undefined` when it wasn't sent. Otherwise the caller settles the entry and leaves the server.
 */
export async function guarded(
  call: GuardedCall,
  connection: Pick<ServerConnection, 'version' | 'timeoutMs' | 'maxInFlight'>,
  request: HttpRequest,
  context: Context,
): Promise<Called | undefined> {
  await context.slots.acquire(call.server, connection.maxInFlight);
  try {
    return await permitted(call, connection, request, context);
  } finally {
    context.slots.release(call.server);
  }
}

async function permitted(
  call: GuardedCall,
  { version, timeoutMs }: Pick<ServerConnection, 'version' | 'timeoutMs'>,
  request: HttpRequest,
  { clock, ledger, lead, servers, http }: Context,
): Promise<Called | undefined> {
  const entered = servers.enter(call.server, call.kind, version);
  if (entered === undefined) {
    return undefined;
  }
  const startedAt = new Date(clock.now()).toISOString();
  const committed = await ledger.begin({ ...call, startedAt, timeoutMs });
  if (!committed || !lead.held()) {
    ledger.settle(call.attempt);
    servers.abandon(call.server, entered);
    return undefined;
  }
  const outcome = await http.send(request, { timeoutMs });
  ledger.answered(call.attempt);
  return { outcome, entered };
}

/** Ten characters of base 36: unique among the attempts of one client for all purposes. */
export function newAttempt({ random }: Context): string {
  return Array.from({ length: 10 }, () => Math.floor(random() * 36).toString(36)).join('');
}
