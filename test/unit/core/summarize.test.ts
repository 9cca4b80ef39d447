import { describe, expect, test } from 'vitest';
import { type OAuthClientSpec, oauthClientStatus } from '../../../src/api/oauth-client.ts';
import type { Reason } from '../../../src/api/reasons.ts';
import type { Idle } from '../../../src/core/action.ts';
import type { Observation, ObservedClient } from '../../../src/core/observation.ts';
import { plan } from '../../../src/core/plan.ts';
import { summarize } from '../../../src/core/summarize.ts';
import {
  basisOf,
  closed,
  deleting,
  desired,
  edited,
  FORGOTTEN,
  fresh,
  hashOf,
  INSTALLATION,
  NOW,
  namesake,
  object,
  observation,
  record,
  secret,
  setback,
  unavailable,
  unregistered,
} from '../../kit/fixtures/observations.ts';

const updateBasis = basisOf(observation({ object: edited() }));
const substitution = { member: 'scope', asked: 'a b', registered: 'a' };

function restOf(o: Observation): Idle {
  const action = plan(o);
  if (action.type !== 'Idle') {
    throw new Error(`does not rest: ${action.type}`);
  }
  return action;
}

/** Status as the operator would write it for what it sees. */
const statusOf = (o: Observation, learned?: Parameters<typeof summarize>[3], secretNote?: string) => {
  if (o.object === undefined) {
    throw new Error('no object');
  }
  return summarize(o, o.object, restOf(o), learned, secretNote);
};

/** The next observation, with the status that was written. */
const later = (o: Observation, status: ObservedClient['status'], ms: number): Observation => ({
  ...o,
  now: o.now + ms,
  object: o.object && { ...o.object, status, resourceVersion: '101' },
});

const condition = (status: ObservedClient['status'], type: string) =>
  status.conditions?.find((found) => found.type === type);

const time = '2026-05-01T12:00:00Z';

