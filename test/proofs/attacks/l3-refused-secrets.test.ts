import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { startBystander } from './kit/bystander.ts';
import { conditionOf, isReady, machineClient } from './kit/objects.ts';
import { secretsQuota } from './kit/quota.ts';
import { useTarget } from './kit/target.ts';

const target = useTarget();

test("L3: a member of the answer that can't be a key of a Secret is refused when the object is created", async () => {
  const tenant = await target.tenant('edit');
  const answer = await tenant.create(machineClient('bad', { secret: { include: ['a/b c'] } }));
  expect(answer.status).toBe(422);
});

test("L3: a quota that refuses Secrets is reported with the API server's message; registered clients stay, others are not registered", async () => {
  const bystander = await startBystander(target);
  const tenant = await target.tenant('edit');
  const setQuota = await secretsQuota(target, tenant.namespace, { most: 2, used: 2 });
  await setQuota({ most: 2, used: 0 });
  const registered = () =>
    [...target.corporate.clients.values()].filter(({ client_name }) => String(client_name).startsWith('l3-'))
      .length;
  await bystander.during(async () => {
    await tenant.createAll(Array.from({ length: 80 }, (_, index) => machineClient(`l3-${index}`)));
    await expect
      .poll(
        async () =>
          (await tenant.list('OAuthClient')).filter(
            (object) =>
              conditionOf(object, 'Ready')?.['reason'] === 'SecretWriteRefused' &&
              conditionOf(object, 'Ready')?.['message'].includes('exceeded quota'),
          ).length,
        { timeout: 20_000 },
      )
      .toBeGreaterThan(3);
    await sleep(5_000);
  });
  // Two have their Secret. Of the others, only those are registered that were under way at the first refusal.
  expect(registered()).toBeLessThan(80);
  const events = await tenant.list('Event');
  expect(
    events.some(({ reason, note }) => reason === 'SecretWriteRefused' && note.includes('exceeded quota')),
  ).toBe(true);
  await setQuota({ most: 1_000, used: 2 });
  for (let index = 0; index < 80; index += 1) {
    await tenant.until('OAuthClient', `l3-${index}`, isReady, 60_000);
  }
  expect(registered()).toBe(80);
  await bystander.judge();
});
