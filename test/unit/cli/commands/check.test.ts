import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { parse } from 'yaml';
import { RESOURCES } from '../../../../src/api/kubernetes.ts';
import { EXITS } from '../../../../src/cli/failure.ts';
import type { HttpOutcome, HttpRequest } from '../../../../src/controller/ports.ts';
import type { Stored } from '../../../kit/fakes/cluster.ts';
import { controllerInMemory } from '../../../kit/fakes/controller-in-memory.ts';
import { answered } from '../../../kit/fakes/fake-ports.ts';
import { runPlugin, startPluginCluster } from '../../../kit/fakes/plugin.ts';
import {
  clientObject,
  namespaceObject,
  OPERATOR_NAMESPACE,
  serverObject,
} from '../../../kit/fixtures/objects.ts';
import { issuer } from '../../../kit/fixtures/server-objects.ts';
import { scratchFolder } from '../../../kit/scratch-folder.ts';

const registration = `${issuer}/register`;
const document = answered(200, { issuer, registration_endpoint: registration });
const created = answered(201, {
  client_id: 'c1',
  client_secret: 's3cret',
  client_secret_expires_at: 0,
  registration_access_token: 't0ken',
  registration_client_uri: `${registration}/c1`,
});
const works = ({ method }: HttpRequest): HttpOutcome => (method === 'GET' ? document : created);
const key = { namespace: 'shop', name: 'storefront' };
const around = (spec: object = {}): readonly Stored[] => [
  namespaceObject('shop'),
  namespaceObject(OPERATOR_NAMESPACE),
  serverObject('corporate', { spec }),
];
const withSecret = (
  data: Readonly<Record<string, string>>,
  labels: Readonly<Record<string, string>>,
): Stored => ({
  kind: 'Secret',
  metadata: { namespace: OPERATOR_NAMESPACE, name: 'iat', uid: 'iat-1', resourceVersion: '3', labels },
  data: Object.fromEntries(
    Object.entries(data).map(([name, text]) => [name, Buffer.from(text).toString('base64')]),
  ),
});
const TOKEN = { registration: { admission: { initialAccessToken: { secretRef: { name: 'iat' } } } } };
const LABEL = { 'oauth-registrar.dev/credential': 'true' };

interface Planned {
  readonly steps: readonly { type: string; finding: string; message: string; reason?: string }[];
  readonly stated?: { readonly reason: string; readonly message: string };
  readonly body?: object;
  readonly refused?: { readonly reason: string; readonly message: string };
  readonly notSeen: readonly string[];
}

interface Case {
  readonly objects: readonly Stored[];
  readonly answer?: (request: HttpRequest) => HttpOutcome;
  /** What happens after the operator has looked at the servers. */
  readonly change: (operator: ReturnType<typeof controllerInMemory>) => unknown;
}

/** What the plugin says after a change that the operator has not seen, and what the operator then does. */
async function bothAbout({ objects, answer = works, change }: Case) {
  const operator = controllerInMemory({ objects, answer });
  operator.controller.start();
  await operator.clock.advance(5_000);
  const before = operator.lines.length;
  const calls = operator.calls.length;
  // The operator does not hear of it before the plugin has looked.
  const heard = operator.cluster.onChange.splice(0);
  change(operator);
  const plugin = await startPluginCluster({ cluster: operator.cluster });
  const args = [
    'check',
    'oac/storefront',
    '-n',
    'shop',
    '--operator-namespace',
    OPERATOR_NAMESPACE,
    '-o',
    'json',
  ];
  const run = await runPlugin(args, plugin);
  expect(run.stderr).toBe('');
  expect(operator.calls).toHaveLength(calls);
  operator.cluster.onChange.push(...heard);
  const object = operator.cluster.find('OAuthClient', 'shop/storefront');
  operator.cluster.patch(RESOURCES.oauthClient, key, { metadata: { labels: { again: 'true' } } }, 'person');
  expect(object).toBeDefined();
  await operator.clock.advance(3_000);
  const taken = operator.lines.slice(before).flatMap((line) => {
    const fields = /^debug step (.*)$/.exec(line)?.[1];
    return fields === undefined
      ? []
      : [JSON.parse(fields) as { step: string; finding: string; message: string }];
  });
  return {
    code: run.code,
    said: JSON.parse(run.stdout) as Planned,
    taken,
    ready: operator.readyOf('OAuthClient', 'shop/storefront'),
  };
}

