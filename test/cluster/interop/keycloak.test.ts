import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PRESETS } from '../../../src/dialects/presets.ts';
import { type Keycloak, startKeycloak } from '../../kit/testbed/keycloak.ts';
import { eventually } from '../behaviour/objects.ts';
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

/** The operator with a real Keycloak. Clients are checked through Keycloak's admin API. */

const REALM = 'shop';
const OPEN_REALM = 'open';

let keycloak: Keycloak;
let scene: InteropScene;

beforeAll(async () => {
  [keycloak, scene] = await Promise.all([startKeycloak(), startInterop()]);
  await keycloak.createRealm(REALM);
  await keycloak.admin.request('PUT', `/admin/realms/${REALM}`, {
    eventsEnabled: true,
    enabledEventTypes: ['CLIENT_REGISTER', 'CLIENT_INFO', 'CLIENT_UPDATE', 'CLIENT_DELETE'],
  });
  await serverWithToken('sso', await keycloak.createInitialAccessToken(REALM));
});

afterAll(async () => {
  await scene?.stop();
  await keycloak?.stop();
});

const WEB = {
  clientName: 'Shop',
  redirectUris: ['https://shop.example.com/callback', 'https://backup.example.com/callback'],
  grantTypes: ['authorization_code', 'refresh_token', 'client_credentials'],
  responseTypes: ['code'],
  tokenEndpointAuthMethod: 'client_secret_basic',
  scopes: ['read'],
};
/** A read is due a minute after the last one, with jitter; a second one must agree. */
const DRIFT_MS = 150_000;
/** As the server object `sso`. */
const BY_TOKEN = {
  dialect: 'keycloak',
  registration: { admission: { initialAccessToken: { secretRef: { name: 'sso' } } } },
};
const CALLBACK = { redirectUris: ['https://shop.example.com/callback'] };

async function serverWithToken(name: string, token: string, spec: object = {}): Promise<void> {
  await scene.credential(name, { token });
  await server(name, { initialAccessToken: { secretRef: { name } } }, REALM, spec);
}

const server = (name: string, admission: object, realm = REALM, spec: object = {}) =>
  scene.server(name, keycloak.issuer(realm), { dialect: 'keycloak', registration: { admission }, ...spec });

/** The client as the admin API shows it. */
async function registered(name: string) {
  const { client_id: clientId = '' } = await scene.secret(name);
  return keycloak.client(REALM, clientId);
}

/** The operator's calls for a client in the realm's own log, oldest first. */
async function callsFor(clientId: string): Promise<readonly string[]> {
  const { json } = await keycloak.admin.request<readonly { type: string }[]>(
    'GET',
    `/admin/realms/${REALM}/events?max=500&client=${clientId}`,
  );
  return json.map(({ type }) => type).toReversed();
}

