import type { OAuthClientSpec } from '../api/oauth-client.ts';
import type { Reason } from '../api/reasons.ts';
import type { JsonObject } from '../oauth/json.ts';
import type { ServerConnection } from './connection.ts';
import type { DocumentState } from './document-state.ts';
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
import type { Retirement } from './retirement.ts';
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
  /** `managedBy`: id of the installation that manages the client, where it isn't this one. */
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
  /** Removes a record that nobody needs: its client was left behind by a namespace that is gone, or another record has it. */
  | { readonly type: 'Forget'; readonly record: RegistrationRecord }
  | PublishStep
  | RestartStep
  | CheckDocumentStep
  | PrimeDocumentStep
  | FindUsersStep
  | ReadStep
  | VerifyStep
  | AdoptStep
  | TakeOverStep
  /** The client that the current one replaced serves again. */
  | {
      readonly type: 'TakeBack';
      readonly current: RegistrationRecord;
      readonly former: RegistrationRecord;
    }
  /** Retains the client after its object. `object` is absent where the object is gone already. */
  | {
      readonly type: 'Retain';
      readonly object: ObservedClient | undefined;
      readonly record: RegistrationRecord;
    }
  /** Writes the uid of the server object to a record of an earlier version, which lacks it. */
  | { readonly type: 'Identify'; readonly record: RegistrationRecord; readonly server: PresentServer }
  /** Writes the current id of this installation to the record. */
  | { readonly type: 'Claim'; readonly record: RegistrationRecord; readonly installation: string }
  /** Writes to the record whether the client outlives its object. */
  | { readonly type: 'NotePolicy'; readonly record: RegistrationRecord; readonly retain: boolean }
  | { readonly type: 'BindToOwner'; readonly object: ObservedClient; readonly owner: BoundTo }
  | { readonly type: 'DeleteObject'; readonly object: ObservedClient }
  | { readonly type: 'RemoveSecret'; readonly secret: ObservedSecret };

export interface RegisterStep extends Explained {
  readonly type: 'Register';
  readonly object: UsableClient;
  /** What to send. A software statement is represented by its claims. */
  readonly document: JsonObject;
  readonly withheld: readonly Substitution[];
  readonly statement: OwnStatement | undefined;
  readonly hash: string;
  readonly ref: ServerRef;
  readonly connection: ServerConnection;
  readonly basis: string;
  /** The record of the client that is replaced. */
  readonly replaces: RegistrationRecord | undefined;
}

export interface UpdateStep extends Explained {
  readonly type: 'Update';
  /** `undefined` for a client that outlived its object. */
  readonly object: UsableClient | undefined;
  readonly at: RecordAtServer;
  /** What to send. `undefined`: the document that was sent last, with the same keys. */
  readonly document: JsonObject | undefined;
  readonly withheld: readonly Substitution[];
  readonly statement: OwnStatement | undefined;
  /** What the update does with the generated keys: nothing, add a new one, or remove the former one. */
  readonly keys: 'Keep' | 'Rotate' | 'Retire';
  /**
   * `Expires`: sent even if nothing changed, so that the server renews what it lets expire. `Unanswered`: an earlier
   * update got no answer, so it is not known what is registered. `Drifted`: sent even if nothing changed here, since
   * somebody changed the client at the server.
   */
  readonly because: 'Edited' | 'KeyIsDue' | 'Expires' | 'Unanswered' | 'Drifted';
  readonly hash: string;
  readonly basis: string;
}

export interface DeregisterStep extends Explained {
  readonly type: 'Deregister';
  readonly home: Home;
  /**
   * `Deleting`: the object is being deleted. `Departed`: the object is gone. `Surplus`: another record serves the object.
   * `Expired`: the lifetime is over. `Replaced`: another client is registered next, and the server permits one at a time.
   */
  readonly because: 'Deleting' | 'Departed' | 'Surplus' | 'Expired' | 'Replaced';
  readonly basis: string;
  /** Of a client that a document identifies; absent: the client is registered at its server. */
  readonly phase?: 'Withdraw' | 'Remove';
}

/** Fetches a document through its public URL, and compares it with what is to be served. */
export interface CheckDocumentStep extends Explained {
  readonly type: 'CheckDocument';
  readonly home: Home;
  readonly document: DocumentState;
  readonly basis: string;
}

/** Makes the server fetch a document, by one authorization request that nobody answers. */
export interface PrimeDocumentStep extends Explained {
  readonly type: 'PrimeDocument';
  readonly home: Home;
  readonly document: DocumentState;
  readonly basis: string;
}

export interface PublishStep extends Explained {
  readonly type: 'Publish';
  readonly object: UsableClient;
  readonly record: RegistrationRecord;
  readonly wanted: WantedSecret;
  readonly basis: string;
  /** What the Secret is rendered from; see `renderBasis`. */
  readonly rendering: string;
}

/** Lists the Pods that have used the Secret since before a new credential. */
export interface FindUsersStep extends Explained {
  readonly type: 'FindUsers';
  readonly retirement: Retirement;
  /** Name of the Secret. */
  readonly secret: string;
  readonly basis: string;
}

/** Restarts the workloads that use the Secret, for a credential that is new in it. */
export interface RestartStep extends Explained {
  readonly type: 'Restart';
  readonly targets: NonNullable<OAuthClientSpec['rolloutRestartTargets']>;
  /** Identifies the credential. */
  readonly credential: string;
  /** When the Secret began to show the credential, in milliseconds since the epoch: a later restart was made for it. */
  readonly since: number;
  readonly basis: string;
}

/** Reads the client at the server and records the answer. */
export interface ReadStep extends Explained {
  readonly type: 'Read';
  readonly at: RecordAtServer;
  readonly basis: string;
}

/** Asks the token endpoint with the client's credential. */
export interface VerifyStep extends Explained {
  readonly type: 'Verify';
  readonly at: RecordAtServer;
  /** See `credentialVersion`. */
  readonly credential: string;
  readonly basis: string;
}

/** Records an existing client, after a call with the client's own token proved it. */
export interface AdoptStep extends Explained {
  readonly type: 'Adopt';
  readonly object: UsableClient;
  readonly client: AdoptableClient;
  readonly ref: ServerRef;
  readonly connection: ServerConnection;
  readonly basis: string;
}

/** Gives the object a client of an earlier object of this name: it was retained, or the object was restored. */
export interface TakeOverStep extends Explained {
  readonly type: 'TakeOver';
  readonly object: ObservedClient;
  readonly record: RegistrationRecord;
  /** A Secret that must hold the client's credentials, which is checked first. */
  readonly proof: ObservedSecret | undefined;
  readonly basis: string;
}

export type BoundTo = NonNullable<NonNullable<OAuthClientSpec['lifetime']>['boundTo']>;

/** Nothing to do until something changes, or until `until` (milliseconds since the epoch). */
export interface Idle {
  readonly type: 'Idle';
  /** `Ended`: it ended as its spec says, so nothing is left to do for anybody. */
  readonly state: 'Ready' | 'Waiting' | 'Stalled' | 'Ended' | 'Gone';
  readonly reason: Reason;
  readonly message: string;
  readonly until?: number;
  /** The client waits only for the state of the server: it calls as soon as that state permits calls. */
  readonly awaitsServer?: boolean;
}