const create =
  (spec: object = {}): Case['change'] =>
  ({ cluster }) => {
    const { metadata: _, ...client } = clientObject({}, spec, {});
    cluster.create(RESOURCES.oauthClient, { ...client, metadata: key }, 'person');
  };
const edit =
  (spec: object): Case['change'] =>
  ({ cluster }) =>
    cluster.patch(RESOURCES.oauthClient, key, { spec } as never, 'person');
const existing = clientObject({ uid: 'uid-1', finalizers: [] }, {}, {});

describe('the step that check names is the one that the operator then takes', () => {
  test.each<[string, Case, readonly string[]]>([
    ['a new client is registered', { objects: around(), change: create() }, ['AddFinalizer', 'Register']],
    [
      'a new client, with an admission token that the caller may read',
      { objects: [...around(TOKEN), withSecret({ token: 'x' }, LABEL)], change: create() },
      ['AddFinalizer', 'Register'],
    ],
    [
      'an edit is sent',
      { objects: [...around(), existing], change: edit({ client: { clientName: 'Other' } }) },
      ['Update'],
    ],
    [
      'another server: another client is registered',
      {
        objects: [...around(), serverObject('partner', { metadata: { uid: 'server-2' } }), existing],
        change: edit({ authorizationServerRef: { kind: 'ClusterAuthorizationServer', name: 'partner' } }),
      },
      ['Register'],
    ],
  ])('%s', async (_, given, types) => {
    const { said, taken, code } = await bothAbout(given);
    expect(said.steps.map(({ type }) => type)).toEqual(types);
    expect(taken.slice(0, types.length)).toMatchObject(
      said.steps.map(({ type, finding, message }) => ({ step: type, finding, message })),
    );
    expect(said.notSeen).toEqual([]);
    expect(code).toBe(EXITS.done.code);
  });

  test.each<[string, Case, string]>([
    [
      'a policy refuses',
      {
        objects: around({ policy: { scopes: ['openid'] } }),
        change: create({ client: { scopes: ['admin'] } }),
      },
      'PolicyRefused',
    ],
    [
      'the namespace is not admitted',
      { objects: around({ allowedNamespaces: { names: ['billing'] } }), change: create() },
      'AuthorizationServerNotAvailable',
    ],
    [
      'the server object does not exist',
      { objects: [namespaceObject('shop'), namespaceObject(OPERATOR_NAMESPACE)], change: create() },
      'AuthorizationServerNotAvailable',
    ],
    [
      'the credential is not labelled',
      { objects: [...around(TOKEN), withSecret({ token: 'x' }, {})], change: create() },
      'CredentialNotLabelled',
    ],
    [
      'the server does not answer',
      {
        objects: around(),
        answer: () => ({
          kind: 'notSent',
          reason: 'ConnectFailed',
          detail: '127.0.0.1:9 refused the connection',
        }),
        change: create(),
      },
      'AuthorizationServerUnavailable',
    ],
    ['the server is suspended', { objects: around({ suspend: true }), change: create() }, 'Suspended'],
    ['the client is suspended', { objects: around(), change: create({ suspend: true }) }, 'Suspended'],
  ])('%s', async (_, given, reason) => {
    const { said, ready, code } = await bothAbout(given);
    const next = said.steps.at(-1);
    expect(next).toMatchObject({ type: 'Idle', reason });
    expect(ready).toBe(`False ${reason}: ${next?.message}`);
    expect(code).toBe(EXITS.found.code);
  });
});

const FILE = `apiVersion: oauth-registrar.dev/v1alpha1
kind: OAuthClient
metadata: { name: new, namespace: shop }
spec:
  authorizationServerRef: { name: corporate }
  client:
    clientName: New
    redirectUris: [https://shop.example.com/cb]
    grantTypes: [authorization_code]
`;

