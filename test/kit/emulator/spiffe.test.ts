import { afterEach, describe, expect, it } from 'vitest';
import { isProblem } from '../../../src/core/problem.ts';
import { workloadMembers } from '../../../src/core/workload-identity.ts';
import { updateBody } from '../../../src/dialects/encoding.ts';
import { effectiveDialect } from '../../../src/dialects/presets.ts';
import type { JsonObject } from '../../../src/oauth/json.ts';
import { call, register, start, stopAll } from './running.ts';

/**
 * The life of a client that authenticates by SPIFFE, as the operator writes it, at an emulated server that knows the members of
 * draft-ietf-oauth-spiffe-client-auth and refuses wrong ones.
 */
afterEach(stopAll);

const KNOWING = { metadata: { spiffeTrustDomains: ['example.com'] } };
const WORKLOADS = {
  codec: undefined,
  workloadIdentity: {
    identityProvider: undefined,
    audience: 'https://sso.example.com',
    permitsDefaultAccount: false,
    isShared: true,
  },
};

/** What the operator sends for the client of a workload of namespace `shop`. */
function documentOf(id: string, more: JsonObject = {}): JsonObject {
  const members = workloadMembers('shop', { credential: { spiffe: { id } } }, WORKLOADS);
  if (isProblem(members)) {
    throw new Error(members.message);
  }
  return { client_name: 'Agent', grant_types: ['client_credentials'], ...more, ...members };
}

const WEB = 'spiffe://example.com/ns/shop/sa/web';

describe('a client by SPIFFE', () => {
  it('is registered without a secret, edited, and deleted', async () => {
    const emulator = await start('rfc7591', KNOWING);
    const document = documentOf(WEB);
    const { status, json } = await register(emulator, document);
    expect(status).toBe(201);
    expect(json).toMatchObject({ token_endpoint_auth_method: 'spiffe_jwt', spiffe_id: WEB });
    expect(json).not.toHaveProperty('client_secret');

    const id = String(json['client_id']);
    const uri = emulator.client(id)?.configurationUri ?? '';
    const authorization = () => `Bearer ${emulator.client(id)?.registrationAccessToken ?? 'none'}`;
    const edit = (to: JsonObject) =>
      call('PUT', uri, {
        authorization: authorization(),
        body: updateBody(to, {
          clientId: id,
          dialect: effectiveDialect('rfc7591'),
          lastSent: document,
          returned: json as JsonObject,
        }),
      });
    const api = 'spiffe://example.com/ns/shop/sa/api';
    expect(await edit(documentOf(api, { client_name: 'Renamed' }))).toMatchObject({
      status: 200,
      json: { client_name: 'Renamed', spiffe_id: api, token_endpoint_auth_method: 'spiffe_jwt' },
    });
    expect(await edit({ ...document, spiffe_id: 'spiffe://elsewhere.example/web' })).toMatchObject({
      status: 400,
      json: { error: 'invalid_client_metadata' },
    });
    expect(emulator.client(id)?.metadata).toMatchObject({ spiffe_id: api });

    const gone = authorization();
    expect((await call('DELETE', uri, { authorization: gone })).status).toBe(204);
    expect((await call('GET', uri, { authorization: gone })).status).toBe(401);
  });

  it.each([
    ['none', undefined],
    ['of another trust domain', 'spiffe://elsewhere.example/ns/shop/sa/web'],
    ['of another scheme', 'https://example.com/ns/shop/sa/web'],
    ['without a path', 'spiffe://example.com'],
    ['that climbs', 'spiffe://example.com/ns/shop/../sa'],
    ['that is no text', 7],
  ])('with a SPIFFE ID %s is refused, and nothing is registered', async (_, id) => {
    const emulator = await start('rfc7591', KNOWING);
    const { spiffe_id: _right, ...without } = documentOf(WEB);
    const body = id === undefined ? without : { ...without, spiffe_id: id };
    expect(await register(emulator, body)).toMatchObject({
      status: 400,
      json: { error: 'invalid_client_metadata' },
    });
    expect(emulator.clients()).toEqual([]);
  });

  it('is refused by a server that does not know SPIFFE, whose discovery does not offer it either', async () => {
    const emulator = await start('rfc7591');
    expect(await register(emulator, documentOf(WEB))).toMatchObject({
      status: 400,
      json: { error: 'invalid_client_metadata' },
    });
  });

  it('of another namespace is refused by the operator, before any call', () => {
    expect(() => documentOf('spiffe://example.com/ns/bank/sa/web')).toThrow('not one of namespace shop');
  });
});
