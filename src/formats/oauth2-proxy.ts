import type { SecretFormat } from './format.ts';
import { keyForEach } from './named-values.ts';
import { springValues } from './spring-names.ts';

const NAMES: Readonly<Record<string, string>> = {
  client_id: 'CLIENT_ID',
  client_secret: 'CLIENT_SECRET',
  issuer: 'OIDC_ISSUER_URL',
  scope: 'SCOPE',
  redirect_uris: 'REDIRECT_URL',
  provider: 'PROVIDER',
};

const nameOf = (wireName: string): string =>
  Object.hasOwn(NAMES, wireName) ? `OAUTH2_PROXY_${NAMES[wireName]}` : '';

/**
 * The environment variables of oauth2-proxy, for `envFrom`: its options in upper case after `OAUTH2_PROXY_`. It discovers
 * the endpoints itself; a cookie secret is no business of a client.
 */
export const oauth2ProxyFormat = {
  name: 'OAuth2Proxy',
  about: 'the environment variables of oauth2-proxy, like `OAUTH2_PROXY_CLIENT_ID`, for `envFrom`',
  secretType: 'Opaque',
  ...keyForEach(nameOf, (client) => ({
    redirect_uris: springValues(client)['redirect_uris'],
    provider: 'oidc',
  })),
} as const satisfies SecretFormat;
