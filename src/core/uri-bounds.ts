import { MAX_URL_LENGTH, urlProblem } from '../oauth/url.ts';

/**
 * Whether a URI is within a bound. Servers use many different URI parsers, so a URI that two parsers could read
 * differently is within no bound.
 */

/**
 * Whether a host bound admits an http(s) URL: an entry is a host, or `*.` and the domain below which all are admitted.
 * Case and port don't matter. A URL that isn't written plainly is never admitted: user information, a backslash, an
 * encoded or abbreviated host, a full stop at the end, a fragment.
 */
export function hostIsListed(uri: string, hosts: readonly string[]): boolean {
  const host = plainHost(uri);
  return host !== undefined && hosts.some((entry) => isHostWithin(entry.toLowerCase(), host));
}

/**
 * Whether an entry of a list of hosts has this one: an entry is a host, or `*.` and the domain below which all are
 * meant. A host can't begin with a full stop, so a host that ends with `.example.com` is below `example.com`.
 *
 * @param entry in lower case
 */
export const isHostWithin = (entry: string, host: string): boolean =>
  entry.startsWith('*.') ? host.endsWith(entry.slice(1)) : host === entry;

/** The host of an http(s) URL that every parser reads alike; `undefined` for any other. */
export function plainHost(uri: string): string | undefined {
  if (urlProblem(uri, { allowHttp: true }) !== undefined) {
    return undefined;
  }
  const [, written = ''] = /^https?:\/\/(\[[^\]]*\]|[^:/?]*)/.exec(uri) ?? [];
  const { hostname } = new URL(uri);
  return written.toLowerCase() === hostname ? hostname : undefined;
}

/**
 * The URI without its fragment, of members that may have one. Only a fragment that every parser reads alike is taken off:
 * behind a path, and without `@` and `\\`, a parser that overlooks the `#` reads no other host and no user.
 */
export const withoutPlainFragment = (uri: string): string =>
  uri.length > MAX_URL_LENGTH ? uri : uri.replace(PLAIN_FRAGMENT, '$1');

const PLAIN_FRAGMENT = /^(https?:\/\/[^/?#]+\/[^#]*)#[A-Za-z0-9._~!$&'()*+,;=:/?%-]*$/;

/** Whether a lenient parser would take the text for an http(s) URL. */
export function looksLikeHttp(text: string): boolean {
  return /^https?:/i.test(dense(text));
}

/** Browsers drop white space and characters that control, also within a scheme. */
const dense = (text: string): string => text.slice(0, 2 * MAX_URL_LENGTH).replace(/[\s\p{C}]+/gu, '');

/** Schemes that run a script where the URI is shown, or read local data where it is fetched. */
const UNSAFE = /^(javascript|vbscript|data|file|blob|filesystem|about|view-source|jar):/i;

const SCRIPT = /^(javascript|vbscript):/i;

/** Whether a browser or a server that follows the URI would do more than send a request. */
export const isUnsafe = (uri: string): boolean => UNSAFE.test(dense(uri));

/** Names under which a value is an address: `x5u` (RFC 7517 section 4.6), `logo_uri`, `callbackUrl`, `endpoint`. */
const NAMES_ADDRESS = /(^|[_-])(ur[il]s?|x5u|jku|href|endpoints?)$|(Ur[il]s?|UR[IL]s?|Endpoints?)$/;

/**
 * Whether a text in a member of unknown meaning is an address, of any scheme: by its form (`scheme://`), by a scheme that
 * is never anything else, or because its name says so. Names such as `urn:…` under other names are none.
 */
export function looksLikeAddress(text: string, name: string): boolean {
  const start = text
    .slice(0, 2 * MAX_URL_LENGTH)
    .replace(/\p{C}+/gu, '')
    .trimStart();
  const hasScheme = NAMES_ADDRESS.test(name) ? /^[a-z][a-z0-9+.-]*:/i : /^[a-z][a-z0-9+.-]*:[/\\]{2}/i;
  return (
    looksLikeHttp(text) ||
    hasScheme.test(start) ||
    SCRIPT.test(dense(text)) ||
    (/^[a-z-]+:\S/i.test(start) && UNSAFE.test(start))
  );
}

/**
 * Whether one of the patterns admits a URI. `*` matches zero or more characters within one segment of host or path. It
 * doesn't match `/`, `?`, `#`, `:`, `@`, or an encoded `/` or `\`. The whole URI must match, as it is written and as a
 * browser reads it. A pattern without `*` also admits a URI with exactly the same text.
 *
 * A URI that contains a `*` is never admitted: some servers read it as a wildcard, with a wider meaning.
 */
export function matchesPattern(uri: string, patterns: readonly string[]): boolean {
  if (uri.length > MAX_URL_LENGTH || uri.includes('*')) {
    return false;
  }
  const read = asBrowserReads(uri);
  return patterns.some(
    (pattern) => pattern === uri || (read !== undefined && matches(uri, pattern) && matches(read, pattern)),
  );
}

/** `undefined` where the URI can't be parsed, or other parsers may read it differently. */
function asBrowserReads(uri: string): string | undefined {
  if (!URL.canParse(uri) || (looksLikeHttp(uri) && plainHost(uri) === undefined)) {
    return undefined;
  }
  const { href } = new URL(uri);
  // An empty path is written as `/`.
  return href.endsWith('/') && !uri.endsWith('/') ? href.slice(0, -1) : href;
}

const SEPARATORS = /([/?#:@])/;

function matches(uri: string, pattern: string): boolean {
  const segments = uri.split(SEPARATORS);
  const patternSegments = pattern.split(SEPARATORS);
  return (
    segments.length === patternSegments.length &&
    segments.every((segment, index) => matchesSegment(segment, patternSegments[index] ?? ''))
  );
}

/** Each part is searched after the one before, so nothing is tried twice. */
function matchesSegment(segment: string, pattern: string): boolean {
  const [first = '', ...rest] = pattern.split('*');
  const last = rest.pop();
  if (last === undefined) {
    return segment === pattern;
  }
  if (/%(2a|2f|5c)/i.test(segment) || !segment.startsWith(first)) {
    return false;
  }
  let from = first.length;
  for (const part of rest) {
    const found = segment.indexOf(part, from);
    if (found === -1) {
      return false;
    }
    from = found + part.length;
  }
  return segment.length - last.length >= from && segment.endsWith(last);
}
