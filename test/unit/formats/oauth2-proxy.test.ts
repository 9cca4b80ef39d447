import { expect, test } from 'vitest';
import { oauth2ProxyFormat } from '../../../src/formats/oauth2-proxy.ts';
import { webApplication } from '../../kit/fixtures/published.ts';
import { rendered } from '../../kit/fixtures/rendered.ts';

test('The Secret has the environment variables of oauth2-proxy, and others only by keys', () => {
  expect(
    rendered(oauth2ProxyFormat.render(webApplication, { jwks_uri: 'OAUTH2_PROXY_OIDC_JWKS_URL' })),
  ).toEqual({
    OAUTH2_PROXY_PROVIDER: 'oidc',
    OAUTH2_PROXY_CLIENT_ID: 'c1',
    OAUTH2_PROXY_CLIENT_SECRET: 's1',
    OAUTH2_PROXY_OIDC_ISSUER_URL: 'https://sso.example.com',
    OAUTH2_PROXY_OIDC_JWKS_URL: 'https://sso.example.com/jwks',
    OAUTH2_PROXY_SCOPE: 'openid profile',
    OAUTH2_PROXY_REDIRECT_URL: 'https://shop.example.com/cb',
  });
});
