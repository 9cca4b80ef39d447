import type { OAuthClientSpec } from '../../../../src/api/oauth-client.ts';
import type { Setback } from '../../../../src/core/observation.ts';
import { replacementOf } from '../../../kit/fixtures/client-specs.ts';
import {
  absent,
  basisOf,
  deleting,
  desired,
  fresh,
  NOW,
  object,
  observation,
  record,
  secret,
  setback,
  unavailable,
  unregistered,
} from '../../../kit/fixtures/observations.ts';
import {
  deregisters,
  publishes,
  ready,
  registers,
  stalls,
  table,
  waits,
} from '../../../kit/fixtures/plans.ts';

const HOUR = 3_600_000;

/** Objects of these tables were created two hours ago. */
const living = (
  lifetime: NonNullable<OAuthClientSpec['lifetime']>,
  more: Parameters<typeof object>[0] = {},
) => object({ desired: desired({ lifetime }), ...more });
const removed = { onExpiry: 'DeleteObject' } as const;
const deregistered = { onExpiry: 'Deregister' } as const;
const over = living({ ...deregistered, expiresAfter: '1h' });
const failing = (more: Partial<Setback> = {}): Setback => setback({ action: 'Deregister', ...more });
const leftBehind = (name: string, reason = 'AuthorizationServerUnavailable') => ({
  type: 'Release',
  record: name,
  role: 'left-behind',
  reason,
});

table('a lifetime that is over', [
  [
    'ends the object, and with it everything else',
    observation({ object: living({ ...removed, expiresAfter: '1h' }) }),
    { type: 'DeleteObject' },
  ],
  [
    'is over at its last second',
    observation({ object: living({ ...removed, expiresAfter: '2h' }) }),
    { type: 'DeleteObject' },
  ],
  [
    'ends an object that was never registered',
    unregistered({ object: living({ ...removed, expiresAfter: '1h' }, { status: {} }) }),
    { type: 'DeleteObject' },
  ],
  [
    'ends an object though its server is away',
    observation({ object: living({ ...removed, expiresAfter: '1h' }), server: unavailable }),
    { type: 'DeleteObject' },
  ],
  [
    'ends the client alone where the object is to stay',
    observation({ object: over }),
    deregisters('Expired'),
  ],
  [
    'ends the client before anything else is done about it',
    observation({ object: { ...over, hasFinalizer: false }, secrets: [] }),
    deregisters('Expired'),
  ],
  [
    'waits for its turn after a failure',
    observation({ object: over, setbacks: [failing()] }),
    waits('AuthorizationServerUnavailable', 'No answer in time', NOW + 5_000),
  ],
  [
    'is tried again when its time has come',
    observation({ object: over, setbacks: [failing({ retryAt: NOW })] }),
    deregisters('Expired'),
  ],
  [
    'leaves the client behind after an hour',
    observation({ object: over, setbacks: [failing({ since: NOW - HOUR })] }),
    leftBehind('oac-uid-1-a1'),
  ],
  [
    'leaves the client behind at once where the server can not delete it',
    observation({ object: over, setbacks: [failing({ kind: 'Terminal', reason: 'DeletionUnsupported' })] }),
    leftBehind('oac-uid-1-a1', 'DeletionUnsupported'),
  ],
  [
    'ends a client that is owed, too',
    observation({ object: over, records: [record({ role: 'owed' })] }),
    deregisters('Expired'),
  ],
  [
    'removes the Secret when the client is gone',
    observation({ object: over, records: [] }),
    { type: 'RemoveSecret', secret: 'storefront-oauth' },
  ],
  [
    'leaves somebody else’s Secret alone, and is told for good',
    observation({ object: over, records: [], secrets: [secret({ ownerUid: 'uid-0' })] }),
    stalls(
      'Expired',
      'The lifetime ended at 2026-05-01T11:00:00Z; the client and its Secret are removed. Delete the object, or raise spec.lifetime.expiresAfter, which registers a client anew.',
    ),
  ],
  [
    'is over no more when it is raised: another client is registered',
    unregistered({ object: living({ ...deregistered, expiresAfter: '3h' }, { status: {} }) }),
    registers,
  ],
  [
    'gives way to a deletion that is under way',
    observation({
      object: deleting({ desired: desired({ lifetime: { ...removed, expiresAfter: '1h' } }) }),
    }),
    deregisters('Deleting'),
  ],
]);

table('a lifetime that is not over', [
  [
    'gives a reason to look again at its end',
    observation({ object: living({ ...removed, expiresAfter: '3h' }) }),
    { ...ready, until: NOW + HOUR },
  ],
  [
    'gives a reason to look again before a timer would overflow',
    observation({ object: living({ ...removed, expiresAfter: '999999h' }) }),
    { ...ready, until: NOW + 12 * HOUR },
  ],
  ['has no end where the spec gives none', observation({ object: living(removed) }), ready],
  [
    'has no end where nobody knows its beginning',
    observation({ object: living({ ...removed, expiresAfter: '1h' }, { createdAt: Number.NaN }) }),
    ready,
  ],
]);

/** Took the place of the first, half an hour ago. */
const successor = record({
  attempt: 'a2',
  clientId: 'c2',
  registeredAt: '2026-05-01T11:30:00Z',
  replaces: 'oac-uid-1-a1',
});
const third = record({
  attempt: 'a3',
  clientId: 'c3',
  registeredAt: '2026-05-01T11:50:00Z',
  replaces: 'oac-uid-1-a2',
});
const overlapping = (overlap: string) =>
  object({ desired: desired({ replacement: replacementOf({ overlap }) }) });
