import { expect, test } from 'vitest';
import type { Context } from '../../../src/controller/context.ts';
import { type Gauges, gaugesOf, type Sample } from '../../../src/controller/gauges.ts';
import { ClientTally } from '../../../src/controller/state/client-tally.ts';
import { toClientObject } from '../../../src/core/desired.ts';
import { serverKey, storedServerKey } from '../../../src/core/server-key.ts';
import { operatorInMemory } from '../../kit/fakes/operator-in-memory.ts';
import {
  clientObject,
  recorded,
  registeredClient,
  registrationSecret,
  serverObject,
} from '../../kit/fixtures/objects.ts';
import { available, NOW } from '../../kit/fixtures/observations.ts';

const CORPORATE = serverKey(available.ref, 'shop');

const record = (name: string, overrides: object) =>
  registrationSecret(recorded({ registrationSecret: name, attempt: name, ...overrides }));

function scene() {
  const operator = operatorInMemory({
    objects: [
      ...registeredClient(),
      serverObject('sso', { namespace: 'shop' }),
      serverObject('sso', { namespace: 'billing' }),
      record('oac-uid-2-a2', { role: 'owed' }),
      record('oac-uid-3-a3', {
        role: 'left-behind',
        server: { kind: 'ClusterAuthorizationServer', name: 'gone' },
      }),
      record('oac-uid-4-a4', { role: 'owed', server: { kind: 'AuthorizationServer', name: 'sso' } }),
    ],
    parts: {
      ledger: { sizes: { underWay: 2, interrupted: 1 } } as never,
      orphans: {
        listed: () => [
          [CORPORATE, 2],
          [storedServerKey('AuthorizationServer/shop/sso'), 3],
          [storedServerKey('ClusterAuthorizationServer/gone'), 1],
        ],
      } as never,
    },
  });
  const tally = new ClientTally();
  return { ...operator, tally, read: () => gaugesOf({ ...(operator.context as unknown as Context), tally }) };
}

const lines = <Name extends keyof Gauges>(gauges: Gauges, name: Name) =>
  (gauges[name] as readonly Sample<string>[]).map((sample) => Object.values(sample).join(' ')).toSorted();

test('a label of a server names one that is there: a tenant who names another adds none', () => {
  const { tally, read } = scene();
  for (let index = 0; index < 100; index += 1) {
    const ref = { kind: 'ClusterAuthorizationServer', name: `mine-${index}` };
    tally.add(toClientObject(clientObject({}, {}, { authorizationServerRef: ref })));
  }
  tally.add(toClientObject(clientObject({}, {}, { authorizationServerRef: available.ref })));
  expect([...new Set(read().clients.map(({ server }) => server))]).toEqual(['None', 'corporate']);
});

test('records are counted by role and server; those of all namespaces together', () => {
  expect(lines(scene().read(), 'registrations')).toEqual([
    'AuthorizationServer owed 1',
    'None left-behind 1',
    'corporate current 1',
    'corporate owed 1',
  ]);
});

test('suspected orphans, overdue renewals and entries of the ledger are counted', () => {
  const { memory, read } = scene();
  memory.renewalOverdue('shop/web' as never, CORPORATE);
  memory.renewalOverdue('shop/api' as never, CORPORATE);
  memory.renewalOverdue('shop/cart' as never, CORPORATE);
  memory.renewalOverdue('shop/api' as never, undefined);
  expect(lines(read(), 'orphans')).toEqual(['AuthorizationServer 3', 'None 1', 'corporate 2']);
  expect(lines(read(), 'overdueRenewals')).toEqual(['corporate 2']);
  expect(lines(read(), 'ledger')).toEqual(['Interrupted 1', 'UnderWay 2']);
});

test('the gate of each server object is shown, with the pause and what it can do', () => {
  const { servers, read } = scene();
  expect(lines(read(), 'gates')).toEqual([
    'AuthorizationServer Unavailable 1',
    'AuthorizationServer Unavailable 1',
    'corporate Open 1',
  ]);
  expect(lines(read(), 'capabilities').filter((line) => line.startsWith('corporate'))).toEqual([
    'corporate Deletes 1',
    'corporate Manages 1',
    'corporate Registers 1',
    'corporate Updates 1',
  ]);
  const health = servers.health(CORPORATE);
  const registrations = { until: NOW + 30_000, times: 1 };
  servers.setHealth(CORPORATE, { ...health, rateLimits: { ...health.rateLimits, registrations } });
  expect(lines(read(), 'pauses')).toEqual(['corporate registrations 30']);
  expect(lines(read(), 'gates')).toContain('corporate Paused 1');
  servers.setHealth(CORPORATE, { ...health, phase: 'Failing' });
  expect(lines(read(), 'gates')).toContain('corporate Failing 1');
});

test('a server object that is not seen yet is counted as Unknown', () => {
  expect(lines(scene().read(), 'servers')).toEqual([
    'AuthorizationServer Unknown Queued 1',
    'AuthorizationServer Unknown Queued 1',
    'corporate Unknown Queued 1',
  ]);
});
