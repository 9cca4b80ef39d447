import type { Dialect } from '../dialects/dialect.ts';
import type { RecordAtServer } from './home.ts';
import { managementMode } from './management.ts';
import type { Observation } from './observation.ts';

/** When a client is read at its server, to detect changes by somebody else. */

/** In milliseconds since the epoch; `undefined`: never. */
export function readDueAt({ readAt, object }: Observation, at: RecordAtServer): number | undefined {
  const { record, connection } = at;
  const { drift, dialect, management } = connection;
  const mayRead =
    isHarmlessToRead(dialect) || (dialect.readEffect.supported && drift.rotatingReads === 'Allow');
  const isManaged = managementMode(record.managed, management) !== 'None';
  return object === undefined || drift.mode === 'Off' || !mayRead || !isManaged
    ? undefined
    : readAt + drift.intervalMs * (0.9 + 0.2 * shareOf(object.uid));
}

/** A number from 0 to 1, fixed for each object, that spreads the reads of clients that were created together. */
function shareOf(uid: string): number {
  const sum = [...uid].reduce((hash, character) => (hash * 31 + character.charCodeAt(0)) % 65_536, 7);
  return sum / 65_536;
}

/** Whether a read changes neither token nor secret. */
export const isHarmlessToRead = ({ readEffect }: Dialect): boolean =>
  readEffect.supported && readEffect.token === 'None' && readEffect.secret === 'None';
