import { describe, expect, test } from 'vitest';
import type { OAuthClientSpec } from '../../../src/api/oauth-client.ts';
import { rfc3339 } from '../../../src/api/time.ts';
import type { Idle } from '../../../src/core/action.ts';
import type { VerificationTerms } from '../../../src/core/connection.ts';
import type { Observation, ProbeAnswer, VerificationResult } from '../../../src/core/observation.ts';
import { plan } from '../../../src/core/plan.ts';
import { spreadOf } from '../../../src/core/spread.ts';
import { summarize } from '../../../src/core/summarize.ts';
import { credentialVersion } from '../../../src/core/verification.ts';
import { inputsHash, projectionOf } from '../../../src/core/workload-secret.ts';
import {
  connection,
  desired,
  endpoints,
  NOW,
  object,
  observation,
  reached,
  record,
  secret,
  setback,
  unavailable,
} from '../../kit/fixtures/observations.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const credential = credentialVersion(record());

const asking = (terms: Partial<VerificationTerms>) =>
  reached({ verification: { ...connection.verification, ...terms } });
const report = asking({ mode: 'Report' });
const gate = asking({ mode: 'Gate' });
const hourly = asking({ mode: 'Report', intervalMs: HOUR });

const probe = (overrides: Partial<ProbeAnswer> = {}): ProbeAnswer => ({
  credential,
  result: 'Verified',
  times: 1,
  message: 'The server accepts the credential of client c1: the token endpoint gave it an access token.',
  at: NOW - 60_000,
  ...overrides,
});
const refused = probe({ result: 'CredentialRefused', times: 2, message: 'The server refuses it. Cure.' });

/** An object whose status says so, as an earlier process left it. */
const told = (result: VerificationResult, at: number, message = 'As it was told.') => {
  const time = rfc3339(at);
  const status = { Verified: 'True', VerificationInconclusive: 'Unknown' }[result as string] ?? 'False';
  const condition = { type: 'Verified', status, reason: result, message, lastTransitionTime: time } as const;
  return object({
    status: {
      ...object().status,
      verification: { credential, result, at: time },
      conditions: [{ ...condition, status: status as 'True', observedGeneration: 3 }],
    },
  });
};

/** A client that authenticates by what is issued for its workload. */
const ofWorkload = (credential: OAuthClientSpec['credential']): Partial<Observation> => ({
  object: object({
    desired: desired({ credential }),
    status: {
      ...object().status,
      ...(credential?.serviceAccount && {
        credential: { subject: 'system:serviceaccount:shop:agent', audience: 'https://sso.example.com' },
      }),
    },
  }),
  ...(credential?.serviceAccount && {
    secrets: [secret({ projection: projectionOf(inputsWith('https://sso.example.com'), ['client_id']) })],
  }),
});
const inputsWith = (audience: string): string =>
  inputsHash({ record: record(), format: 'Keys', keys: {}, include: [], endpoints, audience });

function statusOf(o: Observation) {
  const decision = plan(o);
  if (decision.type !== 'Idle' || o.object === undefined) {
    throw new Error(`is not idle: ${decision.type}`);
  }
  return summarize(o, o.object, decision as Idle, undefined);
}
const shown = (o: Observation): readonly string[] =>
  (statusOf(o).conditions ?? []).map(
    ({ type, status, reason, message }) => `${type}=${status} ${reason}: ${message}`,
  );
const conditionOf = (o: Observation, type: string) => shown(o).find((text) => text.startsWith(`${type}=`));

