import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { OAuthClient } from '../../../src/api/oauth-client.ts';
import { decodeEntries } from '../../../src/controller/durable/ledger-entry.ts';
import { type Exchange, hang, reply, type StubServer, startStubServer } from '../../kit/stub-server.ts';
import { writeKubeconfig } from '../../kit/testbed/api-access.ts';
import { createCertificateAuthority } from '../../kit/testbed/certificates.ts';
import { type OperatorProcess, startOperator } from '../../kit/testbed/operator.ts';
import { type FaultyProxy, type Harm, startProxy } from '../../proofs/chaos/soak-proxy.ts';
import { suspectedOrphans } from './looks.ts';
import {
  all,
  conditionOf,
  eventually,
  messageOf,
  namespace,
  namespacedServer,
  OPERATOR_NAMESPACE,
  oauthClient,
  serverRef,
} from './objects.ts';
import { LONG_MS, teamIn, useTestbed } from './team.ts';

/** The ledger when people or the API server damage it, the end of the process, and servers that answer late. */

const LEDGER = 'oauth-registrar-ledger';
const ORPHANS = 'oauth-registrar-suspected-orphans-namespaced';
const PATH = `/api/v1/namespaces/${OPERATOR_NAMESPACE}/configmaps/`;
/** Longer than any deadline of the operator's calls. */
const STALL_MS = 12_000;

let proxy: FaultyProxy;
let kubeconfig: string;
let operator: OperatorProcess;
let stub: StubServer;
/** What happens to the next writes of the ledger. */
const harms: Harm[] = [];

const testbed = useTestbed({ namespaces: [], operator: false });
const shop = teamIn(testbed, 'shop');

beforeAll(async () => {
  const ca = createCertificateAuthority();
  proxy = await startProxy({
    backend: { origin: testbed.controlPlane.url, ca: await readFile(testbed.controlPlane.caFile, 'utf8') },
    tls: ca.issue({ usage: 'server' }),
    harm: ({ method, path }) =>
      method === 'PUT' && path.startsWith(`${PATH}${LEDGER}`) ? harms.shift() : undefined,
    stream: ({ path }, response, open) => {
      const isWatch = path.includes('watch=');
      if (isWatch) {
        void pass(response, open).catch(() => response.destroy());
      }
      return isWatch;
    },
  });
  kubeconfig = await proxiedKubeconfig(ca.cert);
  operator = await replica();
  stub = await startStubServer();
  await testbed.apply(all(namespace('shop'), namespacedServer(stub.issuer, 'shop', 'sso', COOLDOWN)));
  await until('first', 'Registered', { create: true });
}, 60_000);

afterAll(async () => {
  await operator?.stop('SIGKILL');
  await proxy?.stop();
});

const COOLDOWN = { recovery: { cooldown: '1s' }, connection: { timeout: '2s' } };
const replica = () => startOperator({ kubeconfig, namespace: OPERATOR_NAMESPACE });

async function pass(
  response: Parameters<NonNullable<Parameters<typeof startProxy>[0]['stream']>>[1],
  open: Parameters<NonNullable<Parameters<typeof startProxy>[0]['stream']>>[2],
): Promise<void> {
  const ending = new AbortController();
  response.once('close', () => ending.abort());
  const { statusCode, headers, body } = await open(ending.signal);
  response.writeHead(statusCode, { 'content-type': String(headers['content-type']) });
  response.flushHeaders();
  for await (const chunk of body) {
    response.write(chunk);
  }
  response.end();
}

/** A kubeconfig of the operator's own account, through the proxy. */
async function proxiedKubeconfig(cert: string): Promise<string> {
  const { users } = parse(await readFile(testbed.operatorKubeconfig, 'utf8')) as {
    readonly users: readonly [{ readonly name: string; readonly user: { readonly token: string } }];
  };
  const folder = dirname(testbed.operatorKubeconfig);
  const [file, caFile] = [join(folder, 'proxied.kubeconfig'), join(folder, 'proxy-ca.crt')];
  await writeFile(caFile, cert);
  const [{ name, user }] = users;
  await writeKubeconfig(file, { url: proxy.origin, caFile }, { name, token: user.token });
  return file;
}

async function until(name: string, reason: string, { create = false, server = 'sso' } = {}) {
  if (create) {
    await testbed.apply(oauthClient('shop', name, { server: serverRef(server) }));
  }
  return shop.until(name, reason, 2 * LONG_MS);
}

