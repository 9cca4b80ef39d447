import { RESOURCES } from '../../src/api/kubernetes.ts';
import { ANNOTATIONS } from '../../src/api/names.ts';
import type { Stored } from './cluster.ts';
import type { World } from './world.ts';

/** People: what they do, and what they see. They talk to the API server directly. */

const NAMESPACE = 'shop';
const BY = 'user';

export interface Deed {
  readonly name: string;
  /** Asked again and again; `waitedMs`: since the deed before. */
  readonly isDue: (world: World, waitedMs: number) => boolean;
  readonly act: (world: World) => void;
}

export const find = ({ cluster }: World, name: string): Stored | undefined =>
  cluster.find('OAuthClient', `${NAMESPACE}/${name}`);

interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
}

export const conditionOf = (object: Stored, type: string): Condition | undefined =>
  ((object.status?.['conditions'] ?? []) as unknown as readonly Condition[]).find(
    (condition) => condition.type === type,
  );

/** Everything that was asked for is done, as far as status says. */
export function isReady(object: Stored): boolean {
  const { status = {}, metadata } = object;
  const { annotations = {}, generation, deletionTimestamp } = metadata;
  return (
    deletionTimestamp === undefined &&
    status['observedGeneration'] === generation &&
    conditionOf(object, 'Ready')?.status === 'True' &&
    status['lastHandledRotateAt'] === annotations[ANNOTATIONS.rotateRequestedAt] &&
    status['lastHandledReconcileAt'] === annotations[ANNOTATIONS.reconcileRequestedAt]
  );
}

const PATIENCE_MS = 900_000;

/** When the client is ready, or not there; or when patience is at its end. */
export const whenReady = (name: string) => (world: World, waitedMs: number) => {
  const object = find(world, name);
  return object === undefined || isReady(object) || waitedMs > PATIENCE_MS;
};

export const after = (ms: number) => (_: World, waitedMs: number) => waitedMs >= ms;

const patch = (world: World, name: string, change: object) =>
  void world.cluster.patch(RESOURCES.oauthClient, { namespace: NAMESPACE, name }, change, BY);

export const deeds = {
  create:
    (name: string, clientName: string, more: object = {}) =>
    (world: World) =>
      void world.cluster.create(
        RESOURCES.oauthClient,
        {
          kind: 'OAuthClient',
          metadata: { name, namespace: NAMESPACE },
          spec: {
            authorizationServerRef: { kind: 'ClusterAuthorizationServer', name: 'corporate' },
            client: { clientName },
            secret: { name: `${name}-oauth` },
            deletionPolicy: 'Delete',
            replacement: { policy: 'Automatic', overlap: '1m' },
            ...more,
          },
          status: {
            conditions: [{ type: 'Ready', status: 'Unknown', reason: 'Queued', message: '' }],
          },
        } as Stored,
        BY,
      ),
  edit: (name: string, clientName: string) => (world: World) =>
    patch(world, name, { spec: { client: { clientName } } }),
  suspend: (name: string, suspend: boolean) => (world: World) => patch(world, name, { spec: { suspend } }),
  retain: (name: string, deletionPolicy: 'Retain' | 'Delete') => (world: World) =>
    patch(world, name, { spec: { deletionPolicy } }),
  rotate: (name: string, value: string) => (world: World) =>
    patch(world, name, { metadata: { annotations: { [ANNOTATIONS.rotateRequestedAt]: value } } }),
  reconcile: (name: string, value: string) => (world: World) =>
    patch(world, name, { metadata: { annotations: { [ANNOTATIONS.reconcileRequestedAt]: value } } }),
  remove: (name: string) => (world: World) =>
    void world.cluster.delete(RESOURCES.oauthClient, { namespace: NAMESPACE, name }, {}, BY),
  /** Takes the finalizers off an object that is being deleted. */
  force: (name: string) => (world: World) => {
    deeds.remove(name)(world);
    patch(world, name, { metadata: { finalizers: [] } });
  },
  removeSecret: (name: string) => (world: World) =>
    void world.cluster.delete(RESOURCES.secret, { namespace: NAMESPACE, name: `${name}-oauth` }, {}, BY),
  editSecret: (name: string) => (world: World) =>
    void world.cluster.patch(
      RESOURCES.secret,
      { namespace: NAMESPACE, name: `${name}-oauth` },
      { data: { client_secret: Buffer.from('edited').toString('base64') } },
      BY,
    ),
} as const;
