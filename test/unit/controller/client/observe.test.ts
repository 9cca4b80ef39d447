import { describe, expect, test } from 'vitest';
import {
  clientsInNamespace,
  recordsOfClient,
  serverRefOf,
} from '../../../../src/controller/client/observe.ts';
import type { ServerState } from '../../../../src/controller/state/server-registry.ts';
import { clientKey, storedClientKey } from '../../../../src/core/client-key.ts';
import { plan } from '../../../../src/core/plan.ts';
import { storedServerKey } from '../../../../src/core/server-key.ts';
import { toServerObject } from '../../../../src/core/server-object.ts';
import type { Stored } from '../../../kit/fakes/cluster.ts';
import { type InMemoryOptions, operatorInMemory } from '../../../kit/fakes/operator-in-memory.ts';
import { visitsIn } from '../../../kit/fakes/visits.ts';
import {
  CLIENT,
  clientObject,
  namespaceObject,
  OPERATOR_NAMESPACE,
  recorded,
  registeredClient,
  registrationSecret,
  serverObject,
  surroundings,
  workloadSecret,
} from '../../../kit/fixtures/objects.ts';
import { connection, NOW, record, setback } from '../../../kit/fixtures/observations.ts';

const KEY = clientKey(CLIENT);
const CORPORATE = { kind: 'ClusterAuthorizationServer', name: 'corporate' } as const;
const AT_CORPORATE = storedServerKey('ClusterAuthorizationServer/corporate');

const among = (...objects: readonly Stored[]) => operatorInMemory({ objects });
const observed = (objects: readonly Stored[], more: Omit<InMemoryOptions, 'objects'> = {}) =>
  operatorInMemory({ ...more, objects }).observe();

describe('Of a client that is registered and published', () => {
  test('everything is seen, and nothing is to be done', () => {
    const o = operatorInMemory().observe();
    expect(o).toMatchObject({
      now: NOW,
      namespace: 'shop',
      name: 'storefront',
      installation: { id: 'main@cluster-1', name: 'main', continues: [] },
      object: { uid: 'uid-1', generation: 3, deleting: false },
      absence: { since: NOW, proven: false },
      namespaceTerminating: false,
      namespaceUid: 'ns-1',
      calls: [],
      unrecorded: undefined,
      records: [recorded()],
      server: { available: true, ref: CORPORATE, gate: { open: true }, registerGate: { open: true } },
      servers: [
        {
          ref: CORPORATE,
          uid: 'server-1',
          createdAt: Date.parse('2026-04-01T00:00:00Z'),
          deletion: { unconfirmed: 'Release', retryForMs: 3_600_000, retainDenied: false },
        },
      ],
      cluster: 'eu-1',
      suspects: { count: 0, latestAt: 0, isOver: false },
      secrets: [{ name: 'storefront-oauth', ownerUid: 'uid-1', shows: 'oac-uid-1-a1' }],
      setbacks: [],
    });
    expect(plan(o)).toMatchObject({ type: 'Idle', state: 'Ready' });
  });

  test('nothing is asked of anybody', () => {
    const operator = operatorInMemory();
    operator.observe();
    expect({ reads: operator.reads, writes: operator.writes, sent: operator.http.sent }).toEqual({
      reads: [],
      writes: [],
      sent: [],
    });
  });

  test('what went wrong before and what is under way belong to it alone', () => {
    const { memory, ledger, observe } = operatorInMemory();
    memory.setBack(KEY, setback());
    memory.setBack(storedClientKey('shop/basket'), setback({ basis: 'other' }));
    const entry = (attempt: string, name: string) => ({
      ...({
        attempt,
        kind: 'Update',
        registrationSecret: 'r',
        server: AT_CORPORATE,
        timeoutMs: 1,
        startedAt: 'then',
      } as const),
      client: { ...CLIENT, name },
    });
    ledger.leave(entry('a2', 'storefront'), 'interrupted');
    ledger.leave(entry('a3', 'basket'), 'interrupted');
    expect(observe()).toMatchObject({
      setbacks: [setback()],
      calls: [
        { attempt: 'a2', kind: 'Update', registrationSecret: 'r', startedAt: 'then', state: 'interrupted' },
      ],
    });
  });
});

