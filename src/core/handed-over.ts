import { isWithNothingOfTheServer } from '../api/handed-over.ts';
import type { Idle } from './action.ts';
import type { Substitution } from './drift.ts';
import type { ObservedClient } from './observation.ts';
import type { RegistrationRecord } from './record.ts';

const METHOD = 'token_endpoint_auth_method';

/**
 * A server may register another authentication method than it was asked for. Where that needs a secret, a spec that wants
 * no Secret leaves the workload without it: then this is why the client is not ready.
 *
 * @param learned what the server registered instead of what was sent, where this round got an answer
 */
export function unlessToHandOver(
  { desired, status }: ObservedClient,
  idle: Idle,
  record: RegistrationRecord | undefined,
  learned: readonly Substitution[] | undefined,
): Idle {
  const registered = (learned ?? status.substitutions)?.find(({ member }) => member === METHOD)?.registered;
  const isWanted = desired.valid && desired.spec.secret.mode === 'None';
  if (!isWanted || idle.state !== 'Ready' || !registered || isWithNothingOfTheServer(registered)) {
    return idle;
  }
  const asked = desired.spec.client.tokenEndpointAuthMethod;
  return {
    type: 'Idle',
    state: 'Stalled',
    reason: 'InvalidSpec',
    message: `The server registered client ${record?.clientId} with the authentication method ${registered}, which needs a secret, and spec.secret.mode None wants no Secret. Set spec.secret.mode to Write, or have the server permit ${asked}.`,
  };
}
