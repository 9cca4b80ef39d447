import { exportJWK } from 'jose';
import { afterEach, describe, expect, it } from 'vitest';
import type { AuthMethod } from './behaviour.ts';
import { createCertificateAuthority } from './certificates.ts';
import { call, register, start, stopAll } from './running.ts';
import { requestToken } from './token-request.ts';

/** The emulated token endpoint: who gets a token, and who doesn't. */
afterEach(stopAll);

const MACHINE = { client_name: 'Machine', grant_types: ['client_credentials'], response_types: [] };

describe('the client of the admission', () => {
  it.each<[AuthMethod, object, number]>([
    ['client_secret_basic', {}, 200],
    ['client_secret_basic', { basicEncoding: 'raw' }, 401],
    ['client_secret_basic', { clientSecret: 'wrong' }, 401],
    ['client_secret_post', {}, 200],
    ['client_secret_jwt', {}, 200],
    ['client_secret_jwt', { clientSecret: 'w'.repeat(32) }, 401],
    ['private_key_jwt', {}, 200],
    ['private_key_jwt', { audience: 'https://other.example' }, 401],
    ['none', {}, 401],
  ])('by %s with %o: %i', async (method, options, expected) => {
    const emulator = await start();
    const { client } = emulator.credentials;
    const { clientId, clientSecret } = client;
    const { privateKey, keyId } = client.key;
    const key = method === 'private_key_jwt' ? { privateKey, keyId, algorithm: 'ES256' } : {};
    const { status } = await emulator.requestToken({ clientId, clientSecret, method, ...key, ...options });
    expect(status).toBe(expected);
  });

  it.each([
    ['raw', 200],
    ['percentEncoded', 401],
  ] as const)('is decoded by a server that wants Basic raw: %s', async (basicEncoding, expected) => {
    const emulator = await start({ token: { basicDecoding: 'raw' } });
    const { client } = emulator.credentials;
    expect((await emulator.requestToken({ ...client, basicEncoding })).status).toBe(expected);
  });

  it.each([
    ['issuer', 'tokenEndpoint', 401],
    ['issuer', 'issuer', 200],
    ['tokenEndpoint', 'issuer', 401],
  ] as const)('asserts to %s with the audience %s: %i', async (assertionAudience, to, expected) => {
    const emulator = await start('keycloak', { token: { assertionAudience } });
    const { client } = emulator.credentials;
    const audience = to === 'issuer' ? emulator.issuer : emulator.tokenEndpoint;
    const request = { ...client, method: 'client_secret_jwt', audience } as const;
    expect((await emulator.requestToken(request)).status).toBe(expected);
  });

  it('may be granted less than it asked for', async () => {
    const emulator = await start('wso2', { token: { scopeGranted: 'less', tokenType: 'bearer' } });
    const { client } = emulator.credentials;
    const scope = 'internal_dcr_create internal_dcr_view';
    const { body } = await emulator.requestToken({ ...client, scope });
    expect(body).toMatchObject({ scope: 'internal_dcr_create', token_type: 'bearer' });
  });

  it('may not have a scope that nobody gave it', async () => {
    const emulator = await start('curity');
    const { client } = emulator.credentials;
    const { status, body } = await emulator.requestToken({ ...client, scope: 'admin' });
    expect([status, body['error']]).toEqual([400, 'invalid_scope']);
  });

  it('has its further parameters recorded', async () => {
    const emulator = await start();
    const parameters = { resource: 'https://api.example', audience: 'x' };
    await emulator.requestToken({ ...emulator.credentials.client, parameters });
    expect(emulator.log.at(-1)).toMatchObject({ call: 'token', scheme: 'basic', form: parameters });
  });

  it('is known by its TLS certificate', async () => {
    const authority = createCertificateAuthority();
    const server = authority.issue({ commonName: 'server', names: ['127.0.0.1'] });
    const tls = { ...server, ca: authority.cert, requestClientCertificate: true };
    const emulator = await start({}, {}, { tls });
    const { clientId, certificateName } = emulator.credentials.client;
    const statuses = [];
    for (const commonName of [certificateName, 'somebody']) {
      const certificate = authority.issue({ commonName });
      const request = { clientId, method: 'tls_client_auth', certificate } as const;
      statuses.push((await emulator.requestToken(request)).status);
    }
    expect(statuses).toEqual([200, 401]);
  });
});

