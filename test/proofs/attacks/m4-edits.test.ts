import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { slowly } from './kit/answers.ts';
import { startBystander } from './kit/bystander.ts';
import { isReady, machineClient } from './kit/objects.ts';
import { useTarget } from './kit/target.ts';

const target = useTarget();

const CLIENTS = 150;
const ATTACK_MS = 20_000;
const BETWEEN_EDITS_MS = 20;

test("M4: 150 clients of one tenant that are edited all the time don't starve others at a slow server", async () => {
  const attacker = await target.tenant('edit');
  const nameOf = (index: number) => `edited-${index % CLIENTS}`;
  await attacker.createAll(Array.from({ length: CLIENTS }, (_, index) => machineClient(nameOf(index))));
  for (let index = 0; index < CLIENTS; index += 1) {
    await attacker.until('OAuthClient', nameOf(index), isReady);
  }
  const slow = slowly(1_000);
  target.corporate.behave = { register: slow, update: slow, remove: slow, read: slow };
  const bystander = await startBystander(target);
  const before = target.corporate.count('update');
  await bystander.during(async () => {
    const ends = Date.now() + ATTACK_MS;
    for (let edit = 0; Date.now() < ends; edit += 1) {
      const change = { spec: { client: { clientName: `name ${edit}` } } };
      await attacker.patchOrFail('OAuthClient', nameOf(edit), change);
      await sleep(BETWEEN_EDITS_MS);
    }
  });
  expect(target.corporate.count('update') - before).toBeGreaterThan(CLIENTS);
  await bystander.judge();
});
