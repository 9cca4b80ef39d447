import type { Json, JsonObject } from '../oauth/json.ts';
import { scopeOfList } from '../oauth/member-value.ts';
import type { Sensitive } from '../oauth/sensitive.ts';
import { clearedMembers, hasRival } from './clearing.ts';
import type { Dialect } from './dialect.ts';
import {
  ANSWERED_ONLY,
  identityOf,
  isNamed,
  isRefused,
  isTagged,
  isUnset,
  KEPT_BY_SERVER,
  lowerCaseTag,
  plainName,
} from './member-names.ts';

/** Converts the document that the RFCs describe to the one that this server reads. */

interface EncodedMetadata {
  /** The body of a registration, and the base of an update. Members keep their order. */
  readonly body: JsonObject;
  /** Declared members that aren't in the body; for `scope`, the words. */
  readonly withheld: readonly Withheld[];
}

export interface Withheld {
  /** Wire name, with its language tag. */
  readonly member: string;
  readonly asked: Json;
}

/**
 * Encodes a request document (RFC 7591 section 3.1). Nothing is added, and empty lists stay: for some servers only an
 * empty list says "none".
 *
 * Where language tags are omitted and the plain member isn't declared, one translation takes its place: the English
 * one, else the first by its tag.
 *
 * @param document wire members, `scope` as a string and `jwks` as an object
 */
export function encodeMetadata(document: JsonObject, dialect: Dialect): EncodedMetadata {
  const members = Object.entries(document).map(([member, asked]) =>
    encodeMember(member, asked, document, dialect),
  );
  return {
    body: Object.fromEntries(members.flatMap(({ sent }) => sent)),
    withheld: members.flatMap(({ withheld }) => withheld),
  };
}

interface EncodedMember {
  readonly sent: readonly (readonly [string, Json])[];
  readonly withheld: readonly Withheld[];
}

function encodeMember(member: string, asked: Json, document: JsonObject, dialect: Dialect): EncodedMember {
  const name = nameSent(member, document, dialect);
  if (name === undefined) {
    return { sent: [], withheld: [{ member, asked }] };
  }
  if (name === 'scope' && typeof asked === 'string') {
    return encodeScope(asked, dialect);
  }
  const asText = name === 'jwks' && dialect.jwksEncoding === 'String' && typeof asked !== 'string';
  return { sent: [[name, asText ? JSON.stringify(asked) : asked]], withheld: [] };
}

/** The name under which a member is sent; `undefined`: it isn't sent. */
function nameSent(member: string, document: JsonObject, dialect: Dialect): string | undefined {
  if (isRefused(member, dialect)) {
    return undefined;
  }
  if (!isTagged(member) || dialect.languageTags === 'Send') {
    return member;
  }
  const members = Object.keys(document);
  if (dialect.languageTags === 'Lowercase') {
    const first = members.find((other) => lowerCaseTag(other) === lowerCaseTag(member));
    return first === member ? lowerCaseTag(member) : undefined;
  }
  const plain = plainName(member);
  const translations = members.filter((other) => isTagged(other) && plainName(other) === plain);
  return !Object.hasOwn(document, plain) && translations.toSorted(byTag)[0] === member ? plain : undefined;
}

function encodeScope(asked: string, { scopeEncoding, scopesNotSent }: Dialect): EncodedMember {
  const words = scopeWords(asked);
  const sent = words.filter((word) => !scopesNotSent.includes(word));
  const refused = words.filter((word) => scopesNotSent.includes(word));
  const withheld = refused.length > 0 ? [{ member: 'scope', asked: refused.join(' ') }] : [];
  if (refused.length > 0 && sent.length === 0) {
    return { sent: [], withheld };
  }
  const text = ['scope', sent.join(' ')] as const;
  const list = ['scopes', sent] as const;
  return {
    sent: scopeEncoding === 'String' ? [text] : scopeEncoding === 'Array' ? [list] : [text, list],
    withheld,
  };
}

