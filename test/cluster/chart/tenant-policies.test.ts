import { beforeAll, describe, expect, test } from 'vitest';
import { OWN_SUSPECTS, SUSPECTS } from '../../../src/core/suspects.ts';
import { UNREMOVED } from '../../../src/core/unremoved-client.ts';
import type { ChartValues } from '../../../tools/chart-values.ts';
import type { KubectlResult } from '../../kit/testbed/api-access.ts';
import { untilRefused } from '../../kit/testbed/policies.ts';
import { problemOf, tokenFor } from './check.ts';
import { CHART, NAMESPACE, RELEASE } from './rendered.ts';
import { useScene } from './scene.ts';

/** What the tenants' policies of the chart refuse, judged by a real API server. No operator runs. */

const HOSTS_OF_OTHERS = Array.from({ length: 300 }, (_, index) => `*.team-${index}.example.com`);
const VALUES: ChartValues = {
  replicas: 0,
  tenantPolicies: {
    enabled: true,
    bounds: {
      large: { redirectHosts: [...HOSTS_OF_OTHERS, '*.apps.example.com'] },
      _default: { servers: ['ClusterAuthorizationServer/corporate'] },
      shop: {
        servers: ['ClusterAuthorizationServer/corporate', 'AuthorizationServer/*'],
        redirectHosts: ['shop.example.com', '*.apps.example.com', '[::1]'],
        scopes: ['openid', 'profile'],
        grantTypes: ['authorization_code', 'refresh_token'],
        tokenEndpointAuthMethods: ['private_key_jwt'],
      },
    },
  },
};
const GROUP = 'oauth-registrar.dev';
const OPERATOR = `system:serviceaccount:${NAMESPACE}:oauth-registrar`;
const CONTROLLERS = [
  'system:serviceaccount:kube-system:namespace-controller',
  'system:serviceaccount:kube-system:generic-garbage-collector',
  'system:kube-controller-manager',
];

const scene = useScene('helm4');

const kubectl = (args: readonly string[], object?: object): Promise<KubectlResult> =>
  scene.controlPlane.kubectl(args, object === undefined ? {} : { stdin: JSON.stringify(object) });
const attempt = (verb: 'create' | 'replace' | 'delete', object: object, user?: string) =>
  kubectl([verb, '-f', '-', '--dry-run=server', ...(user === undefined ? [] : [`--as=${user}`])], object);
/** Changes the bound of namespace shop. */
const setScopes = (words: string) =>
  scene.kubectl(
    ...['patch', 'cm', 'oauth-registrar-tenants', '-n', NAMESPACE, '--type=merge', '-p'],
    JSON.stringify({ data: { 'shop.scopes': words } }),
  );
const isRefused = async (result: Promise<KubectlResult>) => (await result).code !== 0;
/** The policy's own sentence. */
const sentence = async (result: Promise<KubectlResult>): Promise<string> => {
  const { code, stderr } = await result;
  expect(code, 'nothing is refused').not.toBe(0);
  const [, words] = stderr.split('denied request: ');
  return words?.trim() ?? `another refusal: ${stderr}`;
};

const CLIENT = {
  redirectUris: ['https://shop.example.com/callback'],
  scopes: ['openid'],
  grantTypes: ['authorization_code'],
  tokenEndpointAuthMethod: 'private_key_jwt',
  jwksUri: 'https://shop.example.com/keys',
};
const CORPORATE = { kind: 'ClusterAuthorizationServer', name: 'corporate' };
interface Parts {
  readonly namespace?: string;
  readonly name?: string;
  readonly server?: object | undefined;
  readonly client?: object;
  readonly spec?: object;
}
const oauthClient = (parts: Parts = {}): object => ({
  apiVersion: `${GROUP}/v1alpha1`,
  kind: 'OAuthClient',
  metadata: { name: parts.name ?? 'new', namespace: parts.namespace ?? 'shop' },
  spec: {
    authorizationServerRef: 'server' in parts ? parts.server : CORPORATE,
    client: { ...CLIENT, ...parts.client },
    ...parts.spec,
  },
});
const server = (defaults: object): object => ({
  apiVersion: `${GROUP}/v1alpha1`,
  kind: 'AuthorizationServer',
  metadata: { name: 'own', namespace: 'shop' },
  spec: { issuer: 'https://sso.example.com', registration: { admission: { open: {} } }, defaults },
});
const secret = (name: string, labels: object, namespace = NAMESPACE): object => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name, namespace, labels },
  stringData: { client_id: 'c', registration_access_token: 't' },
});
const configMap = (name: string, data: object = { epoch: '1' }): object => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: NAMESPACE },
  data,
});
const RECORD = secret('oac-record', { [`${GROUP}/registration`]: 'true' });
const LEDGER = configMap('oauth-registrar-ledger');
const LISTS = [SUSPECTS, OWN_SUSPECTS, UNREMOVED];

