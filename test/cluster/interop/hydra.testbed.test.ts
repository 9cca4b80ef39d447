import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Hydra, startHydra } from '../../kit/testbed/hydra.ts';
import { ask, MACHINE, type Registered, registered, registrationEndpoint } from './registration.ts';

let hydra: Hydra;
let client: Registered;
let rotatedToken: string;

beforeAll(async () => {
  hydra = await startHydra();
});

afterAll(() => hydra?.stop());

describe("The testbed's Ory Hydra", () => {
  it('is the pinned version', async () => {
    const { json } = await hydra.admin.request('GET', '/version');
    expect(json).toEqual({ version: 'v2.3.0' });
  });

  it('advertises its registration endpoint and the scopes of the tests', async () => {
    const { body } = await ask('GET', `${hydra.issuer}/.well-known/openid-configuration`);
    expect(body).toMatchObject({
      issuer: hydra.issuer,
      registration_endpoint: `${hydra.issuer}/oauth2/register`,
      scopes_supported: expect.arrayContaining(['read', 'write']),
    });
  });

  it('registers a client without a token, and the admin API shows it', async () => {
    expect(await hydra.clients()).toEqual([]);
    const endpoint = await registrationEndpoint(hydra.issuer);
    const answer = await ask('POST', endpoint, { body: MACHINE });
    expect(answer.status).toBe(201);
    client = registered(answer);
    expect(await hydra.clients()).toMatchObject([{ client_id: client.clientId, ...MACHINE }]);
  });

  it('gives the client a token for its credentials, and none for others', async () => {
    expect(await hydra.requestToken({ ...client, scope: 'read' })).toMatchObject({
      status: 200,
      body: { access_token: expect.any(String), scope: 'read' },
    });
    expect(await hydra.requestToken({ ...client, clientSecret: 'wrong' })).toMatchObject({
      status: 401,
      body: { error: 'invalid_client' },
    });
  });

  it('rotates the registration access token at an update, and the admin API shows the change', async () => {
    const body = { ...MACHINE, client_id: client.clientId, client_name: 'Renamed' };
    const answer = await ask('PUT', client.uri, { token: client.token, body });
    expect(answer).toMatchObject({ status: 200, body: { client_name: 'Renamed' } });
    rotatedToken = String(answer.body['registration_access_token']);
    expect(rotatedToken).not.toBe(client.token);
    expect(await hydra.client(client.clientId)).toMatchObject({ client_name: 'Renamed' });
    expect(await ask('GET', client.uri, { token: client.token })).toMatchObject({ status: 401 });
    expect(await ask('GET', client.uri, { token: rotatedToken })).toMatchObject({ status: 200 });
  });

  it('forgets the client when it is deleted', async () => {
    expect(await ask('DELETE', client.uri, { token: rotatedToken })).toEqual({ status: 204, body: {} });
    expect(await hydra.clients()).toEqual([]);
    expect(await hydra.client(client.clientId)).toBeUndefined();
    expect(await ask('GET', client.uri, { token: rotatedToken })).toMatchObject({ status: 401 });
    expect(await hydra.requestToken(client)).toMatchObject({ status: 401 });
  });

  it('lets its administrator remove a client', async () => {
    const { clientId, uri, token } = registered(
      await ask('POST', await registrationEndpoint(hydra.issuer), { body: MACHINE }),
    );
    await hydra.admin.request('DELETE', `/admin/clients/${clientId}`);
    expect(await ask('GET', uri, { token })).toMatchObject({ status: 401 });
  });

  it('starts beside another one, with its own clients, and frees its port when it stops', async () => {
    await ask('POST', await registrationEndpoint(hydra.issuer), { body: MACHINE });
    const other = await startHydra();
    expect(await other.clients()).toEqual([]);
    await other.stop();
    await expect(fetch(other.issuer)).rejects.toMatchObject({ cause: { code: 'ECONNREFUSED' } });
    expect(await hydra.clients()).toHaveLength(1);
  });
});
