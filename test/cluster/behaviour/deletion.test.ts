import { beforeAll, describe, expect, it } from 'vitest';
import { runPlugin } from '../../kit/fakes/plugin.ts';
import { drop, reply, type StubServer } from '../../kit/stub-server.ts';
import { unremovedClients } from './looks.ts';
import { conditionOf, eventually, messageOf, namespace, OPERATOR_NAMESPACE } from './objects.ts';
import { LONG_MS, type SeenEvent, teamIn, useTestbed } from './team.ts';

/** The matrix of docs/lifecycle.md: the ways in which an object can end, and what happens to its client. */

const PATIENCE_MS = 60_000;

let since = 0;
/** Just after a person removed the finalizer, and just after the namespace was gone. */
let stripped: Standing;
let owed: Standing;
const slow = new Map<string, StubServer>();
const stubOf = (name: string): StubServer => slow.get(name) as StubServer;

/** Runs the plugin in namespace `shop`. */
const plugin = (kubeconfig: string, ...args: readonly string[]) =>
  runPlugin([...args, '-n', 'shop'], { kubeconfig });

/** The kubeconfig of an account that may resolve entries, and nothing else. */
async function listResolver(): Promise<string> {
  const account = { namespace: OPERATOR_NAMESPACE, serviceAccount: 'list-resolver' };
  await testbed.kubectl('create', 'serviceaccount', 'list-resolver', '-n', OPERATOR_NAMESPACE);
  const role = [
    '--clusterrole=oauth-registrar-list-resolver',
    `--serviceaccount=${OPERATOR_NAMESPACE}:list-resolver`,
  ];
  await testbed.kubectl('create', 'rolebinding', 'list-resolver', '-n', OPERATOR_NAMESPACE, ...role);
  return testbed.controlPlane.kubeconfigFor(account);
}

const testbed = useTestbed({ namespaces: ['shop', 'hurried', 'restarted'], controllerManager: true });
const shop = teamIn(testbed, 'shop');
const hurried = teamIn(testbed, 'hurried');
const restarted = teamIn(testbed, 'restarted');

beforeAll(async () => {
  // Slow cases start here, and their tests at the end only wait for the result.
  const holding = { deletion: { unconfirmed: 'Hold' } };
  const begin = async (name: string, prepare: (stub: StubServer) => void, server: object, team = shop) =>
    slow.set(name, await team.place(name, { prepare, server }));
  const dropping = (stub: StubServer) => {
    stub.behave = { remove: drop };
  };
  const refusing = (stub: StubServer) => {
    stub.behave = { remove: reply(401, { error: 'invalid_token' }) };
  };
  await begin('holding', dropping, holding);
  await begin('stripped', dropping, holding);
  // Suspended, so that the operator doesn't add the finalizer again.
  const keptOne = await shop.place('stripped-kept', { client: { deletionPolicy: 'Retain' } });
  await shop.patch('oac', 'stripped-kept', { spec: { suspend: true } });
  await shop.until('stripped-kept', 'Suspended');
  await shop.patch('oac', 'stripped-kept', { metadata: { finalizers: [] } });
  slow.set('stripped-kept', keptOne);
  await begin('refused', refusing, {});
  since = Date.now();
  for (const name of slow.keys()) {
    await shop.remove(name);
  }
  await eventually(
    () => stubOf('stripped').count('remove'),
    (count) => count > 0,
    LONG_MS,
  );
  await shop.patch('oac', 'stripped', { metadata: { finalizers: [] } });
  await shop.untilGone('stripped');
  stripped = await standingOf('stripped');
  stubOf('stripped').behave = {};
  await begin('hurried', dropping, holding, hurried);
  await testbed.kubectl('delete', 'namespace', 'hurried', '--timeout=60s');
  await hurried.untilRoles('hurried', ['owed']);
  owed = await standingOf('hurried', hurried);
  stubOf('hurried').behave = {};
}, 120_000);

/** Roles of the records of a client, and how many clients its server has. */
const standingOf = async (name: string, team = shop) => ({
  roles: (await team.registrations(name)).map(({ role }) => role),
  clients: stubOf(name).clients.size,
});
type Standing = Awaited<ReturnType<typeof standingOf>>;

const told = (name: string, reason: string, home = 'shop'): Promise<SeenEvent> =>
  teamIn(testbed, home).untilEvent(name, (event) => event.reason === reason);

const POLICIES = ['Delete', 'Retain'] as const;
type Policy = (typeof POLICIES)[number];
const isKept = (policy: Policy): boolean => policy === 'Retain';