const shown = secret({}, successor);
const renamed = object({
  desired: desired({ secret: { name: 'renamed' }, replacement: replacementOf({ overlap: '30m' }) }),
});

table('a client that took the place of another', [
  [
    'serves at once, though Secret and status still show the one before',
    observation({ records: [record(), successor] }),
    { ...publishes, record: 'oac-uid-1-a2' },
  ],
  [
    'leaves the one before registered for a day',
    observation({ records: [record(), successor], secrets: [shown] }),
    { ...ready, until: NOW + 12 * HOUR },
  ],
  [
    'leaves the one before registered as long as the spec says',
    observation({ object: overlapping('31m'), records: [record(), successor], secrets: [shown] }),
    { ...ready, until: NOW + 60_000 },
  ],
  [
    'ends the one before when the overlap is over',
    observation({ object: overlapping('30m'), records: [record(), successor], secrets: [shown] }),
    deregisters('Surplus'),
  ],
  [
    'ends nothing that workloads still use: it is published first, though the overlap is over',
    observation({ object: overlapping('0s'), records: [record(), successor] }),
    { ...publishes, record: 'oac-uid-1-a2' },
  ],
  [
    'ends nothing that workloads still use, as long as it can not be published',
    observation({
      object: overlapping('0s'),
      records: [record(), successor],
      setbacks: [
        setback({
          action: 'Publish',
          basis: basisOf(observation({ object: overlapping('0s'), records: [record(), successor] })),
          reason: 'SecretConflict',
          message: 'Secret storefront-oauth exists',
        }),
      ],
    }),
    waits('SecretConflict', 'Secret storefront-oauth exists', NOW + 5_000),
  ],
  [
    'ends nothing that a Secret under a former name still shows: that one goes first',
    observation({
      object: renamed,
      records: [record(), successor],
      secrets: [secret({ name: 'renamed' }, successor), secret()],
    }),
    { type: 'RemoveSecret', secret: 'storefront-oauth' },
  ],
  [
    'gives way to a third, and both that were before end in their turn',
    observation({
      object: overlapping('10m'),
      records: [record(), successor, third],
      secrets: [secret({}, third)],
    }),
    deregisters('Surplus'),
  ],
  [
    'gives way to a third, while each overlap lasts',
    observation({
      object: overlapping('11m'),
      records: [successor, third],
      secrets: [secret({}, third)],
    }),
    { ...ready, until: NOW + 60_000 },
  ],
  [
    'is as any other when the one before is gone',
    observation({
      object: object({ status: { clientId: 'c2', installation: 'main' } }),
      records: [successor],
      secrets: [shown],
    }),
    ready,
  ],
]);

const owed = record({ attempt: 'a2', clientId: 'c2', role: 'owed' });

table('a client of this object that is owed to the server, since its answer was cut off', [
  [
    'is deregistered beside the one that serves',
    observation({ records: [record(), owed] }),
    deregisters('Surplus', 'oac-uid-1-a2'),
  ],
  [
    'never serves: it goes before another is registered',
    unregistered({ records: [owed] }),
    deregisters('Surplus', 'oac-uid-1-a2'),
  ],
  [
    'does not hold up another registration',
    unregistered({ records: [owed], setbacks: [failing({ basis: owed.secretName })] }),
    registers,
  ],
  [
    'is left behind after an hour',
    observation({
      records: [record(), owed],
      setbacks: [failing({ basis: owed.secretName, since: NOW - HOUR })],
    }),
    leftBehind('oac-uid-1-a2'),
  ],
]);

const keepsIt = { retain: true } as const;
const keptSuccessor = record({
  secretName: 'oac-uid-1-a2',
  attempt: 'a2',
  clientId: 'client-2',
  replaces: 'oac-uid-1-a1',
  ...keepsIt,
});

table('a client that is to outlive its object, which went without a word', [
  ['is kept', absent({ records: [record(keepsIt)] }), { type: 'Retain', record: 'oac-uid-1-a1' }],
  [
    'is kept when another object bears the name',
    observation({ object: fresh({ uid: 'uid-2' }), records: [record(keepsIt)], secrets: [] }),
    { type: 'Retain', record: 'oac-uid-1-a1' },
  ],
  [
    'is kept, of two in the overlap of a replacement the one that took the place of the other',
    absent({ records: [record(keepsIt), keptSuccessor] }),
    deregisters('Departed'),
  ],
  [
    'is kept once the other has ended',
    absent({ records: [keptSuccessor] }),
    { type: 'Retain', record: 'oac-uid-1-a2' },
  ],
  [
    'ends where one of the same object was kept already',
    absent({ records: [record(keepsIt), { ...keptSuccessor, role: 'retained' }] }),
    deregisters('Departed'),
  ],
]);

table('a record of another policy than its object’s', [
  [
    'learns that the client is kept',
    observation({ object: object({ retained: true }) }),
    { type: 'NotePolicy', record: 'oac-uid-1-a1', retain: true },
  ],
  [
    'learns that it isn’t any more',
    observation({ records: [record(keepsIt)] }),
    { type: 'NotePolicy', record: 'oac-uid-1-a1', retain: false },
  ],
]);
