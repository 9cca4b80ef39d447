import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Departures } from '../../kit/emulator/behaviour.ts';
import { createCertificateAuthority } from '../../kit/emulator/certificates.ts';
import type { Emulator, EmulatorOptions } from '../../kit/emulator/emulator.ts';
import type { FaultyAnswer } from '../../kit/emulator/faults.ts';
import { start } from '../../kit/emulator/running.ts';
import {
  type Answer,
  discoveryDocument,
  reply,
  type StubServer,
  startStubServer,
} from '../../kit/stub-server.ts';
import { fetchText, suspectedOrphans } from './looks.ts';
import {
  all,
  conditionOf,
  credential,
  eventually,
  messageBeforeNextTry,
  messageOf,
  namespacedServer,
  OPERATOR_NAMESPACE,
  oauthClient,
  serverRef,
} from './objects.ts';
import { teamIn, useTestbed } from './team.ts';

/** A fault of an answer; each is tried at discovery, at registration and at an update. */
interface Fault {
  readonly what: string;
  readonly name: string;
  readonly answer: FaultyAnswer;
  readonly reason: string;
  /** Expected in the message at discovery. */
  readonly found: RegExp;
  /** Expected in the message at a call about a client. */
  readonly said: RegExp;
}

const WAIT_MS = 40_000;
const ALWAYS = 1_000;

/** It must never receive a call. */
let elsewhere: StubServer;
/** Their second registration takes a minute: it starts here, and a test at the end waits for it. */
let torn: StubServer;
let reset: StubServer;
const secrets = new Set<string>();
const emulators: Emulator[] = [];

const testbed = useTestbed();
const shop = teamIn(testbed, 'shop', { waitMs: WAIT_MS });

afterAll(async () => {
  // No request was sent to the address of a redirect, a document or an answer.
  expect(elsewhere.requests).toEqual([]);
  expect(await leaks(), 'rule 38: no secret is in any text that people read').toEqual([]);
});

beforeAll(async () => {
  elsewhere = await startStubServer();
  torn = await shop.serve('torn', {
    prepare: (stub) => {
      stub.present = (information) => ({ ...information, note: 'x'.repeat(64) });
      const endEarly = cutOff(({ response }, text) => void response.end(text));
      stub.behave = { register: onlyFirst(stub, endEarly) };
    },
  });
  reset = await shop.serve('reset', {
    prepare: (stub) => {
      stub.present = (information) => ({ ...information, note: 'x'.repeat(64) });
      const destroy = cutOff(({ response }, text) => void response.write(text, () => response.destroy()));
      stub.behave = { register: onlyFirst(stub, destroy) };
    },
  });
});

/** Beginnings of secrets in texts that people read, with the place. */
async function leaks(): Promise<readonly string[]> {
  const places = {
    log: testbed.operator.output(),
    events: await testbed.kubectl('get', 'events.events.k8s.io', '-A', '-o', 'yaml'),
    objects: await testbed.kubectl('get', 'oac,oas', '-A', '-o', 'yaml'),
    configMaps: await testbed.kubectl('-n', OPERATOR_NAMESPACE, 'get', 'cm', '-o', 'yaml'),
  };
  const known = [...secrets, ...emulators.flatMap((emulator) => [...emulator.secrets]), ...torn.secrets];
  expect(known).not.toEqual([]);
  return Object.entries(places).flatMap(([where, text]) =>
    known
      .filter((secret) => secret.length >= 8 && text.includes(secret))
      .map((secret) => `${secret.slice(0, 12)}… in ${where}`),
  );
}

/** The first registration is answered so, each later one properly. */
const onlyFirst =
  (stub: StubServer, first: Answer): Answer =>
  (exchange) =>
    stub.count('register') === 1 ? first(exchange) : exchange.properly();

