import type { Json, JsonObject } from './json.ts';
import { namesOf, own } from './objects.ts';

/**
 * The lists of a discovery document that say which values of a client's metadata a server offers: RFC 8414 section 2,
 * OpenID Connect Discovery 1.0 section 3, and what extends them.
 */

/**
 * Member of a client → list of the document. `code_challenge_method` is a member of some servers alone.
 * `scopes_supported` is none of them: a server need not name every scope in it. It is kept for documents alone, which some
 * servers refuse for a scope that they do not know.
 */
export const LIST_OF = {
  token_endpoint_auth_method: 'token_endpoint_auth_methods_supported',
  grant_types: 'grant_types_supported',
  response_types: 'response_types_supported',
  code_challenge_method: 'code_challenge_methods_supported',
  subject_type: 'subject_types_supported',
  token_endpoint_auth_signing_alg: 'token_endpoint_auth_signing_alg_values_supported',
  id_token_signed_response_alg: 'id_token_signing_alg_values_supported',
  id_token_encrypted_response_alg: 'id_token_encryption_alg_values_supported',
  id_token_encrypted_response_enc: 'id_token_encryption_enc_values_supported',
  userinfo_signed_response_alg: 'userinfo_signing_alg_values_supported',
  userinfo_encrypted_response_alg: 'userinfo_encryption_alg_values_supported',
  userinfo_encrypted_response_enc: 'userinfo_encryption_enc_values_supported',
  request_object_signing_alg: 'request_object_signing_alg_values_supported',
  request_object_encryption_alg: 'request_object_encryption_alg_values_supported',
  request_object_encryption_enc: 'request_object_encryption_enc_values_supported',
  introspection_signed_response_alg: 'introspection_signing_alg_values_supported',
  introspection_encrypted_response_alg: 'introspection_encryption_alg_values_supported',
  introspection_encrypted_response_enc: 'introspection_encryption_enc_values_supported',
  authorization_details_types: 'authorization_details_types_supported',
} as const satisfies Readonly<Record<string, string>>;

/** A member of a client that has a list in the document. */
export type ListedMember = keyof typeof LIST_OF;

export const LISTED_MEMBERS = namesOf(LIST_OF);

/** Values that a server offers, by the member of a client. Absent: the document says nothing of that member. */
export type OfferedValues = { readonly [Member in ListedMember | 'scope']?: readonly string[] };

/** A longer list, or one with a longer value, is not kept: of a part of a list nobody can say what it excludes. */
export const MOST_VALUES = 64;
export const LONGEST_VALUE = 128;

/**
 * The lists of a document. A list that is empty, or that holds anything but short texts, counts as absent. No defaults:
 * what a document leaves out excludes nothing.
 */
export function offeredValues(document: JsonObject): OfferedValues {
  const lists = LISTED_MEMBERS.map((member) => [member, own(document, LIST_OF[member])] as const);
  const scopes = ['scope', own(document, 'scopes_supported')] as const;
  return Object.fromEntries([...lists, scopes].filter(([, list]) => isUsable(list)));
}

const isUsable = (list: Json | undefined): boolean =>
  Array.isArray(list) &&
  list.length > 0 &&
  list.length <= MOST_VALUES &&
  list.every((value) => typeof value === 'string' && value.length <= LONGEST_VALUE);

/**
 * What of a member's value the list lacks. The words of a response type have no order (OAuth 2.0 Multiple Response
 * Types). A value that is neither a text nor a list of texts is not judged.
 */
export function notInList(value: Json | undefined, list: readonly string[]): readonly string[] {
  const asked = Array.isArray(value) ? value : [value];
  const offered = new Set(list.map(wordsInOrder));
  return asked
    .filter((one): one is string => typeof one === 'string' && one !== '')
    .filter((one) => !offered.has(wordsInOrder(one)));
}

const wordsInOrder = (value: string): string => value.split(' ').sort().join(' ');
