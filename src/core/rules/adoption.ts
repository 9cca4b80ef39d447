import type { Action } from '../action.ts';
import { currentRecord } from '../current-record.ts';
import type { Observation } from '../observation.ts';
import { isProblem } from '../problem.ts';
import { overQuota } from './holds.ts';
import { blocked, gated, stall, wait } from './rests.ts';

/** The spec brings a client that exists already: nothing is registered, that one is proven and recorded. */
export function aClientIsToBeAdopted(o: Observation): Action | undefined {
  const { object, server, adoptable } = o;
  if (object === undefined || adoptable === undefined || currentRecord(o) !== undefined) {
    return undefined;
  }
  if (isProblem(adoptable)) {
    return wait(adoptable.reason, adoptable.message);
  }
  if (!server.available) {
    return wait(server.reason, server.message);
  }
  const { connection, ref, gate } = server;
  if (connection.policy !== undefined && connection.policy.adoption !== 'Allow') {
    return stall(
      'PolicyRefused',
      `${ref.kind} ${ref.name} doesn’t permit the adoption of clients: remove spec.adopt, or ask the platform team to set policy.adoption.`,
    );
  }
  const { clientId, version } = adoptable;
  const basis = [object.uid, clientId, version, connection.version, object.reconcileRequestedAt ?? ''].join(
    ' ',
  );
  return (
    overQuota(o, connection, undefined) ??
    blocked(o, 'Adopt', basis) ??
    gated(gate) ?? { type: 'Adopt', object, client: adoptable, ref, connection, basis }
  );
}
