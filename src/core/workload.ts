import type { Endpoints } from '../oauth/discovery.ts';
import { secretHeldUntil } from './document-visits.ts';
import { factsOf, homeOf } from './home.ts';
import { type Usable, usable } from './narrowed.ts';
import type { Observation, ObservedClient } from './observation.ts';
import type { RegistrationRecord } from './record.ts';
import { shownCredential } from './shown-credential.ts';
import {
  differenceOf,
  inputsHash,
  type ObservedSecret,
  type WantedSecret,
  wantedSecret,
} from './workload-secret.ts';

/** Compares the Secret that workloads mount with what the spec and the current registration want. */

/** The workload Secret that the spec wants. */
export const wantedOf = ({ namespace, name, object, spec }: Usable): WantedSecret =>
  wantedSecret({ namespace, name, uid: object.uid }, spec);

/** What a write of the workload Secret is tried with. A setback holds only for the same basis. */
export const publishBasis = (
  { name }: Pick<WantedSecret, 'name'>,
  { generation, reconcileRequestedAt }: Pick<ObservedClient, 'generation' | 'reconcileRequestedAt'>,
): string => `${name} ${generation} ${reconcileRequestedAt ?? ''}`;

/**
 * What the data of the workload Secret is made of. A Secret that could not be rendered is tried again with another basis
 * only.
 */
export function renderBasis(o: Usable, record: RegistrationRecord, wanted: WantedSecret): string {
  const inputs = wantedInputs(o, record, wanted) ?? record.registrationSecret;
  return `${publishBasis(wanted, o.object)} ${inputs}`;
}

/** Name of the workload Secret, where it shows the current registration as the spec wants it. */
export function publishedName(o: Observation, current: RegistrationRecord | undefined): string | undefined {
  const { object } = o;
  if (!object?.desired.valid || current === undefined) {
    return undefined;
  }
  const narrowed = usable(o, object, object.desired);
  const wanted = wantedOf(narrowed);
  return !wanted.isNone && workloadDifference(narrowed, current, wanted) === undefined
    ? wanted.name
    : undefined;
}

/** Whether the spec wants no Secret, and none is left of an earlier spec. */
export const isWithoutSecret = ({ object, secrets }: Pick<Observation, 'object' | 'secrets'>): boolean =>
  object?.desired.valid === true &&
  object.desired.spec.secret.mode === 'None' &&
  !secrets.some(({ ownerUid }) => ownerUid === object.uid);

/**
 * Whether the Secret still shows the credential of before, since servers may not have the document or the keys of the present
 * one yet: nothing that is about the present one is done before.
 */
export function isSecretHeld(o: Usable, current: RegistrationRecord): boolean {
  const { document } = current;
  const isUnseen = document !== undefined && document.seen === undefined;
  return (
    isUnseen ||
    (secretHeldUntil(o, current) !== undefined &&
      workloadDifference(o, current, wantedOf(o), 'Finally') !== undefined)
  );
}

/**
 * Name of the workload Secret, where workloads can use it: it shows the current registration, whatever its labels and
 * annotations are.
 */
export function usableName(o: Observation, current: RegistrationRecord): string | undefined {
  const { object } = o;
  if (!object?.desired.valid) {
    return undefined;
  }
  const narrowed = usable(o, object, object.desired);
  const wanted = wantedOf(narrowed);
  const bare = { ...wanted, labels: {}, annotations: {} };
  return workloadDifference(narrowed, current, bare) === undefined ? wanted.name : undefined;
}

/**
 * How the workload Secret differs from what is wanted now, as the end of a sentence. `undefined`: it doesn't.
 *
 * @param until what is wanted: `Now`, or `Finally`, when servers no longer have the document or the keys of before
 */
export function workloadDifference(
  o: Usable,
  current: RegistrationRecord,
  wanted: WantedSecret,
  until: 'Now' | 'Finally' = 'Now',
): string | undefined {
  const observed = o.secrets.find(({ name, ownerUid }) => name === wanted.name && ownerUid === o.object.uid);
  if (observed === undefined) {
    return 'does not exist';
  }
  const isHeld = until === 'Now' && secretHeldUntil(o, current) !== undefined;
  return differenceOf(observed, current, wanted, isHeld ? undefined : wantedInputs(o, current, wanted));
}

/** See `inputsHash`; `undefined`: only the record has the endpoints, or the audience is not known now. */
function wantedInputs(o: Usable, record: RegistrationRecord, wanted: WantedSecret): string | undefined {
  const { keys = {}, include = [], template } = o.spec.secret;
  const endpoints = endpointsFor(o, record);
  const credential = shownCredential(o, record);
  if (endpoints === undefined || credential === 'Unknown') {
    return undefined;
  }
  const format = wanted.format.name;
  const audience = credential?.audience;
  return inputsHash({ record, format, keys, include, template, endpoints, audience });
}

/** The endpoints that the workload Secret shows; `undefined`: those that the record holds. */
export function endpointsFor(o: Observation, record: RegistrationRecord): Endpoints | undefined {
  const home = homeOf(o, record);
  if (home.kind === 'AtServer') {
    return home.connection.endpoints;
  }
  const view = factsOf(o, record)?.view;
  const isOwn = home.isItsServerThere || record.serverUid === undefined;
  return isOwn && view?.available === false ? view.endpoints : undefined;
}

/** Workload Secrets of this object that the spec no longer wants. */
export const formerSecrets = ({ secrets, object }: Usable, wanted: WantedSecret): readonly ObservedSecret[] =>
  secrets.filter(({ name, ownerUid }) => ownerUid === object.uid && (wanted.isNone || name !== wanted.name));
