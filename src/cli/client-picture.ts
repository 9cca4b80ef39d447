import type { AuthorizationServer } from '../api/authorization-server.ts';
import { type KubernetesObject, type ObjectMeta, RESOURCES } from '../api/kubernetes.ts';
import type { OAuthClient } from '../api/oauth-client.ts';
import { toClientObject } from '../core/desired.ts';
import { type InventoryRow, inventoryRows } from '../core/inventory.ts';
import type { ClientObject } from '../core/observation.ts';
import { type PodSpecOfUser, type SecretUse, usesOfSecret } from '../core/secret-uses.ts';
import { type ServerName, serverNamed } from '../core/server-key.ts';
import type { ServerObject } from '../core/server-object.ts';
import { clientUidOf } from '../core/workload-secret.ts';
import type { ClusterAccess } from './cluster.ts';
import { type AskedCall, type CommandFailure, commandFailure, type RefusedCall } from './failure.ts';
import { resourceOfServer, toServer } from './server-objects.ts';

/** Something that belongs to a client, as far as the caller may see it. */
type AsSeen<T> =
  | { readonly state: 'Present'; readonly found: T }
  | { readonly state: 'Absent' }
  /** `why`: a sentence. */
  | { readonly state: 'Unseen'; readonly why: string };

/** A Pod that uses the Secret. */
export interface SecretUser {
  readonly name: string;
  readonly phase: string;
  readonly uses: readonly SecretUse[];
}

/** All that belongs to one OAuthClient. Of the Secret there is metadata alone. */
export interface ClientPicture {
  readonly raw: OAuthClient;
  readonly client: ClientObject;
  readonly row: InventoryRow;
  readonly server: (ServerName & { readonly object: AsSeen<ServerObject> }) | undefined;
  readonly secret: { readonly name: string; readonly metadata: AsSeen<ObjectMeta> };
  readonly users: AsSeen<readonly SecretUser[]>;
}

/** Gathers it with the caller's rights. Only a client that can't be read is a failure. */
export async function pictureOfClient(
  name: string,
  cluster: ClusterAccess,
): Promise<ClientPicture | CommandFailure> {
  const { api, namespace } = cluster;
  const resource = RESOURCES.oauthClient;
  const found = await api.get<OAuthClient>(resource, { namespace, name });
  if (!found.ok) {
    return commandFailure(found, { verb: 'get', resource, namespace, name });
  }
  const client = toClientObject(found.object);
  const [known] = inventoryRows([client], []);
  const secretName = nameOfSecret(client);
  const [server, metadata, users] = await Promise.all([
    known?.server && serverSeen(serverNamed(known.server), cluster),
    secretSeen(secretName, cluster),
    usersSeen(secretName, cluster),
  ]);
  const servers = server?.object.state === 'Present' ? [server.object.found] : [];
  const [row] = inventoryRows([client], servers);
  if (row === undefined) {
    throw new Error('An OAuthClient has no row in the inventory');
  }
  return { raw: found.object, client, row, server, secret: { name: secretName, metadata }, users };
}

/** The Secret that is there; before that, the one that will be. */
function nameOfSecret({ metadata, observed: { status, desired } }: ClientObject): string {
  return status.secretName ?? (desired.valid ? desired.spec.secret.name : undefined) ?? metadata.name;
}

async function serverSeen(named: ServerName, { api }: ClusterAccess) {
  const { kind, ...key } = named;
  const resource = resourceOfServer(kind);
  const found = await api.get<AuthorizationServer>(resource, key);
  const object: AsSeen<ServerObject> = found.ok
    ? { state: 'Present', found: toServer(kind)(found.object) }
    : notSeen(found, { verb: 'get', resource, ...key });
  return { ...named, object };
}

async function secretSeen(name: string, { api, namespace }: ClusterAccess): Promise<AsSeen<ObjectMeta>> {
  const resource = RESOURCES.secret;
  const found = await api.get(resource, { namespace, name }, 'metadata');
  return found.ok
    ? { state: 'Present', found: found.object.metadata }
    : notSeen(found, { verb: 'get', resource, namespace, name });
}

interface Pod extends KubernetesObject {
  readonly spec?: PodSpecOfUser;
  readonly status?: { readonly phase?: string };
}

async function usersSeen(
  secret: string,
  { api, namespace }: ClusterAccess,
): Promise<AsSeen<readonly SecretUser[]>> {
  const resource = RESOURCES.pod;
  const found = await api.collect(resource, { namespace }, (raw) => {
    const { metadata, spec, status } = raw as Pod;
    const uses = usesOfSecret(spec ?? {}, secret);
    return uses.length === 0 ? undefined : { name: metadata.name, phase: status?.phase ?? 'Unknown', uses };
  });
  return found.ok
    ? { state: 'Present', found: found.object.items }
    : notSeen(found, { verb: 'list', resource, namespace });
}

/** A kind that is not served has no objects. */
function notSeen(refused: RefusedCall, asked: AskedCall): AsSeen<never> {
  return refused.status === 404 && refused.reason !== 'NotServed'
    ? { state: 'Absent' }
    : { state: 'Unseen', why: commandFailure(refused, asked).sentence };
}

/** Whether the Secret is this client's, as the operator decides it. */
export const isSecretOf = ({ observed: { uid } }: ClientObject, metadata: ObjectMeta): boolean =>
  clientUidOf(metadata) === uid;
