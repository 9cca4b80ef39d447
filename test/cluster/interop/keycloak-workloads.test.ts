import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Keycloak, startKeycloak } from '../../kit/testbed/keycloak.ts';
import { clusterServer, eventually, oauthClient } from '../behaviour/objects.ts';
import { ask } from './registration.ts';
import { type InteropScene, startInterop, tokenRequest } from './scene.ts';

/** Keycloak that believes the tokens of a real API server: no secret admits the operator, and none its workloads. */

const REALM = 'shop';
const ALIAS = 'cluster';
const SUBJECT = 'system:serviceaccount:oauth-registrar-system:oauth-registrar-assertion';

let keycloak: Keycloak;
let scene: InteropScene;
let jwks: Server;
/** Of the cluster. */
let issuer: string;
/** A copy of its keys. */
let jwksUrl: string;

beforeAll(async () => {
  [keycloak, scene] = await Promise.all([startKeycloak({ version: '26.7.0' }), startInterop()]);
  const { admin } = scene.testbed.controlPlane;
  const [document, keys] = await Promise.all([
    admin.request<{ readonly issuer: string }>('GET', '/.well-known/openid-configuration'),
    admin.request('GET', '/openid/v1/jwks'),
  ]);
  issuer = document.json.issuer;
  jwks = createServer((_, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(keys.json));
  });
  await new Promise<void>((resolve) => jwks.listen(0, '127.0.0.1', resolve));
  const { port } = jwks.address() as AddressInfo;
  jwksUrl = `http://127.0.0.1:${port}/jwks`;
  await realmThatTrusts(REALM, ['create-client']);
  await scene.testbed.operator.stop();
  await scene.testbed.startOperator(['--assertion-audiences=https://listed.example']);
});

afterAll(async () => {
  await scene?.stop();
  await keycloak?.stop();
  jwks?.close();
});

const ADMISSION = { clientCredentials: { authMethod: 'ServiceAccountToken' } };

/** A realm that trusts the cluster, and has a registrar client with these roles. */
async function realmThatTrusts(realm: string, roles: readonly string[]): Promise<void> {
  await keycloak.createRealm(realm);
  await keycloak.trustIssuer(realm, { alias: ALIAS, issuer, jwksUrl });
  await keycloak.createServiceAccount(realm, {
    clientId: 'registrar',
    roles,
    federated: { alias: ALIAS, subject: SUBJECT },
  });
}

const at = (name: string) => ({ kind: 'ClusterAuthorizationServer', name });

async function client(name: string, server: string): Promise<void> {
  await scene.testbed.apply(oauthClient('shop', name, { server: at(server) }));
  await scene.until(name, 'Registered');
}

async function serve(name: string, realm: string, spec: object): Promise<void> {
  await scene.testbed.apply(clusterServer(keycloak.issuer(realm), name, { dialect: 'keycloak', ...spec }));
}

describe('A registrar client that authenticates by tokens of the cluster, with create-client and no other role', () => {
  it('registers, edits and removes a client; no Secret admits the operator', async () => {
    await serve('keyless', REALM, { registration: { admission: ADMISSION } });
    await client('machine', 'keyless');
    const secret = await scene.secret('machine');
    expect(await keycloak.requestToken(REALM, tokenRequest(secret, 'read'))).toMatchObject({ status: 200 });
    await scene.edit('machine', { clientName: 'Renamed' });
    await scene.until('machine', 'Registered');
    expect(await keycloak.clients(REALM)).toMatchObject([{ name: 'Renamed' }]);
    await scene.remove('machine');
    expect(await keycloak.clients(REALM)).toEqual([]);
  });

  it('manages clients by such a token, too, with the role that Keycloak wants for it', async () => {
    const realm = 'managed';
    await realmThatTrusts(realm, ['create-client', 'manage-clients']);
    await serve('managed', realm, {
      registration: { admission: ADMISSION },
      management: { mode: 'Credential', credential: ADMISSION },
    });
    await client('managed', 'managed');
    await scene.edit('managed', { clientName: 'Renamed' });
    await scene.until('managed', 'Registered');
    expect(await keycloak.clients(realm)).toMatchObject([{ name: 'Renamed' }]);
    await scene.remove('managed');
    expect(await keycloak.clients(realm)).toEqual([]);
  });
});

