import { expect, test } from 'vitest';
import { serviceBindingFormat } from '../../../src/formats/service-binding.ts';
import { webApplication } from '../../kit/fixtures/published.ts';
import { rendered } from '../../kit/fixtures/rendered.ts';

const render = (...given: Parameters<typeof serviceBindingFormat.render>) =>
  rendered(serviceBindingFormat.render(...given));

test('A service binding has type, provider and the entries that Spring Cloud Bindings reads', () => {
  expect(render(webApplication, {})).toEqual({
    type: 'oauth2',
    provider: 'corporate',
    'client-id': 'c1',
    'client-secret': 's1',
    'client-authentication-method': 'client_secret_basic',
    'authorization-grant-type': 'authorization_code',
    'redirect-uri': 'https://shop.example.com/cb',
    'client-name': 'Shop',
    scope: 'openid,profile',
    'issuer-uri': 'https://sso.example.com',
    'authorization-uri': 'https://sso.example.com/authorize',
    'token-uri': 'https://sso.example.com/token',
    'user-info-uri': 'https://sso.example.com/userinfo',
    'jwk-set-uri': 'https://sso.example.com/jwks',
  });
});

test('Other names are those that keys gives, and an included endpoint has dashes', () => {
  const endpoints = { ...webApplication.endpoints, revocation: 'https://sso.example.com/revoke' };
  const client = { ...webApplication, endpoints, include: ['revocation_endpoint'] };
  const data = render(client, { client_id: 'username', client_secret: '' });
  expect(data).toMatchObject({ username: 'c1', 'revocation-endpoint': 'https://sso.example.com/revoke' });
  expect(data).not.toHaveProperty('client-secret');
});

test('Two values under one name make no Secret', () => {
  expect(serviceBindingFormat.render(webApplication, { client_id: 'type' })).toEqual({
    ok: false,
    problem: 'would give the name "type" to two values: choose another name for one by spec.secret.keys',
  });
});
