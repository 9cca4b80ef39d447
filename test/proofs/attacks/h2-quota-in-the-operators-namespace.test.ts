import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { SHARES } from '../../../src/api/shares.ts';
import { startBystander } from './kit/bystander.ts';
import { conditionOf, isReady, machineClient } from './kit/objects.ts';
import { secretsQuota } from './kit/quota.ts';
import { useTarget } from './kit/target.ts';

const target = useTarget();
/** `maxInFlight` of a server object that doesn't set it. */
const UNDER_WAY = 16;

test('H2: while the API server refuses even minimal records, few clients are registered, status says so, and all are recorded in the end', async () => {
  // Nobody's client is registered while the API server refuses every record: the bystander acts before and after that.
  const bystander = await startBystander(target);
  const tenant = await target.tenant('edit');
  await tenant.ready(machineClient('before'));
  const secrets = (await target.admin.list('Secret')).length;
  const setQuota = await secretsQuota(target, target.admin.namespace, { most: secrets, used: secrets });
  const before = target.corporate.count('register');
  await tenant.createAll(Array.from({ length: 60 }, (_, index) => machineClient(`q-${index}`)));
  await tenant.until('OAuthClient', 'q-0', (object) => {
    const ready = conditionOf(object, 'Ready');
    return ready?.['reason'] === 'RecordWriteRefused' && ready['message'].includes('exceeded quota');
  });
  await sleep(5_000);
  // Clients whose answers may wait for a record, and those that were under way then.
  expect(target.corporate.count('register') - before).toBeLessThanOrEqual(
    SHARES.unrecordedAnswers.most + UNDER_WAY,
  );
  await setQuota({ most: 1_000, used: secrets });
  for (let index = 0; index < 60; index += 1) {
    await tenant.until('OAuthClient', `q-${index}`, isReady, 60_000);
  }
  expect(target.corporate.count('register') - before).toBe(60);
  await bystander.judge();
});
