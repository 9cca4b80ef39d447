import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { conditionOf, isReady, machineClient } from './kit/objects.ts';
import { secretsQuota } from './kit/quota.ts';
import { openWorld, type World } from './kit/world.ts';

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world?.close());

test('H2: while the API server refuses even minimal records, little is registered, that is told, and all of it is recorded in the end', async () => {
  const tenant = await world.tenant('edit');
  await tenant.ready(machineClient('before'));
  const secrets = (await world.admin.list('Secret')).length;
  const setQuota = await secretsQuota(world, world.admin.namespace, { most: secrets, used: secrets });
  const before = world.corporate.count('register');
  await tenant.createAll(Array.from({ length: 60 }, (_, index) => machineClient(`q-${index}`)));
  await tenant.until('OAuthClient', 'q-0', (object) => {
    const ready = conditionOf(object, 'Ready');
    return ready?.['reason'] === 'RecordWriteRefused' && ready['message'].includes('exceeded quota');
  });
  await sleep(5_000);
  // Those that were under way when the first was refused.
  expect(world.corporate.count('register') - before).toBeLessThanOrEqual(16);
  await setQuota({ most: 1_000, used: secrets });
  for (let index = 0; index < 60; index += 1) {
    await tenant.until('OAuthClient', `q-${index}`, isReady, 60_000);
  }
  expect(world.corporate.count('register') - before).toBe(60);
});
