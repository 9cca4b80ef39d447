import { beforeAll, expect, it } from 'vitest';
import { drop, reply, type StubServer } from '../../kit/stub-server.ts';
import { eventually, messageOf } from './objects.ts';
import { LONG_MS, teamIn, useTestbed } from './team.ts';

/** When a refused token proves that a client is gone: unanswered calls are remembered after a restart. */

/** A deregistration that is owed is tried again a minute after its object is gone. */
const ABSENCE_MS = 120_000;

const testbed = useTestbed({ namespaces: ['shop', 'leaving'] });
const shop = teamIn(testbed, 'shop');
const leaving = teamIn(testbed, 'leaving');

/** Its DELETE got no answer. */
let unheard: StubServer;
/** Its update failed with 500, and then its token was refused. */
let doubtful: StubServer;
let doubtfulSaid = '';

const refuse = reply(401, { error: 'invalid_token' });

beforeAll(async () => {
  unheard = await shop.place('unheard');
  const busy = reply(429, '', { 'retry-after': '1' });
  unheard.behave = {
    remove: (exchange) => (unheard.count('remove') === 1 ? exchange.silently() : busy(exchange)),
  };
  doubtful = await leaving.place('doubtful');
  doubtful.behave = { update: reply(500), read: refuse, remove: drop };

  await leaving.edit('doubtful', { clientName: 'Edited' });
  doubtfulSaid = messageOf(await leaving.until('doubtful', 'RegistrationAccessTokenLost'));
  await shop.remove('unheard');
  await eventually(
    () => unheard.count('remove'),
    (count) => count >= 2,
    LONG_MS,
  );
  // The write of its ledger entry also removes settled entries.
  await shop.place('another');

  await testbed.operator.stop('SIGKILL');
  unheard.behave = {};
  // In a namespace that is being deleted, an object doesn't wait for its client: then memory and status know no token.
  await leaving.remove('doubtful');
  await testbed.kubectl('delete', 'namespace', 'leaving', '--wait=false');
  await testbed.startOperator();
}, 120_000);

it('A DELETE without an answer and a refused token later prove that the client is gone, also to a later process', {
  timeout: 120_000,
}, async () => {
  await shop.untilGone('unheard');
  await shop.untilRoles('unheard', []);
  expect(unheard.clients.size).toBe(0);
});

it('A token that is refused after an update that failed with 500 never proves that the client is gone, also not to a later process', {
  timeout: 200_000,
}, async () => {
  const [clientId] = [...doubtful.clients.keys()];
  expect(doubtfulSaid).toMatch(
    new RegExp(`client ${clientId} was refused \\(update \\w+; sent at \\d{4}-\\S+Z\\): The server answered`),
  );
  await leaving.untilGone('doubtful');
  doubtful.behave = { ...doubtful.behave, remove: refuse };
  const before = doubtful.count('remove');
  await eventually(
    () => doubtful.count('remove'),
    (count) => count >= before + 2,
    ABSENCE_MS,
  );
  expect(await leaving.registrations('doubtful')).toMatchObject([{ clientId, role: 'owed' }]);
  expect(doubtful.clients.size).toBe(1);
});
