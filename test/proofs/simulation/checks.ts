import { ANNOTATIONS, LABELS } from '../../../src/api/names.ts';
import type { OAuthClientStatus } from '../../../src/api/oauth-client.ts';
import { decodeEntries } from '../../../src/controller/durable/ledger-entry.ts';
import { LEDGER_NAME } from '../../../src/controller/durable/ledger-store.ts';
import type { Change, Stored } from '../../kit/fakes/cluster.ts';
import { NEEDLESS, SHOWS_SECRET } from './authorization-server.ts';
import { decoded, recordIn, records, restartedAt, suspects } from './knowledge.ts';
import { Refusals } from './refusals.ts';
import { ServedDocuments } from './served.ts';
import type { World } from './world.ts';

/** Checks at every write. */

export function watchOver(world: World): void {
  const { cluster } = world;
  const registrations = new Registrations(world);
  const refusals = new Refusals(world);
  const documents = new ServedDocuments(world);
  cluster.onChange.push((change) => {
    noSecretIsShown(world, change);
    noSecretIsMixed(world, change);
    noRestartIsEarlyOrRepeated(world, change);
    noRegistrationIsForgotten(world, change);
    noClientOutlivesItsRecord(world, change);
    registrations.count(world, change);
    noObjectEndsEarly(world, change);
    refusals.changed(change);
    documents.changed(change);
    world.calls.changed(change);
    noSecretIsKeptForNothing(world, change);
    collectOrphans(world, change);
    noObjectWaitsInSilence(world, change);
    nextTryIsTold(world, change);
  });
}

/**
 * The garbage collector: an object without its owner is deleted sooner or later, also one that was created
 * afterwards.
 */
function collectOrphans(world: World, { kind, before, after }: Change): void {
  const { cluster, scheduler } = world;
  const owners = kind === 'Secret' ? (after?.metadata.ownerReferences ?? []) : [];
  const gone = kind === 'OAuthClient' && after === undefined ? [before?.metadata.uid ?? ''] : [];
  const lives = (uid: string) => cluster.all('OAuthClient').some(({ metadata }) => metadata.uid === uid);
  for (const uid of [...gone, ...owners.map((owner) => owner.uid).filter((owner) => !lives(owner))]) {
    world.underWay += 1;
    scheduler.after(1 + world.random() * world.weather.lagMs, () => {
      world.underWay -= 1;
      cluster.collect(uid);
    });
  }
}

/** Secrets are only in the data of Secrets. */
function noSecretIsShown(world: World, { after, kind }: Change): void {
  if (after === undefined) {
    return;
  }
  const { data, ...shown } = after;
  if (Object.values(kind === 'Secret' ? shown : after).some(showsSecret)) {
    world.violated(`a secret is shown in ${kind} ${after.metadata.name}`);
  }
}

/** Parts of objects that were checked: they are never changed in place, and stay the same over many writes. */
const clean = new WeakSet<object>();

function showsSecret(part: unknown): boolean {
  if (typeof part === 'object' && part !== null && clean.has(part)) {
    return false;
  }
  const shows = SHOWS_SECRET.test(JSON.stringify(part) ?? '');
  if (!shows && typeof part === 'object' && part !== null) {
    clean.add(part);
  }
  return shows;
}

/** client_id and client_secret of a workload Secret come from one answer. */
function noSecretIsMixed(world: World, { kind, after, by }: Change): void {
  if (kind !== 'Secret' || after?.metadata.labels?.[LABELS.workload] !== 'true' || by.startsWith('user')) {
    return;
  }
  const { client_id: id, client_secret: secret } = after.data ?? {};
  const shown = `${decoded(id)} ${decoded(secret)}`;
  if (!world.server.issued.has(shown) && !world.other.issued.has(shown)) {
    world.violated(`Secret ${after.metadata.name} mixes two generations`);
  }
}

