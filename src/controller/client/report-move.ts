import type { Idle } from '../../core/action.ts';
import { clientKey } from '../../core/client-key.ts';
import { moveVerdict } from '../../core/migration.ts';
import type { Observation } from '../../core/observation.ts';
import { serverKey } from '../../core/server-key.ts';
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
        moves.judged(from, key, false);
      }
      return;
    case 'Moved':
      if (state !== 'Waiting') {
        moves.settled(key);
      }
  }
}
