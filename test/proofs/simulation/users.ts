import { RESOURCES } from '../../../src/api/kubernetes.ts';
import { ANNOTATIONS } from '../../../src/api/names.ts';
import type { Stored } from '../../kit/fakes/cluster.ts';
import { ISSUER } from './authorization-server.ts';
import { podsOf } from './in-use.ts';
import { serverObject, specOf, type World } from './world.ts';

/** People: what they do and what they see. They call the API server directly. */

const NAMESPACE = 'shop';
const BY = 'user';

export interface Deed {
  readonly name: string;
  /** Delay after the former deed; by default, at most {@link PATIENCE_MS}. */
  readonly afterMs?: number;
  /** Wait until this client is ready, or doesn't exist. */
  readonly whenReady?: string;
  readonly act: (world: World) => void;
}

const find = ({ cluster }: World, name: string): Stored | undefined =>
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

/** Whether everything is done that the spec wants, by status. */
export function isReady(object: Stored): boolean {
  const { status = {}, metadata } = object;
  const { annotations = {}, generation, deletionTimestamp } = metadata;
  return (
    deletionTimestamp === undefined &&
    status['observedGeneration'] === generation &&
    conditionOf(object, 'Ready')?.status === 'True' &&
    conditionOf(object, 'Reconciling') === undefined &&
    conditionOf(object, 'Stalled') === undefined &&
    conditionOf(object, 'Paused') === undefined &&
    status['lastHandledRotateAt'] === annotations[ANNOTATIONS.rotateRequestedAt] &&
    status['lastHandledReconcileAt'] === annotations[ANNOTATIONS.reconcileRequestedAt]
  );
}

/** After this time people continue, although a client isn't ready. */
const PATIENCE_MS = 900_000;

/**
 * Does one deed after another.
 *
 * @returns a function to call before each event: whether all deeds are done
 */
export function perform(world: World, script: readonly Deed[]): () => boolean {
  const { scheduler } = world;
  let done = 0;
  let version: string | undefined;
  world.parts.push(() => {
    const was = { done, version, cancel };
    return () => {
      ({ done, version, cancel } = was);
    };
  });
  const wait = () => scheduler.after(script[done]?.afterMs ?? PATIENCE_MS, act);
  function act() {
    const deed = script[done];
    world.trace(undefined, `user: ${deed?.name}`);
    deed?.act(world);
    done += 1;
    version = undefined;
    cancel = wait();
  }
  let cancel = wait();
  return () => {
    const name = script[done]?.whenReady;
    if (name !== undefined && version !== world.cluster.version) {
      version = world.cluster.version;
      const object = find(world, name);
      if (object === undefined || isReady(object)) {
        cancel();
        act();
      }
    }
    if (done === script.length) {
      cancel();
    }
    return done === script.length;
  };
}

const patch = (world: World, name: string, change: object) =>
  void world.cluster.patch(RESOURCES.oauthClient, { namespace: NAMESPACE, name }, change, BY);

/** What an edit changes: in Keycloak's form, the name of the client carries the attempt. */
const named = ({ conditions }: World, name: string): object =>
  conditions.behaviour.isKeycloak === true
    ? { clientUri: `https://${name}.example.com` }
    : { clientName: name };

function credentialOf({ conditions: { credential, sharesAccount } }: World, name: string): object {
  switch (credential) {
    case 'generatedKey':
      return { credential: { generatedKey: {} } };
    case 'serviceAccount':
      return { credential: { serviceAccount: { name: sharesAccount === true ? 'storefront' : name } } };
    default:
      return {};
  }
}

const machine = ({ conditions: { credential } }: World): object =>
  credential === undefined ? {} : { grantTypes: ['client_credentials'], responseTypes: [], redirectUris: [] };

interface MoreOfClient {
  /** A Deployment of the same name is restarted for each new credential. */
  readonly follows?: boolean;
  /** `replacement.retire` */
  readonly retire?: 'AfterOverlap' | 'WhenUnused';
}

