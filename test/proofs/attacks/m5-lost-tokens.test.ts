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

test('M5: three adopted clients, and three of one namespace, whose tokens are lost make no server suspect', async () => {
  const bystander = await startBystander(target);
  const attacker = await target.tenant('edit');
  const adopted = ['adopted-1', 'adopted-2', 'adopted-3'];
  const registered = ['own-1', 'own-2', 'own-3'];
  await bystander.during(async () => {
    await attacker.createAll(adopted.map((name) => brought(name, `token-of-${name}`)));
    for (const name of adopted) await attacker.ready(adopting(name));
    for (const name of registered) await attacker.ready(machineClient(name));
    // By hand, at the server: only what the operator holds is worth nothing any more.
    const { namespace } = attacker;
    const all = [...adopted, ...registered];
    for (const name of all) {
      const { status } = (await attacker.get('OAuthClient', name)) ?? {};
      const client = target.corporate.clients.get(status.clientId) ?? {};
      const token = `replaced-${namespace}-${name}`;
      target.corporate.clients.set(status.clientId, { ...client, registration_access_token: token });
    }
    const edit = (name: string) => ({ spec: { client: { clientName: `${name} edited` } } });
    await Promise.all(all.map((name) => attacker.patchOrFail('OAuthClient', name, edit(name))));
    await sleep(ATTACK_MS);
  });
  await bystander.judge();
  expect(await paused()).toBeUndefined();
  for (const name of ['adopted-1', 'own-3']) {
    const told = conditionOf(await attacker.get('OAuthClient', name), 'Ready');
    expect(told?.['reason']).toBe('RegistrationAccessTokenLost');
  }
});
