import { mayShareClients } from '../home.ts';
import type { Observation } from '../observation.ts';
import type { RegistrationRecord } from '../record.ts';

/** Another OAuthClient that has the client of this one already. */

/** Whether the client of this record is another object's, which had it before: to end it is for that one. */
export const isShared = ({ rival }: Observation, record: RegistrationRecord): boolean =>
  rival !== undefined && rival.secretName !== record.secretName && mayShareClients(rival, record);

/** The OAuthClient that has the client already; one of another namespace isn't named. */
export const rivalName = ({ namespace, rival }: Observation): string =>
  rival?.client.namespace === namespace
    ? `OAuthClient ${rival.client.name}`
    : 'an OAuthClient of another namespace';
