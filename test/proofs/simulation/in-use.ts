import { LABELS } from '../../../src/api/names.ts';
import type { OAuthClientSpec } from '../../../src/api/oauth-client.ts';
import type { Stored } from '../../kit/fakes/cluster.ts';
import { decoded, records } from './knowledge.ts';
import type { World } from './world.ts';

/** No client ends while somebody needs it: a Secret shows it, or a Pod has used it since before its replacement. */

/** Called when a process has ended a client at a server. */
export function noClientInUseEnds(world: World, clientId: string): void {
  const shows = world.cluster
    .all('Secret')
    .find(
      ({ metadata, data = {} }) =>
        metadata.labels?.[LABELS.workload] === 'true' && decoded(data['client_id']) === clientId,
    );
  const owner = shows && ownerOf(world, shows);
  const { statement, strictLease } = world.conditions;
  // A server that has one client for each software statement leaves no other way. A leader whose lease was taken while it went on
  // may write an earlier client into the Secret once more; the next one puts that right.
  if (owner !== undefined && statement === undefined && strictLease) {
    world.violated(`client ${clientId} ended, and the Secret of ${owner.metadata.name} shows it`);
  }
  noUsedClientEnds(world, clientId);
}

/** The object that the Secret is of, unless it is being deleted or asks for no client. */
function ownerOf({ cluster }: World, { metadata }: Stored): Stored | undefined {
  const uids = (metadata.ownerReferences ?? []).map(({ uid }) => uid);
  return cluster
    .all('OAuthClient')
    .find((object) => uids.includes(object.metadata.uid ?? '') && !isEnding(object));
}

const isEnding = ({ metadata }: Stored): boolean => metadata.deletionTimestamp !== undefined;

const LONGEST_MS = 720 * 3_600_000;
/** The times of a record are those of calls, and a Pod starts in between. */
const MARGIN_MS = 70_000;

/** `retire: WhenUnused`: Pods that started before the replacement have what they use, for 720 h at most. */
function noUsedClientEnds(world: World, clientId: string): void {
  const known = records(world);
  const record = known.find((one) => one.clientId === clientId);
  const object = world.cluster.all('OAuthClient').find(({ metadata }) => metadata.uid === record?.client.uid);
  const successor = known.find(
    ({ replaces, replacementUndoneAt }) =>
      replaces === record?.registrationSecret && replacementUndoneAt === undefined,
  );
  const spec = object?.spec as unknown as OAuthClientSpec | undefined;
  const since = Date.parse(
    record?.replacementUndoneAt ?? successor?.replacementMadeAt ?? successor?.registeredAt ?? '',
  );
  const now = Date.parse(world.time());
  const isOver = Number.isNaN(since) || now >= since + LONGEST_MS - MARGIN_MS;
  if (object === undefined || isEnding(object) || spec?.replacement?.retire !== 'WhenUnused' || isOver) {
    return;
  }
  const users = podsOf(world, object.metadata.name).filter(
    ({ status }) => Date.parse(String(status?.['startTime'])) < since - MARGIN_MS,
  );
  if (users.length > 0 && record?.clientSecretExpiresAt === undefined) {
    world.violated(`client ${clientId} ended, and Pod ${users[0]?.metadata.name} has used it since before`);
  }
}

/** The Pods that use the Secret of this OAuthClient. */
export const podsOf = ({ cluster }: World, name: string): readonly Stored[] =>
  cluster.all('Pod').filter(({ metadata }) => metadata.name.startsWith(`${name}-pod-`));