describe('The life of a client at Keycloak', () => {
  let clientId = '';

  it('starts with an initial access token, and the credentials of the Secret get a token', async () => {
    await serverWithToken('counted', await keycloak.createInitialAccessToken(REALM, { count: 1 }));
    await scene.client('web', 'counted', {
      ...WEB,
      clientUri: 'https://shop.example.com/',
      policyUri: 'https://shop.example.com/privacy',
      postLogoutRedirectUris: ['https://shop.example.com/bye'],
      backchannelLogoutUri: 'https://shop.example.com/logout',
    });
    await scene.until('web', 'Registered');
    const secret = await scene.secret('web');
    clientId = secret['client_id'] ?? '';
    expect(secret).toMatchObject({
      issuer: keycloak.issuer(REALM),
      token_endpoint_auth_method: 'client_secret_basic',
      scope: 'read',
    });
    expect(await registered('web')).toMatchObject({
      name: 'Shop',
      secret: secret['client_secret'],
      baseUrl: 'https://shop.example.com/',
      redirectUris: expect.arrayContaining(WEB.redirectUris),
      optionalClientScopes: ['read'],
      attributes: {
        policyUri: 'https://shop.example.com/privacy',
        'post.logout.redirect.uris': 'https://shop.example.com/bye',
        'backchannel.logout.url': 'https://shop.example.com/logout',
      },
    });
    const token = await keycloak.requestToken(REALM, tokenRequest(secret, 'read'));
    expect(token).toMatchObject({ status: 200, body: { access_token: expect.any(String) } });
  });

  it('rule 20: continues with several edits, each with the token of the answer before', async () => {
    const before = await scene.secret('web');
    const redirectUris = ['https://shop.example.com/callback', 'https://new.example.com/callback'];
    await scene.edit('web', { clientName: 'Second name', redirectUris });
    await scene.until('web', 'Registered');
    expect(await registered('web')).toMatchObject({
      name: 'Second name',
      redirectUris: expect.arrayContaining(redirectUris),
    });
    await scene.edit('web', { grantTypes: ['authorization_code'] });
    await scene.until('web', 'Registered');
    expect(await registered('web')).toMatchObject({ name: 'Second name', serviceAccountsEnabled: false });
    expect(await keycloak.requestToken(REALM, tokenRequest(before))).toMatchObject({ status: 401 });
    await scene.edit('web', { grantTypes: WEB.grantTypes, scopes: ['write'] });
    await scene.until('web', 'Registered');
    expect(await registered('web')).toMatchObject({
      serviceAccountsEnabled: true,
      optionalClientScopes: ['write'],
    });
    expect(await scene.secret('web')).toEqual({ ...before, scope: 'write' });
    expect(await keycloak.requestToken(REALM, tokenRequest(before, 'write'))).toMatchObject({ status: 200 });
  });

  it('rule 26: loses members that the spec no longer has', async () => {
    await scene.edit('web', {
      clientName: null,
      clientUri: null,
      policyUri: null,
      postLogoutRedirectUris: null,
      backchannelLogoutUri: null,
      scopes: null,
    });
    await scene.until('web', 'Registered');
    const client = await registered('web');
    expect(client).toMatchObject({ name: '', baseUrl: '', optionalClientScopes: [] });
    expect(Object.keys(client?.['attributes'] ?? {})).not.toEqual(
      expect.arrayContaining([expect.stringMatching(/policyUri|post\.logout|backchannel\.logout\.url/)]),
    );
    expect(client?.redirectUris).toHaveLength(2);
  });

  it('rule 27: needs no further calls, although the server answers other metadata than requested', async () => {
    const { status } = await scene.until('web', 'Registered');
    expect(status?.substitutions).toEqual([
      { member: 'response_types', asked: '["code"]', registered: '["code","none"]' },
    ]);
    await scene.lookAgain('web');
    expect(await callsFor(clientId)).toEqual(['CLIENT_REGISTER', ...Array(4).fill('CLIENT_UPDATE')]);
  });

  it('ends with its object, and its credentials with it', async () => {
    const secret = await scene.secret('web');
    await scene.remove('web');
    expect(await keycloak.client(REALM, clientId)).toBeUndefined();
    expect(await keycloak.requestToken(REALM, tokenRequest(secret))).toMatchObject({ status: 401 });
    expect(await callsFor(clientId)).toEqual([
      'CLIENT_REGISTER',
      ...Array(4).fill('CLIENT_UPDATE'),
      'CLIENT_DELETE',
    ]);
  });
});

