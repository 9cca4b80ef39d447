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

/** Everything that a decision about one OAuthClient rests on, gathered without a call. */
export interface Observation {
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly namespace: string;
  readonly name: string;
  readonly installation: Installation;
  /** The ledger is a copy of that of this installation, so that nothing here is this one's. */
  readonly heldFor: string | undefined;
  /** Absent when the watch shows no such object. */
  readonly object: ObservedClient | undefined;
  /** Since when, and whether the API server itself said that it doesn't exist. Only where `object` is absent. */
  readonly absence: Absence;
  readonly namespaceTerminating: boolean;
  /** Calls with an effect that were begun and whose end isn't settled. */
  readonly calls: readonly PendingCall[];
  /** What was read of this client and isn't recorded yet. `refused`: in the API server's words. */
  readonly unrecorded: { readonly refused: string | undefined } | undefined;
  /** Every record that names this object, also those of earlier objects of the same name. */
  readonly records: readonly RegistrationRecord[];
  readonly server: ObservedServer;
  /** The server objects that the records name, as far as there are objects of these names. */
  readonly servers: readonly PresentServer[];
  /** What `spec.secret` may not ask for: names of labels and annotations, or prefixes that end with `/`. */
  readonly reservedSecretMetadata: readonly string[];
  /** Name of the cluster, for placeholders. */
  readonly cluster: string;
  /** A software statement of the client's own: what it claims, or why it can't be read. */
  readonly statement: OwnStatement | Problem | undefined;
  /** uid of the namespace, to tell it from an earlier one of the same name. */
  readonly namespaceUid: string;
  /** Registrations of this object whose answers were lost and that are listed as suspected orphans. */
  readonly suspects: Suspects;
  /** Another object of this installation has the client of this object's first record, and had it before. */
  readonly rival: RegistrationRecord | undefined;
  /** When the client was last read, or since when it is known, in milliseconds since the epoch. */
  readonly readAt: number;
  /** The client that the spec wants to adopt: its credentials, or why they can't be had. */
  readonly adoptable: AdoptableClient | Problem | undefined;
  /**
   * Clients of the same server in the same namespace that may exist: in use, kept, still to be removed, left behind, and
   * those that are being registered. 0 where the server bounds none.
   */
  readonly clientsInNamespace: number;
  /** Of the namespace, at all servers of the same kind: clients whose object is gone and that may exist all the same. */
  readonly endedInNamespace: number;
  /** Workload Secrets that name this object. */
  readonly secrets: readonly ObservedSecret[];
  /** What went wrong before: at most one for each action and basis. */
  readonly setbacks: readonly Setback[];
}

/** A server object as it stands, with the connection that it gives. */
export interface PresentServer {
  readonly ref: ServerRef;
  readonly uid: string;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  /** Known also while the server can't be called; `undefined` where the spec can't be used. */
  readonly deletion: DeletionTerms | undefined;
  /** For a call about a client that is registered. */
  readonly view: ObservedServer;
}

interface Suspects {
  readonly count: number;
  /** When the last of them was sent, in milliseconds since the epoch. */
  readonly latestAt: number;
  /** Whether the server has answered a registration since, of whichever client. */
  readonly isOver: boolean;
}

export interface OwnStatement {
  readonly jwt: Sensitive;
  readonly claims: JsonObject;
}

/** A client that exists already, as its Secret tells of it. */
export interface AdoptableClient {
  readonly clientId: string;
  readonly clientSecret: Sensitive | undefined;
  readonly registrationAccessToken: Sensitive;
  readonly registrationClientUri: string;
  /** Changes with the Secret: what it brought before may have been wrong. */
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
  /** `undefined` where there are so many that they aren't kept: whoever changes them reads them first. */
  readonly finalizers: readonly string[] | undefined;
  readonly desired: DesiredClient;
  readonly status: OAuthClientStatus;
  /** Value of the annotation that asks for another try; of a long one, what `keptText` makes of it. So with the next. */
  readonly reconcileRequestedAt: string | undefined;
  /** Value of the annotation that asks for a new registration. */
  readonly rotateRequestedAt: string | undefined;
  /** Whether the client outlives the object; known also of a spec that can't be used. */
  readonly retained: boolean;
  readonly purpose: Purpose;
  /** Of an object of which less is kept than it has: whether its status says so already. See `lessOfClient`. */
  readonly isTold?: boolean;
  /** A person gives the client up: the annotation names this object's uid. */
  readonly abandoned: boolean;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  /** `Kind.group/name` of the Pods and Jobs that own the object. */
  readonly owners: readonly string[];
}

/** An OAuthClient as it is kept in memory. */
export interface ClientObject extends KubernetesObject {
  readonly observed: ObservedClient;
  /** Where less is kept of it: bytes of memory that all of it takes. */
  readonly takes?: number;
}

/** The spec, ready for use; or why it can't be used. */
export type DesiredClient =
  | {
      readonly valid: true;
      readonly spec: OAuthClientSpec;
      /** Of what the spec declares; see `declaredHash`. */
      readonly hash: string;
    }
  | {
      readonly valid: false;
      readonly problem: string;
      /** Default: `InvalidSpec`. */
      readonly reason?: 'NamespaceShareReached';
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
      readonly reason: Reason;
      readonly message: string;
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

export interface PendingCall {
  readonly attempt: string;
  readonly kind: CallKind;
  /** RFC 3339. */
  readonly startedAt: string;
  /**
   * `underWay`: another task, or an earlier holder of the lead whose deadline isn't past, may still be at it.
   * `interrupted`: nobody is at it any more, and its end was never recorded.
   */
  readonly state: 'underWay' | 'interrupted';
  /** The registration Secret that the call is about; for a registration, the one it will make. */
  readonly record: string;
}

export type SetbackAction =
  | 'Register'
  | 'Update'
  | 'Deregister'
  | 'Publish'
  | 'Bind'
  | 'Renew'
  | 'Read'
  | 'Adopt'
  | 'TakeOver'
  | 'Identify';

/** Why an action didn't succeed, and when it makes sense again. */
export interface Setback {
  readonly action: SetbackAction;
  /** `Terminal` needs a person; `Transient` passes. */
  readonly kind: 'Terminal' | 'Transient';
  readonly reason: Reason;
  readonly message: string;
  readonly attempts: number;
  /** Milliseconds since the epoch, of the first failure in a row. */
  readonly since: number;
  /** Milliseconds since the epoch; infinite where only another basis can help. */
  readonly retryAt: number;
  /** What the action was tried with; another basis is another try. */
  readonly basis: string;
  /** An earlier try ended without a readable answer: the server may have acted on it. */
  readonly ambiguous: boolean;
}
