import { expect, test } from 'vitest';
import { startBystander } from './kit/bystander.ts';
import { refusalOf, serviceAt } from './kit/own-service.ts';
import { useTarget } from './kit/target.ts';

/** Stands for an address in the cluster's own network. */
const INNER = '127.0.0.3';

const target = useTarget({ flags: [`--refuse-addresses=${INNER}/32`] });

test("M9: a tenant's server object can't reach an address of --refuse-addresses, a cluster server can", async () => {
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
