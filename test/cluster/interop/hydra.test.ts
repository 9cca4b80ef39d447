import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PRESETS } from '../../../src/dialects/presets.ts';
import { type Hydra, startHydra } from '../../kit/testbed/hydra.ts';
import { messageBeforeNextTry } from '../behaviour/objects.ts';
import { neitherAccountsNorDocuments } from './not-offered.ts';
import { ask, registrationEndpoint } from './registration.ts';
import {
  type InteropScene,
  isTried,
  readyMessage,
  requestTokenWithKey,
  startInterop,
  tokenRequest,
  verifiedOf,
} from './scene.ts';

/** The operator with a real Ory Hydra. Clients are checked through Hydra's admin API. */

let hydra: Hydra;
let scene: InteropScene;

const SERVER = { dialect: 'hydra', registration: { admission: { open: {} } } };

beforeAll(async () => {
  [hydra, scene] = await Promise.all([startHydra(), startInterop()]);
  await scene.server('hydra', hydra.issuer, SERVER);
});

afterAll(async () => {
  await scene?.stop();
  await hydra?.stop();
});

const MACHINE = {
  clientName: 'Machine',
  grantTypes: ['client_credentials'],
  responseTypes: [],
  redirectUris: [],
  tokenEndpointAuthMethod: 'client_secret_basic',
  scopes: ['read'],
};
const CALLBACK = { redirectUris: ['https://shop.example.com/callback'] };

/** The client as the admin API shows it. */
async function registered(name: string) {
  const { client_id: clientId = '' } = await scene.secret(name);
  return hydra.client(clientId);
}

describe('The life of a client at Hydra', () => {
  it('starts at the open endpoint, and the credentials of the Secret get a token', async () => {
    await scene.client('machine', 'hydra', { ...MACHINE, clientUri: 'https://shop.example.com/' });
    const { status } = await scene.until('machine', 'Registered');
    expect(status?.substitutions).toBeUndefined();
    const secret = await scene.secret('machine');
    expect(secret).toMatchObject({
      issuer: hydra.issuer,
      token_endpoint: `${hydra.issuer}/oauth2/token`,
      token_endpoint_auth_method: 'client_secret_basic',
      scope: 'read',
    });
    expect(await hydra.clients()).toMatchObject([
      {
        client_id: secret['client_id'],
        client_name: 'Machine',
        client_uri: 'https://shop.example.com/',
        grant_types: ['client_credentials'],
        response_types: [],
        scope: 'read',
      },
    ]);
    expect(await hydra.requestToken(tokenRequest(secret, 'read'))).toMatchObject({
      status: 200,
      body: { access_token: expect.any(String), scope: 'read' },
    });
  });

  it('rules 20 and 22: continues with several edits, whose answers have a token and no secret; the secret stays', async () => {
    const before = await scene.secret('machine');
    for (const clientName of ['Second name', 'Third name']) {
      await scene.edit('machine', { clientName });
      await scene.until('machine', 'Registered');
      expect(await registered('machine')).toMatchObject({ client_name: clientName, scope: 'read' });
    }
    await scene.edit('machine', { clientUri: null, scopes: ['read', 'write'] });
    await scene.until('machine', 'Registered');
    expect(await registered('machine')).toMatchObject({ client_uri: '', scope: 'read write' });
    expect(await scene.secret('machine')).toEqual({ ...before, scope: 'read write' });
    expect(await hydra.requestToken(tokenRequest(before, 'write'))).toMatchObject({ status: 200 });
  });

  it('rule 27: needs no further calls', async () => {
    const before = await registered('machine');
    await scene.lookAgain('machine');
    const { testbed } = scene;
    await testbed.operator.stop();
    await testbed.startOperator();
    await scene.lookAgain('machine');
    expect(await registered('machine')).toEqual(before);
    expect(await hydra.clients()).toHaveLength(1);
  });

  it('ends with its object, and its credentials with it', async () => {
    const secret = await scene.secret('machine');
    await scene.remove('machine');
    expect(await hydra.clients()).toEqual([]);
    expect(await hydra.requestToken(tokenRequest(secret))).toMatchObject({ status: 401 });
  });
});

