import type { Observation, ObservedClient } from './observation.ts';
import type { RegistrationRecord } from './record.ts';

/** Which record serves an object, and which records belong to former clients and former objects. */

/**
 * The record that serves the object: the one that the workload Secret shows, or a Secret under a former name, else the
 * one in status, else the first recorded; and if another record replaces that one, the replacement. Every answered
 * registration is recorded first and chosen later. `undefined`: the object has no client, or there is no object.
 */
export function currentRecord(o: Observation): RegistrationRecord | undefined {
  const { object } = o;
  const spec = object?.desired.valid ? object.desired.spec : undefined;
  return object && servingRecord(object, spec && (spec.secret.name ?? o.name), o);
}

/** As `currentRecord`, for callers without a whole observation. `wanted`: name of the workload Secret, if known. */
export function servingRecord(
  object: Pick<ObservedClient, 'uid' | 'status'>,
  wanted: string | undefined,
  { secrets, records }: Pick<Observation, 'secrets' | 'records'>,
): RegistrationRecord | undefined {
  const own = recordsOf({ records }, object.uid);
  const shown = secrets
    .filter(({ ownerUid }) => ownerUid === object.uid)
    .toSorted((a, b) => Number(b.name === wanted) - Number(a.name === wanted))
    .map(({ shows }) => own.find(({ registrationSecret }) => registrationSecret === shows));
  const chosen =
    shown.find((record) => record !== undefined) ??
    own.find(({ clientId }) => clientId === object.status.clientId) ??
    own[0];
  return chosen && lastSuccessor(chosen, own);
}

function lastSuccessor(chosen: RegistrationRecord, own: readonly RegistrationRecord[]): RegistrationRecord {
  let last = chosen;
  // Bounded by the number of records: if they were damaged by hand, they could replace each other in a circle.
  for (const _ of own) {
    last = successorOf(last, own) ?? last;
  }
  return last;
}

/** The record that serves in place of this one: its replacement; or the replaced one, where the replacement was undone. */
export const successorOf = (
  record: RegistrationRecord,
  own: readonly RegistrationRecord[],
): RegistrationRecord | undefined =>
  own.find((other) =>
    record.replacementUndoneAt === undefined
      ? other.replaces === record.registrationSecret && other.replacementUndoneAt === undefined
      : other.registrationSecret === record.replaces,
  );

/** The record that served an object of which only records are left. */
export function lastRecordOf(o: Observation, uid: string): RegistrationRecord | undefined {
  const records = recordsOf(o, uid);
  const [first] = records;
  return first && lastSuccessor(first, records);
}

/** Records of an object that may serve it, the first registered first. */
export function recordsOf(
  { records }: Pick<Observation, 'records'>,
  uid: string | undefined,
): readonly RegistrationRecord[] {
  return records
    .filter(({ client, role }) => client.uid === uid && role === 'current')
    .toSorted((a, b) => compare(a.registeredAt, b.registeredAt) || compare(a.attempt, b.attempt));
}

const compare = (a: string, b: string): number => Number(a > b) - Number(a < b);

/** Whether a record was made before another one: at the same time, the name decides, unless one replaces the other. */
export function comesBefore(a: RegistrationRecord, b: RegistrationRecord): boolean {
  if (a.replaces === b.registrationSecret || b.replaces === a.registrationSecret) {
    return b.replaces === a.registrationSecret;
  }
  return (compare(a.registeredAt, b.registeredAt) || compare(a.registrationSecret, b.registrationSecret)) < 0;
}

/** Records of this object that don't serve it: to be deregistered. */
export function surplusRecords(
  { object, records }: Observation,
  current: RegistrationRecord | undefined,
): readonly RegistrationRecord[] {
  return records.filter(
    ({ client, role, registrationSecret }) =>
      client.uid === object?.uid &&
      (role === 'current' || role === 'owed') &&
      registrationSecret !== current?.registrationSecret,
  );
}

/** Records of objects that are gone: no object has this name, or an object with another uid has it. */
export function departedRecords({ object, records }: Observation): readonly RegistrationRecord[] {
  return records.filter(
    ({ client, role }) => client.uid !== object?.uid && role !== 'left-behind' && role !== 'retained',
  );
}