/** A client that authenticates by tokens of its ServiceAccount has no secret, whatever the server gave it. */
function noSecretIsKeptForNothing({ conditions, violated }: World, { kind, after }: Change): void {
  const values = kind === 'Secret' && conditions.behaviour.isKeycloak ? Object.values(after?.data ?? {}) : [];
  if (values.some((value) => decoded(value).includes(NEEDLESS))) {
    violated(`Secret ${after?.metadata.name} has a secret of a client that needs none`);
  }
}

/**
 * A workload is restarted after its Secret shows a new credential, and once for each: times go up. A Secret that a person removed
 * shows nothing.
 */
function noRestartIsEarlyOrRepeated(world: World, { kind, before, after, by }: Change): void {
  const [was, is] = [restartedAt(before), restartedAt(after)];
  if (kind !== 'Deployment' || is === undefined || is === was || !by.includes('pod-')) {
    return;
  }
  const name = after?.metadata.name ?? '';
  const { annotations = {} } = world.cluster.find('Secret', `shop/${name}-oauth`)?.metadata ?? {};
  const [since] = annotations[ANNOTATIONS.shownSince]?.split(' ') ?? [];
  const isSteady = world.conditions.clockJumps.length === 0;
  if (since !== undefined && isSteady && Date.parse(is) <= firstShown(world, name)) {
    world.violated(`Deployment ${name} was restarted at ${is}, before its Secret showed the credential`);
  }
  if (since !== undefined && isSteady && was !== undefined && Date.parse(was) > Date.parse(since)) {
    world.violated(`Deployment ${name} was restarted at ${is}, and for the same credential at ${was}`);
  }
  if (was !== undefined && Date.parse(is) < Date.parse(was) && world.conditions.clockJumps.length === 0) {
    world.violated(`Deployment ${name} was restarted for ${is} after ${was}`);
  }
}

/**
 * When the Secret first showed another credential than the first one, in milliseconds since the epoch: a process that lost the lead
 * may restart for one that its successor has replaced.
 */
function firstShown(world: World, name: string): number {
  const times = world.cluster.changes.flatMap(({ kind, after }) => {
    const isIt = kind === 'Secret' && after?.metadata.name === `${name}-oauth`;
    const text = isIt ? after.metadata.annotations?.[ANNOTATIONS.shownSince] : undefined;
    return text === undefined ? [] : Date.parse(text.split(' ')[0] ?? '');
  });
  return Math.min(...times);
}

/** The entry of a registration leaves the ledger only when its client is recorded, reported, or known not to exist. */
function noRegistrationIsForgotten(world: World, { before, after }: Change): void {
  if (before?.metadata.name !== LEDGER_NAME) {
    return;
  }
  const left = after?.data ?? {};
  const gone = decodeEntries(before.data ?? {}).filter(
    ({ attempt }) => left[`entry.${attempt}`] === undefined,
  );
  for (const { attempt, kind } of gone) {
    if (kind === 'Register' && !isKnown(world, attempt)) {
      world.violated(`attempt ${attempt} left the ledger, and its client is neither recorded nor reported`);
    }
  }
}

function isKnown(world: World, attempt: string): boolean {
  const client = world.clients().find((one) => one.attempt === attempt);
  return (
    client === undefined ||
    suspects(world).includes(attempt) ||
    records(world).some(({ clientId }) => clientId === client.id)
  );
}

/** Lifetimes are longer than lives, so only people delete objects. */
function noObjectEndsEarly(world: World, { kind, before, after, by }: Change): void {
  const isEnding = (object: Change['after']) => object?.metadata.deletionTimestamp !== undefined;
  if (kind === 'OAuthClient' && before !== undefined && !isEnding(before) && by.includes('pod-')) {
    if (after === undefined || isEnding(after)) {
      world.violated(`the operator deleted ${before.metadata.name} before its lifetime was over`);
    }
  }
}

/** A record is deleted only when its client is gone. */
function noClientOutlivesItsRecord(world: World, { kind, before, after }: Change): void {
  if (kind !== 'Secret' || after !== undefined || before?.metadata.labels?.[LABELS.registration] !== 'true') {
    return;
  }
  const record = recordIn(before);
  if (record !== undefined && world.clientOf(record.clientId) !== undefined) {
    world.violated(`the record of client ${record.clientId} was removed, and the client lives`);
  }
}

