import { describe, expect, test } from 'vitest';
import { usable } from '../../../src/core/narrowed.ts';
import type { Gate, Observation } from '../../../src/core/observation.ts';
import { CHAINS, type Finding, plan } from '../../../src/core/plan.ts';
import { renderBasis, wantedOf } from '../../../src/core/workload.ts';
import { Sensitive } from '../../../src/oauth/sensitive.ts';
import { replacementOf } from '../../kit/fixtures/client-specs.ts';
import {
  absent,
  available,
  call,
  connection,
  deleting,
  departed,
  desired,
  edited,
  FORGOTTEN,
  factsOf,
  fresh,
  NOW,
  namesake,
  object,
  observation,
  reached,
  record,
  secret,
  served,
  setback,
  unavailable,
  unregistered,
} from '../../kit/fixtures/observations.ts';

/** One observation for each finding, in the order of the rules, and what the step that follows says for itself. */

const HOUR = 3_600_000;
const at = (ms: number): string => new Date(ms).toISOString();
const specified = (spec: Parameters<typeof desired>[0]) => object({ desired: desired(spec) });
function renderedFrom(o: Observation): string {
  if (o.object?.desired.valid !== true || o.records[0] === undefined) {
    throw new Error('a client that is registered');
  }
  const narrowed = usable(o, o.object, o.object.desired);
  return renderBasis(narrowed, o.records[0], wantedOf(narrowed));
}
const verifying = (mode: 'Report' | 'Gate', gate: Gate = { open: true }) => ({
  ...reached({ verification: { ...connection.verification, mode } }),
  gate,
});
const WEB = { kind: 'Deployment', name: 'web' } as const;
const renewed = record({ secretIssuedAt: '2026-05-01T11:30:00Z' });
function restartedFrom(o: Observation): string {
  const step = plan(o);
  if (step.type !== 'Restart') {
    throw new Error('a restart is due');
  }
  return step.basis;
}
const restored = (overrides: Partial<Observation> = {}) =>
  observation({
    object: fresh(),
    records: [departed()],
    secrets: [secret({ ownerUid: undefined }, departed())],
    ...overrides,
  });
const renewing = (record: Partial<Observation['records'][number]>) =>
  ({ managed: true, registeredAt: at(NOW - 100 * HOUR), ...record }) as const;
const adoptable = {
  clientId: 'grown',
  clientSecret: undefined,
  registrationAccessToken: new Sensitive('rat'),
  registrationClientUri: 'https://sso.example.com/register/grown',
  version: '1',
};
const notAdoptable = { reason: 'CredentialNotFound', message: 'Secret shop/grown does not exist.' } as const;
const namingUnavailable = { ...unavailable, reason: 'AuthorizationServerNotAvailable' } as const;
const enforced = {
  ...connection,
  policy: { enforce: 'Existing' },
} as const;

type Example = readonly [finding: string, o: Observation, what: string, message: string];

