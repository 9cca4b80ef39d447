import { beforeAll, expect, it } from 'vitest';
import type { OAuthClient } from '../../../src/api/oauth-client.ts';
import { OPERATOR_NAMESPACE, OPERATOR_USER } from '../../kit/testbed/testbed.ts';
import { conditionOf, eventually, oauthClient, platformOf } from '../behaviour/objects.ts';
import { teamIn, useTestbed } from '../behaviour/team.ts';

const testbed = useTestbed({ finalizerPolicy: true });
const shop = teamIn(testbed, 'shop');

beforeAll(async () => {
  await testbed.apply(platformOf(testbed));
  // The policy takes effect some seconds after its creation; a first client shows how the server is managed.
  await eventually(policyIsActive, (active) => active, 20_000);
  await testbed.apply(oauthClient('shop', 'first'));
  await shop.until('first', 'Registered');
});

/** The ledger removes settled entries some seconds after a call; the counts exclude that write. */
async function ledgerEntries(): Promise<number> {
  const ledger = await testbed.kubectl(
    '-n',
    OPERATOR_NAMESPACE,
    'get',
    'cm',
    'oauth-registrar-ledger',
    '-o',
    'json',
  );
  const { data } = JSON.parse(ledger) as { data: Record<string, string> };
  return Object.keys(data).filter((key) => key.startsWith('entry.')).length;
}

async function policyIsActive(): Promise<boolean> {
  const { stdout } = await testbed.controlPlane.kubectl(
    ['create', '-f', '-', '--dry-run=server', '-o', 'json'],
    {
      stdin: oauthClient('shop', 'probe'),
    },
  );
  return stdout.includes('oauth-registrar.dev/registration');
}

it('creates 100 clients at once with 3 writes each, few of the ledger, 100 calls, no read and no Event', async () => {
  await eventually(ledgerEntries, (count) => count === 0, 20_000);
  const names = Array.from({ length: 100 }, (_, index) => `burst-${index}`);
  const [before, calls] = [(await testbed.controlPlane.audit()).length, testbed.server.log.length];

  const path = '/apis/oauth-registrar.dev/v1alpha1/namespaces/shop/oauthclients';
  const answers = await Promise.all(
    names.map((name) =>
      testbed.controlPlane.admin.request('POST', path, JSON.parse(oauthClient('shop', name))),
    ),
  );
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]));
  await eventually(
    async () => (await testbed.controlPlane.admin.request<{ items: OAuthClient[] }>('GET', path)).json.items,
    (clients) =>
      clients.length === 101 && clients.every((client) => conditionOf(client, 'Ready')?.status === 'True'),
    30_000,
  );

  const requests = (await testbed.controlPlane.audit())
    .slice(before)
    .filter(
      ({ user, stage, resource }) =>
        user === OPERATOR_USER && stage === 'ResponseComplete' && resource !== 'leases',
    );
  const count = (verb: string, resource: string, subresource?: string) =>
    requests.filter(
      (request) =>
        request.verb === verb && request.resource === resource && request.subresource === subresource,
    ).length;
  const ledgerWrites = count('update', 'configmaps');
  const serverWrites = count('update', 'clusterauthorizationservers', 'status');

  expect({
    secretsCreated: count('create', 'secrets'),
    statusPuts: count('update', 'oauthclients', 'status'),
    others:
      requests.length -
      count('create', 'secrets') -
      count('update', 'oauthclients', 'status') -
      serverWrites -
      ledgerWrites,
    calls: testbed.server.log
      .slice(calls)
      .map(({ method, path, status }) => `${method} ${path} ${status}`)
      .filter((call) => call !== 'POST /reg 201'),
    registrations: testbed.server.log.length - calls,
  }).toEqual({ secretsCreated: 200, statusPuts: 100, others: 0, calls: [], registrations: 100 });
  // Ten seconds after the first of them, its status counts them.
  expect(serverWrites).toBeLessThanOrEqual(2);
  expect(ledgerWrites).toBeGreaterThan(0);
  // One at a time, each with all that waits: how many depends on how fast the API server is. Without that it were 200.
  expect(ledgerWrites).toBeLessThanOrEqual(25);
  expect(new Set(testbed.server.clients().map(({ client_id }) => client_id)).size).toBe(101);
});

/**
 * Bytes of an object of the same fields at commit ed39c9d, before defaults were stored: registered, as JSON, with status
 * and managed fields (the client and the server object of `npm run demo`).
 */
const BEFORE_DEFAULTS = [
  ['oac', 'first', 3_879],
  ['coas', 'corporate', 4_321],
] as const;

it.each(BEFORE_DEFAULTS)('stores %s %s in at most twice the bytes of before', async (kind, name, before) => {
  const stored = await shop.kubectl('get', kind, name, '--show-managed-fields', '-o', 'json');
  const bytes = Buffer.byteLength(JSON.stringify(JSON.parse(stored)));
  console.log(`${kind} ${name}: ${bytes} bytes, before ${before}`);
  expect(stored).toContain('"observedGeneration"');
  expect(bytes).toBeLessThanOrEqual(2 * before);
});
