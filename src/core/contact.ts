import type { Reason } from '../api/reasons.ts';
import type { Idle } from './action.ts';
import type { Observation } from './observation.ts';

/** Refusals that the platform team can lift. */
const LIFTED_BY_PLATFORM: readonly Reason[] = ['PolicyRefused', 'QuotaExceeded'];

/** A refusal by policy or quota says whom to ask, if the server object has a `contact`. */
export function withContact({ server }: Pick<Observation, 'server'>, idle: Idle): Idle {
  const contact = server.available ? server.connection.contact : undefined;
  return contact === undefined || !LIFTED_BY_PLATFORM.includes(idle.reason)
    ? idle
    : { ...idle, message: `${idle.message} Contact: ${contact}.` };
}