describe('The credential of a client', () => {
  test('is not tried where the server object does not ask for it, and status says nothing', () => {
    expect(plan(observation())).toMatchObject({ type: 'Idle', state: 'Ready' });
    expect(statusOf(observation())).not.toHaveProperty('verification');
    expect(conditionOf(observation(), 'Verified')).toBeUndefined();
    const before = observation({ object: told('Verified', NOW) });
    expect(statusOf(before)).not.toHaveProperty('verification');
    expect(conditionOf(before, 'Verified')).toBeUndefined();
  });

  test('is tried once for each version, when the Secret shows it', () => {
    expect(plan(observation({ server: report }))).toMatchObject({
      type: 'Verify',
      finding: 'VerificationDue',
      message: 'The credential of client c1 was not tried yet.',
      credential,
    });
    expect(plan(observation({ server: report, probe: probe() }))).toMatchObject({ state: 'Ready' });
    expect(plan(observation({ server: report, probe: probe({ credential: 'other' }) }))).toMatchObject({
      type: 'Verify',
    });
    expect(plan(observation({ server: report, secrets: [] }))).toMatchObject({ type: 'Publish' });
    expect(credentialVersion(record({ revision: 2 }))).not.toBe(credential);
    expect(credentialVersion(record({ attempt: 'a2' }))).not.toBe(credential);
  });

  test('is not tried again by a new process, which reads the answer from status', () => {
    const o = observation({ server: report, object: told('CredentialRefused', NOW - DAY) });
    expect(plan(o)).toMatchObject({ type: 'Idle', state: 'Ready' });
    expect(statusOf(o)).toMatchObject({ verification: { result: 'CredentialRefused' } });
    expect(conditionOf(o, 'Verified')).toBe('Verified=False CredentialRefused: As it was told.');
  });

  test('is tried again when a person asks for it, once', () => {
    const asked = object({ reconcileRequestedAt: 'now' });
    const o = observation({ server: report, object: asked, probe: probe() });
    expect(plan(o)).toMatchObject({ type: 'Verify' });
    expect(plan(o).message).toBe('The credential of client c1 is tried again: a person asked for it.');
    expect(plan({ ...o, probe: probe({ request: 'now' }) })).toMatchObject({ type: 'Idle' });
  });

  test('is not tried without the secret that it needs', () => {
    const o = observation({ server: report, records: [record({ secretMissingFor: 'client_secret_basic' })] });
    expect(plan(o)).toMatchObject({ type: 'Idle', reason: 'ClientSecretMissing' });
  });

  test('waits for the server, and makes the client no less ready, by mode Report', () => {
    const closed = { open: false, reason: 'AuthorizationServerPaused', message: 'Later.' } as const;
    const o = observation({ server: { ...report, gate: closed } });
    expect(plan(o)).toMatchObject({ type: 'Idle', state: 'Ready', until: NOW + 300_000 });
    expect(shown(o)).toEqual([
      'Ready=True Registered: The client is registered and its Secret is up to date.',
      'Registered=True Registered: Client c1 is registered at https://sso.example.com.',
      'SecretSynced=True SecretSynced: Secret storefront-oauth shows the current registration.',
      'Verified=Unknown VerificationInconclusive: The credential of client c1 was not tried yet.',
    ]);
  });

  test('that could not be tried is tried again after its pause, and status says why', () => {
    const o = observation({ server: report });
    const step = plan(o);
    const waiting = setback({
      ...{ action: 'Verify', reason: 'VerificationInconclusive', message: 'It could not be tried: 503.' },
      basis: 'basis' in step ? step.basis : '',
    });
    const after = { ...o, setbacks: [waiting] };
    expect(plan(after)).toMatchObject({ type: 'Idle', state: 'Ready', until: waiting.retryAt });
    expect(conditionOf(after, 'Verified')).toBe(
      'Verified=Unknown VerificationInconclusive: It could not be tried: 503.',
    );
    expect(statusOf(after)).not.toHaveProperty('verification');
    expect(plan({ ...after, now: waiting.retryAt })).toMatchObject({ type: 'Verify' });
  });
});