describe('A client without a secret, by the token of its ServiceAccount', () => {
  const ACCOUNT = {
    kind: 'ServiceAccount',
    apiVersion: 'v1',
    metadata: { name: 'agent', namespace: 'shop' },
  };
  const WORKER = {
    clientName: 'Agent',
    grantTypes: ['client_credentials'],
    responseTypes: [],
    redirectUris: [],
    scopes: ['read'],
    description: 'Works for the shop',
    sectorIdentifierUri: 'https://shop.example.com/sector.json',
    requestObjectSigningAlg: 'RS256',
    requireSignedRequestObject: true,
  };

  /** As a library of the workload does with what the Secret says, and with the token that its Pod mounts. */
  async function tokenWith(
    secret: Readonly<Record<string, string>>,
    audience = secret['audience'] ?? '',
    account = 'agent',
  ) {
    const assertion = (
      await scene.testbed.kubectl('-n', 'shop', 'create', 'token', account, `--audience=${audience}`)
    ).trim();
    const body = new URLSearchParams({
      grant_type: 'client_credentials',
      client_assertion_type: secret['client_assertion_type'] ?? '',
      client_assertion: assertion,
    });
    const answer = await fetch(secret['token_endpoint'] ?? '', { method: 'POST', body });
    return { status: answer.status, body: (await answer.json()) as object };
  }

  /** The registration access token that the record holds, and what Keycloak answers to a read with it. */
  async function managementToken(): Promise<string> {
    const { status } = await scene.until('agent', 'Registered');
    const { items } = JSON.parse(
      await scene.testbed.kubectl('-n', 'oauth-registrar-system', 'get', 'secrets', '-o', 'json'),
    ) as { readonly items: readonly { readonly data?: Readonly<Record<string, string>> }[] };
    const texts = items.map(({ data = {} }) => decoded(data));
    const record = texts.find((data) => data['client_id'] === status?.clientId);
    return record?.['registration_access_token'] ?? '';
  }
  const decoded = (data: Readonly<Record<string, string>>): Readonly<Record<string, string>> =>
    Object.fromEntries(
      Object.entries(data).map(([key, value]) => [key, Buffer.from(value, 'base64').toString()]),
    );
  let removed: Readonly<Record<string, string>> = {};

  it("is registered at Keycloak's own endpoint, and gets tokens", async () => {
    await realmThatTrusts('native', ['create-client']);
    await scene.testbed.apply(JSON.stringify(ACCOUNT));
    await serve('native', 'native', {
      dialect: 'keycloak-native',
      registration: { admission: ADMISSION },
      workloadIdentity: { mode: 'Allow', identityProvider: ALIAS },
      policy: { workloadIdentity: 'Allow' },
    });
    await scene.testbed.apply(
      oauthClient('shop', 'agent', {
        server: at('native'),
        client: WORKER,
        credential: { serviceAccount: { name: 'agent' } },
      }),
    );
    const { status } = await scene.until('agent', 'Registered');
    expect(status?.substitutions).toBeUndefined();
    expect(status?.credential).toEqual({
      subject: 'system:serviceaccount:shop:agent',
      audience: keycloak.issuer('native'),
      tokenEndpoint: `${keycloak.issuer('native')}/protocol/openid-connect/token`,
      clientAssertionType: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      projectedVolume: expect.stringContaining(`audience: "${keycloak.issuer('native')}"`),
    });
    const [registered] = await keycloak.clients('native');
    expect(registered).toMatchObject({
      name: 'Agent',
      clientAuthenticatorType: 'federated-jwt',
      publicClient: false,
      standardFlowEnabled: false,
      directAccessGrantsEnabled: false,
      fullScopeAllowed: false,
      serviceAccountsEnabled: true,
      description: 'Works for the shop',
      attributes: {
        sectorIdentifierUri: 'https://shop.example.com/sector.json',
        'request.object.signature.alg': 'RS256',
        'request.object.required': 'request or request_uri',
      },
    });
    const secret = await scene.secret('agent');
    expect(secret).not.toHaveProperty('client_secret');
    expect(secret).toMatchObject({
      audience: keycloak.issuer('native'),
      'projected_volume.yaml': status?.credential?.projectedVolume,
    });
    expect(await tokenWith(secret)).toMatchObject({
      status: 200,
      body: { access_token: expect.any(String) },
    });
    expect(await tokenWith(secret, 'https://else.example')).toMatchObject({ status: 400 });
  });

  it('is edited again and again, each time with the registration access token of the answer before', async () => {
    const address = `${keycloak.issuer('native')}/clients-registrations/default/${(await scene.secret('agent'))['client_id']}`;
    const tokens = [await managementToken()];
    for (const clientName of ['Second', 'Third']) {
      await scene.edit('agent', { clientName });
      await scene.until('agent', 'Registered');
      expect(await keycloak.clients('native')).toMatchObject([{ name: clientName }]);
      tokens.push(await managementToken());
    }
    expect(new Set(tokens).size).toBe(3);
    const [first = '', second = ''] = tokens;
    for (const token of [first, second]) {
      expect(await ask('GET', address, { token })).toMatchObject({ status: 401 });
    }
    expect(await tokenWith(await scene.secret('agent'))).toMatchObject({ status: 200 });
  });

  it('stays as it is while an edit names a ServiceAccount that does not exist, and follows it then', async () => {
    const naming = (name: string) => JSON.stringify({ spec: { credential: { serviceAccount: { name } } } });
    const patch = (name: string) =>
      scene.testbed.kubectl('-n', 'shop', 'patch', 'oac', 'agent', '--type=merge', '-p', naming(name));
    await patch('other');
    const { status } = await scene.until('agent', 'ServiceAccountNotFound');
    expect(status?.credential?.subject).toBe('system:serviceaccount:shop:agent');
    const secret = await scene.secret('agent');
    expect(await tokenWith(secret)).toMatchObject({ status: 200 });
    const other = { ...ACCOUNT, metadata: { ...ACCOUNT.metadata, name: 'other' } };
    await scene.testbed.apply(JSON.stringify(other));
    await scene.lookAgain('agent');
    await scene.until('agent', 'Registered');
    expect(await tokenWith(secret, undefined, 'other')).toMatchObject({ status: 200 });
    expect(await tokenWith(secret)).toMatchObject({ status: 401 });
    await patch('agent');
    await scene.lookAgain('agent');
    await scene.until('agent', 'Registered');
  });

  it('stays registered when its ServiceAccount is deleted, and works when there is one of that name again', async () => {
    const secret = await scene.secret('agent');
    await scene.testbed.kubectl('-n', 'shop', 'delete', 'serviceaccount', 'agent');
    await scene.edit('agent', { clientName: 'Fourth' });
    await scene.until('agent', 'Registered');
    expect(await keycloak.clients('native')).toMatchObject([{ name: 'Fourth' }]);
    await scene.testbed.apply(JSON.stringify(ACCOUNT));
    expect(await tokenWith(secret)).toMatchObject({ status: 200 });
  });

  it('gets no token any more after its object is deleted', async () => {
    removed = await scene.secret('agent');
    expect(await tokenWith(removed)).toMatchObject({ status: 200 });
    await scene.remove('agent');
    expect(await keycloak.clients('native')).toEqual([]);
    expect(await tokenWith(removed)).toMatchObject({
      status: 401,
      body: { error: 'invalid_client' },
    });
  });
});