describe('An object that is not there', () => {
  const operator = () => among(...surroundings(), registrationSecret());

  test('is absent since the first look, and that is not proven', () => {
    const { observe, context } = operator();
    expect(observe()).toMatchObject({ object: undefined, absence: { since: NOW, proven: false } });
    void context.clock.sleep(5_000);
    expect(observe()).toMatchObject({ now: NOW + 5_000, absence: { since: NOW, proven: false } });
  });

  test('stays proven until it is seen again', () => {
    const { observe, memory, context } = operator();
    memory.absence(KEY, NOW - 1);
    memory.absenceProven(KEY);
    expect(observe().absence).toEqual({ since: NOW - 1, proven: true });
    context.caches.clients.applied(operatorInMemory().context.caches.clients.get(KEY) as never);
    observe();
    expect(memory.absence(KEY, NOW)).toEqual({ since: NOW, proven: false });
  });

  test('leaves its records to be seen', () => {
    expect(operator().observe().records).toEqual([recorded()]);
  });
});

describe('Of its namespace', () => {
  test('is seen whether it is being deleted, and its uid', () => {
    const deletionTimestamp = '2026-05-01T11:59:00Z';
    const o = observed([namespaceObject('shop', { uid: 'ns-2', deletionTimestamp }), clientObject()]);
    expect(o).toMatchObject({ namespaceTerminating: true, namespaceUid: 'ns-2' });
  });

  test('that is not known yet, nothing is', () => {
    expect(observed([clientObject()])).toMatchObject({ namespaceTerminating: false, namespaceUid: '' });
  });

  test('which other installations this one continues is what its own namespace says', () => {
    const annotations = { 'oauth-registrar.dev/continues': 'old@cluster-0' };
    const o = observed([namespaceObject(OPERATOR_NAMESPACE, { annotations }), clientObject()]);
    expect(o.installation).toMatchObject({ id: 'main@cluster-1', continues: ['old@cluster-0'] });
  });
});

describe('Records', () => {
  test('are those of this name in this namespace, of earlier objects too; a damaged one is none', () => {
    const earlier = record({ attempt: 'a0', client: { ...CLIENT, uid: 'uid-0' } });
    const other = record({ attempt: 'a3', client: { ...CLIENT, name: 'basket', uid: 'uid-3' } });
    const elsewhere = record({ attempt: 'a4', client: { ...CLIENT, namespace: 'blog', uid: 'uid-4' } });
    const whole = registrationSecret(record({ attempt: 'a5' }));
    const damaged = { ...whole, metadata: { ...whole.metadata, annotations: {} } };
    const o = observed([
      ...registeredClient(),
      ...[earlier, other, elsewhere].map((one) => registrationSecret(one)),
      damaged,
    ]);
    expect(o.records.map(({ registrationSecret }) => registrationSecret)).toEqual([
      'oac-uid-1-a1',
      'oac-uid-0-a0',
    ]);
  });

  test('lead to the server objects of today, each once; one that is gone is not there', () => {
    const near = serverObject('near', { namespace: 'shop', metadata: { uid: 'near-1' } });
    const at = (attempt: string, kind: 'AuthorizationServer' | 'ClusterAuthorizationServer', name: string) =>
      registrationSecret(record({ attempt, server: { kind, name } }));
    const o = observed([
      ...surroundings(),
      near,
      clientObject(),
      at('a1', 'ClusterAuthorizationServer', 'corporate'),
      at('a2', 'ClusterAuthorizationServer', 'corporate'),
      at('a3', 'AuthorizationServer', 'near'),
      at('a4', 'AuthorizationServer', 'gone'),
    ]);
    expect(o.servers.map(({ ref, uid }) => [ref.name, uid])).toEqual([
      ['corporate', 'server-1'],
      ['near', 'near-1'],
    ]);
  });

  test('of other objects that have the same client are namesakes, with what becomes of their objects', () => {
    const basket = { ...CLIENT, name: 'basket', uid: 'uid-2' };
    const namesakes = (overrides: Parameters<typeof record>[0], ...objects: readonly Stored[]) =>
      observed([
        ...registeredClient(),
        registrationSecret(record({ attempt: 'a0', client: basket, ...overrides })),
        ...objects,
      ]).namesakes.map(({ record: { registrationSecret: name }, isLive }) => [name, isLive]);
    const name = 'oac-uid-2-a0';
    expect(namesakes({}), 'its object is gone').toEqual([[name, false]]);
    expect(namesakes({}, clientObject(basket)), 'its object is there').toEqual([[name, true]]);
    expect(namesakes({}, clientObject({ ...basket, uid: 'uid-3' })), 'of another uid').toEqual([
      [name, false],
    ]);
    expect(
      namesakes({}, clientObject({ ...basket, deletionTimestamp: '2026-05-01T11:59:00Z' })),
      'being deleted',
    ).toEqual([[name, false]]);
    expect(namesakes({ role: 'retained' }), 'kept').toEqual([[name, true]]);
    expect(namesakes({ role: 'owed' }), 'not in use').toEqual([]);
    expect(namesakes({ clientId: 'c2' }), 'another client').toEqual([]);
    expect(namesakes({ client: { ...CLIENT, uid: 'uid-0' } }), 'of the same name').toEqual([]);
  });

  test('of one client are those that may share it', () => {
    const shared = record({ attempt: 'a2', client: { ...CLIENT, name: 'basket', uid: 'uid-2' } });
    const foreign = { ...shared, attempt: 'a3', server: { kind: 'AuthorizationServer', name: 'x' } } as const;
    const { context } = among(
      ...registeredClient(),
      registrationSecret(shared),
      registrationSecret({ ...foreign, registrationSecret: 'oac-uid-2-a3' }),
    );
    expect(recordsOfClient(recorded(), context.caches).map(({ attempt }) => attempt)).toEqual(['a1', 'a2']);
  });
});

