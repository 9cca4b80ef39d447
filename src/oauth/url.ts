/**
 * One strict grammar for URLs, for both the CRD's validation and the operator: absolute, no user information, no
 * fragment, no backslash, no control character, no encoded host, at most 2048 characters.
 */
const HOST = '(\\[[0-9A-Fa-f:.]+\\]|[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?)';
const PATH = "(/[A-Za-z0-9._~!$&'()*+,;=:@%/-]*)?";
const QUERY = "([?][A-Za-z0-9._~!$&'()*+,;=:@%/?-]*)?";

/** Both RE2 (CEL) and JavaScript read it. */
export const URL_PATTERN = `^https?://${HOST}(:[0-9]{1,5})?${PATH}${QUERY}$`;

/** Of any scheme, as in RFC 3986 section 3, where it tells URIs from other texts. Both RE2 (CEL) and JavaScript read it. */
const URI = '[A-Za-z][A-Za-z0-9+.-]*:[^#\\x00-\\x20\\x7f]+';
const FRAGMENT = '(#[^#\\x00-\\x20\\x7f]*)?';

/** An absolute URI, with or without a fragment; `noFragment`: without one. */
export const uriPattern = (noFragment: boolean): string => `^${URI}${noFragment ? '' : FRAGMENT}$`;

export const MAX_URL_LENGTH = 2048;

const URL_REGEX = new RegExp(URL_PATTERN);

export interface UrlRules {
  /** `http:` is for tests and trials; the operator's flag `--allow-http` sets it. */
  readonly allowHttp: boolean;
}

/** The message is for tenants, who can't set flags, so it names none. */
export const HTTP_REFUSED = 'does not use https, and http is not permitted here';

/** The problem with a URL, as the end of a sentence that begins with its name; `undefined`: none. */
export function urlProblem(text: string, rules: UrlRules): string | undefined {
  if (text.length > MAX_URL_LENGTH) {
    return `is longer than ${MAX_URL_LENGTH} characters`;
  }
  if (!URL_REGEX.test(text) || !URL.canParse(text)) {
    return 'is not an absolute URL without user information and fragment';
  }
  if (text.startsWith('http:') && !rules.allowHttp) {
    return HTTP_REFUSED;
  }
  return undefined;
}

/** Scheme, host and port. Two URLs with the same origin belong to the same server. */
export function originOf(text: string): string {
  return new URL(text).origin;
}

/** Resolves a possibly relative reference, as some servers return (RFC 3986 section 5). */
export function resolveUrl(reference: string, base: string): string | undefined {
  return URL.canParse(reference, base) ? new URL(reference, base).href : undefined;
}
