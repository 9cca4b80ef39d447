import { describe, expect, test } from 'vitest';
import { VERSION } from '../../../../src/api/version.ts';
import { EXITS } from '../../../../src/cli/failure.ts';
import type { Stored } from '../../../kit/fakes/cluster.ts';
import { custom, type PluginCluster, runPlugin, startPluginCluster } from '../../../kit/fakes/plugin.ts';
import { clientObject } from '../../../kit/fixtures/objects.ts';

const at = '2026-05-01T11:00:00Z';
const condition = (type: string, status: 'True' | 'False', reason: string, message: string) => ({
  type,
  status,
  reason,
  message,
  lastTransitionTime: at,
});
const READY = condition(
  'Ready',
  'True',
  'Registered',
  'The client is registered and its Secret is up to date.',
);
const registered = {
  clientId: 'c1',
  issuer: 'https://sso.example.com',
  registeredAt: at,
  secretName: 'storefront-oauth',
  observedGeneration: 3,
  installation: 'oauth-registrar-system@cluster-1',
  authorizationServerRef: { kind: 'ClusterAuthorizationServer', name: 'corporate' },
  conditions: [
    READY,
    condition(
      'SecretSynced',
      'True',
      'SecretSynced',
      'Secret storefront-oauth shows the current registration.',
    ),
  ],
};
const client = (status: object = registered): Stored => clientObject({}, {}, status);
const server = (conditions: readonly object[]): Stored =>
  custom('ClusterAuthorizationServer', {
    metadata: { name: 'corporate', uid: 's' },
    status: { conditions } as never,
  });
const AVAILABLE = server([condition('Ready', 'True', 'Available', 'Clients are registered at https://x.')]);
const OWNER = { apiVersion: 'v1', kind: 'OAuthClient', name: 'storefront', uid: 'uid-1', controller: true };
const SECRET: Stored = {
  kind: 'Secret',
  metadata: {
    name: 'storefront-oauth',
    namespace: 'shop',
    ownerReferences: [OWNER],
  },
  data: { client_secret: 'c2VjcmV0' },
};
const pod = (name: string, spec: object): Stored => ({
  kind: 'Pod',
  metadata: { name, namespace: 'shop' },
  spec: spec as never,
  status: { phase: 'Running' },
});
const ledger = (data: Readonly<Record<string, string>>): Stored => ({
  kind: 'ConfigMap',
  metadata: { name: 'oauth-registrar-ledger', namespace: 'oauth-registrar-system' },
  data,
});
const LEDGER = ledger({ version: VERSION });
const VERSIONS = `Plugin ${VERSION}, operator ${VERSION}.\n`;

async function statusOf(
  objects: readonly Stored[],
  args: readonly string[] = ['storefront', '-n', 'shop'],
  options: object = {},
) {
  const cluster = await startPluginCluster({ objects, ...options });
  return { ...(await runPlugin(['status', ...args], cluster)), ...cluster };
}

/** The tree with all times as `TIME (DISTANCE)`. */
const lines = (stdout: string): readonly string[] =>
  stdout
    .trimEnd()
    .replaceAll(/\S+Z \((in \w+|\w+ ago)\)/g, 'TIME (DISTANCE)')
    .split('\n');

const readsNoSecret = ({ requests }: PluginCluster) =>
  expect(
    requests.filter((request) => request.includes(' secrets ') && !request.endsWith('(metadata)')),
  ).toEqual([]);