describe('summarize', () => {
  test('says all of a client that is registered', () => {
    const records = [
      record({
        clientSecretExpiresAt: '2027-01-01T00:00:00Z',
        registrationAccessTokenExpiresAt: '2026-06-01T00:00:00Z',
      }),
    ];
    expect(statusOf(observation({ object: fresh({ reconcileRequestedAt: 'now' }), records }))).toEqual({
      observedGeneration: 3,
      clientId: 'c1',
      issuer: 'https://sso.example.com',
      installation: INSTALLATION.id,
      secretName: 'storefront-oauth',
      registeredAt: '2026-05-01T11:00:00Z',
      clientSecretExpiresAt: '2027-01-01T00:00:00Z',
      registrationAccessTokenExpiresAt: '2026-06-01T00:00:00Z',
      lastHandledReconcileAt: 'now',
      authorizationServerRef: { kind: 'ClusterAuthorizationServer', name: 'corporate' },
      binding: { name: 'storefront-oauth' },
      conditions: [
        {
          type: 'Ready',
          status: 'True',
          reason: 'Registered',
          message: 'The client is registered and its Secret is up to date.',
          observedGeneration: 3,
          lastTransitionTime: time,
        },
        {
          type: 'Registered',
          status: 'True',
          reason: 'Registered',
          message: 'Client c1 is registered at https://sso.example.com.',
          observedGeneration: 3,
          lastTransitionTime: time,
        },
        {
          type: 'SecretSynced',
          status: 'True',
          reason: 'SecretSynced',
          message: 'Secret storefront-oauth shows the current registration.',
          observedGeneration: 3,
          lastTransitionTime: time,
        },
      ],
    });
  });

  test.each<readonly [string, Observation]>([
    ['is ready', observation()],
    ['waits', unregistered({ server: closed('AuthorizationServerPaused', 'until noon') })],
    ['is stalled', observation({ records: [], secrets: [] })],
    ['is stalled by its spec', unregistered({ object: fresh({ desired: { valid: false, problem: 'x' } }) })],
    [
      'is being deleted',
      observation({
        object: deleting(),
        setbacks: [{ ...setback({ retryAt: NOW + 3e6 }), action: 'Deregister' }],
      }),
    ],
  ])('changes nothing on a resync of a client that %s', (_, o) => {
    const first = statusOf(o, o.records.length > 0 ? [substitution] : undefined);
    const second = statusOf(later(o, first, 1_000));
    expect(second).toEqual(first);
    expect(JSON.stringify(second)).toBe(JSON.stringify(first));
  });

  test.each<readonly [string, Observation, readonly string[]]>([
    ['a client that is ready', observation(), ['Ready', 'Registered', 'SecretSynced']],
    [
      'a client that waits',
      unregistered({ server: closed('AuthorizationServerPaused', 'until noon') }),
      ['Ready', 'Registered', 'SecretSynced', 'Reconciling'],
    ],
    [
      'a client that is stalled',
      observation({ records: [], secrets: [] }),
      ['Ready', 'Registered', 'SecretSynced', 'Stalled'],
    ],
  ])('gives %s its conditions and leaves out those that would be false', (_, o, types) => {
    expect(statusOf(o).conditions?.map(({ type }) => type)).toEqual(types);
  });

  const gated = closed('AuthorizationServerPaused', 'until noon');
  const noServer = { ...unavailable, reason: 'AuthorizationServerUnavailable', message: 'down' } as const;
  const suspended = desired({ suspend: true });
  test.each<readonly [string, Observation, readonly string[]]>([
    [
      'suspended, with a good Secret',
      observation({ object: object({ desired: suspended }) }),
      [
        'Ready=True Suspended',
        'Registered=True Registered',
        'SecretSynced=True SecretSynced',
        'Paused=True Suspended',
      ],
    ],
    [
      'suspended, and never registered',
      unregistered({ object: fresh({ desired: suspended }) }),
      [
        'Ready=False Suspended',
        'Registered=False Suspended',
        'SecretSynced=False Suspended',
        'Paused=True Suspended',
      ],
    ],
    [
      'edited, while the server is down',
      observation({ object: edited(), server: noServer }),
      [
        'Ready=True AuthorizationServerUnavailable',
        'Registered=True Registered',
        'SecretSynced=True SecretSynced',
        'Reconciling=True AuthorizationServerUnavailable',
      ],
    ],
    [
      'edited, while the server is down, and its secret has expired',
      observation({
        object: edited(),
        server: noServer,
        records: [record({ clientSecretExpiresAt: time })],
        secrets: [secret({}, record({ clientSecretExpiresAt: time }))],
      }),
      [
        'Ready=False AuthorizationServerUnavailable',
        'Registered=True Registered',
        'SecretSynced=True SecretSynced',
        'Reconciling=True AuthorizationServerUnavailable',
      ],
    ],
    [
      'not registered, while the server is paused',
      unregistered({ server: gated }),
      [
        'Ready=False AuthorizationServerPaused',
        'Registered=False AuthorizationServerPaused',
        'SecretSynced=False AuthorizationServerPaused',
        'Reconciling=True AuthorizationServerPaused',
      ],
    ],
    [
      'being deleted, while its deregistration waits',
      observation({
        object: deleting(),
        setbacks: [{ ...setback({ retryAt: NOW + 3e6 }), action: 'Deregister' }],
      }),
      [
        'Ready=False AuthorizationServerUnavailable',
        'Registered=True Registered',
        'SecretSynced=True SecretSynced',
        'Reconciling=True AuthorizationServerUnavailable',
      ],
    ],
  ])('says of a client that is %s', (_, o, conditions) => {
    const said = statusOf(o).conditions ?? [];
    expect(said.map(({ type, status, reason }) => `${type}=${status} ${reason}`)).toEqual(conditions);
    const [ready, ...others] = said;
    expect(others.filter(({ message }) => message === ready?.message)).toEqual([]);
  });

  test('shows the cause once: the other conditions refer to Ready', () => {
    const said = statusOf(unregistered({ server: gated })).conditions ?? [];
    expect(said.map(({ message }) => message)).toEqual([
      'until noon',
      'See the condition Ready.',
      'See the condition Ready.',
      'See the condition Ready.',
    ]);
  });

  test('says which annotation means nothing', () => {
    const unknown = 'oauth-registrar.dev/rotate-request-at';
    const status = statusOf(observation({ object: object({ unknownAnnotation: unknown }) }));
    expect(condition(status, 'Ready')).toMatchObject({
      status: 'True',
      message:
        'Annotation oauth-registrar.dev/rotate-request-at is not known and does nothing: an OAuthClient may have oauth-registrar.dev/reconcile-requested-at, oauth-registrar.dev/rotate-requested-at, oauth-registrar.dev/abandon. The client is registered and its Secret is up to date.',
    });
  });

  test('takes Stalled away when it is over, and moves no other time', () => {
    const stalled = observation({
      object: edited(),
      setbacks: [
        {
          ...setback({
            kind: 'Terminal',
            reason: 'InvalidClientMetadata',
            message: 'refused',
            retryAt: Number.POSITIVE_INFINITY,
            basis: updateBasis,
          }),
          action: 'Update',
        },
      ],
    });
    const before = statusOf(stalled);
    expect(condition(before, 'Stalled')).toMatchObject({
      status: 'True',
      reason: 'InvalidClientMetadata',
      message: 'See the condition Ready.',
    });
    const after = statusOf(later(observation(), before, 60_000));
    expect(condition(after, 'Stalled')).toBeUndefined();
    for (const type of ['Ready', 'Registered', 'SecretSynced']) {
      expect(condition(after, type)).toMatchObject({ status: 'True', lastTransitionTime: time });
    }
  });

  const refusedEdit = (reason: Reason, more: Partial<Observation> = {}): Observation =>
    observation({
      object: edited(),
      setbacks: [
        {
          ...setback({
            kind: 'Terminal',
            reason,
            message: 'no fragments',
            retryAt: Number.POSITIVE_INFINITY,
            basis: updateBasis,
          }),
          action: 'Update',
        },
      ],
      ...more,
    });

  test('says in the words of the plan why an edit is refused, and that the client still works', () => {
    const status = statusOf(refusedEdit('InvalidRedirectURI'));
    expect(condition(status, 'Ready')).toMatchObject({
      status: 'True',
      reason: 'InvalidRedirectURI',
      message: 'no fragments',
    });
    expect(condition(status, 'Stalled')).toMatchObject({ status: 'True', reason: 'InvalidRedirectURI' });
    expect(condition(status, 'Registered')).toMatchObject({ status: 'True' });
    expect(condition(status, 'SecretSynced')).toMatchObject({ status: 'True' });
  });

  const unusable = object({ desired: { valid: false, problem: 'spec.client is wrong.' } });
  const expired = record({ clientSecretExpiresAt: time });
  test.each<readonly [string, Observation, readonly string[]]>([
    ['whose edit is not valid', observation({ object: unusable }), ['True InvalidSpec', 'True SecretSynced']],
    [
      'whose edit is not valid, and whose Secret was changed by somebody',
      observation({ object: unusable, secrets: [secret({ projection: undefined })] }),
      ['False InvalidSpec', 'False InvalidSpec'],
    ],
    [
      'whose edit is not valid, and whose Secret shows another client',
      observation({ object: unusable, secrets: [secret({ shows: 'oac-other' })] }),
      ['False InvalidSpec', 'False InvalidSpec'],
    ],
    [
      'whose edit asks for a label that is reserved',
      observation({
        object: object({ desired: desired({ secret: { name: 'storefront-oauth', labels: { team: 'a' } } }) }),
        reservedSecretMetadata: ['team'],
      }),
      ['True InvalidSpec', 'True SecretSynced'],
    ],
    [
      'whose edit is refused, and whose secret has expired',
      refusedEdit('InvalidRedirectURI', { records: [expired], secrets: [secret({}, expired)] }),
      ['False InvalidRedirectURI', 'True SecretSynced'],
    ],
    [
      'whose token is refused, which says nothing of the client',
      refusedEdit('RegistrationAccessTokenLost'),
      ['True RegistrationAccessTokenLost', 'True SecretSynced'],
    ],
    [
      'that its server does not know any more',
      observation({ heard: FORGOTTEN }),
      ['False ClientForgotten', 'True SecretSynced'],
    ],
    [
      'that its server does not know any more, and whose edit is not valid',
      observation({ heard: FORGOTTEN, object: unusable }),
      ['False InvalidSpec', 'True SecretSynced'],
    ],
    [
      'that another object had before',
      observation({ namesakes: [namesake({ client: { namespace: 'shop', name: 'first', uid: 'uid-0' } })] }),
      ['False ClientAlreadyManaged', 'True SecretSynced'],
    ],
  ])('shows whether workloads can use the Secret of a client %s', (_, o, conditions) => {
    const status = statusOf(o);
    const said = ['Ready', 'SecretSynced'].map((type) => condition(status, type));
    expect(said.map((found) => `${found?.status} ${found?.reason}`)).toEqual(conditions);
    expect(condition(status, 'Stalled')?.status).toBe('True');
  });

  test('says of a client whose record is missing what it was, and that its token is lost', () => {
    const status = statusOf(
      observation({
        object: object({
          status: { clientId: 'c1', issuer: 'https://sso.example.com', secretName: 's', registeredAt: time },
        }),
        records: [],
        secrets: [],
      }),
    );
    expect(status).toMatchObject({
      clientId: 'c1',
      issuer: 'https://sso.example.com',
      registeredAt: time,
      secretName: 's',
    });
    expect(condition(status, 'Registered')).toMatchObject({
      status: 'False',
      reason: 'RegistrationRecordMissing',
    });
  });

  test.each<readonly [string, Observation, Parameters<typeof summarize>[3], readonly object[] | undefined]>([
    ['those that an answer showed', observation(), [substitution], [substitution]],
    ['none when an answer showed none', withSubstitutions(), [], undefined],
    ['those of before when no answer came', withSubstitutions(), undefined, [substitution]],
    [
      'none of a client that is not registered any more',
      withSubstitutions({ records: [], secrets: [] }),
      undefined,
      undefined,
    ],
  ])('reports substitutions: %s', (_, o, learned, reported) => {
    expect(statusOf(o, learned).substitutions).toEqual(reported);
  });

  const replaced = (count: number) => {
    const names = Array.from({ length: count + 1 }, (_, index) => `a${index}`);
    return names.map((attempt, index) =>
      record({
        attempt,
        clientId: `client-${index}`,
        registeredAt: new Date(NOW - (count - index) * 3_600_000).toISOString(),
        ...(index === 0 ? {} : { replaces: `oac-uid-1-a${index - 1}` }),
      }),
    );
  };

  test('names the clients that were replaced, and when they end', () => {
    const records = replaced(2);
    const o = observation({ records, secrets: [secret({}, records[2])] });
    expect(statusOf(o).retiring).toEqual([
      { clientId: 'client-0', issuer: 'https://sso.example.com', endsAt: '2026-05-02T11:00:00Z' },
      { clientId: 'client-1', issuer: 'https://sso.example.com', endsAt: '2026-05-02T12:00:00Z' },
    ]);
  });

  test('names at most eight of them, and none of a client that replaced none', () => {
    const records = replaced(10);
    const status = statusOf(observation({ records, secrets: [secret({}, records[10])] }));
    expect(status.retiring?.map(({ clientId }) => clientId)).toEqual(
      Array.from({ length: 8 }, (_, index) => `client-${index}`),
    );
    expect(oauthClientStatus.safeParse(status).error?.issues ?? []).toEqual([]);
    expect(statusOf(observation())).not.toHaveProperty('retiring');
  });

  test.each<readonly [string, Observation]>([
    [
      'a client that is ready',
      observation({
        object: object({ desired: desired({ lifetime: { expiresAfter: '3h', onExpiry: 'Deregister' } }) }),
      }),
    ],
    [
      'a client that is not registered yet',
      unregistered({
        object: fresh({ desired: desired({ lifetime: { expiresAfter: '3h', onExpiry: 'Deregister' } }) }),
        server: gated,
      }),
    ],
  ])('says from the first when %s ends', (_, o) => {
    expect(statusOf(o).endsAt).toBe('2026-05-01T13:00:00Z');
  });

  const own = (name: string) => ({ kind: 'AuthorizationServer', name }) as const;
  const naming = (server: ReturnType<typeof own> | undefined, status: ObservedClient['status'] = {}) =>
    object({ desired: desired({ authorizationServerRef: server }), status });
  const nowhere = { ...unavailable, reason: 'AuthorizationServerNotAvailable' } as const;

  test.each<readonly [string, Observation, string | undefined]>([
    ['where the client is registered', observation(), 'corporate'],
    [
      'where it is registered, while the spec names another',
      observation({ object: naming(own('next'), { clientId: 'c1' }), server: unavailable }),
      'corporate',
    ],
    [
      'that the spec names, though it can not be used',
      unregistered({ object: naming(own('typo')), server: nowhere }),
      'typo',
    ],
    [
      'that serves by default, though it does not answer',
      unregistered({ object: naming(undefined), server: { ...unavailable, ref: own('usual') } }),
      'usual',
    ],
    [
      'that was chosen for a client whose record is lost',
      observation({
        object: naming(undefined, { clientId: 'c1', authorizationServerRef: own('then') }),
        records: [],
        secrets: [],
      }),
      'then',
    ],
    [
      'of before, where the spec can not be read',
      unregistered({
        object: fresh({
          desired: { valid: false, problem: 'x' },
          status: { authorizationServerRef: own('then') },
        }),
      }),
      'then',
    ],
    [
      'of none: the spec names none any more, and there is no default',
      unregistered({
        object: naming(undefined, { observedGeneration: 2, authorizationServerRef: own('typo') }),
        server: nowhere,
      }),
      undefined,
    ],
  ])('shows the server %s', (_, o, name) => {
    expect(statusOf(o).authorizationServerRef?.name).toBe(name);
  });

  test('shows no Secret before there is one', () => {
    const status = statusOf(unregistered({ server: closed('AuthorizationServerPaused', 'until noon') }));
    expect(status).not.toHaveProperty('secretName');
    expect(status).not.toHaveProperty('binding');
  });

  test('keeps showing the former Secret while the new one can not be written', () => {
    const o = observation({
      object: object({ status: { clientId: 'c1', secretName: 'former' } }),
      secrets: [secret({ name: 'former' })],
      setbacks: [
        { ...setback({ basis: 'storefront-oauth 3 ', reason: 'SecretConflict' }), action: 'Publish' },
      ],
    });
    expect(statusOf(o)).toMatchObject({ secretName: 'former', binding: { name: 'former' } });
  });

  test('is what the CRD takes, however long the annotation', () => {
    const o = observation({ object: object({ reconcileRequestedAt: 'x'.repeat(300) }) });
    expect(oauthClientStatus.safeParse(statusOf(o)).error?.issues ?? []).toEqual([]);
  });
});