/** An answer whose last ten characters are missing. */
function cutOff(send: (exchange: Parameters<Answer>[0], text: string) => void): Answer {
  return (exchange) => {
    const { response, properly } = exchange;
    const end = response.end;
    response.end = ((text: string) => {
      response.end = end;
      send(exchange, text.slice(0, -10));
      return response;
    }) as typeof response.end;
    properly();
  };
}

/** An emulated server and its server object, called `name`. The server demands a token that no other server may get. */
async function served(
  name: string,
  {
    departures = {},
    options = {},
    spec = {},
  }: { departures?: Departures; options?: EmulatorOptions; spec?: object } = {},
): Promise<Emulator> {
  const emulator = await start(
    { gate: { admits: ['fixedToken'], strayBearer: 'refused' }, ...departures },
    {},
    options,
  );
  emulators.push(emulator);
  await testbed.apply(
    all(
      credential(emulator.credentials.initialAccessToken, { namespace: 'shop', name: `${name}-iat` }),
      serverObject(name, emulator, spec),
    ),
  );
  return emulator;
}

const serverObject = (name: string, { issuer }: { issuer: string }, spec: object = {}) =>
  namespacedServer(issuer, 'shop', name, {
    registration: { admission: { initialAccessToken: { secretRef: { name: `${name}-iat` } } } },
    connection: { timeout: '1s' },
    ...spec,
  });

const clientAt = (server: string, name = server) =>
  testbed.apply(oauthClient('shop', name, { server: serverRef(server) }));

const suspectsOf = async (name: string) =>
  (await suspectedOrphans(testbed)).filter(({ client }) => client === `shop/${name}`);

/** Names and roles of the registration Secrets of a client. */
async function rolesOf(name: string): Promise<readonly string[]> {
  const path = `/api/v1/namespaces/${OPERATOR_NAMESPACE}/secrets?labelSelector=oauth-registrar.dev%2Fclient-name%3D${name}`;
  const { json } = await testbed.controlPlane.admin.request<{
    items: { metadata: { labels: Record<string, string> } }[];
  }>('GET', path);
  return json.items.map(({ metadata }) => metadata.labels['oauth-registrar.dev/role'] ?? '');
}

/** Resident memory of the operator, bytes. */
async function memory(): Promise<number> {
  const { text } = await fetchText(testbed.operator.port, '/metrics');
  return Number(/^process_resident_memory_bytes (\S+)$/m.exec(text)?.[1]);
}

const redirect: Fault = {
  what: 'a redirect to another host',
  name: 'redirect',
  get answer() {
    return { kind: 'redirect', status: 307, to: `${elsewhere.issuer}/hidden-words` } as const;
  },
  reason: 'RedirectRefused',
  found: /307, a redirect to http:\/\/127\.0\.0\.1:\d+, another host or port, which is not followed/,
  said: /^.*The server answered status 307 \(a redirect to http:\/\/127\.0\.0\.1:\d+, another host or port; redirects are not followed\)/,
};

const FAULTS: readonly Fault[] = [
  {
    what: 'an answer that drips for ever',
    name: 'slow',
    answer: { kind: 'trickle', pauseMs: 400 },
    reason: 'ResponseTimedOut',
    found: /no complete answer from 127\.0\.0\.1:\d+ within 1000 ms/,
    said: /No answer in time: no complete answer from 127\.0\.0\.1:\d+ within 1000 ms/,
  },
  {
    what: 'no answer at all',
    name: 'silent',
    answer: { kind: 'hang' },
    reason: 'ResponseTimedOut',
    found: /no complete answer from 127\.0\.0\.1:\d+ within 1000 ms/,
    said: /No answer in time: no complete answer from 127\.0\.0\.1:\d+ within 1000 ms/,
  },
  {
    what: 'JSON nested 20,000 deep',
    name: 'nested',
    answer: { kind: 'nested', depth: 20_000 },
    reason: 'ResponseTooDeep',
    found: /200, but JSON that nests too deep/,
    said: /The server answered 20[01], but without a readable client_id: it is JSON that nests too deep/,
  },
  {
    what: 'half of the JSON, as if it were all',
    name: 'half',
    answer: { kind: 'truncated', declared: false },
    reason: 'ResponseTruncated',
    found: /200, but JSON that is cut off/,
    said: /The server answered 20[01] with JSON that is cut off; it names client [0-9a-f-]{20,36}/,
  },
  {
    what: 'half of the JSON that was announced',
    name: 'cut',
    answer: { kind: 'truncated', declared: true },
    reason: 'ResponseTruncated',
    found: /the connection was lost before the answer was complete/,
    said: /No complete answer: the connection was lost before the answer was complete/,
  },
  {
    what: 'HTML with 200',
    name: 'html',
    answer: { kind: 'html' },
    reason: 'ResponseNotJSON',
    found: /200, but not a JSON object \(text\/html\)/,
    said: /The server, or a proxy or firewall before it, answered status 200 with text\/html/,
  },
  redirect,
];

