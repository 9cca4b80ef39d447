import type { Action } from '../action.ts';
import { factsOf } from '../home.ts';
import type { Observation, PresentServer } from '../observation.ts';
import type { RegistrationRecord } from '../record.ts';
import { blocked } from './rests.ts';

/**
 * Records of earlier versions name their server object without its uid. It is filled in where nothing can be mistaken:
 * the client serves this very object, in the same namespace, and the server object was there before the record, with the
 * same issuer. Any other record stays by itself, with what it holds.
 */
export function theServerIsNotIdentified(o: Observation): Action | undefined {
  for (const record of o.records) {
    const server = record.serverUid === undefined ? factsOf(o, record) : undefined;
    const isTried = blocked(o, 'Identify', record.secretName) !== undefined;
    if (server !== undefined && !isTried && isOwn(o, record) && wasThereBefore(server, record)) {
      return { type: 'Identify', record, server };
    }
  }
  return undefined;
}

const isOwn = (
  { object, namespaceUid }: Observation,
  { role, client, ...record }: RegistrationRecord,
): boolean => role === 'current' && client.uid === object?.uid && record.namespaceUid === namespaceUid;

function wasThereBefore(
  { view, createdAt }: PresentServer,
  { issuer, registeredAt }: RegistrationRecord,
): boolean {
  return view.available && view.connection.issuer === issuer && createdAt <= Date.parse(registeredAt);
}