describe('The server of a client', () => {
  const isDefault = { annotations: { 'oauth-registrar.dev/is-default-server': 'true' } };
  const unnamed = (status: object = {}) => clientObject({}, { authorizationServerRef: undefined }, status);
  const named = (name: string) => ({ authorizationServerRef: { kind: 'AuthorizationServer', name } });
  const near = (name: string) => serverObject(name, { namespace: 'shop', metadata: isDefault });
  const far = (name: string, spec: object = {}) => serverObject(name, { metadata: isDefault, spec });
  const at = (name: string, overrides: Parameters<typeof record>[0] = {}) =>
    registrationSecret(record({ server: { kind: 'AuthorizationServer', name }, ...overrides }));
  const chosen = (...objects: readonly Stored[]) => {
    const { context } = among(namespaceObject('shop'), ...objects);
    return serverRefOf(KEY, context)?.name;
  };

  test('a default is of the kind where it was found', () => {
    const kindOf = (server: Stored) =>
      serverRefOf(KEY, among(namespaceObject('shop'), unnamed(), server).context)?.kind;
    expect(kindOf(near('n'))).toBe('AuthorizationServer');
    expect(kindOf(far('f'))).toBe('ClusterAuthorizationServer');
  });

  test.each<readonly [string, readonly Stored[], string | undefined]>([
    ['is the one that the spec names, whether or not it exists', [clientObject(), near('n')], 'corporate'],
    ['is the default of its namespace', [unnamed(), near('n'), far('f')], 'n'],
    ['is the default of the cluster, where its namespace has none', [unnamed(), far('f')], 'f'],
    [
      'is not a cluster server that does not admit the namespace',
      [unnamed(), far('f', { allowedNamespaces: { names: ['blog'] } })],
      undefined,
    ],
    [
      'is the only cluster server that admits it',
      [unnamed(), far('f', { allowedNamespaces: { names: ['blog'] } }), far('g')],
      'g',
    ],
    ['is none of several defaults of its namespace', [unnamed(), near('n'), near('m'), far('f')], undefined],
    ['is none of several defaults of the cluster', [unnamed(), far('f'), far('g')], undefined],
    ['is no server that is not a default', [unnamed(), serverObject('corporate')], undefined],
    ['is the one of its record, whatever the default is now', [unnamed(), far('f'), at('then')], 'then'],
    ['is the one of a client that is kept', [unnamed(), far('f'), at('then', { role: 'retained' })], 'then'],
    [
      'is not the one of a client that was given up',
      [unnamed(), far('f'), at('then', { role: 'left-behind' })],
      'f',
    ],
    [
      'is the one that status names, where there is no record',
      [unnamed({ clientId: 'c1', ...named('then') }), far('f')],
      'then',
    ],
    [
      'is the one that was chosen for this spec, before there is a client',
      [unnamed({ observedGeneration: 3, ...named('then') }), far('f')],
      'then',
    ],
    [
      'is not the one that an earlier spec named by mistake',
      [unnamed({ observedGeneration: 2, ...named('typo') }), far('f')],
      'f',
    ],
    [
      'is the one of its record before the one that status names',
      [unnamed({ clientId: 'c1', ...named('status') }), at('then')],
      'then',
    ],
    ['is none of an object that is not there', [far('f'), at('then')], undefined],
    [
      'is none where the spec cannot be used',
      [clientObject({}, { client: 7 as never }), far('f')],
      undefined,
    ],
  ])('%s', (_, objects, name) => {
    expect(chosen(...objects)).toBe(name);
  });

  test('is the default of its namespace at the cost of two visits, however many defaults there are elsewhere', () => {
    const elsewhere = Array.from({ length: 200 }, (_, index) => [
      serverObject('n', { namespace: `team-${index}`, metadata: isDefault }),
      far(`f-${index}`),
    ]);
    const { context } = among(namespaceObject('shop'), unnamed(), near('n'), ...elsewhere.flat());
    // One of the OAuthClient, one to find the server, one to see whether its clients move.
    expect(visitsIn(() => serverRefOf(KEY, context))).toBe(3);
  });

  test('is the default of the cluster at the cost of a look at all defaults for the first client of a namespace alone', () => {
    const visitsBeside = (count: number) => {
      const closed = { allowedNamespaces: { selector: { matchLabels: { team: 'blog' } } } };
      const others = Array.from({ length: count }, (_, index) => far(`f-${index}`, closed));
      const { context } = among(namespaceObject('shop'), unnamed(), far('f'), ...others);
      expect(serverRefOf(KEY, context)?.name).toBe('f');
      return visitsIn(() => serverRefOf(KEY, context));
    };
    expect(visitsBeside(200)).toBe(visitsBeside(2));
  });

  test('is another default of the cluster as soon as servers or the labels of the namespace say so', () => {
    const selector = { allowedNamespaces: { selector: { matchLabels: { team: 'shop' } } } };
    const { context } = among(namespaceObject('shop'), unnamed(), far('f', selector));
    const { clusterServers, namespaces } = context.caches;
    const names: (string | undefined)[] = [serverRefOf(KEY, context)?.name];
    const then = (change: () => void) => {
      change();
      names.push(serverRefOf(KEY, context)?.name);
    };
    const server = (name: string, spec: object) =>
      toServerObject('ClusterAuthorizationServer', far(name, spec), { allowHttp: false });
    const later = <T extends { metadata: object }>(object: T, resourceVersion: string): T => ({
      ...object,
      metadata: { ...object.metadata, resourceVersion },
    });
    then(() => namespaces.applied(later(namespaceObject('shop', { labels: { team: 'shop' } }), '20')));
    then(() => clusterServers.applied(later(server('g', {}), '21')));
    then(() => clusterServers.deleted(later(server('f', selector), '22')));
    then(() => clusterServers.applied(later({ ...server('g', {}), isDefault: false }, '23')));
    then(() => clusterServers.learn(later({ ...server('g', {}), isDefault: true }, '24')));
    expect(names).toEqual([undefined, 'f', undefined, 'g', undefined, 'g']);
  });

  test('of the record in use, not of another one', () => {
    const old = { attempt: 'a0', registeredAt: '2026-05-01T09:00:00Z', clientId: 'c0' };
    const status = { clientId: 'c1', installation: 'main@cluster-1' };
    expect(chosen(unnamed(status), at('before', old), at('now'), workloadSecret())).toBe('now');
  });

  test('of the record that its Secret shows, also under the default name of the Secret', () => {
    const object = clientObject({}, { authorizationServerRef: undefined, secret: undefined }, {});
    const old = { attempt: 'a0', registeredAt: '2026-05-01T09:00:00Z' };
    const former = workloadSecret({ name: 'former', uid: 'secret-0' });
    const shows = workloadSecret({ name: 'storefront' }, record(old));
    expect(chosen(object, at('before', old), at('now'), former, shows)).toBe('before');
  });
});