const EXAMPLES: readonly Example[] = [
  [
    'ManagedElsewhere',
    observation({ object: deleting({ status: { installation: 'main@cluster-0' } }) }),
    'RemoveFinalizer',
    'The object is being deleted, and was copied from another cluster, whose installation "main@cluster-0" has the client.',
  ],
  [
    'WrittenByNewerVersion',
    observation({ newer: 'Registration Secret operator/oac-1', object: deleting() }),
    'WrittenByNewerVersion',
    'Registration Secret operator/oac-1 is not readable. A newer version of the operator wrote it. Nothing is sent, and nothing is changed. Install that version again: it goes on from here.',
  ],
  [
    'AnswerUnrecorded',
    observation({ unrecorded: { refused: undefined } }),
    'Queued',
    'An answer of the server is being recorded.',
  ],
  [
    'CallUnderWay',
    observation({ calls: [call({ kind: 'Update' })] }),
    'Queued',
    'A call (Update) begun at 2026-05-01T11:59:58Z is not settled yet.',
  ],
  [
    'RegistrationInterrupted',
    observation({ calls: [call({ state: 'interrupted' })] }),
    'ReportOrphan',
    'Registration a9 was interrupted, and its answer is not recorded.',
  ],
  [
    'CallWithoutEffect',
    observation({ calls: [call({ kind: 'Update', state: 'interrupted' })] }),
    'SettleCall',
    'Nobody needs the answer of call a9 (Update), which was interrupted.',
  ],
  [
    'ServerUnidentified',
    observation({ records: [omitServerUid()] }),
    'Identify',
    'Registration Secret oac-uid-1-a1 names its server object without the uid.',
  ],
  [
    'InstallationRenamed',
    observation({ records: [record({ installation: 'main' })] }),
    'Claim',
    'Registration Secret oac-uid-1-a1 names this installation by an earlier id, "main".',
  ],
  [
    'RecordOutlivesObject',
    absent({ absence: { since: NOW - HOUR, proven: false } }),
    'ConfirmAbsence',
    'Records of the object are left, and the API server has not confirmed that it is gone.',
  ],
  [
    'RetainedTokenExpiring',
    absent({
      records: [
        record({ role: 'retained', ...renewing({ registrationAccessTokenExpiresAt: at(NOW + HOUR) }) }),
      ],
    }),
    'Update',
    'The registration access token of client c1 expires at 2026-05-01T13:00:00.000Z.',
  ],
  [
    'LeftBehindRecordExpired',
    absent({
      namespaceUid: '',
      records: [
        record({
          role: 'left-behind',
          server: { kind: 'AuthorizationServer', name: 'near' },
          leftAt: '2020-01-01T00:00:00Z',
        }),
      ],
    }),
    'Forget',
    'Client c1 was left behind more than 7 days ago, and its namespace is gone.',
  ],
  [
    'ObjectDeleting',
    observation({ object: deleting() }),
    'Deregister',
    'The object of client c1 is being deleted.',
  ],
  ['ObjectGone', absent({ records: [] }), 'Deleting', 'The object is gone.'],
  [
    'SpecInvalid',
    observation({ object: object({ desired: { valid: false, problem: 'spec.client: is missing.' } }) }),
    'InvalidSpec',
    'spec.client: is missing.',
  ],
  [
    'ReservedMetadataRequested',
    observation({
      object: specified({ secret: { name: 'storefront-oauth', labels: { 'x/y': '1' } } }),
      reservedSecretMetadata: ['x/'],
    }),
    'InvalidSpec',
    'spec.secret asks for x/y, which has a meaning to another controller and is reserved by the platform team; remove it.',
  ],
  [
    'ObjectSuspended',
    observation({ object: specified({ suspend: true }) }),
    'Suspended',
    'Nothing is sent or written for this client until spec.suspend is unset.',
  ],
  [
    'LifetimeOver',
    observation({ object: specified({ lifetime: { expiresAfter: '1h', onExpiry: 'DeleteObject' } }) }),
    'DeleteObject',
    'The lifetime that the spec gives ended at 2026-05-01T11:00:00Z.',
  ],
  [
    'RestartsNotOffered',
    observation({ object: specified({ rolloutRestartTargets: [WEB] }), mayRestart: false }),
    'InvalidSpec',
    'spec.rolloutRestartTargets asks for restarts, and this installation restarts no workloads. Remove it, or ask the platform team to permit restarts by --rollout-restarts.',
  ],
  [
    'FinalizerMissing',
    observation({ object: object({ hasFinalizer: false }) }),
    'AddFinalizer',
    'The object lacks the finalizer that holds it until its client is deregistered.',
  ],
  [
    'ObjectRestored',
    restored(),
    'TakeOver',
    'Client c0 is recorded for an earlier object of this name, and this object was restored from a backup.',
  ],
  [
    'RecordMissing',
    observation({ records: [] }),
    'RegistrationRecordMissing',
    "The registration Secret of client c1 is gone from the operator's namespace. Restore it from a backup; or have another client registered, and this one left behind: kubectl annotate oac storefront -n shop oauth-registrar.dev/rotate-requested-at=$(date +%s) --overwrite",
  ],
  [
    'DeletionPolicyDiffers',
    observation({ object: object({ retained: true }) }),
    'NotePolicy',
    'Client c1 is to outlive its object, and its record says otherwise.',
  ],
  [
    'OwnerMissing',
    observation({
      object: specified({
        lifetime: { boundTo: { group: '', kind: 'Pod', name: 'agent' }, onExpiry: 'DeleteObject' },
      }),
    }),
    'BindToOwner',
    'The object lacks the owner that spec.lifetime.boundTo names: Pod agent.',
  ],
  [
    'UsersUnknown',
    observation({
      object: specified({ replacement: { ...replacementOf({ overlap: '1m' }), retire: 'WhenUnused' } }),
      records: [
        record({ registrationSecret: 'oac-uid-1-a0', clientId: 'c0', registeredAt: at(NOW - 9 * HOUR) }),
        record({ replaces: 'oac-uid-1-a0', registeredAt: at(NOW - HOUR) }),
      ],
    }),
    'FindUsers',
    'Client c0 is over its overlap: Pods that still use it are looked for.',
  ],
  [
    'SurplusClientUnused',
    observation({ records: [record(), record({ attempt: 'a2', clientId: 'c2' })] }),
    'Deregister',
    'Another client took the place of client c2.',
  ],
  [
    'AdoptionSecretUnusable',
    unregistered({ adoptable: notAdoptable }),
    'CredentialNotFound',
    'Secret shop/grown does not exist.',
  ],
  [
    'ServerUnavailable',
    unregistered({ server: unavailable }),
    'DiscoveryFailed',
    'https://sso.example.com/.well-known/x: 404',
  ],
  [
    'ClientRetained',
    unregistered({ records: [departed({ role: 'retained' })] }),
    'TakeOver',
    'Client c0 was retained for an OAuthClient of this name.',
  ],
  ['AdoptionRequested', unregistered({ adoptable }), 'Adopt', 'spec.adopt brings client grown.'],
  [
    'ClientUnregistered',
    unregistered(),
    'Register',
    'The object has no client at ClusterAuthorizationServer corporate.',
  ],
  [
    'ClientAlreadyManaged',
    observation({ namesakes: [namesake()] }),
    'ClientAlreadyManaged',
    'The server answered with client_id c1, which OAuthClient other has already. Nothing is sent for this one; look at the server.',
  ],
  [
    'DocumentUnchecked',
    observation({ records: [record({ document: served({ digest: 'digest-2' }) })] }),
    'CheckDocument',
    'The document of client c1 of 2026-05-01T11:00:00Z is due to be seen at its URL.',
  ],
  [
    'DocumentUnprimed',
    observation({ records: [record({ document: served({ primes: true }) })], secrets: [] }),
    'PrimeDocument',
    'The server did not fetch the document of client c1 of 2026-05-01T11:00:00Z yet.',
  ],
  [
    'WorkloadSecretDiffers',
    observation({ secrets: [] }),
    'Publish',
    'Secret storefront-oauth does not exist.',
  ],
  [
    'RestartNeeded',
    observation({ object: specified({ rolloutRestartTargets: [WEB] }), records: [renewed] }),
    'Restart',
    'The Secret shows a new credential since 2026-05-01T11:30:00Z: Deployment web to be restarted for it.',
  ],
  [
    'ReplacementRequested',
    observation({ object: object({ rotateRequestedAt: 'now' }) }),
    'Register',
    'An annotation asks for another client in place of client c1.',
  ],
  [
    'ServerChanged',
    observation({
      object: specified({ authorizationServerRef: { kind: 'AuthorizationServer', name: 'near' } }),
      server: { ...available, ref: { kind: 'AuthorizationServer', name: 'near' } },
    }),
    'Register',
    'The spec names AuthorizationServer near, and client c1 is registered at ClusterAuthorizationServer corporate.',
  ],
  [
    'ServerReplaced',
    observation({
      object: specified({ replacement: replacementOf({ onEdit: 'Automatic' }) }),
      server: reached({ uid: 'server-2', issuer: 'https://other.example.com' }),
    }),
    'Register',
    'ClusterAuthorizationServer corporate is another object than the one at which client c1 is registered.',
  ],
  [
    'ClientForgotten',
    observation({
      heard: FORGOTTEN,
      server: reached({ recovery: { ...connection.recovery, clientGone: 'Reregister' } }),
    }),
    'Register',
    "The server says that it doesn't know client c1 any more: The server answered 401 invalid_client: No such client. recovery.clientGone is Reregister.",
  ],
  [
    'ReadRefused',
    observation({
      setbacks: [
        setback({
          action: 'Read',
          basis: `oac-uid-1-a1 ${connection.version}`,
          reason: 'RegistrationAccessTokenLost',
        }),
      ],
      server: reached({ recovery: { ...connection.recovery, tokenLost: 'Reregister' } }),
    }),
    'Register',
    'The server refuses the registration access token of client c1, and recovery.tokenLost is Reregister.',
  ],
  [
    'EditWaiting',
    observation({ object: edited(), server: unavailable }),
    'DiscoveryFailed',
    'https://sso.example.com/.well-known/x: 404',
  ],
  [
    'MetadataDiffers',
    observation({ object: edited() }),
    'Update',
    'The spec or the server object has changed since client c1 was last sent.',
  ],
  [
    'DriftReported',
    observation({
      server: reached({ drift: { mode: 'Correct', intervalMs: HOUR, rotatingReads: 'Refuse' } }),
      records: [record({ drifted: true })],
    }),
    'Update',
    'Somebody changed client c1 at the server, and drift.mode is Correct.',
  ],
  [
    'KeyDue',
    keyed({ keyCreatedAt: at(NOW - HOUR), keyRotatesAt: NOW }),
    'Update',
    'Client c1 is due for another key.',
  ],
  [
    'TokenExpiring',
    observation({
      records: [record(renewing({ registrationAccessTokenExpiresAt: at(NOW + HOUR) }))],
    }),
    'Update',
    'The registration access token of client c1 expires at 2026-05-01T13:00:00.000Z.',
  ],
  [
    'ClientExpiring',
    observation({ records: [record(renewing({ clientSecretExpiresAt: at(NOW + HOUR) }))] }),
    'Register',
    'Client c1, or its secret, has been due for renewal since 2026-04-30T13:00:00Z.',
  ],
  [
    'FormerSecretLeft',
    observation({ secrets: [secret(), secret({ name: 'former' })] }),
    'RemoveSecret',
    'The spec names Secret storefront-oauth, and Secret former is left of another name.',
  ],
  [
    'ReadDue',
    observation({
      server: reached({
        drift: { mode: 'Report', intervalMs: HOUR, rotatingReads: 'Allow' },
      }),
      readAt: NOW - 2 * HOUR,
    }),
    'Read',
    'Client c1 has been due to be read since 2026-05-01T11:04:36Z.',
  ],
  [
    'ClientSecretMissing',
    observation({ records: [record({ secretMissingFor: 'client_secret_basic' })] }),
    'ClientSecretMissing',
    'Client c1 is registered with the authentication method client_secret_basic, and the server gave no client_secret, so nobody can authenticate as it. Secrets of workloads stay as they were. If the client needs no secret, set spec.client.tokenEndpointAuthMethod, for a public client to none; else look at the server why it gives none.',
  ],
  [
    'SecretNotRenderable',
    observation({
      setbacks: [
        setback({
          action: 'Render',
          basis: renderedFrom(observation()),
          kind: 'Terminal',
          reason: 'TemplateInvalid',
          message: 'Secret storefront-oauth is not written.',
        }),
      ],
    }),
    'TemplateInvalid',
    'Secret storefront-oauth is not written.',
  ],
  [
    'ClientExpired',
    observation({
      object: object({ desired: desired({ replacement: replacementOf({ onExpiry: 'Never' }) }) }),
      records: [record({ clientSecretExpiresAt: '2026-05-01T11:00:00Z' })],
    }),
    'ClientExpired',
    'Client c1, or its secret, expired at 2026-05-01T11:00:00Z. spec.replacement.onExpiry is Never. To have another client registered, with a new client_id: kubectl annotate oac storefront -n shop oauth-registrar.dev/rotate-requested-at=$(date +%s) --overwrite',
  ],
  [
    'VerificationDue',
    observation({ server: verifying('Report') }),
    'Verify',
    'The credential of client c1 was not tried yet.',
  ],
  [
    'ReplacementWaiting',
    observation({ object: object({ rotateRequestedAt: 'now' }), server: unavailable }),
    'DiscoveryFailed',
    'https://sso.example.com/.well-known/x: 404',
  ],
  [
    'RetentionRefused',
    observation({
      object: object({ retained: true }),
      servers: [
        factsOf(available.ref, available, {
          deletion: { retryForMs: HOUR, unconfirmed: 'Release', retainDenied: true },
        }),
      ],
    }),
    'PolicyRefused',
    'spec.deletionPolicy Retain is not permitted: spec.policy.retain of the server object is Deny; set it to Delete, or ask the platform team to set spec.policy.retain to Allow.',
  ],
  [
    'ClientOutsidePolicy',
    observation({
      server: namingUnavailable,
      servers: [factsOf(available.ref, { ...available, connection: enforced })],
    }),
    'AuthorizationServerNotAvailable',
    'Client c1 is registered and stays as it is, though it would not be registered today. ClusterAuthorizationServer corporate no longer admits namespace shop. Delete this object, or ask the platform team.',
  ],
  [
    'DocumentUnseen',
    observation({
      records: [record({ document: served({ digest: 'digest-2' }) })],
      setbacks: [
        setback({
          ...{ action: 'CheckDocument', basis: 'oac-uid-1-a1 digest-2 ', reason: 'DocumentDiffers' },
          message: 'The URL answers something else.',
        }),
      ],
    }),
    'DocumentDiffers',
    'The URL answers something else.',
  ],
  [
    'SecretHeld',
    observation({
      records: [
        record({
          revision: 2,
          document: settling(),
        }),
      ],
    }),
    'DocumentSettling',
    'The document of client c1 is served, and servers may have the document or the keys of before until 2026-05-01T12:00:01Z. Then the Secret follows.',
  ],
  [
    'SecretWriteUndone',
    observation({
      object: specified({ secret: { name: 'storefront-oauth', labels: { team: 'x' } } }),
      setbacks: [
        setback({
          ...{ action: 'Publish', basis: 'storefront-oauth 3 ', reason: 'SecretWriteUndone' },
          message: 'Secret storefront-oauth lacks label team.',
        }),
      ],
    }),
    'SecretWriteUndone',
    'Secret storefront-oauth lacks label team.',
  ],
  [
    'RestartAwaited',
    observation({
      object: specified({ rolloutRestartTargets: [WEB] }),
      records: [renewed],
      setbacks: [
        setback({
          action: 'Restart',
          basis: restartedFrom(
            observation({ object: specified({ rolloutRestartTargets: [WEB] }), records: [renewed] }),
          ),
          reason: 'RestartTargetNotFound',
          message: "Deployment web doesn't exist.",
        }),
      ],
    }),
    'RestartTargetNotFound',
    "Deployment web doesn't exist.",
  ],
  [
    'VerificationAwaited',
    observation({
      server: verifying('Gate', { open: false, reason: 'Suspended', message: 'It is suspended.' }),
    }),
    'VerificationInconclusive',
    'The credential of client c1 was not tried yet. It is suspended.',
  ],
  ['ClientUpToDate', observation(), 'Registered', 'The client is registered and its Secret is up to date.'],
];