describe("What Keycloak doesn't register", () => {
  it('is not sent, and reported in status: openid, translations, members that it would lose', async () => {
    await scene.client('withheld', 'sso', {
      ...WEB,
      scopes: ['openid', 'read'],
      contacts: ['team@example.com'],
      localized: { clientName: { de: 'Laden' } },
    });
    const { status } = await scene.until('withheld', 'Registered');
    expect(status?.substitutions).toEqual(
      expect.arrayContaining([
        { member: 'scope', asked: 'openid', registered: '' },
        { member: 'client_name#de', asked: 'Laden', registered: '' },
        { member: 'contacts', asked: '["team@example.com"]', registered: '' },
      ]),
    );
    const client = await registered('withheld');
    expect(client).toMatchObject({ name: 'Shop', optionalClientScopes: ['read'] });
    await scene.lookAgain('withheld');
    expect(await callsFor(client?.clientId ?? '')).toEqual(['CLIENT_REGISTER']);
  });

  it('rule 10: one translation becomes the name if there is no other', async () => {
    await scene.client('translated', 'sso', {
      ...CALLBACK,
      localized: { clientName: { de: 'Laden', en: 'Store' } },
    });
    await scene.until('translated', 'Registered');
    expect(await registered('translated')).toMatchObject({ name: 'Store' });
  });

  it('really is lost, each of these members', async () => {
    const values = {
      contacts: ['team@example.com'],
      software_id: 'shop',
      software_version: '1',
      default_max_age: 60,
      require_auth_time: true,
      initiate_login_uri: 'https://shop.example.com/login',
    };
    expect(Object.keys(values)).toEqual(PRESETS.keycloak.departures.membersNotSent);
    const token = await keycloak.createInitialAccessToken(REALM, { count: 2 });
    const endpoint = await registrationEndpoint(keycloak.issuer(REALM));
    const redirects = { redirect_uris: CALLBACK.redirectUris };
    const plain = await ask('POST', endpoint, { token, body: redirects });
    const full = await ask('POST', endpoint, { token, body: { ...redirects, ...values } });
    expect([plain.status, full.status]).toEqual([201, 201]);
    expect(Object.keys(full.body)).toEqual(Object.keys(plain.body));
    const [first, second] = await Promise.all(
      [plain, full].map(({ body }) => keycloak.client(REALM, String(body['client_id']))),
    );
    const own = { id: '', clientId: '', secret: '', attributes: { 'client.secret.creation.time': '' } };
    expect({ ...second, ...own }).toEqual({ ...first, ...own });
  });
});

describe('Keys instead of secrets', () => {
  it('get a token at Keycloak, before and after an update', async () => {
    const machine = { grantTypes: ['client_credentials'], responseTypes: [], redirectUris: [] };
    await scene.client('keyed', 'sso', machine, { credential: { generatedKey: { algorithm: 'ES256' } } });
    await scene.until('keyed', 'Registered');
    const secret = await scene.secret('keyed');
    expect(secret).not.toHaveProperty('client_secret');
    expect(secret['token_endpoint_auth_method']).toBe('private_key_jwt');
    expect(await requestTokenWithKey(secret, 'ES256')).toMatchObject({ status: 200 });
    await scene.edit('keyed', { clientName: 'Keyed' });
    await scene.until('keyed', 'Registered');
    expect(await registered('keyed')).toMatchObject({
      name: 'Keyed',
      clientAuthenticatorType: 'client-jwt',
      attributes: { 'token.endpoint.auth.signing.alg': 'ES256' },
    });
    expect(await scene.secret('keyed')).toEqual(secret);
    expect(await requestTokenWithKey(secret, 'ES256')).toMatchObject({ status: 200 });
  });

  it("aren't needed by a public client, which has neither", async () => {
    const { grantTypes: _, ...web } = WEB;
    await scene.client('spa', 'sso', { ...web, tokenEndpointAuthMethod: 'none' });
    await scene.until('spa', 'Registered');
    const secret = await scene.secret('spa');
    expect(secret).toMatchObject({ token_endpoint_auth_method: 'none' });
    expect(secret).not.toHaveProperty('client_secret');
    expect(await registered('spa')).toMatchObject({ publicClient: true });
  });
});

