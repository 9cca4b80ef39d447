import type { AdoptStep, RegisterStep } from '../../../core/action.ts';
import { type Failure, failure } from '../../../core/failure.ts';
import type { Home } from '../../../core/home.ts';
import { serverKey } from '../../../core/server-key.ts';
import type { ServerMeans } from '../../../core/server-record.ts';
import { keepMeans, keptMeans } from '../../calls/server-means.ts';
import type { StepInput } from '../round.ts';

/**
 * Keeps what manages the clients of a namespaced server, before it has another one. Resolves with the reason why it can't be
 * kept: then nothing may be registered now.
 */
export async function unkept(
  { ref, connection }: Pick<RegisterStep | AdoptStep, 'ref' | 'connection'>,
  { o, context }: StepInput,
): Promise<Failure | undefined> {
  const problem = await keepMeans(serverKey(ref, o.namespace), connection, context);
  return problem && failure('Transient', problem.reason, problem.message, { unsent: true });
}

/** What is kept of the record's server object, where that can't be asked itself. */
export async function meansWithoutServer(
  home: Home,
  { context }: StepInput,
): Promise<ServerMeans | undefined | { readonly notRead: string }> {
  return home.kind === 'Alone' || home.isRecreated ? keptMeans(home.record, context) : undefined;
}
