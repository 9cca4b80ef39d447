import type { AuthorizationServerSpec } from '../api/authorization-server.ts';
import { type UrlRules, urlProblem } from '../oauth/url.ts';
import { type CredentialSecrets, secretValue } from './credential.ts';
import { isProblem, type Problem } from './problem.ts';

/**
 * The URL of the proxy that a server object names, with the user and the password that its Secret has. `undefined`: the
 * proxy of the operator's environment applies.
 */
export function proxyOf(
  { proxyUrl, proxyRef }: Pick<NonNullable<AuthorizationServerSpec['connection']>, 'proxyUrl' | 'proxyRef'>,
  secrets: CredentialSecrets,
  rules: UrlRules,
): { readonly url: string | undefined } | Problem {
  if (proxyRef === undefined) {
    return { url: proxyUrl };
  }
  const { name } = proxyRef;
  const url = secretValue(secrets, { name, key: 'url' });
  if (isProblem(url)) {
    return url;
  }
  const problem = urlProblem(url.reveal(), rules);
  if (problem !== undefined) {
    return {
      reason: 'CredentialUnusable',
      message: `Key "url" of Secret ${secrets.namespace}/${name} ${problem}. Correct it, and put user and password under keys of their own.`,
    };
  }
  const [username, password] = ['username', 'password'].map((key) => secretValue(secrets, { name, key }));
  const withCredentials = new URL(url.reveal());
  withCredentials.username = encoded(username);
  withCredentials.password = encoded(password);
  return { url: withCredentials.href };
}

/** Empty where the Secret has no such key. */
const encoded = (value: ReturnType<typeof secretValue> | undefined): string =>
  value === undefined || isProblem(value) ? '' : encodeURIComponent(value.reveal());
