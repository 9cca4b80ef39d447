import { expect, test } from 'vitest';
import { springConfigTreeFormat } from '../../../src/formats/spring-config-tree.ts';
import { webApplication, withSecret } from '../../kit/fixtures/published.ts';
import { rendered } from '../../kit/fixtures/rendered.ts';

test('The tree has the properties of a registration and of its provider', () => {
  const of = 'spring.security.oauth2.client';
  expect(rendered(springConfigTreeFormat.render(webApplication, {}))).toEqual({
    [`${of}.registration.shop-front.client-id`]: 'c1',
    [`${of}.registration.shop-front.client-secret`]: 's1',
    [`${of}.registration.shop-front.client-authentication-method`]: 'client_secret_basic',
    [`${of}.registration.shop-front.authorization-grant-type`]: 'authorization_code',
    [`${of}.registration.shop-front.redirect-uri`]: 'https://shop.example.com/cb',
    [`${of}.registration.shop-front.client-name`]: 'Shop',
    [`${of}.registration.shop-front.scope`]: 'openid,profile',
    [`${of}.registration.shop-front.provider`]: 'corporate',
    [`${of}.provider.corporate.issuer-uri`]: 'https://sso.example.com',
    [`${of}.provider.corporate.authorization-uri`]: 'https://sso.example.com/authorize',
    [`${of}.provider.corporate.token-uri`]: 'https://sso.example.com/token',
    [`${of}.provider.corporate.user-info-uri`]: 'https://sso.example.com/userinfo',
    [`${of}.provider.corporate.jwk-set-uri`]: 'https://sso.example.com/jwks',
  });
});

test('A value that Spring would replace makes no Secret', () => {
  expect(springConfigTreeFormat.render(withSecret(`a\${HOME}b`), {})).toEqual({
    ok: false,
    problem:
      'can\'t have the format SpringConfigTree: the value of "spring.security.oauth2.client.registration.shop-front.client-secret" has ${ in it, which Spring would replace. Use the format Keys, or request another secret',
  });
});
