import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { OAuthClient } from '../../../src/api/oauth-client.ts';
import {
  discoveryDocument,
  drop,
  hang,
  reply,
  type StubServer,
  startStubServer,
} from '../../kit/stub-server.ts';
import { freePort } from '../../kit/testbed/free-port.ts';
import { type OperatorProcess, startOperator } from '../../kit/testbed/operator.ts';
import { fetchText, suspectedOrphans } from './looks.ts';
import {
  all,
  clusterServer,
  conditionOf,
  credential,
  eventually,
  machine,
  messageBeforeNextTry,
  messageOf,
  namespace,
  namespacedServer,
  OPERATOR_NAMESPACE,
  oauthClient,
  platformOf,
  serverRef,
} from './objects.ts';
import { type PlaceOptions, teamIn, useTestbed } from './team.ts';

const WRONG_TOKEN = 'canary-wrong-initial-access-token';
const RIGHT_TOKEN = 'canary-right-initial-access-token';

/** Every operator that ran. */
const operators: OperatorProcess[] = [];
const stubs = new Map<string, StubServer>();

const testbed = useTestbed();
const shop = teamIn(testbed, 'shop', { waitMs: 25_000 });

beforeAll(async () => {
  operators.push(testbed.operator);
  await testbed.apply(platformOf(testbed));
});

afterAll(expectNoCredentialShown);

const iat = (name: string) => ({
  registration: { admission: { initialAccessToken: { secretRef: { name } } } },
});

async function place(
  name: string,
  behave: StubServer['behave'],
  { server = {}, path = '' }: PlaceOptions = {},
): Promise<StubServer> {
  const prepare = (stub: StubServer) => {
    stub.behave = behave;
  };
  const stub = await shop.serve(name, { prepare, server, path });
  stubs.set(name, stub);
  return stub;
}

function expectState(client: OAuthClient, state: 'Reconciling' | 'Stalled'): void {
  const { reason = '' } = conditionOf(client, 'Ready') ?? {};
  const message = 'See the condition Ready.';
  expect(conditionOf(client, state)).toMatchObject({ status: 'True', reason, message });
  expect(conditionOf(client, state === 'Stalled' ? 'Reconciling' : 'Stalled')?.status ?? 'False').toBe(
    'False',
  );
}

/** A namespace has a limited number of server objects, and each group of tests makes its own. */
async function removeServers(): Promise<void> {
  const listed = await shop.kubectl('get', 'oas', '-o', 'name');
  const done = listed.split('\n').filter((name) => name !== '');
  if (done.length > 0) {
    await shop.kubectl('delete', ...done);
  }
}

