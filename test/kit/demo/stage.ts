import type { World } from '../testbed/world.ts';
import type { Sample } from './sample.ts';

/** What every step acts on. */
export interface Stage {
  readonly world: World;
  readonly sample: Sample;
}

/** Every client that the server holds, in its own registry. */
export const registeredIds = ({ world }: Pick<Stage, 'world'>): string =>
  world.server
    .clients()
    .map(({ client_id }) => client_id)
    .join(', ') || 'none';