describe('A server that a client cannot use', () => {
  const view = (objects: readonly Stored[], server: Partial<ServerState> = {}) =>
    observed([namespaceObject('shop'), ...objects], { server }).server;

  test('none that it names, and no default', () => {
    expect(view([clientObject({}, { authorizationServerRef: undefined })])).toMatchObject({
      available: false,
      reason: 'AuthorizationServerNotAvailable',
      message:
        'The spec names no server, and there is not exactly one default server for this namespace. Set spec.authorizationServerRef; or annotate one server object with oauth-registrar.dev/is-default-server=true.',
    });
  });

  test.each<readonly [string, readonly Stored[]]>([
    ['does not exist', []],
    [
      'does not admit the namespace',
      [serverObject('corporate', { spec: { allowedNamespaces: { names: ['blog'] } } })],
    ],
  ])('reads the same where it %s', (_, servers) => {
    expect(view([clientObject(), ...servers])).toEqual({
      available: false,
      reason: 'AuthorizationServerNotAvailable',
      message:
        "ClusterAuthorizationServer corporate is not available to this namespace: it doesn't exist, or it doesn't admit the namespace. Check spec.authorizationServerRef, or ask the platform team.",
      endpoints: undefined,
    });
  });

  const closed = (spec: object) => serverObject('corporate', { spec });
  const named = (kind: string) =>
    clientObject({}, { authorizationServerRef: { kind: kind as 'AuthorizationServer', name: 'corporate' } });

  test.each<readonly [string, readonly Stored[], string]>([
    [
      'a cluster server of its name admits the namespace',
      [named('AuthorizationServer'), closed({ allowedNamespaces: { names: ['shop'] } })],
      'AuthorizationServer corporate is not available to this namespace. A ClusterAuthorizationServer corporate admits namespace shop: set spec.authorizationServerRef.kind to ClusterAuthorizationServer.',
    ],
    [
      'a cluster server of its name admits others only',
      [named('AuthorizationServer'), closed({ allowedNamespaces: { names: ['blog'] } })],
      "AuthorizationServer corporate is not available to this namespace: it doesn't exist, or it doesn't admit the namespace. Check spec.authorizationServerRef, or ask the platform team.",
    ],
    [
      'a server of its name is in the namespace',
      [named('ClusterAuthorizationServer'), serverObject('corporate', { namespace: 'shop' })],
      'ClusterAuthorizationServer corporate is not available to this namespace. An AuthorizationServer corporate is in namespace shop: set spec.authorizationServerRef.kind to AuthorizationServer.',
    ],
    [
      'the server discloses what it requires, and whom to ask',
      [
        clientObject(),
        closed({
          contact: '#platform-sso',
          allowedNamespaces: {
            names: ['blog'],
            selector: {
              matchLabels: { sso: 'true' },
              matchExpressions: [
                { key: 'env', operator: 'In', values: ['dev', 'test'] },
                { key: 'team', operator: 'Exists' },
              ],
            },
            disclose: 'Requirement',
          },
        }),
      ],
      'ClusterAuthorizationServer corporate does not admit namespace shop. It admits the namespaces blog, and namespaces with the labels sso=true, env In (dev, test), team Exists. Ask #platform-sso.',
    ],
    [
      'the server discloses that it admits nobody',
      [clientObject(), closed({ allowedNamespaces: { disclose: 'Requirement' } })],
      'ClusterAuthorizationServer corporate does not admit namespace shop. It admits no namespace. Ask the platform team.',
    ],
    [
      'the server lists more namespaces than are shown',
      [clientObject(), closed({ allowedNamespaces: { names: [...'abcdefghij'], disclose: 'Requirement' } })],
      'ClusterAuthorizationServer corporate does not admit namespace shop. It admits the namespaces a, b, c, d, e, f, g, h and 2 more. Ask the platform team.',
    ],
    [
      'the server has a contact and discloses nothing',
      [clientObject(), closed({ contact: '#platform-sso', allowedNamespaces: { names: ['blog'] } })],
      "ClusterAuthorizationServer corporate is not available to this namespace: it doesn't exist, or it doesn't admit the namespace. Check spec.authorizationServerRef, or ask the platform team.",
    ],
  ])('says what helps where %s', (_, objects, message) => {
    expect(view(objects)).toMatchObject({ reason: 'AuthorizationServerNotAvailable', message });
  });

  test('admits namespaces by labels', () => {
    const selector = { allowedNamespaces: { selector: { matchLabels: { sso: 'true' } } } };
    const objects = (labels: object) => [
      namespaceObject('shop', { labels }),
      serverObject('corporate', { spec: selector }),
      clientObject(),
    ];
    expect(observed(objects({ sso: 'true' })).server.available).toBe(true);
    expect(observed(objects({ sso: 'no' })).server.available).toBe(false);
  });

  test('of its own namespace needs no admission', () => {
    const server = { kind: 'AuthorizationServer', name: 'near' } as const;
    const objects = [
      serverObject('near', { namespace: 'shop' }),
      clientObject({}, { authorizationServerRef: server }),
    ];
    // It exists, and was not looked at yet.
    expect(view(objects)).toMatchObject({ available: false, reason: 'Queued' });
    expect(view(objects.slice(1))).toMatchObject({ reason: 'AuthorizationServerNotAvailable' });
    const operator = operatorInMemory({ objects: [namespaceObject('shop'), ...objects] });
    operator.servers.set(storedServerKey('AuthorizationServer/shop/near'), {
      ...operatorInMemory().servers.state(AT_CORPORATE),
      connection,
    } as ServerState);
    expect(operator.observe().server).toMatchObject({ available: true, ref: server });
  });

  test('was created again, and not looked at since', () => {
    const again = serverObject('corporate', { metadata: { uid: 'server-2' } });
    const o = observed([namespaceObject('shop'), again, clientObject(), registrationSecret()]);
    const queued = { available: false, reason: 'Queued', message: 'The server has not been looked at yet.' };
    expect(o.server).toMatchObject(queued);
    expect(o.servers).toMatchObject([{ uid: 'server-2', view: queued }]);
  });

  test('has a problem', () => {
    const problem = { reason: 'DiscoveryFailed', message: 'nothing there' } as const;
    expect(
      view([serverObject('corporate'), clientObject()], { connection: undefined, problem }),
    ).toMatchObject({
      available: false,
      reason: 'DiscoveryFailed',
    });
  });

  test('is suspended: its gate is closed, for a registered client for updates and registrations', () => {
    const o = observed(registeredClient(), { server: { suspended: true } });
    const closed = { open: false, reason: 'Suspended' };
    expect(o.server).toMatchObject({ available: true, gate: closed, registerGate: closed });
  });

  test('a client without a record has one gate', () => {
    expect(view([serverObject('corporate'), clientObject()])).not.toHaveProperty('registerGate');
  });
});

