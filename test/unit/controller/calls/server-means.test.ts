import { describe, expect, test } from 'vitest';
import type { Secret } from '../../../../src/api/kubernetes.ts';
import { SHARES } from '../../../../src/api/shares.ts';
import { keepMeans, refreshMeans, removeUnused } from '../../../../src/controller/calls/server-means.ts';
import type { Context } from '../../../../src/controller/context.ts';
import type { ServerConnection } from '../../../../src/core/connection.ts';
import { toServerMeans } from '../../../../src/core/server-record.ts';
import { type OperatorInMemory, operatorInMemory, refusals } from '../../../kit/fakes/operator-in-memory.ts';
import { registersAnother } from '../../../kit/fakes/step-runner.ts';
import { plain } from '../../../kit/fixtures/credentials.ts';
import { recorded, registrationSecret, surroundings } from '../../../kit/fixtures/objects.ts';
import { connection } from '../../../kit/fixtures/observations.ts';
import { managedWith, OWN_REF, OWN_SERVER, serverRecord } from '../../../kit/fixtures/server-records.ts';

const SECRET = 'Secret oauth-registrar-system/as-server-1';
const objects = surroundings();
const keep = ({ context }: OperatorInMemory, by: ServerConnection, server = OWN_SERVER) =>
  keepMeans(server, by, context as unknown as Context);
const wrote = ({ writes }: OperatorInMemory) => writes.map(({ what }) => what);
const keptToken = ({ cluster }: OperatorInMemory) =>
  plain(
    toServerMeans(cluster.find('Secret', 'oauth-registrar-system/as-server-1') as Secret)?.management
      .credential,
  );

describe('What manages the clients of an AuthorizationServer', () => {
  test('is kept once, and again when it changes, beside what others wrote on the Secret', async () => {
    const operator = operatorInMemory({ objects });
    expect(await keep(operator, managedWith('admin-1'))).toBeUndefined();
    expect(await keep(operator, managedWith('admin-1'))).toBeUndefined();
    expect(wrote(operator)).toEqual([`create ${SECRET}`]);
    operator.cluster.patch(
      { kind: 'Secret' } as never,
      { namespace: 'oauth-registrar-system', name: 'as-server-1' },
      { metadata: { labels: { theirs: 'x' } } },
      'user',
    );
    expect(await keep(operator, managedWith('admin-2'))).toBeUndefined();
    expect(wrote(operator).slice(1)).toEqual([`patch ${SECRET}`]);
    expect(keptToken(operator)).toMatchObject({ token: 'admin-2' });
    expect(
      operator.cluster.find('Secret', 'oauth-registrar-system/as-server-1')?.metadata.labels,
    ).toMatchObject({ theirs: 'x' });
  });

  test('is not kept where there is nothing, and never of a cluster server', async () => {
    const operator = operatorInMemory({ objects });
    await keep(operator, connection);
    await keep(operator, managedWith('admin-1'), 'ClusterAuthorizationServer/corporate' as never);
    expect(wrote(operator)).toEqual([]);
  });

  test('is kept again by a later process, and where somebody deleted it', async () => {
    const operator = operatorInMemory({ objects: [...objects, serverRecord()] });
    await keep(operator, managedWith('admin-1'));
    expect(wrote(operator)).toEqual([`patch ${SECRET}`]);
    operator.cluster.delete({ kind: 'Secret' } as never, serverRecord().metadata, {}, 'user');
    operator.context.caches.serverRecords.forget(serverRecord());
    await keep(operator, managedWith('admin-1'));
    expect(wrote(operator).slice(1)).toEqual([`create ${SECRET}`]);
  });

  test('is written where the watch does not show yet that it exists, or is gone', async () => {
    const late = operatorInMemory({ objects });
    late.cluster.put('Secret', serverRecord());
    await keep(late, managedWith('admin-2'));
    expect(wrote(late)).toEqual([`create ${SECRET}`, `patch ${SECRET}`]);
    expect(keptToken(late)).toMatchObject({ token: 'admin-2' });
    const gone = operatorInMemory({ objects: [...objects, serverRecord()] });
    gone.cluster.delete({ kind: 'Secret' } as never, serverRecord().metadata, {}, 'user');
    await keep(gone, managedWith('admin-2'));
    expect(wrote(gone)).toEqual([`patch ${SECRET}`, `create ${SECRET}`]);
  });

  test('is refreshed while the server object has clients, and not without', async () => {
    const without = operatorInMemory({ objects });
    await refreshMeans(OWN_SERVER, managedWith('admin-2'), without.context as unknown as Context);
    expect(wrote(without)).toEqual([]);
    const registered = registrationSecret(recorded({ server: OWN_REF }));
    const operator = operatorInMemory({ objects: [...objects, registered, serverRecord()] });
    await refreshMeans(OWN_SERVER, managedWith('admin-2'), operator.context as unknown as Context);
    expect(keptToken(operator)).toMatchObject({ token: 'admin-2' });
  });

  test('takes no more than the share of the namespace', async () => {
    const kept = Array.from({ length: SHARES.serverRecords.most }, (_, at) => serverRecord(`other-${at}`));
    const operator = operatorInMemory({ objects: [...objects, ...kept] });
    expect(await keep(operator, managedWith('admin-1'))).toEqual({
      reason: 'NamespaceShareReached',
      message: `Namespace shop has clients at ${SHARES.serverRecords.most} AuthorizationServers with a certificate, a CA, a proxy or a management credential, and what manages them is kept for no more. Delete the OAuthClients of one that nobody needs`,
    });
    expect(wrote(operator)).toEqual([]);
  });

  test('is reported where the API server does not take it', async () => {
    const operator = operatorInMemory({ objects, refuses: { 'create Secret': refusals.forbidden } });
    expect(await keep(operator, managedWith('admin-1'))).toEqual({
      reason: 'RecordWriteRefused',
      message:
        "What manages the clients of AuthorizationServer sso can't be kept in the operator's namespace: exceeded quota",
    });
  });
});

