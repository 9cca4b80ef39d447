import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startBystander } from './kit/bystander.ts';
import { conditionOf, ownServer, type SeenObject } from './kit/objects.ts';
import { openTarget, type Target, type Tenant } from './kit/target.ts';

/** Stands for what is in the cluster's own network. */
const INNER = '127.0.0.3';

let target: Target;
const listeners: Server[] = [];
beforeAll(async () => {
  target = await openTarget({ flags: [`--refuse-addresses=${INNER}/32`] });
});
afterAll(async () => {
  for (const listener of listeners) listener.close();
  await target?.close();
});

/** What is asked of a service at this address. */
async function serviceAt(address: string) {
  const asked: string[] = [];
  const service = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    response.end('{}');
  });
  listeners.push(service);
  await new Promise<void>((resolve, reject) => {
    service.once('error', reject).listen(0, address, resolve);
  });
  return { asked, url: `http://${address}:${(service.address() as AddressInfo).port}` };
}

const isLookedAt = (object: SeenObject | undefined) =>
  ['True', 'False'].includes(conditionOf(object, 'Ready')?.['status']);

async function refusalOf(tenant: Tenant, name: string, issuer: string): Promise<SeenObject | undefined> {
  await tenant.createOrFail(ownServer(name, issuer));
  const server = await tenant.until('AuthorizationServer', name, (object) => isLookedAt(object));
  return conditionOf(server, 'Ready');
}

test('M9: a tenant’s server object reaches no address that --refuse-addresses names, a cluster server does', async () => {
  const bystander = await startBystander(target);
  const tenant = await target.tenant('admin');
  const inner = await serviceAt(INNER);
  await bystander.during(async () => {
    expect(await refusalOf(tenant, 'inner', inner.url)).toMatchObject({
      status: 'False',
      reason: 'AddressRefused',
      message: `the address of ${INNER} isn't permitted here`,
    });
  });
  expect(inner.asked).toEqual([]);
  await target.admin.createOrFail({
    kind: 'ClusterAuthorizationServer',
    metadata: { name: 'inner' },
    spec: { issuer: inner.url, registration: { admission: { open: {} } } },
  });
  await expect.poll(() => inner.asked.length, { timeout: 10_000 }).toBeGreaterThan(0);
  await bystander.judge();
});