beforeAll(async () => {
  for (const name of ['shop', 'billing', 'large']) {
    await scene.kubectl('create', 'namespace', name);
  }
  const flags = ['-n', NAMESPACE, '--create-namespace', '--wait', '--timeout', '90s'];
  const { code, stderr } = await scene.helm.run(['install', RELEASE, CHART, ...flags], VALUES);
  expect({ code, stderr }).toMatchObject({ code: 0 });
  // They hold every right that the commands need, and neither of the verbs `restore` and `resolve`.
  const status = ['oauthclients', 'authorizationservers', 'clusterauthorizationservers'].map(
    (plural) => `${plural}.${GROUP}/status`,
  );
  await scene.kubectl(
    ...['create', 'clusterrole', 'writer', '--verb=get,list,create,update,patch,delete'],
    `--resource=${['secrets', 'configmaps', `oauthclients.${GROUP}`, ...status].join(',')}`,
  );
  const users = ['clerk', 'restorer', 'resolver', OPERATOR, ...CONTROLLERS].map((user) => `--user=${user}`);
  await scene.kubectl('create', 'clusterrolebinding', 'writers', '--clusterrole=writer', ...users);
  await untilRefused(() => isRefused(attempt('create', RECORD, 'clerk')));
  await untilRefused(() => isRefused(attempt('create', oauthClient({ server: undefined }))));
  await untilRefused(() =>
    isRefused(attempt('create', configMap('oauth-registrar-tenants-probe', { x: '' }))),
  );
  // Without the annotation of `kubectl apply`, which a later `kubectl replace` would change.
  for (const object of [RECORD, LEDGER, oauthClient({ name: 'web' })]) {
    expect(await kubectl(['create', '-f', '-'], object)).toMatchObject({ code: 0 });
  }
  await untilRefused(() => isRefused(patchStatus('clerk')));
}, 120_000);

const patchStatus = (user: string) =>
  kubectl([
    ...['patch', 'oac', 'web', '-n', 'shop', '--subresource=status', '--type=merge', `--as=${user}`],
    ...['--dry-run=server', '-p', '{"status":{"clientId":"forged"}}'],
  ]);
const patched = (kind: string, name: string, change: object, user = 'clerk') =>
  kubectl([
    ...['patch', kind, name, '-n', NAMESPACE, `--as=${user}`, '--dry-run=server'],
    ...['-p', JSON.stringify(change)],
  ]);
const patchRecord = (user: string) =>
  kubectl([
    ...['patch', 'secret', 'oac-record', '-n', NAMESPACE, `--as=${user}`, '--dry-run=server'],
    ...['-p', '{"stringData":{"registration_access_token":"another"}}'],
  ]);

