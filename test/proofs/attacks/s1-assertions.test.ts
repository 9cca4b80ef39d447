import { beforeAll, describe, expect, test } from 'vitest';
import { reply, type StubServer } from '../../kit/stub-server.ts';
import { clusterServer, conditionOf, machineClient, ownServer, type SeenObject } from './kit/objects.ts';
import { type Tenant, useTarget } from './kit/target.ts';

/** Tokens of the cluster that admit the operator: who may get one, for whom, and what stays of it. */

const LISTED = 'https://listed.example';
const target = useTarget({ flags: [`--assertion-audiences=${LISTED},kubernetes,https://127.0.0.1`] });
let tenant: Tenant;
beforeAll(async () => {
  tenant = await target.tenant('admin');
});

const byAssertion = (more: object = {}) => ({
  clientCredentials: { authMethod: 'ServiceAccountToken', ...more },
});
const managedBy = (more: object = {}) => ({
  management: { mode: 'Credential', credential: byAssertion(more) },
});
const at = (name: string) => ({ kind: 'ClusterAuthorizationServer', name });
const reasonOf = (object: SeenObject | undefined) => conditionOf(object, 'Ready')?.['reason'] as string;
const isTold = (object: SeenObject | undefined): boolean => !['Queued', undefined].includes(reasonOf(object));

/** The assertions that a server got: at its token endpoint, which admits with `access`. */
function collecting(server: StubServer): string[] {
  const got: string[] = [];
  server.behave.other = (exchange) => {
    got.push(new URLSearchParams(exchange.text).get('client_assertion') ?? 'no assertion');
    reply(200, { access_token: 'access', token_type: 'Bearer' })(exchange);
  };
  return got;
}

const claimsIn = (jwt: string | undefined) =>
  JSON.parse(Buffer.from(jwt?.split('.')[1] ?? '', 'base64url').toString()) as Readonly<
    Record<string, unknown>
  >;
const ACCOUNT = `system:serviceaccount:oauth-registrar-system:oauth-registrar-assertion`;

test('is fresh for each use, and nowhere to be found afterwards', async () => {
  const server = await target.server();
  const got = collecting(server);
  server.admits = 'access';
  await target.admin.createOrFail(
    clusterServer('keyless', server.issuer, { registration: { admission: byAssertion() } }),
  );
  for (const name of ['keyless-1', 'keyless-2']) {
    await tenant.ready(machineClient(name, { server: at('keyless') }));
  }
  expect(got).toHaveLength(2);
  expect(new Set(got).size).toBe(2);
  const { sub, aud, iat, exp } = claimsIn(got[0]);
  expect({ sub, aud, life: Number(exp) - Number(iat) }).toEqual({
    sub: ACCOUNT,
    aud: [server.issuer],
    life: 600,
  });
  const kinds = ['Secret', 'ConfigMap', 'Event', 'Lease', 'ServiceAccount'];
  const kept = await Promise.all([
    ...kinds.flatMap((kind) => [target.admin.list(kind), tenant.list(kind)]),
    tenant.list('OAuthClient'),
    target.admin.list('ClusterAuthorizationServer'),
  ]);
  const decoded = kept
    .flat()
    .flatMap(({ data }) => Object.values((data ?? {}) as object))
    .map((value) => Buffer.from(String(value), 'base64').toString());
  const everything = JSON.stringify([kept, decoded, target.pod.lines()]);
  for (const token of got) {
    const signature = token.split('.')[2] ?? '';
    expect(signature.length).toBeGreaterThan(100);
    expect(everything).not.toContain(signature);
  }
});

