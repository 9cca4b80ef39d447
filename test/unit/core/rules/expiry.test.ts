import { describe, expect, test } from 'vitest';
import { renewalBasis } from '../../../../src/core/due.ts';
import type { Observation } from '../../../../src/core/observation.ts';
import { plan } from '../../../../src/core/plan.ts';
import { effectiveDialect } from '../../../../src/dialects/presets.ts';
import { replacementOf } from '../../../kit/fixtures/client-specs.ts';
import {
  absent,
  closed,
  desired,
  NOW,
  object,
  observation,
  reached,
  record,
  secret,
  setback,
  settled,
  unavailable,
} from '../../../kit/fixtures/observations.ts';

const HOUR = 3_600_000;
const at = (ms: number): string => new Date(ms).toISOString().replace('.000Z', 'Z');

/** A client whose registration access token was given and ends so long before and after now. */
const withToken = (givenHoursAgo: number, endsInHours: number) =>
  record({
    registeredAt: at(NOW - 1_000 * HOUR),
    tokenIssuedAt: at(NOW - givenHoursAgo * HOUR),
    registrationAccessTokenExpiresAt: at(NOW + endsInHours * HOUR),
  });

const withSecret = (givenHoursAgo: number, endsInHours: number) =>
  record({
    registeredAt: at(NOW - givenHoursAgo * HOUR),
    clientSecretExpiresAt: at(NOW + endsInHours * HOUR),
  });

const of = (kept: ReturnType<typeof record>, more: Partial<Observation> = {}): Observation =>
  observation({ records: [kept], secrets: [secret({}, kept)], ...more });

const renewing = reached({
  dialect: effectiveDialect('rfc7591', { updateEffect: { token: 'Rotates', secret: 'Rotates' } }),
});

test('a secret that an update gave is due by its own life, not by the age of the client', () => {
  const kept = {
    ...withSecret(1_000, 3),
    secretIssuedAt: at(NOW - HOUR),
  };
  const o = of(kept, { server: renewing });
  expect(plan(o)).toMatchObject({ type: 'Idle', state: 'Ready', until: NOW + HOUR * (3 - 4 / 3) });
  expect(plan({ ...o, now: NOW + 2 * HOUR })).toMatchObject({ type: 'Update', because: 'Expires' });
});

describe('rule 30: a registration access token with an end', () => {
  test('is left alone while more than a third of its life is left', () => {
    const kept = withToken(60, 31);
    expect(plan(of(kept))).toMatchObject({ type: 'Idle', state: 'Ready', until: NOW + HOUR * (31 - 91 / 3) });
  });

  test('is renewed by an update when a third of its life is left', () => {
    expect(plan(of(withToken(61, 30)))).toMatchObject({ type: 'Update', because: 'Expires', keys: 'Keep' });
  });

  test.each([
    [
      'the server changes no clients',
      reached({ dialect: effectiveDialect('rfc7591', { updateEffect: { supported: false } }) }),
    ],
    [
      'clients are managed with another credential',
      reached({
        management: {
          mode: 'Credential',
          credential: { kind: 'Basic', username: 'admin', password: undefined as never },
          configurationUrl: 'AsReturned',
          isExplicit: false,
        },
      }),
    ],
    ['the server is out of reach', unavailable],
  ])('is not renewed where %s, and the client stays ready', (_, server) => {
    expect(plan(of(withToken(61, 30), { server }))).toMatchObject({ type: 'Idle', state: 'Ready' });
  });

  test("is not renewed again where an update didn't move its end", () => {
    const kept = withToken(61, 30);
    const tried = setback({
      action: 'Renew',
      kind: 'Terminal',
      basis: renewalBasis(kept),
      retryAt: Number.POSITIVE_INFINITY,
    });
    expect(plan(of(kept, { setbacks: [tried] }))).toMatchObject({ type: 'Idle', state: 'Ready' });
  });

  test('is not renewed when it is over', () => {
    expect(plan(of(withToken(100, -1)))).toMatchObject({ type: 'Idle', state: 'Ready' });
  });
});

