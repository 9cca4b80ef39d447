import { setTimeout as sleep } from 'node:timers/promises';
import { test } from 'vitest';
import { drop, type Exchange, hang, reply } from '../../kit/stub-server.ts';
import { when } from './kit/answers.ts';
import { startBystander } from './kit/bystander.ts';
import { conditionOf, machineClient, type SeenObject } from './kit/objects.ts';
import { useTarget } from './kit/target.ts';

/** Far less than the attack lasts: calls end without an answer while it does, and so do the pauses after them. */
const target = useTarget({ corporate: { connection: { timeout: '3s' } } });

const ATTACK_MS = 12_000;
const isTold = (object: SeenObject | undefined) => conditionOf(object, 'Ready')?.['status'] === 'False';

test('H3b: 64 clients that the server answers with 500, drops or never answers close the server to no other client', async () => {
  const isLong = ({ body }: Exchange) => String(body['client_name']).length > 255;
  const begins = (text: string) => (exchange: Exchange) =>
    isLong(exchange) && String(exchange.body['client_name']).startsWith(text);
  target.corporate.behave.register = when(
    begins('500'),
    reply(500, { error: 'server_error', error_description: 'value too long for type' }),
    when(begins('reset'), drop, when(begins('hang'), hang)),
  );
  const bystander = await startBystander(target);
  const attacker = await target.tenant('edit');
  const kinds = ['500', '500', 'reset', 'hang'];
  const poisons = Array.from({ length: 64 }, (_, index) =>
    machineClient(`poison-${index}`, {
      client: { clientName: `${kinds[index % kinds.length]}-${index}-`.padEnd(300, 'x') },
    }),
  );
  await bystander.during(async () => {
    await attacker.createAll(poisons);
    await attacker.until('OAuthClient', 'poison-0', isTold);
    await sleep(ATTACK_MS);
  });
  await bystander.judge();
});
