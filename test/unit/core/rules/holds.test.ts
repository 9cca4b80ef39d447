import type { Policy } from '../../../../src/core/connection.ts';
import type { Observation } from '../../../../src/core/observation.ts';
import {
  available,
  desired,
  fresh,
  NOW,
  object,
  observation,
  reached,
  record,
  secret,
  unregistered,
} from '../../../kit/fixtures/observations.ts';
import { ready, registers, stalls, table, waits } from '../../../kit/fixtures/plans.ts';

const replaces = { ...registers, replaces: 'oac-uid-1-a1' };
const bounded = (policy: Policy) => reached({ policy });
const lost = (count: number, more: Partial<Observation['suspects']> = {}) => ({
  suspects: { count, latestAt: NOW - 60_000, isOver: false, ...more },
});

const annotate =
  'kubectl annotate oac storefront -n shop oauth-registrar.dev/reconcile-requested-at=$(date +%s) --overwrite';
const HOUR = 3_600_000;
const quota = reached({ policy: { maxClientsPerNamespace: 3 } });
const successor = record({
  attempt: 'a2',
  clientId: 'c2',
  replaces: 'oac-uid-1-a1',
  registeredAt: '2026-05-01T11:30:00Z',
});

/** Its first client was replaced half an hour ago, and another replacement is asked for. */
const again = { records: [record(), successor], secrets: [secret({}, successor)] } as const;
const asked = object({ rotateRequestedAt: '1777636800' });
const near = { ...available, ref: { kind: 'AuthorizationServer', name: 'own' } } as const;
const movedTo = (authorizationServerRef: typeof near.ref) =>
  object({ desired: desired({ authorizationServerRef }) });
const tooMany = (count: number, most: number) =>
  waits(
    'NamespaceShareReached',
    `Namespace shop has ${count} clients whose OAuthClients are gone and that were not removed at their servers, and ${most} are kept of each namespace. The platform team lists them: kubectl get secrets -A -l oauth-registrar.dev/client-namespace=shop,oauth-registrar.dev/role!=current. Remove those clients at their servers, then these Secrets.`,
    NOW + 30_000,
  );

table('a bound on the clients of a namespace', [
  [
    'keeps one more from being registered',
    unregistered({ server: quota, clientsInNamespace: 3 }),
    waits(
      'QuotaExceeded',
      'Namespace shop has 3 clients at this server, and the platform team permits 3. Clients that were kept, are still to be removed or were left behind count, too. Delete one, or ask the platform team for more.',
      NOW + 30_000,
    ),
  ],
  [
    'of one keeps a second from being registered',
    unregistered({ server: bounded({ maxClientsPerNamespace: 1 }), clientsInNamespace: 1 }),
    waits(
      'QuotaExceeded',
      'Namespace shop has 1 client at this server, and the platform team permits 1. Clients that were kept, are still to be removed or were left behind count, too. Delete one, or ask the platform team for more.',
      NOW + 30_000,
    ),
  ],
  ['lets the last one be registered', unregistered({ server: quota, clientsInNamespace: 2 }), registers],
  [
    'of none keeps every one from being registered',
    unregistered({ server: bounded({ maxClientsPerNamespace: 0 }), clientsInNamespace: 0 }),
    waits(
      'QuotaExceeded',
      'Namespace shop has 0 clients at this server, and the platform team permits 0. Clients that were kept, are still to be removed or were left behind count, too. Delete one, or ask the platform team for more.',
      NOW + 30_000,
    ),
  ],
  [
    'does not keep one from being replaced',
    observation({ object: asked, server: quota, clientsInNamespace: 4 }),
    replaces,
  ],
  [
    'keeps one from moving there, since it is a further client',
    observation({ object: movedTo(near.ref), server: { ...quota, ref: near.ref }, clientsInNamespace: 3 }),
    waits(
      'QuotaExceeded',
      'Namespace shop has 3 clients at this server, and the platform team permits 3. Clients that were kept, are still to be removed or were left behind count, too. Delete one, or ask the platform team for more.',
      NOW + 30_000,
    ),
  ],
  [
    'does not trouble those that are registered',
    observation({ server: quota, clientsInNamespace: 4 }),
    ready,
  ],
]);