describe("A client whose server object can't be used", () => {
  afterAll(removeServers);

  it("has the same message if the server doesn't exist and if the server doesn't admit its namespace", async () => {
    const stub = await startStubServer();
    await testbed.apply(
      all(
        namespace('elsewhere'),
        clusterServer(stub.issuer, 'closed', { allowedNamespaces: undefined }),
        clusterServer(stub.issuer, 'other', { allowedNamespaces: { names: ['elsewhere'] } }),
        namespacedServer(stub.issuer, 'elsewhere', 'foreign'),
        ...['closed', 'absent', 'other'].map((name) =>
          oauthClient('shop', name, { server: { kind: 'ClusterAuthorizationServer', name } }),
        ),
        ...['foreign', 'nowhere'].map((name) => oauthClient('shop', name, { server: serverRef(name) })),
      ),
    );
    const texts = new Map<string, string>();
    for (const name of ['closed', 'absent', 'other', 'foreign', 'nowhere']) {
      const client = await shop.until(name, 'AuthorizationServerNotAvailable');
      expectState(client, 'Reconciling');
      texts.set(name, messageOf(client).replaceAll(name, 'NAME'));
    }
    expect(texts.get('closed')).toBe(texts.get('absent'));
    expect(texts.get('other')).toBe(texts.get('absent'));
    expect(texts.get('foreign')).toBe(texts.get('nowhere'));
    expect(texts.get('absent')).toBe(
      "ClusterAuthorizationServer NAME is not available to this namespace: it doesn't exist, or it doesn't admit the namespace. Check spec.authorizationServerRef, or ask the platform team.",
    );
    expect(stub.count('register')).toBe(0);
  });

  it('says that the server publishes no registration endpoint, and what to do', async () => {
    const stub = await startStubServer();
    const { registration_endpoint: _, ...document } = discoveryDocument(stub.issuer);
    stub.behave = { discovery: reply(200, document) };
    await testbed.apply(
      all(
        namespacedServer(stub.issuer, 'shop', 'static-only'),
        oauthClient('shop', 'static-only', { server: serverRef('static-only') }),
      ),
    );
    const client = await shop.until('static-only', 'RegistrationNotSupported');
    expect(messageOf(client)).toBe(
      `AuthorizationServer static-only: ${stub.issuer} publishes no registration_endpoint. Switch dynamic client registration on at the server, or set spec.registration.endpoint.`,
    );
    expectState(client, 'Reconciling');
    await shop.untilServer('static-only', { type: 'Stalled', reason: 'RegistrationNotSupported' });
    await shop.patch('oas', 'static-only', {
      spec: { registration: { endpoint: `${stub.issuer}/reg` } },
    });
    await shop.until('static-only', 'Registered');
  });

  it.each([
    ['nothing-there', { discovery: reply(404, { error: 'not_found' }) }, 'DiscoveryFailed', '404 not_found'],
    [
      'login-page',
      { discovery: reply(200, '<html>log in, hidden words</html>') },
      'ResponseNotJSON',
      '200, but not a JSON object (text/html)',
    ],
    [
      'no-issuer',
      { discovery: reply(200, { hello: 'world' }) },
      'DiscoveryFailed',
      '200, but without issuer',
    ],
    [
      'moved-away',
      { discovery: reply(302, '', { location: 'https://elsewhere.example/' }) },
      'RedirectRefused',
      '302, a redirect to https://elsewhere.example, another host or port, which is not followed',
    ],
  ] as const)('names each discovery URL with its answer (%s)', async (name, behave, reason, detail) => {
    const stub = await place(name, behave, { path: '/tenant' });
    const client = await shop.until(name, reason);
    const urls = [
      '/.well-known/oauth-authorization-server/tenant',
      '/tenant/.well-known/openid-configuration',
      '/.well-known/openid-configuration/tenant',
      '/tenant/.well-known/oauth-authorization-server',
    ];
    expect(messageOf(client)).toBe(
      `AuthorizationServer ${name}: No discovery document: ${urls.map((url) => `${stub.issuer}${url}: ${detail}`).join('; ')}. Check the issuer, or set registration.endpoint and discovery.mode None.`,
    );
    expectState(client, 'Reconciling');
    expect(stub.count('register')).toBe(0);
  });

  it('shows both issuers if they differ, and continues when the published one is accepted', async () => {
    const published = 'https://published.example.com';
    const stub = await startStubServer();
    stub.behave = { discovery: reply(200, { ...discoveryDocument(stub.issuer), issuer: published }) };
    await testbed.apply(
      all(
        namespacedServer(stub.issuer, 'shop', 'mismatch'),
        oauthClient('shop', 'mismatch', { server: serverRef('mismatch') }),
      ),
    );
    const client = await shop.until('mismatch', 'IssuerMismatch');
    expect(messageOf(client)).toBe(
      `AuthorizationServer mismatch: ${stub.issuer}/.well-known/oauth-authorization-server is the document of issuer "${published}", not of "${stub.issuer}". Correct the issuer, or set discovery.acceptedIssuer to "${published}" if you trust it.`,
    );
    expect(stub.count('register')).toBe(0);
    await shop.patch('oas', 'mismatch', { spec: { discovery: { acceptedIssuer: published } } });
    await shop.until('mismatch', 'Registered');
    // The workload compares `iss` with the server's tokens, which contain the published issuer.
    expect((await shop.secret('mismatch'))?.['issuer']).toBe(published);
  });

  it('continues when a misspelled issuer is corrected, which is possible until a client is registered', async () => {
    const stub = await startStubServer();
    const misspelled = `${stub.issuer}/`;
    await testbed.apply(
      all(
        namespacedServer(misspelled, 'shop', 'misspelled'),
        oauthClient('shop', 'misspelled', { server: serverRef('misspelled') }),
      ),
    );
    await shop.until('misspelled', 'IssuerMismatch');
    await shop.patch('oas', 'misspelled', { spec: { issuer: stub.issuer } });
    await shop.until('misspelled', 'Registered');
    const issuer = await eventually(
      () => shop.kubectl('get', 'oas', 'misspelled', '-o', 'jsonpath={.status.issuer}'),
      (seen) => seen !== '',
      5_000,
    );
    expect(issuer).toBe(stub.issuer);
    await expect(shop.patch('oas', 'misspelled', { spec: { issuer: misspelled } })).rejects.toThrow(
      "spec.issuer can't be changed any more, since clients are registered there: create another server object",
    );
  });

  it('registers without discovery if the spec gives the endpoint', async () => {
    const stub = await startStubServer({ discovery: reply(500) });
    await testbed.apply(
      all(
        namespacedServer(stub.issuer, 'shop', 'explicit', {
          discovery: { mode: 'None' },
          registration: { endpoint: `${stub.issuer}/reg`, admission: { open: {} } },
        }),
        oauthClient('shop', 'explicit', { server: serverRef('explicit') }),
      ),
    );
    await shop.until('explicit', 'Registered');
    expect(stub.count('discovery')).toBe(0);
    expect(stub.requests[0]?.authorization).toBeUndefined();
  });

  it('says that nothing listens at the address, and continues when a server does', async () => {
    const stub = await startStubServer();
    await stub.stop();
    await testbed.apply(
      all(
        namespacedServer(stub.issuer, 'shop', 'down'),
        oauthClient('shop', 'down', { server: serverRef('down') }),
      ),
    );
    const client = await shop.until('down', 'AuthorizationServerUnavailable');
    const host = new URL(stub.issuer).host;
    expect(messageOf(client)).toBe(
      `AuthorizationServer down: ${stub.issuer}/.well-known/oauth-authorization-server can't be reached: ${host} refused the connection. The server does not answer. It is tried again from time to time.`,
    );
    await stub.start();
    await shop.until('down', 'Registered');
  });

  it('reads only a part of a discovery document of ten megabytes', async () => {
    await place('huge-document', { discovery: reply(200, 'x'.repeat(10_000_000)) });
    expect(messageOf(await shop.until('huge-document', 'ResponseTooLarge'))).toContain(
      "the answer's body is larger than 262144 bytes",
    );
  });
});

