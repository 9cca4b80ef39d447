import type { Policy } from './connection.ts';
import { type Judged, judgedName, shownList, shownText, textsIn } from './policy-judged.ts';

/** The bounds on lists of words: scopes, grant types, response types, methods, and algorithms. */

interface WordBound {
  readonly list: 'scopes' | 'grantTypes' | 'responseTypes' | 'tokenEndpointAuthMethods';
  readonly members: readonly string[];
  readonly wordsOf: (text: string) => readonly string[];
  /** What the absence of all members means (RFC 7591 section 2). Absent: the server's default scopes. */
  readonly absent?: string;
  /** Servers read an empty list as an absent member. */
  readonly emptyIsAbsent?: boolean;
}

const words = (text: string): readonly string[] => text.split(/\s+/).filter(Boolean);

/** A response type is itself a set of words. */
const wordSet = (text: string): readonly string[] =>
  text.trim() === '' ? [] : [words(text).toSorted().join(' ')];

const SCOPES: WordBound = {
  list: 'scopes',
  members: ['scope', 'scopes'],
  wordsOf: words,
  emptyIsAbsent: true,
};

const WORD_BOUNDS: readonly WordBound[] = [
  SCOPES,
  {
    list: 'grantTypes',
    members: ['grant_types'],
    wordsOf: words,
    absent: 'authorization_code',
    emptyIsAbsent: true,
  },
  { list: 'responseTypes', members: ['response_types'], wordsOf: wordSet, absent: 'code' },
  {
    list: 'tokenEndpointAuthMethods',
    members: ['token_endpoint_auth_method'],
    wordsOf: words,
    absent: 'client_secret_basic',
  },
];

export function wordRefusal(judged: readonly Judged[], policy: Policy): string | undefined {
  for (const bound of WORD_BOUNDS) {
    const refusal =
      refusalOfWords(judged, bound, policy) ??
      (bound === SCOPES ? undefined : refusalOfAbsence(judged, bound, policy));
    if (refusal !== undefined) {
      return refusal;
    }
  }
  return refusalOfAbsence(judged, SCOPES, policy);
}

function refusalOfWords(
  judged: readonly Judged[],
  { list, members, wordsOf }: WordBound,
  { [list]: listed }: Policy,
): string | undefined {
  if (listed === undefined) {
    return undefined;
  }
  const permitted = new Set(listed.flatMap(wordsOf));
  for (const member of judged.filter(({ name }) => members.includes(name))) {
    const refused = textsIn(member.value)
      .flatMap(wordsOf)
      .find((word) => !permitted.has(word));
    if (refused !== undefined) {
      return `${judgedName(member)} "${shownText(refused)}" is not permitted: ${limitOf(list, listed)}; choose another, ${remedyOf(list)}`;
    }
  }
  return undefined;
}

const limitOf = (list: WordBound['list'], listed: readonly string[]): string =>
  `spec.policy.${list} of the server object lists ${shownList(listed)}`;

const remedyOf = (list: WordBound['list']): string =>
  `or ask the platform team to extend spec.policy.${list}.`;

function refusalOfAbsence(
  judged: readonly Judged[],
  { list, members, absent, emptyIsAbsent = false, wordsOf }: WordBound,
  { [list]: listed }: Policy,
): string | undefined {
  if (listed === undefined) {
    return undefined;
  }
  const permitted = new Set(listed.flatMap(wordsOf));
  const given = judged.filter(({ name, value }) => members.includes(name) && value !== null);
  const says = ({ value }: Judged): boolean =>
    textsIn(value).flatMap(wordsOf).length > 0 ||
    // Where nothing is permitted, only an empty list complies.
    (value !== '' && !emptyIsAbsent) ||
    (absent === undefined && permitted.size === 0);
  if (given.some(says) || (absent !== undefined && permitted.has(absent))) {
    return undefined;
  }
  const how = given.some(({ value }) => value !== '') ? 'empty' : 'absent';
  const means =
    absent === undefined ? 'which means the default scopes of the server' : `which means "${absent}"`;
  return `${members[0]} is ${how}, ${means} (RFC 7591 section 2), and that is not permitted: ${limitOf(list, listed)}; set it, ${remedyOf(list)}`;
}

/** Members that name an algorithm: `id_token_signed_response_alg`, `userinfo_encrypted_response_enc` and their like. */
const ALGORITHM = /(?:^|_)(?:alg|enc)(?:_values_supported)?$|(?:Alg|Enc)$/;

/**
 * `none` signs nothing (RFC 7518 section 3.6): it is permitted only where it is listed, even if other algorithms aren't
 * bounded. An absent member is the server's choice.
 */
export function algorithmRefusal(judged: readonly Judged[], { algorithms }: Policy): string | undefined {
  for (const member of judged.filter(({ name }) => ALGORITHM.test(name.split('#', 1)[0] ?? ''))) {
    const refused = textsIn(member.value).find((text) =>
      algorithms === undefined ? text.trim().toLowerCase() === 'none' : !algorithms.includes(text),
    );
    if (refused !== undefined) {
      const limit =
        algorithms === undefined
          ? 'spec.policy.algorithms of the server object has to list it'
          : `spec.policy.algorithms of the server object lists ${shownList(algorithms, 'nothing')}`;
      return `${judgedName(member)} "${shownText(refused)}" is not permitted: ${limit}; choose another, or ask the platform team to extend spec.policy.algorithms.`;
    }
  }
  return undefined;
}