interface Stored {
  readonly metadata: { readonly labels?: object; readonly annotations?: object };
  readonly data?: Readonly<Record<string, string>>;
}

const stored = async (name: string): Promise<Stored> =>
  (await testbed.controlPlane.admin.request<Stored>('GET', PATH + name)).json;

/** A write by a person with all rights, which drops the rest of the object. */
async function overwrite(name: string, content: Partial<Stored>): Promise<void> {
  await allowDeletion(name);
  const { status } = await testbed.controlPlane.admin.request('PUT', PATH + name, {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    ...content,
    metadata: { name, namespace: OPERATOR_NAMESPACE, ...content.metadata },
  });
  expect(status).toBe(200);
}

async function allowDeletion(name: string): Promise<void> {
  const mark = 'oauth-registrar.dev/allow-deletion=true';
  await testbed.kubectl('-n', OPERATOR_NAMESPACE, 'annotate', '--overwrite', 'configmap', name, mark);
}

async function removeByForce(name: string): Promise<void> {
  const object = ['-n', OPERATOR_NAMESPACE, 'configmap', name] as const;
  const [flag, home, kind] = object;
  await expect(testbed.kubectl(flag, home, 'delete', kind, name)).rejects.toThrow(
    /this holds what manages registered OAuth clients at their servers/,
  );
  await allowDeletion(name);
  await testbed.kubectl(flag, home, 'delete', kind, name);
}

const isRunning = async (): Promise<boolean> =>
  (await Promise.race([operator.exited, new Promise((resolve) => setTimeout(resolve, 0, 'runs'))])) ===
  'runs';

/** A client is registered once and recorded, by the process that ran before. */
async function isRegisteredAsEver(name: string): Promise<void> {
  const [clients, posts] = [stub.clients.size, stub.count('register')];
  const { status } = await until(name, 'Registered', { create: true });
  expect([stub.clients.size, stub.count('register')]).toEqual([clients + 1, posts + 1]);
  expect((await shop.registrations(name)).map(({ clientId }) => clientId)).toEqual([status?.clientId]);
  expect(await isRunning()).toBe(true);
}

/** Holds every registration until it is released. */
function holdBack(server: StubServer) {
  const held: Exchange[] = [];
  server.behave = { ...server.behave, register: (exchange) => void held.push(exchange) };
  return {
    count: () => held.length,
    letGo: () => {
      server.behave = {};
      for (const { properly } of held) {
        properly();
      }
    },
  };
}