describe('a client whose server object is gone', () => {
  const gone = {
    ...unavailable,
    reason: 'AuthorizationServerNotAvailable',
    message: "ClusterAuthorizationServer corporate is not available to this namespace: it doesn't exist.",
  } as const;
  const reasonsOf = (status: ObservedClient['status']) =>
    status.conditions?.map(({ type, status: is, reason }) => `${type}=${is} ${reason}`);

  test('is ready, and status names the reference that leads nowhere', () => {
    const status = statusOf(observation({ server: gone }));
    expect(reasonsOf(status)).toEqual([
      'Ready=True Registered',
      'Registered=True AuthorizationServerNotAvailable',
      'SecretSynced=True SecretSynced',
    ]);
    expect(condition(status, 'Ready')?.message).toBe(
      `The client is registered and its Secret is up to date. But an edit would wait: ${gone.message}`,
    );
    expect(condition(status, 'Registered')?.message).toBe(
      'Client c1 is registered at https://sso.example.com. See the condition Ready.',
    );
    expect(reasonsOf(statusOf(later(observation(), status, 60_000)))?.[1]).toBe('Registered=True Registered');
  });

  test('is ready as before while its server object only has a problem', () => {
    expect(condition(statusOf(observation({ server: unavailable })), 'Registered')?.reason).toBe(
      'Registered',
    );
  });
});

