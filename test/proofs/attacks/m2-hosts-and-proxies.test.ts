import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { beforeAll, expect, test } from 'vitest';
import type { StubServer } from '../../kit/stub-server.ts';
import { type Bystander, startBystander } from './kit/bystander.ts';
import { conditionOf, isReady, machineClient, ownRef, ownServer, type SeenObject } from './kit/objects.ts';
import { type Tenant, useTarget } from './kit/target.ts';

let bystander: Bystander;
const target = useTarget({ flags: ['--namespaced-server-hosts=localhost'] });
beforeAll(async () => {
  bystander = await startBystander(target);
});

/** URL of the server with the only permitted host name. */
const permitted = ({ issuer }: StubServer): string => issuer.replace('127.0.0.1', 'localhost');

const serverAt = (name: string, stub: StubServer, spec: object = {}) =>
  ownServer(name, permitted(stub), {
    discovery: { mode: 'None' },
    registration: { endpoint: `${permitted(stub)}/reg`, admission: { open: {} } },
    ...spec,
  });

/** Makes the operator do everything that is permitted: register, update, delete. */
async function useAsFarAsItGoes(tenant: Tenant, server: string): Promise<SeenObject> {
  const name = `client-of-${server}`;
  await tenant.createOrFail(machineClient(name, { server: ownRef(server) }));
  const isTold = (object: SeenObject | undefined) =>
    isReady(object) || conditionOf(object, 'Ready')?.['reason'] === 'AddressRefused';
  const told = await tenant.until('OAuthClient', name, isTold);
  if (isReady(told)) {
    await tenant.patchOrFail('OAuthClient', name, { spec: { client: { clientName: 'edited' } } });
    await tenant.until(
      'OAuthClient',
      name,
      (object) => conditionOf(object, 'Ready')?.['observedGeneration'] === object?.['metadata'].generation,
    );
  }
  await tenant.remove('OAuthClient', name);
  await tenant.until('OAuthClient', name, (object) => object === undefined, 70_000);
  return told;
}

test('M2: management addresses at another host are never called, whatever allowedOrigins says', async () => {
  const tenant = await target.tenant('admin');
  const [own, victim] = [await target.server(), await target.server()];
  await bystander.during(async () => {
    const management = {
      configurationUrl: `${victim.issuer}/api/v1/delete-everything?x={client_id}`,
      allowedOrigins: [victim.issuer],
    };
    await tenant.createOrFail(serverAt('evil', own, { management }));
    await useAsFarAsItGoes(tenant, 'evil');
    const server = await tenant.get('AuthorizationServer', 'evil');
    expect(conditionOf(server, 'Ready')?.['message']).toContain('Host 127.0.0.1 is not among those');
    expect(conditionOf(server, 'Ready')?.['message']).not.toContain('--');
  });
  expect(victim.requests).toEqual([]);
  await bystander.judge();
});

test('M2: no proxy is called for an AuthorizationServer, whatever its host', async () => {
  const tenant = await target.tenant('admin');
  const own = await target.server();
  let calls = 0;
  const proxy = createServer(() => {
    calls += 1;
  }).on('connect', (_request, socket) => {
    calls += 1;
    socket.destroy();
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const { port } = proxy.address() as AddressInfo;
  await tenant.createOrFail(
    serverAt('proxied', own, { connection: { proxyUrl: `http://localhost:${port}` } }),
  );
  const server = await tenant.until(
    'AuthorizationServer',
    'proxied',
    (object) => conditionOf(object, 'Ready')?.['status'] === 'False',
  );
  const told = await useAsFarAsItGoes(tenant, 'proxied');
  proxy.close();
  expect(conditionOf(server, 'Ready')).toMatchObject({ status: 'False', reason: 'AddressRefused' });
  expect(conditionOf(told, 'Ready')?.['message']).toContain('Remove spec.connection.proxyUrl');
  expect([calls, own.requests]).toEqual([0, []]);
});
