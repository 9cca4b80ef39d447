import { acceptNamespace, requestRotation } from '../kubectl-command.ts';
import type { Usable } from '../narrowed.ts';
import { type Claim, claimsOf } from '../restored-object.ts';
import { isRotationRequested } from '../rotation-request.ts';
import { blocked, stall } from './idle.ts';
import type { Rule } from './rule.ts';

/** Gives an object that was restored from a backup the records that it had before. No call is sent. */
export const objectRestored: Rule<Usable> = {
  finding: 'ObjectRestored',
  found:
    'The object was restored from a backup, and its client is recorded for an earlier object of this name.',
  follows: 'The object takes the client over, where it proves to be the same one; else a person has to act.',
  decide: (o) => {
    const [claim] = claimsOf(o);
    if (claim === undefined) {
      return undefined;
    }
    const { object, current } = o;
    const { record, proof } = claim;
    const basis = [record.registrationSecret, proof?.resourceVersion, object.reconcileRequestedAt].join(' ');
    const isRefused = !claim.isTrusted || blocked(o, 'TakeOver', basis) !== undefined;
    if (!isRefused) {
      const message = `Client ${record.clientId} is recorded for an earlier object of this name, and this object was restored from a backup.`;
      return { type: 'TakeOver', message, object, record, proof, basis };
    }
    return current !== undefined || isRotationRequested(o, undefined)
      ? undefined
      : stall('RegistrationRecordMissing', askPerson(o, claim));
  },
};

/** Only a platform engineer, who may write in the operator's namespace, can say that it is the same tenant. */
const askPerson = (o: Usable, { record }: Claim): string =>
  `Client ${record.clientId} is recorded for an OAuthClient of an earlier namespace ${o.namespace}, and nothing that came back with this object proves that it is the same one. If it is, a platform engineer lets it have the client, in the operator's namespace: ${acceptNamespace(record.registrationSecret, o.namespaceUid)}. Else have another registered, and that one removed: ${requestRotation(o)}`;