describe('a client', () => {
  test('that is ready: all that belongs to it', async () => {
    const objects = [
      client({
        ...registered,
        clientSecretExpiresAt: '2999-01-01T00:00:00Z',
        registrationAccessTokenExpiresAt: '2999-01-01T00:00:00Z',
        retiring: [{ clientId: 'c0', issuer: 'https://sso.example.com', endsAt: '2999-01-01T00:00:00Z' }],
        substitutions: [{ member: 'scope', asked: 'a b', registered: 'a' }],
      }),
      AVAILABLE,
      SECRET,
      pod('web-1', { volumes: [{ name: 'credentials', secret: { secretName: 'storefront-oauth' } }] }),
      pod('web-2', {
        containers: [{ name: 'app', envFrom: [{ secretRef: { name: 'storefront-oauth' } }] }],
      }),
      pod('other', {}),
      LEDGER,
    ];
    const run = await statusOf(objects);
    expect(lines(run.stdout)).toEqual([
      'OAuthClient shop/storefront: Ready',
      '\u2502 The client is registered and its Secret is up to date.',
      '\u251c\u2500 ClusterAuthorizationServer corporate: Ready',
      '\u251c\u2500 Registration: client c1 at https://sso.example.com, since TIME (DISTANCE)',
      '\u2502    scope: asked for "a b", registered is "a".',
      '\u251c\u2500 Secret storefront-oauth: written',
      '\u2502  \u2502 Secret storefront-oauth shows the current registration.',
      '\u2502  \u251c\u2500 Pod web-1 (Running): volume credentials',
      '\u2502  \u2514\u2500 Pod web-2 (Running): variables of container app',
      '\u2514\u2500 Ends:',
      '   \u251c\u2500 the client secret expires at TIME (DISTANCE); the operator renews it before',
      '   \u251c\u2500 the former client c0 is removed at TIME (DISTANCE)',
      '   \u2514\u2500 the registration access token expires at TIME (DISTANCE); the operator renews it before',
    ]);
    expect(run).toMatchObject({ code: EXITS.done.code, stderr: VERSIONS });
    readsNoSecret(run);
  });

  test('that is not: why, the cure, and what it waits for', async () => {
    const refused = 'The server refused the credential: invalid_token.';
    const objects = [
      client({
        observedGeneration: 2,
        authorizationServerRef: { kind: 'ClusterAuthorizationServer', name: 'corporate' },
        conditions: [
          condition('Ready', 'False', 'PolicyRefused', 'redirect_uris is at evil.example'),
          condition('Stalled', 'True', 'PolicyRefused', 'See the condition Ready.'),
        ],
      }),
      server([
        condition('Ready', 'False', 'AdmissionRefused', refused),
        condition('AdmissionAccepted', 'False', 'AdmissionRefused', 'See the condition Ready.'),
      ]),
      LEDGER,
    ];
    const run = await statusOf(objects);
    expect(lines(run.stdout)).toEqual([
      'OAuthClient shop/storefront: not ready, PolicyRefused',
      '\u2502 redirect_uris is at evil.example',
      '\u2502 Cure: Change what the message names, or ask the platform team to extend that bound.',
      '\u251c\u2500 ClusterAuthorizationServer corporate: not ready, AdmissionRefused',
      `\u2502    ${refused}`,
      '\u2502    Cure: Put a valid credential into the Secret that the server object names; the operator notices.',
      '\u251c\u2500 Registration: none',
      '\u251c\u2500 Secret storefront-oauth: does not exist',
      '\u2502  \u2514\u2500 No Pod uses it.',
      '\u251c\u2500 Ends: nothing',
      '\u2514\u2500 Waits:',
      '   \u251c\u2500 Stalled: a person must act first',
      '   \u2514\u2500 the operator has not seen the present spec: status is about generation 2 of 3',
    ]);
    expect(run.code).toBe(EXITS.found.code);
  });

  test.each([
    [
      condition('Verified', 'True', 'Verified', 'The server accepts it.'),
      ['Credential: accepted by the server'],
    ],
    [
      condition('Verified', 'False', 'CredentialRefused', 'The server refuses it.'),
      ['Credential: CredentialRefused', 'The server refuses it.'],
    ],
  ])('whose credential was tried: what the server said', async (verified, said) => {
    const run = await statusOf([client({ conditions: [verified] }), AVAILABLE, SECRET, LEDGER]);
    const at = lines(run.stdout).findIndex((line) => line.includes('Credential: '));
    const shown = lines(run.stdout).slice(at, at + said.length);
    expect(shown.map((line) => line.replace(/^[\u2500-\u257f ]+/, ''))).toEqual(said);
  });

  test('of which the caller may see little: each missing right by name', async () => {
    const forbids = ['get clusterauthorizationservers', 'get secrets', 'list pods', 'get configmaps'];
    const run = await statusOf([client(), AVAILABLE, SECRET], undefined, { forbids });
    expect(lines(run.stdout)).toEqual([
      'OAuthClient shop/storefront: Ready',
      '\u2502 The client is registered and its Secret is up to date.',
      '\u251c\u2500 ClusterAuthorizationServer corporate: not seen',
      '\u2502    Your account may not get clusterauthorizationservers.oauth-registrar.dev in this cluster.',
      '\u251c\u2500 Registration: client c1 at https://sso.example.com, since TIME (DISTANCE)',
      '\u251c\u2500 Secret storefront-oauth: written, as status says',
      '\u2502    Secret storefront-oauth shows the current registration.',
      '\u2502    Your account may not get secrets in namespace shop.',
      '\u2502    Your account may not list pods in namespace shop.',
      '\u2514\u2500 Ends: nothing',
    ]);
    expect(run).toMatchObject({
      code: EXITS.done.code,
      stderr: `Plugin ${VERSION}. The operator's version is not seen: Your account may not get configmaps in namespace oauth-registrar-system. --operator-namespace names another namespace.\n`,
    });
  });

  test.each([[[]], [[{ ...OWNER, controller: false }]], [[{ ...OWNER, kind: 'Deployment' }]]])(
    "whose Secret is somebody else's, and whose server object is gone: %j",
    async (ownerReferences) => {
      const { stdout } = await statusOf([
        client(),
        { ...SECRET, metadata: { ...SECRET.metadata, ownerReferences } },
      ]);
      expect(stdout).toContain("Secret storefront-oauth: exists and is not this client's\n");
      expect(stdout).toContain('ClusterAuthorizationServer corporate: does not exist\n');
    },
  );

  test('as JSON, as YAML and by name', async () => {
    const object = client();
    const as = async (format: string) =>
      (await statusOf([object], ['storefront', '-n', 'shop', '-o', format])).stdout;
    expect(JSON.parse(await as('json'))).toEqual(object);
    expect(await as('yaml')).toContain('kind: OAuthClient\nmetadata:\n');
    expect(await as('name')).toBe('oauthclient.oauth-registrar.dev/storefront\n');
  });

  test('that does not exist', async () => {
    expect(await statusOf([])).toMatchObject({
      code: EXITS.found.code,
      stdout: '',
      stderr: 'There is no OAuthClient "storefront" in namespace shop.\n',
    });
  });

  test('that the caller may not read', async () => {
    expect(await statusOf([], undefined, { forbids: ['get oauthclients'] })).toMatchObject({
      code: EXITS.forbidden.code,
      stderr: 'Your account may not get oauthclients.oauth-registrar.dev in namespace shop.\n',
    });
  });

  test('in a cluster without the CRDs', async () => {
    expect(await statusOf([], undefined, { lacks: ['oauthclients'] })).toMatchObject({
      code: EXITS.unreachable.code,
      stderr:
        'This cluster does not have oauthclients.oauth-registrar.dev: install oauth-registrar, or choose another --context.\n',
    });
  });
});

