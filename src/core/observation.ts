import type { KubernetesObject } from '../api/kubernetes.ts';
import type { OAuthClientSpec, OAuthClientStatus } from '../api/oauth-client.ts';
import type { Reason } from '../api/reasons.ts';
import type { Endpoints } from '../oauth/discovery.ts';
import type { JsonObject } from '../oauth/json.ts';
import type { Sensitive } from '../oauth/sensitive.ts';
import type { DeletionTerms, ServerConnection } from './connection.ts';
import type { Installation } from './installation.ts';
import type { Problem } from './problem.ts';
import type { Purpose, RegistrationRecord, ServerRef } from './record.ts';
import type { ObservedSecret } from './workload-secret.ts';

/** All facts for a decision about one OAuthClient, gathered without a call. */
export interface Observation {
  /** The API server's time, in milliseconds since the epoch. */
  readonly now: number;
  /** The earlier of the API server's time and this machine's. An object ends only when both say so. */
  readonly earliest: number;
  readonly namespace: string;
  readonly name: string;
  readonly installation: Installation;
  /** Id of the installation whose ledger was copied to this one, which then manages nothing here. */
  readonly heldFor: string | undefined;
  /** Absent when the watch shows no such object. */
  readonly object: ObservedClient | undefined;
  /**
   * Since when the object is absent, and whether the API server confirmed that. Only valid where `object` is absent.
   */
  readonly absence: Absence;
  readonly namespaceTerminating: boolean;
  /** Calls with an effect that were begun and whose end isn't settled. */
  readonly calls: readonly PendingCall[];
  /**
   * An answer about this client that isn't recorded yet. `refused`: why the API server refused the record, in its
   * words.
   */
  readonly unrecorded: { readonly refused: string | undefined } | undefined;
  /** Every record that names this object, also those of earlier objects of the same name. */
  readonly records: readonly RegistrationRecord[];
  /** What a newer version of the operator wrote about this object, for people; `undefined`: nothing. */
  readonly newer: string | undefined;
  readonly server: ObservedServer;
  /** `server` is one whose clients move to another, or the one that they move to. `undefined`: neither. */
  readonly migration: ObservedMigration | undefined;
  /** The server objects that the records name, where objects of these names exist. */
  readonly servers: readonly PresentServer[];
  /** What `spec.secret` may not ask for: names of labels and annotations, or prefixes that end with `/`. */
  readonly reservedSecretMetadata: readonly string[];
  /** What `spec.lifetime.boundTo` may name, as `Kind.group`; `undefined`: not known. */
  readonly bindableKinds?: readonly string[] | undefined;
  /** Name of the cluster, for placeholders. */
  readonly cluster: string;
  /** A software statement of the client's own: what it claims, or why it can't be read. */
  readonly statement: OwnStatement | Problem | undefined;
  /** uid of the namespace, which distinguishes it from an earlier one of the same name. */
  readonly namespaceUid: string;
  /** Registrations of this object whose answers were lost and that are listed as suspected orphans. */
  readonly suspects: Suspects;
  /** Records of other objects, in use or retained, whose client is that of a record of this object. */
  readonly namesakes: readonly Namesake[];
  /** When the client was last read, or since when it is known, in milliseconds since the epoch. */
  readonly readAt: number;
  /** What the server's last answers said about whether it knows the client; `undefined`: nothing since the start. */
  readonly heard: Heard | undefined;
  /** What a token endpoint last answered this process about the client's credential; `undefined`: it was not asked. */
  readonly probe: ProbeAnswer | undefined;
  /** What the document was last fetched for; see `documentBasis`. `undefined`: it was not, since the start. */
  readonly documentChecked?: string | undefined;
  /** What this process restarted workloads for; `undefined`: nothing since the start. */
  readonly restarted?: RestartsDone | undefined;
  /** Which Pods were seen to use the Secret since before a new credential, at most one entry for each former one. */
  readonly users?: readonly FormerUsers[] | undefined;
  /** Whether this installation restarts workloads, and lists their Pods; `undefined`: not known. */
  readonly mayRestart?: boolean | undefined;
  /** When this process began to reconcile clients, in milliseconds since the epoch. */
  readonly startedAt: number;
  /** The client that the spec wants to adopt: its credentials, or why they can't be read. */
  readonly adoptable: AdoptableClient | Problem | undefined;
  /**
   * Clients of the same server in the same namespace that may exist: in use, kept, still to be removed, left behind, and
   * those that are being registered. 0 where the server bounds none.
   */
  readonly clientsInNamespace: number;
  /** Clients of the namespace, at all servers of the same kind, whose object is gone and that may still exist. */
  readonly endedInNamespace: number;
  /**
   * Name of the OAuthClient of this namespace that has the ServiceAccount of `spec.credential` at the same server already.
   * Absent: none has.
   */
  readonly accountHolder?: string | undefined;
  /** Workload Secrets that name this object. */
  readonly secrets: readonly ObservedSecret[];
  /** Earlier failures: at most one for each action and basis. */
  readonly setbacks: readonly Setback[];
  /** Calls with an effect that this process sent for this object, except registrations that are recorded. */
  readonly sentCalls: readonly RecentCall[];
}