describe('Admission at Keycloak', () => {
  it('rule 6: by a service account that may create clients, which is not needed later', async () => {
    const account = await keycloak.createServiceAccount(REALM, { roles: ['create-client'] });
    await scene.credential('account', {
      client_id: account.clientId,
      client_secret: account.clientSecret,
    });
    await server('account', { clientCredentials: { secretRef: { name: 'account' } } });
    await scene.client('by-account', 'account', WEB);
    await scene.until('by-account', 'Registered');
    await scene.edit('by-account', { clientName: 'Renamed' });
    await scene.until('by-account', 'Registered');
    const client = await registered('by-account');
    expect(client).toMatchObject({ name: 'Renamed' });
    await scene.remove('by-account');
    expect(await keycloak.client(REALM, client?.clientId ?? '')).toBeUndefined();
  });

  it('is refused to an account without the role, and the message names the role', async () => {
    const account = await keycloak.createServiceAccount(REALM, { roles: ['view-clients'] });
    await scene.credential('viewer', { client_id: account.clientId, client_secret: account.clientSecret });
    await server('viewer', { clientCredentials: { secretRef: { name: 'viewer' } } });
    await scene.client('by-viewer', 'viewer', WEB);
    expect(readyMessage(await scene.until('by-viewer', 'RegistrationRefused'))).toMatch(
      /answered 403 insufficient_scope: Forbidden\. .* service account with the role create-client of realm-management\. /,
    );
  });

  it('rule 43: ends when the token is used up; a new token in the Secret is enough', async () => {
    await serverWithToken('single', await keycloak.createInitialAccessToken(REALM, { count: 1 }));
    await scene.client('first', 'single', WEB);
    await scene.until('first', 'Registered');
    await scene.client('second', 'single', WEB);
    expect(readyMessage(await scene.until('second', 'AdmissionRefused'))).toBe(
      'AuthorizationServer single: The admission credential was refused: The server answered 401 invalid_token: No remaining count on initial access token. The initial access token is used up: create another with a higher count and put it into the Secret of spec.registration.admission.initialAccessToken. Put a valid credential into the Secret that the server object names; the operator notices.',
    );
    await scene.credential('single', { token: await keycloak.createInitialAccessToken(REALM) });
    await scene.until('second', 'Registered');
    expect(await registered('second')).toMatchObject({ name: 'Shop' });
  });

  it("rule 36: without a token is refused by the realm's policy, which is not reported as a refused token", async () => {
    await server('anonymous', { open: {} });
    await scene.client('untrusted', 'anonymous', WEB);
    expect(readyMessage(await scene.until('untrusted', 'RegistrationRefused'))).toContain(
      'Details: Host not trusted. The policy Trusted Hosts lets only listed hosts register without a token: set spec.registration.admission.initialAccessToken of the server object, ',
    );
  });

  it('rule 36: without a token works where the policy permits it, up to its limit', async () => {
    await keycloak.createRealm(OPEN_REALM, { anonymousRegistration: true });
    await server('open', { open: {} }, OPEN_REALM);
    await scene.client('trusted', 'open', CALLBACK);
    await scene.until('trusted', 'Registered');
    await limitClients(1);
    await scene.client('too-many', 'open', CALLBACK);
    expect(readyMessage(await scene.until('too-many', 'RegistrationRefused'))).toMatch(
      /max 1 clients per realm\. The realm has as many clients as the policy Max Clients Limit permits: raise the limit /,
    );
    expect(await keycloak.clients(OPEN_REALM)).toHaveLength(1);
  });
});

async function limitClients(most: number): Promise<void> {
  const path = `/admin/realms/${OPEN_REALM}/components`;
  const { json } = await keycloak.admin.request<readonly { id: string; providerId: string }[]>('GET', path);
  const policy = json.find(({ providerId }) => providerId === 'max-clients');
  await keycloak.admin.request('PUT', `${path}/${policy?.id}`, {
    ...policy,
    config: { 'max-clients': [String(most)] },
  });
}

