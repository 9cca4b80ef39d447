import type { CredentialSecret, CredentialSecrets } from '../../src/core/credential.ts';
import { Sensitive } from '../../src/oauth/sensitive.ts';

/** Secrets as the operator finds them in one namespace. */

export const NAMESPACE = 'operators';

/** A labelled Secret. */
export const found = (values: Readonly<Record<string, string>>, version = '1'): CredentialSecret => ({
  kind: 'Found',
  version,
  values: Object.fromEntries(Object.entries(values).map(([key, value]) => [key, new Sensitive(value)])),
});

export const secretsOf = (secrets: Readonly<Record<string, CredentialSecret>> = {}): CredentialSecrets => ({
  namespace: NAMESPACE,
  get: (name) => (Object.hasOwn(secrets, name) ? secrets[name] : undefined) ?? { kind: 'NotFound' },
});

/** Every wrapped value in plain text: two of them always look equal to `toEqual`. */
export function plain(value: unknown): unknown {
  if (value instanceof Sensitive) {
    return value.reveal();
  }
  if (Array.isArray(value)) {
    return value.map(plain);
  }
  return typeof value === 'object' && value !== null
    ? Object.fromEntries(Object.entries(value).map(([name, member]) => [name, plain(member)]))
    : value;
}

/** An unsigned JWS: what identifies a statement is read, never trusted. */
export function statementOf(claims: object): string {
  const part = (json: object) => Buffer.from(JSON.stringify(json)).toString('base64url');
  return `${part({ alg: 'RS256' })}.${part(claims)}.c2ln`;
}