const huge: Fault = {
  what: 'ten megabytes',
  name: 'huge',
  answer: { kind: 'huge', bytes: 10_000_000 },
  reason: 'ResponseTooLarge',
  found: /the answer's body is larger than 262144 bytes/,
  said: /the answer's body is larger than 262144 bytes; it names client [0-9a-f-]{36}/,
};

/**
 * A namespace has a limited number of server objects, and each group of tests makes its own. Two are needed until the
 * end.
 */
async function removeServers(): Promise<void> {
  const listed = await shop.kubectl('get', 'oas', '-o', 'name');
  const done = listed.split('\n').filter((name) => name !== '' && !/\/(torn|reset)$/.test(name));
  if (done.length > 0) {
    await shop.kubectl('delete', ...done);
  }
}

describe('At discovery', () => {
  afterAll(removeServers);

  /** Reasons that say nothing against the issuer. */
  const UNANSWERED: readonly string[] = [
    'AuthorizationServerUnavailable',
    'ResponseTimedOut',
    'ResponseTruncated',
  ];

  it.concurrent.each([...FAULTS, huge])(
    'rule 35: $what has a reason and a message, and status recovers',
    { timeout: 90_000 },
    async ({ name, answer, reason, found }) => {
      const object = `find-${name}`;
      const emulator = await start({ gate: { admits: ['fixedToken'] } });
      emulators.push(emulator);
      emulator.misbehave('discovery', { answer }, ALWAYS);
      const token = emulator.credentials.initialAccessToken;
      await testbed.apply(
        all(
          credential(token, { namespace: 'shop', name: `${object}-iat` }),
          serverObject(object, emulator),
          oauthClient('shop', object, { server: serverRef(object) }),
        ),
      );
      const client = await shop.until(object, reason);
      expect(messageOf(client)).toMatch(found);
      expect(messageOf(client)).not.toContain('hidden-words');
      const { condition } = await shop.untilServer(object, { reason });
      expect(condition.message).toMatch(
        UNANSWERED.includes(reason)
          ? /^No discovery document: .*\. The server does not answer\. It is tried again from time to time\.$/s
          : /^No discovery document: .*\. Check the issuer, or set registration\.endpoint and discovery\.mode None\.$/s,
      );
      expect(emulator.log.every(({ call, scheme }) => call === 'discovery' && scheme === undefined)).toBe(
        true,
      );
      emulator.behave();
      await shop.patch('oas', object, { spec: { connection: { timeout: '2s' } } });
      await shop.until(object, 'Registered');
      expect(emulator.clients()).toHaveLength(1);
    },
  );

  it('rule 2: a wrong issuer is reported with both names, and no credential is sent', async () => {
    const emulator = await served('impostor', {
      departures: { discovery: { publishedIssuer: 'otherPath' } },
    });
    await clientAt('impostor');
    const client = await shop.until('impostor', 'IssuerMismatch');
    expect(messageOf(client)).toMatch(
      /is the document of issuer "(.*)", not of "(.*)"\. Correct the issuer, or set discovery\.acceptedIssuer to "\1" if you trust it\.$/,
    );
    expect(messageOf(client)).toContain(`not of "${emulator.issuer}"`);
    expect(emulator.log.every(({ call, scheme }) => call === 'discovery' && scheme === undefined)).toBe(true);
  });

  it('rule 39: endpoints on another origin get no credential', async () => {
    const stub = await startStubServer();
    stub.behave = {
      discovery: reply(200, {
        ...discoveryDocument(stub.issuer),
        registration_endpoint: `${elsewhere.issuer}/reg`,
      }),
    };
    await testbed.apply(
      all(
        credential('token-for-the-issuer-alone', { namespace: 'shop', name: 'abroad-iat' }),
        serverObject('abroad', stub),
      ),
    );
    await clientAt('abroad');
    expect(messageOf(await shop.until('abroad', 'AddressRefused'))).toBe(
      `AuthorizationServer abroad: The discovered registration endpoint is at ${elsewhere.issuer}, another origin than the issuer's, and no credential is sent there. If you trust it, set spec.registration.endpoint.`,
    );
  });

  it('an expired certificate is named, and a valid one is all that is needed', async () => {
    const ca = createCertificateAuthority();
    const names = ['127.0.0.1'];
    const validity = { from: new Date('2020-01-01'), to: new Date('2021-01-01') };
    const emulator = await start({}, {}, { tls: ca.issue({ commonName: 'as', names, validity }) });
    const configMap = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'ca', namespace: 'shop' },
      data: { 'ca.crt': ca.cert },
    };
    const connection = { caRef: { kind: 'ConfigMap', name: 'ca' } };
    await testbed.apply(
      all(
        JSON.stringify(configMap),
        namespacedServer(emulator.issuer, 'shop', 'expired', { connection }),
        oauthClient('shop', 'expired', { server: serverRef('expired') }),
      ),
    );
    const host = new URL(emulator.issuer).host;
    const expected = `AuthorizationServer expired: the certificate of ${host} has expired`;
    expect(messageOf(await shop.until('expired', 'TlsVerificationFailed'))).toContain(expected);
    expect(emulator.log).toEqual([]);

    await emulator.stop();
    const port = Number(new URL(emulator.issuer).port);
    const valid = await start({}, {}, { tls: ca.issue({ commonName: 'as', names }), port });
    await shop.patch('oas', 'expired', { spec: { connection: { timeout: '5s' } } });
    await shop.until('expired', 'Registered');

    // The certificate expires when the endpoints are already known: a call about a client notices.
    await valid.stop();
    await start({}, {}, { tls: ca.issue({ commonName: 'as', names, validity }), port });
    await shop.edit('expired', { clientName: 'Edited' });
    expect(messageOf(await shop.until('expired', 'TlsVerificationFailed'))).toContain(
      `the certificate of ${host} has expired`,
    );
    await clientAt('expired', 'expired-too');
    expect(messageOf(await shop.until('expired-too', 'TlsVerificationFailed'))).toContain(expected);
    expect(await suspectsOf('expired-too')).toEqual([]);
  });
});

