import type { Idle } from '../../core/action.ts';
import { clientKey } from '../../core/client-key.ts';
import { moveVerdict } from '../../core/migration.ts';
import type { Observation, ObservedMigration } from '../../core/observation.ts';
import { type ServerKey, serverKey } from '../../core/server-key.ts';
import type { Moves } from '../state/moves.ts';
import type { StepContext } from './step-context.ts';

/** At the end of a round: tells the migration of the client's server object whether the client can move, or has moved. */
export function reportMove(o: Observation, { state }: Idle, { moves }: Pick<StepContext, 'moves'>): void {
  const { migration, namespace } = o;
  const key = clientKey(o);
  if (migration === undefined) {
    moves.settled(key);
    return;
  }
  const from = serverKey(migration.from, namespace);
  if (migration.state !== 'Moved' && isHeld(o)) {
    moves.held(from, key);
    return;
  }
  switch (migration.state) {
    case 'Waiting': {
      const verdict = moveVerdict(o, migration);
      if (verdict !== 'Unknown') {
        moves.judged(from, key, verdict === 'Fits');
      }
      return;
    }
    case 'Moving':
      if (state === 'Stalled') {
        reportStuck(o, migration, from, moves);
      }
      return;
    case 'Moved':
      if (state !== 'Waiting') {
        moves.settled(key);
      }
  }
}

/** What the policy forbids waits for a change of it; what the new server itself refuses is tried again. */
function reportStuck(o: Observation, migration: ObservedMigration, from: ServerKey, moves: Moves): void {
  if (typeof moveVerdict(o, migration) === 'string') {
    moves.stuck(from, clientKey(o));
  } else {
    moves.judged(from, clientKey(o), false);
  }
}

/** Nothing is registered for the object now. */
const isHeld = ({ object }: Observation): boolean =>
  object?.deleting === true || (object?.desired.valid === true && object.desired.spec.suspend);
