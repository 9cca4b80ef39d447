import { keyOf } from '../../api/kubernetes.ts';
import type { ServerConnection } from '../../core/connection.ts';
import type { Failure } from '../../core/failure.ts';
import type { CallKind } from '../../core/observation.ts';
import type { RegistrationRecord } from '../../core/record.ts';
import type { HealthCall } from '../../core/server-health.ts';
import { serverNamed } from '../../core/server-key.ts';
import { type Told, viewersOf } from '../../core/tell.ts';
import type { Sensitive } from '../../oauth/sensitive.ts';
import { sentCredentials } from '../../oauth/sent-credentials.ts';
import type { Context } from '../context.ts';
import type { HttpOutcome, HttpRequest } from '../ports.ts';

export interface GuardedCall {
  readonly attempt: string;
  readonly kind: CallKind;
  readonly client: RegistrationRecord['client'];
  readonly record: string;
  readonly server: string;
  /** Tells what is sent from what another client sends. Default: all of this kind send the same. */
  readonly document?: string;
  /** A client that was adopted: who brought its token may change it, too. */
  readonly isAdopted?: boolean;
  /** Asked at the last moment before the entry: whether the call is still wanted. */
  readonly isWanted?: () => boolean;
}

/** What a call needs to know of the server; a record alone gives that, too. */
export type CallTerms = Pick<ServerConnection, 'version' | 'timeoutMs' | 'maxInFlight' | 'transport'>;

/** A call that was sent. `entered` is to be handed back to the server's registry, with what the call showed. */
export type Called =
  | {
      readonly kind: 'Sent';
      readonly outcome: HttpOutcome;
      readonly entered: HealthCall;
      /** What must not come back to people in the server's words. */
      readonly sent: readonly Sensitive[];
      /** What the words about a failure are made by. */
      readonly told: Told;
    }
  /** It could not be made ready: nothing was sent, and there is no entry. */
  | { readonly kind: 'NotReady'; readonly failure: Failure; readonly entered: HealthCall };

/** Makes the request: tokens and signatures are obtained here, when its turn has come. */
export type Prepare = () => Promise<HttpRequest | Failure>;

/**
 * One call with an effect: there is room for it, the server permits it, it is made ready, its entry is committed, the
 * lead is held; then it is sent, once. `undefined` when it wasn't sent because of the server's state, the lead, or a share
 * that is used up, which `share-gate.ts` tells when one looks again. Else the caller settles the entry and leaves the
 * server.
 */
export async function guarded(
  call: GuardedCall,
  terms: CallTerms,
  prepare: Prepare,
  context: Context,
): Promise<Called | undefined> {
  const place = {
    server: call.server,
    namespace: call.client.namespace,
    limit: terms.maxInFlight,
    isEnding: call.kind === 'Deregister',
  };
  if (!place.isEnding && context.slots.isCrowded(place)) {
    return undefined;
  }
  return context.slots.withSlot(place, () => permitted(call, terms, prepare, context));
}

async function permitted(
  call: GuardedCall,
  { version, timeoutMs, transport }: CallTerms,
  prepare: Prepare,
  { clock, ledger, lead, servers, http }: Context,
): Promise<Called | undefined> {
  const { kind, client, document = '', isAdopted = false } = call;
  const caller = { namespace: client.namespace, client: keyOf(client) };
  const entered = servers.enter(call.server, { kind, version, ...caller, document, isAdopted });
  if (entered === undefined) {
    return undefined;
  }
  const request = await prepare().catch((error: unknown) => {
    servers.abandon(call.server, entered);
    throw error;
  });
  if ('kind' in request) {
    return { kind: 'NotReady', failure: request, entered };
  }
  if (call.isWanted?.() === false) {
    servers.abandon(call.server, entered);
    return undefined;
  }
  const startedAt = new Date(clock.now()).toISOString();
  const { attempt, record, server } = call;
  const committed = await ledger.begin({ attempt, kind, client, record, server, startedAt, timeoutMs });
  if (!committed || !lead.held()) {
    if (committed) {
      ledger.settle(call.attempt);
    }
    servers.abandon(call.server, entered);
    return undefined;
  }
  const outcome = await http.send(request, { timeoutMs, transport, server: serverNamed(server) });
  ledger.answered(call.attempt);
  const told = { viewers: viewersOf(serverNamed(server).kind), call: request };
  return { kind: 'Sent', outcome, entered, sent: sentCredentials(request), told };
}

/** Ten characters of base 36, 51 bits: unique among the attempts of one client, and as hard to tell as `random` is. */
export function newAttempt({ random }: Context): string {
  return Array.from({ length: 10 }, () => Math.floor(random() * 36).toString(36)).join('');
}
