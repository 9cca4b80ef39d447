import { lowerCaseTag } from '../dialects/member-names.ts';
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
 * the answer leaves out is no substitution. The server may choose the value of a member that was not sent.
 */
export function substitutions(sent: JsonObject, registered: JsonObject): readonly Substitution[] {
  const answered = comparable(registered);
  const otherwise = lowerCaseTags(answered);
  return Object.entries(comparable(sent))
    .map(([member, asked]) => ({
      member,
      asked,
      registered: own(answered, member) ?? own(otherwise, lowerCaseTag(member)),
    }))
    .filter((pair) => pair.registered !== undefined && !sameValue(pair.member, pair.asked, pair.registered))
    .slice(0, MAX_SUBSTITUTIONS)
    .map(({ member, asked, registered }) => ({
      member: cut(presentable(member, []), MAX_NAME),
      asked: shownValue(asked),
      registered: shownValue(registered),
    }));
}

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

/** Members that aren't sent, and members that the server registered with another value. */
export function substitutionsOf(
  {
    sent,
    information,
  }: { readonly sent: JsonObject; readonly information: { readonly metadata: JsonObject } },
  withheld: readonly Substitution[],
): readonly Substitution[] {
  return [...withheld, ...substitutions(sent, information.metadata)].slice(0, MAX_SUBSTITUTIONS);
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

function shownValue(value: Json | undefined): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value ?? null);
  return presentable(cut(text, MAX_VALUE), []);
}
