import type { OAuthClientSpec, OAuthClientStatus } from '../api/oauth-client.ts';
import type { Reason } from '../api/reasons.ts';
import type { Endpoints } from '../oauth/discovery.ts';
import type { JsonObject } from '../oauth/json.ts';
import type { Sensitive } from '../oauth/sensitive.ts';
import type { RegistrationRecord, ServerRef } from './record.ts';
import type { ObservedSecret } from './workload-secret.ts';

/** Everything that a decision about one OAuthClient rests on, gathered without a call. */
export interface Observation {
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly namespace: string;
  readonly name: string;
  /** Identifies this installation of the operator. */
  readonly installation: string;
  /** Absent when the watch shows no such object. */
  readonly object: ObservedClient | undefined;
  /** Since when, and whether the API server itself said that it doesn't exist. Only where `object` is absent. */
  readonly absence: Absence;
  readonly namespaceTerminating: boolean;
  /** Calls with an effect that were begun and whose end isn't settled. */
  readonly calls: readonly PendingCall[];
  /** Every record that names this object, also those of earlier objects of the same name. */
  readonly records: readonly RegistrationRecord[];
  readonly server: ObservedServer;
  /** Workload Secrets that name this object. */
  readonly secrets: readonly ObservedSecret[];
  /** What went wrong before: at most one for each action and basis. */
  readonly setbacks: readonly Setback[];
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
  /** Milliseconds since the epoch. */
  readonly deletingSince: number | undefined;
  readonly hasFinalizer: boolean;
  readonly finalizers: readonly string[];
  readonly desired: DesiredClient;
  readonly status: OAuthClientStatus;
  /** Value of the annotation that asks for another try. */
  readonly reconcileRequestedAt: string | undefined;
}

/** The spec, ready for use; or why it can't be used. */
export type DesiredClient =
  | {
      readonly valid: true;
      readonly spec: OAuthClientSpec;
      /** The document to register, under wire names. */
      readonly document: JsonObject;
      readonly hash: string;
    }
  | { readonly valid: false; readonly problem: string };

/** The server as this client may use it. */
export type ObservedServer =
  | {
      readonly available: true;
      readonly ref: ServerRef;
      readonly connection: ServerConnection;
      /** Whether the server's state permits a call at this moment. */
      readonly gate: Gate;
    }
  | {
      readonly available: false;
      readonly reason: Reason;
      readonly message: string;
      /** Known from earlier: Secrets can be rendered though the server can't be called. */
      readonly endpoints: Endpoints | undefined;
    };

export interface ServerConnection {
  readonly issuer: string;
  readonly registrationEndpoint: string;
  readonly endpoints: Endpoints;
  /** Sent with a registration; `undefined` where the endpoint is open. */
  readonly initialAccessToken: Sensitive | undefined;
  readonly allowedOrigins: readonly string[];
  readonly timeoutMs: number;
  /** Calls under way at one time. */
  readonly maxInFlight: number;
  /** Changes with the server's spec, endpoints and credential: what failed for good before may work now. */
  readonly version: string;
}

export type Gate =
  | { readonly open: true }
  | { readonly open: false; readonly reason: Reason; readonly message: string };

export type CallKind = 'Register' | 'Update' | 'Deregister';

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

export type SetbackAction = 'Register' | 'Update' | 'Deregister' | 'Publish';

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