export const deeds = {
  create:
    (
      name: string,
      clientName: string,
      { follows = false, retire = 'AfterOverlap', ...more }: MoreOfClient & object = {},
    ) =>
    (world: World) => {
      if (follows) {
        const template = { metadata: { annotations: { team: 'shop' } } };
        const deployment = {
          kind: 'Deployment',
          metadata: { name, namespace: NAMESPACE },
          spec: { template },
        };
        world.cluster.create(RESOURCES.deployment, deployment, BY);
      }
      world.cluster.create(
        RESOURCES.oauthClient,
        {
          kind: 'OAuthClient',
          metadata: { name, namespace: NAMESPACE },
          spec: {
            authorizationServerRef: { kind: 'ClusterAuthorizationServer', name: 'corporate' },
            client: { ...machine(world), ...named(world, clientName) },
            ...credentialOf(world, name),
            secret: { name: `${name}-oauth` },
            deletionPolicy: 'Delete',
            replacement: { onEdit: 'Automatic', overlap: '1m', retire },
            ...(follows ? { rolloutRestartTargets: [{ kind: 'Deployment', name }] } : {}),
            ...more,
          },
          status: {
            conditions: [{ type: 'Ready', status: 'Unknown', reason: 'Queued', message: '' }],
          },
        } as Stored,
        BY,
      );
    },
  edit: (name: string, clientName: string) => (world: World) =>
    patch(world, name, { spec: { client: named(world, clientName) } }),
  /** `undefined`: the spec no longer names a server. */
  refer: (name: string, server: string | undefined) => (world: World) =>
    patch(world, name, {
      spec: {
        authorizationServerRef:
          server === undefined ? null : { kind: 'ClusterAuthorizationServer', name: server },
      },
    }),
  /** Another server object gets the name. */
  replaceServer: (name: string, issuer: string) => (world: World) => {
    const { clusterAuthorizationServer: resource } = RESOURCES;
    world.cluster.delete(resource, { name }, {}, BY);
    const more = issuer === ISSUER ? specOf(world.conditions) : {};
    const object = { kind: resource.kind, ...serverObject(name, issuer, more) };
    world.cluster.create(resource, object as never, BY);
  },
  /** The clients of the first server move to this one; `undefined`: no longer. */
  migrate:
    (to: string | undefined, isSuspended = false) =>
    (world: World) =>
      void world.cluster.patch(
        RESOURCES.clusterAuthorizationServer,
        { name: 'corporate' },
        {
          spec: {
            migration:
              to === undefined
                ? null
                : {
                    to: { kind: 'ClusterAuthorizationServer', name: to },
                    maxConcurrent: 1,
                    overlap: '1m',
                    suspend: isSuspended,
                  },
          },
        },
        BY,
      ),
  suspend: (name: string, suspend: boolean) => (world: World) => patch(world, name, { spec: { suspend } }),
  retain: (name: string, deletionPolicy: 'Retain' | 'Delete') => (world: World) =>
    patch(world, name, { spec: { deletionPolicy } }),
  rotate: (name: string, value: string) => (world: World) =>
    patch(world, name, { metadata: { annotations: { [ANNOTATIONS.rotateRequestedAt]: value } } }),
  reconcile: (name: string, value: string) => (world: World) =>
    patch(world, name, { metadata: { annotations: { [ANNOTATIONS.reconcileRequestedAt]: value } } }),
  /** A Pod that uses the Secret of the client runs from now on. */
  startPod: (name: string) => (world: World) => {
    const containers = [{ name: 'app', envFrom: [{ secretRef: { name: `${name}-oauth` } }] }];
    const pod = {
      kind: 'Pod',
      metadata: { name: `${name}-pod-${world.cluster.version}`, namespace: NAMESPACE },
      spec: { containers },
      status: { phase: 'Running', startTime: world.time() },
    };
    world.cluster.create(RESOURCES.pod, pod as never, BY);
  },
  stopPods: (name: string) => (world: World) => {
    for (const { metadata } of podsOf(world, name)) {
      world.cluster.delete(RESOURCES.pod, metadata, {}, BY);
    }
  },
  remove: (name: string) => (world: World) =>
    void world.cluster.delete(RESOURCES.oauthClient, { namespace: NAMESPACE, name }, {}, BY),
  /** Removes the finalizers of an object that is being deleted. */
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
