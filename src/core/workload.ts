import type { Endpoints } from '../oauth/discovery.ts';
import { factsOf, homeOf } from './home.ts';
import type { Observation } from './observation.ts';
import type { RegistrationRecord } from './record.ts';
import {
  inputsHash,
  isInSync,
  type ObservedSecret,
  type WantedSecret,
  wantedSecret,
} from './workload-secret.ts';

/** The Secret that workloads mount: what it is, and what the spec and the current registration want it to be. */

/** What the spec wants the workload Secret to be. `undefined` without an object whose spec can be used. */
export function wantedOf({ namespace, name, object }: Observation): WantedSecret | undefined {
  return object?.desired.valid
    ? wantedSecret({ namespace, name, uid: object.uid }, object.desired.spec)
    : undefined;
}

/** Whether the workload Secret shows the current registration as the spec wants it. */
export function isPublished(o: Observation, current: RegistrationRecord | undefined): boolean {
  const { object } = o;
  const wanted = wantedOf(o);
  if (wanted === undefined || current === undefined || !object?.desired.valid) {
    return false;
  }
  const observed = o.secrets.find(({ name, ownerUid }) => name === wanted.name && ownerUid === object.uid);
  if (observed === undefined) {
    return false;
  }
  const { keys = {}, include = [] } = object.desired.spec.secret ?? {};
  const endpoints = endpointsFor(o, current);
  const inputs = endpoints && inputsHash({ record: current, keys, include, endpoints });
  return isInSync(observed, current, wanted, inputs);
}

/** What workloads are told of the server at which the client is registered; `undefined`: what the record holds. */
export function endpointsFor(o: Observation, record: RegistrationRecord): Endpoints | undefined {
  const home = homeOf(o, record);
  if (home.kind === 'AtServer') {
    return home.connection.endpoints;
  }
  const view = factsOf(o, record)?.view;
  const isOwn = home.isItsServerThere || record.serverUid === undefined;
  return isOwn && view?.available === false ? view.endpoints : undefined;
}

/** Workload Secrets of this object under a name that the spec no longer gives. */
export function formerSecrets(o: Observation): readonly ObservedSecret[] {
  const wanted = wantedOf(o);
  return o.secrets.filter(({ name, ownerUid }) => ownerUid === o.object?.uid && name !== wanted?.name);
}
