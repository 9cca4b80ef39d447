import { presentable } from '../../oauth/error-response.ts';
import { cut } from '../../oauth/text.ts';
import type { Action } from '../action.ts';
import { currentRecord } from '../current-record.ts';
import { homeOf } from '../home.ts';
import type { Observation } from '../observation.ts';
import { isAt, type RegistrationRecord } from '../record.ts';
import { mayOutlive } from './endings.ts';
import { blocked, stall, wait } from './rests.ts';
import { rivalName } from './rivals.ts';

/** Rules about the object itself, before and beside its registration. */

export function theSpecCannotBeUsed({ object, reservedSecretMetadata }: Observation): Action | undefined {
  if (object?.desired.valid === false) {
    return stall(object.desired.reason ?? 'InvalidSpec', object.desired.problem);
  }
  const { labels = {}, annotations = {} } = object?.desired.spec.secret ?? {};
  const isReserved = (name: string): boolean =>
    reservedSecretMetadata.some((entry) => (entry.endsWith('/') ? name.startsWith(entry) : name === entry));
  const reserved = [...Object.keys(labels), ...Object.keys(annotations)].find(isReserved);
  return reserved === undefined
    ? undefined
    : stall(
        'InvalidSpec',
        `spec.secret asks for ${presentable(cut(reserved, 200), [])}, which has a meaning to another controller and is reserved by the platform team; remove it.`,
      );
}

/** Nothing is done for a client that is suspended, but to end it. */
export function itIsSuspended({ object }: Observation): Action | undefined {
  return object?.desired.valid && object.desired.spec.suspend === true
    ? wait('Suspended', 'Nothing is sent or written for this client until spec.suspend is unset.')
    : undefined;
}

export function theFinalizerIsMissing({ object }: Observation): Action | undefined {
  return object && !object.hasFinalizer ? { type: 'AddFinalizer', object } : undefined;
}

/** The object may go without its finalizer: what then becomes of the client is on record. */
export function theRecordTellsAnotherPolicy(o: Observation): Action | undefined {
  const record = currentRecord(o);
  if (o.object === undefined || record === undefined) {
    return undefined;
  }
  const retain = o.object.retained && mayOutlive(o, record);
  return record.retain === retain ? undefined : { type: 'NotePolicy', record, retain };
}

/** A client whose end is bound to another object's must have it as owner before it exists. */
export function itIsNotBoundToItsOwner(o: Observation): Action | undefined {
  const { object } = o;
  const owner = object?.desired.valid ? object.desired.spec.lifetime?.boundTo : undefined;
  if (object === undefined || owner === undefined) {
    return undefined;
  }
  const name = `${owner.apiVersion}/${owner.kind}/${owner.name}`;
  return object.owners.includes(name)
    ? undefined
    : (blocked(o, 'Bind', name) ?? { type: 'BindToOwner', object, owner });
}

/** A client that an earlier object of this name left to a later one, in the same namespace and at the same server. */
function retainedRecord(o: Observation): RegistrationRecord | undefined {
  const { server } = o;
  return o.records.find(
    (record) =>
      record.role === 'retained' &&
      record.namespaceUid === o.namespaceUid &&
      server.available &&
      isAt(record, server.ref) &&
      // To take it over sends nothing: a record that names no uid yet is told apart by its issuer.
      (homeOf(o, record).kind === 'AtServer' ||
        (record.serverUid === undefined && record.issuer === server.connection.issuer)),
  );
}

/** A client that was retained for an object of this name. */
export function aClientWasRetained(o: Observation): Action | undefined {
  const record = retainedRecord(o);
  return o.object !== undefined && record !== undefined && currentRecord(o) === undefined
    ? { type: 'TakeOver', object: o.object, record, proof: undefined, basis: record.secretName }
    : undefined;
}

/** Two objects never manage one client: the one that was registered later stands back. */
export function anotherObjectManagesIt(o: Observation): Action | undefined {
  const record = currentRecord(o);
  return record !== undefined && o.rival !== undefined
    ? stall(
        'ClientAlreadyManaged',
        `The server answered with client_id ${record.clientId}, which ${rivalName(o)} has already. Nothing is sent for this one; look at the server.`,
      )
    : undefined;
}
