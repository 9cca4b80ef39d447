import { LABELS } from '../../src/api/names.ts';
import { LEDGER_NAME } from '../../src/controller/ledger.ts';
import { ORPHANS_NAME } from '../../src/controller/orphans.ts';
import { type RegistrationRecord, toRecord } from '../../src/core/record.ts';
import { CANARY } from './authorization-server.ts';
import type { Change, Stored } from './cluster.ts';
import { OPERATOR_NAMESPACE } from './process.ts';
import { conditionOf, isReady } from './users.ts';
import type { World } from './world.ts';

/** What must hold, at every write and when a life has come to rest. */

const decoded = (text: string | undefined): string => Buffer.from(text ?? '', 'base64').toString();

export function watchOver(world: World): void {
  const { cluster } = world;
  cluster.onChange.push((change) => {
    noSecretIsShown(world, change);
    noSecretIsMixed(world, change);
    noRegistrationIsForgotten(world, change);
    noClientOutlivesItsRecord(world, change);
    collectOrphans(world, change);
  });
}

/** What has no owner any more goes, sooner or later; also what was made when its owner had gone. */
function collectOrphans(world: World, { kind, before, after }: Change): void {
  const { cluster, scheduler } = world;
  const owners = kind === 'Secret' ? (after?.metadata.ownerReferences ?? []) : [];
  const gone = kind === 'OAuthClient' && after === undefined ? [before?.metadata.uid ?? ''] : [];
  const lives = new Set(cluster.all('OAuthClient').map(({ metadata }) => metadata.uid));
  for (const uid of [...gone, ...owners.map((owner) => owner.uid).filter((owner) => !lives.has(owner))]) {
    world.underWay += 1;
    scheduler.after(1 + world.random() * world.weather.lagMs, () => {
      world.underWay -= 1;
      cluster.collect(uid);
    });
  }
}

/** Secrets are in the data of Secrets alone. */
function noSecretIsShown(world: World, { after, kind }: Change): void {
  if (after === undefined) {
    return;
  }
  const { data, ...shown } = after;
  if (JSON.stringify(kind === 'Secret' ? shown : after).includes(CANARY)) {
    world.violated(`a secret is shown in ${kind} ${after.metadata.name}`);
  }
}

/** client_id and client_secret of a workload Secret were given together. */
function noSecretIsMixed(world: World, { kind, after, by }: Change): void {
  if (kind !== 'Secret' || after?.metadata.labels?.[LABELS.workload] !== 'true' || by.startsWith('user')) {
    return;
  }
  const { client_id: id, client_secret: secret } = after.data ?? {};
  if (!world.server.issued.has(`${decoded(id)} ${decoded(secret)}`)) {
    world.violated(`Secret ${after.metadata.name} mixes two generations`);
  }
}

const isEntry = (key: string): boolean => key.startsWith('entry.');

/** An entry of a registration leaves the ledger when its client is recorded, reported, or known not to exist. */
function noRegistrationIsForgotten(world: World, { before, after }: Change): void {
  if (before?.metadata.name !== LEDGER_NAME) {
    return;
  }
  for (const key of Object.keys(before.data ?? {}).filter(isEntry)) {
    const { attempt, kind } = JSON.parse(before.data?.[key] ?? '{}') as { attempt: string; kind: string };
    if (after?.data?.[key] === undefined && kind === 'Register' && !isKnown(world, attempt)) {
      world.violated(`attempt ${attempt} left the ledger, and its client is neither recorded nor reported`);
    }
  }
}

function isKnown(world: World, attempt: string): boolean {
  const client = [...world.server.clients.values()].find((one) => one.attempt === attempt);
  return (
    client === undefined ||
    suspects(world).includes(attempt) ||
    records(world).some(({ clientId }) => clientId === client.id)
  );
}

/** A record goes when its client is gone. */
function noClientOutlivesItsRecord(world: World, { kind, before, after }: Change): void {
  if (kind !== 'Secret' || after !== undefined || before?.metadata.labels?.[LABELS.registration] !== 'true') {
    return;
  }
  const record = toRecord(before);
  if (record !== undefined && world.server.clients.has(record.clientId)) {
    world.violated(`the record of client ${record.clientId} was removed, and the client lives`);
  }
}

