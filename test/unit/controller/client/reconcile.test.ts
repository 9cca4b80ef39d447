import { describe, expect, test, vi } from 'vitest';
import { reconcileClient } from '../../../../src/controller/client/reconcile.ts';
import type { HttpOutcome } from '../../../../src/controller/ports.ts';
import { storedServerKey } from '../../../../src/core/server-key.ts';
import type { Stored } from '../../../kit/fakes/cluster.ts';
import { answered, UNCOUNTED } from '../../../kit/fakes/fake-ports.ts';
import {
  type InMemoryOptions,
  type OperatorInMemory,
  operatorInMemory,
  refusals,
} from '../../../kit/fakes/operator-in-memory.ts';
import {
  clientObject,
  OPERATOR_NAMESPACE,
  recorded,
  registeredClient,
  registrationSecret,
  surroundings,
} from '../../../kit/fixtures/objects.ts';
import { NOW } from '../../../kit/fixtures/observations.ts';

const SERVER = storedServerKey('ClusterAuthorizationServer/corporate');
const STATUS = 'status OAuthClient shop/storefront';
const RECORD = `create Secret ${OPERATOR_NAMESPACE}/oac-uid-1-iiiiiiiiii`;

const fresh = (spec: Parameters<typeof clientObject>[1] = {}): readonly Stored[] => [
  ...surroundings(),
  clientObject({}, spec, {}),
];
const registered = (more: object = {}): HttpOutcome =>
  answered(201, {
    ...{ client_id: 'c1', client_secret: 'secret-1', registration_access_token: 'token-1' },
    registration_client_uri: 'https://sso.example.com/register/c1',
    client_name: 'Storefront',
    ...more,
  });

const operator = (options: InMemoryOptions = {}) =>
  operatorInMemory({ objects: fresh(), outcomes: [registered()], ...options });
const round = ({ round: { key }, context }: OperatorInMemory) => reconcileClient(key, context);
const wrote = ({ writes }: OperatorInMemory) => writes.map(({ what }) => what);
const statusOf = ({ cluster }: OperatorInMemory) =>
  cluster.find('OAuthClient', 'shop/storefront')?.status as Record<string, unknown> | undefined;

