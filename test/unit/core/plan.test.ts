import { describe, expect, test } from 'vitest';
import type { Step } from '../../../src/core/action.ts';
import type { Observation, ObservedClient, Setback } from '../../../src/core/observation.ts';
import { plan } from '../../../src/core/plan.ts';
import {
  absent,
  available,
  basisOf,
  call,
  closed,
  connection,
  deleting,
  departed,
  desired,
  edited,
  fresh,
  INSTALLATION,
  NOW,
  object,
  observation,
  record,
  secret,
  setback,
  unavailable,
  unregistered,
} from '../../kit/fixtures/observations.ts';
import {
  deregisters,
  gone,
  publishes,
  ready,
  registers,
  stalls,
  table,
  updates,
  waits,
} from '../../kit/fixtures/plans.ts';

const registerBasis = basisOf(unregistered());
const updateBasis = basisOf(observation({ object: edited() }));
const invalid: ObservedClient['desired'] = { valid: false, problem: 'spec.client: Invalid input' };
const withSecret = (more: object): ObservedClient =>
  object({ desired: desired({ secret: { name: 'storefront-oauth', ...more } }) });
const surplus = record({ attempt: 'a2', clientId: 'c2', registeredAt: '2026-05-01T11:30:00Z' });

/** The server was found to have no way of changing the client. */
const unsupportedUpdate: Setback = {
  ...setback({
    basis: updateBasis,
    kind: 'Terminal',
    reason: 'UpdateUnsupported',
    message:
      'The server gave no registration access token. Take the edit back, or set spec.replacement.onEdit to Automatic, so that another client is registered in its place.',
    retryAt: Number.POSITIVE_INFINITY,
  }),
  action: 'Update',
};

table('a client that lives', [
  ['rests when it is registered and its Secret shows it', observation(), ready],
  [
    'gets a finalizer before anything is registered',
    unregistered({ object: fresh({ hasFinalizer: false, finalizers: [] }) }),
    { type: 'AddFinalizer' },
  ],
  [
    'gets its finalizer back when somebody took it',
    observation({ object: object({ hasFinalizer: false }) }),
    { type: 'AddFinalizer' },
  ],
  ['is registered when there is no record', unregistered(), registers],
  ['is published when there is no Secret', observation({ secrets: [] }), publishes],
  ['is published though its server is away', observation({ secrets: [], server: unavailable }), publishes],
  ['stays ready while its server is away', observation({ server: unavailable }), ready],
  [
    'stays ready while its server is paused',
    observation({ server: closed('AuthorizationServerPaused', 'until noon') }),
    ready,
  ],
  [
    'says what is wrong with its spec',
    unregistered({ object: fresh({ desired: invalid }) }),
    stalls('InvalidSpec', 'spec.client: Invalid input'),
  ],
]);

table('a registration', [
  [
    'waits for a server that is not available, and says why',
    unregistered({ server: unavailable }),
    waits('DiscoveryFailed', 'https://sso.example.com/.well-known/x: 404'),
  ],
  [
    "waits while the server's state permits no call",
    unregistered({ server: closed('AuthorizationServerPaused', 'until noon') }),
    { ...waits('AuthorizationServerPaused', 'until noon'), awaitsServer: true },
  ],
  [
    'waits for its turn after a passing failure',
    unregistered({ setbacks: [{ ...setback({ basis: registerBasis }), action: 'Register' }] }),
    waits('AuthorizationServerUnavailable', 'No answer in time', NOW + 5_000),
  ],
  [
    'is tried again when its time has come',
    unregistered({ setbacks: [{ ...setback({ basis: registerBasis, retryAt: NOW }), action: 'Register' }] }),
    registers,
  ],
  [
    'stalls after a refusal that time does not heal',
    unregistered({
      setbacks: [
        {
          ...setback({
            basis: registerBasis,
            kind: 'Terminal',
            reason: 'InvalidRedirectURI',
            message: 'no fragments',
            retryAt: Number.POSITIVE_INFINITY,
          }),
          action: 'Register',
        },
      ],
    }),
    stalls('InvalidRedirectURI', 'no fragments'),
  ],
  [
    'is tried at once when the server, its credential or the spec has changed',
    unregistered({
      server: { ...available, connection: { ...connection, version: 'v2' } },
      setbacks: [
        { ...setback({ basis: registerBasis, retryAt: Number.POSITIVE_INFINITY }), action: 'Register' },
      ],
    }),
    registers,
  ],
  [
    'is tried at once when the annotation asks for it',
    unregistered({
      object: fresh({ reconcileRequestedAt: 'now' }),
      setbacks: [
        { ...setback({ basis: registerBasis, retryAt: Number.POSITIVE_INFINITY }), action: 'Register' },
      ],
    }),
    registers,
  ],
  [
    'is not stopped by what stopped another action',
    unregistered({ setbacks: [{ ...setback({ basis: registerBasis }), action: 'Update' }] }),
    registers,
  ],
]);