function written(text: string): string {
  const path = join(scratchFolder(), 'client.yaml');
  writeFileSync(path, text);
  return path;
}

const ready = {
  observedGeneration: 1,
  endpoints: { registration },
  conditions: [
    {
      type: 'Ready',
      status: 'True',
      reason: 'Available',
      message: 'm',
      lastTransitionTime: '2026-05-01T11:00:00Z',
    },
  ],
};
const readyServer = (spec: object = {}): Stored => ({
  ...serverObject('corporate', {
    spec: { defaults: { contacts: ['team-{namespace}@example.com'] }, ...spec },
  }),
  status: ready as never,
});

describe('a file', () => {
  const objects = [namespaceObject('shop'), readyServer({ dialect: 'keycloak' })];

  test('shows the step, the body after defaults and dialect, and what is not seen', async () => {
    const server = await startPluginCluster({ objects });
    const run = await runPlugin(['check', '-f', written(FILE)], server);
    expect(run).toEqual({
      code: EXITS.done.code,
      stderr: '',
      stdout: [
        'OAuthClient shop/new: next step Register',
        '\u2502 The object has no client at ClusterAuthorizationServer corporate.',
        `\u251c\u2500 ClusterAuthorizationServer corporate: ${registration}`,
        '\u251c\u2500 Body of a registration, after defaults, in the dialect of the server:',
        '\u2502    {',
        '\u2502      "redirect_uris": [',
        '\u2502        "https://shop.example.com/cb"',
        '\u2502      ],',
        '\u2502      "grant_types": [',
        '\u2502        "authorization_code"',
        '\u2502      ],',
        '\u2502      "client_name": "New"',
        '\u2502    }',
        '\u251c\u2500 Not sent, because of the dialect: contacts ["team-shop@example.com"]',
        '\u251c\u2500 The policy of the server permits it',
        '\u2514\u2500 Not seen:',
        '   \u251c\u2500 The plugin assumes that the operator is in namespace oauth-registrar-system; --operator-namespace names another.',
        '   \u2514\u2500 Pauses, refusals and waits are those that status shows; calls under way, and the flags of the operator, are not seen.',
        '',
      ].join('\n'),
    });
    expect(server.cluster.find('OAuthClient', 'shop/new')).toBeUndefined();
    expect(server.requests.filter((request) => /^(create|update|patch|delete)/.test(request))).toEqual([
      'create oauthclients in shop',
    ]);
    expect(server.requests).toContain('dry run of create oauthclients');
  });

  test('with the rights of view: what is not seen, by name', async () => {
    const forbids = [
      'list secrets',
      'get secrets',
      'create oauthclients',
      'get configmaps',
      'get clusterauthorizationservers',
    ];
    const run = await runPlugin(
      ['check', '-f', written(FILE)],
      await startPluginCluster({ objects, forbids }),
    );
    expect(run.code).toBe(EXITS.found.code);
    expect(run.stdout.split('\n')).toEqual([
      'OAuthClient shop/new: the next step is not known',
      '\u2502 Too little is seen to plan; below is what is not seen.',
      '\u251c\u2500 ClusterAuthorizationServer corporate: not usable',
      '\u2514\u2500 Not seen:',
      '   \u251c\u2500 Your account may not create oauthclients.oauth-registrar.dev in namespace shop, so the API server has not validated the file.',
      '   \u251c\u2500 The plugin assumes that the operator is in namespace oauth-registrar-system; --operator-namespace names another.',
      '   \u251c\u2500 Your account may not list secrets in namespace oauth-registrar-system, so no record of a registration is seen.',
      '   \u251c\u2500 Your account may not list secrets in namespace shop, so it is not seen what the Secrets of workloads show.',
      '   \u251c\u2500 Your account may not list secrets in namespace shop, so no credential of the namespace is seen.',
      '   \u251c\u2500 Your account may not list secrets in namespace oauth-registrar-system, so no credential of a ClusterAuthorizationServer is seen.',
      '   \u251c\u2500 Your account may not get clusterauthorizationservers.oauth-registrar.dev in this cluster, so no ClusterAuthorizationServer is seen.',
      '   \u2514\u2500 Pauses, refusals and waits are those that status shows; calls under way, and the flags of the operator, are not seen.',
      '',
    ]);
  });

  test('is planned by the credentials in the namespace of the operator that other clients name', async () => {
    const named = clientObject({ name: 'other', uid: 'u9' }, {}, { installation: 'ops@cluster-1' });
    const server = await startPluginCluster({
      objects: [namespaceObject('shop'), readyServer(TOKEN), named],
    });
    const { stdout } = await runPlugin(['check', '-f', written(FILE)], server);
    expect(stdout).not.toContain('The plugin assumes');
    expect(server.requests).toContain('get secrets ops/iat');
    expect(server.requests.join(' ')).not.toContain('oauth-registrar-system');
  });

  test('is planned without the credentials of the server where they may not be read', async () => {
    const server = await startPluginCluster({
      objects: [namespaceObject('shop'), readyServer(TOKEN)],
      forbids: ['list secrets', 'get secrets'],
    });
    const { stdout, code } = await runPlugin(['check', '-f', written(FILE), '-o', 'json'], server);
    const said = JSON.parse(stdout) as Planned;
    expect(said.steps.map(({ type }) => type)).toEqual(['AddFinalizer', 'Register']);
    expect(said.notSeen).toContain(
      'Your account may not get secrets in namespace oauth-registrar-system, so the credentials of ClusterAuthorizationServer corporate are not checked.',
    );
    expect(code).toBe(EXITS.done.code);
  });

  test('is an edit, where the object exists', async () => {
    const client = clientObject({ name: 'new', uid: 'u' }, {}, {});
    const server = await startPluginCluster({ objects: [...objects, client] });
    const { stdout } = await runPlugin(['check', '-f', '-', '-n', 'shop', '-o', 'json'], {
      ...server,
      input: FILE,
    });
    expect((JSON.parse(stdout) as Planned).body).toMatchObject({ client_name: 'New' });
    expect(server.requests).not.toContain('create oauthclients in shop');
    expect(server.requests).toContain('dry run of update oauthclients');
    const { generation } = server.cluster.find('OAuthClient', 'shop/new')?.metadata ?? {};
    expect(generation).toBe(client.metadata.generation);
  });

  test('is an edit that the caller may not make: it is not validated', async () => {
    const client = clientObject({ name: 'new', uid: 'u' }, {}, {});
    const forbids = ['update oauthclients'];
    const server = await startPluginCluster({ objects: [...objects, client], forbids });
    const { stdout } = await runPlugin(['check', '-f', written(FILE), '-o', 'json'], server);
    const said = JSON.parse(stdout) as Planned;
    expect(said.body).toMatchObject({ client_name: 'New' });
    expect(said.notSeen[0]).toBe(
      'Your account may not update oauthclients.oauth-registrar.dev in namespace shop, so the API server has not validated the file.',
    );
  });

  describe('of several clients', () => {
    const OTHER = FILE.replace('name: new', 'name: other');
    const IN_VAIN = FILE.replace('name: new', 'name: in-vain').replace(
      'namespace: shop',
      'namespace: closed',
    );
    const ALSO = IN_VAIN.replace('name: in-vain', 'name: also');
    const several = [FILE, IN_VAIN, ALSO, OTHER].join('---\n');

    test('with -o json is one array', async () => {
      const server = await startPluginCluster({ objects });
      const args = ['check', '-f', written(`${FILE}---\n${OTHER}`), '-o', 'json'];
      const { code, stdout } = await runPlugin(args, server);
      expect((JSON.parse(stdout) as readonly { name: string }[]).map(({ name }) => name)).toEqual([
        'new',
        'other',
      ]);
      expect(code).toBe(EXITS.done.code);
    });

    test('with -o yaml is one array', async () => {
      const server = await startPluginCluster({ objects });
      const args = ['check', '-f', written(`${FILE}---\n${OTHER}`), '-o', 'yaml'];
      const { stdout } = await runPlugin(args, server);
      expect((parse(stdout) as readonly { name: string }[]).map(({ name }) => name)).toEqual([
        'new',
        'other',
      ]);
    });

    test('says what is wrong with each, and the exit code is the worst', async () => {
      const server = await startPluginCluster({
        objects,
        refusals: { 'create oauthclients in closed': 422 },
      });
      const { code, stdout, stderr } = await runPlugin(['check', '-f', written(several)], server);
      expect(stdout.match(/^OAuthClient .*/gm)).toEqual([
        'OAuthClient shop/new: next step Register',
        'OAuthClient shop/other: next step Register',
      ]);
      expect(stderr).toBe(
        ['in-vain', 'also']
          .map(
            (name) =>
              `The API server refuses to create oauthclients.oauth-registrar.dev "${name}" in namespace closed: as the test asks.\n`,
          )
          .join(''),
      );
      expect(code).toBe(EXITS.found.code);
    });
  });

  test('of which the API server does not list the Secrets at the moment: not a right is missing', async () => {
    const server = await startPluginCluster({
      objects,
      fails: ['list secrets', 'get namespaces'],
    });
    const { code, stdout } = await runPlugin(['check', '-f', written(FILE), '-o', 'json'], server);
    const refused =
      "The API server can't list secrets in namespace shop at present: the store has no leader.";
    expect((JSON.parse(stdout) as Planned).notSeen).toEqual(
      expect.arrayContaining([
        `${refused} So it is not seen what the Secrets of workloads show.`,
        `${refused} So no credential of the namespace is seen.`,
        "The API server can't get namespaces in namespace shop at present: the store has no leader. So the labels of namespace shop, by which servers may admit it, are not seen.",
      ]),
    );
    expect(stdout).not.toContain('Your account may not');
    expect(code).toBe(EXITS.done.code);
  });

  test.each([
    ['kind: Pod', /^\S+ has no OAuthClient of oauth-registrar\.dev\/v1alpha1 with a name\.\n$/],
    ['kind: [', /^\S+ is not YAML: .+\n$/],
    [
      FILE.replace('name: corporate', 'name: *missing'),
      /^\S+ is not YAML: Unresolved alias \(the anchor must be set before the alias\): missing\.\n$/,
    ],
    [
      `a: &a [x, x, x, x, x, x, x, x, x, x]\n${['b', 'c', 'd'].map((name, at) => `${name}: &${name} [${Array(10).fill(`*${'abc'[at]}`)}]\n`).join('')}`,
      /^\S+ is not YAML: Excessive alias count indicates a resource exhaustion attack\.\n$/,
    ],
    [FILE.slice(0, FILE.indexOf('spec:')), /^OAuthClient "new" of \S+ has no spec\.\n$/],
    [`${FILE.slice(0, FILE.indexOf('spec:'))}spec: [1]\n`, /^OAuthClient "new" of \S+ has no spec\.\n$/],
  ])('%j is wrong usage', async (text, stderr) => {
    const run = await runPlugin(['check', '-f', written(text)], await startPluginCluster());
    expect(run).toMatchObject({ code: EXITS.usage.code, stdout: '' });
    expect(run.stderr).toMatch(stderr);
  });

  test('that is not there is wrong usage', async () => {
    expect(await runPlugin(['check', '-f', '/none'], await startPluginCluster())).toEqual({
      code: EXITS.usage.code,
      stdout: '',
      stderr: "/none can't be read: ENOENT: no such file or directory, open '/none'.\n",
    });
  });
});

