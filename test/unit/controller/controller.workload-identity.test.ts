import { describe, expect, test } from 'vitest';
import { RESOURCES } from '../../../src/api/kubernetes.ts';
import type { HttpRequest } from '../../../src/oauth/http-message.ts';
import { Sensitive } from '../../../src/oauth/sensitive.ts';
import type { Stored } from '../../kit/fakes/cluster.ts';
import { controllerInMemory } from '../../kit/fakes/controller-in-memory.ts';
import { answered } from '../../kit/fakes/fake-ports.ts';
import { clientObject, serverObject, surroundings } from '../../kit/fixtures/objects.ts';
import { issuer } from '../../kit/fixtures/server-objects.ts';

/** Clients without a secret, by a server that reads and answers them in a form of its own. */

const PUBLISHED = `${issuer}/clients-registrations/openid-connect`;
const NATIVE = `${issuer}/clients-registrations/default`;

const account = (name: string): Stored => ({
  kind: 'ServiceAccount',
  metadata: { name, namespace: 'shop', uid: `uid-of-${name}`, resourceVersion: '1' },
});

const bodyOf = ({ body }: HttpRequest): Readonly<Record<string, unknown>> =>
  JSON.parse(body instanceof Sensitive ? body.reveal() : (body ?? '{}')) as Record<string, unknown>;

function operator(server: object, clients: readonly Stored[], others: readonly Stored[] = []) {
  const sent: { readonly call: string; readonly body: Readonly<Record<string, unknown>> }[] = [];
  let registered = 0;
  const life = controllerInMemory({
    objects: [
      ...surroundings().slice(0, 2),
      serverObject('corporate', { spec: server }),
      ...clients,
      ...others,
    ],
    answer(request) {
      const { method, url } = request;
      if (url.includes('/.well-known/')) {
        return answered(200, { issuer, registration_endpoint: PUBLISHED, token_endpoint: `${issuer}/token` });
      }
      const body = bodyOf(request);
      sent.push({ call: `${method} ${url}`, body });
      registered += method === 'POST' ? 1 : 0;
      const answer = { ...body, clientId: body['clientId'] ?? `c-${registered}`, secret: 'serves-nothing' };
      return method === 'DELETE'
        ? answered(204)
        : answered(
            201,
            { ...answer, registrationAccessToken: `t-${sent.length}` },
            { 'content-type': 'application/json' },
          );
    },
  });
  life.controller.start();
  const ready = (name: string) => life.readyOf('OAuthClient', `shop/${name}`);
  const seconds = (count: number) => life.clock.advance(count * 1_000);
  return { ...life, sent, ready, seconds };
}

const secretOf = (secret: unknown): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries((secret as { data?: Readonly<Record<string, string>> }).data ?? {}).map(([key, value]) => [
      key,
      Buffer.from(value, 'base64').toString(),
    ]),
  );

const OFFERED = {
  dialect: 'keycloak-native',
  workloadIdentity: { mode: 'Allow', identityProvider: 'cluster' },
  policy: { workloadIdentity: 'Allow' },
};
const client = (name: string, serviceAccount: string, createdAt = '2026-05-01T10:00:00Z'): Stored =>
  clientObject(
    { name, uid: `uid-${name}`, creationTimestamp: createdAt },
    {
      client: { clientName: name, grantTypes: ['client_credentials'] },
      credential: { serviceAccount: { name: serviceAccount } },
      secret: { name: `${name}-oauth` },
    } as never,
    {},
  );