describe('At registration', () => {
  afterAll(removeServers);

  // A redirect and a page say that somebody else answered.
  it.concurrent.each(FAULTS.filter(({ name }) => name !== 'redirect' && name !== 'html'))(
    'rule 12: $what has a reason and a sentence, and a lost client is suspected',
    { timeout: 90_000 },
    async ({ name, answer, reason, said }) => {
      const object = `register-${name}`;
      const emulator = await served(object);
      emulator.misbehave('register', { answer });
      await clientAt(object);
      const client = await shop.until(object, reason);
      expect(messageOf(client)).toMatch(said);
      expect(messageOf(client)).toMatch(/\(sent at \d{4}-\d\d-\d\dT[^)]*\)/);
      const suspects = await suspectsOf(object);
      expect(suspects).toHaveLength(1);
      expect(suspects[0]?.why).toMatch(said);
      const warning = await shop.untilEvent(object, (event) => event.reason === reason);
      expect(warning.type).toBe('Warning');
      expect(warning.note).toMatch(/A client may exist that nobody knows/);
      expect(emulator.count('register')).toBe(1);
    },
  );

  it('a redirect is not followed, and proves that there is no client', async () => {
    const emulator = await served('register-redirect');
    emulator.misbehave('register', { answer: redirect.answer, undone: true }, ALWAYS);
    await clientAt('register-redirect');
    const client = await shop.until('register-redirect', redirect.reason);
    expect(messageOf(client)).toMatch(redirect.said);
    expect(messageOf(client)).not.toContain('hidden-words');
    expect(conditionOf(client, 'Stalled')?.status).toBe('True');
    expect(await suspectsOf('register-redirect')).toEqual([]);
  });

  it('rule 10: an answer of ten megabytes that begins with a client loses no client: it is removed again', {
    timeout: 90_000,
  }, async () => {
    const emulator = await served('register-huge');
    emulator.misbehave('register', { answer: huge.answer });
    await clientAt('register-huge');
    expect(messageOf(await shop.until('register-huge', huge.reason))).toMatch(huge.said);
    await eventually(
      () => emulator.clients().length,
      (count) => count === 0,
      WAIT_MS,
    );
    expect(emulator.count('remove')).toBe(1);
    expect(await suspectsOf('register-huge')).toEqual([]);
  });

  it('a token endpoint that gives no token is named, and nothing is registered without a token', async () => {
    const emulator = await served('tokenless', {
      departures: { gate: { admits: ['clientCredentials'] } },
      spec: {
        registration: { admission: { clientCredentials: { secretRef: { name: 'tokenless' } } } },
      },
    });
    const { clientId, clientSecret } = emulator.credentials.client;
    emulator.misbehave(
      'token',
      { answer: { kind: 'members', members: { access_token: undefined, token_type: 'Bearer' } } },
      ALWAYS,
    );
    await testbed.apply(
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: {
          name: 'tokenless',
          namespace: 'shop',
          labels: { 'oauth-registrar.dev/credential': 'true' },
        },
        stringData: { client_id: clientId, client_secret: clientSecret },
      }),
    );
    await clientAt('tokenless');
    expect(messageOf(await shop.until('tokenless', 'AdmissionTokenFailed'))).toBe(
      'AuthorizationServer tokenless: The token endpoint answered 200, but without an access_token. Check the credential that the server object names and its token endpoint, as the message says.',
    );
    expect(emulator.count('register')).toBe(0);
    expect(await suspectsOf('tokenless')).toEqual([]);
  });
});