describe('The answer in status', () => {
  test('says that the server accepts it', () => {
    const o = observation({ server: report, probe: probe() });
    expect(statusOf(o).verification).toEqual({ credential, result: 'Verified', at: rfc3339(NOW - 60_000) });
    expect(conditionOf(o, 'Verified')).toBe(
      'Verified=True Verified: The server accepts the credential of client c1: the token endpoint gave it an access token.',
    );
  });

  test('keeps time and words for a day while it stays the same: that is no write', () => {
    const before = told('CredentialRefused', NOW - HOUR);
    const o = observation({ server: report, object: before, probe: refused });
    expect(statusOf(o).verification).toEqual(before.status.verification);
    expect(conditionOf(o, 'Verified')).toBe('Verified=False CredentialRefused: As it was told.');
    const old = observation({
      server: report,
      object: told('CredentialRefused', NOW - DAY),
      probe: { ...refused, at: NOW },
    });
    expect(statusOf(old).verification?.at).toBe(rfc3339(NOW));
  });

  test('waits for the second refusal', () => {
    const o = observation({
      server: report,
      probe: probe({ result: 'CredentialRefused', at: NOW, message: 'The server refuses it: 401' }),
    });
    expect(plan(o)).toMatchObject({ type: 'Idle', state: 'Ready', until: NOW + 10_000 });
    expect(statusOf(o)).not.toHaveProperty('verification');
    expect(conditionOf(o, 'Verified')).toBe(
      'Verified=Unknown VerificationInconclusive: The server refuses it: 401. Some servers know a new credential only after a moment, so it is tried once more.',
    );
    expect(plan({ ...o, now: NOW + 10_000 })).toMatchObject({ type: 'Verify' });
  });

  test('stays as it is while the server object is not ready', () => {
    const o = observation({ server: unavailable, object: told('Verified', NOW - HOUR) });
    expect(statusOf(o)).toMatchObject({ verification: { result: 'Verified' } });
    expect(conditionOf(o, 'Verified')).toBe('Verified=True Verified: As it was told.');
  });
});

describe('verification.interval', () => {
  const jitter = 0.9 + 0.2 * spreadOf('uid-1');

  test('is the time between two tries, with jitter', () => {
    const at = NOW - HOUR * jitter;
    const o = observation({ server: hourly, probe: probe({ at }) });
    expect(plan(o)).toMatchObject({
      type: 'Verify',
      message: expect.stringMatching(
        /^The credential of client c1 is tried again: it has been due since 2026-/,
      ),
    });
    const early = observation({ server: hourly, probe: probe({ at: at + 10 }) });
    expect(plan(early)).toMatchObject({ type: 'Idle', until: at + 10 + HOUR * jitter });
  });

  test('counts after a restart from the last try that an earlier process may have made', () => {
    const restarted = observation({
      server: hourly,
      object: told('Verified', NOW - 3 * HOUR),
      startedAt: NOW,
    });
    expect(plan(restarted)).toMatchObject({ type: 'Idle', until: NOW + HOUR * jitter });
    const weekly = asking({ mode: 'Report', intervalMs: 7 * DAY });
    const o = observation({ server: weekly, object: told('Verified', NOW - 3 * DAY), startedAt: NOW });
    const due = NOW - 2 * DAY + 7 * DAY * jitter;
    expect(plan({ ...o, now: due - 1, startedAt: due - HOUR })).toMatchObject({ type: 'Idle' });
    expect(plan({ ...o, now: due, startedAt: due - HOUR })).toMatchObject({ type: 'Verify' });
  });

  test('is no storm after a long standstill: what became due meanwhile is spread', () => {
    const o = observation({ server: hourly, object: told('Verified', NOW - 30 * DAY), startedAt: NOW });
    const { until } = plan(o) as { readonly until: number };
    expect(until).toBe(NOW + 600_000 * spreadOf('uid-1'));
    expect(plan({ ...o, now: until })).toMatchObject({ type: 'Verify' });
  });

  test('finds a forgotten client again', () => {
    const forgotten = {
      ...{ registrationSecret: 'oac-uid-1-a1', forgotten: 2, at: NOW },
      message: "The server says that it doesn't know client c1 any more",
    };
    const gone = probe({ result: 'ClientForgotten', times: 2, at: NOW - 2 * HOUR });
    const o = observation({ server: hourly, heard: forgotten, probe: gone });
    expect(plan(o)).toMatchObject({ type: 'Verify' });
    expect(plan({ ...o, probe: { ...gone, at: NOW } })).toMatchObject({ reason: 'ClientForgotten' });
  });
});