describe('The ledger', () => {
  it.each(['never', 'first'] as const)(
    'a write that gets no answer in time is made again, whether it was stored or not (%s)',
    { timeout: 90_000 },
    async (reached) => {
      harms.push({ kind: 'stalled', ms: STALL_MS, reached });
      await isRegisteredAsEver(`stalled-${reached}`);
      expect(harms).toEqual([]);
      expect(operator.lines.filter(({ msg }) => msg === 'ledger write failed')).not.toEqual([]);
      const listed = await suspectedOrphans(testbed);
      expect(listed.filter(({ client }) => client === `shop/stalled-${reached}`)).toEqual([]);
    },
  );

  const garbage = {
    'entry.': '',
    'entry.torn': '{"attempt":"torn","kind":"Register"',
    'entry.null': 'null',
    'entry.big': 'x'.repeat(500_000),
    note: 'looked at on Monday',
  };

  type Edit = (data: Readonly<Record<string, string>>) => Partial<Stored>;
  const edits: readonly (readonly [string, Edit])[] = [
    ['emptied', () => ({ data: {} })],
    ['without-data', () => ({})],
    ['without-holder', ({ epoch = '' }) => ({ data: { epoch } })],
    ['with-another-epoch', (data) => ({ data: { ...data, epoch: '9999' } })],
    ['with-garbage', (data) => ({ data: { ...data, ...garbage } })],
    ['labelled', (data) => ({ data, metadata: { labels: { by: 'hand' }, annotations: { by: 'hand' } } })],
  ];

  it.each(edits)(
    '%s by a person, has its data repaired and its labels kept by the next write, and nothing stops',
    async (name, edit) => {
      const { data = {} } = await stored(LEDGER);
      const edited = edit(data);
      await overwrite(LEDGER, edited);
      await isRegisteredAsEver(name);
      const after = await stored(LEDGER);
      const { epoch, holder, installation: _, version: __, ...entries } = after.data ?? {};
      expect({ epoch, holder }).toEqual({ epoch: data['epoch'], holder: data['holder'] });
      expect(decodeEntries(entries).map(({ attempt, kind }) => [`entry.${attempt}`, kind])).toEqual(
        Object.keys(entries).map((key) => [key, 'Register']),
      );
      expect(after.metadata.labels).toEqual(edited.metadata?.labels);
    },
  );

  it('edited while a call is under way: no client is lost', async () => {
    const held = holdBack(stub);
    await testbed.apply(oauthClient('shop', 'amid', { server: serverRef('sso') }));
    await eventually(held.count, (count) => count === 1, LONG_MS);
    await overwrite(LEDGER, { data: {} });
    held.letGo();
    const { status } = await until('amid', 'Registered');
    expect((await shop.registrations('amid')).map(({ clientId }) => clientId)).toEqual([status?.clientId]);
    expect(stub.clients.has(status?.clientId ?? '')).toBe(true);
    // The next write repairs the ledger.
    await isRegisteredAsEver('after-amid');
  });

  it('deleted by a person: the process ends, another one starts, and calls that were under way are recorded', {
    timeout: 120_000,
  }, async () => {
    const slow = await startStubServer();
    const spec = { connection: { timeout: '30s' } };
    await testbed.apply(namespacedServer(slow.issuer, 'shop', 'slow', spec));
    const held = holdBack(slow);
    await testbed.apply(oauthClient('shop', 'under-way', { server: serverRef('slow') }));
    await eventually(held.count, (count) => count === 1, LONG_MS);
    await removeByForce(LEDGER);
    await testbed.apply(oauthClient('shop', 'after-it', { server: serverRef('sso') }));
    await eventually(
      () => operator.lines.map(({ msg }) => msg),
      (messages) => messages.includes('ledger write failed'),
      LONG_MS,
    );
    held.letGo();
    expect(await operator.exited).toBe(1);
    expect(operator.lines.at(-1)).toMatchObject({
      msg: 'no longer the leader',
      why: 'the ledger was deleted',
    });
    expect((await shop.registrations('under-way')).map(({ clientId }) => clientId)).toEqual([
      ...slow.clients.keys(),
    ]);
    operator = await replica();
    await until('after-it', 'Registered');
    await until('under-way', 'Registered');
    expect(slow.count('register')).toBe(1);
    expect(Object.keys((await stored(LEDGER)).data ?? {})).toContain('epoch');
  });

  it('with invalid entries at a start: unreadable ones are dropped, and those that look like calls are reported', {
    timeout: 60_000,
  }, async () => {
    expect(await operator.stop()).toBe(0);
    const call = {
      attempt: 'a1b2c3d4e5',
      kind: 'Register',
      client: { namespace: 'shop', name: 'first', uid: 'uid-of-nobody' },
      server: 'AuthorizationServer/shop/sso',
      startedAt: '2026-01-01T00:00:00Z',
      timeoutMs: 0,
      record: 'oac-uid-of-nobody-a1b2c3d4e5',
    };
    await overwrite(LEDGER, {
      data: { epoch: 'x', holder: '', ...garbage, 'entry.a1b2c3d4e5': JSON.stringify(call) },
    });
    operator = await replica();
    await isRegisteredAsEver('after-garbage');
    const [suspect] = await eventually(
      async () => (await suspectedOrphans(testbed)).filter(({ client }) => client === 'shop/first'),
      (listed) => listed.length > 0,
      LONG_MS,
    );
    expect(suspect).toMatchObject({
      client: 'shop/first',
      server: call.server,
      startedAt: call.startedAt,
      why: 'The operator stopped before it recorded an answer',
    });
    expect(conditionOf(await shop.client('first'), 'Ready')?.status).toBe('True');
  });
});

