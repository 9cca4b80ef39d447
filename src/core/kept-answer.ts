import { SHARES } from '../api/shares.ts';
import { ANSWER_MEMBERS, type ClientInformation } from '../oauth/client-information.ts';
import { MEMBERS } from '../oauth/client-metadata.ts';
import { presentable } from '../oauth/error-response.ts';
import { isSameJson, type Json, type JsonObject } from '../oauth/json.ts';
import type { Sensitive } from '../oauth/sensitive.ts';
import { type Failure, failure, type Verdict } from './failure.ts';
import type { ObservedClient } from './observation.ts';

/**
 * Limits what is kept from an answer. A server may answer with a MiB, and the answer is stored for each client in the
 * operator's namespace.
 */

const MOST_OF_VALUE = SHARES.keptValueBytes.most;
const MOST_OF_ALL = SHARES.keptAnswerBytes.most;

const TABLE: ReadonlySet<string> = new Set(MEMBERS.map(({ wire }) => wire));

/**
 * The answer without the members that aren't kept. Members that a workload wants come first, then those that were sent,
 * then those that specifications name, then others while there is room, since `secret.include` may name one of them
 * later. A value that is too long is dropped, unless it equals the value that was sent, which is recorded anyway.
 * Credentials, identifiers and times are always kept.
 *
 * @param sent the document that was sent, in the dialect of the server
 * @param include wire names that the Secret is to hold
 */
export function keptOf<Answer extends Pick<ClientInformation, 'metadata'>>(
  answer: Answer,
  sent: JsonObject,
  include: readonly string[],
): Answer {
  const rankOf = (member: string): number => {
    if (include.includes(member)) {
      return 0;
    }
    return Object.hasOwn(sent, member) ? 1 : TABLE.has(member.split('#')[0] ?? '') ? 2 : 3;
  };
  let room = MOST_OF_ALL;
  const kept = new Set<string>();
  const members = Object.entries(answer.metadata)
    .map(([member, value]) => ({ member, value, rank: rankOf(member) }))
    .toSorted((a, b) => a.rank - b.rank);
  for (const { member, value, rank } of members) {
    const bytes = bytesOf(member, value);
    const isSent = rank === 1 && isSameJson(value, sent[member]);
    if (isSent || (bytes <= MOST_OF_VALUE && bytes <= room)) {
      kept.add(member);
      room -= isSent ? 0 : bytes;
    }
  }
  if (kept.size === members.length) {
    return answer;
  }
  const metadata = Object.entries(answer.metadata).filter(([member]) => kept.has(member));
  return { ...answer, metadata: Object.fromEntries(metadata) };
}

/** Members of the answer that the Secret of this object is to hold, by wire name. */
export const includedBy = (object: ObservedClient | undefined): readonly string[] =>
  (object?.desired.valid ? object.desired.spec.secret.include : undefined) ?? [];

const bytesOf = (member: string, value: Json): number =>
  Buffer.byteLength(member) + Buffer.byteLength(JSON.stringify(value));

/** Members with their maximum in bytes. */
const BOUNDED = [
  ['clientSecret', SHARES.clientSecretBytes.most],
  ['registrationAccessToken', SHARES.registrationAccessTokenBytes.most],
  ['registrationClientUri', SHARES.registrationClientUriBytes.most],
] as const;

/**
 * Treats an answer with a credential or an address that is too long like an answer that was cut off: its other members
 * are kept, so that the client can be removed. Other verdicts are returned unchanged.
 *
 * @param secrets values that are masked in messages
 */
export function withinBounds<V extends Verdict>(verdict: V, secrets: readonly Sensitive[]): V | Failure {
  if (verdict.kind !== 'Done' || verdict.information === undefined) {
    return verdict;
  }
  const { information } = verdict;
  const long = BOUNDED.filter(([name, most]) => {
    const value = information[name];
    return (
      value !== undefined && Buffer.byteLength(typeof value === 'string' ? value : value.reveal()) > most
    );
  });
  const [first] = long;
  if (first === undefined) {
    return verdict;
  }
  const [name, most] = first;
  const names: readonly string[] = long.map(([name]) => name);
  const rest = Object.entries(information).filter(([name]) => !names.includes(name));
  return failure(
    'Unknown',
    'ResponseTooLarge',
    `The server answered with a ${ANSWER_MEMBERS[name]} of more than ${most} bytes, which is not kept; the answer names client ${presentable(information.clientId, secrets)}`,
    { partial: Object.fromEntries(rest) as unknown as ClientInformation },
  );
}
