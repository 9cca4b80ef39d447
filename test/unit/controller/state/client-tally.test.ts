import { describe, expect, test } from 'vitest';
import { ClientTally } from '../../../../src/controller/state/client-tally.ts';
import { toClientObject } from '../../../../src/core/desired.ts';
import type { ClientObject } from '../../../../src/core/observation.ts';
import { lessOfClient } from '../../../../src/core/over-share.ts';
import { clientObject } from '../../../kit/fixtures/objects.ts';
import { NOW } from '../../../kit/fixtures/observations.ts';

const at = (ms: number) => new Date(NOW + ms).toISOString().replace(/\.\d+Z/, 'Z');
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

const condition = (type: string, status: string, reason: string, sinceMs = 0) => ({
  type,
  status,
  reason,
  message: 'said',
  lastTransitionTime: at(sinceMs),
  observedGeneration: 3,
});

const corporate = { authorizationServerRef: { kind: 'ClusterAuthorizationServer', name: 'corporate' } };

const client = (status: object = {}, metadata: object = {}): ClientObject =>
  toClientObject(
    clientObject({ creationTimestamp: at(-10 * HOUR), ...metadata }, {}, { ...corporate, ...status }),
  );

const stalled = (sinceMs: number, reason = 'InvalidRedirectURI') =>
  client({
    conditions: [condition('Ready', 'False', reason, sinceMs), condition('Stalled', 'True', reason, sinceMs)],
  });

const tallyOf = (...clients: readonly ClientObject[]) => {
  const tally = new ClientTally();
  for (const one of clients) {
    tally.add(one);
  }
  return tally;
};

describe('clients are counted by', () => {
  test('server, Ready, the condition that says why not, and reason', () => {
    const ready = client({ conditions: [condition('Ready', 'True', 'Registered')] });
    const edited = client({
      conditions: [
        condition('Ready', 'True', 'InvalidRedirectURI'),
        condition('Stalled', 'True', 'InvalidRedirectURI'),
      ],
    });
    expect(tallyOf(ready, ready, edited, stalled(0)).states()).toEqual([
      { server: 'corporate', ready: 'True', condition: 'None', reason: 'Registered', count: 2 },
      { server: 'corporate', ready: 'True', condition: 'Stalled', reason: 'InvalidRedirectURI', count: 1 },
      { server: 'corporate', ready: 'False', condition: 'Stalled', reason: 'InvalidRedirectURI', count: 1 },
    ]);
  });

  test('one name for all AuthorizationServers, and none while no server is known', () => {
    const own = client({ authorizationServerRef: { kind: 'AuthorizationServer', name: 'sso' } });
    const unseen = client({ authorizationServerRef: undefined });
    expect(
      tallyOf(own, unseen)
        .states()
        .map(({ server, ready, reason }) => [server, ready, reason]),
    ).toEqual([
      ['AuthorizationServer', 'Unknown', 'Queued'],
      ['', 'Unknown', 'Queued'],
    ]);
  });

  test('no reason but those that the operator gives: a status that somebody else wrote adds no label', () => {
    const odd = ['Mine', 'constructor', '__proto__'].map((reason) =>
      client({ conditions: [condition('Ready', 'False', reason)] }),
    );
    expect(tallyOf(...odd).states()).toEqual([
      { server: 'corporate', ready: 'False', condition: 'None', reason: 'Other', count: 3 },
    ]);
  });

  test('no server while nothing says that it exists: a tenant who invents names makes one state', () => {
    const invented = (reason: string, status: object = {}) =>
      Array.from({ length: 20 }, (_, index) =>
        client({
          authorizationServerRef: { kind: 'ClusterAuthorizationServer', name: `mine-${index}` },
          conditions: [condition('Ready', 'False', reason)],
          ...status,
        }),
      );
    const reasons = ['AuthorizationServerNotAvailable', 'Suspended', 'InvalidSpec', 'Ended'];
    const clients = reasons.flatMap((reason) => invented(reason));
    const tally = tallyOf(...clients);
    expect(tally.states()).toEqual(
      reasons.map((reason) => ({ server: '', ready: 'False', condition: 'None', reason, count: 20 })),
    );
    for (const one of clients) {
      tally.remove(one);
    }
    expect(tally.states()).toEqual([]);
  });

  test('its server while it is registered there, whether or not the server is available', () => {
    const registered = client({
      clientId: 'c1',
      conditions: [condition('Ready', 'True', 'AuthorizationServerNotAvailable')],
    });
    expect(tallyOf(registered).states()).toMatchObject([{ server: 'corporate', count: 1 }]);
  });

  test('the share of memory, where only a part of the object is kept', () => {
    const [state] = tallyOf(lessOfClient(stalled(0), 1_000)).states();
    expect(state).toMatchObject({ ready: 'Unknown', reason: 'NamespaceShareReached' });
  });

  test('nothing that is gone', () => {
    const both = [
      stalled(-20 * MINUTE),
      client({ clientSecretExpiresAt: at(HOUR), endsAt: at(2 * HOUR) }),
    ] as const;
    const tally = tallyOf(...both);
    tally.notReadyForLong(NOW);
    for (const one of both) {
      tally.remove(one);
    }
    expect([tally.states(), tally.notReadyForLong(NOW)]).toEqual([[], []]);
    expect(tally.ends(NOW).filter(({ count }) => count !== 0)).toEqual([]);
  });
});

