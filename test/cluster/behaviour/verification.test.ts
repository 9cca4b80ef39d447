import { beforeAll, describe, expect, it } from 'vitest';
import type { OAuthClient } from '../../../src/api/oauth-client.ts';
import { OPERATOR_USER } from '../../kit/testbed/testbed.ts';
import { all, clusterServer, conditionOf, credential, eventually, oauthClient } from './objects.ts';
import { teamIn, useTestbed } from './team.ts';

/** Whether clients can authenticate, asked at a real oidc-provider. */

const testbed = useTestbed();
const shop = teamIn(testbed, 'shop');

const at = (server: string, spec: object = {}) => ({
  server: { kind: 'ClusterAuthorizationServer', name: server },
  ...spec,
});
const web = {
  clientName: 'Web',
  redirectUris: ['https://shop.example.com/callback'],
  grantTypes: ['authorization_code'],
  tokenEndpointAuthMethod: 'client_secret_post',
};
const withRefresh = { ...web, grantTypes: ['authorization_code', 'refresh_token'] };
const byKey = { clientName: 'Key', grantTypes: ['client_credentials'], responseTypes: [], scopes: ['read'] };

beforeAll(async () => {
  const { issuer, initialAccessToken = '' } = testbed.server;
  await testbed.apply(
    all(
      credential(initialAccessToken),
      clusterServer(issuer, 'off'),
      clusterServer(issuer, 'reporting', { verification: { mode: 'Report' } }),
      clusterServer(issuer, 'gating', { verification: { mode: 'Gate' } }),
      clusterServer(issuer, 'replacing', {
        verification: { mode: 'Report', interval: '24h' },
        recovery: { clientGone: 'Reregister' },
      }),
    ),
  );
});

const verified = (client: OAuthClient): string => {
  const { status, reason, message } = conditionOf(client, 'Verified') ?? {};
  return `${status} ${reason}: ${message}`;
};
const until = (name: string, wanted: RegExp): Promise<OAuthClient> =>
  eventually(
    () => shop.client(name),
    (client) => wanted.test(verified(client)),
    30_000,
  );
const clientIdOf = async (name: string): Promise<string> => (await shop.client(name)).status?.clientId ?? '';

/** About clients, at the server. */
const callsSince = (before: number): readonly string[] =>
  testbed.server.log
    .slice(before)
    .filter(({ path }) => !path.startsWith('/.well-known/'))
    .map(({ method, path, status }) => `${method} ${path} ${status}`);

/** By the operator's account, to OAuthClients and Secrets. */
const writesSince = async (before: number): Promise<readonly string[]> =>
  (await testbed.controlPlane.audit())
    .slice(before)
    .filter(
      ({ user, stage, verb }) => user === OPERATOR_USER && stage === 'ResponseComplete' && verb !== 'get',
    )
    .map(({ verb, resource, subresource }) => `${verb} ${resource}${subresource ? `/${subresource}` : ''}`)
    .filter((write) => /oauthclients|secrets/.test(write) && !/^(list|watch)/.test(write))
    .toSorted();

/** The patch is the finalizer, which the admission policy adds elsewhere. */
const WRITES = ['create secrets', 'create secrets', 'patch oauthclients', 'update oauthclients/status'];

