import { ANSWER_MEMBERS } from '../oauth/client-information.ts';
import type { Json } from '../oauth/json.ts';
import type { Dialect } from './dialect.ts';

/** Functions about members that both encoding and updating use. */

/** Never sent empty or left out in an update: members that aren't declared keep the server's values. */
export const KEPT_BY_SERVER: readonly string[] = ['token_endpoint_auth_method', 'response_types'];

/** Never sent back: members that are no metadata, and software statements, which are valid only for a short time. */
export const ANSWERED_ONLY: readonly string[] = [...Object.values(ANSWER_MEMBERS), 'software_statement'];

/** How lenient servers say that a member has no value. An empty list is a value. */
export const isUnset = (value: Json): boolean => value === null || value === '';

/** Whether a wire name carries a language tag, like `client_name#ja` (RFC 7591 section 2.2). */
export const isTagged = (member: string): boolean => member.includes('#');

export const plainName = (member: string): string => member.split('#', 1)[0] ?? member;

/** Language tags are case-insensitive (RFC 5646 section 2.1.1). */
export const lowerCaseTag = (member: string): string =>
  plainName(member) + member.slice(plainName(member).length).toLowerCase();

/** One name for a member that has two forms. */
export const identityOf = (member: string): string => (member === 'scopes' ? 'scope' : lowerCaseTag(member));

/** Whether a list of a dialect names a member. It names the translations of a member together with it. */
export const isNamed = (member: string, names: readonly string[]): boolean =>
  names.includes(plainName(member)) || names.map(lowerCaseTag).includes(lowerCaseTag(member));

/** Whether the dialect withholds a member. */
export const isRefused = (member: string, { membersNotSent }: Dialect): boolean =>
  isNamed(member, membersNotSent);
