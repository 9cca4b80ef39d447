import type { Json, JsonObject } from '../oauth/json.ts';
import { own } from '../oauth/objects.ts';
import type { Dialect } from './dialect.ts';
import { ANSWERED_ONLY, identityOf, isRefused, isTagged, KEPT_BY_SERVER } from './member-names.ts';

/** What an update sends for members that were declared earlier and no longer are. */
export function clearedMembers(encoded: JsonObject, lastSent: JsonObject, dialect: Dialect): JsonObject {
  const declared = new Set(Object.keys(encoded).map(identityOf));
  const gone = Object.entries(lastSent).filter(
    ([member]) =>
      !declared.has(identityOf(member)) &&
      !KEPT_BY_SERVER.includes(member) &&
      !ANSWERED_ONLY.includes(member) &&
      !isRefused(member, dialect) &&
      !(isTagged(member) && dialect.languageTags === 'Omit'),
  );
  switch (dialect.clearBy) {
    case 'Omit':
      return {};
    case 'Null':
      return Object.fromEntries(gone.map(([member]) => [member, null]));
    case 'Empty':
      return Object.fromEntries(
        gone
          .filter(([member]) => !WITHOUT_EMPTY_VALUE.includes(member) && !hasRival(member, encoded))
          .map(([member, value]) => [member, emptyOf(member, value)]),
      );
  }
}

/** Members that can't be sent empty: Keycloak then answers 500. */
const WITHOUT_EMPTY_VALUE = ['subject_type'];

/** The value that says "none" in the same JSON type. Every boolean that is registered with IANA is false by default. */
function emptyOf(member: string, value: Json): Json {
  if (Array.isArray(value)) {
    return [];
  }
  if (member === 'jwks' && typeof value === 'object') {
    return { keys: [] };
  }
  return typeof value === 'string' ? '' : typeof value === 'boolean' ? false : null;
}

const RIVALS: Readonly<Record<string, string>> = { jwks: 'jwks_uri', jwks_uri: 'jwks' };

/** `jwks` and `jwks_uri` must not both be present (RFC 7591 section 2), not even if one is empty. */
export function hasRival(member: string, encoded: JsonObject): boolean {
  const rival = own(RIVALS, member);
  return rival !== undefined && Object.hasOwn(encoded, rival);
}
