import { deletionOf, homeOf } from '../home.ts';
import type { Registered, Registrable, Usable } from '../narrowed.ts';
import type { Observation } from '../observation.ts';
import { RETAIN_REFUSAL } from '../permitted-document.ts';
import { isAt, type RegistrationRecord } from '../record.ts';
import { stall } from './idle.ts';
import type { Rule } from './rule.ts';

/** Rules about clients that outlive their objects, by deletionPolicy Retain. */

/** A policy that denies Retain applies to clients that aren't marked for it yet; a marked one stays retained. */
export const mayOutlive = (o: Observation, record: RegistrationRecord): boolean =>
  record.retain || deletionOf(o, record)?.retainDenied !== true;

/** Whether a client of this object is retained already: of several, only one is. */
export const isRetained = ({ records }: Observation, { uid }: { readonly uid: string }): boolean =>
  records.some(({ role, client }) => role === 'retained' && client.uid === uid);

/** Copies `deletionPolicy` to the record, since an object can vanish without a deletion that the operator sees. */
export const deletionPolicyDiffers: Rule<Usable> = {
  finding: 'DeletionPolicyDiffers',
  found: 'The record says otherwise than spec.deletionPolicy whether the client outlives its object.',
  follows: 'The record is changed.',
  decide: (o) => {
    const { current: record, object } = o;
    if (record === undefined) {
      return undefined;
    }
    const retain = object.retained && mayOutlive(o, record);
    const message = `Client ${record.clientId} is to ${retain ? 'outlive' : 'end with'} its object, and its record says otherwise.`;
    return record.retain === retain ? undefined : { type: 'NotePolicy', message, record, retain };
  },
};

export const clientRetained: Rule<Registrable> = {
  finding: 'ClientRetained',
  found: 'A client was retained for an object of this name, at the server that the spec names.',
  follows: 'The object takes it over.',
  decide: (o) => {
    const record = retainedRecord(o);
    return (
      record && {
        type: 'TakeOver',
        message: `Client ${record.clientId} was retained for an OAuthClient of this name.`,
        object: o.object,
        record,
        proof: undefined,
        basis: record.registrationSecret,
      }
    );
  },
};

/** The client that an earlier object of this name left, in the same namespace and at the same server. */
export function retainedRecord(o: Usable): RegistrationRecord | undefined {
  const { server } = o;
  return o.records.find(
    (record) =>
      record.role === 'retained' &&
      record.namespaceUid === o.namespaceUid &&
      server.available &&
      isAt(record, server.ref) &&
      // Taking it over sends nothing, so for a record without the uid of its server object the issuer is enough.
      (homeOf(o, record).kind === 'AtServer' ||
        (record.serverUid === undefined && record.issuer === server.connection.issuer)),
  );
}

/** The spec was set to Retain after the registration, and the policy denies that: the client ends with its object. */
export const retentionRefused: Rule<Registered> = {
  finding: 'RetentionRefused',
  found: 'spec.deletionPolicy is Retain, and the policy of the server object denies that.',
  follows: 'The client stays as it is, and a person has to act.',
  decide: (o) =>
    o.object.retained && !mayOutlive(o, o.current) ? stall('PolicyRefused', RETAIN_REFUSAL) : undefined,
};
