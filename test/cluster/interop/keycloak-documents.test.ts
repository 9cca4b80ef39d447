import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { importJWK, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { signIn } from '../../kit/testbed/code-flow.ts';
import { caOfDocuments, documentFlags, documentServer } from '../../kit/testbed/document-objects.ts';
import { type DocumentsProcess, startDocuments } from '../../kit/testbed/documents.ts';
import { type Keycloak, startKeycloak } from '../../kit/testbed/keycloak.ts';
import { all, eventually, oauthClient } from '../behaviour/objects.ts';
import { type InteropScene, startInterop } from './scene.ts';

/** Keycloak with its feature `cimd` fetches documents at authorization requests alone, so the operator makes it do so. */

const REALM = 'shop';
const CALLBACK = 'https://shop.example.com/callback';
const HOSTS = ['localhost', 'shop.example.com'];
/** The least `maxAge`; the server is made to fetch the withdrawal after that. */
const MAX_AGE = '30s';

let folder: string;
let keycloak: Keycloak;
let scene: InteropScene;
let documents: DocumentsProcess;

beforeAll(async () => {
  scene = await startInterop();
  documents = await startDocuments(scene.testbed.controlPlane);
  folder = await mkdtemp(join(tmpdir(), 'keycloak-documents-'));
  await writeFile(join(folder, 'ca.pem'), documents.ca.cert);
  keycloak = await startKeycloak({
    version: '26.7.0',
    features: ['cimd'],
    settings: {
      'truststore-paths': join(folder, 'ca.pem'),
      'spi-client-policy-executor--client-id-metadata-document--min-cache-time': 1,
    },
  });
  await keycloak.createRealm(REALM);
  await trustDocuments();
  await addPerson();
  await scene.testbed.operator.stop();
  await scene.testbed.startOperator(documentFlags(documents.baseUrl));
  await scene.testbed.apply(all(caOfDocuments(documents.ca.cert), server()));
});

afterAll(async () => {
  await scene?.stop();
  await keycloak?.stop();
  await documents?.stop();
  await rm(folder, { recursive: true, force: true });
});

const server = (): string =>
  documentServer('keycloak', {
    issuer: keycloak.issuer(REALM),
    baseUrl: documents.baseUrl,
    document: { maxAge: MAX_AGE, primeAuthorization: 'OnPublish' },
    spec: { dialect: 'keycloak' },
  });

const PERSON = { username: 'ada', password: 'not-a-secret' };

async function addPerson(): Promise<void> {
  const { username, password } = PERSON;
  await keycloak.admin.request('POST', `/admin/realms/${REALM}/users`, {
    username,
    enabled: true,
    firstName: 'Ada',
    lastName: 'Lovelace',
    email: 'ada@example.com',
    emailVerified: true,
    credentials: [{ type: 'password', value: password, temporary: false }],
  });
}

/** The realm takes documents of these hosts, and the URIs in them must be there, too. */
async function trustDocuments(): Promise<void> {
  const put = (path: string, body: object) =>
    keycloak.admin.request('PUT', `/admin/realms/${REALM}/client-policies/${path}`, body);
  await put('profiles', {
    profiles: [
      {
        name: 'cimd',
        executors: [
          {
            executor: 'client-id-metadata-document',
            configuration: {
              'cimd-allow-http-scheme': false,
              'cimd-allow-permitted-domains': HOSTS,
              'cimd-restrict-same-domain': false,
              'cimd-required-properties': [],
              'only-allow-confidential-client': false,
            },
          },
        ],
      },
    ],
  });
  await put('policies', {
    policies: [
      {
        name: 'cimd',
        enabled: true,
        profiles: ['cimd'],
        conditions: [
          {
            condition: 'client-id-uri',
            configuration: {
              'client-id-uri-scheme': ['https'],
              'client-id-uri-allow-permitted-domains': HOSTS,
            },
          },
        ],
      },
    ],
  });
}

const tokenEndpoint = () => `${keycloak.issuer(REALM)}/protocol/openid-connect/token`;

/** As a workload does it with what its Secret has. */
async function assertionOf(data: Readonly<Record<string, string>>) {
  const { client_id: clientId = '', kid = '' } = data;
  const now = Math.floor(Date.now() / 1000);
  const jwk = JSON.parse(data['private_key.jwk'] ?? '{}');
  const claims = { iss: clientId, sub: clientId, aud: tokenEndpoint(), iat: now, exp: now + 60 };
  const assertion = await new SignJWT({ ...claims, jti: randomBytes(8).toString('hex') })
    .setProtectedHeader({ alg: 'ES256', kid })
    .sign(await importJWK(jwk, 'ES256'));
  return {
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: assertion,
  };
}

async function tokenOf(data: Readonly<Record<string, string>>) {
  const answer = await fetch(tokenEndpoint(), {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: data['client_id'] ?? '',
      ...(await assertionOf(data)),
    }),
  });
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
}

