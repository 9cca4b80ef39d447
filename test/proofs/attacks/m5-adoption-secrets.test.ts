import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startBystander } from './kit/bystander.ts';
import { conditionOf, credential, machineClient } from './kit/objects.ts';
import { openTarget, type Target } from './kit/target.ts';

let target: Target;
beforeAll(async () => {
  target = await openTarget({ corporate: { policy: { adoption: 'Allow' } } });
});
afterAll(() => target?.close());

const ATTACK_MS = 8_000;
const paused = async () =>
  conditionOf(await target.admin.get('ClusterAuthorizationServer', 'corporate'), 'Paused');

/** A client that the server has and that nobody recorded, in a Secret. */
function brought(name: string, token: string) {
  const clientId = `brought-${name}`;
  const uri = `${target.corporate.issuer}/reg/${clientId}`;
  target.corporate.clients.set(clientId, {
    client_id: clientId,
    client_name: name,
    registration_access_token: token,
    registration_client_uri: uri,
  });
  return credential(`${name}-brought`, {
    client_id: clientId,
    registration_access_token: token,
    registration_client_uri: uri,
  });
}

const adopting = (name: string) => machineClient(name, { adopt: { secretRef: { name: `${name}-brought` } } });

test('M5: 40 Secrets with tokens that no request can carry disturb nobody, and each is told what is wrong', async () => {
  const bystander = await startBystander(target);
  const attacker = await target.tenant('edit');
  const names = Array.from({ length: 40 }, (_, index) => `crlf-${index}`);
  await bystander.during(async () => {
    await attacker.createAll(names.map((name) => brought(name, 'abc\r\nx: y')));
    await attacker.createAll(names.map(adopting));
    await sleep(ATTACK_MS);
  });
  await bystander.judge();
  expect(await paused()).toBeUndefined();
  for (const name of names) {
    const told = conditionOf(await attacker.get('OAuthClient', name), 'Ready');
    expect(told?.['reason']).toBe('CredentialUnusable');
    expect(told?.['message']).toContain('“registration_access_token”');
  }
});