describe("What Hydra doesn't register", () => {
  it('is not sent, and reported in status', async () => {
    await scene.client('withheld', 'hydra', {
      ...MACHINE,
      softwareId: 'shop',
      localized: { clientName: { de: 'Maschine' } },
    });
    const { status } = await scene.until('withheld', 'Registered');
    expect(status?.substitutions).toHaveLength(2);
    expect(status?.substitutions).toEqual(
      expect.arrayContaining([
        { member: 'client_name#de', asked: 'Maschine', registered: '' },
        { member: 'software_id', asked: 'shop', registered: '' },
      ]),
    );
  });

  it('really is lost, each of these members', async () => {
    const values = {
      software_id: 'shop',
      software_version: '1',
      default_acr_values: ['1'],
      default_max_age: 60,
      require_auth_time: true,
      initiate_login_uri: 'https://shop.example.com/login',
      id_token_signed_response_alg: 'ES256',
    };
    expect(Object.keys(values)).toEqual(PRESETS.hydra.departures.membersNotSent);
    const endpoint = await registrationEndpoint(hydra.issuer);
    const { status, body } = await ask('POST', endpoint, { body: values });
    expect(status).toBe(201);
    const client = await hydra.client(String(body['client_id']));
    expect(Object.keys(values).filter((name) => name in body || name in (client ?? {}))).toEqual([]);
  });
});

it.each(['ES256', 'RS256'] as const)(
  'gives a token for a key that the operator made: %s',
  async (algorithm) => {
    const name = `keyed-${algorithm.toLowerCase()}`;
    const { tokenEndpointAuthMethod: _, ...machine } = MACHINE;
    await scene.client(name, 'hydra', machine, { credential: { generatedKey: { algorithm } } });
    await scene.until(name, 'Registered');
    const secret = await scene.secret(name);
    const audience = secret['token_endpoint'];
    expect(await requestTokenWithKey(secret, algorithm, audience)).toMatchObject({ status: 200 });
    await scene.edit(name, { clientName: 'Keyed' });
    await scene.until(name, 'Registered');
    expect(await registered(name)).toMatchObject({
      client_name: 'Keyed',
      token_endpoint_auth_method: 'private_key_jwt',
      token_endpoint_auth_signing_alg: algorithm,
    });
    expect(await scene.secret(name)).toEqual(secret);
    expect(await requestTokenWithKey(secret, algorithm, audience)).toMatchObject({ status: 200 });
  },
);

it('registers a public client, which has no secret', async () => {
  await scene.client('spa', 'hydra', { ...CALLBACK, tokenEndpointAuthMethod: 'none' });
  await scene.until('spa', 'Registered');
  expect(await scene.secret('spa')).not.toHaveProperty('client_secret');
  expect(await registered('spa')).toMatchObject({ token_endpoint_auth_method: 'none' });
});

describe('What Hydra refuses', () => {
  it.each([
    {
      what: 'rule 48: a member that is left to its administrators',
      name: 'reserved',
      client: { ...CALLBACK, additionalMetadata: { metadata: { team: 'shop' } } },
      message:
        "'metadata' cannot be set for dynamic client registration. Hydra leaves metadata to its administrators: remove it from spec.client.additionalMetadata. ",
    },
    {
      what: "a subject type that it wasn't configured for",
      name: 'pairwise',
      client: { ...CALLBACK, subjectType: 'pairwise' },
      message: 'Subject type pairwise is not supported by server, only [public] are allowed',
    },
  ])(
    'is reported with its message and advice, and a corrected spec works: $what',
    async ({ name, client, message }) => {
      await scene.client(name, 'hydra', client);
      expect(readyMessage(await scene.until(name, 'InvalidClientMetadata'))).toContain(message);
      await scene.edit(name, { ...CALLBACK, subjectType: null, additionalMetadata: null });
      await scene.until(name, 'Registered');
      expect(await registered(name)).toMatchObject({ redirect_uris: CALLBACK.redirectUris });
    },
  );

  it("rule 34: calls for a client that its administrator removed: it is not registered again, and the object can't know the cause", async () => {
    await scene.client('removed', 'hydra', MACHINE);
    await scene.until('removed', 'Registered');
    const before = await scene.secret('removed');
    await hydra.admin.request('DELETE', `/admin/clients/${before['client_id']}`);
    const others = await hydra.clients();
    await scene.edit('removed', { clientName: 'Renamed' });
    expect(readyMessage(await scene.until('removed', 'RegistrationAccessTokenLost'))).toContain(
      'The server answered 401 The request could not be authorized: The requested OAuth 2.0 client does not exist or you provided incorrect credentials. ',
    );
    expect(await scene.secret('removed')).toEqual(before);
    expect(await hydra.clients()).toEqual(others);
    await scene.testbed.kubectl('-n', 'shop', 'delete', 'oac', 'removed', '--wait=false');
    expect(readyMessage(await scene.until('removed', 'DeletionUnconfirmed'))).toContain(
      'The server answered 401 ',
    );
  });

  it('is everything while registration is off; the message says what to switch on', async () => {
    const off = await startHydra({ registration: false });
    try {
      await scene.server('off', off.issuer, SERVER);
      await scene.client('off', 'off', MACHINE);
      expect(messageBeforeNextTry(await scene.until('off', 'RegistrationNotSupported'))).toBe(
        `AuthorizationServer off: The server answered 404 The requested resource could not be found: Dynamic registration is not enabled (POST ${off.issuer}/oauth2/register). Hydra answers 404 while dynamic registration is off: set oidc.dynamic_client_registration.enabled in its configuration. Switch dynamic client registration on at the server, or set registration.endpoint.`,
      );
    } finally {
      await off.stop();
    }
  });
});