describe('rule 30: the token of a client that was retained', () => {
  const kept = { ...withToken(61, 30), role: 'retained' } as const;
  const retained = (server: Observation['server'] = reached({}), more: Partial<Observation> = {}) =>
    absent({ records: [kept], server, ...more });

  test('is renewed when a third of its life is left, with what was sent', () => {
    expect(plan(retained())).toMatchObject({
      type: 'Update',
      because: 'Expires',
      object: undefined,
      document: undefined,
      hash: kept.metadataHash,
    });
  });

  test('is renewed also while another object bears the name', () => {
    const other = { records: [record(), kept], object: object() };
    expect(plan(retained(reached({}), { ...settled, ...other }))).toMatchObject({
      type: 'Update',
      at: { record: { role: 'retained' } },
    });
  });

  test('is looked at in time', () => {
    const young = { ...withToken(60, 31), role: 'retained' } as const;
    const o = absent({ records: [young] });
    expect(plan(o)).toMatchObject({ type: 'Idle', state: 'Gone', until: NOW + HOUR * (31 - 91 / 3) });
  });

  test.each([
    ['the server is out of reach', retained(unavailable)],
    [
      'another server bears the name',
      retained(reached({ uid: 'server-2', issuer: 'https://other.example.com' })),
    ],
    [
      'the server takes no call at this moment',
      retained({
        ...reached({}),
        gate: { open: false, reason: 'AuthorizationServerPaused', message: 'It asked for a pause.' },
      } as Observation['server']),
    ],
    [
      'that was tried, and moved nothing',
      retained(reached({}), {
        setbacks: [
          setback({
            action: 'Renew',
            kind: 'Terminal',
            basis: renewalBasis(kept),
            retryAt: Number.POSITIVE_INFINITY,
          }),
        ],
      }),
    ],
  ])('is not renewed where %s, and is looked at again', (_, o) => {
    expect(plan(o)).toMatchObject({ type: 'Idle', state: 'Gone', until: NOW + 300_000 });
  });
});

describe('rule 31: a client secret with an end', () => {
  test('is left alone before its time', () => {
    expect(plan(of(withSecret(24, 90 * 24)))).toMatchObject({ type: 'Idle', state: 'Ready' });
  });

  test("leads to another registration a day before, where updates don't renew it", () => {
    const kept = withSecret(90 * 24, 23);
    expect(plan(of(kept))).toMatchObject({
      type: 'Register',
      replaces: { registrationSecret: kept.registrationSecret },
    });
  });

  test('is renewed by an update where that renews it', () => {
    expect(plan(of(withSecret(90 * 24, 23), { server: renewing }))).toMatchObject({
      type: 'Update',
      because: 'Expires',
    });
  });

  test("leads to another registration where the update that should have renewed it didn't", () => {
    const kept = withSecret(90 * 24, 23);
    const tried = setback({
      action: 'Renew',
      kind: 'Terminal',
      basis: renewalBasis(kept),
      retryAt: Number.POSITIVE_INFINITY,
    });
    expect(plan(of(kept, { server: renewing, setbacks: [tried] }))).toMatchObject({ type: 'Register' });
  });

  test('of a short life is renewed when a third is left', () => {
    expect(plan(of(withSecret(3, 2)))).toMatchObject({ type: 'Idle', state: 'Ready', until: NOW + HOUR / 3 });
    expect(plan(of(withSecret(4, 2)))).toMatchObject({ type: 'Register' });
  });

  const leftTo = (onExpiry: 'Manual' | 'Never', hours: number) =>
    of(withSecret(90 * 24, hours), {
      object: object({ desired: desired({ replacement: replacementOf({ onExpiry }) }) }),
    });

  test.each(['Manual', 'Never'] as const)(
    'is left to the user by onExpiry %s, while it lasts',
    (onExpiry) => {
      expect(plan(leftTo(onExpiry, 23))).toMatchObject({ type: 'Idle', state: 'Ready' });
    },
  );

  test('waits for a person by onExpiry Manual, once it is over', () => {
    expect(plan(leftTo('Manual', -1))).toMatchObject({
      type: 'Idle',
      state: 'Stalled',
      reason: 'ReplacementPending',
      message:
        'Another client is registered when you ask for it: kubectl annotate oac storefront -n shop oauth-registrar.dev/rotate-requested-at=$(date +%s) --overwrite. It has a new client_id. Client c1, or its secret, expired at 2026-05-01T11:00:00Z.',
    });
  });

  test('that is over leads to no other client by onExpiry Never, and status says so', () => {
    expect(plan(leftTo('Never', -1))).toMatchObject({
      type: 'Idle',
      state: 'Stalled',
      reason: 'ClientExpired',
    });
  });

  const over = 'Client c1, or its secret, expired at 2026-05-01T11:00:00Z.';
  test('that is over is told while its replacement waits', () => {
    const gated = closed('AuthorizationServerPaused', 'Until noon.');
    expect(plan(of(withSecret(90 * 24, -1), { server: gated }))).toMatchObject({
      state: 'Waiting',
      reason: 'AuthorizationServerPaused',
      message: `${over} Until noon.`,
    });
    expect(plan(of(withSecret(90 * 24, 1), { server: gated }))).toMatchObject({ state: 'Ready' });
  });

  test('that is over is told while the server is not available', () => {
    expect(plan(of(withSecret(90 * 24, -1), { server: unavailable }))).toMatchObject({
      state: 'Waiting',
      reason: unavailable.reason,
      message: `${over} ${unavailable.message}`,
    });
    expect(plan(of(withSecret(90 * 24, 1), { server: unavailable }))).toMatchObject({
      state: 'Ready',
      until: NOW + HOUR,
    });
  });

  test('that can not be read ends no client', () => {
    const damaged = record({ clientSecretExpiresAt: 'soon' });
    expect(plan(of(damaged))).toMatchObject({ state: 'Ready' });
    expect(plan(of(damaged, { server: unavailable }))).toMatchObject({ state: 'Ready' });
  });
});

