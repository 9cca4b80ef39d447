import { afterEach, describe, expect, it } from 'vitest';
import type { Departures, JsonObject } from './behaviour.ts';
import type { PresetName } from './presets.ts';
import { basic, call, type JsonAnswer, register, start, stopAll } from './running.ts';

/** How the emulated servers let a client be read, updated and deleted. */
afterEach(stopAll);

const WEB = {
  client_name: 'Web',
  redirect_uris: ['https://app.example/cb'],
  contacts: ['me@app.example'],
  token_endpoint_auth_method: 'client_secret_post',
};

async function managed(preset: PresetName | Departures, departures: Departures = {}) {
  const emulator = await start(preset, departures);
  const { json } = await register(emulator, WEB);
  const id = String(json['client_id']);
  const client = () => emulator.client(id);
  const uri = client()?.configurationUri ?? '';
  const authorization = () => `Bearer ${client()?.registrationAccessToken ?? 'none'}`;
  const put = (body: JsonObject): Promise<JsonAnswer> =>
    call('PUT', uri, { authorization: authorization(), body });
  return { emulator, id, uri, client, authorization, put, registered: json };
}

describe('the body of an update', () => {
  const body = { ...WEB, client_name: 'Changed' };
  const echo = { registration_access_token: 'x', client_secret_expires_at: 0 };
  it.each<[PresetName, string, JsonObject | 'echo', number]>([
    ['rfc7591', 'without client_id', {}, 400],
    ['rfc7591', 'with what the server alone says', { client_id: 'own', ...echo }, 400],
    ['rfc7591', 'with the wrong secret', { client_id: 'own', client_secret: 'wrong' }, 400],
    ['rfc7591', 'with the right secret', { client_id: 'own', client_secret: 'own' }, 200],
    ['keycloak', 'without client_id', {}, 400],
    [
      'keycloak',
      'with everything echoed, wrong secret included',
      { client_id: 'own', client_secret: 'x', ...echo },
      200,
    ],
    ['hydra', 'with the secret', { client_id: 'own', client_secret: 'own' }, 403],
    ['hydra', 'with another client_id', { client_id: 'other' }, 200],
    ['oidc-provider', 'with the secret', { client_id: 'own', client_secret: 'own' }, 200],
    ['oidc-provider', 'with CIIA', { client_id: 'own', client_id_issued_at: 1 }, 400],
    ['ibm', 'without the secret', { client_id: 'own' }, 400],
    ['ibm', 'with the secret', { client_id: 'own', client_secret: 'own' }, 200],
    ['pingone-aic', 'without client_id and secret', {}, 200],
    ['pingone-aic', 'as in its sample', { client_id: 'own', client_secret: 'own' }, 200],
    ['pingone-aic', 'with another secret', { client_id: 'own', client_secret: 'wrong' }, 400],
  ])('%s %s', async (preset, _title, members, expected) => {
    const { put, client, id } = await managed(preset);
    const before = client();
    const own: Readonly<Record<string, unknown>> = { client_id: id, client_secret: before?.clientSecret };
    const resolved = Object.entries(members).map(([name, value]) => [
      name,
      value === 'own' ? own[name] : value,
    ]);
    const { status } = await put({ ...body, ...Object.fromEntries(resolved) });
    expect(status).toBe(expected);
    expect(client()?.metadata['client_name']).toBe(expected === 200 ? 'Changed' : 'Web');
    if (expected !== 200) {
      expect(client()?.registrationAccessToken).toBe(before?.registrationAccessToken);
    }
  });

  it.each<[Departures['update'], JsonObject, JsonObject]>([
    [{ semantics: 'replace' }, {}, { token_endpoint_auth_method: 'client_secret_basic' }],
    [
      { semantics: 'merge' },
      {},
      { token_endpoint_auth_method: 'client_secret_post', contacts: WEB.contacts },
    ],
    [{ semantics: 'merge' }, { contacts: [] }, { contacts: [] }],
    [{ semantics: 'mergeNonEmpty' }, { contacts: [] }, { contacts: WEB.contacts }],
    [
      { semantics: 'merge', resets: ['token_endpoint_auth_method'] },
      {},
      { token_endpoint_auth_method: 'client_secret_basic', contacts: WEB.contacts },
    ],
  ])('under %o with %o leaves %o', async (update = {}, members, expected) => {
    const { put, client, id } = await managed({ update });
    await put({ client_id: id, client_name: 'Web', redirect_uris: WEB.redirect_uris, ...members });
    expect(client()?.metadata).toMatchObject(expected);
    const kept = update.semantics === 'replace' ? undefined : (expected['contacts'] ?? WEB.contacts);
    expect(client()?.metadata['contacts']).toEqual(kept);
  });
});

