import { generateKeyPairSync } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { AuthMethod, Departures } from '../../kit/emulator/behaviour.ts';
import type { Emulator } from '../../kit/emulator/emulator.ts';
import { start } from '../../kit/emulator/running.ts';
import {
  admissionClient,
  clientCredentials,
  clientNames,
  labelled,
  NAMESPACE,
  ownServer,
  registered,
  type Spec,
  setUp,
  told,
} from './admissions.ts';
import { eventually, oauthClient } from './objects.ts';
import { teamIn, useTestbed } from './team.ts';

const testbed = useTestbed();
const shop = teamIn(testbed, 'shop');

/** A namespace has a limited number of server objects: each test removes its own. */
afterEach(async () => {
  await shop.kubectl('delete', 'oas', '--all');
});

const authorizations = ({ log }: Emulator) =>
  log.filter(({ call }) => call === 'register').map(({ scheme, credential }) => ({ scheme, credential }));
const tokenForms = ({ log }: Emulator) =>
  log.filter(({ call }) => call === 'token').map(({ form }) => form ?? {});
const gatedBy = (departures: Departures['gate'] = {}): Departures => ({
  gate: { admits: ['clientCredentials'], ...departures },
});

describe('The operator is admitted to a registration endpoint', () => {
  it('rule 5: without a credential if it is open, even if the server object has one for management', async () => {
    const emulator = await start({ gate: { strayBearer: 'refused' } });
    const secrets = [labelled({ name: 'open-admin', data: { token: 'of-the-administrator' } })];
    const spec = {
      registration: { admission: { open: {} } },
      management: { credential: { token: { secretRef: { name: 'open-admin' } } } },
    };
    await registered(testbed, emulator, { name: 'open', issuer: emulator.issuer, spec, secrets });
    expect(authorizations(emulator)).toEqual([{ scheme: undefined, credential: undefined }]);
  });

  it.each([
    ['bearer', 'fixedToken', undefined],
    ['ssws', 'ssws', 'SSWS'],
  ] as const)('rule 5: with a fixed token of the scheme %s', async (name, admits, scheme) => {
    const emulator = await start({ gate: { admits: [admits] } });
    const { initialAccessToken, ssws } = emulator.credentials;
    const token = admits === 'ssws' ? ssws : initialAccessToken;
    const secrets = [labelled({ name, data: { 'api-token': token } })];
    const initialAccessToken_ = { secretRef: { name, key: 'api-token' }, ...(scheme && { scheme }) };
    const spec = { registration: { admission: { initialAccessToken: initialAccessToken_ } } };
    await registered(testbed, emulator, { name, issuer: emulator.issuer, spec, secrets, clients: 2 });
    expect(authorizations(emulator)).toEqual(Array(2).fill({ scheme: name, credential: token }));
  });

  it('rule 5: with user and password of HTTP Basic unchanged, including a colon and an umlaut', async () => {
    const emulator = await start({ gate: { admits: ['basic'] } });
    const { username, password } = emulator.credentials.basic;
    const data = { user: username, pass: password };
    const secretRef = { name: 'basic', usernameKey: 'user', passwordKey: 'pass' };
    await registered(testbed, emulator, {
      name: 'basic',
      issuer: emulator.issuer,
      spec: { registration: { admission: { basic: { secretRef } } } },
      secrets: [labelled({ name: 'basic', data })],
    });
    const sent = Buffer.from(authorizations(emulator)[0]?.credential ?? '', 'base64').toString();
    expect(sent).toBe(`${username}:${password}`);
  });
});

interface Method {
  readonly authMethod: AuthMethod;
  readonly audience?: 'Issuer' | 'TokenEndpoint';
  readonly algorithm?: string;
  readonly token?: Departures['token'];
  readonly dialectOverrides?: object;
}

