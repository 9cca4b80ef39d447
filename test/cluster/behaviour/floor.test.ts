import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { reply, type StubServer } from '../../kit/stub-server.ts';
import { conditionOf, eventually, messageOf, oauthClient, serverRef } from './objects.ts';
import { teamIn, useTestbed } from './team.ts';

/** Servers whose answers make the next call due at once: few calls are made, and status says why. */

const testbed = useTestbed();
const shop = teamIn(testbed, 'shop');

const seconds = () => Math.floor(Date.now() / 1000);
/** Every answer announces an end of the secret so many seconds from then. */
const endingIn = (left: number) => (stub: StubServer) => {
  stub.present = (information) => ({ ...information, client_secret_expires_at: seconds() + left });
};
const properly = (stub: StubServer): void => {
  stub.present = (information) => information;
};
const automatic = { replacement: { onEdit: 'Never', onExpiry: 'Automatic', overlap: '0s' } };

/** Waits until status shows that the request for another try was answered. */
const untilHandled = (name: string, value: string) =>
  eventually(
    () => shop.client(name),
    ({ status }) => status?.lastHandledReconcileAt === value,
  );

describe('An announced end', () => {
  test.each<[string, (stub: StubServer) => void]>([
    ['that was over when it was announced', endingIn(-60)],
    [
      'that counts seconds from now, not from 1970',
      (stub) => {
        stub.present = (information) => ({ ...information, client_secret_expires_at: 86_400 });
      },
    ],
  ])('%s leads to no other client, and status says what is wrong', async (what, prepare) => {
    const name = what.includes('1970') ? 'relative' : 'over';
    const stub = await shop.place(name, { prepare, client: automatic });
    const client = await shop.until(name, 'Registered');
    expect(conditionOf(client, 'Ready')?.status).toBe('True');
    expect(messageOf(client)).toContain('before it was issued');
    await shop.annotate(name, 'reconcile-requested-at', '1');
    await untilHandled(name, '1');
    expect(stub.count('register')).toBe(1);
  });

  test('two seconds ahead each time leads to few clients, told as CallsPaced, and to none when the server is repaired', async () => {
    const stub = await shop.serve('hasty', { prepare: endingIn(2), client: automatic });
    const client = await shop.until('hasty', 'CallsPaced');
    expect(messageOf(client)).toContain('The client was registered 2 times within one hour');
    expect(stub.count('register')).toBe(2);
    properly(stub);
    await shop.until('hasty', 'Registered');
    expect(stub.count('register')).toBe(3);
  });

  test('again and again ends at the bound of the server object, with an Event; a higher bound lets it go on', async () => {
    const recovery = { maxRegistrationsPerHour: 2 };
    const stub = await shop.serve('bounded', {
      prepare: endingIn(2),
      client: automatic,
      server: { recovery },
    });
    const client = await shop.until('bounded', 'ReplacementLimitReached');
    expect(messageOf(client)).toContain('2 clients were registered for this object within one hour');
    await shop.untilEvent('bounded', ({ reason }) => reason === 'ReplacementLimitReached');
    // What was counted is stored with the records.
    await testbed.operator.stop();
    await testbed.startOperator();
    await shop.annotate('bounded', 'reconcile-requested-at', '1');
    await untilHandled('bounded', '1');
    expect(stub.count('register')).toBe(2);
    properly(stub);
    await shop.patch('authorizationservers.oauth-registrar.dev', 'bounded', {
      spec: { recovery: { maxRegistrationsPerHour: 20 } },
    });
    await shop.until('bounded', 'Registered');
    expect(stub.count('register')).toBe(3);
  });
});

test('A Retry-After that asks for no pause, or that no server should send, leaves the growing pauses as they are', async () => {
  const values = ['0', '0.5', '-1', new Date(Date.now() - 60_000).toUTCString()];
  const stubs = await Promise.all(
    values.map((value, index) => {
      const register = reply(429, { error: 'slow_down' }, { 'retry-after': value });
      return shop.serve(`wish-${index}`, {
        prepare: (stub) => Object.assign(stub, { behave: { register } }),
      });
    }),
  );
  await Promise.all(values.map((_, index) => shop.until(`wish-${index}`, 'RateLimited')));
  await sleep(5_000);
  // After 2 s, and 4 s after that; each pause may be a fifth shorter.
  const counts = stubs.map((stub) => stub.count('register'));
  expect(Math.max(...counts)).toBeLessThanOrEqual(3);
});

test('A pause of registrations that a server asks for leaves edits and deletions alone, and status says so', async () => {
  const stub = await shop.place('limited');
  await testbed.apply(oauthClient('shop', 'limited-too', { server: serverRef('limited') }));
  await shop.until('limited-too', 'Registered');
  stub.behave = { register: reply(429, { error: 'slow_down' }, { 'retry-after': '3600' }) };
  await testbed.apply(oauthClient('shop', 'limited-new', { server: serverRef('limited') }));
  await shop.until('limited-new', 'RateLimited');
  await shop.untilServer('limited', { type: 'Paused', reason: 'AuthorizationServerPaused' });
  const { status } = await shop.server('limited');
  expect(status?.conditions?.find(({ type }) => type === 'Paused')?.message).toMatch(
    /^The server asked for a pause of registrations until \S+Z; updates and deletions go on\.$/,
  );
  await shop.edit('limited', { clientName: 'Edited meanwhile' });
  await shop.until('limited', 'Registered');
  await shop.remove('limited-too');
  await shop.untilGone('limited-too');
  expect([stub.count('register'), stub.count('update'), stub.count('remove')]).toEqual([3, 1, 1]);
});
