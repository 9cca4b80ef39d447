/**
 * The auth-params of a Bearer challenge (RFC 6750 section 3). Bounded by the cap on headers; each name is tried once, from
 * its beginning, so that the time grows with the length alone.
 */
export function challengeOf(header = ''): Readonly<Record<string, string>> {
  const params = header.matchAll(/(?<![a-z_])([a-z_]+)="((?:[^"\\]|\\.)*)"/g);
  return Object.fromEntries(
    [...params].map(([, name = '', value = '']) => [name, value.replace(/\\(.)/g, '$1')]),
  );
}
