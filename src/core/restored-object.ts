import { SHOWS_NONE } from '../api/names.ts';
import { currentRecord } from './current-record.ts';
import type { Observation } from './observation.ts';
import type { RegistrationRecord } from './record.ts';
import type { ObservedSecret } from './workload-secret.ts';

/**
 * An object that was restored from a backup has another uid than its records, and often a namespace of another uid. The
 * workload Secret or the status that was restored with it shows that it is the same object.
 */
export interface Claim {
  readonly record: RegistrationRecord;
  /**
   * A Secret that is checked before the object gets the record: it must hold the client's credentials, since anybody
   * can write a name.
   */
  readonly proof: ObservedSecret | undefined;
  /** `false`: only a person can say whether this object is the one that had the client. */
  readonly isTrusted: boolean;
}

/**
 * Records of an earlier object of this name that belong to this object, by its Secret or status. The record that serves
 * it comes first.
 */
export function claimsOf(o: Observation): readonly Claim[] {
  const { object, records } = o;
  if (object === undefined || object.deleting) {
    return [];
  }
  const own = records.filter(({ client }) => client.uid === object.uid);
  const earlier = records.filter((record) => !own.includes(record) && !isBeingRemoved(o, record));
  const claim = currentRecord(o) === undefined ? shownAsOwn(o, earlier) : undefined;
  const known = claim === undefined ? own : [...own, claim.record];
  const related = earlier.filter((record) => record !== claim?.record && isRelated(record, known));
  const isTrusted = claim?.isTrusted ?? true;
  return [
    ...(claim === undefined ? [] : [claim]),
    ...related.map((record) => ({ record, proof: claim?.proof, isTrusted })),
  ];
}

/**
 * Whether the Secret was restored from a backup: one that still has its owner was not, nor one whose client was removed.
 */
export const isRestored = ({ ownerUid, shows }: ObservedSecret): boolean =>
  ownerUid === undefined && shows !== undefined && shows !== SHOWS_NONE;

const isBeingRemoved = ({ calls }: Observation, { registrationSecret }: RegistrationRecord): boolean =>
  calls.some((call) => call.kind === 'Deregister' && call.registrationSecret === registrationSecret);

function shownAsOwn(o: Observation, earlier: readonly RegistrationRecord[]): Claim | undefined {
  const isHere = ({ namespaceUid }: RegistrationRecord) => namespaceUid === o.namespaceUid;
  for (const secret of o.secrets.filter(isRestored)) {
    const record = earlier.find(({ registrationSecret }) => registrationSecret === secret.shows);
    if (record !== undefined) {
      return { record, proof: isHere(record) ? undefined : secret, isTrusted: true };
    }
  }
  const { clientId, issuer } = o.object?.status ?? {};
  const record = earlier.find((other) => other.clientId === clientId && other.issuer === issuer);
  return record && { record, proof: undefined, isTrusted: isHere(record) };
}

/** Whether the client is in the overlap of a replacement with one that is known to belong to the object. */
const isRelated = (record: RegistrationRecord, known: readonly RegistrationRecord[]): boolean =>
  known.some(
    ({ registrationSecret, replaces }) =>
      replaces === record.registrationSecret || record.replaces === registrationSecret,
  );
