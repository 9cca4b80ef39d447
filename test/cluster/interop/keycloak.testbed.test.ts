import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Keycloak, startKeycloak } from '../../kit/testbed/keycloak.ts';
import { ask, MACHINE, type Registered, registered, registrationEndpoint } from './registration.ts';

const REALM = 'interop';
const OPEN_REALM = 'open';

let keycloak: Keycloak;
let endpoint: string;
let client: Registered;
let rotatedToken: string;

beforeAll(async () => {
  keycloak = await startKeycloak();
  await keycloak.createRealm(REALM);
  endpoint = await registrationEndpoint(keycloak.issuer(REALM));
});

afterAll(() => keycloak?.stop());

describe("The testbed's Keycloak", () => {
  it('is the pinned version', async () => {
    const { json } = await keycloak.admin.request('GET', '/admin/serverinfo');
    expect(json).toMatchObject({ systemInfo: { version: '26.4.7' } });
  });

  it('has a realm whose discovery document names its issuer', async () => {
    const issuer = keycloak.issuer(REALM);
    const { body } = await ask('GET', `${issuer}/.well-known/openid-configuration`);
    expect(body).toMatchObject({
      issuer,
      registration_endpoint: `${issuer}/clients-registrations/openid-connect`,
      scopes_supported: expect.arrayContaining(['read', 'write']),
    });
  });

  it('registers a client for an initial access token, and the admin API shows it', async () => {
    expect(await keycloak.clients(REALM)).toEqual([]);
    const token = await keycloak.createInitialAccessToken(REALM);
    const answer = await ask('POST', endpoint, { token, body: MACHINE });
    expect(answer.status).toBe(201);
    client = registered(answer);
    expect(await keycloak.clients(REALM)).toMatchObject([
      { clientId: client.clientId, name: 'Machine', optionalClientScopes: ['read'] },
    ]);
    expect(await keycloak.client(REALM, client.clientId)).toMatchObject({ secret: client.clientSecret });
  });

  it('gives the client a token for its credentials, and none for others', async () => {
    const { status, body } = await keycloak.requestToken(REALM, { ...client, scope: 'read' });
    expect({ status, scopes: String(body['scope']).split(' ') }).toEqual({
      status: 200,
      scopes: expect.arrayContaining(['read']),
    });
    expect(await keycloak.requestToken(REALM, { ...client, clientSecret: 'wrong' })).toMatchObject({
      status: 401,
      body: { error: 'unauthorized_client' },
    });
  });

  it('rotates the registration access token at an update, and the admin API shows the change', async () => {
    const body = { ...MACHINE, client_id: client.clientId, client_name: 'Renamed' };
    const answer = await ask('PUT', client.uri, { token: client.token, body });
    expect(answer).toMatchObject({ status: 200, body: { client_name: 'Renamed' } });
    rotatedToken = registered(answer).token;
    expect(rotatedToken).not.toBe(client.token);
    expect(await keycloak.client(REALM, client.clientId)).toMatchObject({ name: 'Renamed' });
    expect(await ask('GET', client.uri, { token: client.token })).toMatchObject({ status: 401 });
    expect(await ask('GET', client.uri, { token: rotatedToken })).toMatchObject({ status: 200 });
  });

  it('forgets the client when it is deleted', async () => {
    expect(await ask('DELETE', client.uri, { token: rotatedToken })).toEqual({ status: 204, body: {} });
    expect(await keycloak.clients(REALM)).toEqual([]);
    expect(await keycloak.client(REALM, client.clientId)).toBeUndefined();
    expect(await ask('GET', client.uri, { token: rotatedToken })).toMatchObject({ status: 401 });
    expect(await keycloak.requestToken(REALM, client)).toMatchObject({ status: 401 });
  });

  it('registers as many clients as an initial access token permits', async () => {
    const token = await keycloak.createInitialAccessToken(REALM, { count: 1, expirationSeconds: 60 });
    expect(await ask('POST', endpoint, { token, body: MACHINE })).toMatchObject({ status: 201 });
    expect(await ask('POST', endpoint, { token, body: MACHINE })).toMatchObject({
      status: 401,
      body: { error: 'invalid_token' },
    });
    expect(await keycloak.clients(REALM)).toHaveLength(1);
  });

  it('registers a client for the access token of a service account, which is not counted as a client', async () => {
    const account = await keycloak.createServiceAccount(REALM, { clientId: 'registrar' });
    const before = await keycloak.clients(REALM);
    const { body } = await keycloak.requestToken(REALM, account);
    const answer = await ask('POST', endpoint, { token: String(body['access_token']), body: MACHINE });
    expect(answer.status).toBe(201);
    const after = await keycloak.clients(REALM);
    expect(after.map(({ clientId }) => clientId).toSorted()).toEqual(
      [...before.map(({ clientId }) => clientId), registered(answer).clientId].toSorted(),
    );
  });

  it('refuses a service account that lacks the role', async () => {
    const account = await keycloak.createServiceAccount(REALM, { roles: ['view-clients'] });
    const { body } = await keycloak.requestToken(REALM, account);
    const answer = await ask('POST', endpoint, { token: String(body['access_token']), body: MACHINE });
    expect(answer).toMatchObject({ status: 403, body: { error: 'insufficient_scope' } });
  });

  it('registers without a token in an open realm, and not in another', async () => {
    await keycloak.createRealm(OPEN_REALM, { anonymousRegistration: true, scopes: ['invoices'] });
    const open = await registrationEndpoint(keycloak.issuer(OPEN_REALM));
    const body = { ...MACHINE, scope: 'invoices' };
    expect(await ask('POST', open, { body })).toMatchObject({ status: 201, body: { scope: 'invoices' } });
    expect(await keycloak.clients(OPEN_REALM)).toHaveLength(1);
    expect(await ask('POST', endpoint, { body: MACHINE })).toMatchObject({
      status: 403,
      body: { error: 'insufficient_scope' },
    });
  });

  it('frees its port when it stops', async () => {
    await keycloak.stop();
    await expect(fetch(endpoint)).rejects.toMatchObject({ cause: { code: 'ECONNREFUSED' } });
  });
});