describe('clients', () => {
  const billing = clientObject(
    { namespace: 'billing', name: 'invoices', labels: { 'team.example.com/billing': 'true' } },
    {},
    { conditions: [condition('Ready', 'False', 'SecretConflict', 'Secret invoices exists.')] },
  );

  test('are a table, whose exit code says whether all are ready', async () => {
    const run = await statusOf([client(), billing, LEDGER], ['-A']);
    expect(run.stdout).toBe(
      [
        'NAMESPACE   NAME         READY   REASON           SERVER      ENDS   MESSAGE',
        'shop        storefront   True    Registered       corporate          The client is registered and its Secret is up to date.',
        'billing     invoices     False   SecretConflict   corporate          Secret invoices exists.',
        '',
      ].join('\n'),
    );
    expect(run).toMatchObject({ code: EXITS.found.code, stderr: `2 clients, 1 not ready. ${VERSIONS}` });
  });

  test('are of an operator whose namespace any of them names', async () => {
    const elsewhere = { ...LEDGER, metadata: { name: 'oauth-registrar-ledger', namespace: 'ops' } };
    const named = client({ ...registered, installation: 'ops@cluster-1' });
    const run = await statusOf([billing, named, elsewhere], ['-A']);
    expect(run).toMatchObject({ code: EXITS.found.code, stderr: `2 clients, 1 not ready. ${VERSIONS}` });
  });

  test('of one namespace, or with a label', async () => {
    const objects = [client(), billing, LEDGER];
    expect(await statusOf(objects, ['-n', 'shop'])).toMatchObject({
      code: EXITS.done.code,
      stderr: `1 client, 0 not ready. ${VERSIONS}`,
    });
    const { stdout } = await statusOf(objects, ['-A', '-l', 'team.example.com/billing=true', '-o', 'name']);
    expect(stdout).toBe('oauthclient.oauth-registrar.dev/invoices\n');
  });

  test('are listed page by page, with no call for each', async () => {
    const many = Array.from({ length: 120 }, (_, at) => clientObject({ name: `c${at}`, uid: `u${at}` }));
    const { requests, stdout } = await statusOf([...many, LEDGER], ['-A', '-o', 'json']);
    expect((JSON.parse(stdout) as { items: readonly object[] }).items).toHaveLength(120);
    expect(requests).toEqual(['list oauthclients in all namespaces', 'list oauthclients in all namespaces']);
  });

  test('that the caller may not list', async () => {
    expect(await statusOf([], ['-A'], { forbids: ['list oauthclients'] })).toMatchObject({
      code: EXITS.forbidden.code,
      stderr: 'Your account may not list oauthclients.oauth-registrar.dev in all namespaces.\n',
    });
  });
});

test.each([
  [
    { version: '9.9.9' },
    `Plugin ${VERSION}, operator 9.9.9: they differ, so a message or field of one may be unknown to the other.\n`,
  ],
  [
    {},
    `Plugin ${VERSION}. The operator's version is not known: it is older than the plugin, or no operator has worked yet.\n`,
  ],
])('an operator of another version is a warning: %o', async (data, stderr) => {
  expect(await statusOf([client(), AVAILABLE, SECRET, ledger(data)])).toMatchObject({
    code: EXITS.done.code,
    stderr,
  });
});

test('an API server that can not answer is not a client that is not ready', async () => {
  const fails = ['get oauthclients'];
  expect(await statusOf([client()], undefined, { fails })).toMatchObject({
    code: EXITS.unreachable.code,
    stdout: '',
    stderr:
      'The API server can\'t get oauthclients.oauth-registrar.dev "storefront" in namespace shop at present: the store has no leader.\n',
  });
});