describe('Counts of a namespace', () => {
  const bounded = { connection: { ...connection, policy: { maxClientsPerNamespace: 5 } as never } };
  const others = [
    record({ attempt: 'a2', client: { ...CLIENT, name: 'basket', uid: 'uid-2' }, clientId: 'c2' }),
    record({
      attempt: 'a3',
      client: { ...CLIENT, name: 'gone', uid: 'uid-3' },
      clientId: 'c3',
      role: 'owed',
    }),
    record({
      attempt: 'a4',
      client: { ...CLIENT, name: 'left', uid: 'uid-4' },
      clientId: 'c4',
      role: 'left-behind',
    }),
    record({ attempt: 'a5', client: { ...CLIENT, namespace: 'blog', uid: 'uid-5' }, clientId: 'c5' }),
    record({
      attempt: 'a6',
      clientId: 'c6',
      server: { kind: 'ClusterAuthorizationServer', name: 'other' },
      client: { ...CLIENT, name: 'o', uid: 'uid-6' },
      role: 'owed',
    }),
    record({
      attempt: 'a7',
      clientId: 'c7',
      server: { kind: 'AuthorizationServer', name: 'own' },
      client: { ...CLIENT, name: 'p', uid: 'uid-7' },
      role: 'owed',
    }),
  ].map((one) => registrationSecret(one));

  test('of clients at the server are made only where it bounds them', () => {
    expect(observed([...registeredClient(), ...others]).clientsInNamespace).toBe(0);
  });

  test('are of all clients that may exist at this server, those under way included', () => {
    const operator = operatorInMemory({ objects: [...registeredClient(), ...others], server: bounded });
    expect(operator.observe().clientsInNamespace).toBe(4);
    const under = (attempt: string, more: object = {}) => ({
      ...({
        attempt,
        kind: 'Register',
        server: AT_CORPORATE,
        client: CLIENT,
        startedAt: '',
        timeoutMs: 1,
      } as const),
      registrationSecret: `oac-uid-9-${attempt}`,
      ...more,
    });
    operator.ledger.leave(under('n1'), 'underWay');
    operator.ledger.leave(under('n2', { registrationSecret: 'oac-uid-2-a2' }), 'underWay');
    operator.ledger.leave(under('n3', { client: { ...CLIENT, namespace: 'blog' } }), 'underWay');
    operator.ledger.leave(
      under('n4', { server: storedServerKey('ClusterAuthorizationServer/other') }),
      'underWay',
    );
    operator.ledger.leave(under('n5'), 'underWay');
    expect(clientsInNamespace(KEY, operator.context)).toBe(6);
  });

  test('of ended clients are by kind of server', () => {
    expect(observed([...registeredClient(), ...others]).endedInNamespace).toBe(3);
  });

  test('are none of an object without a server', () => {
    const unnamed = clientObject({}, { authorizationServerRef: undefined }, {});
    const o = observed([namespaceObject('shop'), unnamed, ...others], { server: bounded });
    expect([o.clientsInNamespace, o.endedInNamespace]).toEqual([0, 0]);
  });
});