describe('the records of the operator', () => {
  const ALONE = (what: string, user = 'clerk') =>
    `the operator alone writes ${what}, since it manages registered OAuth clients by it. To restore a backup or to put a record right, have somebody bind ClusterRole oauth-registrar-restore to you: kubectl create rolebinding oauth-registrar-restore -n ${NAMESPACE} --clusterrole=oauth-registrar-restore --user=${user}`;

  test.each([
    [
      'create a registration Secret',
      () => attempt('create', secret('new', { [`${GROUP}/registration`]: 'true' }), 'clerk'),
      'secrets new',
    ],
    [
      'create a server record',
      () => attempt('create', secret('new', { [`${GROUP}/registration`]: 'server' }), 'clerk'),
      'secrets new',
    ],
    [
      'create the key of hashes',
      () => attempt('create', secret('new', { [`${GROUP}/hash-key`]: 'true' }), 'clerk'),
      'secrets new',
    ],
    [
      'make a Secret a record',
      () => attempt('replace', secret('other', { [`${GROUP}/registration`]: 'true' }), 'clerk'),
      'secrets other',
    ],
    ['change a registration Secret', () => patchRecord('clerk'), 'secrets oac-record'],
    [
      'make a registration Secret immutable',
      () => patched('secret', 'oac-record', { immutable: true }),
      'secrets oac-record',
    ],
    [
      'replace the ledger',
      () => attempt('replace', configMap('oauth-registrar-ledger', { epoch: '2' }), 'clerk'),
      'configmaps oauth-registrar-ledger',
    ],
    [
      'create a list of suspected orphans',
      () => attempt('create', configMap('oauth-registrar-suspected-orphans'), 'clerk'),
      'configmaps oauth-registrar-suspected-orphans',
    ],
    ['write status', () => patchStatus('clerk'), 'status of oauthclients web'],
  ])('nobody else may %s', async (_, tried, what) => {
    await scene.apply(secret('other', {}));
    expect(await sentence(tried())).toBe(ALONE(what));
  });

  test('the operator may, and so may Kubernetes where it deletes what has no namespace or owner', async () => {
    for (const user of [OPERATOR, ...CONTROLLERS]) {
      expect(await attempt('delete', RECORD, user), user).toMatchObject({ code: 0 });
      expect(await attempt('delete', LEDGER, user === OPERATOR ? CONTROLLERS[0] : user)).toMatchObject({
        code: 0,
      });
    }
    expect(await patchRecord(OPERATOR)).toMatchObject({ code: 0 });
    expect(await patchStatus(OPERATOR)).toMatchObject({ code: 0 });
  });

  test('others may store an object again as it is, and write other objects', async () => {
    const stored = JSON.parse(
      await scene.kubectl('get', 'secret', 'oac-record', '-n', NAMESPACE, '-o', 'json'),
    ) as object;
    expect(await attempt('replace', stored, 'clerk')).toMatchObject({ code: 0, stderr: '' });
    expect(await attempt('create', secret('new', {}), 'clerk')).toMatchObject({ code: 0 });
    expect(await attempt('create', configMap('new'), 'clerk')).toMatchObject({ code: 0 });
    const labels = { [`${GROUP}/registration`]: 'true' };
    expect(await attempt('create', secret('new', labels, 'shop'), 'clerk')).toMatchObject({ code: 0 });
  });

  test('whoever the printed command gives the verb restore may write them', async () => {
    const [, command = ''] = (await sentence(patchRecord('restorer'))).split(': ');
    expect(await scene.shell(command)).toMatchObject({ code: 0 });
    await untilRefused(async () => !(await isRefused(patchRecord('restorer'))));
    expect(
      await attempt('create', secret('new', { [`${GROUP}/registration`]: 'true' }), 'restorer'),
    ).toMatchObject({ code: 0 });
    expect(
      await attempt('replace', configMap('oauth-registrar-ledger', { epoch: '2' }), 'restorer'),
    ).toMatchObject({ code: 0 });
    expect(await patchStatus('restorer')).toMatchObject({ code: 0 });
    expect(await isRefused(patchRecord('clerk'))).toBe(true);
  });

  test('who may resolve entries may change the three lists, and nothing else', async () => {
    for (const list of LISTS) {
      expect(await kubectl(['create', '-f', '-'], configMap(list, { a: '{}' }))).toMatchObject({ code: 0 });
    }
    const resolve = (list: string) =>
      patched('configmap', list, { data: { 'a.resolved': 'removed by hand' } }, 'resolver');
    expect(await sentence(resolve(UNREMOVED))).toBe(ALONE(`configmaps ${UNREMOVED}`, 'resolver'));
    await scene.kubectl(
      ...['create', 'rolebinding', 'resolver', '-n', NAMESPACE, '--user=resolver'],
      '--clusterrole=oauth-registrar-list-resolver',
    );
    await untilRefused(async () => !(await isRefused(resolve(UNREMOVED))));
    for (const list of LISTS) {
      expect(await resolve(list), list).toMatchObject({ code: 0 });
    }
    const replaced = (name: string) => attempt('replace', configMap(name, { epoch: '2' }), 'resolver');
    const refused: readonly (readonly [Promise<KubectlResult>, string])[] = [
      [patchRecord('resolver'), 'secrets oac-record'],
      [attempt('create', secret('new', { [`${GROUP}/hash-key`]: 'true' }), 'resolver'), 'secrets new'],
      [replaced('oauth-registrar-ledger'), 'configmaps oauth-registrar-ledger'],
      [attempt('create', configMap(`${UNREMOVED}-new`), 'resolver'), `configmaps ${UNREMOVED}-new`],
      [attempt('delete', configMap(UNREMOVED), 'resolver'), `configmaps ${UNREMOVED}`],
      [patchStatus('resolver'), 'status of oauthclients web'],
    ];
    for (const [tried, what] of refused) {
      expect(await sentence(tried)).toBe(ALONE(what, 'resolver'));
    }
  });
});