test('a client that waits: why, in the words of the operator, and what comes after', async () => {
  const conditions = [
    { type: 'Ready', status: 'False', reason: 'AdmissionRefused', message: 'The server refused it.' },
    { type: 'Reconciling', status: 'True', reason: 'AdmissionRefused', message: 'See the condition Ready.' },
  ].map((condition) => ({ ...condition, lastTransitionTime: '2026-05-01T11:00:00Z' }));
  const objects = [
    namespaceObject('shop'),
    readyServer(),
    clientObject({}, {}, { observedGeneration: 3, conditions }),
  ];
  const run = await runPlugin(['check', 'storefront', '-n', 'shop'], await startPluginCluster({ objects }));
  expect(run.code).toBe(EXITS.found.code);
  expect(run.stdout.split('\n').slice(0, 4)).toEqual([
    'OAuthClient shop/storefront: waits, AdmissionRefused',
    '\u2502 The server refused it.',
    '\u2502 Cure: Put a valid credential into the Secret that the server object names; the operator notices.',
    '\u251c\u2500 When that is over: Register. The object has no client at ClusterAuthorizationServer corporate.',
  ]);
});

test('a ClusterAuthorizationServer whose operator may be elsewhere: the namespace that is assumed', async () => {
  const server = await startPluginCluster({ objects: [readyServer(TOKEN)] });
  const { stdout } = await runPlugin(['check', 'corporate'], server);
  expect(stdout).toContain(
    'The plugin assumes that the operator is in namespace oauth-registrar-system; --operator-namespace names another.\n',
  );
});