table('a call whose end is not settled', [
  [
    'keeps everybody waiting while it is under way',
    unregistered({ calls: [call()] }),
    waits('Queued', 'A call (Register) begun at 2026-05-01T11:59:58Z is not settled yet.', NOW + 5_000),
  ],
  [
    'keeps a deletion waiting',
    observation({ object: deleting(), calls: [call({ kind: 'Update' })] }),
    waits('Queued', 'A call (Update) begun at 2026-05-01T11:59:58Z is not settled yet.', NOW + 5_000),
  ],
  [
    'keeps what is left of a vanished object waiting',
    absent({ calls: [call({ kind: 'Deregister' })] }),
    waits('Queued', 'A call (Deregister) begun at 2026-05-01T11:59:58Z is not settled yet.', NOW + 5_000),
  ],
  [
    'is a suspected orphan when a registration broke off and nothing is recorded',
    unregistered({ calls: [call({ state: 'interrupted' })] }),
    { type: 'ReportOrphan', attempt: 'a9' },
  ],
  [
    'is a suspected orphan also when the object is gone',
    absent({ records: [], calls: [call({ state: 'interrupted' })] }),
    { type: 'ReportOrphan', attempt: 'a9' },
  ],
  [
    'is settled when a registration broke off after its record was written',
    observation({
      calls: [call({ state: 'interrupted', attempt: 'a1', registrationSecret: 'oac-uid-1-a1' })],
    }),
    { type: 'SettleCall', attempt: 'a1' },
  ],
  [
    'is settled when an update broke off and the client was left behind since',
    absent({
      records: [record({ role: 'left-behind' })],
      calls: [
        call({ kind: 'Update', state: 'interrupted', attempt: 'a2', registrationSecret: 'oac-uid-1-a1' }),
      ],
    }),
    { type: 'SettleCall', attempt: 'a2' },
  ],
  [
    'does not keep a deletion from being tried again',
    observation({
      object: deleting(),
      calls: [call({ kind: 'Deregister', state: 'interrupted', registrationSecret: 'oac-uid-1-a1' })],
    }),
    deregisters('Deleting'),
  ],
  [
    'waits for the one under way before it looks at one that broke off',
    unregistered({ calls: [call({ state: 'interrupted' }), call({ attempt: 'a8', kind: 'Update' })] }),
    waits('Queued', 'A call (Update) begun at 2026-05-01T11:59:58Z is not settled yet.', NOW + 5_000),
  ],
]);

const managedElsewhere = stalls(
  'ManagedElsewhere',
  'Installation "other" registered this client, and this one is "main@cluster-1". Nothing is sent for it.',
);
const copied = 'main@cluster-0';
const copiedElsewhere = stalls(
  'ManagedElsewhere',
  `Installation "${copied}" registered this client, and this one is "main@cluster-1". Nothing is sent for it. If the other cluster is gone, or its operator is stopped, a platform engineer lets this one go on: kubectl annotate namespace <namespace of the operator> oauth-registrar.dev/continues=${copied}`,
);
const goesOn = { ...INSTALLATION, continues: [copied] };

