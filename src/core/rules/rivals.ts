import { mayShareClients } from '../home.ts';
import type { Registered } from '../narrowed.ts';
import type { Observation } from '../observation.ts';
import type { RegistrationRecord } from '../record.ts';
import { stall } from './idle.ts';
import type { Rule } from './rule.ts';

/** Another OAuthClient that has the client of this one already. */

/** Two objects never manage one client: the one that was registered later stands back. */
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

/** Whether the client of this record is another object's, which had it before: to end it is for that one. */
export const isShared = ({ rival }: Observation, record: RegistrationRecord): boolean =>
  rival !== undefined && rival.secretName !== record.secretName && mayShareClients(rival, record);

/** The OAuthClient that has the client already; one of another namespace isn't named. */
export const rivalName = ({ namespace, rival }: Observation): string =>
  rival?.client.namespace === namespace
    ? `OAuthClient ${rival.client.name}`
    : 'an OAuthClient of another namespace';