describe('Whether credentials work at Hydra', () => {
  beforeAll(() =>
    scene.server('verifying', hydra.issuer, { ...SERVER, verification: { mode: 'Report', interval: '5m' } }),
  );

  it.each([
    ['by itself', MACHINE, {}, 'the token endpoint gave it an access token'],
    [
      'by a key that the operator made, which Hydra wants for its token endpoint',
      { ...MACHINE, tokenEndpointAuthMethod: 'private_key_jwt' },
      { credential: { generatedKey: { algorithm: 'RS256' } } },
      'the token endpoint gave it an access token',
    ],
    [
      'for users',
      { ...CALLBACK, tokenEndpointAuthMethod: 'client_secret_post' },
      {},
      'the token endpoint refused only the authorization code that was made up',
    ],
    [
      'for users, with refresh tokens',
      { ...CALLBACK, grantTypes: ['authorization_code', 'refresh_token'], scopes: ['offline_access'] },
      {},
      'the token endpoint refused only the refresh token that was made up',
    ],
  ])('is found out for a client that works %s', async (what, client, spec, words) => {
    const name = `verified-${what.replaceAll(/[^a-z]+/g, '-')}`.slice(0, 40).replace(/-$/, '');
    await scene.client(name, 'verifying', client, spec);
    const seen = await scene.untilVerified(name, isTried);
    expect(verifiedOf(seen)).toBe(
      `True Verified: The server accepts the credential of client ${seen.status?.clientId}: ${words}.`,
    );
  });

  it('tells a secret that somebody changed there from a client that is gone', {
    timeout: 90_000,
  }, async () => {
    await scene.client('changed', 'verifying', MACHINE);
    await scene.client('deleted', 'verifying', MACHINE);
    const [changed, deleted] = await Promise.all(
      ['changed', 'deleted'].map((name) => scene.untilVerified(name, (text) => text.startsWith('True'))),
    );
    const path = (client = changed) => `/admin/clients/${client?.status?.clientId}`;
    const other = [{ op: 'replace', path: '/client_secret', value: 'another-secret-of-hydra' }];
    await hydra.admin.request('PATCH', path(), other);
    await hydra.admin.request('DELETE', path(deleted));
    await Promise.all(['changed', 'deleted'].map((name) => scene.lookAgain(name)));
    const refused = await scene.untilVerified('changed', (text) => text.startsWith('False'));
    expect(verifiedOf(refused)).toMatch(
      /^False CredentialRefused: The server refuses the credential of client /,
    );
    const gone = await scene.untilVerified('deleted', (text) => text.startsWith('False'));
    expect(verifiedOf(gone)).toMatch(
      /^False ClientForgotten: The server says that it doesn't know client \S+ any more: The token endpoint answered 401 invalid_client/,
    );
    await scene.until('deleted', 'ClientForgotten');
    await scene.until('changed', 'Registered');
  });
});

describe('Clients of ServiceAccounts, and documents, which Hydra does not know', () => {
  neitherAccountsNorDocuments({
    scene: () => scene,
    issuer: () => hydra.issuer,
    spec: SERVER,
    client: MACHINE,
    registered,
    shown: { client_name: 'Machine' },
  });
});
