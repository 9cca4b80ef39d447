import {
  available,
  NOW,
  object,
  observation,
  reached,
  record,
  secret,
  unregistered,
} from '../../../kit/fixtures/observations.ts';
import { registers, table, waits } from '../../../kit/fixtures/plans.ts';

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

const near = { ...available, ref: { kind: 'AuthorizationServer', name: 'own' } } as const;
const tooMany = (count: number, most: number) =>
  waits(
    'NamespaceShareReached',
    `Namespace shop has ${count} clients whose OAuthClients are gone and that were not removed at their servers, and ${most} are kept of each namespace. The platform team lists them: kubectl get secrets -A -l oauth-registrar.dev/client-namespace=shop,oauth-registrar.dev/role!=current. Remove those clients at their servers, then these Secrets.`,
    NOW + 30_000,
  );

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
