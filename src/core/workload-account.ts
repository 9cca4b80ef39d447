import type { ClientObject } from './observation.ts';
import { subjectOfAccount } from './workload-identity.ts';

/** Which of several clients of one ServiceAccount has it. */

/** `namespace/name` of the ServiceAccount that the spec names; `undefined`: it names none. */
export function accountOf({ metadata, observed }: ClientObject): string | undefined {
  const { desired } = observed;
  const name = desired.valid ? desired.spec.credential?.serviceAccount?.name : undefined;
  return name === undefined ? undefined : `${metadata.namespace}/${name}`;
}

/** Whether the first of two clients of one ServiceAccount has it: the one that is registered, else the older one. */
export function hasAccountBefore(first: ClientObject, second: ClientObject): boolean {
  const [isFirst, isSecond] = [isRegistered(first), isRegistered(second)];
  return isFirst === isSecond ? isEarlierObject(first, second) : isFirst;
}

function isRegistered({ metadata, observed: { desired, status } }: ClientObject): boolean {
  const name = desired.valid ? desired.spec.credential?.serviceAccount?.name : undefined;
  return (
    name !== undefined && status.credential?.subject === subjectOfAccount(metadata.namespace ?? '', name)
  );
}

export function isEarlierObject(first: ClientObject, second: ClientObject): boolean {
  const [a, b] = [first.observed.createdAt, second.observed.createdAt];
  return a === b ? first.metadata.name < second.metadata.name : a < b;
}
