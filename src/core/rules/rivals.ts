import { mayShareClients } from '../home.ts';
import type { Registered } from '../narrowed.ts';
import type { Observation } from '../observation.ts';
import type { RegistrationRecord } from '../record.ts';
import { stall } from './idle.ts';
import type { Rule } from './rule.ts';

/** Rules about a client that another OAuthClient manages already. */

/** Two objects never manage one client: the later one does nothing. */
export const clientAlreadyManaged: Rule<Registered> = {
  finding: 'ClientAlreadyManaged',
  found: 'Another OAuthClient had the client before.',
  follows: 'Nothing is sent for this one, and a person has to act.',
  decide: (o) =>
    o.rival === undefined
      ? undefined
      : stall(
          'ClientAlreadyManaged',
          `The server answered with client_id ${o.current.clientId}, which ${rivalName(o)} has already. Nothing is sent for this one; look at the server.`,
        ),
};

/** Whether another object had the client of this record before, and so decides when it ends. */
export const isShared = ({ rival }: Observation, record: RegistrationRecord): boolean =>
  rival !== undefined &&
  rival.registrationSecret !== record.registrationSecret &&
  mayShareClients(rival, record);

/** The other OAuthClient, for messages. The name of one in another namespace isn't shown. */
export const rivalName = ({ namespace, rival }: Observation): string =>
  rival?.client.namespace === namespace
    ? `OAuthClient ${rival.client.name}`
    : 'an OAuthClient of another namespace';
