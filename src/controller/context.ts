import type { KubernetesObject, Resource } from '../api/kubernetes.ts';
import type { ClientKey } from '../core/client-key.ts';
import type { DocumentHosting } from '../core/identification.ts';
import type { Installation } from '../core/installation.ts';
import type { ClientObject } from '../core/observation.ts';
import type { ServerObject } from '../core/server-object.ts';
import type { ServerRecordObject } from '../core/server-record.ts';
import type { UrlRules } from '../oauth/url.ts';
import type { EventRecorder } from './durable/events.ts';
import type { Ledger } from './durable/ledger.ts';
import type { Recorder } from './durable/recorder.ts';
import type { Orphans } from './durable/suspected-orphans.ts';
import type {
  AssertionTokens,
  AuthorizationServerHttp,
  Clock,
  Counters,
  Journal,
  JsonWebTokens,
  KubernetesApi,
  Lead,
  ListPods,
  Log,
} from './ports.ts';
import type { RegistrationObject, SecretObject } from './state/cached-objects.ts';
import type { Memory } from './state/client-memory.ts';
import type { CredentialCache, CredentialObject } from './state/credential-cache.ts';
import type { DefaultServers } from './state/default-servers.ts';
import type { Moves } from './state/moves.ts';
import type { NamespaceMemory } from './state/namespace-memory.ts';
import type { ObjectCache } from './state/object-cache.ts';
import type { RecordCount, RecordGroup } from './state/record-counts.ts';
import type { RefusedWrites } from './state/refused-writes.ts';
import type { ReusableTokens } from './state/reusable-tokens.ts';
import type { ServerRecords } from './state/server-records.ts';
import type { ServerRegistry } from './state/server-registry.ts';
import type { Slots } from './state/slots.ts';
import type { StatusWrites } from './state/status-writes.ts';

/** Dependencies and state of the controller's functions. */
export interface Context {
  readonly api: KubernetesApi;
  readonly http: AuthorizationServerHttp;
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly log: Log;
  readonly lead: Lead;
  readonly journal: Journal;
  readonly ledger: Ledger;
  readonly recorder: Recorder;
  readonly refusedWrites: RefusedWrites;
  readonly statusWrites: StatusWrites;
  readonly orphans: Orphans;
  /** The server records that this process wrote. */
  readonly serverRecords: ServerRecords;
  readonly events: EventRecorder;
  readonly counters: Counters;
  readonly memory: Memory;
  readonly servers: ServerRegistry;
  /** Clients that move from one server object to another. */
  readonly moves: Moves;
  /** Calls under way, by server. */
  readonly slots: Slots;
  readonly caches: Caches;
  /** Values of the Secrets that clients and server objects reference. */
  readonly credentials: CredentialCache;
  /** Requeues a client (`namespace/name`). */
  readonly wake: (client: ClientKey) => void;
  /** Why the API server refuses the watch of tenants' Secrets, in its words; `undefined`: it does not. */
  readonly whySecretsUnwatched: () => string | undefined;
  /** Memory that the objects of each namespace take. */
  readonly namespaceMemory: NamespaceMemory;
  readonly tokens: ReusableTokens;
  readonly jwt: JsonWebTokens;
  /** Absent where no cluster server is served. */
  readonly assertions?: AssertionTokens | undefined;
  /** Absent where nothing asks for Pods. */
  readonly listPods?: ListPods | undefined;
  readonly settings: Settings;
}

export interface Settings {
  readonly operatorNamespace: string;
  readonly installation: Pick<Installation, 'id' | 'name'>;
  /** Name of the cluster, for placeholders in defaults. */
  readonly cluster: string;
  readonly urlRules: UrlRules;
  /** Hosts that namespaced servers may use; `undefined`: any. */
  readonly namespacedServerHosts: readonly string[] | undefined;
  /** Audiences besides the issuer for which a ServiceAccount token may be issued; `undefined`: not known. */
  readonly assertionAudiences?: readonly string[] | undefined;
  /** Kinds that `spec.lifetime.boundTo` may name; `undefined`: not known. */
  readonly bindableKinds?: readonly Resource[] | undefined;
  /** Whether workloads are restarted; `undefined`: not known. */
  readonly mayRestart?: boolean | undefined;
  /** The only namespaces whose clients are reconciled; `undefined`: all. */
  readonly namespaces: readonly string[] | undefined;
  /** Labels and annotations that no OAuthClient may request for its Secret: names, or prefixes that end with `/`. */
  readonly reservedSecretMetadata: readonly string[];
  /** Absent: the install serves no documents. */
  readonly documents?: DocumentHosting | undefined;
  /** Share of each namespace in memory, in bytes. Default: {@link SHARES.namespaceMemoryBytes}. */
  readonly namespaceMemoryBytes?: number;
}

export interface Caches {
  /**
   * Index `account`: `namespace/name` of the ServiceAccount that `spec.credential` names. Count `references`: by the server
   * object that the spec names.
   */
  readonly clients: ObjectCache<ClientObject, 'account', 'references'>;
  /** Index `defaults`: by namespace. */
  readonly servers: ObjectCache<ServerObject, 'defaults'>;
  /** Index `defaults`: by `''`. */
  readonly clusterServers: ObjectCache<ServerObject, 'defaults'>;
  readonly defaults: DefaultServers;
  /**
   * Keys are names, since all are in the operator's namespace. Indexed by `namespace/name` of their OAuthClient, by server,
   * and by the names of `namesOfClient`; counted as `record-counts.ts` says.
   */
  readonly registrations: ObjectCache<
    RegistrationObject,
    'client' | 'sharedClient' | 'server',
    RecordCount,
    RecordGroup
  >;
  /** Keys are names. Indexed by server; counted by the namespace of the server. */
  readonly serverRecords: ObjectCache<ServerRecordObject, 'server', 'namespace'>;
  /** Indexed by `namespace/name` of their OAuthClient. */
  readonly secrets: ObjectCache<SecretObject, 'client'>;
  /** Metadata of the Secrets that carry the credential label. */
  readonly credentials: ObjectCache<CredentialObject>;
  readonly namespaces: ObjectCache<KubernetesObject>;
}
