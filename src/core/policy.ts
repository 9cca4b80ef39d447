import { memberOf } from '../oauth/client-metadata.ts';
import { presentable } from '../oauth/error-response.ts';
import { isJsonObject, type Json, type JsonObject, parseJsonObject } from '../oauth/json.ts';
import { cut } from '../oauth/text.ts';
import type { Policy } from './connection.ts';
import type { Problem } from './problem.ts';
import { hostIsListed, looksLikeHttp, matchesPattern, plainHost } from './uri-bounds.ts';

/** A member of the document, or a claim of its software statement: servers register both (RFC 7591 section 2.3). */
interface Judged {
  readonly name: string;
  readonly value: Json;
  readonly isClaim: boolean;
}

/**
 * Why a document may not be registered, by the bounds of a cluster server: the first that it exceeds, in the order of
 * identifiers, additional members, URIs, words. `undefined`: it may.
 *
 * Judged is what the server would read, whoever wrote it: the client, the defaults, or the issuer of the statement. Two
 * bounds hold without being set: no member but those of the table, and no client identifier of the client's choosing.
 * A statement's further claims are its issuer's affair, but for identifiers and URLs.
 *
 * Where a list is bounded and the member absent, what RFC 7591 section 2 says of its absence is judged:
 * `authorization_code`, `code`, `client_secret_basic`. An empty list says that there are none, and is admitted.
 *
 * @param document the body to send, in the server's dialect, with the claims of the software statement in its place
 * @param policy `undefined`: no bounds at all
 * @param own wire names of members that the operator adds by itself
 */
export function policyProblem(
  document: JsonObject,
  policy: Policy | undefined,
  own: readonly string[] = [],
): Problem | undefined {
  if (policy === undefined) {
    return undefined;
  }
  const judged = judgedIn(document);
  const refusal =
    identifierRefusal(judged, policy) ??
    additionalRefusal(judged, policy, own) ??
    uriRefusal(judged, policy) ??
    wordRefusal(judged, policy);
  return refusal === undefined ? undefined : { reason: 'PolicyRefused', message: refusal };
}

function judgedIn(document: JsonObject): readonly Judged[] {
  return Object.entries(document).flatMap(([name, value]): readonly Judged[] =>
    name === 'software_statement' && isJsonObject(value)
      ? Object.entries(value).map(([claim, claimed]) => ({ name: claim, value: claimed, isClaim: true }))
      : [{ name, value, isClaim: false }],
  );
}

/** Members by which servers let a client choose how it is known. */
const IDENTIFIERS = ['client_id', 'preferred_client_id', 'ext_param_client_id'];

function identifierRefusal(
  judged: readonly Judged[],
  { clientIdentifier = 'Deny' }: Policy,
): string | undefined {
  const chosen =
    clientIdentifier === 'Deny' &&
    judged.find(({ name }) => IDENTIFIERS.includes(name) || name === 'client_secret');
  return chosen
    ? `${nameOf(chosen)} is not permitted: by spec.policy.clientIdentifier of the server object the server chooses it; remove it, or ask the platform team to set spec.policy.clientIdentifier to Allow.`
    : undefined;
}

function additionalRefusal(
  judged: readonly Judged[],
  { additionalMetadata }: Policy,
  own: readonly string[],
): string | undefined {
  const allowed = additionalMetadata?.allowed ?? [];
  // `scopes` is how some servers take `scope`; identifiers were judged before.
  const known = new Set([...allowed, ...own, ...IDENTIFIERS, 'scopes']);
  const unknown = judged.find(
    ({ name, isClaim }) => !isClaim && memberOf(name) === undefined && !known.has(name),
  );
  return unknown
    ? `${nameOf(unknown)} is not permitted: spec.policy.additionalMetadata.allowed of the server object lists ${shownList(allowed)}; remove it, or ask the platform team to extend spec.policy.additionalMetadata.allowed.`
    : undefined;
}

interface JudgedUri {
  readonly member: string;
  readonly uri: string;
  /** The server sends users there. */
  readonly isRedirect: boolean;
}

function uriRefusal(judged: readonly Judged[], policy: Policy): string | undefined {
  for (const uri of judged.flatMap(urisOf)) {
    const refusal = hostRefusal(uri, policy) ?? patternRefusal(uri, policy);
    if (refusal !== undefined) {
      return refusal;
    }
  }
  return undefined;
}

function hostRefusal(
  { member, uri, isRedirect }: JudgedUri,
  { uriHosts, redirectUriPatterns = [] }: Policy,
): string | undefined {
  if (uriHosts === undefined || hostIsListed(uri, uriHosts)) {
    return undefined;
  }
  const isOwnScheme = isRedirect && !looksLikeHttp(uri);
  // An application's own scheme has no host: only a pattern can speak for it.
  if (isOwnScheme && matchesPattern(uri, redirectUriPatterns)) {
    return undefined;
  }
  const bounds = `spec.policy.uriHosts${isOwnScheme ? ' or spec.policy.redirectUriPatterns' : ''}`;
  return `${member} “${shown(uri)}” ${hostFault(uri)}, and spec.policy.uriHosts of the server object lists ${shownList(uriHosts)}; choose another, or ask the platform team to extend ${bounds}.`;
}

