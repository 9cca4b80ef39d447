import { RESOURCES } from '../api/kubernetes.ts';
import type { OAuthClient } from '../api/oauth-client.ts';
import type { ServerObject } from '../core/server-object.ts';
import type { ClusterAccess } from './cluster.ts';
import { conditionOf } from './conditions.ts';
import { unseenAfter } from './failure.ts';
import type { ServerFinding } from './server-finding.ts';

const MOST_REFUSED = 20;
const part = 'Migration';

/** How far the migration of a server object is, and which clients would be refused, as far as the caller may list them. */
export async function migrationFindings(
  object: ServerObject,
  cluster: ClusterAccess,
): Promise<readonly ServerFinding[]> {
  const { spec, status } = object;
  const { migration } = status;
  if (spec?.migration === undefined || migration === undefined) {
    return [];
  }
  const { to, total, moved, moving, refused, references, movedForGood = 0 } = migration;
  const condition = conditionOf(status, 'Migrating');
  return [
    {
      part,
      verdict: 'Note',
      text: `${moved} of ${total} clients have moved to ${to.kind} ${to.name}, ${moving} move now. OAuthClients that name this object: ${references}; of these have a client there alone: ${movedForGood}.`,
    },
    ...(condition?.reason === 'MigrationRefused'
      ? [{ part, verdict: 'Bad', text: condition.message, reason: condition.reason } as const]
      : []),
    ...(refused === 0 ? [] : await refusedClients(object, cluster)),
  ];
}

async function refusedClients(
  { kind, metadata: { name, namespace } }: ServerObject,
  { api }: ClusterAccess,
): Promise<readonly ServerFinding[]> {
  const resource = RESOURCES.oauthClient;
  const found = await api.collect(resource, namespace === undefined ? {} : { namespace }, (raw) => {
    const { metadata, spec, status } = raw as unknown as OAuthClient;
    const migrating = conditionOf(status, 'Migrating');
    const ref = spec.authorizationServerRef ?? status?.authorizationServerRef;
    const isFromHere = ref !== undefined && ref.kind === kind && ref.name === name;
    return isFromHere && migrating?.reason === 'MigrationRefused'
      ? `${metadata.namespace}/${metadata.name}: ${migrating.message}`
      : undefined;
  });
  if (!found.ok) {
    const asked = { verb: 'list', resource, namespace } as const;
    return [
      { part, verdict: 'Unseen', text: unseenAfter(found, asked, 'which clients are refused is not shown') },
    ];
  }
  const texts = found.object.items.toSorted();
  const more = texts.length - MOST_REFUSED;
  return [
    ...texts.slice(0, MOST_REFUSED).map((text) => ({ part, verdict: 'Bad', text }) as const),
    ...(more > 0 ? [{ part, verdict: 'Note', text: `And ${more} more.` } as const] : []),
  ];
}
