import type { Dialect } from '../../dialects/dialect.ts';
import type { Action } from '../action.ts';
import { managementMode } from '../management.ts';
import type { Observation } from '../observation.ts';
import { serverOfClient } from './registration.ts';
import { blocked } from './rests.ts';

/** The client is looked at now and then, where the server object wants that and the server lets it be done. */
export function aReadIsDue(o: Observation): Action | undefined {
  const at = serverOfClient(o);
  const due = readVisit(o);
  if (at === undefined || due === undefined || o.now < due) {
    return undefined;
  }
  const basis = `${at.record.secretName} ${at.connection.version}`;
  return at.gate.open && blocked(o, 'Read', basis) === undefined ? { type: 'Read', at, basis } : undefined;
}

/** When it is due, in milliseconds since the epoch; `undefined`: never. */
export function readVisit(o: Observation): number | undefined {
  const { readAt, object } = o;
  const at = serverOfClient(o);
  if (at === undefined || object === undefined) {
    return undefined;
  }
  const { record } = at;
  const { drift, dialect, management } = at.connection;
  const mayRead = isHarmlessToRead(dialect) || (dialect.readEffect.supported && drift.allowRotatingRead);
  const isManaged = managementMode(record.managed, management) !== 'None';
  return drift.mode === 'Off' || !mayRead || !isManaged
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
