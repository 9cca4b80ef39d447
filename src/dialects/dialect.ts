import type { ErrorResponse } from '../oauth/error-response.ts';
import type { JsonObject } from '../oauth/json.ts';
import type { SWITCHES } from './switches.ts';

/**
 * How a server departs from the RFCs: a value for each row of `SWITCHES`. Each can be set by itself in
 * `spec.dialectOverrides`, so that an unknown server needs no release.
 */
export type Dialect = { readonly [Name in keyof typeof SWITCHES]: (typeof SWITCHES)[Name]['default'] };

/** What is known of one server: its departures, and where data can't say it, a pure function. */
export interface Preset {
  readonly departures: Partial<Dialect>;
  /** What probably helps, as a sentence for people; `undefined` where nothing is known. */
  readonly hint?: Hint;
}

export type Hint = (refusal: ErrorResponse, sent: JsonObject) => string | undefined;