describe('A registration with an unknown outcome', () => {
  afterAll(async () => {
    await removeServers();
    // No unknown outcome was followed by a second POST within the cooldown.
    for (const [name] of unknowns) {
      const sent = (stubs.get(name)?.requests ?? []).filter(({ call }) => call === 'register');
      const gaps = sent.slice(1).map(({ at }, index) => at - (sent[index]?.at ?? 0));
      expect(
        gaps.filter((gap) => gap < 59_000),
        name,
      ).toEqual([]);
    }
  });

  const unknowns = [
    [
      'no-client-id',
      { register: reply(201, { client_name: 'x' }) },
      'ResponseNotJSON',
      /answered 201, but without a client_id/,
    ],
    [
      'reset',
      { register: drop },
      'RegistrationOutcomeUnknown',
      /No complete answer: the connection was lost/,
    ],
    [
      'hanging',
      { register: hang },
      'ResponseTimedOut',
      /No answer in time: no complete answer from 127\.0\.0\.1:\d+ within 1000 ms/,
    ],
    [
      'huge',
      { register: reply(201, 'x'.repeat(10_000_000)) },
      'ResponseTooLarge',
      /the answer's body is larger than 262144 bytes/,
    ],
    [
      'failing',
      { register: reply(500, { error: 'server_error' }) },
      'RegistrationOutcomeUnknown',
      /answered 500 server_error/,
    ],
  ] as const;

  it.each(unknowns)(
    'is listed as a suspected orphan, with a Warning (%s)',
    async (name, behave, cause, words) => {
      const stub = await place(name, behave, { server: { connection: { timeout: '1s' } } });
      const client = await shop.until(name, cause);
      expect(messageOf(client)).toMatch(words);
      expect(messageOf(client)).not.toContain('hidden words');
      // When it was sent, since people must search the server by that time.
      expect(messageOf(client)).toMatch(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/);
      expectState(client, 'Reconciling');
      const suspects = (await suspectedOrphans(testbed)).filter((entry) => entry.client === `shop/${name}`);
      expect(suspects).toHaveLength(1);
      expect(suspects[0]?.why).toMatch(words);
      const warning = await shop.untilEvent(name, ({ reason }) => reason === cause);
      expect(warning.type).toBe('Warning');
      expect(warning.note).toMatch(/A client may exist that nobody knows/);
      expect(stub.count('register')).toBe(1);
    },
  );
});

