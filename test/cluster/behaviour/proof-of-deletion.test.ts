import { expect, it } from 'vitest';
import { drop, reply } from '../../kit/stub-server.ts';
import { eventually, messageOf } from './objects.ts';
import { LONG_MS, teamIn, useTestbed } from './team.ts';

/** When a refused token proves that a client is gone: unanswered calls are remembered after a restart. */

/** A deregistration that is owed is tried again a minute after its object is gone. */
const ABSENCE_MS = 120_000;

const testbed = useTestbed();
const shop = teamIn(testbed, 'shop');

it('A DELETE without an answer and a refused token later prove that the client is gone, also to a later process', {
  timeout: 120_000,
}, async () => {
  const stub = await shop.place('unheard');
  const busy = reply(429, '', { 'retry-after': '1' });
  stub.behave = {
    remove: (exchange) => (stub.count('remove') === 1 ? exchange.silently() : busy(exchange)),
  };
  await shop.remove('unheard');
  await eventually(
    () => stub.count('remove'),
    (count) => count >= 2,
    LONG_MS,
  );
  // The write of its ledger entry also removes settled entries.
  await shop.place('another');
  await testbed.operator.stop('SIGKILL');
  stub.behave = {};
  await testbed.startOperator();
  await shop.untilGone('unheard');
  await shop.untilRoles('unheard', []);
  expect(stub.clients.size).toBe(0);
});

it('A token that is refused after an update that failed with 500 never proves that the client is gone, also not to a later process', {
  timeout: 200_000,
}, async () => {
  const stub = await shop.place('doubtful');
  const [clientId] = [...stub.clients.keys()];
  const refuse = reply(401, { error: 'invalid_token' });
  stub.behave = { update: reply(500), read: refuse, remove: drop };
  await shop.edit('doubtful', { clientName: 'Edited' });
  const told = await shop.until('doubtful', 'RegistrationAccessTokenLost');
  expect(messageOf(told)).toMatch(
    new RegExp(`client ${clientId} was refused \\(update \\w+; sent at \\d{4}-\\S+Z\\): The server answered`),
  );

  await testbed.operator.stop('SIGKILL');
  // In a namespace that is being deleted, an object doesn't wait for its client: then memory and status know no
  // token.
  await shop.remove('doubtful');
  await testbed.kubectl('delete', 'namespace', 'shop', '--wait=false');
  await testbed.startOperator();
  await shop.untilGone('doubtful');
  stub.behave = { ...stub.behave, remove: refuse };
  const before = stub.count('remove');
  await eventually(
    () => stub.count('remove'),
    (count) => count >= before + 2,
    ABSENCE_MS,
  );
  expect(await shop.registrations('doubtful')).toMatchObject([{ clientId, role: 'owed' }]);
  expect(stub.clients.size).toBe(1);
});
