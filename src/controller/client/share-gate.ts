import { namespaceOf } from '../../api/kubernetes.ts';
import { SHARES } from '../../api/shares.ts';
import type { ClientKey } from '../../core/client-key.ts';
import type { CallKind, Gate, ObservedServer } from '../../core/observation.ts';
import { type ServerKey, serverNamed } from '../../core/server-key.ts';
import { listOfSuspects } from '../../core/suspects.ts';
import type { StepContext } from './step-context.ts';

/**
 * The server as a client may use it, with the shares of its namespace: a used-up share closes the gate for this namespace
 * only. Deregistrations are exempt.
 *
 * @param server the server with the gate of its own state
 * @param name key of `serverKey`
 * @param key `namespace/name` of the client
 */
export function withinShares(
  server: ObservedServer,
  name: ServerKey,
  key: ClientKey,
  kind: Exclude<CallKind, 'Deregister'>,
  context: StepContext,
): ObservedServer {
  if (!server.available || !server.gate.open) {
    return server;
  }
  const gate = shareGate(name, key, kind, context);
  return gate.open ? server : { ...server, gate };
}

/** Longest delay until the client is requeued, if nothing wakes it earlier. */
const CROWDED_MS = 10_000;
const UNDER_WAY_MS = 1_000;
const UNANSWERED_MS = 30_000;

const OPEN: Gate = { open: true };

/** Whether the shares of a client's namespace permit another call to this server. */
function shareGate(
  name: ServerKey,
  key: ClientKey,
  kind: Exclude<CallKind, 'Deregister'>,
  { clock, ledger, orphans, slots }: StepContext,
): Gate {
  const namespace = namespaceOf(key);
  const wait = (reason: 'Queued' | 'NamespaceShareReached', message: string, afterMs: number): Gate => ({
    open: false,
    reason,
    message,
    until: clock.now() + afterMs,
  });
  if (kind === 'Register' && orphans.isFull(name, namespace)) {
    return listFull(name, namespace, orphans.countIn(name, namespace));
  }
  // The next call settles this client's own open entries.
  const shortage =
    ledger.callsOf(key).length > 0
      ? undefined
      : ledger.shortage({ kind, server: name, client: { namespace, name: '', uid: '' } });
  if (shortage === 'Share') {
    return wait('NamespaceShareReached', unanswered(name, namespace), UNANSWERED_MS);
  }
  if (shortage === 'Room') {
    return wait('Queued', 'Too many calls are under way.', UNDER_WAY_MS);
  }
  return slots.isCrowded({ server: name, namespace })
    ? wait('Queued', `Too many clients of namespace ${namespace} wait for its servers.`, CROWDED_MS)
    : OPEN;
}

function unanswered(name: ServerKey, namespace: string): string {
  const { kind } = serverNamed(name);
  const { most } =
    kind === 'AuthorizationServer' ? SHARES.unansweredAtOwnServers : SHARES.unansweredAtClusterServers;
  return `${most} calls of namespace ${namespace} to ${kind}s ended without a readable answer, which is as many as are kept for one namespace. Registrations and updates of further clients go on when the servers answer those clients again, or when they are deleted.`;
}

function listFull(name: ServerKey, namespace: string, count: number): Gate {
  const { kind, name: server } = serverNamed(name);
  return {
    open: false,
    reason: 'RegistrationOutcomeUnknown',
    message: `${count} registrations of namespace ${namespace} at ${kind} ${server} ended without an answer, and clients may exist there that nobody knows. The platform team finds them in ConfigMap ${listOfSuspects(name)}; registrations of the namespace go on when entries are removed there.`,
  };
}
