import { clientKey } from '../../core/client-key.ts';
import type { RegistrationRecord } from '../../core/record.ts';
import type { ServerKey } from '../../core/server-key.ts';
import type { Context } from '../context.ts';
import type { CallTerms } from './guarded-call.ts';

/** Requests to a server, for a client, that leave nothing at the server. */
export interface PacedCall {
  readonly client: RegistrationRecord['client'];
  /** Key of `serverKey`. */
  readonly server: ServerKey;
}

type PacedContext = Pick<Context, 'lead' | 'servers' | 'slots'>;

/**
 * Makes requests without a lasting effect, such as those to a token endpoint: one after the other in one slot, while the
 * server's state permits a read and the lease is held. There is no entry in the ledger, and nothing is learned of the
 * server: what a client asks a token endpoint with may be the cause of any answer.
 *
 * @returns `undefined` where nothing was sent: the namespace has too many calls that wait, the server's state forbids it,
 *   or the lead is lost
 */
export async function paced<R>(
  { client, server }: PacedCall,
  { version, maxInFlight }: CallTerms,
  make: () => Promise<R>,
  { lead, servers, slots }: PacedContext,
): Promise<R | undefined> {
  const { namespace } = client;
  const place = { server, namespace, limit: maxInFlight, isEnding: false };
  if (slots.isCrowded(place)) {
    return undefined;
  }
  return slots.withSlot(place, async () => {
    const caller = { namespace, client: clientKey(client) };
    const entered = servers.enter(server, {
      ...{ kind: 'Read', version, ...caller, document: '', isAdopted: false },
    });
    if (entered === undefined) {
      return undefined;
    }
    try {
      return lead.held() ? await make() : undefined;
    } finally {
      servers.abandon(server, entered);
    }
  });
}