describe('the bounds of namespaces', () => {
  const ASK = (key: string) =>
    `or ask the platform team to extend ${key} in ConfigMap oauth-registrar-tenants of namespace ${NAMESPACE}`;
  const OWN = { kind: 'AuthorizationServer', name: 'own' };

  test.each<[string, Parts]>([
    ['what is within all bounds', {}],
    [
      'a host below another',
      {
        client: {
          redirectUris: [
            'https://a.b.apps.example.com:8443/cb?x=1',
            'http://[::1]:3000/cb',
            'HTTPS://Shop.Example.com',
          ],
        },
      },
    ],
    ['a server of its own', { server: OWN }],
    ['less than all', { client: { scopes: [], grantTypes: ['refresh_token', 'authorization_code'] } }],
    [
      'a key that the operator makes',
      {
        client: { tokenEndpointAuthMethod: undefined, jwksUri: undefined },
        spec: { credential: { generatedKey: {} } },
      },
    ],
    [
      'in a namespace without lists, anything but servers',
      {
        namespace: 'billing',
        client: {
          scopes: ['admin'],
          redirectUris: ['https://elsewhere.example.org/cb'],
          tokenEndpointAuthMethod: 'client_secret_basic',
        },
      },
    ],
  ])('permit %s', async (_, parts) => {
    expect(await attempt('create', oauthClient(parts))).toMatchObject({ code: 0, stderr: '' });
  });

  const SERVERS = 'ClusterAuthorizationServer/corporate, AuthorizationServer/*';
  const HOSTS = 'shop.example.com, *.apps.example.com, [::1]';
  test.each<[string, Parts, string]>([
    [
      'another server',
      { server: { ...CORPORATE, name: 'partners' } },
      `namespace shop may not use ClusterAuthorizationServer/partners, only these servers: ${SERVERS}. Name one of them in spec.authorizationServerRef, ${ASK('shop.servers')}`,
    ],
    [
      'no server',
      { server: undefined },
      `spec.authorizationServerRef is not set, and namespace shop may use only these servers: ${SERVERS}. Name one of them in spec.authorizationServerRef, ${ASK('shop.servers')}`,
    ],
    [
      'a server of its own where only others are listed',
      { namespace: 'billing', server: OWN },
      `namespace billing may not use AuthorizationServer/own, only these servers: ClusterAuthorizationServer/corporate. Name one of them in spec.authorizationServerRef, ${ASK('_default.servers')}`,
    ],
    [
      'a scope',
      { client: { scopes: ['openid', 'admin'] } },
      `namespace shop may not use scope admin, only these: openid, profile. Choose of them, ${ASK('shop.scopes')}`,
    ],
    [
      'no scopes',
      { client: { scopes: undefined } },
      `spec.client.scopes is not set, so the server would choose, and namespace shop may use only these scopes: openid, profile. List those that the client needs, ${ASK('shop.scopes').replace('extend', 'remove')}`,
    ],
    [
      'a grant type',
      { client: { grantTypes: ['client_credentials'] } },
      `namespace shop may not use grant type client_credentials, only these: authorization_code, refresh_token. Choose of them in grantTypes, ${ASK('shop.grantTypes')}`,
    ],
    [
      'a method',
      { client: { tokenEndpointAuthMethod: 'client_secret_post', jwksUri: undefined } },
      `clients of namespace shop may not authenticate by client_secret_post, only by these: private_key_jwt. Choose one of them in tokenEndpointAuthMethod, ${ASK('shop.tokenEndpointAuthMethods')}`,
    ],
    [
      'no method',
      { client: { tokenEndpointAuthMethod: undefined, jwksUri: undefined } },
      `clients of namespace shop may not authenticate by client_secret_basic, which a client does that names no method, only by these: private_key_jwt. Choose one of them in tokenEndpointAuthMethod, ${ASK('shop.tokenEndpointAuthMethods')}`,
    ],
  ])('refuse %s', async (_, parts, words) => {
    expect(await sentence(attempt('create', oauthClient(parts)))).toBe(words);
  });

  test.each([
    'https://evil.example.org/cb',
    'https://shop.example.com.evil.example.org/cb',
    'https://evil-apps.example.com/cb',
    'https://apps.example.com/cb',
    'https://shop.example.com@evil.example.org/cb',
    'https://evil.example.org/?//shop.example.com/',
    'https://evil.example.org\\@shop.example.com/cb',
    'https://shop%2eexample.com/cb',
    'https:/shop.example.com/cb',
    'https:evil.example.org//shop.example.com/cb',
    'http://[::2]/cb',
    'com.example.app://shop.example.com/cb',
  ])('refuse the redirect URI %s', async (uri) => {
    const words = `redirect URI ${uri} is at no host that namespace shop may use, which are: ${HOSTS}. Choose another, ${ASK('shop.redirectHosts')}`;
    for (const client of [{ redirectUris: [uri] }, { postLogoutRedirectUris: [uri] }]) {
      expect(await sentence(attempt('create', oauthClient({ client })))).toBe(words);
    }
  });

  test('the largest object is judged within the budget of expressions', async () => {
    const many = Array.from(
      { length: 32 },
      (_, index) => `https://a${index}.apps.example.com/${'x'.repeat(2_000)}`,
    );
    const uris = (postLogoutRedirectUris: readonly string[]) =>
      attempt(
        'create',
        oauthClient({ namespace: 'large', client: { redirectUris: many, postLogoutRedirectUris } }),
      );
    expect(await uris(many)).toMatchObject({ code: 0, stderr: '' });
    expect(await sentence(uris([...many.slice(1), 'https://evil.example.org/cb']))).toContain(
      'redirect URI https://evil.example.org/cb is at no host that namespace large may use, which are: *.team-0.example.com, ',
    );
    const long = `https://evil.example.org/${'x'.repeat(2_000)}`;
    expect(await sentence(uris([long]))).toMatch(
      /^redirect URI https:\/\/evil\.example\.org\/x{475}… is at no host .*\.te…\. Choose another, or ask the platform team to extend large\.redirectHosts in ConfigMap oauth-registrar-tenants of namespace oauth-registrar-system$/,
    );
  });

  test('the defaults of an AuthorizationServer are bounded like what its clients say themselves', async () => {
    expect(await attempt('create', server({ scopes: ['openid'] }))).toMatchObject({ code: 0 });
    expect(await sentence(attempt('create', server({ scopes: ['admin'] })))).toBe(
      `namespace shop may not use scope admin, only these: openid, profile. Choose of them, ${ASK('shop.scopes')}`,
    );
    expect(await isRefused(attempt('create', server({ tokenEndpointAuthMethod: 'none' })))).toBe(true);
  });

  test('bounds that become tighter change nothing until the spec is edited', async () => {
    await setScopes('');
    await untilRefused(() => isRefused(attempt('create', oauthClient())));
    const patch = (change: object) =>
      kubectl([
        'patch',
        'oac',
        'web',
        '-n',
        'shop',
        '--type=merge',
        '--dry-run=server',
        '-p',
        JSON.stringify(change),
      ]);
    expect(await patch({ metadata: { finalizers: [`${GROUP}/registration`] } })).toMatchObject({ code: 0 });
    expect(
      await patch({ metadata: { annotations: { [`${GROUP}/reconcile-requested-at`]: '1' } } }),
    ).toMatchObject({ code: 0 });
    expect(await sentence(patch({ spec: { client: { clientName: 'Edited' } } }))).toContain(
      'may not use scope openid, only these: none. Choose',
    );
    await setScopes('openid\nprofile');
    await untilRefused(async () => !(await isRefused(attempt('create', oauthClient()))));
  });

  test('a bound with a typing error is refused', async () => {
    const bounds = (data: object) => attempt('replace', configMap('oauth-registrar-tenants', data));
    expect(await sentence(bounds({ 'shop.scope': 'openid' }))).toBe(
      'key shop.scope is no bound. Write NAMESPACE.BOUND, or _default.BOUND for all other namespaces; BOUND is servers, redirectHosts, scopes, grantTypes or tokenEndpointAuthMethods',
    );
    expect(await sentence(bounds({ '_default.servers': 'AuthorizationServer/own corporate' }))).toBe(
      'corporate is no server. Write ClusterAuthorizationServer/NAME or AuthorizationServer/NAME, with * as NAME for all of the kind, and a space between two',
    );
    expect(await sentence(bounds({ 'shop.redirectHosts': 'https://shop.example.com' }))).toBe(
      'https://shop.example.com is no host. Write shop.example.com, or *.example.com for all hosts below it, without scheme, port and path, and a space between two',
    );
    expect(await bounds({ 'shop.scopes': '', '_default.redirectHosts': '*.example.com\n' })).toMatchObject({
      code: 0,
    });
  });

  test('without the ConfigMap everything is refused, and the name of the binding says what is missing', async () => {
    const stored = await scene.kubectl('get', 'cm', 'oauth-registrar-tenants', '-n', NAMESPACE, '-o', 'json');
    await scene.kubectl('delete', 'cm', 'oauth-registrar-tenants', '-n', NAMESPACE);
    await untilRefused(() => isRefused(attempt('create', oauthClient())));
    expect((await attempt('create', oauthClient())).stderr).toContain(
      "ValidatingAdmissionPolicy 'oauth-registrar-tenants' with binding 'configmap-oauth-registrar-tenants' denied request: failed to configure binding: no params found for policy binding with `Deny` parameterNotFoundAction",
    );
    const finalizers = JSON.stringify({ metadata: { finalizers: [`${GROUP}/registration`] } });
    const asOperator = ['--type=merge', '--dry-run=server', `--as=${OPERATOR}`, '-p', finalizers];
    expect((await kubectl(['patch', 'oac', 'web', '-n', 'shop', ...asOperator])).stderr).toContain(
      'no params found for policy binding',
    );
    const token = await tokenFor(scene, NAMESPACE);
    const env = { TENANTS_BINDINGS: 'oauth-registrar-writers-status,configmap-oauth-registrar-tenants' };
    expect(await problemOf(scene, { namespace: NAMESPACE, token, env })).toBe(
      `Namespace ${NAMESPACE} has no ConfigMap oauth-registrar-tenants (404), so every write of an OAuthClient is refused. Run helm upgrade, which makes it again.`,
    );
    const others = { TENANTS_BINDINGS: 'another' };
    expect(await problemOf(scene, { namespace: NAMESPACE, token, env: others })).toBe(
      'The cluster has no validatingadmissionpolicybindings another (404), so nothing guards what it is for. Run helm upgrade with the same values: it makes again what belongs to this release. With shared.enabled=false, upgrade the release that has it.',
    );
    const { data } = JSON.parse(stored) as { readonly data: object };
    await scene.apply(configMap('oauth-registrar-tenants', data));
    await untilRefused(async () => !(await isRefused(attempt('create', oauthClient()))));
  });
});

test('a namespace that is deleted takes its objects along, also the records of the operator', async () => {
  await scene.kubectl('delete', 'namespace', 'shop', '--timeout=60s');
  await scene.kubectl('annotate', 'namespace', NAMESPACE, `${GROUP}/allow-deletion=true`);
  await scene.kubectl('delete', 'namespace', NAMESPACE, '--timeout=60s');
  const left = await scene.kubectl('get', 'oac,secrets,configmaps', '-A', '-o', 'name');
  expect(left).not.toMatch(/oac-record|oauth-registrar|oauthclient/);
});
