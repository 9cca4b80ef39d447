import { describe, expect, test } from 'vitest';
import type { RegistrationObject } from '../../../src/controller/state/cached-objects.ts';
import type { Change } from '../../../src/controller/state/object-cache.ts';
import { StatusWrites } from '../../../src/controller/state/status-writes.ts';
import { TextPool } from '../../../src/controller/state/text-pool.ts';
import { createCaches } from '../../../src/controller/wake-ups.ts';
import { storedClientKey } from '../../../src/core/client-key.ts';
import { toClientObject } from '../../../src/core/desired.ts';
import type { ClientObject } from '../../../src/core/observation.ts';
import { visitsIn } from '../../kit/fakes/visits.ts';
import { record } from '../../kit/fixtures/observations.ts';
import { issuer, objectOf, open } from '../../kit/fixtures/server-objects.ts';

const LEADS = { held: () => true };
const spec = { issuer, registration: open };
const marked = { annotations: { 'oauth-registrar.dev/is-default-server': 'true' } };

test.each([
  ['becomes the default', objectOf(spec), objectOf(spec, marked), 1],
  ['stops being the default', objectOf(spec, marked), objectOf(spec), 1],
  ['stays as it is', objectOf(spec), objectOf(spec), 0],
])('a server object that %s is reconciled so often', (_, before, after, times) => {
  const paced: string[] = [];
  const nothing = () => undefined;
  const caches = createCaches({
    ...{
      addClient: nothing,
      paceClient: nothing,
      undone: nothing,
      countAgain: nothing,
      recorded: nothing,
      unremoved: nothing,
    },
    ...{ paceServer: (key: string) => void paced.push(key) },
    ...({
      servers: { wakeNamespace: nothing },
      texts: new TextPool(),
      statusWrites: new StatusWrites(LEADS),
    } as object),
  } as never);
  const versioned = (object: typeof before, resourceVersion: string) => ({
    ...object,
    metadata: { ...object.metadata, resourceVersion },
  });
  caches.clusterServers.applied(versioned(before, '1'));
  const seen = paced.length;
  caches.clusterServers.applied(versioned(after, '2'));
  expect(paced.length - seen).toBe(times);
});

describe('A record of a client that two objects name', () => {
  const other = record({ client: { namespace: 'shop', name: 'other', uid: 'uid-2' } });
  const cached = (given: typeof other, resourceVersion: string): RegistrationObject => ({
    metadata: { name: given.registrationSecret, namespace: 'op', uid: given.client.uid, resourceVersion },
    record: given,
  });

  test('wakes it without a look at clients of other servers that have the same client_id', () => {
    const nothing = () => undefined;
    const visitsBeside = (count: number) => {
      const caches = createCaches({
        ...{ addClient: nothing, countAgain: nothing, recorded: nothing, unremoved: nothing },
        ...({ texts: new TextPool() } as object),
      } as never);
      caches.registrations.applied(cached(record(), '1'));
      for (let index = 0; index < count; index += 1) {
        const server = { kind: 'AuthorizationServer', name: 'own' } as const;
        const client = { namespace: `team-${index}`, name: 'web', uid: `uid-${index}` };
        caches.registrations.applied(
          cached(record({ ...{ server, client }, serverUid: `own-${index}` }), '1'),
        );
      }
      return visitsIn(() => caches.registrations.learn(cached({ ...record(), role: 'left-behind' }, '2')));
    };
    expect(visitsBeside(200)).toBe(visitsBeside(2));
  });

  test('wakes the other object when it is in use no more', () => {
    const woken: string[] = [];
    const nothing = () => undefined;
    const caches = createCaches({
      ...{
        addClient: (key: string) => void woken.push(key),
        countAgain: nothing,
        recorded: nothing,
        unremoved: nothing,
      },
      ...({ texts: new TextPool() } as object),
    } as never);
    caches.registrations.applied(cached(record(), '1'));
    caches.registrations.applied(cached(other, '1'));
    woken.length = 0;
    caches.registrations.learn(cached({ ...record(), role: 'left-behind' }, '2'));
    expect(woken).toEqual(['shop/other']);
  });
});

describe('A status that the watch shows changed', () => {
  const clientOf = (resourceVersion: string, clientId: string): ClientObject =>
    toClientObject({
      apiVersion: 'oauth-registrar.dev/v1alpha1',
      kind: 'OAuthClient',
      metadata: { namespace: 'shop', name: 'web', uid: 'u1', resourceVersion, generation: 1 },
      spec: {},
      status: { observedGeneration: 1, clientId },
    } as never);
  const serverOf = (resourceVersion: string, clients: number) => {
    const object = objectOf(spec);
    return { ...object, metadata: { ...object.metadata, resourceVersion }, status: { clients } };
  };

  function open() {
    const requeued: string[] = [];
    const nothing = () => undefined;
    const statusWrites = new StatusWrites(LEADS);
    const caches = createCaches({
      ...{
        addClient: nothing,
        paceClient: nothing,
        countAgain: nothing,
        recorded: nothing,
        unremoved: nothing,
      },
      ...{
        paceServer: (key: string) => void requeued.push(key),
        undone: (key: string) => void requeued.push(key),
      },
      ...({ servers: { wakeNamespace: nothing }, texts: new TextPool(), statusWrites } as object),
      ...({ namespaceMemory: { exchange: () => true } } as object),
    } as never);
    caches.clients.applied(clientOf('1', 'c1'));
    caches.clusterServers.applied(serverOf('1', 1));
    requeued.length = 0;
    return { caches, requeued, statusWrites };
  }

  test('is put right, since a former leader wrote it, or a person', () => {
    const { caches, requeued } = open();
    caches.clients.applied(clientOf('2', 'c1'));
    expect(requeued).toEqual([]);
    caches.clients.applied({
      ...clientOf('3', 'c1'),
      observed: { ...clientOf('3', 'c1').observed, status: { clientId: 'c1', secretName: 'other' } },
    });
    caches.clusterServers.applied(serverOf('2', 7));
    expect(requeued).toEqual(['shop/web', 'ClusterAuthorizationServer/corporate']);
  });

  test("is left alone while the operator's own write is under way, and where it is known", async () => {
    const { caches, requeued, statusWrites } = open();
    const answered = Promise.withResolvers<void>();
    const key = storedClientKey('shop/web');
    const written = statusWrites.write(key, () => answered.promise);
    const mine = {
      ...clientOf('2', 'c1'),
      observed: { ...clientOf('2', 'c1').observed, status: { clientId: 'c1', secretName: 'mine' } },
    };
    caches.clients.applied(mine);
    answered.resolve();
    await written;
    caches.clients.learn(mine);
    expect(requeued).toEqual([]);
  });
});

