import type { Reason } from '../api/reasons.ts';
import { asSentence } from '../oauth/text.ts';
import type { Idle } from './action.ts';
import type { Observation, ObservedServer } from './observation.ts';

/** What the platform team can lift, and no tenant: refusals by policy and quota, and faults of the server and its credential. */
const LIFTED_BY_PLATFORM: readonly Reason[] = [
  'PolicyRefused',
  'QuotaExceeded',
  'AuthorizationServerUnavailable',
  'AuthorizationServerSuspect',
  'AdmissionRefused',
  'AdmissionTokenFailed',
  'AdmissionScopeNotGranted',
  'AssertionRefused',
  'AudienceRefused',
];

/** Of a server object that has no connection, what passes by itself, and what is said of its reference. */
const NOT_OF_SERVER: readonly Reason[] = ['Queued', 'AuthorizationServerNotAvailable'];

/** Says whom to ask where the tenant can't act, if the server object has a `contact`. */
export function withContact({ server }: Pick<Observation, 'server'>, idle: Idle): Idle {
  const contact = server.available ? server.connection.contact : server.contact;
  return contact === undefined || !isForPlatform(server, idle.reason)
    ? idle
    : { ...idle, message: `${asSentence(idle.message)} Contact: ${contact}.` };
}

const isForPlatform = (server: ObservedServer, reason: Reason): boolean =>
  LIFTED_BY_PLATFORM.includes(reason) ||
  (!server.available && server.reason === reason && !NOT_OF_SERVER.includes(reason));
