import type { Preset } from './dialect.ts';

/**
 * Authlete, as its sample servers use it. Read in their source, nothing observed: the deployer decides who is
 * admitted, the secret never expires, PUT is answered with 200. A deleted client answers 400, or 401 where a flag of
 * the service says so. Token and URI in answers are recalled; whether they rotate isn't established.
 */
export const authlete: Preset = { departures: { goneStatuses: [400, 401] } };