interface LastKnown {
  readonly clientId: string;
  readonly dialect: Dialect;
  /** The encoded document of the last call that succeeded, not the body that was made from it. */
  readonly lastSent: JsonObject;
  /** The metadata of the server's last answer. */
  readonly returned: JsonObject;
  readonly clientSecret?: Sensitive | undefined;
}

/**
 * The body of a Client Update Request (RFC 7592 section 2.2): the declared members and `client_id`; depending on the
 * dialect also the server's last answer, the values that clear members that are no longer declared, and the secret. So
 * the result may contain the secret: it goes into a request, never into a log, a record or a status.
 *
 * `token_endpoint_auth_method` and `response_types` are always explicit: if they aren't declared, they are sent as the
 * server answered them, even if they were declared earlier. Servers that merge reset both if they are left out; servers
 * that replace reset every member. A client whose method changes unexpectedly is locked out. To change one, declare it.
 */
export function updateBody(encoded: JsonObject, last: LastKnown): JsonObject {
  const { clientId, clientSecret, dialect, lastSent } = last;
  const members = {
    ...(dialect.updateBody === 'Returned' ? carriedOver(encoded, last) : {}),
    ...keptByServer(last),
    ...clearedMembers(encoded, lastSent, dialect),
    ...encoded,
  };
  return {
    ...updatable(members, dialect),
    client_id: clientId,
    ...(dialect.secretEcho === 'Send' && clientSecret !== undefined
      ? { client_secret: clientSecret.reveal() }
      : {}),
  };
}

/** Without what the server takes in registrations only. */
function updatable(members: JsonObject, { membersNotUpdated, scopesNotUpdated }: Dialect): JsonObject {
  const isTaken = (member: string) => !isNamed(member, membersNotUpdated);
  const taken = Object.fromEntries(Object.entries(members).filter(([member]) => isTaken(member)));
  return scopesNotUpdated.length === 0 ? taken : withoutScopes(taken, scopesNotUpdated);
}

function withoutScopes({ scope, scopes, ...members }: JsonObject, refused: readonly string[]): JsonObject {
  const text = typeof scope === 'string' ? scopeWords(scope).filter((word) => !refused.includes(word)) : [];
  const list = Array.isArray(scopes) ? scopes.filter((word) => !refused.includes(String(word))) : [];
  return {
    ...members,
    ...(text.length === 0 ? {} : { scope: text.join(' ') }),
    ...(list.length === 0 ? {} : { scopes: list }),
  };
}

const scopeWords = (scope: string): readonly string[] => scope.split(/\s+/).filter(Boolean);

function keptByServer({ returned, dialect }: LastKnown): JsonObject {
  return Object.fromEntries(
    Object.entries(returned).filter(
      ([member, value]) => KEPT_BY_SERVER.includes(member) && !isRefused(member, dialect) && !isUnset(value),
    ),
  );
}

/**
 * Members that the server answered and the spec neither declares nor declared earlier, in the form that the server
 * reads.
 */
function carriedOver(encoded: JsonObject, { lastSent, returned, dialect }: LastKnown): JsonObject {
  const spokenOf = new Set([...Object.keys(encoded), ...Object.keys(lastSent)].map(identityOf));
  const rest = Object.entries(withScopeAsText(returned)).filter(
    ([member, value]) =>
      !isUnset(value) &&
      !ANSWERED_ONLY.includes(member) &&
      !spokenOf.has(identityOf(member)) &&
      !hasRival(member, encoded) &&
      !(isTagged(member) && dialect.languageTags === 'Omit'),
  );
  return encodeMetadata(Object.fromEntries(rest), dialect).body;
}

function withScopeAsText({ scopes, ...returned }: JsonObject): JsonObject {
  const scope = scopeOfList(scopes);
  return scope === undefined ? returned : { scope, ...returned };
}

/** The order in which translations replace a member that has no plain form. */
function byTag(a: string, b: string): number {
  const [first, second] = [lowerCaseTag(a), lowerCaseTag(b)];
  const isEnglish = (member: string) => Number(/#en(-|$)/.test(member));
  return isEnglish(second) - isEnglish(first) || Number(first > second) - Number(first < second);
}