describe('a registration access token', () => {
  it('is good for one of two updates at once', async () => {
    const { uri, authorization, id } = await managed('hydra');
    const sent = { authorization: authorization(), body: { ...WEB, client_id: id } };
    const statuses = await Promise.all([call('PUT', uri, sent), call('PUT', uri, sent)]);
    expect(statuses.map(({ status }) => status).toSorted()).toEqual([200, 401]);
  });

  it.each([
    ['rfc7591', 200],
    ['oidc-provider', 401],
  ] as const)(
    "shown at another client's URL of %s answers its own afterwards: %i",
    async (preset, expected) => {
      const { emulator, uri, authorization } = await managed(preset);
      const other = emulator.client(String((await register(emulator)).json['client_id']));
      const token = authorization();
      const foreign = await call('GET', other?.configurationUri ?? '', { authorization: token });
      const own = await call('GET', uri, { authorization: token });
      expect([foreign.status, own.status]).toEqual([401, expected]);
    },
  );

  it('dies after its life', async () => {
    const { emulator, uri, authorization } = await managed('spring');
    const read = async () => (await call('GET', uri, { authorization: authorization() })).status;
    const before = await read();
    emulator.advance(301);
    expect([before, await read()]).toEqual([200, 401]);
  });

  it('of Keycloak is good under one host name only', async () => {
    const { uri, authorization } = await managed('keycloak');
    const headers = { host: 'localhost:1' };
    expect((await call('GET', uri, { authorization: authorization(), headers })).status).toBe(401);
    expect((await call('GET', uri, { authorization: authorization() })).status).toBe(200);
  });

  it('is not rotated by a refused update', async () => {
    const { client, put, id } = await managed('oidc-provider');
    const before = client()?.registrationAccessToken;
    expect((await put({ client_id: id, redirect_uris: ['/relative'] })).status).toBe(400);
    expect(client()?.registrationAccessToken).toBe(before);
  });
});

describe('an administrator', () => {
  it("manages at Keycloak without seeing or rotating the client's token", async () => {
    const { emulator, uri, client, id } = await managed('keycloak');
    const authorization = `Bearer ${emulator.issueToken({ scope: 'manage-clients' })}`;
    const before = client()?.registrationAccessToken;
    const { status, json } = await call('PUT', uri, { authorization, body: { ...WEB, client_id: id } });
    expect([status, json['registration_access_token']]).toEqual([200, undefined]);
    expect(client()?.registrationAccessToken).toBe(before);
    expect((await call('DELETE', uri, { authorization })).status).toBe(204);
    expect((await call('GET', uri, { authorization })).status).toBe(404);
  });

  it('manages by Basic at WSO2, where a client that is gone is an empty 401', async () => {
    const { emulator, uri } = await managed('wso2');
    const { username, password } = emulator.credentials.basic;
    const authorization = basic(username, password);
    expect((await call('DELETE', uri, { authorization })).status).toBe(204);
    const { status, text, headers } = await call('GET', uri, { authorization });
    expect([status, text, headers['www-authenticate']]).toEqual([401, '', expect.stringContaining('Bearer')]);
  });

  it('is no administrator with the scope for registering alone', async () => {
    const { emulator, uri } = await managed('curity');
    const authorization = `Bearer ${emulator.issueToken({ scope: 'dcr' })}`;
    expect((await call('GET', uri, { authorization })).status).toBe(401);
  });
});

describe('a software statement', () => {
  const claims = { redirect_uris: WEB.redirect_uris };

  it('must still verify when the client is updated', async () => {
    const { emulator, put, id } = await managed('forgerock');
    emulator.advance(600);
    const stale = await put({ ...WEB, client_id: id });
    expect([stale.status, stale.json['error']]).toEqual([400, 'invalid_software_statement']);
    const fresh = await emulator.signStatement(claims);
    expect((await put({ ...WEB, client_id: id, software_statement: fresh })).status).toBe(200);
  });

  it('is not asked for again while it is good', async () => {
    const { put, id } = await managed('forgerock');
    expect((await put({ ...WEB, client_id: id })).status).toBe(200);
  });
});

it('switches from a secret to none and back', async () => {
  const { put, id, registered } = await managed('keycloak');
  const none = await put({ ...WEB, client_id: id, token_endpoint_auth_method: 'none' });
  const back = await put({ ...WEB, client_id: id });
  expect(none.json).not.toHaveProperty('client_secret');
  expect(back.json['client_secret']).toBe(registered['client_secret']);
});

it('moves the end of a secret where an update does', async () => {
  const { emulator, put, id, registered } = await managed('curity', {
    answer: { secretLifetimeSeconds: 3600 },
  });
  emulator.advance(600);
  const { json } = await put({ ...WEB, client_id: id });
  expect(Number(json['client_secret_expires_at'])).toBeGreaterThanOrEqual(
    Number(registered['client_secret_expires_at']) + 599,
  );
});

it('answers a read just after a write with 404 where the server is slow to see', async () => {
  const { uri, authorization } = await managed('zitadel', { management: { staleReads: 1 } });
  const read = async () => (await call('GET', uri, { authorization: authorization() })).status;
  expect([await read(), await read()]).toEqual([404, 200]);
});

it('refuses other methods, and paths where nothing is', async () => {
  const { emulator, uri, authorization } = await managed('keycloak');
  const patched = await call('PATCH', uri, { authorization: authorization(), body: {} });
  expect([patched.status, patched.json]).toEqual([405, { error: 'HTTP 405 Method Not Allowed' }]);
  expect((await call('GET', `${emulator.issuer}/nowhere`)).status).toBe(404);
});
