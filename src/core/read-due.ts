import type { Dialect } from '../dialects/dialect.ts';
import { heardAbout } from './forgotten-client.ts';
import type { RecordAtServer } from './home.ts';
import { managementMode } from './management.ts';
import type { Observation } from './observation.ts';
import { isReconcileRequested } from './reconcile-request.ts';
import { spreadOf } from './spread.ts';

/** When a client is read at its server, to detect changes by somebody else. */

/** What a read is tried with. A setback holds only for the same basis. */
export const readBasis = ({ record, connection }: RecordAtServer): string =>
  `${record.registrationSecret} ${connection.version}`;

/** In milliseconds since the epoch; `undefined`: never. */
export function readDueAt(o: Observation, at: RecordAtServer): number | undefined {
  const times = [confirmationDueAt(o, at), driftDueAt(o, at)].filter((time) => time !== undefined);
  return times.length === 0 ? undefined : Math.min(...times);
}

/** After the server said for the first time that it doesn't know a client. */
const CONFIRM_MS = 10_000;
/** How often a client that the server doesn't know is read again, where `drift` doesn't read it more often. */
const FOUND_AGAIN_MS = 3_600_000;
/** A person's request doesn't repeat a read that was just made. */
const JUST_READ_MS = 5_000;

/** A client that the server doesn't know may be found again; a person may ask for that. */
function confirmationDueAt(o: Observation, { record, connection }: RecordAtServer): number | undefined {
  const heard = heardAbout(o, record);
  if (heard === undefined || heard.forgotten === 0 || !isHarmlessToRead(connection.dialect)) {
    return undefined;
  }
  if (isReconcileRequested(o.object)) {
    return heard.at + JUST_READ_MS;
  }
  return heard.at + (heard.forgotten === 1 ? CONFIRM_MS : FOUND_AGAIN_MS);
}

function driftDueAt({ readAt, object }: Observation, at: RecordAtServer): number | undefined {
  const { record, connection } = at;
  const { drift, dialect, management } = connection;
  if (record.document !== undefined) {
    return undefined;
  }
  const mayRead =
    isHarmlessToRead(dialect) || (dialect.readEffect.supported && drift.rotatingReads === 'Allow');
  const isManaged = managementMode(record.managed, management) !== 'None';
  return object === undefined || drift.mode === 'Off' || !mayRead || !isManaged
    ? undefined
    : readAt + drift.intervalMs * (0.9 + 0.2 * spreadOf(object.uid));
}

/** Whether a read changes neither token nor secret. */
export const isHarmlessToRead = ({ readEffect }: Dialect): boolean =>
  readEffect.supported && readEffect.token === 'None' && readEffect.secret === 'None';