describe('What Keycloak refuses is told to the platform with what to trust, and nothing is registered:', () => {
  it.each([
    [
      'an issuer that it does not trust',
      'untrusted',
      '401 invalid_client: Invalid client or Invalid client credentials',
      async () => keycloak.createRealm('untrusted'),
      {},
    ],
    [
      'an audience that is not its own',
      'audience',
      '400 invalid_client: Invalid token audience',
      async () => realmThatTrusts('audience', ['create-client']),
      { audience: 'https://listed.example' },
    ],
  ] as const)('%s', async (_, realm, answer, prepare, more) => {
    await prepare();
    const admission = { clientCredentials: { ...ADMISSION.clientCredentials, ...more } };
    await serve(realm, realm, { registration: { admission } });
    await scene.testbed.apply(oauthClient('shop', realm, { server: at(realm) }));
    const { status } = await eventually(
      () =>
        scene.testbed
          .kubectl('get', 'coas', realm, '-o', 'json')
          .then((text) => JSON.parse(text) as ServerObject),
      ({ status }) => reasonsIn(status).includes('AssertionRefused'),
      30_000,
    );
    const audience = 'audience' in more ? more.audience : keycloak.issuer(realm);
    const told = status.conditions.find(({ reason }) => reason === 'AssertionRefused')?.message ?? '';
    expect(told).toBe(
      `The token endpoint answered ${answer} (POST ${keycloak.issuer(realm)}/protocol/openid-connect/token). The authorization server must trust the issuer ${issuer} and its keys, and have a client whose subject is ${SUBJECT}; the token's audience was ${audience}. Let the server trust that issuer, and know that subject and audience; docs/without-a-secret.md has the steps for Keycloak.`,
    );
    expect(await keycloak.clients(realm)).toEqual([]);
  });
});

interface ServerObject {
  readonly status: { readonly conditions: readonly { readonly reason: string; readonly message: string }[] };
}
const reasonsIn = ({ conditions }: ServerObject['status']): readonly string[] =>
  conditions.map(({ reason }) => reason);
