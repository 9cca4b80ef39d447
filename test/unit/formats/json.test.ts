import { expect, test } from 'vitest';
import { jsonFormat } from '../../../src/formats/json.ts';
import { withSecret } from '../../kit/fixtures/published.ts';
import { rendered } from '../../kit/fixtures/rendered.ts';

test('The file is a JSON object of texts, whatever the values are', () => {
  const data = rendered(jsonFormat.render(withSecret('a"\n\\b'), { issuer: 'iss', scope: '' }));
  expect(JSON.parse(data['oauth.json'] ?? '')).toEqual({
    client_id: 'c1',
    client_secret: 'a"\n\\b',
    token_endpoint_auth_method: 'client_secret_basic',
    iss: 'https://sso.example.com',
    authorization_endpoint: 'https://sso.example.com/authorize',
    token_endpoint: 'https://sso.example.com/token',
    userinfo_endpoint: 'https://sso.example.com/userinfo',
    jwks_uri: 'https://sso.example.com/jwks',
  });
});
