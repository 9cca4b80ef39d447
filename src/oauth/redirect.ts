import { presentable } from './error-response.ts';
import type { Sensitive } from './sensitive.ts';

/**
 * Where a redirect leads, for people: `https://as.example/reg/, which differs by a slash at the end`. Without user
 * information, query and fragment; credentials are masked. The path is shown for the origin that was called; that of
 * another origin may contain anything. `undefined` where the target is no http address.
 *
 * @param location the header `Location`, absolute or relative (RFC 9110 section 10.2.2)
 * @param from the URL that was called; without it, a relative target is not shown
 */
export function describeTarget(
  location: string | undefined,
  from: string | undefined,
  secrets: readonly Sensitive[],
): string | undefined {
  const target = location ? URL.parse(location, from) : null;
  if (target === null || !/^https?:$/.test(target.protocol)) {
    return undefined;
  }
  const called = from === undefined ? null : URL.parse(from);
  const path = target.origin === called?.origin ? target.pathname : '';
  return presentable(target.origin + path, secrets) + hintOfTarget(target, called);
}

const LOGIN_PAGE = /(^|[/._-])(log[-_]?(in|on)|sign[-_]?in|saml2?)([/._-]|$)/i;

/** What the target suggests about the cause. */
function hintOfTarget(target: URL, called: URL | null): string {
  if (LOGIN_PAGE.test(target.pathname)) {
    return ', perhaps a login page';
  }
  if (called === null) {
    return '';
  }
  if (target.host !== called.host) {
    return ', another host or port';
  }
  if (target.protocol !== called.protocol) {
    return ', another scheme';
  }
  if (target.pathname === called.pathname) {
    return ', the address that was called: what is between may want a cookie or a login';
  }
  const differsBySlash = withoutSlash(target.pathname) === withoutSlash(called.pathname);
  return differsBySlash ? ', which differs by a slash at the end' : '';
}

const withoutSlash = (path: string): string => path.replace(/\/$/, '');
