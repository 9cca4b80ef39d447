import type { Dialect } from '../dialects/dialect.ts';
import type { RecordAtServer } from './home.ts';
import { managementMode } from './management.ts';
import type { Observation } from './observation.ts';

/** When a client is to be read at its server, to find out whether somebody else changed it there. */

/** In milliseconds since the epoch; `undefined`: never. */
export function readDueAt({ readAt, object }: Observation, at: RecordAtServer): number | undefined {
  const { record, connection } = at;
  const { drift, dialect, management } = connection;
  const mayRead = isHarmlessToRead(dialect) || (dialect.readEffect.supported && drift.allowRotatingRead);
  const isManaged = managementMode(record.managed, management) !== 'None';
  return object === undefined || drift.mode === 'Off' || !mayRead || !isManaged
    ? undefined
    : readAt + drift.intervalMs * (0.9 + 0.2 * shareOf(object.uid));
}

/** A number from 0 to 1 that belongs to the object: what is created together isn't read together. */
function shareOf(uid: string): number {
  const sum = [...uid].reduce((hash, character) => (hash * 31 + character.charCodeAt(0)) % 65_536, 7);
  return sum / 65_536;
}

/** Whether a read changes neither token nor secret. */
export const isHarmlessToRead = ({ readEffect }: Dialect): boolean =>
  readEffect.supported && readEffect.token === 'None' && readEffect.secret === 'None';