const METHODS: readonly Method[] = [
  { authMethod: 'client_secret_basic' },
  {
    authMethod: 'client_secret_basic',
    token: { basicDecoding: 'raw' },
    dialectOverrides: { basicEncoding: 'Raw' },
  },
  { authMethod: 'client_secret_post' },
  { authMethod: 'client_secret_jwt', audience: 'Issuer' },
  {
    authMethod: 'client_secret_jwt',
    audience: 'TokenEndpoint',
    algorithm: 'HS512',
  },
  { authMethod: 'private_key_jwt', audience: 'Issuer', algorithm: 'ES256' },
  { authMethod: 'private_key_jwt', audience: 'TokenEndpoint', algorithm: 'ES256' },
];

const titleOf = ({ authMethod, audience, algorithm, dialectOverrides }: Method): string =>
  [authMethod, audience && `for the ${audience}`, algorithm, dialectOverrides && 'not encoded']
    .filter(Boolean)
    .join(', ');

describe('An access token for admission is requested by client credentials', () => {
  it.each(METHODS.map((method, index) => ({ ...method, name: `method-${index}`, title: titleOf(method) })))(
    'rule 5: $title',
    async (method) => {
      const { name, authMethod, audience, algorithm, token, dialectOverrides } = method;
      const assertionAudience = audience === 'Issuer' ? 'issuer' : 'tokenEndpoint';
      const emulator = await start(
        {
          paths: { issuer: '/realms/one' },
          ...gatedBy({ scope: 'register' }),
          token: { admissionMethods: [authMethod], assertionAudience, ...token },
        },
        {},
        // A colon in the user name of Basic survives only if it is encoded.
        { admissionClientId: token === undefined ? 'svc/registrar:1 %41' : 'svc/registrar %41' },
      );
      const signing = {
        ...(audience && { audience }),
        ...(algorithm && { algorithm }),
        keyId: 'admission-1',
      };
      const spec: Spec = {
        ...clientCredentials(name, { authMethod, scopes: ['register'], ...(audience && { signing }) }),
        ...(dialectOverrides && { dialectOverrides }),
      };
      const secrets = [labelled({ name, data: admissionClient(emulator) })];
      await registered(testbed, emulator, { name, issuer: emulator.issuer, spec, secrets });
      expect(emulator.count('token')).toBe(1);
      expect(authorizations(emulator)[0]?.scheme).toBe('bearer');
    },
  );

  it('rule 6: with exactly the configured scopes, resources and further parameters', async () => {
    const emulator = await start(gatedBy({ scope: 'dcr:write dcr:read', scopeMatch: 'exact' }));
    const resources = ['https://as.example.com/dcr', 'https://as.example.com/other'];
    const spec = clientCredentials('exact', {
      scopes: ['dcr:write', 'dcr:read'],
      resources,
      parameters: { audience: 'urn:dcr', purpose: 'clients & more' },
    });
    const secrets = [labelled({ name: 'exact', data: admissionClient(emulator) })];
    await registered(testbed, emulator, { name: 'exact', issuer: emulator.issuer, spec, secrets });
    expect(tokenForms(emulator)).toEqual([
      {
        grant_type: 'client_credentials',
        scope: 'dcr:write dcr:read',
        resource: resources.join(' '),
        audience: 'urn:dcr',
        purpose: 'clients & more',
      },
    ]);
  });

  it('rule 6: without a scope if none is configured', async () => {
    const emulator = await start(gatedBy());
    const secrets = [labelled({ name: 'plain', data: admissionClient(emulator) })];
    const spec = clientCredentials('plain');
    await registered(testbed, emulator, { name: 'plain', issuer: emulator.issuer, spec, secrets });
    expect(tokenForms(emulator)).toEqual([{ grant_type: 'client_credentials' }]);
  });

  it('rule 6: a new one for each registration, if a token can be used only once', async () => {
    const emulator = await start(gatedBy({ scope: 'dcr', oneUse: true }));
    const secrets = [labelled({ name: 'fresh', data: admissionClient(emulator) })];
    const spec = clientCredentials('fresh', { scopes: ['dcr'] });
    await registered(testbed, emulator, {
      name: 'fresh',
      issuer: emulator.issuer,
      spec,
      secrets,
      clients: 8,
    });
    expect(emulator.count('token')).toBe(8);
    expect(emulator.count('register')).toBe(8);
    expect(new Set(authorizations(emulator).map(({ credential }) => credential)).size).toBe(8);
  });

  it('one for many registrations with reuse UntilRefused, and a new one when the server refuses it', async () => {
    const emulator = await start(gatedBy({ scope: 'dcr' }));
    const secrets = [labelled({ name: 'reuse', data: admissionClient(emulator) })];
    const spec = clientCredentials('reuse', { scopes: ['dcr'], reuse: 'UntilRefused' });
    const setting = { name: 'reuse', issuer: emulator.issuer, spec, secrets, clients: 5 };
    await registered(testbed, emulator, setting);
    expect(emulator.count('token')).toBe(1);

    emulator.advance(emulator.behaviour.token.lifetimeSeconds + 1);
    await testbed.apply(oauthClient(NAMESPACE, 'reuse-later', { server: ownServer('reuse') }));
    await told(testbed, 'reuse-later', 'Registered');
    expect(emulator.count('token')).toBe(2);
    expect(emulator.count('register')).toBe(7);
    expect(emulator.clients()).toHaveLength(6);
  });
});

