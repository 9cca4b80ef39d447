import type { LedgerEntry } from '../../../src/controller/durable/ledger-entry.ts';
import type { RegistrationRecord } from '../../../src/core/record.ts';
import { isUnremoved, UNREMOVED, unremovedIn } from '../../../src/core/unremoved-client.ts';
import { parseJsonObject } from '../../../src/oauth/json.ts';
import type { Stored } from '../../kit/fakes/cluster.ts';
import { keysOf } from './authorization-server.ts';
import { credentialTime, decoded, entries, records, restartedAt, suspects } from './knowledge.ts';
import { OPERATOR_NAMESPACE } from './process.ts';
import { checkDocuments } from './served.ts';
import { conditionOf, isReady } from './users.ts';
import type { World } from './world.ts';

/** When a life is at rest, and what must hold then. */

/** A call that may have lost a client's token stays in the ledger as long as the client has none. */
const unexplained = (world: World): readonly LedgerEntry[] => {
  const lost = world.cluster
    .all('OAuthClient')
    .filter(isLost)
    .map(({ metadata }) => metadata.uid ?? '');
  const seen = new Set<string>();
  return entries(world).filter(({ kind, client }) => {
    // Something that throws at the end of a call leaves its entry beside that of an earlier one.
    const isOne = !seen.has(client.uid) || world.conditions.throws.length > 0;
    const isExplained = kind !== 'Register' && lost.includes(client.uid) && isOne;
    seen.add(client.uid);
    return !isExplained;
  });
};

/** Everything is done, except for clients with a lost token, which was reported. */
export function isAtRest(world: World): boolean {
  const isQuiet = world.leader?.isWorking === true && world.processes === 1 && world.underWay === 0;
  if (!isQuiet) {
    return false;
  }
  const objects = world.cluster.all('OAuthClient');
  const uids = new Set(objects.map(({ metadata }) => metadata.uid));
  return (
    objects.every(
      (object) => (isReady(object) && isReadWell(object)) || isLost(object) || isRival(world, object),
    ) &&
    world.cluster.all('ClusterAuthorizationServer').every(isFound) &&
    unexplained(world).length === 0 &&
    records(world).every(hasNoEnd) &&
    records(world).every((record) => isNoticed(world, record)) &&
    records(world).every(
      ({ role, client }) =>
        role === 'left-behind' || role === 'retained' || (role === 'current' && uids.has(client.uid)),
    ) &&
    objects.every(
      ({ metadata }) =>
        records(world).filter(({ client, role }) => client.uid === metadata.uid && role === 'current')
          .length <= 1,
    )
  );
}

/** A read that failed is repeated; until then status says so, which another process would not know. */
const isReadWell = (object: Stored): boolean =>
  !conditionOf(object, 'Ready')?.message.includes('could not be read: ');

/** A server that lost its clients is found out by the next read. */
const isNoticed = (world: World, { role, clientId }: RegistrationRecord): boolean =>
  world.server.behaviour.forgetsAtMs === undefined ||
  role !== 'current' ||
  world.clientOf(clientId) !== undefined;

/** No secret that is in use ends, except at a time that was over when the server announced it. */
const hasNoEnd = ({ role, clientSecretExpiresAt: end = '', registeredAt }: RegistrationRecord): boolean =>
  role !== 'current' || end === '' || Date.parse(end) <= Date.parse(registeredAt);

/** Whether the server of this object is discovered: then clients may have to follow. */
const isFound = (object: Stored): boolean => conditionOf(object, 'Ready')?.status === 'True';

const isLost = (object: Stored): boolean =>
  isStalled(object) && conditionOf(object, 'Ready')?.reason === 'RegistrationAccessTokenLost';

/** Another object has the client of its ServiceAccount. */
export const isRival = ({ cluster, conditions }: World, object: Stored): boolean =>
  conditions.sharesAccount === true &&
  isStalled(object) &&
  conditionOf(object, 'Ready')?.reason === 'ClientAlreadyManaged' &&
  cluster.all('OAuthClient').some((other) => other !== object && (isReady(other) || isLost(other)));

/** Only a person can continue. */
export function isStalled(object: Stored): boolean {
  return (
    object.metadata.deletionTimestamp === undefined &&
    conditionOf(object, 'Stalled')?.status === 'True' &&
    object.status?.['observedGeneration'] === object.metadata.generation
  );
}

/** Checks after the end, when nothing happens any more. */
export function checkEnd(world: World): void {
  const { server, cluster } = world;
  for (const [attempt, count] of server.posts) {
    if (count > 1) {
      world.violated(`attempt ${attempt} was sent ${count} times`);
    }
  }
  const known = records(world);
  const suspected = suspects(world);
  const unreported = new Map<string, string[]>();
  for (const { id, attempt } of world.clients()) {
    const record = known.find(({ clientId }) => clientId === id);
    if (record === undefined && !suspected.includes(attempt)) {
      world.violated(`client ${id} (attempt ${attempt}) is neither recorded nor reported`);
    }
    if (record?.role === 'current') {
      unreported.set(record.client.uid, [...(unreported.get(record.client.uid) ?? []), id]);
    }
  }
  for (const [uid, clients] of unreported) {
    const lives = cluster.all('OAuthClient').some(({ metadata }) => metadata.uid === uid);
    if (clients.length > (lives ? 1 : 0)) {
      world.violated(`object ${uid} (${lives ? 'alive' : 'gone'}) has the clients ${clients.join(', ')}`);
    }
  }
  for (const object of cluster.all('OAuthClient')) {
    checkObject(world, object);
  }
  checkTokens(world);
  checkDocuments(world);
  for (const { kind, attempt } of unexplained(world)) {
    world.violated(`nobody settles ${kind} ${attempt}`);
  }
  for (const { role, clientId } of known) {
    if (role === 'owed') {
      world.violated(`client ${clientId} is owed for ever`);
    }
  }
}