table("another installation's client", [
  [
    'is left alone',
    unregistered({ object: object({ status: { installation: 'other' } }) }),
    managedElsewhere,
  ],
  [
    'is left alone also when it is deleted',
    unregistered({ object: deleting({ status: { installation: 'other', clientId: 'c1' } }) }),
    managedElsewhere,
  ],
  [
    'is left alone where objects were copied from another cluster, by its record',
    observation({ object: object({ status: {} }), records: [departed({ installation: copied })] }),
    copiedElsewhere,
  ],
  [
    'is left alone where only records were copied: nothing is deregistered',
    absent({ records: [record({ installation: copied })] }),
    gone(),
  ],
  [
    'is left alone where the ledger was copied: not even a new object is registered',
    unregistered({ heldFor: copied }),
    copiedElsewhere,
  ],
  [
    "doesn't hold an object that was copied and is deleted",
    observation({ object: deleting(), records: [departed({ installation: copied })] }),
    { type: 'RemoveFinalizer' },
  ],
  [
    "becomes this one's when a person says that this one continues",
    observation({ installation: goesOn, records: [record({ installation: copied })] }),
    { type: 'Claim' },
  ],
  [
    "is this one's where its record was written before ids held the cluster",
    observation({ records: [record({ installation: 'main' })] }),
    { type: 'Claim' },
  ],
]);

table('a record that is missing', [
  [
    'stalls a client whose status shows that it was registered',
    observation({ records: [], secrets: [] }),
    stalls(
      'RegistrationRecordMissing',
      "The registration Secret of client c1 is gone from the operator's namespace. Restore it from a backup; or have another client registered, and this one left behind: kubectl annotate oac storefront -n shop oauth-registrar.dev/rotate-requested-at=$(date +%s) --overwrite",
    ),
  ],
  [
    'stalls a client whose Secret shows that it was registered',
    observation({ object: fresh(), records: [] }),
    stalls(
      'RegistrationRecordMissing',
      "The registration Secret oac-uid-1-a1 is gone from the operator's namespace. Restore it from a backup; or have another client registered, and this one left behind: kubectl annotate oac storefront -n shop oauth-registrar.dev/rotate-requested-at=$(date +%s) --overwrite",
    ),
  ],
  [
    "is not taken for one because of somebody else's Secret",
    unregistered({ secrets: [secret({ ownerUid: 'uid-0' })] }),
    registers,
  ],
  [
    'lets a deletion end',
    observation({ object: deleting(), records: [], secrets: [] }),
    { type: 'RemoveFinalizer' },
  ],
]);

