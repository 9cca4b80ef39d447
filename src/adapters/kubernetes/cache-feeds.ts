import { type KubernetesObject, type ObjectMeta, RESOURCES, type Resource } from '../../api/kubernetes.ts';
import { ANNOTATIONS, LABELS } from '../../api/names.ts';
import type { Caches } from '../../controller/context.ts';
import type { Clock, Log } from '../../controller/ports.ts';
import { toRegistrationObject, toSecretObject } from '../../controller/state/cached-objects.ts';
import type { CredentialObject } from '../../controller/state/credential-cache.ts';
import type { ObjectCache } from '../../controller/state/object-cache.ts';
import type { TextPool } from '../../controller/state/text-pool.ts';
import { toClientObject } from '../../core/desired.ts';
import { toServerObject } from '../../core/server-object.ts';
import { SERVER_RECORD, toServerRecordObject } from '../../core/server-record.ts';
import { defined } from '../../oauth/objects.ts';
import type { UrlRules } from '../../oauth/url.ts';
import type { PagedApi } from './api.ts';
import type { Connection } from './connection.ts';
import { followNamespaces } from './namespaces.ts';
import type { RawObject, Selection } from './paths.ts';
import { createReflector, type Reflector } from './reflector.ts';
import type { WatchView, WatchViews } from './watch-health.ts';

/** The watches that feed the controller's caches. Of Secrets they get metadata only. */
export interface Watches {
  start(): void;
  /** Resolves when the first list of each watch is in the caches. */
  readonly synced: Promise<unknown>;
  stop(): Promise<void>;
  /** Each watch by its name, as it is now. */
  readonly views: () => WatchViews;
}

interface Options {
  readonly connection: Connection;
  readonly api: PagedApi;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  readonly operatorNamespace: string;
  /** The only watched namespaces; the operator has no rights in others. `undefined`: all. */
  readonly namespaces: readonly string[] | undefined;
  readonly urlRules: UrlRules;
  /** The text pool that the caches share. */
  readonly texts: TextPool;
}

// biome-ignore lint/complexity/noExcessiveLinesPerFunction: the table of all watches, by one resource per line
export function createWatches(caches: Caches, options: Options): Watches {
  const { operatorNamespace: namespace, namespaces, urlRules, clock, texts } = options;
  const follow = <T extends KubernetesObject>(
    cache: ObjectCache<T>,
    resource: Resource,
    transform: (raw: RawObject) => T,
    selection: Selection = {},
  ): Reflector => {
    const handlers = handlersOf(cache, selection.namespace);
    const kept = (raw: RawObject) => texts.share(transform(raw));
    return createReflector<T>({ ...options, resource, selection, transform: kept, handlers });
  };
  /** One watch for all namespaces, or one for each listed namespace. */
  const followTenants = <T extends KubernetesObject>(
    name: string,
    cache: ObjectCache<T>,
    resource: Resource,
    transform: (raw: RawObject) => T,
    selection: Selection = {},
  ): readonly (readonly [string, Reflector])[] =>
    namespaces === undefined
      ? [[name, follow(cache, resource, transform, selection)]]
      : namespaces.map((tenant) => [
          `${name} of ${tenant}`,
          follow(cache, resource, transform, { ...selection, namespace: tenant }),
        ]);
  const labelled = (label: string, value = 'true') => ({ labelSelector: `${label}=${value}` });
  const metadataOnly = true;

  const toServer = (raw: RawObject) => toServerObject('AuthorizationServer', raw, urlRules);
  const toClusterServer = (raw: RawObject) => toServerObject('ClusterAuthorizationServer', raw, urlRules);
  const ofCluster: readonly (readonly [string, Reflector])[] =
    namespaces === undefined
      ? [
          ['namespaces', follow(caches.namespaces, RESOURCES.namespace, toNamespace, { metadataOnly })],
          [
            'clusterauthorizationservers',
            follow(caches.clusterServers, RESOURCES.clusterAuthorizationServer, toClusterServer),
          ],
        ]
      : [
          [
            'namespaces',
            followNamespaces([...namespaces, namespace], handlersOf(caches.namespaces), toNamespace, options),
          ],
        ];
  const credential = { ...labelled(LABELS.credential), metadataOnly };
  const workload = { ...labelled(LABELS.workload), metadataOnly };
  const registration = { ...labelled(LABELS.registration), metadataOnly, namespace };
  const serverRecord = { ...labelled(LABELS.registration, SERVER_RECORD), metadataOnly, namespace };
  const reflectors = new Map<string, Reflector>([
    ...ofCluster,
    ...followTenants('credentials', caches.credentials, RESOURCES.secret, toCredentialObject, credential),
    ...followTenants('authorizationservers', caches.servers, RESOURCES.authorizationServer, toServer),
    ['registrations', follow(caches.registrations, RESOURCES.secret, toRegistrationObject, registration)],
    ['serverrecords', follow(caches.serverRecords, RESOURCES.secret, toServerRecordObject, serverRecord)],
    ...followTenants('workloadsecrets', caches.secrets, RESOURCES.secret, toSecretObject, workload),
    ...followTenants('oauthclients', caches.clients, RESOURCES.oauthClient, toClientObject),
  ]);
  const all = [...reflectors.values()];
  const synced = new Set<Reflector>();
  for (const reflector of all) {
    void reflector.synced.then(() => synced.add(reflector));
  }
  const viewOf = (reflector: Reflector): WatchView => {
    const now = clock.monotonic();
    const refused = reflector.lastRefusal?.();
    return {
      silentMs: now - reflector.lastActivity(),
      isSynced: synced.has(reflector),
      refused: refused && { agoMs: now - refused.at, message: refused.message, cure: refused.cure },
    };
  };
  return {
    start: () => all.forEach((reflector) => void reflector.start()),
    synced: Promise.all(all.map(({ synced }) => synced)),
    stop: async () => void (await Promise.all(all.map((reflector) => reflector.stop()))),
    views: () => new Map([...reflectors].map(([name, reflector]) => [name, viewOf(reflector)])),
  };
}

const handlersOf = <T extends KubernetesObject>(cache: ObjectCache<T>, namespace?: string) => ({
  knows: (metadata: ObjectMeta) => cache.knows(metadata),
  listed: (object: T) => cache.applied(object),
  replaced: (objects: readonly KubernetesObject[], resourceVersion: string) =>
    cache.keepOnly(objects, resourceVersion, namespace),
  applied: (object: T) => cache.applied(object),
  deleted: (object: T) => cache.deleted(object),
});

/** Keeps one annotation only: the operator reads it from its own namespace. Tenants can't annotate namespaces. */
export function toNamespace({ metadata }: RawObject): KubernetesObject {
  const { name, uid = '', resourceVersion = '', labels = {}, deletionTimestamp } = metadata;
  const continues = metadata.annotations?.[ANNOTATIONS.continues];
  const annotations = continues === undefined ? undefined : { [ANNOTATIONS.continues]: continues };
  return { metadata: defined({ name, uid, resourceVersion, labels, annotations, deletionTimestamp }) };
}

/** A Secret with the credential label, as it is watched. */
export function toCredentialObject({ metadata }: RawObject): CredentialObject {
  const { name, namespace = '', uid = '', resourceVersion = '', labels } = metadata;
  return {
    metadata: { name, namespace, uid, resourceVersion },
    isRegistration: labels?.[LABELS.registration] !== undefined,
  };
}
