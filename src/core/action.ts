import type { OAuthClientSpec } from '../api/oauth-client.ts';
import type { Reason } from '../api/reasons.ts';
import type { JsonObject } from '../oauth/json.ts';
import type { ServerConnection } from './connection.ts';
import type { Substitution } from './drift.ts';
import type { Home, RecordAtServer } from './home.ts';
import type { UsableClient } from './narrowed.ts';
import type {
  AdoptableClient,
  ObservedClient,
  OwnStatement,
  PendingCall,
  PresentServer,
  Setback,
} from './observation.ts';
import type { RecordRole, RegistrationRecord, ServerRef } from './record.ts';
import type { ObservedSecret, WantedSecret } from './workload-secret.ts';

/** What to do next, and why. */
export type Action = Step | Idle;

/** An action, and the name of the finding that it follows from. */
export type Decision = Action & { readonly finding: string };

/** Why a step is taken, in one sentence for people: the log and a dry run print the same words. */
interface Explained {
  readonly message: string;
}

export type Step = Explained & StepKind;

type StepKind =
  | { readonly type: 'ReportOrphan'; readonly call: PendingCall }
  | { readonly type: 'SettleCall'; readonly call: PendingCall }
  | { readonly type: 'ConfirmAbsence' }
  | { readonly type: 'AddFinalizer'; readonly object: ObservedClient }
  /** `managedBy`: the installation that has the client, where that isn't this one. */
  | { readonly type: 'RemoveFinalizer'; readonly object: ObservedClient; readonly managedBy?: string }
  | RegisterStep
  | UpdateStep
  | DeregisterStep
  | {
      readonly type: 'Release';
      readonly record: RegistrationRecord;
      readonly role: RecordRole;
      readonly setback: Setback;
    }
  /** The record of a client that was left behind ends with its namespace. */
  | { readonly type: 'Forget'; readonly record: RegistrationRecord }
  | PublishStep
  | ReadStep
  | AdoptStep
  | TakeOverStep
  /** The client outlives the object, which may be gone already. */
  | {
      readonly type: 'Retain';
      readonly object: ObservedClient | undefined;
      readonly record: RegistrationRecord;
    }
  /** The record learns which server object it is of: one that an earlier version wrote doesn't say. */
  | { readonly type: 'Identify'; readonly record: RegistrationRecord; readonly server: PresentServer }
  /** The record is this installation's from now on. */
  | { readonly type: 'Claim'; readonly record: RegistrationRecord; readonly installation: string }
  /** The record learns whether the client outlives its object. */
  | { readonly type: 'NotePolicy'; readonly record: RegistrationRecord; readonly retain: boolean }
  | { readonly type: 'BindToOwner'; readonly object: ObservedClient; readonly owner: BoundTo }
  | { readonly type: 'DeleteObject'; readonly object: ObservedClient }
  | { readonly type: 'RemoveSecret'; readonly secret: ObservedSecret };

export interface RegisterStep extends Explained {
  readonly type: 'Register';
  readonly object: UsableClient;
  /** What to send, of a software statement its claims. */
  readonly document: JsonObject;
  readonly withheld: readonly Substitution[];
  readonly statement: OwnStatement | undefined;
  readonly hash: string;
  readonly ref: ServerRef;
  readonly connection: ServerConnection;
  readonly basis: string;
  /** The record whose client the new one takes the place of. */
  readonly replaces: RegistrationRecord | undefined;
}

export interface UpdateStep extends Explained {
  readonly type: 'Update';
  /** Absent: of a client that outlived its object. */
  readonly object: UsableClient | undefined;
  readonly at: RecordAtServer;
  /** What is to be registered; absent: what was last sent, with the keys that it has. */
  readonly document: JsonObject | undefined;
  readonly withheld: readonly Substitution[];
  readonly statement: OwnStatement | undefined;
  /** What becomes of the keys that the operator makes: nothing, a new one takes over, or the one before goes. */
  readonly keys: 'Keep' | 'Rotate' | 'Retire';
  /**
   * `Expires`: sent even if nothing changed, so that the server renews what it lets expire. `Unanswered`: an update got
   * no answer, and what it asked for is no longer wanted, so that nobody knows what is registered.
   */
  readonly because: 'Edited' | 'KeyIsDue' | 'Expires' | 'Unanswered';
  readonly hash: string;
  readonly basis: string;
}

export interface DeregisterStep extends Explained {
  readonly type: 'Deregister';
  readonly home: Home;
  /**
   * `Deleting`: the object is being deleted. `Departed`: it is gone. `Surplus`: another record serves it. `Expired`: its
   * lifetime is over.
   */
  readonly because: 'Deleting' | 'Departed' | 'Surplus' | 'Expired';
  readonly basis: string;
}

export interface PublishStep extends Explained {
  readonly type: 'Publish';
  readonly object: UsableClient;
  readonly record: RegistrationRecord;
  readonly wanted: WantedSecret;
  readonly basis: string;
}

/** Looks at the client at the server: whatever the answer brings is recorded. */
export interface ReadStep extends Explained {
  readonly type: 'Read';
  readonly at: RecordAtServer;
  readonly basis: string;
}

/** Proves a client that exists already by its own token, and records it. */
export interface AdoptStep extends Explained {
  readonly type: 'Adopt';
  readonly object: UsableClient;
  readonly client: AdoptableClient;
  readonly ref: ServerRef;
  readonly connection: ServerConnection;
  readonly basis: string;
}

/** A client of an earlier object of this name becomes this object's: it was retained, or the object restored. */
export interface TakeOverStep extends Explained {
  readonly type: 'TakeOver';
  readonly object: ObservedClient;
  readonly record: RegistrationRecord;
  /** A Secret that must hold the client's credentials first. */
  readonly proof: ObservedSecret | undefined;
  readonly basis: string;
}

export type BoundTo = NonNullable<NonNullable<OAuthClientSpec['lifetime']>['boundTo']>;

/** Nothing to do until something changes, or until `until` (milliseconds since the epoch). */
export interface Idle {
  readonly type: 'Idle';
  readonly state: 'Ready' | 'Waiting' | 'Stalled' | 'Gone';
  readonly reason: Reason;
  readonly message: string;
  readonly until?: number;
  /** It is the server's state that is waited for, and nothing else stands in the way. */
  readonly awaitsServer?: boolean;
}
