import { comesBefore } from '../current-record.ts';
import { isInUseBy, mayShareClients } from '../home.ts';
import type { Registered } from '../narrowed.ts';
import type { Observation } from '../observation.ts';
import type { RegistrationRecord } from '../record.ts';
import { stall } from './idle.ts';
import type { Rule } from './rule.ts';

/** Rules about a client that more than one record names: the server answered with it more than once. */

/** Two objects never manage one client: the later one does nothing. */
export const clientAlreadyManaged: Rule<Registered> = {
  finding: 'ClientAlreadyManaged',
  found: 'Another OAuthClient had the client before.',
  follows: 'Nothing is sent for this one, and a person has to act.',
  decide: (o) => {
    const rival = rivalOf(o, o.current);
    return (
      rival &&
      stall(
        'ClientAlreadyManaged',
        `The server answered with client_id ${o.current.clientId}, which ${ownerName(o, rival)} has already. Nothing is sent for this one; look at the server.`,
      )
    );
  },
};

/** The record of another object that has the client of this record, and had it before. */
const rivalOf = ({ namesakes }: Observation, record: RegistrationRecord): RegistrationRecord | undefined =>
  namesakes
    .map(({ record: other }) => other)
    .find(
      (other) => other.role === 'current' && mayShareClients(other, record) && comesBefore(other, record),
    );

/**
 * The record of another object that keeps the client of this record in use, so that its end must not end the client. Of
 * two objects that end at the same time, only the earlier one keeps the client from the other.
 */
export const sharerOf = (
  { namesakes }: Observation,
  record: RegistrationRecord,
): RegistrationRecord | undefined =>
  namesakes.find(
    ({ record: other, isLive }) => isInUseBy(other, record) && (isLive || comesBefore(other, record)),
  )?.record;

/** Another record of an object of this name that keeps the same client in use: the server answered with it again. */
export const repetitionOf = (
  { records }: Pick<Observation, 'records'>,
  record: RegistrationRecord,
): RegistrationRecord | undefined =>
  records.find(
    (other) =>
      other !== record &&
      (other.role === 'current' || other.role === 'retained') &&
      isInUseBy(other, record) &&
      (record.role !== 'current' || comesBefore(record, other)),
  );

/** The OAuthClient of a record, for messages. The name of one in another namespace isn't shown. */
export const ownerName = (
  { namespace }: Pick<Observation, 'namespace'>,
  { client }: Pick<RegistrationRecord, 'client'>,
): string =>
  client.namespace === namespace ? `OAuthClient ${client.name}` : 'an OAuthClient of another namespace';