table('a Secret', [
  [
    'is written again when its data was edited',
    observation({ secrets: [secret({ projection: undefined })] }),
    publishes,
  ],
  [
    'is written again when a label was removed',
    observation({ secrets: [secret({ labels: {} })] }),
    publishes,
  ],
  [
    'is written again when an annotation was removed',
    observation({ secrets: [secret({ annotations: {} })] }),
    publishes,
  ],
  [
    'is left alone when somebody added a label of their own',
    observation({ secrets: [secret({ labels: { ...secret().labels, team: 'a' } })] }),
    ready,
  ],
  [
    'is written again when the registration changed',
    observation({ records: [record({ revision: 2 })] }),
    publishes,
  ],
  [
    'is written again when the spec names other keys',
    observation({ object: withSecret({ keys: { client_id: 'username' } }) }),
    publishes,
  ],
  [
    "is written again when the server's endpoints changed",
    observation({
      server: {
        ...available,
        connection: {
          ...connection,
          endpoints: { ...connection.endpoints, token: 'https://sso.example.com/t' },
        },
      },
    }),
    publishes,
  ],
  [
    'is written under its new name before the one under the former name goes',
    observation({ object: withSecret({ name: 'renamed' }) }),
    { ...publishes, secret: 'renamed' },
  ],
  [
    'goes when the spec gives another name and that one is written',
    observation({
      object: withSecret({ name: 'renamed' }),
      secrets: [secret(), secret({ name: 'renamed' })],
    }),
    { type: 'RemoveSecret', secret: 'storefront-oauth' },
  ],
  [
    "of another owner is not counted as this client's",
    observation({ secrets: [secret({ ownerUid: 'uid-0' })] }),
    publishes,
  ],
  [
    'that stands in the way stalls the client until somebody acts',
    observation({
      secrets: [],
      setbacks: [
        {
          ...setback({
            basis: 'storefront-oauth 3 ',
            kind: 'Terminal',
            reason: 'SecretConflict',
            message: 'Secret storefront-oauth exists',
            retryAt: NOW + 60_000,
          }),
          action: 'Publish',
        },
      ],
    }),
    {
      ...stalls('SecretConflict', 'Secret storefront-oauth exists'),
      until: NOW + 60_000,
    },
  ],
]);

table('an edit of the metadata', [
  ['is sent to the server', observation({ object: edited() }), updates],
  ['is sent after the Secret was put right', observation({ object: edited(), secrets: [] }), publishes],
  [
    'waits for a server that is not available',
    observation({ object: edited(), server: unavailable }),
    waits('DiscoveryFailed', 'https://sso.example.com/.well-known/x: 404'),
  ],
  [
    "waits while the server's state permits no call",
    observation({ object: edited(), server: closed('AuthorizationServerPaused', 'until noon') }),
    { ...waits('AuthorizationServerPaused', 'until noon'), awaitsServer: true },
  ],
  [
    'is tried though the server gave no token: a credential that manages every client may serve',
    observation({ object: edited(), records: [record({ managed: false })] }),
    updates,
  ],
  [
    'stalls where the server gave no way to manage the client',
    observation({
      object: edited(),
      records: [record({ managed: false })],
      setbacks: [unsupportedUpdate],
    }),
    stalls(
      'UpdateUnsupported',
      'The server gave no registration access token. Take the edit back, or set spec.replacement.onEdit to Automatic, so that another client is registered in its place. Or have another client registered now, with a new client_id: kubectl annotate oac storefront -n shop oauth-registrar.dev/rotate-requested-at=$(date +%s) --overwrite',
    ),
  ],
  [
    'stalls when the token is lost, and nothing is registered anew',
    observation({
      object: edited(),
      setbacks: [
        {
          ...setback({
            basis: updateBasis,
            kind: 'Terminal',
            reason: 'RegistrationAccessTokenLost',
            message: 'lost',
            retryAt: Number.POSITIVE_INFINITY,
          }),
          action: 'Update',
        },
      ],
    }),
    stalls('RegistrationAccessTokenLost', 'lost'),
  ],
  [
    'that is taken back needs no call',
    observation({
      setbacks: [{ ...setback({ basis: updateBasis, retryAt: Number.POSITIVE_INFINITY }), action: 'Update' }],
    }),
    ready,
  ],
]);

