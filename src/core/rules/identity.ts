import { storedTime } from '../../api/time.ts';
import { factsOf } from '../home.ts';
import type { Observation, PresentServer } from '../observation.ts';
import type { RegistrationRecord } from '../record.ts';
import { blocked } from './idle.ts';
import type { Rule } from './rule.ts';

/**
 * Records of earlier versions name their server object without its uid. The uid is added only where it is certain: the
 * record serves this very object in the same namespace, and the server object has the same issuer and is older than the
 * record. Any other record is managed with what it holds, without a server object.
 */
export const serverUnidentified: Rule<Observation> = {
  finding: 'ServerUnidentified',
  found: 'A record of an earlier version names its server object without the uid.',
  follows: 'The record gets the uid, where it is certain.',
  decide: (o) => {
    for (const record of o.records) {
      const server = record.serverUid === undefined ? factsOf(o, record) : undefined;
      const isTried = blocked(o, 'Identify', record.registrationSecret) !== undefined;
      if (server !== undefined && !isTried && isOwn(o, record) && wasThereBefore(server, record)) {
        const message = `Registration Secret ${record.registrationSecret} names its server object without the uid.`;
        return { type: 'Identify', message, record, server };
      }
    }
    return undefined;
  },
};

const isOwn = (
  { object, namespaceUid }: Observation,
  { role, client, ...record }: RegistrationRecord,
): boolean => role === 'current' && client.uid === object?.uid && record.namespaceUid === namespaceUid;

function wasThereBefore(
  { view, createdAt }: PresentServer,
  { issuer, registeredAt }: RegistrationRecord,
): boolean {
  return view.available && view.connection.issuer === issuer && createdAt <= storedTime(registeredAt);
}