test('a ClusterAuthorizationServer whose operator is where a client says', async () => {
  const named = clientObject({}, {}, { installation: 'ops@cluster-1' });
  const server = await startPluginCluster({ objects: [readyServer(TOKEN), named] });
  const { stdout } = await runPlugin(['check', 'corporate'], server);
  expect(stdout).toContain(
    "wrong: Secret ops/iat doesn't exist. Create it with the label oauth-registrar.dev/credential=true.\n",
  );
  expect(stdout).not.toContain('The operator is taken to be in namespace');
});

describe('a name', () => {
  const own = serverObject('both', { namespace: 'shop' });

  test('of two kinds is wrong usage, and of one with its kind it is not', async () => {
    const server = await startPluginCluster({ objects: [serverObject('both'), own] });
    expect(await runPlugin(['check', 'both', '-n', 'shop'], server)).toEqual({
      code: EXITS.usage.code,
      stdout: '',
      stderr:
        'Several kinds have the name "both": say clusterauthorizationserver/both or authorizationserver/both.\n',
    });
    expect((await runPlugin(['check', 'oas/both', '-n', 'shop'], server)).stdout).toMatch(
      /^AuthorizationServer shop\/both: /,
    );
  });

  test.each([
    [
      ['nothing'],
      EXITS.found.code,
      'There is no OAuthClient "nothing" in namespace trial, and no server object of that name.\n',
    ],
    [['oac/nothing'], EXITS.found.code, 'There is no OAuthClient "nothing" in namespace trial.\n'],
    ...['pod/x', 'oas/x/junk', 'oas.any.group/x', 'oas/'].map((operand): [string[], number, string] => [
      [operand],
      EXITS.usage.code,
      `"${operand}" is neither a name nor oac/NAME, oas/NAME or coas/NAME.\n`,
    ]),
    [[], EXITS.usage.code, 'Give either a name or -f FILE.\n'],
  ])('%j', async (args, code, stderr) => {
    const server = await startPluginCluster();
    expect(await runPlugin(['check', ...args], server)).toEqual({ code, stdout: '', stderr });
  });
});