describe('A round', () => {
  test('takes all steps of a new client: record, workload Secret, and then the status once', async () => {
    const taken = operator();
    expect(await round(taken)).toEqual({ kind: 'rested', until: undefined });
    expect(wrote(taken)).toEqual([RECORD, 'create Secret shop/storefront-oauth', STATUS]);
    expect(statusOf(taken)).toMatchObject({ clientId: 'c1', secretName: 'storefront-oauth' });
    expect(taken.http.sent).toHaveLength(1);
  });

  test('counts how long a new client took to be Ready, once', async () => {
    const ready: unknown[] = [];
    const counters = { ...UNCOUNTED, firstReady: (...told: readonly unknown[]) => void ready.push(told) };
    const taken = operator({ parts: { counters } });
    await round(taken);
    const server = { kind: 'ClusterAuthorizationServer', name: 'corporate' };
    expect(ready).toEqual([[server, 7_200]]);
    const status = { clientId: 'c1', secretName: 'storefront-oauth' };
    const again = operator({
      objects: registeredClient().map((one) => (one.kind === 'OAuthClient' ? { ...one, status } : one)),
      parts: { counters },
    });
    await round(again);
    expect([statusOf(again)?.['conditions'], ready.length]).toEqual([
      expect.arrayContaining([expect.objectContaining({ type: 'Ready', status: 'True' })]),
      1,
    ]);
  });

  test.each([
    ['was Stalled', 'Stalled', ['Recovered']],
    ['waited', 'Reconciling', []],
  ])('tells that a client is in order again where it %s', async (_, type, reasons) => {
    const said = { status: 'True', reason: 'InvalidRedirectURI', message: 'no', lastTransitionTime: 'T' };
    const conditions = [
      { ...said, type: 'Ready', status: 'False' },
      { ...said, type },
    ];
    const status = { clientId: 'c1', conditions };
    const taken = operator({
      objects: registeredClient().map((one) => (one.kind === 'OAuthClient' ? { ...one, status } : one)),
    });
    await round(taken);
    expect(taken.events.map(({ reason }) => reason)).toEqual(reasons);
    for (const { message } of taken.events) {
      expect(message).toBe(
        'Nothing stands in the way any more. The client is registered and its Secret is up to date.',
      );
    }
  });

  test('remembers a renewal that is overdue until it is not', async () => {
    const ends = (hours: number) => new Date(NOW + hours * 3_600_000).toISOString();
    const taken = operator({
      objects: [
        ...surroundings(),
        clientObject(
          {},
          { replacement: { onEdit: 'Automatic', onExpiry: 'Never', retire: 'AfterOverlap', overlap: '24h' } },
        ),
        registrationSecret(
          recorded({ registeredAt: '2026-01-01T00:00:00Z', clientSecretExpiresAt: ends(20) }),
        ),
      ],
    });
    await round(taken);
    expect([...taken.memory.overdue]).toEqual([[SERVER, 1]]);
    taken.memory.forget(taken.round.key);
    expect([...taken.memory.overdue]).toEqual([]);
  });

  test('writes nothing the second time', async () => {
    const taken = operator();
    await round(taken);
    taken.round.contents.clear();
    const before = taken.writes.length;
    expect(await round(taken)).toEqual({ kind: 'rested', until: undefined });
    expect([taken.writes.length, taken.http.sent.length]).toEqual([before, 1]);
  });

  test.each([
    ['is there', {}],
    ['is being deleted', { deletionTimestamp: '2026-05-01T12:00:00Z' }],
  ])(
    'of a client whose record a newer version wrote sends nothing and writes only status, where the object %s',
    async (_, metadata) => {
      const newer = registeredClient().map((one) => {
        const { annotations } = one.metadata;
        return one.metadata.name.startsWith('oac-')
          ? {
              ...one,
              metadata: {
                ...one.metadata,
                annotations: { ...annotations, 'oauth-registrar.dev/format': '2' },
              },
            }
          : one.kind === 'OAuthClient'
            ? { ...one, metadata: { ...one.metadata, ...metadata } }
            : one;
      });
      const taken = operator({ objects: newer });
      expect(await round(taken)).toEqual({ kind: 'rested', until: undefined });
      expect([wrote(taken), taken.http.sent]).toEqual([[STATUS], []]);
      expect(statusOf(taken)).toMatchObject({
        conditions: expect.arrayContaining([
          expect.objectContaining({
            type: 'Stalled',
            reason: 'WrittenByNewerVersion',
          }),
        ]),
      });
    },
  );

  test('of a record that a newer version wrote and whose object is gone does nothing', async () => {
    const newer = registeredClient()
      .filter(({ kind }) => kind !== 'OAuthClient')
      .map((one) =>
        one.metadata.name.startsWith('oac-')
          ? {
              ...one,
              metadata: {
                ...one.metadata,
                labels: { ...one.metadata.labels, 'oauth-registrar.dev/role': 'archived' },
              },
            }
          : one,
      );
    const taken = operator({ objects: newer });
    expect(await round(taken)).toEqual({ kind: 'rested', until: undefined });
    expect([wrote(taken), taken.http.sent]).toEqual([[], []]);
  });

  test('logs each step with its finding and reason', async () => {
    const { lines, ...taken } = operator();
    await round({ ...taken, lines });
    const steps = lines.filter((line) => line.startsWith('debug step '));
    expect(
      steps.map((line) => /"step":"(\w+)","finding":"(\w+)","message":"[^"]+\."/.exec(line)?.slice(1)),
    ).toEqual([
      ['Register', 'ClientUnregistered'],
      ['Publish', 'WorkloadSecretDiffers'],
    ]);
  });

  test('ends with a step that the API server refuses; nothing is said in status', async () => {
    const taken = operator({
      objects: registeredClientWithout('storefront-oauth'),
      refuses: { 'get Secret': refusals.unanswered },
    });
    expect(await round(taken)).toMatchObject({ kind: 'later', why: expect.stringContaining('no answer') });
    expect(wrote(taken)).toEqual([]);
  });

  test('of a client whose server was not looked at yet does nothing, and is repeated when it was', async () => {
    const taken = operator();
    taken.servers.remove(SERVER);
    expect(await round(taken)).toEqual({ kind: 'rested', until: NOW + 30_000 });
    expect([taken.writes, taken.http.sent]).toEqual([[], []]);
    expect(taken.servers.isWaitedFor(SERVER)).toBe(true);
  });

  test('of a client that waits for its server is repeated when the server can be called', async () => {
    const taken = operator({ server: { suspended: true } });
    await round(taken);
    expect(taken.servers.isWaitedFor(SERVER)).toBe(true);
    expect(statusOf(taken)).toMatchObject({
      conditions: expect.arrayContaining([expect.objectContaining({ reason: 'Suspended' })]),
    });
  });

  test('of a client that is ready waits for nothing', async () => {
    const taken = operator();
    await round(taken);
    expect(taken.servers.isWaitedFor(SERVER)).toBe(false);
  });

  test('forgets a client that is gone', async () => {
    const taken = operator({ objects: surroundings() });
    taken.memory.wasRead(taken.round.key, 1);
    await round(taken);
    expect(taken.memory.readAt(taken.round.key, undefined, NOW)).toBe(NOW);
  });

  test('is repeated soon where a Secret that the client brings could not be read', async () => {
    const brought: Stored = {
      kind: 'Secret',
      metadata: {
        ...{ namespace: 'shop', name: 'old-client', uid: 'u', resourceVersion: '3' },
        labels: { 'oauth-registrar.dev/credential': 'true' },
      },
    };
    const taken = operator({
      objects: [...fresh({ adopt: { secretRef: { name: 'old-client' } } }), brought],
      refuses: { 'get Secret': refusals.broken },
    });
    expect(await round(taken)).toEqual({ kind: 'rested', until: NOW + 15_000 });
  });
});