describe('What Keycloak refuses', () => {
  it.each([
    {
      what: 'a redirect URI',
      name: 'bad-uri',
      client: { redirectUris: ['javascript:alert(1)'] },
      reason: 'InvalidRedirectURI',
      message:
        'AuthorizationServer sso: The server answered 400 invalid_redirect_uri: A redirect URI uses an illegal scheme. Correct spec.client.redirectUris.',
    },
    {
      what: "rule 36: a scope that the realm doesn't have",
      name: 'bad-scope',
      client: { ...CALLBACK, scopes: ['read', 'nonsense'] },
      reason: 'RegistrationRefused',
      message:
        'The policy Allowed Client Scopes refuses at least one of the scopes asked for (read, nonsense): each must be a client scope of the realm and be allowed by the policy',
    },
    {
      what: "rule 35: a member that it doesn't know",
      name: 'bad-member',
      client: { ...CALLBACK, additionalMetadata: { vendor_flag: true } },
      reason: 'RegistrationRefused',
      message:
        "Keycloak refuses members that it doesn't know, here vendor_flag: remove them from spec.client, or list them in spec.dialectOverrides.membersNotSent of the server object.",
    },
  ])(
    'is reported with its message and advice, and a corrected spec works: $what',
    async ({ name, client, reason, message }) => {
      await scene.client(name, 'sso', client);
      expect(readyMessage(await scene.until(name, reason))).toContain(message);
      await scene.edit(name, { ...CALLBACK, scopes: ['read'], additionalMetadata: null });
      await scene.until(name, 'Registered');
      expect(await registered(name)).toMatchObject(CALLBACK);
    },
  );

  it.each([
    ['401', 'removed', CALLBACK, 'answered 401 invalid_token: Not authorized to update client. '],
    [
      '500, where it names scopes',
      'removed-scoped',
      { ...CALLBACK, scopes: ['read'] },
      'answered 500 unknown_error: For more on this error consult the server log, and 401 to a read with the same token. ',
    ],
  ])(
    'rule 34: the update of a client that its administrator removed with %s: it is not registered again',
    async (_, name, asked, answer) => {
      await scene.client(name, 'sso', asked);
      await scene.until(name, 'Registered');
      const before = await scene.secret(name);
      const client = await registered(name);
      await keycloak.admin.request('DELETE', `/admin/realms/${REALM}/clients/${client?.id}`);
      const others = await keycloak.clients(REALM);
      await scene.edit(name, { clientName: 'Renamed' });
      const message = readyMessage(await scene.until(name, 'RegistrationAccessTokenLost'));
      expect(message).toContain(
        `The registration access token of client ${client?.clientId} was refused (update `,
      );
      expect(message).toContain(answer);
      await scene.lookAgain(name);
      expect(await scene.secret(name)).toEqual(before);
      expect(await keycloak.clients(REALM)).toEqual(others);
    },
  );

  it('does not stop other clients of the server afterwards', async () => {
    await scene.client('other', 'sso', CALLBACK);
    await scene.until('other', 'Registered');
  });
});

describe('Without the dialect of Keycloak', () => {
  it('a 403 for the scope of one client concerns that client alone: the next one is registered', async () => {
    await serverWithToken('plain', await keycloak.createInitialAccessToken(REALM), { dialect: 'rfc7591' });
    await scene.client('asks-too-much', 'plain', { ...CALLBACK, scopes: ['openid', 'read'] });
    const refused = readyMessage(await scene.until('asks-too-much', 'AdmissionRefused'));
    expect(refused).toContain("403 insufficient_scope: Policy 'Allowed Client Scopes' rejected");
    await scene.client('faultless', 'plain', CALLBACK);
    await scene.until('faultless', 'Registered');
  });
});

describe('Drift at Keycloak', () => {
  it('finds a client that its administrator removed, and recovery.tokenLost registers another', async () => {
    await serverWithToken('drift', await keycloak.createInitialAccessToken(REALM), {
      drift: { mode: 'Report', interval: '1m', rotatingReads: 'Allow' },
      recovery: { tokenLost: 'Reregister' },
    });
    await scene.client('watched', 'drift', CALLBACK);
    await scene.until('watched', 'Registered');
    const { client_id: former = '' } = await scene.secret('watched');
    const client = await registered('watched');
    await keycloak.admin.request('DELETE', `/admin/realms/${REALM}/clients/${client?.id}`);
    await eventually(
      () => scene.secret('watched'),
      ({ client_id: present }) => present !== former,
      DRIFT_MS,
    );
    await scene.until('watched', 'Registered');
    expect(await registered('watched')).toMatchObject(CALLBACK);
  }, 180_000);
});