describe('At an update', () => {
  afterAll(removeServers);

  it.concurrent.each(FAULTS)(
    '$what has a reason and a sentence, the client stays, and it passes',
    { timeout: 90_000 },
    async ({ name, answer, reason, said }) => {
      const object = `update-${name}`;
      const emulator = await served(object);
      await clientAt(object);
      const { status } = await shop.until(object, 'Registered');
      emulator.misbehave('update', { answer, undone: name === 'redirect' });
      await shop.edit(object, { clientName: 'Edited' });
      const client = await shop.until(object, reason);
      expect(messageOf(client)).toMatch(said);
      expect(client.status?.clientId).toBe(status?.clientId);
      if (name === 'redirect') {
        // The same call can't succeed: a person must say that something changed.
        const annotations = { 'oauth-registrar.dev/reconcile-requested-at': 'now' };
        await shop.patch('oac', object, { metadata: { annotations } });
      }
      await shop.until(object, 'Registered');
      expect(emulator.clients()).toMatchObject([
        { clientId: status?.clientId, metadata: { client_name: 'Edited' } },
      ]);
    },
  );

  it('rule 20: an answer of ten megabytes that begins with a new token and secret loses neither', {
    timeout: 90_000,
  }, async () => {
    const emulator = await served('update-huge', {
      departures: { update: { token: 'new', secret: 'new' } },
    });
    await clientAt('update-huge');
    const { status } = await shop.until('update-huge', 'Registered');
    emulator.misbehave('update', { answer: huge.answer });
    await shop.edit('update-huge', { clientName: 'Edited' });
    expect(messageOf(await shop.until('update-huge', huge.reason))).toMatch(huge.said);
    await shop.until('update-huge', 'Registered');
    const [client] = emulator.clients();
    expect(client).toMatchObject({ clientId: status?.clientId, metadata: { client_name: 'Edited' } });
    expect((await shop.secret('update-huge'))?.['client_secret']).toBe(client?.clientSecret);
  });

  it('rule 19: a configuration URL on another origin gets no token, at an edit and at a deletion', async () => {
    const stub = await shop.place('astray', {
      prepare: (server) => {
        server.present = (information) => ({
          ...information,
          registration_client_uri: `${elsewhere.issuer}/reg/${information['client_id']}`,
        });
      },
    });
    await shop.edit('astray', { clientName: 'Edited' });
    expect(messageBeforeNextTry(await shop.until('astray', 'ConfigurationURLRefused'))).toBe(
      `The management address is at ${elsewhere.issuer}, and the token was issued by ${stub.issuer}. List that origin in management.allowedOrigins of the server object, if you trust it.`,
    );
    await shop.remove('astray');
    const { note } = await shop.untilEvent('astray', (event) => event.note.includes('was not removed'));
    expect(note).toContain(`The management address is at ${elsewhere.issuer}`);
    await eventually(
      () => rolesOf('astray'),
      (roles) => roles.join() === 'left-behind',
    );
  });
});