export const suspects = ({ cluster }: World): readonly string[] =>
  Object.keys(cluster.find('ConfigMap', `${OPERATOR_NAMESPACE}/${ORPHANS_NAME}`)?.data ?? {});

export const records = ({ cluster }: World): readonly RegistrationRecord[] =>
  cluster
    .all('Secret')
    .filter(({ metadata }) => metadata.labels?.[LABELS.registration] === 'true')
    .flatMap((secret) => toRecord(secret) ?? []);

export const entries = (world: World): readonly string[] =>
  Object.entries(world.ledger()).flatMap(([key, text]) => (isEntry(key) ? [text] : []));

/** A call that may have cost a client its token stays named as long as the client is without. */
const unexplained = (world: World): readonly string[] => {
  const lost = world.cluster
    .all('OAuthClient')
    .filter(isLost)
    .map(({ metadata }) => metadata.uid ?? '');
  const seen = new Set<string>();
  return entries(world).filter((text) => {
    const { kind, client } = JSON.parse(text) as { kind: string; client: { uid: string } };
    const isExplained = kind !== 'Register' && lost.includes(client.uid) && !seen.has(client.uid);
    seen.add(client.uid);
    return !isExplained;
  });
};

/** Everything is done; but for clients whose token was lost, as was said. */
export function isAtRest(world: World): boolean {
  const objects = world.cluster.all('OAuthClient');
  const uids = new Set(objects.map(({ metadata }) => metadata.uid));
  return (
    world.leader?.isWorking === true &&
    world.processes === 1 &&
    world.underWay === 0 &&
    objects.every((object) => isReady(object) || isLost(object)) &&
    unexplained(world).length === 0 &&
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

const isLost = (object: Stored): boolean =>
  isStalled(object) && conditionOf(object, 'Ready')?.reason === 'RegistrationAccessTokenLost';

/** Only a person can go on. */
export function isStalled(object: Stored): boolean {
  return (
    object.metadata.deletionTimestamp === undefined &&
    conditionOf(object, 'Stalled')?.status === 'True' &&
    object.status?.['observedGeneration'] === object.metadata.generation
  );
}

/** When nothing more happens by itself. */
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
  for (const { id, attempt } of server.clients.values()) {
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
  for (const entry of unexplained(world)) {
    world.violated(`nobody settles ${entry}`);
  }
  for (const { role, clientId } of known) {
    if (role === 'owed') {
      world.violated(`client ${clientId} is owed for ever`);
    }
  }
}

function checkObject(world: World, object: Stored): void {
  const { name, uid } = object.metadata;
  const ready = conditionOf(object, 'Ready');
  if (!isReady(object)) {
    if (!isLost(object)) {
      world.violated(`${name} doesn’t come to rest: ${ready?.reason}: ${ready?.message}`);
    } else if (world.server.behaviour.rotatesToken && !/got no answer/.test(ready?.message ?? '')) {
      world.violated(`${name} lost its token, and the call isn’t named: ${ready?.message}`);
    }
    return;
  }
  const record = records(world).find(({ client, role }) => client.uid === uid && role === 'current');
  const client = world.server.clients.get(record?.clientId ?? '');
  const { clientName } = (object.spec?.['client'] ?? {}) as { readonly clientName?: string };
  if (client === undefined) {
    world.violated(`${name} is Ready, and its client ${record?.clientId} doesn’t exist`);
    return;
  }
  if (client.metadata['client_name'] !== clientName && world.isFaithful) {
    world.violated(`${name} is registered as ${client.metadata['client_name']}, wanted ${clientName}`);
  }
  const { data = {} } = world.cluster.find('Secret', `shop/${name}-oauth`) ?? {};
  if (decoded(data['client_id']) !== client.id) {
    world.violated(`the Secret of ${name} doesn’t show client ${client.id}`);
  }
  if (decoded(data['client_secret']) !== client.secret && !world.server.behaviour.rotatesSecret) {
    world.violated(`the Secret of ${name} shows a secret that isn’t the server’s`);
  }
}
