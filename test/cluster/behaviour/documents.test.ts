import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { importJWK, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LABELS } from '../../../src/api/names.ts';
import { type CodeFlow, refresh, signIn } from '../../kit/testbed/code-flow.ts';
import { caOfDocuments, documentFlags, documentServer } from '../../kit/testbed/document-objects.ts';
import { type DocumentServer, startDocumentServer } from '../../kit/testbed/document-server.ts';
import { DOCUMENTS_NAMESPACE, type DocumentsProcess, startDocuments } from '../../kit/testbed/documents.ts';
import { all, conditionOf, eventually, namespace, oauthClient } from './objects.ts';
import { teamIn, useTestbed } from './team.ts';

/** Clients that a document identifies, at a real server that fetches it through a name with a certificate of its own. */

const testbed = useTestbed({ namespaces: [], operator: false });
const shop = teamIn(testbed, 'shop');
let documents: DocumentsProcess;
/** Those of another install of the cluster. */
let others: DocumentsProcess | undefined;
let server: DocumentServer;

beforeAll(async () => {
  documents = await startDocuments(testbed.controlPlane);
  server = await startDocumentServer(documents.ca.cert, { keptSeconds: 1 });
  await testbed.startOperator(documentFlags(documents.baseUrl));
  await testbed.apply(
    all(namespace('shop'), caOfDocuments(documents.ca.cert), clusterServer('corporate', documents.baseUrl)),
  );
});

afterAll(async () => {
  await documents?.stop();
  await others?.stop();
  await server?.stop();
});

const clusterServer = (
  name: string,
  baseUrl: string,
  { mode, ...spec }: { readonly mode?: string; readonly registration?: object } = {},
): string =>
  documentServer(name, { issuer: server.issuer, baseUrl, spec, ...(mode !== undefined && { mode }) });

const CALLBACK = 'https://shop.example.com/callback';
const WEB = {
  clientName: 'Shop',
  redirectUris: [CALLBACK],
  grantTypes: ['authorization_code', 'refresh_token'],
  responseTypes: ['code'],
  applicationType: 'web',
};

const documentOf = async (name: string) => {
  const { status } = await shop.client(name);
  const { status: code, body } = await documents.fetch(status?.clientId ?? '');
  return code === 200 ? JSON.parse(body) : code;
};

const atServer = (clientId: string) => ({ tokenEndpoint: `${server.issuer}/token`, clientId });

/** A person signs in at the server by the client; with `authenticate` it is confidential. */
const signedIn = (
  clientId: string,
  flow: Pick<Partial<CodeFlow>, 'authenticate' | 'scope' | 'redirectUri'> = {},
) =>
  signIn({
    ...atServer(clientId),
    authorizationEndpoint: `${server.issuer}/auth`,
    redirectUri: CALLBACK,
    typed: { login: 'ada', password: 'x' },
    ...flow,
  });

/** Until the server has fetched a document again. */
const KEPT_MS = 1_100;

/** As a workload does it with what its Secret has. */
const assertionOf = (data: Readonly<Record<string, string>>) => async () => {
  const jwk = JSON.parse(data['private_key.jwk'] ?? '{}');
  const now = Math.floor(Date.now() / 1000);
  const assertion = await new SignJWT({
    iss: data['client_id'] ?? '',
    sub: data['client_id'] ?? '',
    aud: `${server.issuer}/token`,
    jti: randomBytes(8).toString('hex'),
    iat: now,
    exp: now + 60,
  })
    .setProtectedHeader({ alg: 'ES256', kid: data['kid'] ?? '' })
    .sign(await importJWK(jwk, 'ES256'));
  return {
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: assertion,
  };
};