/** The list that people read shows the clients that are owed or left behind, and no other. */
export function checkList(world: World): void {
  const data = world.cluster.find('ConfigMap', `${OPERATOR_NAMESPACE}/${UNREMOVED}`)?.data;
  const listed = unremovedIn(data).clients.map((one) => `${one.registrationSecret} ${one.role}`);
  const left = records(world)
    .filter(isUnremoved)
    .map(({ registrationSecret, role }) => `${registrationSecret} ${role}`);
  if (listed.sort().join() !== left.sort().join()) {
    world.violated(`the list of unremoved clients has ${listed.join()}, and the records are ${left.join()}`);
  }
}

function checkObject(world: World, object: Stored): void {
  const { name, uid } = object.metadata;
  const ready = conditionOf(object, 'Ready');
  if (isRival(world, object)) {
    return;
  }
  if (!isReady(object)) {
    if (!isLost(object)) {
      world.violated(`${name} doesn't come to rest: ${ready?.reason}: ${ready?.message}`);
    } else if (world.server.behaviour.rotatesToken && !namesTheCall(world, object)) {
      world.violated(`${name} lost its token, and the call isn't named: ${ready?.message}`);
    }
    return;
  }
  const record = records(world).find(({ client, role }) => client.uid === uid && role === 'current');
  const client = world.server.clients.get(record?.clientId ?? '');
  if (object.spec?.['rolloutRestartTargets'] !== undefined && record?.replaces !== undefined) {
    const restarted = restartedAt(world.cluster.find('Deployment', `shop/${name}`));
    const since = credentialTime(world, record);
    // The record that had the time of an undone replacement goes with its client.
    if (restarted === undefined || Date.parse(restarted) < since) {
      world.violated(
        `${name} is Ready, and its Deployment was restarted for ${restarted}, not for ${record.clientId}`,
      );
    }
  }
  const { clientName, clientUri } = (object.spec?.['client'] ?? {}) as Record<string, string | undefined>;
  if (client === undefined) {
    world.violated(`${name} is Ready, and its client ${record?.clientId} doesn't exist`);
    return;
  }
  const named = client.metadata[world.server.behaviour.isKeycloak ? 'baseUrl' : 'client_name'];
  if (named !== (clientUri ?? clientName) && world.isFaithful) {
    world.violated(`${name} is registered as ${named}, wanted ${clientUri ?? clientName}`);
  }
  const { data = {} } = world.cluster.find('Secret', `shop/${name}-oauth`) ?? {};
  if (decoded(data['client_id']) !== client.id) {
    world.violated(`the Secret of ${name} doesn't show client ${client.id}`);
  }
  if (decoded(data['client_secret']) !== client.secret && !world.server.behaviour.rotatesSecret) {
    world.violated(`the Secret of ${name} shows a secret that isn't the server's`);
  }
  const { kid } = parseJsonObject(decoded(data['private_key.jwk'])) ?? {};
  if (kid !== undefined && !keysOf(client).includes(String(kid))) {
    world.violated(`the Secret of ${name} has a key that the server doesn't know`);
  }
}

/**
 * Whether the call with the lost answer is reported: as long as the client has no token; once, if nothing says that
 * tokens rotate.
 */
function namesTheCall({ cluster, conditions }: World, object: Stored): boolean {
  const message = conditionOf(object, 'Ready')?.message ?? '';
  if (Object.keys(conditions.dialect).length > 0) {
    return /got no answer/.test(message);
  }
  const { uid } = object.metadata;
  return cluster.changes.some(
    ({ after }) =>
      after !== undefined &&
      after.metadata.uid === uid &&
      isLost(after) &&
      /got no answer|answered (408|5\d\d)/.test(conditionOf(after, 'Ready')?.message ?? ''),
  );
}

/** If no answer was lost on its way, with a process or with a journal, every client can be managed. */
function checkTokens(world: World): void {
  if (world.isForgetful || world.pods.unsettled > 0) {
    return;
  }
  for (const { clientId, registrationSecret } of records(world)) {
    const client = world.clientOf(clientId);
    const { data = {} } = world.cluster.find('Secret', `${OPERATOR_NAMESPACE}/${registrationSecret}`) ?? {};
    const isKept = Object.values(data).some((value) => decoded(value).includes(client?.token ?? ''));
    if (world.calls.isHeard(clientId) && !isKept) {
      world.violated(`the token of client ${clientId} was answered, and isn't recorded`);
    }
  }
}
