import type { Action } from '../action.ts';
import type { ServerConnection } from '../connection.ts';
import { currentRecord } from '../current-record.ts';
import { defaultsDocument, type WantedDocument, wantedDocument } from '../document.ts';
import { homeOf } from '../home.ts';
import { recordProblem } from '../needed-secrets.ts';
import type { Observation, ObservedClient } from '../observation.ts';
import { policyProblem } from '../policy.ts';
import { isProblem, type Problem } from '../problem.ts';
import { mayOutlive } from './endings.ts';
import { stall } from './rests.ts';

/** What is to be registered, within the bounds of its server; and clients that are outside of them. */

/**
 * The document of a client at a server, or why it may not be registered there.
 *
 * @param isAsRegistered it was registered like this, and is sent again for another key or token: a policy that was made
 *   tighter since keeps no client from being kept alive
 */
export function documentOf(
  o: Observation,
  object: ObservedClient,
  connection: ServerConnection,
  isAsRegistered = false,
): WantedDocument | Problem {
  if (!object.desired.valid) {
    return { reason: 'InvalidSpec', message: object.desired.problem };
  }
  if (isProblem(o.statement)) {
    return o.statement;
  }
  const { namespace, name, cluster } = o;
  const client = { namespace, name, cluster, createdAt: object.createdAt };
  const wanted = wantedDocument(client, object.desired.spec, connection, o.statement);
  if (isProblem(wanted)) {
    return wanted;
  }
  if (isAsRegistered) {
    return wanted;
  }
  const { policy } = connection;
  const refused = policyProblem(wanted.document, policy, {
    defaults: policy?.defaultsOnly && defaultsDocument(client, connection),
    bringsStatement: o.statement !== undefined,
  });
  const mayRetain = !object.retained || policy?.retain !== 'Deny' || currentRecord(o)?.retain === true;
  const refusedRetention: Problem | undefined = mayRetain
    ? undefined
    : { reason: 'PolicyRefused', message: RETAIN_REFUSAL };
  return refused ?? refusedRetention ?? recordProblem(o, object, wanted.document, connection) ?? wanted;
}

const RETAIN_REFUSAL =
  'spec.deletionPolicy Retain is not permitted: spec.policy.retain of the server object is Deny; set it to Delete, or ask the platform team to set spec.policy.retain to Allow.';

/** The spec asks for it since the client was registered: the client ends with its object all the same. */
export function itMayNotOutliveItsObject(o: Observation): Action | undefined {
  const record = currentRecord(o);
  return o.object?.retained && record !== undefined && !mayOutlive(o, record)
    ? stall('PolicyRefused', RETAIN_REFUSAL)
    : undefined;
}

/**
 * The client is registered, and today it would not be: the platform team changed the policy, or whom it admits, and wants
 * that to be known (`policy.enforce: Existing`). Nothing is done about it at the server.
 */
export function theClientIsOutsideThePolicy(o: Observation): Action | undefined {
  const { object, server, namespace } = o;
  const record = currentRecord(o);
  const home = record && homeOf(o, record);
  if (object === undefined || home?.kind !== 'AtServer' || home.connection.policy?.enforce !== 'Existing') {
    return undefined;
  }
  const stays = `Client ${home.record.clientId} is registered and stays as it is, though it would not be registered today.`;
  if (!server.available && server.reason === 'AuthorizationServerNotAvailable') {
    return stall(
      server.reason,
      `${stays} ${home.ref.kind} ${home.ref.name} no longer admits namespace ${namespace}. Delete this object, or ask the platform team.`,
    );
  }
  const wanted = documentOf(o, object, home.connection);
  return isProblem(wanted) ? stall(wanted.reason, `${stays} ${wanted.message}`) : undefined;
}