describe('A registration that the server refuses', () => {
  afterAll(removeServers);

  it.each([
    [
      'bad-redirect',
      'invalid_redirect_uri',
      'redirect_uris must be nice',
      'InvalidRedirectURI',
      'Servers differ in what a client_credentials client must carry: try spec.client.responseTypes and redirectUris as empty lists, or leave both out, or give one redirect URI and responseTypes [token]. Correct spec.client.redirectUris.',
    ],
    [
      'bad-metadata',
      'invalid_client_metadata',
      'client_name is rude',
      'InvalidClientMetadata',
      "Correct spec.client as the server's words say.",
    ],
  ])(
    "shows the server's message once, and an edit causes another try (%s)",
    async (name, error, description, reason, cure) => {
      const stub = await place(name, { register: reply(400, { error, error_description: description }) });
      const client = await shop.until(name, reason);
      expect(messageBeforeNextTry(client)).toBe(
        `AuthorizationServer ${name}: The server answered 400 ${error}: ${description}. ${cure}`,
      );
      expectState(client, 'Stalled');
      expect(stub.count('register')).toBe(1);
      stub.behave = {};
      await shop.edit(name, { clientName: 'Corrected' });
      await shop.until(name, 'Registered');
      expect(stub.count('register')).toBe(2);
      expect([...stub.clients.values()]).toMatchObject([{ client_name: 'Corrected' }]);
    },
  );

  it.each([
    [
      'html-200',
      reply(200, '<html>hidden words</html>'),
      'ResponseNotJSON',
      /The server, or a proxy or firewall before it, answered status 200 with text\/html \(POST http:\/\/[^ ?]+\)\. Check that the endpoint is the right one/,
      'Reconciling',
    ],
    ['empty-422', reply(422), 'RegistrationRefused', /The server answered status 422/, 'Stalled'],
    [
      'not-found',
      reply(404),
      'RegistrationNotSupported',
      /The server answered status 404 \(POST http:\/\/[^ ?]+\)/,
      'Stalled',
    ],
    [
      'redirect',
      reply(302, '', { location: 'https://other.example.com/hidden words' }),
      'RedirectRefused',
      /a redirect to https:\/\/other\.example\.com, another host or port; redirects are not followed/,
      'Stalled',
    ],
    [
      'scope',
      reply(403, { error: 'insufficient_scope', error_description: 'needs dcr' }),
      'AdmissionRefused',
      /The admission credential was refused: The server answered 403 insufficient_scope: needs dcr\./,
      'Reconciling',
    ],
    [
      'challenge',
      reply(401, '', { 'www-authenticate': 'Bearer error="invalid_token", error_description="expired"' }),
      'AdmissionRefused',
      /The admission credential was refused: The server answered 401 invalid_token: expired/,
      'Reconciling',
    ],
  ] as const)(
    "says so, without words that aren't meant for people (%s)",
    async (name, register, reason, words, state) => {
      const stub = await place(name, { register });
      const client = await shop.until(name, reason);
      expect(messageOf(client)).toMatch(words);
      expect(messageOf(client)).not.toContain('hidden words');
      expectState(client, state);
      expect(stub.count('register')).toBe(1);
    },
  );

  it.each([401, 403])(
    'in HTML, as firewalls answer, is tried again until the server itself answers: %i',
    async (status) => {
      const name = `html-${status}`;
      const stub = await place(name, { register: reply(status, '<html>hidden words</html>') });
      const client = await shop.until(name, 'ResponseNotJSON');
      expect(messageOf(client)).toMatch(
        new RegExp(
          `The server, or a proxy or firewall before it, answered status ${status} with text/html \\(POST http://[^ ?]+\\)\\. Check `,
        ),
      );
      expectState(client, 'Reconciling');
      stub.behave = {};
      await shop.until(name, 'Registered');
    },
  );

  it('waits as long as a 429 asks, only at that server', async () => {
    const stub = await place('limited', { register: reply(429, '', { 'retry-after': '8' }) });
    const limited = await shop.until('limited', 'RateLimited');
    expectState(limited, 'Reconciling');
    expect(messageOf(limited)).toBe(
      'AuthorizationServer limited: The server answered status 429. Wait: the operator tries again.',
    );
    await testbed.apply(oauthClient('shop', 'limited-too', { server: serverRef('limited') }));
    await testbed.apply(oauthClient('shop', 'unlimited'));
    const paused = await shop.until('limited-too', 'AuthorizationServerPaused');
    expect(messageOf(paused)).toMatch(
      /The server asked for a pause of registrations until \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ; updates and deletions go on\./,
    );
    await shop.until('unlimited', 'Registered');
    expect(stub.count('register')).toBe(1);
    stub.behave = {};
    await shop.until('limited', 'Registered');
    await shop.until('limited-too', 'Registered');
  });

  it('tries a refused initial access token once for all clients, and all continue when it is corrected', async () => {
    const stub = await startStubServer();
    stub.admits = RIGHT_TOKEN;
    stub.behave = {
      // A server that repeats the request in its answer.
      register: ({ request, properly, response }) =>
        request.headers.authorization === `Bearer ${RIGHT_TOKEN}`
          ? properly()
          : reply(401, {
              error: 'invalid_token',
              error_description: `${request.headers.authorization} is no good`,
            })({ response } as Parameters<ReturnType<typeof reply>>[0]),
    };
    const names = Array.from({ length: 20 }, (_, index) => `many-${index}`);
    await testbed.apply(
      all(
        namespacedServer(stub.issuer, 'shop', 'many', iat('many-iat')),
        ...names.map((name) => oauthClient('shop', name, { server: serverRef('many') })),
      ),
    );
    for (const name of names) {
      await shop.until(name, 'CredentialNotFound');
    }
    await testbed.apply(credential(WRONG_TOKEN, { namespace: 'shop', name: 'many-iat' }));
    for (const name of names) {
      const client = await shop.until(name, 'AdmissionRefused');
      expect(messageOf(client)).toBe(
        'AuthorizationServer many: The admission credential was refused: The server answered 401 invalid_token: Bearer [redacted] is no good. Put a valid credential into the Secret that the server object names; the operator notices.',
      );
    }
    const { condition } = await shop.untilServer('many', { type: 'Ready', reason: 'AdmissionRefused' });
    expect(condition.status).toBe('False');
    expect(condition.message).toContain('Bearer [redacted] is no good');
    const asked = stub.count('register');
    await testbed.apply(credential(RIGHT_TOKEN, { namespace: 'shop', name: 'many-iat' }));
    for (const name of names) {
      await shop.until(name, 'Registered');
    }
    expect(stub.clients.size).toBe(20);
    await shop.untilServer('many', { type: 'AdmissionAccepted', reason: 'AdmissionAccepted' });
    expect(asked).toBe(1);
  });
});