table('of several records', [
  [
    'the one that the Secret shows serves the client, the others are surplus',
    observation({ records: [record(), surplus], secrets: [secret({}, surplus)] }),
    deregisters('Surplus', 'oac-uid-1-a1'),
  ],
  [
    'the one that status shows serves the client where there is no Secret',
    observation({
      object: object({ status: { clientId: 'c2', installation: 'main' } }),
      records: [record(), surplus],
      secrets: [],
    }),
    deregisters('Surplus', 'oac-uid-1-a1'),
  ],
  [
    'the first recorded serves the client where nothing shows one',
    unregistered({ records: [surplus, record()] }),
    deregisters('Surplus', 'oac-uid-1-a2'),
  ],
  [
    'a surplus one that the server keeps for now does not hold up the client',
    observation({
      records: [record(), surplus],
      secrets: [],
      setbacks: [{ ...setback({ basis: surplus.registrationSecret }), action: 'Deregister' }],
    }),
    publishes,
  ],
  [
    "a surplus one that the server can't delete is left behind at once",
    observation({
      records: [record(), surplus],
      secrets: [secret()],
      setbacks: [
        {
          ...setback({
            kind: 'Terminal',
            reason: 'DeletionUnsupported',
            basis: surplus.registrationSecret,
            retryAt: Number.POSITIVE_INFINITY,
          }),
          action: 'Deregister',
        },
      ],
    }),
    {
      type: 'Release',
      record: surplus.registrationSecret,
      role: 'left-behind',
      reason: 'DeletionUnsupported',
    },
  ],
  [
    'a surplus one is left behind after an hour',
    observation({
      records: [record(), surplus],
      setbacks: [
        {
          ...setback({ basis: surplus.registrationSecret, since: NOW - 3_600_000, retryAt: NOW }),
          action: 'Deregister',
        },
      ],
    }),
    {
      type: 'Release',
      record: surplus.registrationSecret,
      role: 'left-behind',
      reason: 'AuthorizationServerUnavailable',
    },
  ],
  [
    "one that is left behind is nobody's business any more",
    observation({ records: [record(), departed({ role: 'left-behind' })] }),
    ready,
  ],
]);

table('a deletion', [
  ['deregisters the client first', observation({ object: deleting() }), deregisters('Deleting')],
  [
    'goes on though the spec can not be used',
    observation({ object: deleting({ desired: invalid }) }),
    deregisters('Deleting'),
  ],
  [
    'goes on though the server object is gone',
    observation({ object: deleting(), server: unavailable }),
    deregisters('Deleting'),
  ],
  [
    'waits for its turn after a failure',
    observation({ object: deleting(), setbacks: [{ ...setback(), action: 'Deregister' }] }),
    waits(
      'AuthorizationServerUnavailable',
      'No answer in time. The deletion waits until 2026-05-01T12:00:50Z at the latest. Then the object goes, and the operator goes on to remove the client.',
      NOW + 5_000,
    ),
  ],
  [
    'is tried again when its time has come',
    observation({ object: deleting(), setbacks: [{ ...setback({ retryAt: NOW }), action: 'Deregister' }] }),
    deregisters('Deleting'),
  ],
  [
    'lets the object go after a minute, and the deregistration is owed',
    observation({
      object: deleting(),
      setbacks: [{ ...setback({ since: NOW - 60_000 }), action: 'Deregister' }],
    }),
    { type: 'Release', record: 'oac-uid-1-a1', role: 'owed', reason: 'AuthorizationServerUnavailable' },
  ],
  [
    'lets the object go after one failure where the namespace is going',
    observation({
      object: deleting(),
      namespaceTerminating: true,
      setbacks: [{ ...setback({ since: NOW }), action: 'Deregister' }],
    }),
    { type: 'Release', record: 'oac-uid-1-a1', role: 'owed', reason: 'AuthorizationServerUnavailable' },
  ],
  [
    'leaves the client behind where the server can not delete it',
    observation({
      object: deleting(),
      setbacks: [
        {
          ...setback({
            kind: 'Terminal',
            reason: 'DeletionUnsupported',
            retryAt: Number.POSITIVE_INFINITY,
          }),
          action: 'Deregister',
        },
      ],
    }),
    { type: 'Release', record: 'oac-uid-1-a1', role: 'left-behind', reason: 'DeletionUnsupported' },
  ],
  [
    'takes the finalizer off when no record is left',
    observation({ object: deleting(), records: [] }),
    { type: 'RemoveFinalizer' },
  ],
  [
    'takes the finalizer off when what is left is owed',
    observation({ object: deleting(), records: [record({ role: 'owed' })] }),
    { type: 'RemoveFinalizer' },
  ],
  [
    "has nothing to do for somebody else's finalizer",
    observation({ object: deleting({ hasFinalizer: false, finalizers: ['x/y'] }), records: [] }),
    gone(),
  ],
  [
    'of a client that was never registered makes no call',
    unregistered({ object: deleting({ status: {} }) }),
    { type: 'RemoveFinalizer' },
  ],
]);