describe("A real server (oidc-provider) accepts the operator's client authentication", () => {
  const key = generateKeyPairSync('rsa', { modulusLength: 2048 });

  it('the fixed initial access token, from a labelled Secret', async () => {
    const { server } = testbed;
    const data = { token: server.initialAccessToken ?? '' };
    await setUp(testbed, {
      name: 'real-iat',
      issuer: server.issuer,
      spec: { registration: { admission: { initialAccessToken: { secretRef: { name: 'real-iat' } } } } },
      secrets: [labelled({ name: 'real-iat', data })],
    });
    const { status } = await shop.until('real-iat-0', 'Registered', 20_000);
    expect(server.client(status?.clientId ?? '')).toMatchObject({ client_name: 'Machine' });
  });

  it.each([
    ['client_secret_basic', { token_endpoint_auth_method: 'client_secret_basic' }, undefined],
    ['client_secret_post', { token_endpoint_auth_method: 'client_secret_post' }, undefined],
    ['client_secret_jwt', { token_endpoint_auth_method: 'client_secret_jwt' }, 'Issuer'],
    ['client_secret_jwt', { token_endpoint_auth_method: 'client_secret_jwt' }, 'TokenEndpoint'],
    [
      'private_key_jwt',
      {
        token_endpoint_auth_method: 'private_key_jwt',
        jwks: { keys: [{ ...key.publicKey.export({ format: 'jwk' }), use: 'sig' }] },
      },
      'Issuer',
    ],
  ] as const)('rule 5: %s, %o, for the %s', async (authMethod, metadata, audience) => {
    const { server } = testbed;
    const name = `real-${authMethod}-${audience}`.toLowerCase().replaceAll('_', '-');
    const own = await registerDirectly(metadata);
    const admitted = admitTokensOf(own);
    const privateKey = key.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    const data = {
      client_id: own.client_id,
      client_secret: own.client_secret ?? 'none',
      private_key: privateKey,
    };
    const signing = audience && { signing: { audience } };
    await setUp(testbed, {
      name,
      issuer: server.issuer,
      spec: clientCredentials(name, { authMethod, scopes: ['write'], ...signing }),
      secrets: [labelled({ name, data })],
    });
    try {
      await told(testbed, `${name}-0`, 'Registered');
    } finally {
      admitted.end();
    }
    expect(admitted.scopes).toEqual(['write']);
  });

  /** A client that is registered at the server directly and may request tokens. */
  async function registerDirectly(
    metadata: object,
  ): Promise<{ readonly client_id: string; readonly client_secret?: string }> {
    const { issuer, initialAccessToken } = testbed.server;
    const answer = await fetch(`${issuer}/reg`, {
      method: 'POST',
      headers: { authorization: `Bearer ${initialAccessToken}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        grant_types: ['client_credentials'],
        response_types: [],
        redirect_uris: [],
        ...metadata,
      }),
    });
    expect(answer.status).toBe(201);
    return (await answer.json()) as { client_id: string };
  }

  /**
   * The registration endpoint accepts access tokens that this client requested, as introspection shows, and no
   * others.
   */
  function admitTokensOf({ client_id: own }: { readonly client_id: string }) {
    const scopes: unknown[] = [];
    const end = testbed.server.intercept(async (request) => {
      if (request.method === 'POST' && request.url === '/reg') {
        const token = await introspect(request);
        const isOurs = token['active'] === true && token['client_id'] === own;
        scopes.push(token['scope']);
        request.headers.authorization = `Bearer ${isOurs ? testbed.server.initialAccessToken : 'none'}`;
      }
      return false;
    });
    return { scopes, end };
  }

  let inspector: { readonly client_id: string; readonly client_secret?: string };
  beforeAll(async () => {
    inspector = await registerDirectly({ token_endpoint_auth_method: 'client_secret_post' });
  });

  async function introspect({ headers }: IncomingMessage): Promise<Record<string, unknown>> {
    const token = headers.authorization?.replace('Bearer ', '') ?? '';
    const { client_id, client_secret = '' } = inspector;
    const answer = await fetch(`${testbed.server.issuer}/token/introspection`, {
      method: 'POST',
      body: new URLSearchParams({ token, client_id, client_secret }),
    });
    return (await answer.json()) as Record<string, unknown>;
  }
});

describe("An unsuitable token isn't sent", () => {
  it.each([
    [
      'a type other than Bearer',
      'AdmissionTokenFailed',
      { tokenType: 'DPoP' },
      /^AuthorizationServer type-0: The token endpoint answered 200, but with a token of type DPoP; only Bearer can be used\. Check the credential/,
    ],
    [
      'fewer scopes',
      'AdmissionScopeNotGranted',
      { scopeGranted: 'less' },
      /^AuthorizationServer type-1: The token endpoint answered 200, but didn't grant the scope dcr:more\. Grant the scope to the operator's own client/,
    ],
  ] as const)('%s: %s', async (_what, reason, token, message) => {
    const emulator = await start({ ...gatedBy({ scope: 'dcr dcr:more' }), token });
    const name = reason === 'AdmissionTokenFailed' ? 'type-0' : 'type-1';
    const secrets = [labelled({ name, data: admissionClient(emulator) })];
    const spec = clientCredentials(name, { scopes: ['dcr', 'dcr:more'] });
    await setUp(testbed, { name, issuer: emulator.issuer, spec, secrets });
    expect(await told(testbed, `${name}-0`, reason)).toMatch(message);
    const { condition } = await shop.untilServer(name, { type: 'AdmissionAccepted', reason });
    expect(condition.status).toBe('False');
    expect(emulator.count('register')).toBe(0);
  });

  it.each([
    ['no-token', { token_type: 'Bearer', expires_in: 60 }, 'but without an access_token'],
    ['odd-token', { access_token: 'two words', token_type: 'Bearer' }, 'but with an access_token that holds'],
    ['no-json', '<title>Sign in</title>', 'but not with a JSON object'],
  ] as const)('AdmissionTokenFailed if the token endpoint gives no token: %s', async (name, body, words) => {
    const emulator = await start(gatedBy());
    const headers = { 'content-type': typeof body === 'string' ? 'text/html' : 'application/json' };
    emulator.misbehave('token', { answer: { kind: 'reply', reply: { status: 200, headers, body } } }, 99);
    const secrets = [labelled({ name, data: admissionClient(emulator) })];
    await setUp(testbed, { name, issuer: emulator.issuer, spec: clientCredentials(name), secrets });
    expect(await told(testbed, `${name}-0`, 'AdmissionTokenFailed')).toContain(
      `AuthorizationServer ${name}: The token endpoint answered 200, ${words}`,
    );
    expect(emulator.count('register')).toBe(0);
  });
});

describe('A missing credential is named, with the command that helps', () => {
  const label = (name: string) =>
    `Run: kubectl -n ${NAMESPACE} label secret ${name} oauth-registrar.dev/credential=true`;
  const cc = (name: string, more = {}): Spec => clientCredentials(name, more);
  const iat = (name: string): Spec => ({
    registration: { admission: { initialAccessToken: { secretRef: { name } } } },
  });

  it.each([
    ['gone', iat('gone'), undefined, 'CredentialNotFound', "doesn't exist. Create it with the label"],
    ['bare', iat('bare'), { token: 'x' }, 'CredentialNotLabelled', "isn't marked as a credential."],
    [
      'no-key',
      iat('no-key'),
      { Token: 'x', other: 'y' },
      'CredentialKeyMissing',
      'has no key "token". Keys present: Token, other.',
    ],
    [
      'no-secret',
      cc('no-secret'),
      { client_id: 'x' },
      'CredentialKeyMissing',
      'has no key "client_secret". Keys present: client_id.',
    ],
    [
      'no-private-key',
      cc('no-private-key', { authMethod: 'private_key_jwt' }),
      { client_id: 'x' },
      'CredentialKeyMissing',
      'has no key "private_key".',
    ],
    [
      'empty',
      iat('empty'),
      { token: '' },
      'CredentialKeyMissing',
      'has no key "token". Keys present: token.',
    ],
  ] as const)('%s', async (name, spec, data, reason, words) => {
    const emulator = await start({ gate: { admits: ['fixedToken'] } });
    const isLabelled = reason !== 'CredentialNotLabelled';
    const secrets = data === undefined ? [] : [labelled({ name, data: { ...data }, labelled: isLabelled })];
    await setUp(testbed, { name, issuer: emulator.issuer, spec, secrets });
    const message = await told(testbed, `${name}-0`, reason);
    expect(message).toContain(`AuthorizationServer ${name}: Secret ${NAMESPACE}/${name} ${words}`);
    const { condition } = await shop.untilServer(name, { reason });
    expect(condition.message).toContain(`Secret ${NAMESPACE}/${name} ${words}`);
    expect(emulator.count('register') + emulator.count('token')).toBe(0);
  });

  it('the command helps without a further step', async () => {
    const emulator = await start({ gate: { admits: ['fixedToken'] } });
    const data = { token: emulator.credentials.initialAccessToken };
    const secrets = [labelled({ name: 'helped', data, labelled: false })];
    await setUp(testbed, { name: 'helped', issuer: emulator.issuer, spec: iat('helped'), secrets });
    const message = await told(testbed, 'helped-0', 'CredentialNotLabelled');
    expect(message).toContain(label('helped'));
    const [, command = ''] = /Run: kubectl (.*)$/.exec(message) ?? [];
    await testbed.kubectl(...command.split(' '));
    await told(testbed, 'helped-0', 'Registered');
    expect(emulator.clients()).toHaveLength(1);
  });
});

describe('A refused credential is tried once, not once for each of 20 clients', () => {
  const CLIENTS = 20;

  it.each([
    ['refused-token', 'register', 'AdmissionRefused', 'fixedToken'],
    ['refused-client', 'token', 'AdmissionTokenFailed', 'clientCredentials'],
  ] as const)(
    '%s: one %s call, and all register when it is corrected',
    async (name, call, reason, admits) => {
      const emulator = await start({ gate: { admits: [admits] } });
      const isFixed = admits === 'fixedToken';
      const right = isFixed ? { token: emulator.credentials.initialAccessToken } : admissionClient(emulator);
      const wrong = isFixed ? { token: 'nobody-gave-this' } : { ...right, client_secret: 'nobody-gave-this' };
      const spec = isFixed
        ? { registration: { admission: { initialAccessToken: { secretRef: { name } } } } }
        : clientCredentials(name);
      const secrets = [labelled({ name, data: wrong })];
      const setting = { name, issuer: emulator.issuer, spec, secrets, clients: CLIENTS };
      await setUp(testbed, setting);
      const messages = await Promise.all(clientNames(setting).map((client) => told(testbed, client, reason)));
      expect(new Set(messages).size).toBe(1);
      expect(messages[0]).not.toContain('nobody-gave-this');
      expect(emulator.count(call)).toBe(1);

      await testbed.apply(labelled({ name, data: right }));
      await eventually(
        () => emulator.clients().length,
        (count) => count === CLIENTS,
        20_000,
      );
      await Promise.all(clientNames(setting).map((client) => told(testbed, client, 'Registered')));
      expect(emulator.clients()).toHaveLength(CLIENTS);
    },
  );
});
