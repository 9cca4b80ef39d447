import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { neitherAccountsNorDocuments } from './not-offered.ts';
import { type InteropScene, requestTokenWithKey, startInterop, tokenRequest } from './scene.ts';

/**
 * The operator with a real node-oidc-provider, in the process of this test. Documents at it:
 * test/cluster/behaviour/documents.test.ts, which runs with these tests.
 */

let scene: InteropScene;
const issuer = () => scene.testbed.server.issuer;
const registered = async (name: string) =>
  scene.testbed.server.client((await scene.secret(name))['client_id'] ?? '');

const SERVER = {
  dialect: 'oidc-provider',
  registration: { admission: { initialAccessToken: { secretRef: { name: 'iat' } } } },
};
const MACHINE = {
  clientName: 'Machine',
  grantTypes: ['client_credentials'],
  responseTypes: [],
  redirectUris: [],
  tokenEndpointAuthMethod: 'client_secret_basic',
  scopes: ['read'],
};

beforeAll(async () => {
  scene = await startInterop();
  await scene.credential('iat', { token: scene.testbed.server.initialAccessToken ?? '' });
  await scene.server('provider', issuer(), SERVER);
});

afterAll(async () => {
  await scene?.stop();
});

describe('The life of a client at oidc-provider', () => {
  it('starts with an initial access token, and the credentials of the Secret get a token', async () => {
    await scene.client('machine', 'provider', MACHINE);
    await scene.until('machine', 'Registered');
    const secret = await scene.secret('machine');
    expect(secret).toMatchObject({ issuer: issuer(), token_endpoint_auth_method: 'client_secret_basic' });
    expect(await scene.testbed.server.requestToken(tokenRequest(secret, 'read'))).toMatchObject({
      status: 200,
    });
  });

  it('continues with several edits, each with the token of the answer before', async () => {
    for (const clientName of ['Second name', 'Third name']) {
      await scene.edit('machine', { clientName });
      await scene.until('machine', 'Registered');
      expect(await registered('machine')).toMatchObject({ client_name: clientName });
    }
  });

  it('ends with its object, and its credentials with it', async () => {
    const secret = await scene.secret('machine');
    await scene.remove('machine');
    expect(scene.testbed.server.clients()).toEqual([]);
    expect(await scene.testbed.server.requestToken(tokenRequest(secret))).toMatchObject({ status: 401 });
  });
});

it('gives a token for a key that the operator made', async () => {
  const { tokenEndpointAuthMethod: _, ...machine } = MACHINE;
  await scene.client('keyed', 'provider', machine, { credential: { generatedKey: { algorithm: 'ES256' } } });
  await scene.until('keyed', 'Registered');
  expect(await requestTokenWithKey(await scene.secret('keyed'), 'ES256')).toMatchObject({ status: 200 });
});

describe('Clients of ServiceAccounts, which oidc-provider does not know, and documents, which are off there', () => {
  neitherAccountsNorDocuments({
    scene: () => scene,
    issuer: issuer,
    spec: SERVER,
    client: MACHINE,
    registered,
    shown: { client_name: 'Machine' },
  });
});