describe('a client that is not Ready for long', () => {
  const counted = (tally: ClientTally, now = NOW) => tally.notReadyForLong(now);
  const long = [{ server: 'corporate', reason: 'InvalidRedirectURI', count: 1 }];

  test('is counted after fifteen minutes, and until it is Ready', () => {
    const waiting = stalled(0);
    const tally = tallyOf(waiting);
    expect(counted(tally, NOW + 14 * MINUTE)).toEqual([]);
    expect(counted(tally, NOW + 15 * MINUTE)).toEqual(long);
    expect(counted(tally, NOW + 48 * HOUR)).toEqual(long);
    tally.remove(waiting);
    expect(counted(tally, NOW + 48 * HOUR)).toEqual([]);
  });

  test('is counted when it comes with its time, after others were read', () => {
    const tally = tallyOf(stalled(-60 * MINUTE));
    expect(counted(tally)).toEqual(long);
    tally.add(stalled(-30 * MINUTE));
    tally.add(stalled(-5 * MINUTE));
    expect(counted(tally)).toEqual([{ ...long[0], count: 2 }]);
    expect(counted(tally, NOW + 10 * MINUTE)).toEqual([{ ...long[0], count: 3 }]);
  });

  test('that no operator has seen waits since its creation, not since 1970', () => {
    const unseen = [
      { ...condition('Ready', 'Unknown', 'Queued'), lastTransitionTime: '1970-01-01T00:00:00Z' },
    ];
    const tally = tallyOf(client({ conditions: unseen }, { creationTimestamp: at(0) }));
    expect(counted(tally)).toEqual([]);
    expect(counted(tally, NOW + 15 * MINUTE)).toEqual([{ server: 'corporate', reason: 'Queued', count: 1 }]);
  });

  test('is not counted while a person suspends it, and when it ended as planned; its deletion is', () => {
    const notReady = (...more: object[]) => ({
      conditions: [condition('Ready', 'False', 'Suspended', -HOUR), ...more],
    });
    expect(counted(tallyOf(client(notReady(condition('Paused', 'True', 'Suspended')))))).toEqual([]);
    expect(counted(tallyOf(client(notReady())))).toEqual([]);
    expect(counted(tallyOf(client(notReady(), { deletionTimestamp: at(-HOUR) })))).toHaveLength(1);
  });
});

test('ends are counted ahead by 1, 7 and 30 days, to the hour, each by what ends', () => {
  const DAY = 24 * HOUR;
  const tally = tallyOf(
    client({ clientSecretExpiresAt: at(2 * HOUR), registrationAccessTokenExpiresAt: at(3 * DAY) }),
    client({ clientSecretExpiresAt: at(8 * DAY), endsAt: at(31 * DAY) }),
    client({ clientSecretExpiresAt: at(-2 * HOUR), endsAt: 'never' }),
  );
  const table = (now = NOW) =>
    Object.fromEntries(tally.ends(now).map(({ what, within, count }) => [`${what} ${within}`, count]));
  expect(table()).toEqual({
    'ClientSecret 1d': 1,
    'ClientSecret 7d': 1,
    'ClientSecret 30d': 2,
    'RegistrationAccessToken 1d': 0,
    'RegistrationAccessToken 7d': 1,
    'RegistrationAccessToken 30d': 1,
    'Client 1d': 0,
    'Client 7d': 0,
    'Client 30d': 0,
  });
  expect(table(NOW + 2 * DAY)).toMatchObject({ 'RegistrationAccessToken 1d': 0, 'Client 30d': 1 });
});
