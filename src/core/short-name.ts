import { sha256 } from '../oauth/sha256.ts';

/**
 * Shortens names of which the operator stores many to at most 63 characters and bytes. A longer one is cut, and ends
 * with a part of its hash, so that two long names stay distinct. A cut name is no valid name of any object.
 */
export function shortName(name: string): string {
  return name.length <= MAX_NAME ? name : `${name.slice(0, CUT_AT)}${CUT}${sha256(name).slice(0, HASHED)}`;
}

/** Shortens the last part of a key like `namespace/name` or `kind/namespace/name`. */
export function shortKey<Key extends string>(key: Key): Key {
  const start = key.lastIndexOf('/') + 1;
  const isShort = key.length - start <= MAX_NAME;
  return isShort ? key : ((key.slice(0, start) + shortName(key.slice(start))) as Key);
}

/** Whether the name is a longer name that was cut. */
export const isCut = (name: string): boolean => name.includes(CUT);

const MAX_NAME = 63;
const CUT = '…';
const HASHED = 10;
/** The mark takes three bytes of UTF-8. */
const CUT_AT = MAX_NAME - 3 - HASHED;

/** The name of an OAuthClient as the value of a label, which holds 63 characters; an annotation has the whole name. */
export const labelValue = (name: string): string => name.slice(0, 63).replace(/[^A-Za-z0-9]+$/, '');