/** The object is gone. Its client is gone too, or it is kept and its record says so. */
async function hasEnded(policy: Policy, name: string, stub: StubServer, home = 'shop'): Promise<void> {
  await teamIn(testbed, home).untilGone(name);
  await teamIn(testbed, home).untilRoles(name, isKept(policy) ? ['retained'] : []);
  expect(stub.clients.size).toBe(isKept(policy) ? 1 : 0);
  expect(stub.count('remove') === 0).toBe(isKept(policy));
}

const named = (row: string, policy: Policy): string => `${row}-${policy.toLowerCase()}`;

describe.each(POLICIES)('deletionPolicy %s', (policy) => {
  const place = (row: string, client: object = {}, home = 'shop') =>
    teamIn(testbed, home).place(named(row, policy), { client: { deletionPolicy: policy, ...client } });

  it('object deleted: the client is deregistered or kept, the Secret is deleted, an Event says which', async () => {
    const name = named('deleted', policy);
    const stub = await place('deleted');
    await shop.remove(name);
    await hasEnded(policy, name, stub);
    await shop.untilGone(name, 'secret');
    const { note, type } = await told(name, isKept(policy) ? 'Retained' : 'Deregistered');
    expect(type).toBe('Normal');
    expect(note).toMatch(
      isKept(policy)
        ? /^Client stub-client-\w+ at http:\S+ is kept, as deletionPolicy Retain says\. An OAuthClient deleted-retain created in this namespace takes it over\.$/
        : /^Client stub-client-\w+ was removed at http:\S+ Tokens already issued to it live until they expire\.$/,
    );
  });

  it('workload Secret deleted: it is restored unchanged, without a call', async () => {
    const name = named('unmounted', policy);
    const stub = await place('unmounted');
    const before = await shop.secret(name);
    const asked = stub.requests.length;
    await shop.kubectl('delete', 'secret', name);
    await eventually(
      () => shop.secret(name),
      (data) => JSON.stringify(data) === JSON.stringify(before),
      LONG_MS,
    );
    expect(stub.requests.length).toBe(asked);
    expect((await told(name, 'SecretRestored')).type).toBe('Normal');
  });

  it('registration Secret deleted: the guard refuses; without the guard it is reported, and only a person can request another client', async () => {
    const name = named('unrecorded', policy);
    const stub = await place('unrecorded');
    const [record] = await shop.registrations(name);
    const secret = ['secret', record?.name ?? '', '-n', OPERATOR_NAMESPACE];
    await expect(testbed.kubectl('delete', ...secret)).rejects.toThrow(
      /this holds what manages registered OAuth clients at their servers, and they would be left behind\. Delete the OAuthClients first\. If you are sure: kubectl annotate secrets oac-\S+ -n oauth-registrar-system oauth-registrar\.dev\/allow-deletion=true/,
    );
    const before = await shop.secret(name);
    await testbed.kubectl('annotate', ...secret, 'oauth-registrar.dev/allow-deletion=true');
    await testbed.kubectl('delete', ...secret);
    const missing = await shop.until(name, 'RegistrationRecordMissing');
    expect(messageOf(missing)).toMatch(
      new RegExp(
        `^The registration Secret of client ${record?.clientId} is gone from the operator's namespace\\. Restore it from a backup; or have another client registered, and this one left behind: kubectl annotate oac ${name} -n shop oauth-registrar\\.dev/rotate-requested-at=`,
      ),
    );
    expect(conditionOf(missing, 'Stalled')?.status).toBe('True');
    expect(await shop.secret(name)).toEqual(before);
    expect(stub.count('register')).toBe(1);

    await shop.annotate(name, 'rotate-requested-at', '1');
    await shop.until(name, 'Registered');
    expect(stub.count('register')).toBe(2);
    const { status } = await shop.client(name);
    expect(status?.clientId).not.toBe(record?.clientId);
    expect((await shop.secret(name))?.['client_id']).toBe(status?.clientId);
    expect([...stub.clients.keys()].toSorted()).toEqual([record?.clientId, status?.clientId].toSorted());
  });

  it('object deleted while its registration Secret is missing: the object is gone, and an Event says what remains', async () => {
    const name = named('forgotten', policy);
    const stub = await place('forgotten');
    const [record] = await shop.registrations(name);
    const secret = ['secret', record?.name ?? '', '-n', OPERATOR_NAMESPACE];
    await testbed.kubectl('annotate', ...secret, 'oauth-registrar.dev/allow-deletion=true');
    await testbed.kubectl('delete', ...secret);
    await shop.until(name, 'RegistrationRecordMissing');
    await shop.remove(name);
    await shop.untilGone(name);
    const { type, note } = await told(name, 'RegistrationRecordMissing');
    expect(type).toBe('Warning');
    expect(note).toBe(
      `Client ${record?.clientId} at ${stub.issuer} was not removed: its registration Secret is gone, and its token with it. Remove the client at the server by hand.`,
    );
    expect(stub.clients.size).toBe(1);
  });

  it('server object deleted first: the record is enough to deregister', async () => {
    const name = named('serverless', policy);
    const stub = await place('serverless');
    await shop.kubectl('delete', 'oas', name);
    expect(conditionOf(await shop.client(name), 'Ready')?.status).toBe('True');
    await shop.remove(name);
    await hasEnded(policy, name, stub);
  });

  it('foreground propagation: first the Secret is gone, then the object', async () => {
    const name = named('foreground', policy);
    const stub = await place('foreground');
    await shop.kubectl('delete', 'oac', name, '--cascade=foreground', '--timeout=30s');
    await hasEnded(policy, name, stub);
    expect(await shop.secret(name)).toBeUndefined();
  });

  it('owner deleted: Kubernetes deletes the object, and the client is deregistered as usual', async () => {
    const name = named('owned', policy);
    const stub = await place('owned');
    await shop.kubectl('create', 'configmap', name);
    const uid = await shop.kubectl('get', 'configmap', name, '-o', 'jsonpath={.metadata.uid}');
    const ownerReferences = [{ apiVersion: 'v1', kind: 'ConfigMap', name, uid }];
    await shop.patch('oac', name, { metadata: { ownerReferences } });
    await shop.kubectl('delete', 'configmap', name);
    await hasEnded(policy, name, stub);
  });

  it('Job of lifetime.boundTo deleted: the same', async () => {
    const name = named('bound', policy);
    await testbed.apply(
      JSON.stringify({
        apiVersion: 'batch/v1',
        kind: 'Job',
        metadata: { name, namespace: 'shop' },
        spec: {
          suspend: true,
          template: { spec: { restartPolicy: 'Never', containers: [{ name: 'work', image: 'work' }] } },
        },
      }),
    );
    const boundTo = { group: 'batch', kind: 'Job', name };
    const stub = await place('bound', { lifetime: { boundTo } });
    await shop.kubectl('delete', 'job', name);
    await hasEnded(policy, name, stub);
  });

  it("namespace deleted: it doesn't wait, and an Event in the operator's namespace reports the client", async () => {
    const home = `leaving-${policy.toLowerCase()}`;
    const name = named('moved', policy);
    await testbed.apply(namespace(home));
    const stub = await place('moved', {}, home);
    await testbed.kubectl('delete', 'namespace', home, '--timeout=60s');
    await hasEnded(policy, name, stub, home);
    const reason = isKept(policy) ? 'Retained' : 'Deregistered';
    expect((await told(name, reason, OPERATOR_NAMESPACE)).type).toBe('Normal');
  });
});