const LOOK_MS = 5_000;
const SILENT_MS = 60_000;

/** While nothing but Secrets fails, an object that waits for longer than a minute says for what, in status or an Event. */
function noObjectWaitsInSilence(world: World, { kind, before, after }: Change): void {
  const { scheduler, cluster, conditions } = world;
  const isEdit = kind === 'OAuthClient' && before?.metadata.generation !== after?.metadata.generation;
  if (conditions.withoutSecretsMs === undefined || !isEdit || after === undefined) {
    return;
  }
  const { namespace, name, uid, generation } = after.metadata;
  const look = (silentMs: number): void => {
    const object = cluster.find('OAuthClient', `${namespace}/${name}`);
    const isSame = object?.metadata.uid === uid && object?.metadata.generation === generation;
    const isDone = object?.metadata.deletionTimestamp !== undefined || saysSomething(world, object);
    if (!isSame || isDone) {
      return;
    }
    if (silentMs > SILENT_MS) {
      world.violated(`${name} waits for more than a minute and does not say for what`);
      return;
    }
    const more = world.leader?.isWorking === true ? LOOK_MS : 0;
    scheduler.after(LOOK_MS, () => look(silentMs + more));
  };
  look(0);
}

/** A refusal that status keeps is tried again at a time that status says. */
function nextTryIsTold(world: World, { kind, after, by }: Change): void {
  if (kind !== 'OAuthClient' || after === undefined || by.startsWith('user')) {
    return;
  }
  const { refusal, conditions = [] } = (after.status ?? {}) as OAuthClientStatus;
  const ready = conditions.find(({ type }) => type === 'Ready');
  // A server object that is not ready may give the client the same reason, with words of its own.
  const isSame =
    refusal !== undefined && ready?.message.includes(refusal.message.slice(0, SAME_WORDS)) === true;
  if (isSame && !TIMED.test(ready.message)) {
    world.violated(`${after.metadata.name} was refused and does not say when it is tried again`);
  }
}

/** Characters of a message that show that it is the same. */
const SAME_WORDS = 100;

const TIMED = / It is tried again at \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/;

function saysSomething({ cluster }: World, object: Stored | undefined): boolean {
  const isObserved = object?.status?.['observedGeneration'] === object?.metadata.generation;
  const isTold = cluster
    .all('Event')
    .some(
      (event) =>
        (Reflect.get(event, 'regarding') as { uid?: string } | undefined)?.uid === object?.metadata.uid,
    );
  return isObserved || isTold;
}

/** A record is written some seconds after its registration, so two are not exactly as far apart as their calls. */
const HOUR_OF_RECORDS = 3_600_000 - 60_000;
/** The default of `recovery.maxRegistrationsPerHour`. */
const MOST_PER_HOUR = 10;

/** Few clients are registered for one object within an hour, whatever the server answers. */
class Registrations {
  /** uid of the object → its clients' attempts, and when each was recorded. A lost write may record one again. */
  #times = new Map<string, readonly (readonly [attempt: string, at: number])[]>();

  constructor(world: World) {
    world.parts.push(() => {
      const times = new Map(this.#times);
      return () => {
        this.#times = new Map(times);
      };
    });
  }

  count(world: World, { kind, before, after }: Change): void {
    const isRecord = kind === 'Secret' && after?.metadata.labels?.[LABELS.registration] === 'true';
    const record = isRecord && before === undefined ? recordIn(after) : undefined;
    if (record === undefined) {
      return;
    }
    const { client, attempt } = record;
    const { uid } = client;
    const { now } = world.scheduler;
    const earlier = (this.#times.get(uid) ?? []).filter(
      ([other, at]) => other !== attempt && now - at < HOUR_OF_RECORDS,
    );
    const times = [...earlier, [attempt, now] as const];
    this.#times.set(uid, times);
    if (times.length > MOST_PER_HOUR) {
      world.violated(`${times.length} clients were registered for object ${uid} within an hour`);
    }
  }
}
