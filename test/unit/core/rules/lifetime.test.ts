import type { OAuthClientSpec } from '../../../../src/api/oauth-client.ts';
import type { ObservedClient, Setback } from '../../../../src/core/observation.ts';
import {
  deleting,
  desired,
  NOW,
  object,
  observation,
  record,
  secret,
  setback,
  unavailable,
  unregistered,
} from '../../../kit/fixtures/observations.ts';
import { deregisters, ends, ready, registers, stalls, table, waits } from '../../../kit/fixtures/plans.ts';

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

const wants = (spec: Partial<OAuthClientSpec>, more: Partial<ObservedClient> = {}) =>
  object({ desired: desired(spec), ...more });
const boundTo = { group: 'batch', kind: 'Job', name: 'agent-7' } as const;
const bound = (more: Partial<ObservedClient> = {}) =>
  wants({ lifetime: { onExpiry: 'DeleteObject', boundTo } }, { status: {}, ...more });

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
    'ends an object that asks for restarts which the installation does not permit any more',
    observation({
      object: wants({
        lifetime: { ...removed, expiresAfter: '1h' },
        rolloutRestartTargets: [{ kind: 'Deployment', name: 'web' }],
      }),
      mayRestart: false,
    }),
    { type: 'DeleteObject' },
  ],
  [
    "ends nothing while only the API server's clock says so, and compares the clocks again",
    observation({ object: living({ ...removed, expiresAfter: '1h' }), earliest: NOW - 2 * HOUR }),
    { ...ready, until: NOW + 60_000 },
  ],
  [
    "ends nothing while only the operator's machine says so",
    observation({ object: living({ ...removed, expiresAfter: '3h' }), earliest: NOW }),
    { ...ready, until: NOW + HOUR },
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
    "leaves somebody else's Secret alone, and is told for good",
    observation({ object: over, records: [], secrets: [secret({ ownerUid: 'uid-0' })] }),
    ends(
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

table("a client whose end is bound to a Job's", [
  [
    'is bound before it is registered',
    unregistered({ object: bound() }),
    { type: 'BindToOwner', owner: 'agent-7' },
  ],
  [
    'gets its finalizer first',
    unregistered({ object: bound({ hasFinalizer: false }) }),
    { type: 'AddFinalizer' },
  ],
  [
    'is registered when it is bound',
    unregistered({ object: bound({ owners: ['Job.batch/agent-7'] }) }),
    registers,
  ],
  [
    'is not bound by an owner of another kind or name',
    unregistered({ object: bound({ owners: ['Pod/agent-7', 'Job.batch/agent-8'] }) }),
    { type: 'BindToOwner', owner: 'agent-7' },
  ],
  [
    'waits while there is no such Job, and nothing is registered',
    unregistered({
      object: bound(),
      setbacks: [
        setback({
          action: 'Bind',
          basis: 'Job.batch/agent-7',
          reason: 'BoundObjectNotFound',
          message: "Job agent-7 doesn't exist",
        }),
      ],
    }),
    waits('BoundObjectNotFound', "Job agent-7 doesn't exist", NOW + 5_000),
  ],
  [
    'looks for another Job at once when the spec names one',
    unregistered({
      object: bound(),
      setbacks: [setback({ action: 'Bind', basis: 'Job.batch/agent-6' })],
    }),
    { type: 'BindToOwner', owner: 'agent-7' },
  ],
]);

const KINDS = ['Pod', 'Job.batch', 'Sandbox.agents.x-k8s.io'];
const boundToSandbox = (group: string) =>
  wants(
    { lifetime: { onExpiry: 'DeleteObject', boundTo: { group, kind: 'Sandbox', name: 'agent-7' } } },
    { status: {} },
  );

table('a client whose end is bound to an object of another kind', [
  [
    'is bound where the installation admits the kind',
    unregistered({ object: boundToSandbox('agents.x-k8s.io'), bindableKinds: KINDS }),
    { type: 'BindToOwner', owner: 'agent-7' },
  ],
  [
    'is not registered where it does not',
    unregistered({ object: boundToSandbox('evil.example.com'), bindableKinds: KINDS }),
    stalls(
      'InvalidSpec',
      'spec.lifetime.boundTo names Sandbox.evil.example.com, and this installation admits Pod, Job.batch, Sandbox.agents.x-k8s.io. Name one of these, or ask the platform team to admit the kind by --bound-to-kinds.',
    ),
  ],
  [
    'is judged by nobody who does not know the kinds',
    unregistered({ object: boundToSandbox('evil.example.com') }),
    { type: 'BindToOwner', owner: 'agent-7' },
  ],
]);
