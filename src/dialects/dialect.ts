import type { ErrorResponse } from '../oauth/error-response.ts';
import type { JsonObject } from '../oauth/json.ts';
import type { ClientCodec } from './codec.ts';
import type { SWITCHES } from './switches.ts';

/**
 * How a server departs from the RFCs: a value for each row of `SWITCHES`. Each can be set by itself in
 * `spec.dialectOverrides`, so that an unknown server needs no release.
 */
export type Dialect = { readonly [Name in keyof typeof SWITCHES]: (typeof SWITCHES)[Name]['default'] };

/** What is known about one server: its departures, and a pure function where data isn't enough. */
export interface Preset {
  readonly departures: Partial<Dialect>;
  /** The form of clients that the server reads and answers. Default: the metadata of RFC 7591. */
  readonly codec?: ClientCodec;
  /** Advice as a sentence for people; `undefined` where none is known. */
  readonly hint?: Hint;
}

export type Hint = (refusal: ErrorResponse, sent: JsonObject) => string | undefined;