describe('what of spec.secret does nothing', () => {
  const messageOf = (status: ObservedClient['status']) => condition(status, 'SecretSynced')?.message;
  const synced = 'Secret storefront-oauth shows the current registration.';
  const noted = statusOf(observation(), undefined, 'spec.secret.keys has no effect.');

  test('is said of a client that is ready', () => {
    expect(messageOf(noted)).toBe(`${synced} spec.secret.keys has no effect.`);
    expect(condition(noted, 'Ready')).toMatchObject({ status: 'True', reason: 'Registered' });
  });

  test('is said as long as the Secret is not written again', () => {
    const next = later(observation(), noted, 60_000);
    expect(statusOf(next)).toEqual(noted);
    expect(messageOf(statusOf(next, undefined, ''))).toBe(synced);
  });

  test('is not said of another Secret', () => {
    const other = observation({
      object: object({ desired: desired({ secret: { name: 'other' } }), status: noted }),
      secrets: [secret({ name: 'other' })],
    });
    expect(messageOf(statusOf(other))).toBe('Secret other shows the current registration.');
  });
});

function withSubstitutions(overrides: Partial<Observation> = {}): Observation {
  return observation({
    object: object({ status: { clientId: 'c1', installation: 'main', substitutions: [substitution] } }),
    ...overrides,
  });
}

