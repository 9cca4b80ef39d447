import type { Testbed } from '../testbed/testbed.ts';
import type { Sample } from './sample.ts';

/** What every step acts on. */
export interface Stage {
  readonly testbed: Testbed;
  readonly sample: Sample;
}

/** Every client that the server holds, in its own registry. */
export const registeredIds = ({ testbed }: Pick<Stage, 'testbed'>): string =>
  testbed.server
    .clients()
    .map(({ client_id }) => client_id)
    .join(', ') || 'none';