function hostFault(uri: string): string {
  const host = plainHost(uri);
  if (host !== undefined) {
    return `is at ${shown(host)}`;
  }
  return looksLikeHttp(uri)
    ? 'is not written plainly (no user information, fragment, backslash, or host in another notation)'
    : 'has no host';
}

function patternRefusal(
  { member, uri, isRedirect }: JudgedUri,
  { redirectUriPatterns }: Policy,
): string | undefined {
  return !isRedirect || redirectUriPatterns === undefined || matchesPattern(uri, redirectUriPatterns)
    ? undefined
    : `${member} “${shown(uri)}” matches none of spec.policy.redirectUriPatterns of the server object, which lists ${shownList(redirectUriPatterns)}; choose another, or ask the platform team to extend spec.policy.redirectUriPatterns.`;
}

const REDIRECTS = ['redirect_uris', 'post_logout_redirect_uris', 'claims_redirect_uris'];
/** Claims that name parties (RFC 7519 section 4.1), not places that the server calls or sends users to. */
const PARTIES = ['iss', 'sub', 'aud', 'jti'];

/** Every URI that the server may call, fetch or send users to, also where keys refer to certificates (`x5u`). */
function urisOf(judged: Judged): readonly JudgedUri[] {
  const { name, value, isClaim } = judged;
  const row = memberOf(name);
  const isUri = row?.type === 'uri' || row?.type === 'uris';
  const isOpen = row === undefined ? !(isClaim && PARTIES.includes(name)) : row.type === 'object';
  const uris = isUri
    ? textsIn(value).filter((text) => text !== '')
    : isOpen
      ? textsIn(decoded(value)).filter(looksLikeHttp)
      : [];
  const isRedirect = REDIRECTS.includes(row?.wire ?? '');
  return uris.map((uri) => ({ member: nameOf(judged), uri, isRedirect }));
}

/** Some servers take `jwks` as JSON text. */
const decoded = (value: Json): Json => (typeof value === 'string' && parseJsonObject(value)) || value;

/** Every string of a value, in order; without recursion, since statements nest as their issuers like. */
function textsIn(value: Json): readonly string[] {
  const texts: string[] = [];
  const open: Json[] = [value];
  while (open.length > 0) {
    const next = open.pop();
    if (typeof next === 'string') {
      texts.push(next);
    } else if (typeof next === 'object' && next !== null) {
      for (const part of Object.values(next).toReversed()) {
        open.push(part);
      }
    }
  }
  return texts;
}

interface WordBound {
  readonly list: 'scopes' | 'grantTypes' | 'responseTypes' | 'tokenEndpointAuthMethods';
  readonly members: readonly string[];
  /** What the absence of all of them means (RFC 7591 section 2). */
  readonly absent?: string;
  readonly wordsOf: (text: string) => readonly string[];
}

const words = (text: string): readonly string[] => text.split(/\s+/).filter(Boolean);

/** A response type is itself a set of words. */
const wordSet = (text: string): readonly string[] =>
  text.trim() === '' ? [] : [words(text).toSorted().join(' ')];

const WORD_BOUNDS: readonly WordBound[] = [
  { list: 'scopes', members: ['scope', 'scopes'], wordsOf: words },
  { list: 'grantTypes', members: ['grant_types'], absent: 'authorization_code', wordsOf: words },
  { list: 'responseTypes', members: ['response_types'], absent: 'code', wordsOf: wordSet },
  {
    list: 'tokenEndpointAuthMethods',
    members: ['token_endpoint_auth_method'],
    absent: 'client_secret_basic',
    wordsOf: words,
  },
];

function wordRefusal(judged: readonly Judged[], policy: Policy): string | undefined {
  for (const bound of WORD_BOUNDS) {
    const listed = policy[bound.list];
    const refusal = listed && refusalOfWords(judged, bound, listed);
    if (refusal !== undefined) {
      return refusal;
    }
  }
  return undefined;
}

function refusalOfWords(
  judged: readonly Judged[],
  { list, members, absent, wordsOf }: WordBound,
  listed: readonly string[],
): string | undefined {
  const permitted = new Set(listed.flatMap(wordsOf));
  const limit = `spec.policy.${list} of the server object lists ${shownList(listed)}`;
  const remedy = `or ask the platform team to extend spec.policy.${list}.`;
  const present = judged.filter(
    ({ name, value }) => members.includes(name) && value !== null && value !== '',
  );
  for (const member of present) {
    const refused = textsIn(member.value)
      .flatMap(wordsOf)
      .find((word) => !permitted.has(word));
    if (refused !== undefined) {
      return `${nameOf(member)} “${shown(refused)}” is not permitted: ${limit}; choose another, ${remedy}`;
    }
  }
  return present.length > 0 || absent === undefined || permitted.has(absent)
    ? undefined
    : `${members[0]} is absent, which means “${absent}” (RFC 7591 section 2), and that is not permitted: ${limit}; set it, ${remedy}`;
}

const shown = (text: string): string => cut(presentable(text, []), 200);

const shownList = (list: readonly string[]): string => (list.length === 0 ? 'none' : shown(list.join(', ')));

const nameOf = ({ name, isClaim }: Judged): string => shown(isClaim ? `software_statement.${name}` : name);