table('a client whose registrations got no answer', [
  ['is registered again after one', unregistered(lost(1)), registers],
  ['is registered again after two', unregistered(lost(2)), registers],
  [
    'waits ten minutes after three, and says where they are listed',
    unregistered(lost(3)),
    waits(
      'RegistrationOutcomeUnknown',
      `3 registrations of this client got no answer (ConfigMap oauth-registrar-suspected-orphans has its time). Another is tried at 2026-05-01T12:09:00Z, or as soon as the server answers one of another client, or when you say so: ${annotate}`,
      NOW + 540_000,
    ),
  ],
  ['is registered again when they are over', unregistered(lost(3, { latestAt: NOW - 600_000 })), registers],
  [
    'is registered again as soon as the server has answered another',
    unregistered(lost(3, { isOver: true })),
    registers,
  ],
  [
    'waits longer each time when the server answered others and failed again at this one',
    unregistered(lost(4, { isOver: true })),
    waits(
      'RegistrationOutcomeUnknown',
      `4 registrations of this client got no answer (ConfigMap oauth-registrar-suspected-orphans has its time). The server answers those of other clients, so look at what spec.client asks for. If the server creates nothing when it fails so, name the status in dialectOverrides.notCreatedStatuses of the server object. Another is tried at 2026-05-01T12:19:00Z, or when you say so: ${annotate}`,
      NOW + 1_140_000,
    ),
  ],
  [
    'waits for six hours at most',
    unregistered(lost(30, { isOver: true, latestAt: NOW - 6 * HOUR + 1 })),
    waits(
      'RegistrationOutcomeUnknown',
      `30 registrations of this client got no answer (ConfigMap oauth-registrar-suspected-orphans has its time). The server answers those of other clients, so look at what spec.client asks for. If the server creates nothing when it fails so, name the status in dialectOverrides.notCreatedStatuses of the server object. Another is tried at 2026-05-01T12:00:00Z, or when you say so: ${annotate}`,
      NOW + 1,
    ),
  ],
  ['is registered again after six hours', unregistered(lost(30, { latestAt: NOW - 6 * HOUR })), registers],
  [
    'is registered again when a person says so',
    unregistered({ ...lost(3), object: fresh({ reconcileRequestedAt: '1' }) }),
    registers,
  ],
  [
    'waits for a person from the first one, where the server object says Hold',
    unregistered({
      ...lost(1),
      server: reached({
        recovery: {
          interrupted: 'Hold',
          tokenLost: 'Hold',
          clientGone: 'Hold',
          cooldownMs: 60_000,
          maxAttempts: 3,
          maxRegistrationsPerHour: 10,
        },
      }),
    }),
    stalls(
      'RegistrationOutcomeUnknown',
      `A registration of this client got no answer. Look for the client at the server (ConfigMap oauth-registrar-suspected-orphans has its time) and remove it; then have another registered: ${annotate}`,
    ),
  ],
]);

table('one replacement at a time', [
  [
    'where the platform team bounds the clients of a namespace: the one before has to be gone first (M1)',
    observation({ ...again, object: asked, server: quota, clientsInNamespace: 4 }),
    waits(
      'QuotaExceeded',
      'The platform team bounds the clients of a namespace at this server, so one replacement at a time is made: client c1, which was replaced before, still has to go. It ends at 2026-05-02T11:30:00Z, by spec.replacement.overlap.',
      NOW + 12 * HOUR,
    ),
  ],
  [
    'where nothing is bounded, as many as are asked for',
    observation({ ...again, object: asked }),
    { ...registers, replaces: 'oac-uid-1-a2' },
  ],
]);

table('clients whose objects are gone and that are still there', [
  [
    'keep another from being registered at a server of the namespace (H6)',
    unregistered({ server: near, endedInNamespace: 50 }),
    tooMany(50, 50),
  ],
  [
    'do not, as long as they are fewer (H6)',
    unregistered({ server: near, endedInNamespace: 49 }),
    { ...registers, server: 'own' },
  ],
  ['may be more at a cluster server (H6)', unregistered({ endedInNamespace: 999 }), registers],
  ['and not any number there (H6)', unregistered({ endedInNamespace: 1_000 }), tooMany(1_000, 1_000)],
]);
