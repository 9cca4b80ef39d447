import type { ErrorResponse } from '../oauth/error-response.ts';
import type { JsonObject } from '../oauth/json.ts';

/**
 * How a server departs from the RFCs: data. The first value of each switch is what the RFCs say, and every switch can
 * be set by itself in `spec.dialectOverrides`, so that an unknown server needs no release.
 */
export interface Dialect {
  /** How `scope` is sent: as one string, as a list under `scopes`, or both. */
  readonly scopeEncoding: 'String' | 'Array' | 'Both';
  /** How `jwks` is sent: as an object, or as JSON text within a string. */
  readonly jwksEncoding: 'Object' | 'String';
  /** Whether client_id and secret of client_secret_basic are form-encoded first (RFC 6749 section 2.3.1). */
  readonly basicEncoding: 'Encoded' | 'Raw';
  /** What becomes of members with a language tag, like `client_name#ja`. */
  readonly languageTags: 'Send' | 'Lowercase' | 'Omit';
  /** Members that the server refuses or loses. What is withheld is told as a substitution. */
  readonly membersNotSent: readonly string[];
  /** Words of `scope` that the server refuses. */
  readonly scopesNotSent: readonly string[];

  /** Whether an update replaces the registration, or changes what it names (RFC 7592 section 2.2). */
  readonly updateSemantics: 'Replace' | 'Merge';
  /** Whether an update carries the declared members only, or these laid over the server's last answer. */
  readonly updateBody: 'Declared' | 'Returned';
  /** How a member that was declared before and is no more is cleared. */
  readonly clearBy: 'Omit' | 'Null' | 'Empty';
  /** Whether an update repeats `client_secret`. */
  readonly secretEcho: 'Omit' | 'Send';

  readonly readEffect: CallEffect;
  readonly updateEffect: CallEffect;
  /** Whether a secret in the answer to a read is the client's; some servers answer it hashed. */
  readonly secretOnRead: 'Ignore' | 'Trust';
  readonly deleteSupported: boolean;
  /** Statuses that a server gives for a client that is gone; they look like those for a wrong token. */
  readonly goneStatuses: readonly number[];
  /** Statuses of an answer to POST that prove that no client was created, besides every 4xx but 408. */
  readonly notCreatedStatuses: readonly number[];
  /** Errors of a 400 or 403 that refuse the token, not the metadata. A 401 always does. */
  readonly tokenRefusals: readonly string[];

  /** Where the client is managed, if the answer doesn't say: `AsReturned`, or a template. */
  readonly configurationUrl: string;
  /** Durations; each given one caps what the answer says. */
  readonly lifetimes: Lifetimes;
  /** Least time between two registrations, as a duration. */
  readonly registrationInterval: string;
}

/** What a call does to the credentials besides its purpose. */
export interface CallEffect {
  readonly supported: boolean;
  readonly token: 'None' | 'Rotates';
  readonly secret: 'None' | 'Rotates';
}

/** How long things live, where the server doesn't say or can't be believed. */
export interface Lifetimes {
  readonly registrationAccessToken?: string | undefined;
  readonly clientSecret?: string | undefined;
  readonly client?: string | undefined;
}

/** What is known of one server: its departures, and where data can't say it, a pure function. */
export interface Preset {
  readonly departures: Partial<Dialect>;
  /** What probably helps, as a sentence for people; `undefined` where nothing is known. */
  readonly hint?: Hint;
}

export type Hint = (refusal: ErrorResponse, sent: JsonObject) => string | undefined;
