import { afterAll, beforeAll, expect, it } from 'vitest';
import { startWorld, type World } from '../testbed/world.ts';
import { editClient } from './looks.ts';
import { eventually, getClient, namespace, untilReason } from './objects.ts';
import { LONG_MS, messageOf, placed, recordsOf, remove } from './placed.ts';
import { drop, reply, stopStubServers } from './stub-server.ts';

/** An update that failed, and whose token is refused since, may have rotated it: that is never forgotten. */

let world: World;

beforeAll(async () => {
  world = await startWorld();
  await world.apply(namespace('shop'));
});

afterAll(async () => {
  await world?.stop();
  await stopStubServers();
});

it('A token refused after an update that failed with 500 never proves a client gone, also not to a later process', async () => {
  const stub = await placed(world, 'doubtful');
  const [clientId] = [...stub.clients.keys()];
  stub.behave = { update: reply(500), read: reply(401, { error: 'invalid_token' }), remove: drop };
  await editClient(world, 'shop', 'doubtful', { clientName: 'Edited' });
  const told = await untilReason(world, 'shop', 'doubtful', 'RegistrationAccessTokenLost', LONG_MS);
  expect(messageOf(told)).toMatch(
    new RegExp(`client ${clientId} was refused \\(update \\w+; sent at \\d{4}-\\S+Z\\): The server answered`),
  );

  await world.operator.stop('SIGKILL');
  await remove(world, 'doubtful');
  await world.startOperator();
  await eventually(
    () => stub.count('remove'),
    (count) => count > 0,
    LONG_MS,
  );
  stub.behave = { ...stub.behave, remove: reply(401, { error: 'invalid_token' }) };
  await eventually(
    async () => messageOf(await getClient(world, 'shop', 'doubtful')),
    (message) => message.startsWith('The server answered 401'),
    LONG_MS,
  );
  expect(await recordsOf(world, 'doubtful')).toMatchObject([{ clientId, role: 'current' }]);
  expect(stub.clients.size).toBe(1);
});
