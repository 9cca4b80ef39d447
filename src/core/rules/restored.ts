import type { Action } from '../action.ts';
import { currentRecord } from '../current-record.ts';
import type { Observation } from '../observation.ts';
import { type Claim, claimsOf } from '../restored.ts';
import { isRotationRequested } from '../rotation-request.ts';
import { blocked, stall } from './rests.ts';

/** An object that was restored from a backup, whose records are here: they become its own, without a call. */
export function itsRecordIsOfAnEarlierObject(o: Observation): Action | undefined {
  const { object } = o;
  const [claim] = claimsOf(o);
  if (object === undefined || claim === undefined) {
    return undefined;
  }
  const { record, proof } = claim;
  const basis = [record.secretName, proof?.resourceVersion, object.reconcileRequestedAt].join(' ');
  const isRefused = !claim.isTrusted || blocked(o, 'TakeOver', basis) !== undefined;
  if (!isRefused) {
    return { type: 'TakeOver', object, record, proof, basis };
  }
  return currentRecord(o) !== undefined || isRotationRequested(o, undefined)
    ? undefined
    : stall('RegistrationRecordMissing', askPerson(o, claim));
}

/** Whoever may write the operator's namespace may say that it is the same tenant. */
const askPerson = ({ namespace, name, namespaceUid }: Observation, { record }: Claim): string =>
  `Client ${record.clientId} is recorded for an OAuthClient of an earlier namespace ${namespace}, and nothing that came back with this object proves that it is the same one. If it is, a platform engineer lets it have the client, in the operator’s namespace: kubectl annotate secret ${record.secretName} oauth-registrar.dev/namespace-uid=${namespaceUid} --overwrite. Else have another registered, and that one removed: kubectl annotate oac ${name} -n ${namespace} oauth-registrar.dev/rotate-requested-at=$(date +%s) --overwrite`;