describe('A server that repeats the request', () => {
  afterAll(removeServers);

  /** Answers with all parts of the request. */
  const parrot: Answer = ({ request, response, body }) =>
    reply(400, {
      error: 'invalid_request',
      error_description: `${request.headers.authorization} ${request.headers.authorization?.split(' ')[1]} ${JSON.stringify(body)}`,
    })({ response } as Parameters<Answer>[0]);

  it('shows no registration access token, at an update and at a deletion', async () => {
    const stub = await shop.place('parrot');
    stub.behave = { update: parrot, remove: parrot };
    await shop.edit('parrot', { clientName: 'Edited' });
    expect(messageOf(await shop.until('parrot', 'RegistrationRefused'))).toMatch(
      /^The server answered 400 invalid_request: Bearer \[redacted\] \[redacted\] \{/,
    );
    await shop.remove('parrot');
    const client = await eventually(
      () => shop.client('parrot'),
      (seen) => conditionOf(seen, 'Ready')?.reason === 'DeletionUnconfirmed',
      WAIT_MS,
    );
    expect(messageOf(client)).toMatch(/invalid_request: Bearer \[redacted\] \[redacted\] \{/);
    stub.behave = {};
  });

  it('shows no password, encoded or not', async () => {
    const password = 'canary-password-äöü+/';
    const stub = await startStubServer();
    const encoded = (text: string | undefined) => Buffer.from(text?.slice(6) ?? '', 'base64').toString();
    stub.behave = {
      register: ({ request, response }) =>
        reply(400, {
          error: 'invalid_request',
          error_description: `${request.headers.authorization} is ${encoded(request.headers.authorization)}`,
        })({ response } as Parameters<Answer>[0]),
    };
    secrets.add(password).add(encodeURIComponent(password));
    secrets.add(Buffer.from(`registrar:${encodeURIComponent(password)}`).toString('base64'));
    secrets.add(Buffer.from(`registrar:${password}`).toString('base64'));
    await testbed.apply(
      all(
        JSON.stringify({
          apiVersion: 'v1',
          kind: 'Secret',
          metadata: {
            name: 'parrot-basic',
            namespace: 'shop',
            labels: { 'oauth-registrar.dev/credential': 'true' },
          },
          stringData: { username: 'registrar', password },
        }),
        namespacedServer(stub.issuer, 'shop', 'parrot-basic', {
          registration: { admission: { basic: { secretRef: { name: 'parrot-basic' } } } },
        }),
      ),
    );
    await clientAt('parrot-basic');
    expect(messageOf(await shop.until('parrot-basic', 'RegistrationRefused'))).toContain(
      'The server answered 400 invalid_request: Basic [redacted] is registrar:[redacted].',
    );
  });

  it('shows neither the client secret nor the token of the token endpoint', async () => {
    const stub = await startStubServer();
    stub.behave = {
      other: ({ request, response, text }) => {
        const form = new URLSearchParams(text);
        const echoed = `${request.headers.authorization} ${form.get('client_secret')}`;
        secrets.add(request.headers.authorization?.split(' ')[1] ?? 'canary-client-secret');
        reply(401, { error: 'invalid_client', error_description: echoed })({
          response,
        } as Parameters<Answer>[0]);
      },
    };
    secrets.add('canary-client-secret');
    const methods = ['client_secret_basic', 'client_secret_post'];
    await testbed.apply(
      JSON.stringify({
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: {
          name: 'parrot-cc',
          namespace: 'shop',
          labels: { 'oauth-registrar.dev/credential': 'true' },
        },
        stringData: { client_id: 'operator', client_secret: 'canary-client-secret' },
      }),
    );
    for (const authMethod of methods) {
      const name = `parrot-${authMethod.replaceAll('_', '-')}`;
      const clientCredentials = { secretRef: { name: 'parrot-cc' }, authMethod };
      await testbed.apply(
        namespacedServer(stub.issuer, 'shop', name, { registration: { admission: { clientCredentials } } }),
      );
      await clientAt(name);
      expect(messageOf(await shop.until(name, 'AdmissionTokenFailed'))).toMatch(
        /The token endpoint answered 401 invalid_client: (Basic \[redacted\] null|undefined \[redacted\])\./,
      );
    }
  });
});

describe('Answers that take memory or time', () => {
  afterAll(removeServers);

  it('twenty answers of ten megabytes do not stay in memory', { timeout: 120_000 }, async () => {
    const before = await memory();
    const names = Array.from({ length: 10 }, (_, index) => `load-${index}`);
    await Promise.all(
      names.map(async (name) => {
        const stub = await shop.serve(name, {
          prepare: (server) => {
            server.behave = { discovery: reply(200, 'x'.repeat(10_000_000)) };
          },
        });
        await shop.until(name, 'ResponseTooLarge');
        await eventually(
          () => stub.count('discovery'),
          (count) => count >= 2,
          WAIT_MS,
        );
      }),
    );
    expect(before).toBeGreaterThan(10_000_000);
    expect((await memory()) - before).toBeLessThan(100 * 1024 * 1024);
  });

  it.each(['torn', 'reset'])(
    'rule 10: a client named in a truncated answer (%s) is removed, and another one is registered',
    { timeout: 120_000 },
    async (name) => {
      const stub = { torn, reset }[name as 'torn' | 'reset'];
      await shop.until(name, 'Registered', 100_000);
      const first = stub.requests.find(({ call }) => call === 'remove')?.path.slice('/reg/'.length) ?? '';
      expect(first).toMatch(/^stub-client-/);
      const [client] = stub.clients.keys();
      expect(stub.clients.size).toBe(1);
      expect(client).not.toBe(first);
      expect((await shop.secret(name))?.['client_id']).toBe(client);
      expect(await rolesOf(name)).toEqual(['current']);
      expect(await suspectsOf(name)).toEqual([]);
      const warning = await shop.untilEvent(name, ({ reason }) => reason === 'ResponseTruncated');
      expect(warning).toMatchObject({
        type: 'Warning',
        note: expect.stringContaining(
          `it names client ${first}. That client is removed again, and another registered`,
        ),
      });
    },
  );
});
