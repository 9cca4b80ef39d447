import type { AuthorizationServerSpec } from '../api/authorization-server.ts';
import { RESOURCES } from '../api/kubernetes.ts';
import { isReason } from '../api/reasons.ts';
import { pausesIn } from '../controller/server/reconcile.ts';
import { resolveReferences } from '../controller/server/references.ts';
import type { ServerState } from '../controller/state/server-registry.ts';
import { secretNames, toConnection } from '../core/build-connection.ts';
import type { ServerConnection } from '../core/connection.ts';
import type { Gate, Observation } from '../core/observation.ts';
import { isProblem, type Problem } from '../core/problem.ts';
import { keyOfServer } from '../core/server-key.ts';
import type { ServerObject } from '../core/server-object.ts';
import { conditionOf } from './conditions.ts';
import type { DryRun } from './dry-run.ts';
import { unseenBecause } from './failure.ts';

/** A server object in a dry run: what its status says of it, and its credentials as far as the caller may read them. */

/**
 * Takes the server object into the dry run. Nothing is asked of the server: what the operator found out is in status.
 *
 * @param notSeen gets a sentence for each thing that the caller may not see
 * @returns whether the documents of its clients are known: a software statement that is not seen shapes them, too
 */
export async function learnServer(
  object: ServerObject,
  dryRun: DryRun,
  notSeen: (sentence: string) => void,
): Promise<boolean> {
  let isWhole = true;
  const missing = (sentence: string) => {
    const statement = object.spec?.registration.softwareStatement;
    isWhole = statement?.secretRef === undefined && statement?.sign === undefined;
    notSeen(sentence);
  };
  const { context } = dryRun;
  const { servers, caches } = context;
  (object.metadata.namespace === undefined ? caches.clusterServers : caches.servers).applied(object);
  const key = keyOfServer(object);
  servers.restorePauses(key, pausesIn(object.status));
  const connection = troubleOf(object) ?? (await connectionOf(object, dryRun, missing));
  servers.set(key, { ...stateOf(object), ...foundOf(connection) });
  return isWhole;
}

const foundOf = (connection: ServerConnection | Problem): Pick<ServerState, 'connection' | 'problem'> =>
  isProblem(connection) ? { connection: undefined, problem: connection } : { connection, problem: undefined };

function stateOf({ spec, status }: ServerObject): ServerState {
  return {
    connection: undefined,
    problem: undefined,
    endpoints: status.endpoints,
    management: status.management ?? 'Unknown',
    admissionAccepted: conditionOf(status, 'AdmissionAccepted')?.status === 'True',
    registered: undefined,
    signingKeys: undefined,
    suspended: spec?.suspend === true,
  };
}

/** Why the operator can't use the server, in its own words. */
function troubleOf({ spec, problem, problemReason, status, generation }: ServerObject): Problem | undefined {
  if (spec === undefined) {
    return { reason: problemReason ?? 'InvalidSpec', message: problem ?? "The spec can't be used." };
  }
  const ready = conditionOf(status, 'Ready');
  if (ready?.status === 'True' && status.observedGeneration === generation) {
    return undefined;
  }
  return ready !== undefined && ready.status === 'False' && isReason(ready.reason)
    ? { reason: ready.reason, message: ready.message }
    : { reason: 'Queued', message: 'The server has not been looked at yet.' };
}

/** With the credentials where they can be read, else without them: they shape no document, except statements. */
async function connectionOf(
  object: ServerObject,
  { context }: DryRun,
  notSeen: (sentence: string) => void,
): Promise<ServerConnection | Problem> {
  const { spec, status, metadata } = object;
  if (spec === undefined) {
    return { reason: 'InvalidSpec', message: "The spec can't be used." };
  }
  const { urlRules, operatorNamespace } = context.settings;
  const found = { aliases: {}, endpoints: status.endpoints ?? {}, urlRules, now: context.clock.now() };
  const namespace = metadata.namespace ?? operatorNamespace;
  const references = await resolveReferences(object, spec, context);
  if (secretNames(spec).some((name) => references.secrets.get(name).kind === 'NotRead')) {
    const asked = { verb: 'get', resource: RESOURCES.secret, namespace } as const;
    notSeen(unseenBecause(asked, `the credentials of ${object.kind} ${metadata.name} are not checked`));
    return toConnection(object, withoutSecrets(spec), { ...found, ...references, ca: undefined });
  }
  return references.problem ?? toConnection(object, spec, { ...found, ...references });
}

function withoutSecrets(spec: AuthorizationServerSpec): AuthorizationServerSpec {
  const { registration, management, connection } = spec;
  const { fromClient } = registration.softwareStatement;
  const { clientCertificateRef: _, proxyRef: __, caRef: ___, ...plain } = connection;
  const { credential: ____, ...managed } = management;
  const { signedRequest: _____, ...registered } = registration;
  return {
    ...spec,
    registration: { ...registered, admission: { open: {} }, softwareStatement: { fromClient } },
    management: managed,
    connection: plain,
  };
}

/** What holds calls back at the moment: of that only status tells the plugin. */
export function withStatedGate(o: Observation, object: ServerObject | undefined): Observation {
  const paused = object && conditionOf(object.status, 'Paused');
  const isStated = paused?.status === 'True' && STATED.includes(paused.reason) && isReason(paused.reason);
  if (!isStated || !o.server.available || !isReason(paused.reason)) {
    return o;
  }
  const gate: Gate = { open: false, reason: paused.reason, message: paused.message };
  return { ...o, server: { ...o.server, gate, registerGate: gate } };
}

/** Pauses with an end are known from status in full, and a suspension from the spec. */
const STATED: readonly string[] = ['AuthorizationServerSuspect', 'AuthorizationServerUnavailable'];