const departedSetback = (overrides: Partial<Setback> = {}) =>
  setback({ basis: 'oac-uid-0-a1', ...overrides });

table('a registration that outlived its object', [
  [
    'is kept for a minute, in case the object comes back',
    absent({ absence: { since: NOW - 59_000, proven: false } }),
    gone(NOW + 1_000),
  ],
  [
    'is not touched before the API server says that the object is gone',
    absent({ absence: { since: NOW - 60_000, proven: false } }),
    { type: 'ConfirmAbsence' },
  ],
  ['is deregistered when the object is proven gone', absent(), deregisters('Departed')],
  [
    'is deregistered when it is owed',
    absent({ records: [record({ role: 'owed' })] }),
    deregisters('Departed'),
  ],
  [
    'is deregistered when another object has the name',
    observation({ records: [departed(), record()] }),
    deregisters('Departed', 'oac-uid-0-a1'),
  ],
  ['is tried again later', absent({ setbacks: [{ ...setback(), action: 'Deregister' }] }), gone(NOW + 5_000)],
  [
    'does not hold up the object that has the name now',
    observation({
      records: [departed(), record()],
      setbacks: [{ ...departedSetback(), action: 'Deregister' }],
    }),
    { ...ready, until: NOW + 5_000 },
  ],
  [
    'is left behind after an hour',
    absent({ setbacks: [{ ...setback({ since: NOW - 3_600_000 }), action: 'Deregister' }] }),
    {
      type: 'Release',
      record: 'oac-uid-1-a1',
      role: 'left-behind',
      reason: 'AuthorizationServerUnavailable',
    },
  ],
  [
    'is left behind at once where the server can not delete it',
    absent({
      setbacks: [{ ...setback({ kind: 'Terminal', reason: 'DeletionUnsupported' }), action: 'Deregister' }],
    }),
    { type: 'Release', record: 'oac-uid-1-a1', role: 'left-behind', reason: 'DeletionUnsupported' },
  ],
  ['is forgotten when it is left behind', absent({ records: [record({ role: 'left-behind' })] }), gone()],
  ['is nothing when there is no record', absent({ records: [] }), gone()],
]);

/** Does what a controller does against a server that refuses every call, and tells what it did until it rested. */
function stepsUntilRest(start: Observation, most: number): readonly Step['type'][] {
  const steps: Step['type'][] = [];
  let o = start;
  for (let action = plan(o); action.type !== 'Idle' && steps.length < most; action = plan(o)) {
    steps.push(action.type);
    if (action.type === 'Deregister') {
      const failed = setback({ basis: action.basis, since: NOW, retryAt: NOW + 5_000 });
      o = { ...o, setbacks: [...o.setbacks, { ...failed, action: 'Deregister' }] };
    }
  }
  return steps;
}

describe('a server that refuses every call', () => {
  test('is asked once per surplus record, then the operator rests', () => {
    const third = record({ attempt: 'a3', clientId: 'c3', registeredAt: '2026-05-01T11:40:00Z' });
    const o = observation({ records: [record(), surplus, third] });
    expect(stepsUntilRest(o, 10)).toEqual(['Deregister', 'Deregister']);
  });

  test('is asked once about an earlier object and once about a deletion, then the operator rests', () => {
    const o = observation({ object: deleting(), records: [departed(), record()] });
    expect(stepsUntilRest(o, 10)).toEqual(['Deregister', 'Deregister']);
  });
});