describe('A client of a ServiceAccount', () => {
  test("is registered in the server's own form, edited and removed at its address, and its Secret has no secret", async () => {
    const { sent, ready, seconds, cluster } = operator(
      OFFERED,
      [client('agent', 'agent')],
      [account('agent')],
    );
    await seconds(60);
    expect(ready('agent')).toBe('True Registered: The client is registered and its Secret is up to date.');
    expect(sent).toEqual([
      {
        call: `POST ${NATIVE}`,
        body: expect.objectContaining({
          clientAuthenticatorType: 'federated-jwt',
          fullScopeAllowed: false,
          attributes: expect.objectContaining({
            'jwt.credential.issuer': 'cluster',
            'jwt.credential.sub': 'system:serviceaccount:shop:agent',
          }),
        }),
      },
    ]);
    expect(cluster.find('OAuthClient', 'shop/agent')?.status).toMatchObject({
      clientId: 'c-1',
      credential: {
        subject: 'system:serviceaccount:shop:agent',
        audience: issuer,
        tokenEndpoint: `${issuer}/token`,
        clientAssertionType: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        projectedVolume: expect.stringContaining(`audience: "${issuer}"`),
      },
    });
    expect(secretOf(cluster.find('Secret', 'shop/agent-oauth'))).toEqual({
      client_id: 'c-1',
      issuer,
      token_endpoint: `${issuer}/token`,
      token_endpoint_auth_method: 'federated-jwt',
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      audience: issuer,
      'projected_volume.yaml': expect.stringContaining(`audience: "${issuer}"`),
    });
    await cluster.patch(
      RESOURCES.oauthClient,
      { namespace: 'shop', name: 'agent' },
      { spec: { client: { clientName: 'Edited' } } },
      'person',
    );
    await seconds(60);
    expect(sent.slice(1)).toEqual([
      { call: `PUT ${NATIVE}/c-1`, body: expect.objectContaining({ clientId: 'c-1', name: 'Edited' }) },
    ]);
    await cluster.delete(RESOURCES.oauthClient, { namespace: 'shop', name: 'agent' }, {}, 'person');
    await seconds(60);
    expect(sent.at(-1)?.call).toBe(`DELETE ${NATIVE}/c-1`);
  });

  test('that does not exist waits for it', async () => {
    const { sent, ready, seconds, cluster } = operator(OFFERED, [client('agent', 'agent')]);
    await seconds(60);
    expect(ready('agent')).toMatch(
      /^False ServiceAccountNotFound: ServiceAccount shop\/agent of spec\.credential\.serviceAccount doesn't exist\. Create the ServiceAccount that the message names, or correct the name\.$/,
    );
    expect(sent).toEqual([]);
    cluster.put('ServiceAccount', account('agent'));
    await seconds(7_200);
    expect(ready('agent')).toContain('True Registered');
  });

  test('that an edit names and that does not exist: the client stays as it is, and follows when it is there', async () => {
    const { sent, ready, seconds, cluster } = operator(
      OFFERED,
      [client('agent', 'agent')],
      [account('agent')],
    );
    await seconds(60);
    const place = { namespace: 'shop', name: 'agent' };
    const secret = secretOf(cluster.find('Secret', 'shop/agent-oauth'));
    const other = { spec: { credential: { serviceAccount: { name: 'other' } } } };
    await cluster.patch(RESOURCES.oauthClient, place, other, 'person');
    await seconds(60);
    expect(ready('agent')).toBe(
      "True ServiceAccountNotFound: ServiceAccount shop/other of spec.credential.serviceAccount doesn't exist; until it does, client c-1 stays as it is. Create the ServiceAccount that the message names, or correct the name.",
    );
    expect(sent).toHaveLength(1);
    expect(secretOf(cluster.find('Secret', 'shop/agent-oauth'))).toEqual(secret);
    expect(cluster.find('OAuthClient', 'shop/agent')?.status).toMatchObject({
      credential: { subject: 'system:serviceaccount:shop:agent' },
    });
    cluster.put('ServiceAccount', account('other'));
    await seconds(600);
    expect(ready('agent')).toContain('True Registered');
    expect(sent.slice(1)).toEqual([
      {
        call: `PUT ${NATIVE}/c-1`,
        body: expect.objectContaining({
          attributes: expect.objectContaining({ 'jwt.credential.sub': 'system:serviceaccount:shop:other' }),
        }),
      },
    ]);
  });

  test('that was deleted after the registration holds no other edit back', async () => {
    const { sent, seconds, cluster } = operator(OFFERED, [client('agent', 'agent')], [account('agent')]);
    await seconds(60);
    await cluster.delete(RESOURCES.serviceAccount, { namespace: 'shop', name: 'agent' }, {}, 'person');
    const place = { namespace: 'shop', name: 'agent' };
    await cluster.patch(
      RESOURCES.oauthClient,
      place,
      { spec: { client: { clientName: 'Edited' } } },
      'person',
    );
    await seconds(60);
    expect(sent.map(({ call }) => call)).toEqual([`POST ${NATIVE}`, `PUT ${NATIVE}/c-1`]);
  });

  test('is the one that has it: a second one waits until it is gone', async () => {
    const clients = [client('later', 'agent', '2026-05-01T11:00:00Z'), client('first', 'agent')];
    const { sent, ready, seconds, cluster } = operator(OFFERED, clients, [account('agent')]);
    await seconds(60);
    expect(ready('first')).toContain('True Registered');
    expect(ready('later')).toBe(
      'False ClientAlreadyManaged: OAuthClient first has a client for ServiceAccount agent at this server already, and the server gives tokens to one of two. Use that client, or name another ServiceAccount.',
    );
    expect(sent).toHaveLength(1);
    await cluster.delete(RESOURCES.oauthClient, { namespace: 'shop', name: 'first' }, {}, 'person');
    await seconds(120);
    expect(ready('later')).toContain('True Registered');
  });

  test('has it as long as it is registered there, also where its spec names another server', async () => {
    const { sent, ready, seconds, cluster } = operator(
      OFFERED,
      [client('first', 'agent')],
      [account('agent')],
    );
    await seconds(60);
    const elsewhere = { kind: 'ClusterAuthorizationServer', name: 'elsewhere' };
    const first = { namespace: 'shop', name: 'first' };
    await cluster.patch(
      RESOURCES.oauthClient,
      first,
      { spec: { authorizationServerRef: elsewhere } },
      'person',
    );
    await seconds(10);
    await cluster.create(RESOURCES.oauthClient, client('later', 'agent', '2026-05-01T11:00:00Z'), 'person');
    await seconds(120);
    expect(ready('later')).toContain('False ClientAlreadyManaged');
    expect(sent).toHaveLength(1);
  });

  test('is not taken from a younger one by an edit of an older one, however often that is tried', async () => {
    const clients = [client('agent', 'agent', '2026-05-01T11:00:00Z'), client('older', 'other')];
    const accounts = [account('agent'), account('other')];
    const { sent, seconds, cluster } = operator(OFFERED, clients, accounts);
    await seconds(60);
    expect(sent).toHaveLength(2);
    const older = { namespace: 'shop', name: 'older' };
    const edits = ['Edited', 'Edited again'].map((clientName) => ({
      client: { clientName },
      credential: { serviceAccount: { name: 'agent' } },
    }));
    for (const spec of edits) {
      await cluster.patch(RESOURCES.oauthClient, older, { spec }, 'person');
      await seconds(60);
    }
    expect(sent).toHaveLength(2);
    expect(cluster.find('OAuthClient', 'shop/older')?.status).toMatchObject({
      credential: { subject: 'system:serviceaccount:shop:other' },
    });
  });

  test.each([
    [{ ...OFFERED, policy: {} }, "False WorkloadIdentityNotOffered: The server object doesn't offer"],
    [
      { ...OFFERED, workloadIdentity: { mode: 'Off' } },
      "False WorkloadIdentityNotOffered: The server object doesn't offer",
    ],
    [
      { ...OFFERED, dialect: 'keycloak' },
      'False WorkloadIdentityNotOffered: The dialect of the server object has no words',
    ],
    [
      { ...OFFERED, policy: { workloadIdentity: 'Allow', tokenEndpointAuthMethods: ['private_key_jwt'] } },
      'False PolicyRefused: token_endpoint_auth_method',
    ],
  ])('is not registered where it is not permitted: %o', async (server, words) => {
    const { sent, ready, seconds } = operator(server, [client('agent', 'agent')], [account('agent')]);
    await seconds(60);
    expect(ready('agent')).toContain(words);
    expect(sent).toEqual([]);
  });

  test('can not be taken over by a member of additionalMetadata', async () => {
    const server = {
      ...OFFERED,
      policy: { workloadIdentity: 'Allow', additionalMetadata: { allowed: ['jwt.credential.sub'] } },
    };
    const [thief] = [
      clientObject(
        { name: 'thief', uid: 'uid-thief' },
        {
          client: {
            grantTypes: ['client_credentials'],
            additionalMetadata: { 'jwt.credential.sub': 'system:serviceaccount:kube-system:admin' },
          },
          credential: { serviceAccount: { name: 'agent' } },
        } as never,
        {},
      ),
    ];
    const { sent, seconds } = operator(server, [thief], [account('agent')]);
    await seconds(60);
    expect(sent.map(({ body }) => body['attributes'])).toEqual([
      expect.objectContaining({ 'jwt.credential.sub': 'system:serviceaccount:shop:agent' }),
    ]);
    expect(JSON.stringify(sent)).not.toContain('kube-system');
  });

  test('by SPIFFE is registered with the members of the draft, which no spec may name', async () => {
    const server = { workloadIdentity: { mode: 'Allow' }, policy: { workloadIdentity: 'Allow' } };
    const web = clientObject(
      { name: 'web', uid: 'uid-web' },
      {
        client: { grantTypes: ['client_credentials'] },
        credential: { spiffe: { id: 'spiffe://example.com/shop/web' } },
      } as never,
      {},
    );
    const { sent, seconds } = operator(server, [web]);
    await seconds(60);
    expect(sent).toEqual([
      {
        call: `POST ${PUBLISHED}`,
        body: expect.objectContaining({
          token_endpoint_auth_method: 'spiffe_jwt',
          spiffe_id: 'spiffe://example.com/shop/web',
        }),
      },
    ]);
  });
});