describe('The list of suspected orphans', () => {
  /** A registration whose answer is lost. */
  async function loseAnswer(name: string): Promise<void> {
    let isFirst = true;
    stub.behave = {
      register: (exchange) => {
        const { silently, properly } = exchange;
        const answer = isFirst ? silently : properly;
        isFirst = false;
        answer();
      },
    };
    await until(name, 'Registered', { create: true });
    stub.behave = {};
    const listed = Object.values((await stored(ORPHANS)).data ?? {});
    expect(listed.filter((entry) => entry.includes(`"client":"shop/${name}"`))).toHaveLength(1);
    expect(await isRunning()).toBe(true);
  }

  it('edited by a person: it keeps the edit', { timeout: 90_000 }, async () => {
    await loseAnswer('suspect-1');
    const { data = {} } = await stored(ORPHANS);
    await overwrite(ORPHANS, { data: { ...data, note: "asked the server's team", torn: '{"server":' } });
    await loseAnswer('suspect-2');
    const after = await stored(ORPHANS);
    expect(after.data).toMatchObject({ ...data, note: "asked the server's team", torn: '{"server":' });
    expect(Object.keys(after.data ?? {})).toHaveLength(Object.keys(data).length + 3);
    await removeByForce(ORPHANS);
  });

  it('deleted by a person: it starts empty', { timeout: 90_000 }, async () => {
    await loseAnswer('suspect-3');
    await removeByForce(ORPHANS);
    await loseAnswer('suspect-4');
    expect(Object.keys((await stored(ORPHANS)).data ?? {})).toHaveLength(1);
  });
});

describe('The end of the process', () => {
  const deployment = join(import.meta.dirname, '..', '..', '..', 'deploy', 'operator', 'deployment.yaml');

  /** Like the kubelet: one signal, and a second one when the grace period of deploy/ is over. */
  async function endAsKubelet(ending: OperatorProcess): Promise<number | null> {
    const { spec } = parse(await readFile(deployment, 'utf8')) as {
      spec: { template: { spec: { terminationGracePeriodSeconds: number } } };
    };
    const graceMs = spec.template.spec.terminationGracePeriodSeconds * 1000;
    const timer = setTimeout(() => void ending.stop('SIGKILL'), graceMs);
    const code = await ending.stop('SIGTERM');
    clearTimeout(timer);
    return code;
  }

  it('a registration that is under way is finished, recorded and published first', {
    timeout: 120_000,
  }, async () => {
    const slow = await startStubServer();
    const spec = { connection: { timeout: '1m' } };
    await testbed.apply(namespacedServer(slow.issuer, 'shop', 'draining', spec));
    const held = holdBack(slow);
    await testbed.apply(
      all(
        ...['drained', 'not-begun'].map((name) =>
          oauthClient('shop', name, { server: serverRef('draining') }),
        ),
      ),
    );
    await eventually(held.count, (count) => count === 1, LONG_MS);
    const ended = endAsKubelet(operator);
    await eventually(
      () => operator.lines.map(({ msg }) => msg),
      (messages) => messages.includes('stopping'),
    );
    // The process must not end while the answer is outstanding.
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    expect(await isRunning()).toBe(true);
    held.letGo();
    expect(await ended).toBe(0);
    expect(slow.count('register')).toBe(1);
    const [clientId] = [...slow.clients.keys()];
    const names = ['drained', 'not-begun'];
    const records = (await Promise.all(names.map((name) => shop.registrations(name)))).flat();
    expect(records.map((record) => record.clientId)).toEqual([clientId]);
    const secrets = await Promise.all(names.map((name) => shop.secret(name)));
    expect(secrets.flatMap((secret) => secret?.['client_id'] ?? [])).toEqual([clientId]);
    expect(Object.keys((await stored(LEDGER)).data ?? {}).toSorted()).toEqual([
      'epoch',
      'holder',
      'installation',
      'version',
    ]);

    operator = await replica();
    await until('drained', 'Registered');
    await until('not-begun', 'Registered');
    expect([slow.count('register'), slow.clients.size]).toEqual([2, 2]);
  });

  it('a registration that takes longer than the grace period is listed by the next process', {
    timeout: 180_000,
  }, async () => {
    const silent = await startStubServer();
    const spec = { connection: { timeout: '2m' }, recovery: { interrupted: 'Hold' } };
    await testbed.apply(namespacedServer(silent.issuer, 'shop', 'silent', spec));
    silent.behave = { register: hang };
    await testbed.apply(oauthClient('shop', 'unheard', { server: serverRef('silent') }));
    await eventually(
      () => silent.count('register'),
      (count) => count === 1,
      LONG_MS,
    );
    expect(await endAsKubelet(operator)).toBe(0);
    silent.behave = {};
    operator = await replica();
    await until('unheard', 'RegistrationOutcomeUnknown');
    const listed = (await suspectedOrphans(testbed)).filter(({ client }) => client === 'shop/unheard');
    expect(listed).toMatchObject([{ why: 'The operator stopped before it recorded an answer' }]);
    await shop.untilEvent('unheard', ({ reason }) => reason === 'RegistrationOutcomeUnknown');
    expect(silent.count('register')).toBe(1);
  });
});

