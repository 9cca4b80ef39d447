import { KEPT_BY_SERVER, lowerCaseTag } from '../dialects/member-names.ts';
import { presentable } from '../oauth/error-response.ts';
import { type Json, type JsonObject, parseJsonObject } from '../oauth/json.ts';
import { sameValue, scopeOfList } from '../oauth/member-value.ts';
import { defined, omit, own } from '../oauth/objects.ts';
import { cut } from '../oauth/text.ts';

/**
 * Compares documents. Decisions compare with what was *sent*: the server reorders, completes and trims what it returns,
 * so a comparison with the answer would cause updates without end.
 */

/** Whether two documents to send mean the same. */
export function sameDocument(a: JsonObject, b: JsonObject): boolean {
  const members = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...members].every(
    (member) =>
      Object.hasOwn(a, member) === Object.hasOwn(b, member) &&
      sameValue(member, own(a, member), own(b, member)),
  );
}

export interface Substitution {
  readonly member: string;
  readonly asked: string;
  readonly registered: string;
}

const MAX_SUBSTITUTIONS = 32;
const MAX_NAME = 255;
const MAX_VALUE = 200;

/**
 * Members that the server registered with another value than was sent. They are reported, not corrected. A member that
 * the answer leaves out was not registered, since a server returns all that it registered (RFC 7591 section 3.2.1); but
 * an answer without any of them says nothing. The server may choose the value of a member that was not sent.
 */
export function substitutions(sent: JsonObject, registered: JsonObject): readonly Substitution[] {
  const answered = comparable(registered);
  const otherwise = lowerCaseTags(answered);
  const pairs = Object.entries(comparable(sent)).map(([member, asked]) => ({
    member,
    asked,
    registered: own(answered, member) ?? own(otherwise, lowerCaseTag(member)),
  }));
  return pairs.every((pair) => pair.registered === undefined)
    ? []
    : pairs
        .filter((pair) => !sameValue(pair.member, pair.asked, pair.registered))
        .slice(0, MAX_SUBSTITUTIONS)
        .map(toSubstitution);
}

/**
 * Members that were sent before, are sent no more, and are registered with the same value as before: an update did not
 * clear them. Members whose value the server keeps on purpose are none.
 *
 * @param told what status says: a member stays in it as long as the server answers the same value
 */
function leftOver(
  {
    sent,
    before,
    registered,
  }: { readonly sent: JsonObject; readonly before: JsonObject; readonly registered: JsonObject },
  told: readonly Substitution[],
): readonly Substitution[] {
  const [now, former] = [comparable(sent), comparable(before)];
  const isSent = (member: string) => Object.hasOwn(now, member) || KEPT_BY_SERVER.includes(member);
  return Object.entries(comparable(registered))
    .filter(([member, value]) => {
      const isFormer = Object.hasOwn(former, member) && sameValue(member, own(former, member), value);
      const isTold = told.some(
        (one) => one.member === member && one.asked === '' && one.registered === shownValue(value),
      );
      return !isSent(member) && (isFormer || isTold) && !sameValue(member, value, undefined);
    })
    .map(([member, value]) => toSubstitution({ member, asked: '', registered: value }));
}

const toSubstitution = ({
  member,
  asked,
  registered,
}: {
  readonly member: string;
  readonly asked: Json;
  readonly registered: Json | undefined;
}): Substitution => ({
  member: cut(presentable(member, []), MAX_NAME),
  asked: shownValue(asked),
  registered: registered === undefined ? '' : shownValue(registered),
});

/** Declared members whose value in the answer differs from the earlier answer: somebody else changed them. */
export function driftedMembers(sent: JsonObject, before: JsonObject, now: JsonObject): readonly string[] {
  const [was, is] = [lowerCaseTags(comparable(before)), lowerCaseTags(comparable(now))];
  return Object.keys(comparable(sent)).filter((member) => {
    const name = lowerCaseTag(member);
    return (
      Object.hasOwn(is, name) &&
      !sameValue(member, own(was, name) ?? own(comparable(sent), member), own(is, name))
    );
  });
}

/** A member that words of the server name, and that is sent as it was before; `undefined`: there is none. */
export const refusedUnchanged = (words: string, before: JsonObject, now: JsonObject): string | undefined =>
  Object.keys(now).find(
    (member) =>
      Object.hasOwn(before, member) &&
      sameValue(member, own(before, member), own(now, member)) &&
      words.split(/[^\w#-]+/).includes(member),
  );

/** What an answer says of a client, besides the members that were withheld. */
interface Answered {
  readonly sent: JsonObject;
  readonly information: { readonly metadata: JsonObject };
}

/**
 * Members that aren't sent, members that the server registered with another value or not at all, and members that it
 * did not clear.
 *
 * @param before the document that was sent before this one, and what status says of the client; absent: none
 */
export function substitutionsOf(
  { sent, information: { metadata } }: Answered,
  withheld: readonly Substitution[],
  before: { readonly sent: JsonObject; readonly told: readonly Substitution[] } = { sent: {}, told: [] },
): readonly Substitution[] {
  const kept = leftOver({ sent, before: before.sent, registered: metadata }, before.told);
  return [...withheld, ...substitutions(sent, metadata), ...kept].slice(0, MAX_SUBSTITUTIONS);
}

/** Members, or scopes, that were withheld, as status has them: those that it lists for another reason are none. */
export function withheldIn(
  told: readonly Substitution[],
  { sent, information }: Answered,
): readonly Substitution[] {
  const lacking = substitutions(sent, information.metadata).map(({ member }) => member);
  return told.filter(
    ({ member, asked, registered }) => registered === '' && asked !== '' && !lacking.includes(member),
  );
}

/**
 * Normalises the forms of different servers: `scopes` as `scope`, and `jwks` as an object. Drops software statements,
 * which servers don't return.
 */
function comparable(document: JsonObject): JsonObject {
  const { scope, scopes, jwks } = document;
  return {
    ...omit(document, 'software_statement', 'scopes'),
    ...defined({
      scope: scope === undefined ? scopeOfList(scopes) : scope,
      jwks: typeof jwks === 'string' ? (parseJsonObject(jwks) ?? jwks) : jwks,
    }),
  };
}

function lowerCaseTags(document: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(document).map(([member, value]) => [lowerCaseTag(member), value]));
}

/** A value as a {@link Substitution} has it: a text as it is, anything else as JSON, cut. */
export function shownValue(value: Json | undefined): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value ?? null);
  return presentable(cut(text, MAX_VALUE), []);
}