describe('A server object counts its clients again', () => {
  const registration = (resourceVersion: string, role: string) =>
    ({
      name: 'oac-uid-1-a1',
      metadata: { namespace: 'op', name: 'oac-uid-1-a1', uid: 'u1', resourceVersion },
      record: record({ role } as never),
    }) as unknown as RegistrationObject;

  function recordsOf() {
    const [counted, recorded, roles]: [string[], string[], string[]] = [[], [], []];
    const nothing = () => undefined;
    const caches = createCaches({
      ...{ addClient: nothing, paceClient: nothing, paceServer: nothing, undone: nothing },
      ...{ countAgain: (key: string) => void counted.push(key) },
      ...{ recorded: (attempt: string) => void recorded.push(attempt) },
      ...{
        unremoved: ({ before, after }: Change<RegistrationObject>) =>
          void roles.push(`${before?.record?.role} ${after?.record?.role}`),
      },
      ...({ servers: { wakeNamespace: nothing }, texts: new TextPool() } as object),
    } as never);
    caches.registrations.replaced([], '1');
    return { registrations: caches.registrations, counted, recorded, roles };
  }
  const SERVER = 'ClusterAuthorizationServer/corporate';

  test('once, whether the watch or the answer to the write shows the record first', () => {
    const [answered, watched] = [recordsOf(), recordsOf()];
    answered.registrations.learn(registration('2', 'current'));
    answered.registrations.applied(registration('2', 'current'));
    watched.registrations.applied(registration('2', 'current'));
    watched.registrations.learn(registration('2', 'current'));
    expect([answered.counted, watched.counted]).toEqual([[SERVER], [SERVER]]);
  });

  test.each(['applied', 'learn'] as const)(
    'the list of suspected orphans hears of each attempt that is recorded: %s',
    (how) => {
      const { registrations, recorded } = recordsOf();
      registrations[how](registration('2', 'current'));
      expect(recorded).toEqual([registration('2', 'current').record?.attempt]);
      registrations.forget(registration('2', 'current'));
      expect(recorded).toHaveLength(1);
    },
  );

  test.each(['applied', 'learn'] as const)(
    'the list of unremoved clients hears of each change: %s',
    (how) => {
      const { registrations, roles } = recordsOf();
      registrations[how](registration('2', 'current'));
      registrations[how](registration('3', 'owed'));
      registrations.forget(registration('3', 'owed'));
      expect(roles).toEqual(['undefined current', 'current owed', 'owed undefined']);
    },
  );

  test('when the operator changes the role of a record or removes it, and at no other write', () => {
    const { registrations, counted } = recordsOf();
    registrations.learn(registration('2', 'current'));
    registrations.learn(registration('3', 'current'));
    expect(counted).toHaveLength(1);
    registrations.learn(registration('4', 'owed'));
    expect(counted).toHaveLength(2);
    registrations.forget(registration('4', 'owed'));
    expect(counted).toHaveLength(3);
  });
});

test('Another overlap of a migration wakes those whose former clients are at the server object, whatever they name now', () => {
  const woken: string[] = [];
  const nothing = () => undefined;
  const caches = createCaches({
    ...{ addClient: (key: string) => void woken.push(key), countAgain: nothing, recorded: nothing },
    ...{ paceServer: nothing, unremoved: nothing },
    ...({ texts: new TextPool(), statusWrites: new StatusWrites(LEADS) } as object),
    ...({ servers: { wakeNamespace: nothing } } as object),
  } as never);
  const server = (overlap: string, resourceVersion: string) => {
    const migration = { to: { kind: 'ClusterAuthorizationServer', name: 'new' }, overlap };
    const object = objectOf({ ...spec, migration });
    return { ...object, metadata: { ...object.metadata, resourceVersion } };
  };
  const { kind, metadata } = server('24h', '1');
  const former = record({ server: { kind: kind as 'ClusterAuthorizationServer', name: metadata.name } });
  caches.clusterServers.applied(server('24h', '1'));
  caches.registrations.applied({
    metadata: { name: former.registrationSecret, namespace: 'op', uid: 'u', resourceVersion: '1' },
    record: former,
  });
  woken.length = 0;
  caches.clusterServers.applied(server('0s', '2'));
  expect(woken).toEqual(['shop/storefront']);
});