describe('verification.mode Gate', () => {
  test('lets a client be ready as soon as the server accepts its credential', () => {
    const o = observation({ server: gate, probe: probe() });
    expect(conditionOf(o, 'Ready')).toBe(
      'Ready=True Registered: The client is registered and its Secret is up to date.',
    );
  });

  test.each<readonly [string, Partial<Observation>, readonly string[]]>([
    [
      'while it could not be tried',
      { server: { ...gate, gate: { open: false, reason: 'AuthorizationServerPaused', message: 'Later.' } } },
      [
        'Ready=False VerificationInconclusive: The credential of client c1 was not tried yet. Later.',
        'Reconciling=True VerificationInconclusive: See the condition Ready.',
        'Verified=Unknown VerificationInconclusive: The credential of client c1 was not tried yet.',
      ],
    ],
    [
      'after the first refusal',
      { probe: { ...refused, times: 1, at: NOW } },
      [
        'Ready=False VerificationInconclusive: The server refuses it. Cure. Some servers know a new credential only after a moment, so it is tried once more.',
        'Reconciling=True VerificationInconclusive: See the condition Ready.',
        'Verified=Unknown VerificationInconclusive: The server refuses it. Cure. Some servers know a new credential only after a moment, so it is tried once more.',
      ],
    ],
    [
      'while the server refuses it',
      { probe: refused },
      [
        'Ready=False CredentialRefused: The server refuses it. Cure.',
        'Stalled=True CredentialRefused: See the condition Ready.',
        'Verified=False CredentialRefused: The server refuses it. Cure.',
      ],
    ],
    [
      'while an answer shows nothing',
      { probe: probe({ result: 'VerificationInconclusive', message: 'It is not known.' }) },
      [
        'Ready=False VerificationInconclusive: It is not known.',
        'Stalled=True VerificationInconclusive: See the condition Ready.',
        'Verified=Unknown VerificationInconclusive: It is not known.',
      ],
    ],
  ])('keeps it from being ready %s', (_, overrides, conditions) => {
    const all = shown(observation({ server: gate, ...overrides }));
    expect(all.filter((text) => !/^(Registered|SecretSynced)=/.test(text))).toEqual(conditions);
  });

  test.each<readonly [string, Partial<Observation>]>([
    ['a ServiceAccount', ofWorkload({ serviceAccount: { name: 'agent' } })],
    ['a SPIFFE ID', ofWorkload({ spiffe: { id: 'spiffe://example.com/shop/web' } })],
  ])('tries no client of %s, and holds none: only its workload can try', (_, overrides) => {
    for (const server of [gate, hourly]) {
      expect(shown(observation({ server, ...overrides }))).toEqual([
        'Ready=True Registered: The client is registered and its Secret is up to date.',
        'Registered=True Registered: Client c1 is registered at https://sso.example.com.',
        'SecretSynced=True SecretSynced: Secret storefront-oauth shows the current registration.',
        'Verified=Unknown VerificationInconclusive: The operator does not try client c1: it authenticates by tokens that are issued for its workload, and the operator has none of them. Let the workload ask for a token.',
      ]);
      expect(statusOf(observation({ server, ...overrides }))).not.toHaveProperty('verification');
    }
  });

  test('holds after a restart, also while the server object is not ready', () => {
    const held = statusOf(observation({ server: gate, probe: refused }));
    const o = observation({ server: gate, object: object({ status: held }) });
    expect(statusOf(o)).toEqual(held);
    const away = statusOf({
      ...o,
      ...observation({ server: unavailable, object: object({ status: held }) }),
    });
    expect(away.conditions).toEqual(held.conditions);
  });

  test('holds an object whose edit is refused, too', () => {
    const edited = { ...object().desired, hash: 'other' } as ReturnType<typeof object>['desired'];
    const o = observation({ server: gate, object: object({ desired: edited }) });
    const step = plan(o);
    const no = setback({
      ...{ action: 'Update', kind: 'Terminal', reason: 'InvalidClientMetadata', message: 'No.' },
      ...{ basis: 'basis' in step ? step.basis : '', retryAt: Number.POSITIVE_INFINITY },
    });
    expect(conditionOf({ ...o, setbacks: [no] }, 'Ready')).toMatch(
      /^Ready=False InvalidClientMetadata: No\./,
    );
    const verified = { ...o, setbacks: [no], probe: probe() };
    expect(conditionOf(verified, 'Ready')).toMatch(/^Ready=True InvalidClientMetadata: No\./);
  });
});