describe('rule 32: a client that the server drops at some age', () => {
  const dropping = reached({ dialect: effectiveDialect('cloudflare') });

  test('is replaced before the end, although its answer named none', () => {
    const old = record({ registeredAt: at(NOW - (2160 - 23) * HOUR), managed: false });
    expect(plan(of(old, { server: dropping }))).toMatchObject({
      type: 'Register',
      replaces: { registrationSecret: old.registrationSecret },
    });
  });

  test('is left alone while it is young', () => {
    const young = record({ registeredAt: at(NOW - 1_000 * HOUR), managed: false });
    expect(plan(of(young, { server: dropping }))).toMatchObject({ type: 'Idle', state: 'Ready' });
  });
});

describe('an end that the server announces in vain', () => {
  const fixed = (registeredHoursAgo: number, endsInHours: number) =>
    record({ ...withSecret(registeredHoursAgo, endsInHours), endIsFixed: true });

  test('leads to no other client, and status says what is wrong, where it was over when it was announced', () => {
    const { message, ...decision } = plan(of(fixed(1, -2))) as { message: string };
    expect(decision).toMatchObject({ type: 'Idle', state: 'Ready', reason: 'Registered' });
    expect(message).toBe(
      'The client is registered and its Secret is up to date. The server says that the client secret expired at 2026-05-01T10:00:00Z, before it was issued. Nothing is renewed for that. Check the clock of the server, and whether its client_secret_expires_at counts seconds since 1970.',
    );
  });

  test('leads to no other client where the replaced one had the same end, before it and after it', () => {
    expect(plan(of(fixed(100, 1)))).toMatchObject({ type: 'Idle', state: 'Ready', until: NOW + HOUR });
    const over = { ...fixed(100, -1), registeredAt: at(NOW - HOUR / 2) };
    expect(plan(of({ ...over, clientSecretExpiresAt: at(NOW - 60_000) }))).toMatchObject({
      state: 'Waiting',
      reason: 'ClientExpired',
      until: NOW + HOUR / 2,
    });
  });

  test('leads to one client an hour when it is over, since the server may have been repaired', () => {
    expect(plan(of(fixed(100, -1)))).toMatchObject({ type: 'Register' });
  });

  test('still lets the client be replaced before an end that the dialect knows', () => {
    const dropping = reached({ dialect: effectiveDialect('rfc7591', { lifetimes: { client: '100h' } }) });
    expect(plan(of(fixed(99, 50), { server: dropping }))).toMatchObject({ type: 'Register' });
  });
});
