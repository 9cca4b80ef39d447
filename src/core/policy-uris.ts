import { memberOf } from '../oauth/client-metadata.ts';
import { type Json, parseJsonObject } from '../oauth/json.ts';
import type { Policy } from './connection.ts';
import { type Judged, judgedName, namedTextsIn, shownList, shownText, textsIn } from './policy-judged.ts';
import {
  hostIsListed,
  isUnsafe,
  looksLikeAddress,
  looksLikeHttp,
  matchesPattern,
  plainHost,
  withoutPlainFragment,
} from './uri-bounds.ts';

/** The bounds on every URI that a server may call, fetch, or send users to. */

interface JudgedUri {
  readonly member: string;
  readonly uri: string;
  /** The server sends users there. */
  readonly isRedirect: boolean;
  /** The fragment is for the server or the browser: it reaches no host. */
  readonly mayHaveFragment: boolean;
}

export function uriRefusal(judged: readonly Judged[], policy: Policy): string | undefined {
  for (const uri of judged.flatMap(urisOf)) {
    const refusal =
      schemeRefusal(uri, policy) ??
      hostRefusal(uri, policy) ??
      patternRefusal(uri, policy) ??
      unsafeRefusal(uri);
    if (refusal !== undefined) {
      return refusal;
    }
  }
  return undefined;
}

/** Applies whatever the lists permit: no policy can permit a script. */
function unsafeRefusal({ member, uri }: JudgedUri): string | undefined {
  return isUnsafe(uri)
    ? `${member} "${shownText(uri)}" is not permitted: its scheme runs a script or reads local data, and no cluster server permits it; choose another.`
    : undefined;
}

function schemeRefusal({ member, uri }: JudgedUri, { schemes }: Policy): string | undefined {
  return schemes !== 'HttpsOnly' || /^https:\/\//i.test(uri)
    ? undefined
    : `${member} "${shownText(uri)}" is not permitted: spec.policy.schemes of the server object is HttpsOnly; use an https URI, or ask the platform team to set spec.policy.schemes to Any.`;
}

function hostRefusal(
  { member, uri, isRedirect, mayHaveFragment }: JudgedUri,
  { uriHosts, redirectUriPatterns = [] }: Policy,
): string | undefined {
  const called = mayHaveFragment ? withoutPlainFragment(uri) : uri;
  if (uriHosts === undefined || hostIsListed(called, uriHosts)) {
    return undefined;
  }
  const isOwnScheme = isRedirect && !looksLikeHttp(uri);
  // An application's own scheme has no host, so only a pattern can permit it.
  if (isOwnScheme && matchesPattern(uri, redirectUriPatterns)) {
    return undefined;
  }
  const bounds = `spec.policy.uriHosts${isOwnScheme ? ' or spec.policy.redirectUriPatterns' : ''}`;
  return `${member} "${shownText(uri)}" ${hostFault(uri)}, and spec.policy.uriHosts of the server object lists ${shownList(uriHosts)}; choose another, or ask the platform team to extend ${bounds}.`;
}

function hostFault(uri: string): string {
  const host = plainHost(uri);
  if (host !== undefined) {
    return `is at ${shownText(host)}`;
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
    : `${member} "${shownText(uri)}" matches none of spec.policy.redirectUriPatterns of the server object, which lists ${shownList(redirectUriPatterns)}; choose another, or ask the platform team to extend spec.policy.redirectUriPatterns.`;
}

const REDIRECTS = ['redirect_uris', 'post_logout_redirect_uris', 'claims_redirect_uris'];
/** Claims that name parties (RFC 7519 section 4.1), not places that the server calls or sends users to. */
const PARTIES = ['iss', 'sub', 'aud', 'jti'];

/**
 * Finds everything that looks like an address, also in keys that refer to certificates (`x5u`) and in members without a
 * row.
 */
function urisOf(judged: Judged): readonly JudgedUri[] {
  const { name, value, isClaim } = judged;
  const row = memberOf(name);
  const isUri = row?.type === 'uri' || row?.type === 'uris';
  const isOpen = row === undefined ? !(isClaim && PARTIES.includes(name)) : row.type === 'object';
  const uris = isUri
    ? textsIn(value).filter((text) => text !== '')
    : isOpen
      ? namedTextsIn(name, decoded(value)).flatMap(({ name: key, text }) =>
          looksLikeAddress(text, key) ? [text] : [],
        )
      : [];
  const isRedirect = REDIRECTS.includes(row?.wire ?? '');
  const mayHaveFragment = isUri && row.noFragment !== true;
  return uris.map((uri) => ({ member: judgedName(judged), uri, isRedirect, mayHaveFragment }));
}

/** Some servers take `jwks` as JSON text. */
const decoded = (value: Json): Json => (typeof value === 'string' && parseJsonObject(value)) || value;