describe('verification.mode Report', () => {
  it('costs a token request and its revocation, and no write more', async () => {
    const [before, calls] = [(await testbed.controlPlane.audit()).length, testbed.server.log.length];
    await testbed.apply(oauthClient('shop', 'machine', at('reporting')));
    const client = await until('machine', /^True/);
    expect(verified(client)).toBe(
      `True Verified: The server accepts the credential of client ${client.status?.clientId}: the token endpoint gave it an access token.`,
    );
    expect(client.status?.verification).toEqual({
      credential: expect.stringMatching(/^[\w-]{22}$/),
      result: 'Verified',
      at: expect.stringMatching(/Z$/),
    });
    expect(conditionOf(client, 'Ready')?.status).toBe('True');
    expect(callsSince(calls)).toEqual(['POST /reg 201', 'POST /token 200', 'POST /token/revocation 200']);
    expect(await writesSince(before)).toEqual(WRITES);
  });

  it.each([
    ['authorization code', 'web', { client: web }],
    ['refresh token', 'refreshing', { client: withRefresh }],
  ])('offers a made-up %s for a client of users', async (what, name, spec) => {
    await testbed.apply(oauthClient('shop', name, at('reporting', spec)));
    const client = await until(name, /^(True|False)|VerificationInconclusive: It is not/);
    expect(verified(client)).toBe(
      `True Verified: The server accepts the credential of client ${client.status?.clientId}: the token endpoint refused only the ${what} that was made up.`,
    );
  });

  it('signs with the key that the operator made', async () => {
    const spec = { client: byKey, credential: { generatedKey: {} } };
    await testbed.apply(oauthClient('shop', 'key', at('reporting', spec)));
    expect(verified(await until('key', /^(True|False)/))).toMatch(
      /^True Verified: .* gave it an access token\.$/,
    );
  });

  it('asks nothing after a restart', async () => {
    const before = await shop.client('machine');
    const calls = testbed.server.log.length;
    await testbed.operator.stop();
    await testbed.startOperator();
    await shop.annotate('web', 'reconcile-requested-at', 'after-restart');
    await eventually(
      () => shop.client('web'),
      ({ status }) => status?.lastHandledReconcileAt === 'after-restart',
      30_000,
    );
    const asked = testbed.server.log.slice(calls).filter(({ path }) => path.startsWith('/token'));
    expect(asked).toHaveLength(1);
    expect(await shop.client('machine')).toEqual(before);
  });
});

describe('Other modes', () => {
  it.each([
    ['Off costs nothing', 'off', [], 0],
    ['Gate costs at most one write more', 'gating', ['POST /token 200', 'POST /token/revocation 200'], 1],
  ])('%s', async (_, server, asked, most) => {
    const [before, calls] = [(await testbed.controlPlane.audit()).length, testbed.server.log.length];
    const name = `counted-${server}`;
    await testbed.apply(oauthClient('shop', name, at(server)));
    await shop.until(name, 'Registered');
    expect(callsSince(calls)).toEqual(['POST /reg 201', ...asked]);
    const writes = await writesSince(before);
    expect(writes.slice(0, WRITES.length)).toEqual(WRITES);
    expect(writes.length).toBeLessThanOrEqual(WRITES.length + most);
  });
});

describe.concurrent('What the server refuses', () => {
  it('is not Ready by mode Gate, until the server accepts the credential', async () => {
    await testbed.apply(oauthClient('shop', 'gated', at('gating')));
    const ready = await shop.until('gated', 'Registered');
    expect(verified(ready)).toMatch(/^True Verified/);
    const [id, secret] = [await clientIdOf('gated'), (await shop.secret('gated'))?.['client_secret'] ?? ''];
    testbed.server.changeSecret(id, `${secret}-changed`);
    await shop.annotate('gated', 'reconcile-requested-at', 'changed');
    const refused = await shop.until('gated', 'CredentialRefused');
    expect(conditionOf(refused, 'Ready')?.status).toBe('False');
    expect(conditionOf(refused, 'Stalled')?.status).toBe('True');
    expect(verified(refused)).toMatch(
      new RegExp(
        `^False CredentialRefused: The server refuses the credential of client ${id}: The token endpoint answered 401 invalid_client; its words are for the platform team\\. Look whether somebody changed`,
      ),
    );
    await shop.untilEvent(
      'gated',
      ({ type, reason }) => type === 'Warning' && reason === 'CredentialRefused',
    );

    testbed.server.changeSecret(id, secret);
    await shop.annotate('gated', 'reconcile-requested-at', 'put-right');
    expect(verified(await shop.until('gated', 'Registered'))).toMatch(/^True Verified/);
  });

  it('is another client by recovery.clientGone Reregister, where the server forgot the client', async () => {
    await testbed.apply(oauthClient('shop', 'forgotten', at('replacing')));
    await until('forgotten', /^True/);
    const former = await clientIdOf('forgotten');
    testbed.server.forget(former);
    await shop.annotate('forgotten', 'reconcile-requested-at', 'forgotten');
    const { note } = await shop.untilEvent('forgotten', ({ reason }) => reason === 'ClientForgotten');
    expect(note).toContain(`The server says that it doesn't know client ${former} any more`);
    const replaced = await eventually(
      () => shop.client('forgotten'),
      (client) => client.status?.clientId !== former && /^True/.test(verified(client)),
      30_000,
    );
    expect(conditionOf(replaced, 'Ready')?.status).toBe('True');
    expect(testbed.server.client(replaced.status?.clientId ?? '')).toBeDefined();
  });
});