describe('An unusable credential', () => {
  afterAll(removeServers);

  it('is named, with the command that labels it', async () => {
    const stub = await startStubServer();
    stub.admits = RIGHT_TOKEN;
    await testbed.apply(
      all(
        credential(RIGHT_TOKEN, { namespace: 'shop', name: 'plain', labelled: false }),
        namespacedServer(stub.issuer, 'shop', 'unlabelled', iat('plain')),
        oauthClient('shop', 'unlabelled', { server: serverRef('unlabelled') }),
      ),
    );
    const client = await shop.until('unlabelled', 'CredentialNotLabelled');
    expect(messageOf(client)).toBe(
      "AuthorizationServer unlabelled: Secret shop/plain isn't marked as a credential. Run: kubectl -n shop label secret plain oauth-registrar.dev/credential=true",
    );
    expect(stub.count('register')).toBe(0);
    const [, line = ''] = /Run: kubectl (.*)$/.exec(messageOf(client)) ?? [];
    await testbed.kubectl(...line.split(' '));
    await shop.until('unlabelled', 'Registered');
  });

  it('is named if it is missing, then if its key is missing, and is used when it exists', async () => {
    const stub = await startStubServer();
    stub.admits = RIGHT_TOKEN;
    await testbed.apply(
      all(
        namespacedServer(stub.issuer, 'shop', 'keyless', iat('keyless-iat')),
        oauthClient('shop', 'keyless', { server: serverRef('keyless') }),
      ),
    );
    expect(messageOf(await shop.until('keyless', 'CredentialNotFound'))).toBe(
      "AuthorizationServer keyless: Secret shop/keyless-iat doesn't exist. Create it with the label oauth-registrar.dev/credential=true.",
    );
    await testbed.apply(credential(RIGHT_TOKEN, { namespace: 'shop', name: 'keyless-iat', key: 'password' }));
    expect(messageOf(await shop.until('keyless', 'CredentialKeyMissing'))).toBe(
      'AuthorizationServer keyless: Secret shop/keyless-iat has no key "token". Keys present: password. Add the key, or name another in the reference.',
    );
    await testbed.apply(credential(RIGHT_TOKEN, { namespace: 'shop', name: 'keyless-iat' }));
    await shop.until('keyless', 'Registered');
  });
});