test('the token is nothing to the API server, and the account that it is of may do nothing', async () => {
  const server = await target.server();
  const got = collecting(server);
  await target.admin.createOrFail(
    clusterServer('robbed', server.issuer, { registration: { admission: byAssertion() } }),
  );
  await tenant.ready(machineClient('robbed', { server: at('robbed') }));
  const { code, stderr } = await target.controlPlane.kubectl([
    ...['get', 'namespaces', `--token=${got[0]}`, '--kubeconfig=/dev/null'],
    ...[`--server=${target.controlPlane.url}`, `--certificate-authority=${target.controlPlane.caFile}`],
  ]);
  expect(code).not.toBe(0);
  expect(stderr).toMatch(/Unauthorized|provide credentials/);
  const { stdout } = await target.controlPlane.kubectl([
    ...['auth', 'can-i', '--list', '-n', 'oauth-registrar-system', `--as=${ACCOUNT}`],
    '--as-group=system:serviceaccounts',
  ]);
  const rights = stdout
    .split('\n')
    .filter((line) => /\[(get|list|watch|create|update|patch|delete|\*)/.test(line));
  expect(rights.filter((line) => !/^selfsubject|^ +\[\//.test(line))).toEqual([]);
});

test("the operator's account gets a token of the account without rights, and of no other", async () => {
  const kubeconfig = await target.controlPlane.kubeconfigFor({
    namespace: target.admin.namespace,
    serviceAccount: 'oauth-registrar',
  });
  const tokenOf = async (account: string, namespace = target.admin.namespace) =>
    (
      await target.controlPlane.kubectl(
        ['create', 'token', account, '-n', namespace, '--audience=https://sso.example.com'],
        { kubeconfig },
      )
    ).code;
  expect(await tokenOf('oauth-registrar-assertion')).toBe(0);
  expect(await tokenOf('oauth-registrar')).toBe(1);
  expect(await tokenOf('default')).toBe(1);
  await tenant.createOrFail({ kind: 'ServiceAccount', metadata: { name: 'oauth-registrar-assertion' } });
  expect(await tokenOf('oauth-registrar-assertion', tenant.namespace)).toBe(1);
});

describe('a server object that must not get one', () => {
  const issued = async (since: number) =>
    (await target.controlPlane.audit(since)).filter(
      ({ subresource, user }) => subresource === 'token' && user.endsWith(':oauth-registrar'),
    );

  test.each<{ what: string; reason: string; spec: (cluster: string, other: string) => object }>([
    {
      what: 'for an audience that no flag lists',
      reason: 'AudienceRefused',
      spec: () => ({ registration: { admission: byAssertion({ audience: 'https://other.example' }) } }),
    },
    {
      what: "for the API server's own audience, which the issuer of the server object names",
      reason: 'AudienceRefused',
      spec: (cluster) => ({
        issuer: cluster,
        discovery: { mode: 'None' },
        registration: { endpoint: `${cluster}/reg`, admission: byAssertion() },
        endpoints: { token: `${cluster}/token` },
      }),
    },
    {
      what: "for the API server's name, though the flag lists it",
      reason: 'AudienceRefused',
      spec: () => ({ registration: { admission: byAssertion({ audience: 'kubernetes' }) } }),
    },
    {
      what: 'for an audience that no flag lists, by what manages clients',
      reason: 'AudienceRefused',
      spec: () => managedBy({ audience: 'https://other.example' }),
    },
    {
      what: 'to a token endpoint at another origin that discovery names',
      reason: 'AddressRefused',
      spec: () => ({ registration: { admission: byAssertion() } }),
    },
    {
      what: 'to a token endpoint at another origin, by what manages clients',
      reason: 'AddressRefused',
      spec: () => managedBy(),
    },
  ])('no token is sent, and none is issued: $what', async ({ what, reason, spec }) => {
    const [server, other] = [await target.server(), await target.server()];
    const got = [collecting(server), collecting(other)];
    const isElsewhere = reason === 'AddressRefused';
    server.behave.discovery = reply(200, {
      issuer: server.issuer,
      registration_endpoint: `${server.issuer}/reg`,
      token_endpoint: `${isElsewhere ? other.issuer : server.issuer}/token`,
    });
    const since = await target.controlPlane.auditPosition();
    const name = `refused-${server.issuer.split(':').at(-1)}`;
    await target.admin.createOrFail(
      clusterServer(name, server.issuer, spec(target.controlPlane.url, other.issuer)),
    );
    await tenant.createOrFail(machineClient(name, { server: at(name) }));
    await tenant.until('OAuthClient', name, isTold);
    const deadline = Date.now() + 10_000;
    let told: SeenObject | undefined;
    while (told === undefined && Date.now() < deadline) {
      const seen = await target.admin.get('ClusterAuthorizationServer', name);
      const reasons = (seen?.['status']?.conditions ?? []) as readonly SeenObject[];
      told = reasons.find((condition) => condition['reason'] === reason);
    }
    expect(told?.['message'], what).toBeDefined();
    expect(got.flat()).toEqual([]);
    expect(await issued(since)).toEqual([]);
  });

  test("for the API server's name, by what manages clients: refused when a client is edited", async () => {
    const server = await target.server();
    const got = collecting(server);
    const since = await target.controlPlane.auditPosition();
    await target.admin.createOrFail(
      clusterServer('managing', server.issuer, managedBy({ audience: 'kubernetes' })),
    );
    await tenant.ready(machineClient('managed', { server: at('managing') }));
    const edit = JSON.stringify({ spec: { client: { clientName: 'Edited' } } });
    const { code, stderr } = await target.controlPlane.kubectl([
      ...['patch', 'oac', 'managed', '-n', tenant.namespace, '--type=merge', '-p', edit],
    ]);
    expect(code, stderr).toBe(0);
    const told = async () =>
      JSON.stringify([
        (await target.admin.get('ClusterAuthorizationServer', 'managing'))?.['status'],
        (await tenant.get('OAuthClient', 'managed'))?.['status'],
      ]);
    await expect.poll(told, { timeout: 20_000 }).toContain('AudienceRefused');
    expect(got).toEqual([]);
    expect(await issued(since)).toEqual([]);
  });

  test('for a server object of a tenant, in the API as little as past it', async () => {
    const server = await target.server();
    const got = collecting(server);
    for (const spec of [
      { registration: { admission: byAssertion() } },
      { management: { credential: byAssertion() } },
    ]) {
      const { status, json } = await tenant.create(ownServer('mine', server.issuer, spec));
      expect(status).toBe(422);
      expect(json['message']).toContain(
        'authMethod ServiceAccountToken is for a ClusterAuthorizationServer alone: choose another authMethod',
      );
    }
    // A definition without the rule, as an older or a damaged one: the operator refuses on its own.
    const definition =
      '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/authorizationservers.oauth-registrar.dev';
    const { json } = await target.admin.request('GET', definition);
    const text = JSON.stringify(json['spec']).replaceAll("!= 'ServiceAccountToken'", "!= 'nothing'");
    await target.admin.request('PATCH', definition, { spec: JSON.parse(text) as object });
    for (const [name, field, spec] of [
      ['mine', 'registration.admission', { registration: { admission: byAssertion() } }],
      ['mine-managing', 'management.credential', managedBy()],
    ] as const) {
      let created = 422;
      const deadline = Date.now() + 15_000;
      while (created !== 201 && Date.now() < deadline) {
        created = (await tenant.create(ownServer(name, server.issuer, spec))).status;
      }
      expect(created).toBe(201);
      await tenant.createOrFail(machineClient(name, { server: { kind: 'AuthorizationServer', name } }));
      const seen = await tenant.until('AuthorizationServer', name, isTold);
      expect(conditionOf(seen, 'Ready')).toMatchObject({
        reason: 'InvalidSpec',
        message: `spec.${field}.clientCredentials.authMethod is ServiceAccountToken, which a ClusterAuthorizationServer alone may use: choose another authMethod.`,
      });
    }
    expect(got).toEqual([]);
  });
});
