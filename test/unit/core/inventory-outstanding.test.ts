import { expect, test } from 'vitest';
import { outstandingClients } from '../../../src/core/inventory-outstanding.ts';
import { encodeOrphan } from '../../../src/core/orphan-entry.ts';
import { storedServerKey } from '../../../src/core/server-key.ts';

const server = storedServerKey('ClusterAuthorizationServer/corporate');
const at = (time: string) => Date.parse(time);
const unremoved = (role: string, more: object = {}) =>
  JSON.stringify({
    role,
    client: 'shop/storefront',
    server,
    clientId: 'c-1',
    attempt: 'a-1',
    registeredAt: '2026-05-01T10:00:00Z',
    ...more,
  });

test('what is owed, left behind or suspected is one list, the oldest first', () => {
  const lists = {
    unremoved: {
      one: unremoved('left-behind', { leftAt: '2026-05-01T12:00:00Z', clientName: 'Storefront' }),
      'one.resolved': 'removed by hand',
      two: unremoved('owed'),
      unlisted: '3',
      broken: '{',
    },
    suspects: [
      {
        'a-9': encodeOrphan(
          {
            server,
            client: { namespace: 'billing', name: 'api', uid: 'u' },
            startedAt: '2026-05-01T11:00:00Z',
          },
          'no answer within 30 s',
        ),
        note: 'looked on Monday',
      },
      undefined,
    ],
  };
  expect(outstandingClients(lists)).toEqual([
    {
      kind: 'Owed',
      namespace: 'shop',
      name: 'storefront',
      server,
      clientId: 'c-1',
      clientName: undefined,
      attempt: 'a-1',
      since: at('2026-05-01T10:00:00Z'),
      why: undefined,
    },
    {
      kind: 'Suspected',
      namespace: 'billing',
      name: 'api',
      server,
      clientId: undefined,
      clientName: undefined,
      attempt: 'a-9',
      since: at('2026-05-01T11:00:00Z'),
      why: 'no answer within 30 s',
    },
    {
      kind: 'LeftBehind',
      namespace: 'shop',
      name: 'storefront',
      server,
      clientId: 'c-1',
      clientName: 'Storefront',
      attempt: 'a-1',
      since: at('2026-05-01T12:00:00Z'),
      why: undefined,
    },
  ]);
});

test('lists that are not there name nothing; a time that cannot be read is unknown', () => {
  expect(outstandingClients({ unremoved: undefined, suspects: [] })).toEqual([]);
  const odd = { one: unremoved('owed', { registeredAt: 'soon', client: 'nameless' }) };
  expect(outstandingClients({ unremoved: odd, suspects: [] })).toMatchObject([
    { namespace: '', name: 'nameless', since: undefined },
  ]);
});