describe('A deletion whose answer is lost', () => {
  it('is tried again; then a refused token proves that the client is gone', async () => {
    const stub = await shop.place('unheard', {
      prepare: (server) => {
        server.behave = {
          remove: (exchange) => (server.count('remove') === 1 ? exchange.silently() : exchange.properly()),
        };
      },
    });
    await shop.remove('unheard');
    await shop.untilGone('unheard');
    await shop.untilRoles('unheard', []);
    expect(stub.clients.size).toBe(0);
    expect(stub.count('remove')).toBe(2);
    expect((await told('unheard', 'Deregistered')).type).toBe('Normal');
  });
});

describe('Deletions that take a minute', () => {
  it('deletion.unconfirmed Hold: the object stays, and its status says how to release it', {
    timeout: 120_000,
  }, async () => {
    await eventually(
      () => Date.now() - since,
      (passed) => passed > PATIENCE_MS + 5_000,
      2 * PATIENCE_MS,
    );
    const client = await eventually(
      () => shop.client('holding'),
      (seen) => conditionOf(seen, 'Ready')?.reason === 'AuthorizationServerUnavailable',
      LONG_MS,
    );
    const uid = client.metadata.uid ?? '';
    expect(messageOf(client)).toMatch(
      new RegExp(
        `^No complete answer: the connection was lost.* To let the object go and leave the client behind: kubectl annotate oac holding -n shop oauth-registrar\\.dev/abandon=${uid}$`,
      ),
    );
    await shop.annotate('holding', 'abandon', 'true');
    const tried = stubOf('holding').count('remove');
    await shop.annotate('holding', 'reconcile-requested-at', '1');
    expect(tried).toBeGreaterThan(1);
    expect(await shop.exists('holding')).toBe(true);
    expect(await plugin(testbed.controlPlane.adminKubeconfig, 'abandon', 'holding', '--yes')).toMatchObject({
      code: 0,
      stdout: 'OAuthClient shop/holding is gone; if its client exists, it is left behind.\n',
    });
    await shop.untilRoles('holding', ['left-behind']);
    const { note } = await told('holding', 'AuthorizationServerUnavailable');
    expect(note).toMatch(/ stays behind; its record is in Secret oauth-registrar-system\/oac-/);
    expect(stubOf('holding').clients.size).toBe(1);
  });

  it('left behind: the list says how to look for the client at its server, until a person resolves the entry', {
    timeout: 60_000,
  }, async () => {
    const [id] = stubOf('holding').clients.keys();
    const left = await eventually(
      async () => (await unremovedClients(testbed)).find(({ client }) => client === 'shop/holding'),
      (entry) => entry !== undefined,
      LONG_MS,
    );
    expect(left).toMatchObject({ role: 'left-behind', clientId: id });
    expect(left?.issuer).toBe(stubOf('holding').issuer);
    const account = await listResolver();
    const entry = left?.registrationSecret ?? '';
    expect((await plugin(account, 'left-behind')).stdout).toContain(
      `look for client_id ${id} with client_name "Machine", registered at `,
    );
    expect(await plugin(account, 'resolve', entry, '--note=removed at the console', '--yes')).toMatchObject({
      code: 0,
      stderr: 'The note is written. The operator looks at the lists every 15 s.\nResolved.\n',
    });
    const { note } = await told('holding', 'Resolved');
    expect(note).toMatch(/ is resolved, and its record is removed\. The note: removed at the console$/);
    await shop.untilRoles('holding', []);
    const listed = (await unremovedClients(testbed)).map(({ client }) => client);
    expect(listed).not.toContain('shop/holding');
  });

  it('token refused: the object is gone after a minute, and the deregistration is still owed', {
    timeout: 150_000,
  }, async () => {
    await shop.untilGone('refused', undefined, 120_000);
    expect(Date.now() - since).toBeGreaterThan(PATIENCE_MS - 5_000);
    const { note } = await told('refused', 'DeletionUnconfirmed');
    expect(note).toContain('The server answered 401 invalid_token.');
    await shop.untilRoles('refused', ['owed']);
    expect(stubOf('refused').clients.size).toBe(1);
  });

  it('finalizer removed by a person: the object is gone at once, and the client is deregistered a minute later', {
    timeout: 240_000,
  }, async () => {
    expect(stripped).toEqual({ roles: ['current'], clients: 1 });
    await shop.untilRoles('stripped', [], 150_000);
    expect(stubOf('stripped').clients.size).toBe(0);
  });

  it('finalizer removed by a person, deletionPolicy Retain: the client is kept', {
    timeout: 240_000,
  }, async () => {
    expect(await shop.exists('stripped-kept')).toBe(false);
    await shop.untilRoles('stripped-kept', ['retained'], 150_000);
    expect(stubOf('stripped-kept').clients.size).toBe(1);
    expect(stubOf('stripped-kept').count('remove')).toBe(0);
  });

  it("a namespace that is deleted doesn't wait for a server that doesn't confirm, even if the server object demands confirmation; what it owes is deregistered later", {
    timeout: 150_000,
  }, async () => {
    expect(owed).toEqual({ roles: ['owed'], clients: 1 });
    const { note } = await told('hurried', 'AuthorizationServerUnavailable', OPERATOR_NAMESPACE);
    expect(note).toMatch(
      /^Client stub-client-\w+ at \S+ was not removed: .* Its deregistration is tried on from Secret oauth-registrar-system\/oac-/,
    );
    await hurried.untilRoles('hurried', [], 120_000);
    expect(stubOf('hurried').clients.size).toBe(0);
  });
});

it('The operator removed and installed again: objects that were deleted meanwhile wait for it, and then end', async () => {
  const kept = await restarted.place('kept');
  const ended = await restarted.place('ended');
  await testbed.operator.stop();
  await restarted.remove('ended');
  await restarted.kubectl('delete', 'secret', 'kept');
  expect(await restarted.exists('ended')).toBe(true);
  await testbed.startOperator();
  await restarted.untilGone('ended');
  expect(ended.clients.size).toBe(0);
  await eventually(
    () => restarted.secret('kept'),
    (data) => data !== undefined,
    LONG_MS,
  );
  expect(kept.count('register')).toBe(1);
});
