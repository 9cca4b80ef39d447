import { lowerCaseTag } from '../dialects/member-names.ts';
import { presentable } from '../oauth/error-response.ts';
import { type Json, type JsonObject, parseJsonObject } from '../oauth/json.ts';
import { sameValue, scopeOfList } from '../oauth/member-value.ts';
import { defined, omit, own } from '../oauth/objects.ts';
import { cut } from '../oauth/text.ts';

/**
 * Comparing documents. Decisions rest on what was *sent*: what comes back is reordered, completed and trimmed by the
 * server, and comparing with that would never come to rest.
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
 * What the server registered instead of what was asked: reported, not fought. A member that the answer leaves out is
 * none; a member that was not asked for is the server's to choose.
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

/** Declared members that the server answers otherwise than it did when they were registered: somebody else changed them. */
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

/** What was asked and isn't sent, and what the server made of the rest. */
export function substitutionsOf(
  {
    sent,
    information,
  }: { readonly sent: JsonObject; readonly information: { readonly metadata: JsonObject } },
  withheld: readonly Substitution[],
): readonly Substitution[] {
  return [...withheld, ...substitutions(sent, information.metadata)].slice(0, MAX_SUBSTITUTIONS);
}

/** `scopes` as `scope`, and `jwks` as an object: one server's form is as good as another's. Statements don't come back. */
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