describe('Whether credentials work at Keycloak', () => {
  const MACHINE = { ...WEB, grantTypes: ['client_credentials'], responseTypes: [], redirectUris: [] };
  const verification = { mode: 'Gate', interval: '5m' };
  const uuidOf = async (name: string) => (await registered(name))?.['id'];

  beforeAll(async () => {
    const token = await keycloak.createInitialAccessToken(REALM);
    await serverWithToken('verifying', token, { verification });
    const blind = { dialectOverrides: { secretOnRead: 'Ignore' } };
    await serverWithToken('verifying-blind', token, { verification, ...blind });
  });

  it.each([
    ['machine', MACHINE, 'the token endpoint gave it an access token'],
    ['web', CALLBACK, 'the token endpoint refused only the refresh token that was made up'],
    [
      'public',
      { ...CALLBACK, tokenEndpointAuthMethod: 'none' },
      'the token endpoint refused only the refresh token that was made up',
    ],
  ])('is found out of a client that is %s', async (name, client, words) => {
    await scene.client(`verified-${name}`, 'verifying', client);
    const seen = await scene.untilVerified(`verified-${name}`, isTried);
    expect(verifiedOf(seen)).toMatch(/^True Verified: /);
    expect(verifiedOf(seen)).toContain(words);
    await scene.until(`verified-${name}`, 'Registered');
  });

  it('heals where somebody gave the client another secret: Keycloak shows it', {
    timeout: 60_000,
  }, async () => {
    await scene.client('healed', 'verifying', MACHINE);
    await scene.until('healed', 'Registered');
    await keycloak.admin.request(
      'POST',
      `/admin/realms/${REALM}/clients/${await uuidOf('healed')}/client-secret`,
    );
    const before = await scene.secret('healed');
    await scene.lookAgain('healed');
    const after = await eventually(
      () => scene.secret('healed'),
      (secret) => secret['client_secret'] !== before['client_secret'],
      30_000,
    );
    expect(await keycloak.requestToken(REALM, tokenRequest(after))).toMatchObject({ status: 200 });
    await scene.until('healed', 'Registered');
    await scene.untilVerified('healed', (text) => text.startsWith('True'));
  });

  it('tells a changed secret from a client that is gone', { timeout: 90_000 }, async () => {
    await scene.client('changed', 'verifying-blind', MACHINE);
    await scene.client('deleted', 'verifying-blind', MACHINE);
    await Promise.all(['changed', 'deleted'].map((name) => scene.until(name, 'Registered')));
    const path = async (name: string) => `/admin/realms/${REALM}/clients/${await uuidOf(name)}`;
    await keycloak.admin.request('POST', `${await path('changed')}/client-secret`);
    await keycloak.admin.request('DELETE', await path('deleted'));
    await Promise.all(['changed', 'deleted'].map((name) => scene.lookAgain(name)));
    await scene.until('changed', 'CredentialRefused');
    const gone = await scene.until('deleted', 'ClientForgotten');
    expect(verifiedOf(gone)).toMatch(/^False ClientForgotten: /);
  });
});

describe('Clients of ServiceAccounts, and documents, which Keycloak 26.4.7 does not know', () => {
  neitherAccountsNorDocuments({
    scene: () => scene,
    issuer: () => keycloak.issuer(REALM),
    spec: BY_TOKEN,
    client: WEB,
    registered,
    shown: { name: 'Shop' },
  });

  it('registers it at its own endpoint, and gives it no token', async () => {
    await scene.server('own-form', keycloak.issuer(REALM), {
      ...BY_TOKEN,
      dialect: 'keycloak-native',
      workloadIdentity: { mode: 'Allow', identityProvider: 'cluster' },
    });
    await scene.testbed.apply(
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'ServiceAccount',
        metadata: { name: 'agent', namespace: 'shop' },
      }),
    );
    await scene.client(
      'own-form',
      'own-form',
      { grantTypes: ['client_credentials'], responseTypes: [] },
      { credential: { serviceAccount: { name: 'agent' } } },
    );
    const { status } = await scene.until('own-form', 'Registered');
    expect(await registered('own-form')).toMatchObject({ clientAuthenticatorType: 'federated-jwt' });
    const token = await scene.testbed.kubectl(
      ...['-n', 'shop', 'create', 'token', 'agent', `--audience=${keycloak.issuer(REALM)}`],
    );
    const answer = await fetch(`${keycloak.issuer(REALM)}/protocol/openid-connect/token`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        client_id: status?.clientId ?? '',
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        client_assertion: token.trim(),
      }),
    });
    expect([answer.status, await answer.json()]).toMatchObject([401, { error: 'invalid_client' }]);
  });
});