/** A person signs in at Keycloak, and consents where it asks. */
const signInWith = (
  { client_id: clientId = '' }: Readonly<Record<string, string>>,
  authenticate?: () => Promise<Readonly<Record<string, string>>>,
) =>
  signIn({
    authorizationEndpoint: `${keycloak.issuer(REALM)}/protocol/openid-connect/auth`,
    tokenEndpoint: tokenEndpoint(),
    clientId,
    redirectUri: CALLBACK,
    typed: { ...PERSON, accept: 'Yes' },
    ...(authenticate && { authenticate }),
  });

const SIGNED_IN = { status: 200, body: { token_type: 'Bearer', id_token: expect.any(String) } };

describe('A client that a document identifies, at Keycloak', () => {
  let data: Readonly<Record<string, string>> = {};

  it('gets a token by client credentials, since the operator made Keycloak fetch its document', async () => {
    const client = {
      clientName: 'Worker',
      redirectUris: [CALLBACK],
      grantTypes: ['authorization_code', 'client_credentials'],
      responseTypes: ['code'],
    };
    await scene.testbed.apply(
      oauthClient('shop', 'worker', {
        client,
        credential: { generatedKey: { algorithm: 'ES256' } },
        server: { kind: 'ClusterAuthorizationServer', name: 'keycloak' },
      }),
    );
    await scene.until('worker', 'Registered');
    data = await scene.secret('worker');
    expect(await tokenOf(data)).toMatchObject({ status: 200, body: { token_type: 'Bearer' } });
    const { client_id: clientId = '' } = data;
    expect(await keycloak.client(REALM, clientId)).toMatchObject({
      name: 'Worker',
      redirectUris: [CALLBACK],
    });
  });

  it('signs a person in by the code flow with PKCE, and proves itself by its key', async () => {
    expect(await signInWith(data, () => assertionOf(data))).toMatchObject(SIGNED_IN);
  });

  it('signs a person in by the code flow with PKCE alone, where it is public', async () => {
    const client = {
      clientName: 'App',
      redirectUris: [CALLBACK],
      grantTypes: ['authorization_code'],
      responseTypes: ['code'],
      tokenEndpointAuthMethod: 'none',
    };
    const server = { kind: 'ClusterAuthorizationServer', name: 'keycloak' };
    await scene.testbed.apply(oauthClient('shop', 'app', { client, server }));
    await scene.until('app', 'Registered');
    const app = await scene.secret('app');
    expect(app).not.toHaveProperty('client_secret');
    expect(await signInWith(app)).toMatchObject(SIGNED_IN);
  });

  it('is another one there after an edit: Keycloak is made to fetch the new document', async () => {
    await scene.edit('worker', { clientName: 'Worker of the shop' });
    const { client_id: clientId = '' } = data;
    await eventually(
      () => keycloak.client(REALM, clientId),
      (client) => client?.name === 'Worker of the shop',
      90_000,
    );
    expect(await tokenOf(data)).toMatchObject({ status: 200 });
  }, 120_000);

  it('gets none any more after its object is deleted: Keycloak is made to fetch the withdrawal', async () => {
    await scene.remove('worker');
    const refused = await eventually(
      () => tokenOf(data),
      ({ status }) => status !== 200,
      90_000,
    );
    expect(refused).toMatchObject({
      status: 400,
      body: { error: expect.stringMatching(/^(invalid|unauthorized)_client$/) },
    });
    const { client_id: clientId = '' } = data;
    expect(await keycloak.client(REALM, clientId)).toMatchObject({ name: 'Withdrawn' });
  }, 120_000);
});