describe('An OAuthClient of a server that identifies clients by documents', () => {
  it('is published, seen at its public URL, and signs users in with PKCE and no secret', async () => {
    await testbed.apply(oauthClient('shop', 'web', { client: WEB }));
    const { status } = await shop.until('web', 'Registered');
    const { clientId = '' } = status ?? {};
    expect(clientId).toMatch(new RegExp(`^${documents.baseUrl}/shop/web-[0-9a-f]{8}-[0-9a-z]{10}$`));
    expect(status?.conditions?.map(({ type, status: is, reason }) => `${type}=${is} ${reason}`)).toEqual([
      'Ready=True Registered',
      'Registered=True Registered',
      'SecretSynced=True SecretSynced',
      'DocumentServed=True DocumentServed',
    ]);
    expect(await documentOf('web')).toEqual({
      client_id: clientId,
      client_name: 'Shop',
      redirect_uris: [CALLBACK],
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      application_type: 'web',
      token_endpoint_auth_method: 'none',
    });
    const secret = await shop.secret('web');
    expect(secret).toMatchObject({
      client_id: clientId,
      issuer: server.issuer,
      token_endpoint_auth_method: 'none',
    });
    expect(secret).not.toHaveProperty('client_secret');
    expect(await signedIn(clientId)).toMatchObject({
      status: 200,
      body: { token_type: 'Bearer', id_token: expect.any(String) },
    });
    expect(server.fetched).toContain(clientId);
  });

  it('proves itself by a key of the operator, at an address of the same origin', async () => {
    const client = {
      ...WEB,
      grantTypes: ['authorization_code', 'client_credentials'],
      scopes: ['read', 'openid'],
    };
    const credentialOf = { generatedKey: { algorithm: 'ES256' } };
    await testbed.apply(oauthClient('shop', 'keyed', { client, credential: credentialOf }));
    await shop.until('keyed', 'Registered');
    const data = (await shop.secret('keyed')) ?? {};
    const { client_id: clientId = '' } = data;
    expect(await documentOf('keyed')).toMatchObject({
      token_endpoint_auth_method: 'private_key_jwt',
      token_endpoint_auth_signing_alg: 'ES256',
      jwks_uri: `${clientId}/jwks`,
    });
    const { body } = await documents.fetch(`${clientId}/jwks`);
    expect(JSON.parse(body)).toEqual({
      keys: [expect.objectContaining({ kid: data['kid'], use: 'sig', alg: 'ES256' })],
    });
    expect(body).not.toContain('"d"');
    const assertion = assertionOf(data);
    const granted = await fetch(`${server.issuer}/token`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        client_id: clientId,
        scope: 'read',
        ...(await assertion()),
      }),
    });
    expect(granted.status).toBe(200);
    expect(await signedIn(clientId, { authenticate: assertion })).toMatchObject({ status: 200 });
  });

  it('publishes another key first, and its Secret follows when servers have it', async () => {
    const before = (await shop.secret('keyed')) ?? {};
    const change = { spec: { credential: { generatedKey: { algorithm: 'ES384' } } } };
    await shop.patch('oac', 'keyed', change);
    const settling = await shop.until('keyed', 'DocumentSettling');
    expect(conditionOf(settling, 'Ready')).toMatchObject({
      status: 'True',
      message: expect.stringMatching(
        /^The document of client .* is served, and servers may have the document or the keys of before until .*Z\. Then the Secret follows\.$/,
      ),
    });
    const { body } = await documents.fetch(`${before['client_id']}/jwks`);
    expect((JSON.parse(body) as { keys: object[] }).keys).toEqual([
      expect.objectContaining({ alg: 'ES384' }),
      expect.objectContaining({ alg: 'ES256', kid: before['kid'] }),
    ]);
    expect(await shop.secret('keyed')).toEqual(before);
    const [record] = await shop.registrations('keyed');
    const { 'key-created-at': made = '', 'key-retires-at': retires = '' } = record?.facts ?? {};
    expect(Date.parse(retires) - Date.parse(made)).toBeGreaterThanOrEqual(3_960_000);
  });

  it('is edited: another document is served at the same URL, and the server goes by that', async () => {
    const { clientId = '' } = (await shop.client('web')).status ?? {};
    const redirectUri = 'https://shop.example.com/after-login';
    await expect(signedIn(clientId, { redirectUri })).rejects.toThrow(/redirect_uri did not match/);
    await shop.edit('web', { clientName: 'Shop of shops', redirectUris: [CALLBACK, redirectUri] });
    await eventually(
      () => shop.client('web'),
      (client) =>
        client.status?.observedGeneration === 2 && conditionOf(client, 'DocumentServed')?.status === 'True',
    );
    expect(await documentOf('web')).toMatchObject({
      client_id: clientId,
      client_name: 'Shop of shops',
      redirect_uris: [CALLBACK, redirectUri],
    });
    await pause(KEPT_MS);
    expect(await signedIn(clientId, { redirectUri })).toMatchObject({ status: 200 });
  });

  it('is refused, with what to do, where servers would refuse its document', async () => {
    const client = { ...WEB, tokenEndpointAuthMethod: 'client_secret_basic' };
    await testbed.apply(oauthClient('shop', 'secretive', { client }));
    const refused = await shop.until('secretive', 'InvalidClientMetadata');
    expect(conditionOf(refused, 'Ready')?.message).toBe(
      "A client that is identified by a document has no secret, so it can't authenticate by client_secret_basic. Set spec.credential.generatedKey, which makes it private_key_jwt; or set tokenEndpointAuthMethod to none for a public client.",
    );
  });

  it('waits, without a Secret, while its URL can not be reached, or answers something else', async () => {
    let answer = { status: 502, body: '{}' };
    const end = documents.intercept((_, response) => {
      response.writeHead(answer.status, { 'content-type': 'application/json' }).end(answer.body);
      return true;
    });
    await testbed.apply(oauthClient('shop', 'unseen', { client: WEB }));
    const unreachable = await shop.until('unseen', 'DocumentNotReachable', 20_000);
    const { clientId = '' } = unreachable.status ?? {};
    expect(conditionOf(unreachable, 'Ready')).toMatchObject({
      status: 'False',
      message: expect.stringContaining(
        `${clientId} answers 502. Check that name, route and certificate of the base URL lead`,
      ),
    });
    expect(conditionOf(unreachable, 'DocumentServed')).toMatchObject({
      status: 'False',
      reason: 'DocumentNotReachable',
    });
    expect(await shop.secret('unseen')).toBeUndefined();
    answer = { status: 200, body: '{"client_id":"https://elsewhere.example.com"}' };
    await shop.annotate('unseen', 'reconcile-requested-at', 'once');
    const other = await shop.until('unseen', 'DocumentDiffers', 20_000);
    expect(conditionOf(other, 'Ready')?.message).toContain(
      `${clientId} answers another document than the one that is to be served. Check that the base URL leads to the documents of this installation`,
    );
    end();
    await shop.annotate('unseen', 'reconcile-requested-at', 'now');
    await shop.until('unseen', 'Registered', 30_000);
    expect(await shop.secret('unseen')).toMatchObject({ client_id: clientId });
  });

  it('says so, and keeps what it has, while another install serves its base URL, too', async () => {
    others = await startDocuments(testbed.controlPlane, 'documents-of-others');
    const end = documents.intercept(others.answer);
    const before = await shop.secret('unseen');
    await testbed.apply(oauthClient('shop', 'twice', { client: WEB }));
    await shop.edit('unseen', { clientName: 'Seen by nobody' });
    const twice = await shop.until('twice', 'DocumentDiffers', 20_000);
    expect(conditionOf(twice, 'Ready')).toMatchObject({
      status: 'False',
      message: expect.stringContaining(
        `${twice.status?.clientId} answers 410: documents are served there, and this one is not among them, such as where two installations serve the same base URL. Check that the base URL leads to the documents of this installation and to no other`,
      ),
    });
    expect(await shop.secret('twice')).toBeUndefined();
    const edited = await eventually(
      () => shop.client('unseen'),
      (client) => conditionOf(client, 'DocumentServed')?.reason === 'DocumentDiffers',
      20_000,
    );
    expect(conditionOf(edited, 'Ready')).toMatchObject({ status: 'True' });
    expect(await shop.secret('unseen')).toEqual(before);
    end();
    await shop.annotate('twice', 'reconcile-requested-at', 'alone');
    await shop.annotate('unseen', 'reconcile-requested-at', 'alone');
    expect((await shop.until('twice', 'Registered', 20_000)).status?.clientId).toBe(twice.status?.clientId);
    await eventually(
      () => shop.client('unseen'),
      (client) => conditionOf(client, 'DocumentServed')?.status === 'True',
      20_000,
    );
    expect(await documentOf('unseen')).toMatchObject({ client_name: 'Seen by nobody' });
  });

  it('is served again, and status says so, after its ConfigMap was deleted', async () => {
    const { status } = await shop.client('web');
    const before = await documentOf('web');
    const ofClient = `${LABELS.clientName}=web`;
    await testbed.kubectl('delete', 'configmap', '-l', ofClient, '-n', DOCUMENTS_NAMESPACE);
    await eventually(
      () => documentOf('web'),
      (answer) => answer === 410,
    );
    await shop.annotate('web', 'reconcile-requested-at', 'lost');
    await shop.untilEvent('web', ({ reason }) => reason === 'DocumentDiffers');
    await eventually(
      () => shop.client('web'),
      (client) =>
        client.status?.lastHandledReconcileAt === 'lost' &&
        conditionOf(client, 'DocumentServed')?.status === 'True' &&
        conditionOf(client, 'Ready')?.status === 'True',
      30_000,
    );
    expect(await documentOf('web')).toEqual(before);
    expect((await shop.client('web')).status?.clientId).toBe(status?.clientId);
  });

  it('is withdrawn when the object is deleted: nobody can use it, and the record holds the withdrawal', async () => {
    const { status } = await shop.client('web');
    const { clientId = '' } = status ?? {};
    const first = await signedIn(clientId, { scope: 'openid offline_access' });
    const second = await refresh(atServer(clientId), first.body['refresh_token']);
    expect(second).toMatchObject({ status: 200, body: { refresh_token: expect.any(String) } });
    await shop.remove('web');
    await shop.untilGone('web');
    const { body } = await documents.fetch(clientId);
    expect(JSON.parse(body)).toEqual({
      client_id: clientId,
      client_name: 'Withdrawn',
      redirect_uris: [`${clientId}/withdrawn`],
      grant_types: ['authorization_code'],
      response_types: ['code'],
      token_endpoint_auth_method: 'private_key_jwt',
      jwks_uri: `${clientId}/jwks`,
    });
    const [owed] = await shop.untilRoles('web', ['owed']);
    expect(owed?.facts['served-document']).toContain('"withdrawnAt"');
    await shop.untilEvent('web', ({ reason }) => reason === 'DocumentWithdrawn');
    await pause(KEPT_MS);
    expect(await refresh(atServer(clientId), second.body['refresh_token'])).toMatchObject({
      status: 401,
      body: { error: 'invalid_client' },
    });
    await expect(signedIn(clientId)).rejects.toThrow(/redirect_uri did not match/);
  });

  it('is one where the server says so and the mode is Auto, and stays what it is when the server says something else', async () => {
    const chosen = async () =>
      JSON.parse(await testbed.kubectl('get', 'clusterauthorizationserver', 'chosen', '-o', 'json'));
    const ask = async (word: string) => {
      const annotation = `oauth-registrar.dev/reconcile-requested-at=${word}`;
      await testbed.kubectl('annotate', 'clusterauthorizationserver', 'chosen', annotation, '--overwrite');
      return eventually(chosen, ({ status }) => status.lastHandledReconcileAt === word);
    };
    const made = (name: string, by: string) =>
      oauthClient('shop', name, { client: WEB, server: { kind: 'ClusterAuthorizationServer', name: by } });
    server.sayDocuments(false);
    const registration = { admission: { open: {} } };
    await testbed.apply(
      all(
        clusterServer('chosen', documents.baseUrl, { mode: 'Auto', registration }),
        clusterServer('told', documents.baseUrl, { mode: 'Document' }),
        made('registered', 'chosen'),
        made('told', 'told'),
      ),
    );
    const isUrl = (clientId: string | undefined) => clientId?.startsWith(`${documents.baseUrl}/`);
    const registered = await shop.until('registered', 'Registered');
    expect(isUrl(registered.status?.clientId)).toBe(false);
    // The mode of the server object counts more than what the server says.
    expect(isUrl((await shop.until('told', 'Registered')).status?.clientId)).toBe(true);

    server.sayDocuments(true);
    expect((await ask('upgraded')).status.identification).toBe('Registration');
    await shop.edit('registered', { clientName: 'Edited' });
    const edited = await eventually(
      () => shop.client('registered'),
      ({ status }) =>
        status?.observedGeneration === 2 && conditionOf({ status } as never, 'Reconciling') === undefined,
    );
    expect(edited.status?.clientId).toBe(registered.status?.clientId);
    expect(edited.status?.conditions?.map(({ type, status }) => `${type}=${status}`)).toEqual([
      'Ready=True',
      'Registered=True',
      'SecretSynced=True',
    ]);

    await shop.remove('registered');
    await shop.untilGone('registered');
    let asked = 0;
    await eventually(
      () => ask(`empty-${asked++}`),
      ({ status }) => status.identification === 'Document',
    );
    await testbed.apply(made('published', 'chosen'));
    expect(isUrl((await shop.until('published', 'Registered')).status?.clientId)).toBe(true);
  });

  it('is refused where the install does not serve its base URL', async () => {
    await testbed.apply(clusterServer('elsewhere', 'https://clients.example.com'));
    const server = await eventually(
      async () =>
        JSON.parse(await testbed.kubectl('get', 'clusterauthorizationserver', 'elsewhere', '-o', 'json')),
      (object) => conditionOf(object, 'Ready')?.reason === 'DocumentsNotServed',
    );
    expect(conditionOf(server, 'Ready')?.message).toBe(
      'Documents under https://clients.example.com are not served by this installation. Set spec.identification.document.baseUrl to one that is, or ask the platform team to add it.',
    );
  });
});
