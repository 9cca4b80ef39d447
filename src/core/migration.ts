import { type Registered, usable } from './narrowed.ts';
import type { Observation, ObservedMigration } from './observation.ts';
import { documentOf } from './permitted-document.ts';
import { isProblem, type Problem } from './problem.ts';
import { isAt, type RegistrationRecord, type ServerRef } from './record.ts';

/**
 * `spec.migration` of a server object: its clients move to another server object. While it stands, a reference to the one
 * means the other, for each client from its turn on. A move is a replacement: another client is registered at the new
 * server, the workload Secret shows it, and the former client ends after an overlap.
 */

/** How far a client is, whose current record this is. */
export function migrationState(
  to: ServerRef,
  current: Pick<RegistrationRecord, 'server'> | undefined,
  hasTurn: boolean,
): ObservedMigration['state'] {
  if (current === undefined || isAt(current, to)) {
    return 'Moved';
  }
  return hasTurn ? 'Moving' : 'Waiting';
}

/**
 * The server at which the client is to be: that of the spec; in a migration the new one, and until the client has its turn,
 * the one where it is.
 */
export function wantedServer({ migration, spec, current }: Registered): ServerRef {
  if (migration === undefined) {
    return spec.authorizationServerRef ?? current.server;
  }
  return migration.state === 'Waiting' ? current.server : migration.to;
}

/** The observation with the verdict about a client that waits for its turn, which is asked for more than once in a round. */
export const withMoveVerdict = (o: Observation): Observation =>
  o.migration?.state === 'Waiting'
    ? { ...o, migration: { ...o.migration, verdict: moveVerdict(o, o.migration) } }
    : o;

/**
 * Whether the client could be registered at the new server as things are. `Unknown`: nothing is known of that server now.
 * A problem: why it could not.
 */
export function moveVerdict(
  o: Observation,
  { target, clientsInNamespace, verdict }: ObservedMigration,
): 'Fits' | 'Unknown' | Problem {
  if (verdict !== undefined) {
    return verdict;
  }
  const { object, namespace } = o;
  if (object?.desired.valid !== true) {
    return 'Unknown';
  }
  if (!target.available) {
    return target.reason === 'AuthorizationServerNotAvailable' ? target : 'Unknown';
  }
  const { connection } = target;
  const wanted = documentOf(usable(o, object, object.desired), connection);
  if (isProblem(wanted)) {
    return wanted;
  }
  const most = connection.policy?.maxClientsPerNamespace;
  return most === undefined || clientsInNamespace <= most
    ? 'Fits'
    : {
        reason: 'QuotaExceeded',
        message: `Namespace ${namespace} would have ${clientsInNamespace} clients there, and the platform team permits ${most}.`,
      };
}