describe('a client whose lifetime is over', () => {
  const ended = { expiresAfter: '1m', onExpiry: 'Deregister' } as const;
  const known = { clientId: 'c1', secretName: 'shop', binding: { name: 'shop' }, registeredAt: time };
  const of = (lifetime: NonNullable<OAuthClientSpec['lifetime']>) =>
    unregistered({
      object: object({ desired: desired({ lifetime }), status: known, createdAt: NOW - 120_000 }),
    });

  test('is not looked for any more, so that a longer life registers another', () => {
    const status = statusOf(of(ended));
    expect(condition(status, 'Ready')).toMatchObject({ status: 'False', reason: 'Ended' });
    expect(status.conditions?.map(({ type }) => type)).toEqual(['Ready', 'Registered', 'SecretSynced']);
    for (const name of Object.keys(known)) {
      expect(status).not.toHaveProperty(name);
    }
    const next = of({ ...ended, expiresAfter: '1h' });
    const again = next.object && { ...next.object, status };
    expect(plan({ ...next, object: again }).type).toBe('Register');
  });
});

describe('status of a client of which no Secret is wanted', () => {
  const none = desired({ client: { tokenEndpointAuthMethod: 'none' }, secret: { mode: 'None' } });
  const records = [record({ metadataHash: hashOf({ tokenEndpointAuthMethod: 'none' }) })];
  const given = { object: object({ desired: none }), records, secrets: [] };
  const saidBy = ({ conditions = [] }: ReturnType<typeof statusOf>) =>
    conditions.map(({ type, status, reason, message }) => `${type} ${status} ${reason}: ${message}`);

  test('names none, and the client is ready', () => {
    const status = statusOf(observation(given));
    expect([status.secretName, status.binding]).toEqual([undefined, undefined]);
    expect(saidBy(status)).toEqual([
      'Ready True Registered: The client is registered. No Secret is written, since spec.secret.mode is None.',
      'Registered True Registered: Client c1 is registered at https://sso.example.com.',
      'SecretSynced True SecretSynced: No Secret is written: spec.secret.mode is None.',
    ]);
  });

  test('stays Ready while an edit waits', () => {
    const unavailable = {
      available: false,
      reason: 'DiscoveryFailed',
      message: 'No.',
      endpoints: undefined,
    } as const;
    const edited = desired({
      client: { tokenEndpointAuthMethod: 'none', clientName: 'E' },
      secret: { mode: 'None' },
    });
    const status = statusOf(
      observation({ ...given, object: object({ desired: edited }), server: unavailable }),
    );
    expect(saidBy(status)[0]).toMatch(/^Ready True /);
  });

  test.each([
    [
      'learned now',
      [{ member: 'token_endpoint_auth_method', asked: 'none', registered: 'client_secret_basic' }],
      {},
    ],
    [
      'in status',
      undefined,
      {
        substitutions: [
          { member: 'token_endpoint_auth_method', asked: 'none', registered: 'client_secret_basic' },
        ],
      },
    ],
  ])('says that the server registered a method with a secret, %s', (_, learned, before) => {
    const o = observation({ ...given, object: object({ desired: none, status: { ...before } }) });
    expect(saidBy(statusOf(o, learned))).toEqual([
      'Ready False InvalidSpec: The server registered client c1 with the authentication method client_secret_basic, which needs a secret, and spec.secret.mode None wants no Secret. Set spec.secret.mode to Write, or have the server permit none.',
      'Registered True Registered: Client c1 is registered at https://sso.example.com.',
      'SecretSynced False InvalidSpec: See the condition Ready.',
      'Stalled True InvalidSpec: See the condition Ready.',
    ]);
  });
});
