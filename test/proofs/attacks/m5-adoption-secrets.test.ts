import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { adopting, brought, pausedOf } from './kit/adoption.ts';
import { startBystander } from './kit/bystander.ts';
import { conditionOf } from './kit/objects.ts';
import { useTarget } from './kit/target.ts';

const target = useTarget({ corporate: { policy: { adoption: 'Allow' } } });

const ATTACK_MS = 8_000;

test("M5: 40 Secrets with tokens that a request can't contain disturb nobody, and each object's status says what is wrong", async () => {
  const bystander = await startBystander(target);
  const attacker = await target.tenant('edit');
  const names = Array.from({ length: 40 }, (_, index) => `crlf-${index}`);
  await bystander.during(async () => {
    await attacker.createAll(names.map((name) => brought(target, name, 'abc\r\nx: y')));
    await attacker.createAll(names.map(adopting));
    await sleep(ATTACK_MS);
  });
  await bystander.judge();
  expect(await pausedOf(target)).toBeUndefined();
  for (const name of names) {
    const told = conditionOf(await attacker.get('OAuthClient', name), 'Ready');
    expect(told?.['reason']).toBe('CredentialUnusable');
    expect(told?.['message']).toContain('"registration_access_token"');
  }
});