/** The Pods that have used the Secret since before the new credential. */
export interface FormerUsers {
  /** What retires; see `Retirement.id`. */
  readonly of: string;
  /** Names, sorted. */
  readonly pods: readonly string[];
  /** When they were listed, in milliseconds since the epoch. */
  readonly at: number;
  /** The annotation that requests a retry, as it was then. */
  readonly request?: string | undefined;
}

/** The last credential for which all workloads that a spec names were restarted. */
export interface RestartsDone {
  /** Identifies the credential. */
  readonly credential: string;
  /** RFC 3339: when the last workload was restarted for it. */
  readonly at: string;
}

/** What the last answers about a client said about whether the server knows it. */
export interface Heard {
  /** Of the client that was asked about. */
  readonly registrationSecret: string;
  /** How many answers in a row said that the server doesn't know the client. 0: it knows it. */
  readonly forgotten: number;
  /** What the server said, as one sentence without a full stop. */
  readonly message: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

export type VerificationResult = NonNullable<OAuthClientStatus['verification']>['result'];

/** An answer of a token endpoint about the credential of a client. */
export interface ProbeAnswer {
  /** See `credentialVersion`. */
  readonly credential: string;
  readonly result: VerificationResult;
  /** The request of a person that was there when it was asked; `undefined`: none, or by an earlier process. */
  readonly request?: string | undefined;
  /** How often the server said so in a row. */
  readonly times: number;
  /** One or two sentences. */
  readonly message: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** A record of another object with a client of this one. */
export interface Namesake {
  readonly record: RegistrationRecord;
  /** Whether its object is there and not being deleted. */
  readonly isLive: boolean;
}

/** A server object in its current state, with its connection. */
export interface PresentServer {
  readonly ref: ServerRef;
  readonly uid: string;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  /** Known also while the server can't be called; `undefined` where the spec can't be used. */
  readonly deletion: DeletionTerms | undefined;
  /** Where its clients move; `undefined`: nowhere. */
  readonly migration: { readonly to: ServerRef; readonly overlap?: string | undefined } | undefined;
  /** For a call about a client that is registered. */
  readonly view: ObservedServer;
}

/** The migration of the server object that the client refers to, as it concerns this client. */
export interface ObservedMigration {
  readonly from: ServerRef;
  readonly to: ServerRef;
  /**
   * `Waiting`: the client has no turn, so it stays where it is. `Moving`: it has its turn. `Moved`: it is at the new server,
   * or has no client yet and gets one there.
   */
  readonly state: 'Waiting' | 'Moving' | 'Moved';
  /** The new server, as this client may use it. */
  readonly target: ObservedServer;
  /** Clients that the namespace has at the new server, and those that are to come; 0 where that server bounds none. */
  readonly clientsInNamespace: number;
  /** See `moveVerdict`; absent: not found out in this round. */
  readonly verdict?: 'Fits' | 'Unknown' | Problem;
}

interface Suspects {
  readonly count: number;
  /** When the last of them was sent, in milliseconds since the epoch. */
  readonly latestAt: number;
  /** Whether the server has answered a registration of any client since. */
  readonly isOver: boolean;
}

export interface OwnStatement {
  readonly jwt: Sensitive;
  readonly claims: JsonObject;
  /** Changes with the value. */
  readonly version: string;
}

/** A client that exists already, as its Secret describes it. */
export interface AdoptableClient {
  readonly clientId: string;
  readonly clientSecret: Sensitive | undefined;
  readonly registrationAccessToken: Sensitive;
  readonly registrationClientUri: string;
  /** Changes with the values, so that corrected credentials are tried again. */
  readonly version: string;
}

export interface Absence {
  /** Milliseconds since the epoch. */
  readonly since: number;
  readonly proven: boolean;
}

export interface ObservedClient {
  readonly uid: string;
  readonly generation: number;
  readonly resourceVersion: string;
  readonly deleting: boolean;
  readonly hasFinalizer: boolean;
  /** `undefined` where there are too many to be kept: a step that changes them reads them from the API server first. */
  readonly finalizers: readonly string[] | undefined;
  readonly desired: DesiredClient;
  readonly status: OAuthClientStatus;
  /** Value of the annotation that requests a retry; `keptText` shortens it, as it does the next one. */
  readonly reconcileRequestedAt: string | undefined;
  /** Value of the annotation that requests a new registration. */
  readonly rotateRequestedAt: string | undefined;
  /** An annotation with the prefix `oauth-registrar.dev/` that means nothing. */
  readonly unknownAnnotation?: string;
  /** Whether the client outlives the object; known also of a spec that can't be used. */
  readonly retained: boolean;
  readonly purpose: Purpose;
  /** Where only a part of the object is kept: whether its status already reports that. See `lessOfClient`. */
  readonly isTold?: boolean;
  /** A person gives the client up: the annotation names this object's uid. */
  readonly abandoned: boolean;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  /** `Kind.group/name` of the Pods and Jobs that own the object, and of the owner that the spec names. */
  readonly owners: readonly string[];
}

/** An OAuthClient as it is kept in memory. */
export interface ClientObject extends KubernetesObject {
  readonly observed: ObservedClient;
  /** Where only a part of the object is kept: bytes of memory that the whole object takes. */
  readonly takes?: number;
}

/** The spec, ready for use; or why it can't be used. */
export type DesiredClient =
  | {
      readonly valid: true;
      readonly spec: OAuthClientSpec;
      /** Hash of what the spec declares; see `declaredHash`. */
      readonly hash: string;
    }
  | {
      readonly valid: false;
      readonly problem: string;
      /** Default: `InvalidSpec`. */
      readonly reason?: 'NamespaceShareReached' | 'WrittenByNewerVersion';
    };

/** The server as this client may use it. */
export type ObservedServer =
  | {
      readonly available: true;
      readonly ref: ServerRef;
      readonly connection: ServerConnection;
      /** Whether the server's state permits a call at this moment. */
      readonly gate: Gate;
      /** Whether it permits a registration, where `gate` is about an update. */
      readonly registerGate?: Gate | undefined;
    }
  | {
      readonly available: false;
      /** Absent where the spec names no server and there is no default. */
      readonly ref?: ServerRef | undefined;
      readonly reason: Reason;
      readonly message: string;
      /** Whom tenants ask; `spec.contact` of the server object. */
      readonly contact?: string | undefined;
      /** Known from earlier: Secrets can be rendered though the server can't be called. */
      readonly endpoints: Endpoints | undefined;
    };

export type Gate =
  | { readonly open: true }
  | {
      readonly open: false;
      readonly reason: Reason;
      readonly message: string;
      /** Milliseconds since the epoch, where the gate opens by itself. */
      readonly until?: number | undefined;
    };

export type CallKind = 'Register' | 'Update' | 'Read' | 'Deregister';

/** A call that had an effect or may have had one. */
export interface RecentCall {
  readonly kind: 'Register' | 'Update';
  readonly attempt: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

export interface PendingCall {
  readonly attempt: string;
  readonly kind: CallKind;
  /** RFC 3339. */
  readonly startedAt: string;
  /**
   * `underWay`: another task, or a former leader whose deadline isn't over, may still make the call. `interrupted`:
   * nobody makes the call any more, and its end was never recorded.
   */
  readonly state: 'underWay' | 'interrupted';
  /** The registration Secret that the call is about; for a registration, the one it will make. */
  readonly registrationSecret: string;
  /** A registration at the operator itself: what it may have left is a document, and no server has a client of it. */
  readonly isOwn?: true | undefined;
}

export type SetbackAction =
  | 'Register'
  | 'Update'
  | 'Deregister'
  | 'Publish'
  | 'Render'
  | 'Restart'
  | 'CheckDocument'
  | 'PrimeDocument'
  | 'FindUsers'
  | 'Bind'
  | 'Renew'
  | 'Read'
  | 'Adopt'
  | 'TakeOver'
  | 'Identify'
  | 'Verify';

/** Why an action didn't succeed, and when to retry it. */
export interface Setback {
  readonly action: SetbackAction;
  /** `Terminal` needs a person; `Transient` passes. */
  readonly kind: 'Terminal' | 'Transient';
  readonly reason: Reason;
  readonly message: string;
  readonly attempts: number;
  /** Milliseconds since the epoch, of the first failure in a row. */
  readonly since: number;
  /** Milliseconds after `since` in which nothing could be tried. Default: 0. */
  readonly uncountedMs?: number;
  /** Milliseconds since the epoch; infinite where only another basis can help. */
  readonly retryAt: number;
  /** What the action was tried with. A setback holds only for the same basis. */
  readonly basis: string;
  /** An earlier try ended without a readable answer: the server may have acted on it. */
  readonly ambiguous: boolean;
  /** RFC 3339: when an earlier process was refused, as status says. Absent where this process was. */
  readonly refusedAt?: string;
  /** With `refusedAt`: before this time, another request waits, too; in milliseconds since the epoch. */
  readonly spreadUntil?: number;
  /** How often in a row the token endpoint refused the client's own credential; see `Failure.isOwnRefusal`. Default: 0. */
  readonly ownRefusals?: number;
  /** When the failure was stored, in milliseconds since the epoch. */
  readonly at?: number;
  /** The server was the cause, so the action is retried as soon as the server answers again. Default: false. */
  readonly awaitsServer?: boolean;
}
