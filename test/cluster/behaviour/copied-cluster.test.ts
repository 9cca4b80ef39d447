import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestbed, type Testbed } from '../../kit/testbed/testbed.ts';
import { backUp, restore } from './backups.ts';
import {
  all,
  clusterServer,
  conditionOf,
  credential,
  eventually,
  namespace,
  OPERATOR_NAMESPACE,
  oauthClient,
} from './objects.ts';
import { teamIn } from './team.ts';

/**
 * Objects that a backup tool copies into a second cluster. The first cluster continues. The second one does nothing
 * at the server until a person says which cluster owns the clients.
 */

let first: Testbed;
/** A cluster with a copy of everything, and one with a copy of the operator's namespace only. */
let whole: Testbed;
let recordsAlone: Testbed;
/** When the second operator of the copied records started to work. */
let workingSince = 0;

/** Longer than the operator waits for the object of a record. */
const GRACE_MS = 62_000;

const calls = (): number => first.server.log.filter(({ path }) => path.startsWith('/reg')).length;
const clients = (): readonly string[] => first.server.clients().map(({ client_id }) => client_id);

async function copyInto(testbed: Testbed, namespaces: readonly string[]): Promise<void> {
  await testbed.apply(all(namespace('shop'), clusterServer(first.server.issuer)));
  for (const name of namespaces) {
    await restore(testbed, await backUp(first, name));
  }
  const ledger = await first.kubectl(
    '-n',
    OPERATOR_NAMESPACE,
    'get',
    'cm',
    'oauth-registrar-ledger',
    '-o',
    'json',
  );
  const { kind, apiVersion, data } = JSON.parse(ledger) as Record<string, unknown>;
  const metadata = { name: 'oauth-registrar-ledger', namespace: OPERATOR_NAMESPACE };
  await testbed.apply(JSON.stringify({ kind, apiVersion, metadata, data }));
  await testbed.startOperator();
}

beforeAll(async () => {
  first = await startTestbed();
  await first.apply(
    all(
      namespace('shop'),
      credential(first.server.initialAccessToken ?? ''),
      clusterServer(first.server.issuer),
      oauthClient('shop', 'storefront'),
      oauthClient('shop', 'basket'),
    ),
  );
  await teamIn(first, 'shop').until('storefront', 'Registered');
  await teamIn(first, 'shop').until('basket', 'Registered');
  [whole, recordsAlone] = await Promise.all([
    startTestbed({ operator: false }),
    startTestbed({ operator: false }),
  ]);
  await copyInto(recordsAlone, [OPERATOR_NAMESPACE]);
  await eventually(
    () => recordsAlone.operator.lines.find(({ msg }) => msg === 'working'),
    (line) => line?.['registrations'] === 2,
  );
  workingSince = Date.now();
  await copyInto(whole, [OPERATOR_NAMESPACE, 'shop']);
}, 180_000);

afterAll(async () => {
  await Promise.all([first?.stop(), whole?.stop(), recordsAlone?.stop()]);
});

test('a copy says which installation owns the client, and sends nothing until a person says that it continues', {
  timeout: 180_000,
}, async () => {
  const before = calls();
  const copy = await teamIn(whole, 'shop').until('storefront', 'ManagedElsewhere');
  const { clientId, installation } = (await teamIn(first, 'shop').client('storefront')).status ?? {};
  expect(conditionOf(copy, 'Ready')?.message).toContain(
    `Installation "${installation}" registered this client`,
  );
  expect(conditionOf(copy, 'Ready')?.message).toContain('oauth-registrar.dev/continues=');
  await teamIn(whole, 'shop').kubectl(
    'patch',
    'oac',
    'storefront',
    '--type=merge',
    '-p',
    '{"spec":{"client":{"clientName":"Edited"}}}',
  );
  // Some tools copy the finalizer too.
  const finalizers = ['oauth-registrar.dev/registration'];
  await teamIn(whole, 'shop').patch('oac', 'basket', { metadata: { finalizers } });
  await teamIn(whole, 'shop').kubectl('delete', 'oac', 'basket', '--timeout=30s');
  await whole.apply(oauthClient('shop', 'made-there'));
  await teamIn(whole, 'shop').untilEvent('basket', ({ reason }) => reason === 'ManagedElsewhere');
  await teamIn(whole, 'shop').until('made-there', 'ManagedElsewhere');
  await teamIn(whole, 'shop').until('storefront', 'ManagedElsewhere');
  expect(calls()).toBe(before);
  expect(clients()).toHaveLength(2);

  // It continues with the same clients when a person says so.
  await first.operator.stop();
  await whole.kubectl(
    'annotate',
    'namespace',
    OPERATOR_NAMESPACE,
    `oauth-registrar.dev/continues=${installation}`,
  );
  const moved = await teamIn(whole, 'shop').until('storefront', 'Registered', 30_000);
  expect(moved.status).toMatchObject({ clientId });
  expect(moved.status?.installation).not.toBe(installation);
  await eventually(
    () => first.server.client(clientId ?? '')?.['client_name'],
    (name) => name === 'Edited',
    30_000,
  );
  const records = await whole.kubectl('-n', OPERATOR_NAMESPACE, 'get', 'secrets', '-o', 'json');
  const ids = (
    JSON.parse(records) as { items: { metadata: { annotations?: Record<string, string> } }[] }
  ).items
    .map(({ metadata }) => metadata.annotations?.['oauth-registrar.dev/installation'])
    .filter((id) => id !== undefined);
  expect(new Set(ids)).toEqual(new Set([moved.status?.installation]));
  await teamIn(whole, 'shop').until('made-there', 'Registered', 30_000);
});

test("a copy of only the operator's namespace deregisters no client", { timeout: 120_000 }, async () => {
  const before = { calls: calls(), clients: clients() };
  await new Promise((resolve) => setTimeout(resolve, Math.max(0, workingSince + GRACE_MS - Date.now())));
  await recordsAlone.apply(oauthClient('shop', 'made-there'));
  await teamIn(recordsAlone, 'shop').until('made-there', 'ManagedElsewhere');
  expect({ calls: calls(), clients: clients() }).toEqual(before);
});
