import { ANSWER_MEMBERS } from '../oauth/client-information.ts';
import type { Json } from '../oauth/json.ts';
import type { Dialect } from './dialect.ts';

/** Questions about members that encoding and updating both ask. */

/** Never sent empty or left out in an update: what isn't declared stays as the server has it. */
export const KEPT_BY_SERVER: readonly string[] = ['token_endpoint_auth_method', 'response_types'];

/** Not metadata, or, as a software statement is, good only while fresh: never sent back. */
export const ANSWERED_ONLY: readonly string[] = [...Object.values(ANSWER_MEMBERS), 'software_statement'];

/** How lenient servers say that a member has no value. An empty list is a value. */
export const isUnset = (value: Json): boolean => value === null || value === '';

/** Whether a wire name carries a language tag, like `client_name#ja` (RFC 7591 section 2.2). */
export const isTagged = (member: string): boolean => member.includes('#');

export const plainName = (member: string): string => member.split('#', 1)[0] ?? member;

/** Language tags are case-insensitive (RFC 5646 section 2.1.1). */
export const lowerCaseTag = (member: string): string =>
  plainName(member) + member.slice(plainName(member).length).toLowerCase();

/** One name for what is the same member in two forms. */
export const identityOf = (member: string): string => (member === 'scopes' ? 'scope' : lowerCaseTag(member));

/** Whether the dialect withholds a member; one that is withheld takes its translations with it. */
export const isRefused = (member: string, { membersNotSent }: Dialect): boolean =>
  membersNotSent.includes(plainName(member)) ||
  membersNotSent.map(lowerCaseTag).includes(lowerCaseTag(member));