describe('Suspected orphans of the object', () => {
  const suspects = (answeredAt: number | undefined, latestAt = NOW - 1_000) => {
    const operator = operatorInMemory({
      parts: {
        orphans: {
          isFull: () => false,
          suspectsOf: (uid: string) => ({ count: uid === 'uid-1' ? 2 : 0, latestAt }),
        } as never,
      },
    });
    operator.servers.setHealth(AT_CORPORATE, {
      ...operator.servers.health(AT_CORPORATE),
      ...(answeredAt === undefined ? {} : { registrationAnsweredAt: answeredAt }),
    });
    return operator.observe().suspects;
  };

  test.each([
    ['are over when a registration was answered since', NOW, true],
    ['are not over by an earlier answer', NOW - 1_000, false],
    ['are not over while none was answered', undefined, false],
  ])('%s', (_, answeredAt, isOver) => {
    expect(suspects(answeredAt)).toEqual({ count: 2, latestAt: NOW - 1_000, isOver });
  });

  test('that were sent days from now, by a wrong clock, lead to no pause of days', () => {
    const ahead = NOW + 2 * 86_400_000;
    expect(suspects(undefined, ahead)).toEqual({ count: 2, latestAt: 0, isOver: false });
    expect(suspects(NOW, ahead)).toEqual({ count: 2, latestAt: 0, isOver: true });
  });
});