describe('a registered client', () => {
  it.each([
    ['client_secret_basic', 'client_secret_basic', 200],
    ['client_secret_basic', 'client_secret_post', 401],
    ['client_secret_post', 'client_secret_post', 200],
    ['client_secret_jwt', 'client_secret_jwt', 200],
  ] as const)('of %s that comes by %s: %i', async (registered, method, expected) => {
    const emulator = await start();
    const { json } = await register(emulator, { ...MACHINE, token_endpoint_auth_method: registered });
    const [clientId, clientSecret] = [String(json['client_id']), String(json['client_secret'])];
    expect((await emulator.requestToken({ clientId, clientSecret, method })).status).toBe(expected);
  });

  it('comes by an awkward identifier and secret, encoded', async () => {
    const emulator = await start({ answer: { clientIds: 'awkward', secrets: 'awkward' } });
    const { json } = await register(emulator, MACHINE);
    const clientId = String(json['client_id']);
    const clientSecret = String(json['client_secret']);
    expect((await emulator.requestToken({ clientId, clientSecret })).status).toBe(200);
    expect((await emulator.requestToken({ clientId, clientSecret, basicEncoding: 'raw' })).status).toBe(401);
    const uri = String(json['registration_client_uri']);
    const authorization = `Bearer ${String(json['registration_access_token'])}`;
    expect((await call('GET', uri, { authorization })).json['client_id']).toBe(clientId);
  });

  it('proves itself with the key that it registered, once with each assertion', async () => {
    const emulator = await start();
    const { privateKey, publicKey, keyId } = emulator.credentials.publisher.key;
    const jwks = { keys: [{ ...(await exportJWK(publicKey)), kid: keyId, alg: 'RS256' }] };
    const { json } = await register(emulator, {
      ...MACHINE,
      token_endpoint_auth_method: 'private_key_jwt',
      jwks,
    });
    const clientId = String(json['client_id']);
    const request = { clientId, method: 'private_key_jwt', privateKey, keyId } as const;
    expect(json).not.toHaveProperty('client_secret');
    expect((await emulator.requestToken(request)).status).toBe(200);
    const replayed = await call('POST', emulator.tokenEndpoint, {
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams(emulator.log.at(-1)?.form).toString(),
    });
    expect(replayed.status).toBe(401);
  });

  it.each([
    ['read', 200],
    ['write', 400],
  ])('that may read asks for the scope %s: %i', async (scope, expected) => {
    const emulator = await start();
    const { json } = await register(emulator, { ...MACHINE, scope: 'read' });
    const [clientId, clientSecret] = [String(json['client_id']), String(json['client_secret'])];
    expect((await emulator.requestToken({ clientId, clientSecret, scope })).status).toBe(expected);
  });

  it('of another grant gets no token', async () => {
    const emulator = await start();
    const { json } = await register(emulator);
    const [clientId, clientSecret] = [String(json['client_id']), String(json['client_secret'])];
    const { status, body } = await emulator.requestToken({ clientId, clientSecret });
    expect([status, body['error']]).toEqual([400, 'unauthorized_client']);
  });

  it('gets none once it is deleted, or its secret has expired', async () => {
    const emulator = await start({ answer: { secretLifetimeSeconds: 60 } });
    const { json } = await register(emulator, MACHINE);
    const [clientId, clientSecret] = [String(json['client_id']), String(json['client_secret'])];
    const ask = async () => (await requestToken(emulator.tokenEndpoint, { clientId, clientSecret })).status;
    const before = await ask();
    emulator.advance(61);
    const expired = await ask();
    emulator.deleteClient(clientId);
    expect([before, expired, await ask()]).toEqual([200, 401, 401]);
  });
});
