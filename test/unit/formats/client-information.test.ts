import { expect, test } from 'vitest';
import { clientInformationFormat } from '../../../src/formats/client-information.ts';
import { ofAccount, webApplication, withKey } from '../../kit/fixtures/published.ts';
import { rendered } from '../../kit/fixtures/rendered.ts';

const fileOf = (...given: Parameters<typeof clientInformationFormat.render>): unknown =>
  JSON.parse(rendered(clientInformationFormat.render(...given))['client_information.json'] ?? '');

const MEMBERS = {
  client_name: 'Shop',
  redirect_uris: ['https://shop.example.com/cb'],
  grant_types: ['refresh_token', 'authorization_code'],
  token_endpoint_auth_method: 'client_secret_basic',
  scope: 'openid profile',
};

test('The file is the client of RFC 7591, without what manages it and without members that no RFC defines', () => {
  expect(fileOf(webApplication, {})).toEqual({
    ...MEMBERS,
    client_id: 'c1',
    client_secret: 's1',
    client_secret_expires_at: 0,
  });
});

test('A member that include names is in it', () => {
  expect(fileOf({ ...webApplication, include: ['internal_number'] }, {})).toMatchObject({
    internal_number: 7,
  });
});

test('A client that an answer without metadata registered has what was sent', () => {
  const client = { ...webApplication, sent: MEMBERS, information: { clientId: 'c1', metadata: {} } };
  expect(fileOf(client, {})).toEqual({ ...MEMBERS, client_id: 'c1' });
});

test('A generated key has keys of its own', () => {
  expect(Object.keys(rendered(clientInformationFormat.render(withKey, {}))).toSorted()).toEqual([
    'client_information.json',
    'kid',
    'private_key.jwk',
    'private_key.pem',
  ]);
});

test('What a client of a ServiceAccount needs has keys of its own, since no RFC has it among the members of a client', () => {
  const data = rendered(clientInformationFormat.render(ofAccount, {}));
  expect(Object.keys(data).toSorted()).toEqual([
    'audience',
    'client_assertion_type',
    'client_information.json',
    'projected_volume.yaml',
  ]);
});
