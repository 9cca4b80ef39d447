import type { Json } from '../oauth/json.ts';
import { type PublishedClient, publishedValues, saidOf } from './published-client.ts';

/**
 * The names that Spring has for what a client knows: properties of `spring.security.oauth2.client.registration.<id>` and
 * of `….provider.<id>`. Spring Cloud Bindings reads the same names from a service binding of type `oauth2`.
 */

/** Wire name → property of the registration. */
export const OF_REGISTRATION: Readonly<Record<string, string>> = {
  client_id: 'client-id',
  client_secret: 'client-secret',
  token_endpoint_auth_method: 'client-authentication-method',
  grant_types: 'authorization-grant-type',
  redirect_uris: 'redirect-uri',
  client_name: 'client-name',
  scope: 'scope',
};

/** Wire name → property of the provider. */
export const OF_PROVIDER: Readonly<Record<string, string>> = {
  issuer: 'issuer-uri',
  authorization_endpoint: 'authorization-uri',
  token_endpoint: 'token-uri',
  userinfo_endpoint: 'user-info-uri',
  jwks_uri: 'jwk-set-uri',
};

/**
 * What Spring reads beyond the values that every format has, or in another form, as texts by wire name. It splits the scope
 * at commas. A registration of Spring has one grant type and one redirect URI: of several grant types it is the one that
 * logs in, of several URIs none.
 */
export function springValues(client: PublishedClient): Readonly<Record<string, string | undefined>> {
  const grants = texts(saidOf(client, 'grant_types'));
  const uris = texts(saidOf(client, 'redirect_uris'));
  const name = saidOf(client, 'client_name');
  return {
    scope: publishedValues(client)['scope']?.split(' ').join(','),
    grant_types:
      grants.find((grant) => grant === 'authorization_code') ?? (grants.length === 1 ? grants[0] : undefined),
    redirect_uris: uris.length === 1 ? uris[0] : undefined,
    client_name: typeof name === 'string' && name !== '' ? name : undefined,
  };
}

const texts = (value: Json | undefined): readonly string[] =>
  Array.isArray(value) ? value.filter((text) => typeof text === 'string') : [];
