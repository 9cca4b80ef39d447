/**
 * What a newer version of the operator wrote: this one leaves it alone, so that a downgrade loses nothing.
 *
 * Everything that the operator stores for itself has format 1, which no number says. A later version that stores what
 * this one would misread adds the number: the annotation `oauth-registrar.dev/format` of a registration Secret, the member
 * `format` of an entry of the ledger or of a list of suspected orphans. In every format the OAuthClient can be read: the
 * annotation `oauth-registrar.dev/client`, the member `client`, both `namespace/name`.
 */

const FORMAT = 1;

/** @param format as stored; `undefined` where nothing is */
export const isNewerFormat = (format: unknown): boolean =>
  format !== undefined && !(Number(format) <= FORMAT);

interface Issue {
  readonly code: string;
  readonly path: readonly PropertyKey[];
}

/**
 * Whether a schema refuses this value for an enum that doesn't have it. The API server checks every value by the CRDs, so
 * the CRDs are those of a newer version.
 */
export function isUnknownValue(issue: Issue | undefined, given: unknown): boolean {
  return issue?.code === 'invalid_value' && typeof valueAt(given, issue.path) === 'string';
}

const valueAt = (given: unknown, path: readonly PropertyKey[]): unknown =>
  path.reduce((value, name) => (value as Readonly<Record<PropertyKey, unknown>> | undefined)?.[name], given);

/** Follows the sentence that says what is newer. */
export const NEWER_VERSION =
  'A newer version of the operator wrote it. Nothing is sent, and nothing is changed. Install that version again: it goes on from here.';