describe('What the object brings', () => {
  const adopt = { secretRef: { name: 'brought' } };

  test('a client to adopt counts while none is recorded for it', () => {
    const missing = { reason: 'CredentialNotFound' };
    expect(observed([...surroundings(), clientObject({}, { adopt })]).adoptable).toMatchObject(missing);
    const other = registrationSecret(record({ client: { ...CLIENT, uid: 'uid-0' } }));
    expect(observed([...surroundings(), clientObject({}, { adopt }), other]).adoptable).toMatchObject(
      missing,
    );
    const own = registrationSecret();
    expect(observed([...surroundings(), clientObject({}, { adopt }), own]).adoptable).toBeUndefined();
  });

  test('a software statement counts always', () => {
    const softwareStatement = { secretRef: { name: 'statement', key: 'jwt' } };
    const o = observed([
      ...registeredClient().slice(0, 3),
      clientObject({}, { softwareStatement }),
      registrationSecret(),
    ]);
    expect(o.statement).toMatchObject({ reason: 'CredentialNotFound' });
    expect(operatorInMemory().observe().statement).toBeUndefined();
  });
});

test('Secrets are those that name the object as their owner', () => {
  const foreign = workloadSecret({ name: 'foreign', ownerReferences: [], annotations: {} });
  expect(observed([...registeredClient(), foreign]).secrets.map(({ name }) => name)).toEqual([
    'storefront-oauth',
  ]);
});

test('a client was last read when it was read, or is known since', () => {
  const { observe, memory } = operatorInMemory();
  expect(observe().readAt).toBe(NOW);
  memory.wasRead(KEY, NOW - 7);
  expect(observe().readAt).toBe(NOW - 7);
});