describe('A server that delays its answers', () => {
  const COUNT = 40;
  const many = (home: string, server: string, count: number) =>
    Array.from({ length: count }, (_, index) =>
      oauthClient(home, `${server}-${index}`, { server: serverRef(server) }),
    );
  const untilAll = async (home: string, server: string, count: number) => {
    const path = `/apis/oauth-registrar.dev/v1alpha1/namespaces/${home}/oauthclients`;
    await eventually(
      async () => {
        const { json } = await testbed.controlPlane.admin.request<{ items: OAuthClient[] }>('GET', path);
        const own = json.items.filter(({ metadata }) => metadata.name.startsWith(`${server}-`));
        return own.map((client) => conditionOf(client, 'Ready')?.reason);
      },
      (reasons) => reasons.length === count && reasons.every((reason) => reason === 'Registered'),
      3 * LONG_MS,
    );
  };

  it('delays no other server of its namespace and no other namespace', {
    timeout: 120_000,
  }, async () => {
    const [stalled, near, far] = [await startStubServer(), await startStubServer(), await startStubServer()];
    await testbed.apply(
      all(
        namespace('calm'),
        namespacedServer(stalled.issuer, 'shop', 'holding', { connection: { timeout: '2m' } }),
        namespacedServer(near.issuer, 'shop', 'near'),
        namespacedServer(far.issuer, 'calm', 'far'),
        oauthClient('shop', 'opening', { server: serverRef('holding') }),
      ),
    );
    await until('opening', 'Registered');
    const held = holdBack(stalled);
    await testbed.apply(all(...many('shop', 'holding', COUNT)));
    // As many calls as `connection.maxInFlight` permits; all others wait.
    await eventually(held.count, (count) => count === 16, LONG_MS);
    await testbed.apply(all(...many('shop', 'near', 10), ...many('calm', 'far', 10)));
    await untilAll('shop', 'near', 10);
    await untilAll('calm', 'far', 10);
    expect(held.count()).toBe(16);
    expect([stalled.clients.size, near.clients.size, far.clients.size]).toEqual([1, 10, 10]);
    held.letGo();
    await untilAll('shop', 'holding', COUNT);
    expect([stalled.clients.size, stalled.count('register')]).toEqual([COUNT + 1, COUNT + 1]);
  });

  it('gets no registration for as long as it asks, at most an hour; other servers do; status says until when', {
    timeout: 120_000,
  }, async () => {
    const [greedy, brief] = [await startStubServer(), await startStubServer()];
    greedy.behave = { register: reply(429, '', { 'retry-after': '999999' }) };
    brief.behave = { register: reply(429, '', { 'retry-after': '5' }) };
    await testbed.apply(
      all(
        namespacedServer(greedy.issuer, 'shop', 'greedy'),
        namespacedServer(brief.issuer, 'shop', 'brief'),
        ...many('shop', 'greedy', 2),
        ...many('shop', 'brief', 2),
      ),
    );
    const { condition } = await shop.untilServer('greedy', {
      type: 'Paused',
      reason: 'AuthorizationServerPaused',
    });
    const until = /until (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ);/.exec(condition.message)?.[1] ?? '';
    expect(Date.parse(until)).toBeLessThanOrEqual(Date.now() + 3_600_000);
    expect(Date.parse(until)).toBeGreaterThan(Date.now() + 3_000_000);
    const timeIn = (client: OAuthClient) =>
      Date.parse(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/.exec(messageOf(client))?.[0] ?? '');
    const paused = await eventually(
      async () => Promise.all([0, 1].map((index) => shop.client(`greedy-${index}`))),
      (clients) => clients.every((client) => Math.abs(timeIn(client) - Date.parse(until)) <= 5_000),
      LONG_MS,
    );
    expect(paused.map((client) => conditionOf(client, 'Ready')?.reason).toSorted()).toEqual([
      'AuthorizationServerPaused',
      'RateLimited',
    ]);
    await isRegisteredAsEver('meanwhile');
    await eventually(
      () => brief.count('register'),
      (count) => count > 0,
      LONG_MS,
    );
    brief.behave = {};
    await untilAll('shop', 'brief', 2);
    expect([greedy.count('register'), greedy.clients.size, brief.clients.size]).toEqual([1, 0, 2]);
  });
});
