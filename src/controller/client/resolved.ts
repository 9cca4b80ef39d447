import { nameOfKey, namespaceOf } from '../../api/kubernetes.ts';
import { clientKey } from '../../core/client-key.ts';
import type { ClientIdentity } from '../../core/record.ts';
import { serverKey } from '../../core/server-key.ts';
import type { UnremovedRecord } from '../../core/unremoved-client.ts';
import { audit } from '../calls/audit.ts';
import type { Context } from '../context.ts';
import type { ResolvedOrphan } from '../durable/orphan-list.ts';

type Tellers = Pick<Context, 'caches' | 'counters' | 'events' | 'log'>;

/** Tells that a person resolved a client that was owed or left behind, and that its record is removed. */
export function tellResolvedClient(record: UnremovedRecord, note: string, context: Tellers): void {
  const { clientId, issuer, role, client, attempt, registrationSecret: secret } = record;
  const server = serverKey(record.server, client.namespace);
  const why = `A person resolved it: ${note}`;
  audit(context, {
    event: 'Resolved',
    client: clientKey(client),
    server,
    clientId,
    attempt,
    why,
    secret,
  });
  const was = role === 'owed' ? 'was still to be removed' : 'was left behind';
  const text = `Client ${clientId}, which ${was} at ${issuer}, is resolved, and its record is removed. The note: ${note}`;
  tell(text, client, context);
}

/** Tells that a person resolved a suspected orphan. */
export function tellResolvedOrphan({ orphan, note }: ResolvedOrphan, context: Tellers): void {
  const { server, startedAt, attempt, uid } = orphan;
  const client = { namespace: namespaceOf(orphan.client), name: nameOfKey(orphan.client), uid };
  const why = `A person resolved it: ${note}`;
  audit(context, { event: 'Resolved', client: orphan.client, server, attempt, why });
  const text = `The registration at ${server} that got no answer at ${startedAt} is resolved, and is no longer listed. The note: ${note}`;
  tell(text, client, context);
}

function tell(message: string, client: ClientIdentity, { caches, events }: Tellers): void {
  const namespace = caches.namespaces.get(client.namespace)?.metadata;
  const namespaceTerminating = namespace === undefined || namespace.deletionTimestamp !== undefined;
  const regarding = { kind: 'OAuthClient', ...client, namespaceTerminating } as const;
  events.record({ reason: 'Resolved', action: 'Resolve', message, regarding });
}