describe('An unusable spec', () => {
  afterAll(removeServers);

  it('is reported on its object only: others continue', async () => {
    await testbed.apply(
      all(
        oauthClient('shop', 'smuggler', {
          client: { ...machine, additionalMetadata: { redirect_uris: ['https://evil.example'] } },
        }),
        oauthClient('shop', 'bystander'),
      ),
    );
    const client = await shop.until('smuggler', 'InvalidSpec');
    expect(messageOf(client)).toMatch(/redirect_uris/);
    expectState(client, 'Stalled');
    await shop.until('bystander', 'Registered');
    await shop.patch('oac', 'smuggler', { spec: { client: { additionalMetadata: null } } });
    await shop.until('smuggler', 'Registered');
  });

  it.each([
    [
      'two sets of keys',
      () => oauthClient('shop', 'no', { client: { jwks: { keys: [] }, jwksUri: 'https://a.example/k' } }),
      /set jwks or jwksUri, not both/,
    ],
    [
      'a redirect URI with a fragment',
      () => oauthClient('shop', 'no', { client: { redirectUris: ['https://a.example/#x'] } }),
      /must be an absolute URI without fragment, like https:\/\/app\.example\.com\/callback/,
    ],
    [
      'two ways of admission',
      () =>
        namespacedServer('https://a.example', 'shop', 'no', {
          registration: { admission: { open: {}, initialAccessToken: { secretRef: { name: 'x' } } } },
        }),
      /set exactly one of open, initialAccessToken, basic and clientCredentials/,
    ],
    [
      'a misspelt member',
      () => oauthClient('shop', 'no', { client: { redirectURIs: [] } }),
      /unknown field "spec\.client\.redirectURIs"/,
    ],
    [
      'a timeout of an hour',
      () => namespacedServer('https://a.example', 'shop', 'no', { connection: { timeout: '1h' } }),
      /must be between 1s and 2m, in hours, minutes and seconds like 30s/,
    ],
  ])('is refused by kubectl apply with a clear message: %s', async (_, yaml, sentence) => {
    await expect(testbed.apply(yaml())).rejects.toThrow(sentence);
  });
});

