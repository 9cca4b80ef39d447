import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { secretFormProblems } from '../../../src/core/secret-form.ts';
import { ACCOUNT_TOKEN_NAMES, accountTokenValues } from '../../../src/formats/account-token.ts';
import { jsonFormat } from '../../../src/formats/json.ts';
import { keysFormat } from '../../../src/formats/keys.ts';
import { serviceBindingFormat } from '../../../src/formats/service-binding.ts';
import { clientSpecOf } from '../../kit/fixtures/client-specs.ts';
import { ofAccount, webApplication } from '../../kit/fixtures/published.ts';
import { rendered } from '../../kit/fixtures/rendered.ts';

const secretOf = (secret: object) => clientSpecOf({ secret } as never).secret;
const AUDIENCE = 'https://sso.example.com/realms/shop';

test('The values have the names under which Secrets show them', () => {
  expect(Object.keys(accountTokenValues(AUDIENCE))).toEqual(ACCOUNT_TOKEN_NAMES);
});

test.each([AUDIENCE, 'a "quoted": # audience', "it's\nof two lines"])(
  'The lines to copy are a volume with a token for the audience: %j',
  (audience) => {
    expect(parse(accountTokenValues(audience)['projected_volume.yaml'])).toEqual([
      {
        name: 'oauth-token',
        projected: {
          sources: [{ serviceAccountToken: { audience, expirationSeconds: 3_600, path: 'token' } }],
        },
      },
    ]);
  },
);

test('A Secret with a key for each value has all of them, and no client_secret', () => {
  expect(rendered(keysFormat.render(ofAccount, {}))).toEqual({
    client_id: 'c1',
    token_endpoint_auth_method: 'federated-jwt',
    issuer: 'https://sso.example.com',
    token_endpoint: 'https://sso.example.com/token',
    ...accountTokenValues(AUDIENCE),
  });
});

test('A service binding has them in its own spelling, and a file of JSON by wire names', () => {
  expect(rendered(serviceBindingFormat.render(ofAccount, {}))).toMatchObject({
    'client-assertion-type': 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    audience: AUDIENCE,
    'projected_volume.yaml': expect.stringContaining(AUDIENCE),
  });
  const { 'oauth.json': text = '' } = rendered(jsonFormat.render(ofAccount, {}));
  expect(JSON.parse(text)).toMatchObject(accountTokenValues(AUDIENCE));
});

test('A member of the answer may have the key audience, as before there were such clients; where both have it, no Secret is made', () => {
  const keys = { tenant: 'audience' };
  const information = { ...webApplication.information, metadata: { tenant: 't1' } };
  const client = { ...webApplication, information, include: ['tenant'] };
  expect(secretFormProblems(secretOf({ keys, include: ['tenant'] }))).toEqual([]);
  expect(rendered(keysFormat.render(client, keys))).toMatchObject({ audience: 't1' });
  expect(keysFormat.render({ ...client, audience: AUDIENCE }, keys)).toMatchObject({
    ok: false,
    problem: expect.stringContaining('would give the name "audience" to two values'),
  });
});

test('A template may name them', () => {
  const data = { request: '{{ client_assertion_type }} {{ audience }}' };
  expect(secretFormProblems(secretOf({ template: { data } }))).toEqual([]);
});

test('A client that authenticates in another way has none of them, and may have a member of its answer of that name', () => {
  expect(rendered(keysFormat.render(webApplication, {}))).not.toHaveProperty('audience');
  const information = { ...webApplication.information, metadata: { audience: 'https://api.example.com' } };
  const client = { ...webApplication, information, include: ['audience'] };
  expect(rendered(keysFormat.render(client, {}))).toMatchObject({ audience: 'https://api.example.com' });
});
