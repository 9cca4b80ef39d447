import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { type Exchange, reply } from '../../kit/stub-server.ts';
import { when } from './kit/answers.ts';
import { startBystander } from './kit/bystander.ts';
import { conditionOf, machineClient, type SeenObject } from './kit/objects.ts';
import { useTarget } from './kit/target.ts';

const target = useTarget();

const ATTACK_MS = 12_000;
const server = () => target.admin.get('ClusterAuthorizationServer', 'corporate');
const isTold = (object: SeenObject | undefined) => conditionOf(object, 'Ready')?.['status'] === 'False';

test('H3a: a client that the server refuses with 403 or 401 is the only one that waits', async () => {
  const asks = (scope: string) => (exchange: Exchange) =>
    String(exchange.body['scope'] ?? '').includes(scope);
  target.corporate.behave.register = when(
    asks('forbidden'),
    reply(403, { error: 'access_denied', error_description: 'the scope is not yours' }),
    when(asks('unlucky'), reply(401)),
  );
  const bystander = await startBystander(target);
  const attacker = await target.tenant('edit');
  const poisons = ['forbidden', 'unlucky'].flatMap((scope) =>
    [1, 2, 3].map((index) => machineClient(`${scope}-${index}`, { client: { scopes: [scope] } })),
  );
  await bystander.during(async () => {
    await attacker.createAll(poisons);
    for (const { metadata } of poisons) {
      const told = await attacker.until('OAuthClient', metadata.name, isTold);
      expect(conditionOf(told, 'Ready')?.['reason']).toMatch(/^(RegistrationRefused|AdmissionRefused)$/);
    }
    await sleep(ATTACK_MS);
  });
  await bystander.judge();
  expect(conditionOf(await server(), 'AdmissionAccepted')).toMatchObject({ status: 'True' });
});