describe('What is kept of a server object', () => {
  const remove = ({ context }: OperatorInMemory) => removeUnused(OWN_SERVER, context as unknown as Context);
  const advance = ({ context }: OperatorInMemory, ms: number) =>
    (context.clock as unknown as { advance(ms: number): Promise<void> }).advance(ms);

  test('is removed a minute after the last record is gone', async () => {
    const operator = operatorInMemory({ objects: [...objects, serverRecord()] });
    expect(await remove(operator)).toBe(60_000);
    await advance(operator, 59_000);
    expect(await remove(operator)).toBe(1_000);
    expect(wrote(operator)).toEqual([]);
    await advance(operator, 1_000);
    expect(await remove(operator)).toBeUndefined();
    expect(wrote(operator)).toEqual([`delete ${SECRET}`]);
    expect([operator.context.caches.serverRecords.size, operator.context.serverRecords.size]).toEqual([0, 0]);
  });

  test.each<readonly [string, Partial<ReturnType<typeof recorded>>, boolean]>([
    ['a current record', {}, true],
    ['a record that is still to be deregistered', { role: 'owed' }, true],
    ['a record that was left behind', { role: 'left-behind' }, true],
    ['a record of an earlier server object of the name', { serverUid: 'server-0' }, false],
  ])('stays as long as the server has %s', async (_, changes, stays) => {
    const registered = registrationSecret(recorded({ server: OWN_REF, ...changes }));
    const operator = operatorInMemory({ objects: [...objects, registered, serverRecord()] });
    await remove(operator);
    await advance(operator, 60_000);
    await remove(operator);
    expect(wrote(operator)).toEqual(stays ? [] : [`delete ${SECRET}`]);
  });

  test('stays while a client is being registered, and for a minute after', async () => {
    const operator = operatorInMemory({ objects: [...objects, serverRecord()] });
    await remove(operator);
    await advance(operator, 59_000);
    registersAnother(operator);
    const [call] = operator.ledger.registrationsAt('ClusterAuthorizationServer/corporate' as never, 'shop');
    operator.ledger.leave({ ...call, server: OWN_SERVER } as never, 'underWay');
    expect(await remove(operator)).toBeUndefined();
    operator.ledger.settle('a2');
    await advance(operator, 1_000);
    expect(await remove(operator)).toBe(60_000);
    expect(wrote(operator)).toEqual([]);
  });

  test('is tried again where the API server does not remove it', async () => {
    const operator = operatorInMemory({
      objects: [...objects, serverRecord()],
      refuses: { 'delete Secret': refusals.forbidden },
    });
    await remove(operator);
    await advance(operator, 60_000);
    expect(await remove(operator)).toBe(1_000);
    expect(operator.lines).toEqual([
      expect.stringContaining('what was kept of a server object is not removed yet'),
    ]);
    expect(operator.context.caches.serverRecords.size).toBe(1);
  });
});