describe('a server object', () => {
  const condition = (type: string, status: string, reason: string, message: string) => ({
    ...{ type, status, reason, message },
    lastTransitionTime: '2026-05-01T11:00:00Z',
  });
  const claims = (exp: number) =>
    `eyJhbGciOiJFUzI1NiJ9.${Buffer.from(JSON.stringify({ exp })).toString('base64url')}.c2ln`;
  const found = {
    observedGeneration: 1,
    management: 'RegistrationAccessToken',
    conditions: [
      condition('Ready', 'True', 'Available', 'Clients are registered.'),
      condition('AdmissionAccepted', 'True', 'AdmissionAccepted', 'The server accepted a registration.'),
    ],
  };
  const object = (origin: string, status: object = found, spec: object = {}): Stored => ({
    ...serverObject('corporate', { spec: { issuer: origin, ...TOKEN, ...spec } }),
    status: status as never,
  });

  /** A server that publishes a document, and counts what it is asked. */
  async function startServer(document: (origin: string) => object) {
    const methods: string[] = [];
    const server = createServer((request, response) => {
      methods.push(request.method ?? '');
      response.end(JSON.stringify(document(origin)));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    return { origin, methods };
  }

  async function checked(
    objects: readonly Stored[],
    options: object = {},
    flags: readonly string[] = ['--allow-addresses=127.0.0.1'],
  ) {
    const server = await startPluginCluster({ objects, ...options });
    const args = ['check', 'coas/corporate', '--operator-namespace', OPERATOR_NAMESPACE, ...flags];
    return { ...server, ...(await runPlugin(args, server)) };
  }

  test('in which nothing is wrong', async () => {
    const { origin, methods } = await startServer((issuer) => ({
      issuer,
      registration_endpoint: `${issuer}/r`,
    }));
    const token = withSecret({ token: claims(4_102_444_800) }, LABEL);
    const { code, stdout } = await checked([object(origin, found, { dialect: 'hydra' }), token]);
    expect(
      stdout
        .split('\n')
        .filter((line) => !line.includes(' is "') && !line.includes(' is [') && !line.includes(' is {')),
    ).toEqual([
      'ClusterAuthorizationServer corporate: nothing wrong',
      '\u251c\u2500 Status',
      '\u2502  \u251c\u2500 good: Clients are registered.',
      '\u2502  \u2514\u2500 good: The server accepted a registration.',
      '\u251c\u2500 Discovery',
      `\u2502  \u2514\u2500 good: The document at ${origin}/.well-known/oauth-authorization-server has a registration endpoint.`,
      '\u251c\u2500 Credentials',
      `\u2502  \u251c\u2500 good: Secret ${OPERATOR_NAMESPACE}/iat is there, with the label of a credential.`,
      `\u2502  \u2514\u2500 Key "token" of Secret ${OPERATOR_NAMESPACE}/iat expires at 2100-01-01T00:00:00Z.`,
      '\u251c\u2500 Management',
      '\u2502  \u2514\u2500 Clients are managed by their registration access tokens.',
      '\u251c\u2500 Quirks',
      '\u2514\u2500 Namespaces',
      '   \u2514\u2500 It admits the namespaces shop.',
      '',
    ]);
    expect(stdout).not.toContain(claims(4_102_444_800));
    expect(code).toBe(EXITS.done.code);
    expect(new Set(methods)).toEqual(new Set(['GET']));
  });

  test('that identifies clients by documents needs no registration endpoint', async () => {
    const { origin: issuer } = await startServer((own) => ({ issuer: own }));
    const baseUrl = 'https://clients.example.com';
    const spec = { identification: { mode: 'Document', document: { baseUrl } }, registration: {} };
    const { stdout } = await checked([object(issuer, found, spec)]);
    expect(stdout).toMatch(/^ClusterAuthorizationServer corporate: nothing wrong/);
    expect(stdout).toMatch(
      /good: The document at .* was read; clients are identified by documents of the operator\./,
    );
  });

  const { origin } = new URL('https://sso.example.com');
  const to = { kind: 'ClusterAuthorizationServer', name: 'new' };
  const migratingFrom = (issuer: string) =>
    object(
      issuer,
      {
        ...found,
        conditions: [
          ...found.conditions,
          condition('Migrating', 'True', 'MigrationRefused', 'One would be refused.'),
        ],
        migration: {
          to,
          total: 3,
          moved: 1,
          moving: 1,
          refused: 1,
          references: 3,
          movedForGood: 1,
          begun: true,
        },
      },
      { migration: { to } },
    );
  const refusedClient = {
    kind: 'OAuthClient',
    metadata: { name: 'refused', namespace: 'trial' },
    spec: { authorizationServerRef: { kind: 'ClusterAuthorizationServer', name: 'corporate' }, client: {} },
    status: { conditions: [condition('Migrating', 'True', 'MigrationRefused', 'The policy forbids it.')] },
  } as unknown as Stored;
  test.each<[string, readonly Stored[], object, readonly string[]]>([
    [
      'whose Secret does not exist',
      [object(origin)],
      {},
      [
        `wrong: Secret ${OPERATOR_NAMESPACE}/iat doesn't exist. Create it with the label oauth-registrar.dev/credential=true.`,
        'Cure: Create the Secret that the message names.',
      ],
    ],
    [
      'whose Secret is not labelled',
      [object(origin), withSecret({ token: 'x' }, {})],
      {},
      [
        `wrong: Secret ${OPERATOR_NAMESPACE}/iat isn't marked as a credential. Run: kubectl -n ${OPERATOR_NAMESPACE} label secret iat oauth-registrar.dev/credential=true`,
      ],
    ],
    [
      'whose token expired',
      [object(origin), withSecret({ token: claims(1_577_836_800) }, LABEL)],
      {},
      [
        `wrong: Key "token" of Secret ${OPERATOR_NAMESPACE}/iat expired at 2020-01-01T00:00:00Z. Put a current one into it.`,
      ],
    ],
    [
      'whose Secret lacks the key',
      [object(origin), withSecret({ tok: 'x' }, LABEL)],
      {},
      [
        `wrong: Secret ${OPERATOR_NAMESPACE}/iat has no key "token". Keys present: tok. Add the key, or name another in the reference.`,
      ],
    ],
    [
      'whose Secret the caller may not read',
      [object(origin)],
      { forbids: ['get secrets'] },
      [
        `not seen: Your account may not get secrets in namespace ${OPERATOR_NAMESPACE}, so Secret iat is not checked.`,
      ],
    ],
    [
      'that admits nobody',
      [object(origin, found, { allowedNamespaces: undefined })],
      {},
      ['wrong: It admits no namespace: set spec.allowedNamespaces.'],
    ],
    [
      'that refuses the credential, and that gives no way to manage clients',
      [
        object(origin, {
          ...found,
          management: 'None',
          conditions: [condition('Ready', 'False', 'AdmissionRefused', 'The server refused the credential.')],
        }),
      ],
      {},
      [
        'wrong: The server refused the credential.',
        'Cure: Put a valid credential into the Secret that the server object names; the operator notices.',
        'wrong: The server gives no way to change or delete a client.',
      ],
    ],
    [
      'whose clients move, of which one would be refused',
      [migratingFrom(origin), refusedClient],
      {},
      [
        'wrong: One would be refused.',
        '1 of 3 clients have moved to ClusterAuthorizationServer new, 1 move now. OAuthClients that name this object: 3; of these have a client there alone: 1.',
        'wrong: trial/refused: The policy forbids it.',
      ],
    ],
    [
      'whose clients move, to a caller who may not list them',
      [migratingFrom(origin)],
      { forbids: ['list oauthclients'] },
      [
        'wrong: One would be refused.',
        'not seen: Your account may not list oauthclients.oauth-registrar.dev in all namespaces, so which clients are refused is not shown.',
      ],
    ],
    [
      'whose spec can not be used',
      [object(origin, found, { dialect: 'nonesuch' })],
      {},
      ['wrong: spec.dialect: '],
    ],
  ])('%s', async (_, objects, options, lines) => {
    const { stdout, code } = await checked(objects, { ...options }, []);
    for (const line of lines) {
      expect(stdout).toContain(line);
    }
    expect(code).toBe(lines[0]?.startsWith('wrong') ? EXITS.found.code : EXITS.done.code);
  });

  test('that this machine does not reach, and the operator does', async () => {
    const { stdout } = await checked([object('http://127.0.0.1:9'), withSecret({ token: 'x' }, LABEL)]);
    expect(stdout).toContain(
      "not seen: From this machine: http://127.0.0.1:9/.well-known/oauth-authorization-server can't be reached: ",
    );
    expect(stdout).toContain(' The operator found the endpoints.');
  });

  test('at an address that is refused by default', async () => {
    const { stdout } = await checked([object('http://127.0.0.1:9')], {}, []);
    expect(stdout).toContain('From this machine: 127.0.0.1 is a loopback address;');
  });

  test('whose document names another issuer', async () => {
    const { origin } = await startServer(() => ({
      issuer: 'https://other',
      registration_endpoint: 'https://other/r',
    }));
    const { stdout, code } = await checked([object(origin, { observedGeneration: 1 })]);
    expect(stdout).toContain('wrong: From this machine: ');
    expect(stdout).toContain(
      'Cure: Correct the issuer, or set discovery.acceptedIssuer to what is published.',
    );
    expect(code).toBe(EXITS.found.code);
  });
});