/** Served for 59 seconds, after another one. */
function settling() {
  const { isFirst: _, ...next } = served({ seen: { digest: 'digest-1', at: at(NOW - 59_000) } });
  return next;
}

function omitServerUid() {
  const { serverUid: _, ...earlier } = record();
  return earlier;
}

function keyed(keys: Partial<Observation['records'][number]>): Observation {
  const generatedKey = { algorithm: 'ES256', rotateAfter: '24h', overlap: '24h' } as const;
  const given = specified({ credential: { generatedKey } });
  return observation({ object: given, records: [record(keys)] });
}

const findings: readonly Finding[] = Object.values(CHAINS).flat();

describe('a finding', () => {
  test.each(EXAMPLES)('%s decides, and says why', (finding, o, what, message) => {
    const decision = plan(o);
    expect(decision).toMatchObject({ finding, message });
    expect(decision.type === 'Idle' ? decision.reason : decision.type).toBe(what);
  });

  test('has an example above, in the order in which the rules are asked', () => {
    expect(EXAMPLES.map(([finding]) => finding)).toEqual(findings.map(({ finding }) => finding));
  });

  test('has a name of its own, in CamelCase, without an article', () => {
    const names = findings.map(({ finding }) => finding);
    expect(new Set(names).size).toBe(names.length);
    for (const name of names) {
      expect(name).toMatch(/^([A-Z][a-z]+)+$/);
      expect(name).not.toMatch(/^(A|An|It|Its|The)[A-Z]/);
    }
  });

  test.each(findings.map((one) => [one.finding, one] as const))(
    '%s says what is found and what follows',
    (_, { found, follows }) => {
      expect(found).toMatch(/^\S.*\.$/);
      expect(follows).toMatch(/^\S.*\.$/);
    },
  );
});
