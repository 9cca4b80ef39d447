import { SHARES } from '../../api/shares.ts';
import { rfc3339 } from '../../api/time.ts';
import type { Action } from '../action.ts';
import { backoff } from '../backoff.ts';
import { listEndedRecords, requestReconcile } from '../kubectl-command.ts';
import type { Registrable, Usable } from '../narrowed.ts';
import type { Observation } from '../observation.ts';
import { overlapEnd } from '../overlap.ts';
import { isAt, type RegistrationRecord, type ServerRef } from '../record.ts';
import { OWN_SUSPECTS, SUSPECTS } from '../suspects.ts';
import { stall, wait } from './idle.ts';

/** Limits that delay a registration though its document is in order. */

/**
 * The delay before another registration after `recovery.maxAttempts` without an answer; it doubles with each further one,
 * since each may leave a client behind that nobody knows.
 */
const MANY_LOST = { firstMs: 600_000, longestMs: 21_600_000 };

/** Applies `recovery.interrupted` and `recovery.maxAttempts` after registrations whose answers were lost. */
export function onHold(o: Registrable): Action | undefined {
  const { object, suspects, server } = o;
  const { recovery } = server.connection;
  const asked = object.reconcileRequestedAt;
  if (suspects.count === 0 || (asked !== undefined && asked !== object.status.lastHandledReconcileAt)) {
    return undefined;
  }
  const annotate = requestReconcile(o);
  const list = server.ref.kind === 'AuthorizationServer' ? OWN_SUSPECTS : SUSPECTS;
  const listed = `ConfigMap ${list} has its time`;
  if (recovery.interrupted === 'Hold') {
    return stall(
      'RegistrationOutcomeUnknown',
      `A registration of this client got no answer. Look for the client at the server (${listed}) and remove it; then have another registered: ${annotate}`,
    );
  }
  const more = suspects.count - recovery.maxAttempts;
  const until = suspects.latestAt + backoff(MANY_LOST, Math.max(more, 0));
  // The server answered others and failed again at this one: what is sent for it is the cause.
  const isItsOwn = suspects.isOver && more > 0;
  if (more < 0 || o.now >= until || (suspects.isOver && !isItsOwn)) {
    return undefined;
  }
  const lost = `${suspects.count} registrations of this client got no answer (${listed}).`;
  return wait(
    'RegistrationOutcomeUnknown',
    isItsOwn
      ? `${lost} The server answers those of other clients, so look at what spec.client asks for. If the server creates nothing when it fails so, name the status in dialectOverrides.notCreatedStatuses of the server object. Another is tried at ${rfc3339(until)}, or when you say so: ${annotate}`
      : `${lost} Another is tried at ${rfc3339(until)}, or as soon as the server answers one of another client, or when you say so: ${annotate}`,
    until,
  );
}

/**
 * Applies `policy.maxClientsPerNamespace`. Every client that may exist counts. A replacement at the same server may exceed
 * the limit by one client: a client that was replaced earlier must be removed first.
 */
export function overQuota(o: Registrable, replaces: RegistrationRecord | undefined): Action | undefined {
  const { connection, ref } = o.server;
  const most = connection.policy?.maxClientsPerNamespace;
  if (most === undefined) {
    return undefined;
  }
  // A client that moves from another server is a further client.
  if (replaces !== undefined && isAt(replaces, ref)) {
    return isAlreadyReplacing(o, replaces);
  }
  return o.clientsInNamespace < most
    ? undefined
    : wait(
        'QuotaExceeded',
        `Namespace ${o.namespace} has ${clientsText(o.clientsInNamespace)} at this server, and the platform team permits ${most}. Clients that were kept, are still to be removed or were left behind count, too. Delete one, or ask the platform team for more.`,
        o.now + 30_000,
      );
}

const clientsText = (clients: number): string => `${clients} ${clients === 1 ? 'client' : 'clients'}`;

/** Waits while a client that was replaced before still exists. */
function isAlreadyReplacing(o: Usable, replaces: RegistrationRecord): Action | undefined {
  const [before] = o.surplus.filter(
    ({ registrationSecret }) => registrationSecret !== replaces.registrationSecret,
  );
  if (before === undefined) {
    return undefined;
  }
  const ends = overlapEnd(o, before);
  const when = ends > o.now ? ` It ends at ${rfc3339(ends)}, by spec.replacement.overlap.` : '';
  return wait(
    'QuotaExceeded',
    `The platform team bounds the clients of a namespace at this server, so one replacement at a time is made: client ${before.clientId}, which was replaced before, still has to go.${when}`,
    Math.max(ends, o.now + 30_000),
  );
}

/**
 * Bounds the records whose objects are gone: they are in the operator's namespace, where no quota of the tenant
 * counts them.
 */
export function tooManyEnded(o: Observation, { kind }: ServerRef): Action | undefined {
  const { most } = kind === 'AuthorizationServer' ? SHARES.endedRecords : SHARES.endedRecordsAtClusterServers;
  return o.endedInNamespace < most
    ? undefined
    : wait(
        'NamespaceShareReached',
        `Namespace ${o.namespace} has ${o.endedInNamespace} clients whose OAuthClients are gone and that were not removed at their servers, and ${most} are kept of each namespace. The platform team lists them: ${listEndedRecords(o.namespace)}. Remove those clients at their servers, then these Secrets.`,
        o.now + 30_000,
      );
}