it('L12: without --allow-http and --allow-addresses, the operator shows no flag to tenants, and loses nothing', async () => {
  await shop.place('permitted');
  await testbed.operator.stop();
  const strict = await startOperator({
    kubeconfig: testbed.operatorKubeconfig,
    namespace: OPERATOR_NAMESPACE,
    entry: join(import.meta.dirname, 'operator-without-permissions.ts'),
  });
  operators.push(strict);
  const before = await shop.client('permitted');
  await testbed.apply(
    all(
      namespacedServer(`https://127.0.0.2:${await freePort()}`, 'shop', 'loopback'),
      oauthClient('shop', 'loopback', { server: serverRef('loopback') }),
      oauthClient('shop', 'plaintext', { server: serverRef('permitted') }),
    ),
  );
  const { condition } = await shop.untilServer('permitted', { reason: 'InvalidSpec' });
  expect(condition.message).toBe('spec.issuer does not use https, and http is not permitted here.');
  expect(messageOf(await shop.until('plaintext', 'InvalidSpec'))).toBe(
    `AuthorizationServer permitted: ${condition.message}`,
  );
  expect(messageOf(await shop.until('loopback', 'AddressRefused'))).toMatch(
    /^AuthorizationServer loopback: the address of 127\.0\.0\.2 isn't permitted here/,
  );
  const why =
    /"why":"127\.0\.0\.2 is a loopback address; start the operator with --allow-addresses=127\.0\.0\.2 /;
  expect(strict.output()).toMatch(why);
  expect((await shop.client('permitted')).status).toEqual(before.status);
  expect((await shop.secret('permitted'))?.['client_id']).toBe(before.status?.clientId);
  await strict.stop();
  operators.push(await testbed.startOperator());
  await removeServers();
});

/** No credential is in logs, Events, status or metrics. */
async function expectNoCredentialShown(): Promise<void> {
  const places = {
    log: operators.map((operator) => operator.output()).join(''),
    events: await testbed.kubectl('get', 'events.events.k8s.io', '-A', '-o', 'yaml'),
    objects: await testbed.kubectl('get', 'oac,oas,coas', '-A', '-o', 'yaml'),
    configMaps: await testbed.kubectl('-n', OPERATOR_NAMESPACE, 'get', 'cm', '-o', 'yaml'),
    metrics: (await fetchText(testbed.operator.port, '/metrics')).text,
  };
  const clients = testbed.server.clients();
  const { json } = await testbed.controlPlane.admin.request<{ items: { data?: Record<string, string> }[] }>(
    'GET',
    `/api/v1/namespaces/${OPERATOR_NAMESPACE}/secrets?labelSelector=oauth-registrar.dev%2Fregistration`,
  );
  const recorded = json.items.flatMap(({ data = {} }) =>
    Object.entries(data)
      .filter(([key]) => /secret$|token$/.test(key))
      .map(([, value]) => Buffer.from(value, 'base64').toString()),
  );
  const secrets = [
    WRONG_TOKEN,
    RIGHT_TOKEN,
    testbed.server.initialAccessToken ?? '',
    ...clients.map(({ client_secret }) => String(client_secret)),
    ...[...stubs.values()].flatMap((stub) => [...stub.secrets]),
    ...recorded,
  ].filter((secret) => secret.length >= 8);
  expect(places.metrics).toContain('# HELP');
  for (const [where, text] of Object.entries(places)) {
    expect(
      secrets
        .filter((secret) => text.includes(secret))
        .map((secret) => `${secret.slice(0, 12)}… in ${where}`),
    ).toEqual([]);
  }
}