describe('Status', () => {
  test.each([
    [refusals.conflict, 'debug', 'later'],
    [refusals.forbidden, 'warn', 'later'],
    [refusals.broken, 'debug', 'later'],
    [refusals.unanswered, 'debug', 'later'],
    [refusals.notFound, 'debug', 'rested'],
  ] as const)('that is not written (%j) is logged, and the round ends', async (refused, level, kind) => {
    const taken = operator({ refuses: { 'status OAuthClient': refused } });
    expect(await round(taken)).toMatchObject({ kind });
    expect(taken.lines.filter((line) => line.includes('status not written'))).toEqual([
      expect.stringMatching(new RegExp(`^${level} status not written .*"status":${refused.status}`)),
    ]);
  });

  test.each([
    [refusals.broken, NOW + 90_000],
    [refusals.unanswered, NOW + 90_000],
    [refusals.conflict, undefined],
  ])('that may still take effect (%j) is compared again later', async (refused, until) => {
    const taken = operator({ refuses: { 'status OAuthClient': [refused] } });
    await round(taken);
    expect(await round(taken)).toEqual({ kind: 'rested', until });
  });

  test.each([refusals.conflict, refusals.broken, refusals.forbidden])(
    'shows what the server registered otherwise also where the first write failed: $status',
    async (refused) => {
      const taken = operator({
        outcomes: [registered({ client_name: 'Shop' })],
        refuses: { 'status OAuthClient': [refused] },
      });
      await round(taken);
      await round(taken);
      expect(statusOf(taken)).toMatchObject({
        substitutions: [{ member: 'client_name', asked: 'Storefront', registered: 'Shop' }],
      });
    },
  );

  test('shows it also where the record was written later', async () => {
    const taken = operator({
      outcomes: [registered({ client_name: 'Shop' })],
      refuses: { 'create Secret': [refusals.broken] },
    });
    await round(taken);
    await vi.waitFor(() => expect(taken.ledger.ends).toHaveLength(1));
    await round(taken);
    expect(statusOf(taken)).toMatchObject({ clientId: 'c1', substitutions: [{ registered: 'Shop' }] });
  });

  test('of a client that is only queued is not written', async () => {
    const taken = operator();
    taken.ledger.isOpen = false;
    await round(taken);
    expect(wrote(taken)).not.toContain(STATUS);
  });
});

/** A registered client without one of its objects. */
function registeredClientWithout(name: string): readonly Stored[] {
  return registeredClient().filter(({ metadata }) => metadata.name !== name);
}
