import type { ClientObject } from './observation.ts';
import { subjectOfAccount } from './workload-identity.ts';

/** Which of several clients of one ServiceAccount has it. */

/** `namespace/name` of the ServiceAccount that the spec names; `undefined`: it names none. */
export function accountOf({ metadata, observed }: ClientObject): string | undefined {
  const { desired } = observed;
  const name = desired.valid ? desired.spec.credential?.serviceAccount?.name : undefined;
  return name === undefined ? undefined : `${metadata.namespace}/${name}`;
}

/** An OAuthClient that names a ServiceAccount. */
interface AccountClaim {
  readonly object: ClientObject;
  /** A client of it is recorded, or being registered. Status may not say so yet. */
  readonly hasClient: boolean;
}

/** Whether the first of two clients of one ServiceAccount has it: the one that is registered, else the older one. */
export function hasAccountBefore(first: AccountClaim, second: AccountClaim): boolean {
  const [isFirst, isSecond] = [isRegistered(first), isRegistered(second)];
  return isFirst === isSecond ? isEarlierObject(first.object, second.object) : isFirst;
}

/** A client without `status.credential` may be one whose status was not written yet. */
function isRegistered({ object: { metadata, observed }, hasClient }: AccountClaim): boolean {
  const { desired, status } = observed;
  const name = desired.valid ? desired.spec.credential?.serviceAccount?.name : undefined;
  const subject = status.credential?.subject;
  return (
    name !== undefined &&
    (subject === undefined ? hasClient : subject === subjectOfAccount(metadata.namespace ?? '', name))
  );
}

export function isEarlierObject(first: ClientObject, second: ClientObject): boolean {
  const [a, b] = [first.observed.createdAt, second.observed.createdAt];
  return a === b ? first.metadata.name < second.metadata.name : a < b;
}