describe('One observation of a client visits as many objects', () => {
  const other = (index: number) => ({ namespace: 'shop', name: `other-${index}`, uid: `uid-other-${index}` });
  const recordOf = (index: number, more: Parameters<typeof record>[0] = {}) =>
    registrationSecret(record({ client: other(index), clientId: `other-${index}`, ...more }));
  const own = (index: number) => ({ kind: 'AuthorizationServer', name: `own-${index}` }) as const;

  test.each<readonly [string, (index: number) => readonly Stored[]]>([
    ['clients at its server, in its namespace', (index) => [clientObject(other(index)), recordOf(index)]],
    ['clients that are still to be removed there', (index) => [recordOf(index, { role: 'owed' })]],
    [
      'AuthorizationServers in its namespace, with one client each',
      (index) => [
        serverObject(`own-${index}`, { namespace: 'shop' }),
        clientObject(other(index), { authorizationServerRef: own(index) }),
        recordOf(index, { server: own(index), serverUid: `server-own-${index}` }),
      ],
    ],
    [
      'AuthorizationServers in other namespaces, with one client each',
      (index) => [
        serverObject('own', { namespace: `team-${index}` }),
        recordOf(index, {
          server: { kind: 'AuthorizationServer', name: 'own' },
          client: { ...other(index), namespace: `team-${index}` },
        }),
      ],
    ],
    ['ClusterAuthorizationServers', (index) => [serverObject(`other-${index}`)]],
    [
      'clients with the same client_id, at other servers of the cluster',
      (index) => [
        recordOf(index, {
          clientId: 'c1',
          server: { kind: 'ClusterAuthorizationServer', name: `counts-${index}` },
          serverUid: `server-counts-${index}`,
          issuer: `https://counts-${index}.example.com`,
          registrationOrigin: `https://counts-${index}.example.com`,
        }),
      ],
    ],
    [
      'clients with the same client_id, at AuthorizationServers in other namespaces',
      (index) => [
        recordOf(index, {
          clientId: 'c1',
          server: { kind: 'AuthorizationServer', name: 'own' },
          serverUid: `server-own-${index}`,
          client: { ...other(index), namespace: `team-${index}` },
        }),
      ],
    ],
  ])('with any number of %s', (_, one) => {
    const policy = { ...connection.policy, maxClientsPerNamespace: 1_000 };
    const visitsBeside = (count: number) => {
      const others = Array.from({ length: count }, (_, index) => one(index)).flat();
      const operator = operatorInMemory({
        objects: [...registeredClient(), ...others],
        server: { connection: { ...connection, policy } },
      });
      return visitsIn(() => operator.observe());
    };
    expect(visitsBeside(200)).toBe(visitsBeside(2));
  });
});

describe('A client whose server object has a migration', () => {
  const to = (name: string) => ({ to: { kind: 'ClusterAuthorizationServer', name } });
  const NEW = { kind: 'ClusterAuthorizationServer', name: 'new' } as const;
  const atNew = recorded({ server: NEW });
  const client = clientObject({}, { authorizationServerRef: CORPORATE });
  const moved = (...servers: readonly Stored[]) => [
    ...surroundings().filter(({ metadata }) => metadata.name !== 'corporate'),
    client,
    registrationSecret(atNew),
    workloadSecret({}, atNew),
    ...servers,
  ];
  const corporate = (migration: object) => serverObject('corporate', { spec: { migration } });

  test.each([
    ['is missing now', [corporate(to('new'))]],
    [
      'has a migration of its own now',
      [corporate(to('new')), serverObject('new', { spec: { migration: to('last') } }), serverObject('last')],
    ],
    ['is no longer the one to move to', [corporate(to('last')), serverObject('new'), serverObject('last')]],
    ['is no longer the one, and the next is missing', [corporate(to('last')), serverObject('new')]],
  ])('and that has moved stays at the new one where that %s', (_, servers) => {
    const { observe, context } = among(...moved(...servers));
    expect(serverRefOf(KEY, context)).toEqual(NEW);
    expect(plan(observe())).not.toMatchObject({ finding: 'ServerChanged' });
  });

  test('is counted once against the quota of the new one while former clients are still at the other', () => {
    const policy = { maxClientsPerNamespace: 1 };
    const objects = [
      ...registeredClient().filter(({ metadata }) => metadata.name !== 'corporate'),
      corporate(to('new')),
      serverObject('new'),
      registrationSecret(recorded({ attempt: 'b2', clientId: 'c2' })),
    ];
    const operator = operatorInMemory({ objects });
    const { context, servers } = operator;
    const known = servers.state(AT_CORPORATE);
    const target = storedServerKey('ClusterAuthorizationServer/new');
    servers.set(target, { ...known, connection: { ...connection, policy } } as ServerState);
    expect(operator.observe().migration?.clientsInNamespace).toBe(2);
    const terms = { to: 'new', maxConcurrent: 1, isSuspended: false };
    context.moves.begin(AT_CORPORATE, terms, () => [], { total: 1, isBegun: true });
    expect(operator.observe().migration?.clientsInNamespace).toBe(1);
  });
});
