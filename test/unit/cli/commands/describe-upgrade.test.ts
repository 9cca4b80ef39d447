import { expect, test } from 'vitest';
import { RESOURCES } from '../../../../src/api/kubernetes.ts';
import { VERSION } from '../../../../src/api/version.ts';
import { EXITS } from '../../../../src/cli/failure.ts';
import type { Stored } from '../../../kit/fakes/cluster.ts';
import { controllerInMemory } from '../../../kit/fakes/controller-in-memory.ts';
import { answered } from '../../../kit/fakes/fake-ports.ts';
import { runPlugin, startPluginCluster } from '../../../kit/fakes/plugin.ts';
import { clientObject, OPERATOR_NAMESPACE, surroundings } from '../../../kit/fixtures/objects.ts';
import { issuer } from '../../../kit/fixtures/server-objects.ts';

const registration = `${issuer}/register`;
const document = answered(200, { issuer, registration_endpoint: registration });
const created = (id: number) =>
  answered(201, {
    client_id: `c${id}`,
    client_secret: 's',
    client_secret_expires_at: 0,
    registration_access_token: 't',
    registration_client_uri: `${registration}/c${id}`,
  });

const two: readonly Stored[] = [
  clientObject({}, {}, {}),
  clientObject({ name: 'stock', uid: 'uid-2' }, { secret: { name: 'stock-oauth' } as never }, {}),
];

/** A cluster in which an operator of this version has done its work. */
async function worked() {
  let id = 0;
  const operator = controllerInMemory({
    objects: [...surroundings(), ...two],
    answer: ({ method }) => {
      id += method === 'POST' ? 1 : 0;
      return method === 'GET' ? document : created(id);
    },
  });
  operator.controller.start();
  await operator.clock.advance(60_000);
  expect(operator.readyOf('OAuthClient', 'shop/stock')).toMatch(/^True Registered/);
  return operator.cluster;
}

async function described(
  args: readonly string[] = [],
  options: object = {},
  change: (cluster: Awaited<ReturnType<typeof worked>>) => unknown = () => undefined,
) {
  const cluster = await worked();
  // The operator does not hear of the change.
  cluster.onChange.splice(0);
  change(cluster);
  const server = await startPluginCluster({ cluster, ...options });
  const all = ['describe-upgrade', '-A', '--operator-namespace', OPERATOR_NAMESPACE, ...args];
  return { ...server, ...(await runPlugin(all, server)) };
}

const summary = (changed: number, compared: number, others: number) =>
  `An operator of version ${VERSION} would change ${changed} of ${compared} clients that were compared; ${others} others are not ready, wait already, or have a software statement that is not seen.\n`;

test('An operator of the same version changes nothing, and the plugin writes nothing', async () => {
  const run = await described();
  expect(run).toMatchObject({ code: EXITS.done.code, stdout: '', stderr: summary(0, 2, 0) });
  expect(run.requests.filter((request) => !/^(?:list|get) /.test(request))).toEqual([]);
});

test('A client whose record is not as this version would have written it is named', async () => {
  const run = await described([], {}, (cluster) => {
    const record = cluster
      .all('Secret')
      .find(
        ({ metadata }) =>
          metadata.annotations?.['oauth-registrar.dev/client'] === 'shop/stock' &&
          metadata.namespace === OPERATOR_NAMESPACE,
      );
    const { name = '' } = record?.metadata ?? {};
    const annotations = { 'oauth-registrar.dev/metadata-hash': 'of-an-earlier-version' };
    cluster.patch(
      RESOURCES.secret,
      { namespace: OPERATOR_NAMESPACE, name },
      { metadata: { annotations } },
      'x',
    );
  });
  expect(run.stdout).toMatch(/^NAMESPACE {3}NAME {4}STEP {5}WHY\nshop {8}stock {3}Update {3}\S.*\n$/);
  expect(run).toMatchObject({ code: EXITS.found.code, stderr: summary(1, 2, 0) });
});

test('A client that waits already is not compared', async () => {
  const run = await described(['-o', 'json'], {}, (cluster) =>
    cluster.patch(
      RESOURCES.oauthClient,
      { namespace: 'shop', name: 'stock' },
      { spec: { suspend: true } },
      'x',
    ),
  );
  expect(JSON.parse(run.stdout)).toEqual({
    version: VERSION,
    looked: 2,
    atRest: 1,
    changes: [],
    notSeen: [],
  });
});

test('A right that lacks is named', async () => {
  expect(await described([], { forbids: ['list secrets'] })).toMatchObject({
    code: EXITS.forbidden.code,
    stdout: '',
    stderr: `Your account may not list secrets in namespace ${OPERATOR_NAMESPACE}.\n`,
  });
});

test('That no client could be compared is not a success', async () => {
  const run = await described([], {}, (cluster) => {
    for (const name of ['storefront', 'stock']) {
      cluster.patch(RESOURCES.oauthClient, { namespace: 'shop', name }, { spec: { suspend: true } }, 'x');
    }
  });
  expect(run).toMatchObject({
    code: EXITS.found.code,
    stdout: '',
    stderr: `${summary(0, 0, 2)}No client could be compared, so this says nothing about the upgrade.\n`,
  });
});
