import { describe, expect, test } from 'vitest';
import type { Failure } from '../../../src/core/failure.ts';
import { callAbandoned, callBegins } from '../../../src/core/health-calls.ts';
import { probed } from '../../../src/core/health-probes.ts';
import type { CallKind } from '../../../src/core/observation.ts';
import { HEALTHY, type ServerHealth } from '../../../src/core/server-health.ts';
import { begins, ends, gate, made, NOW } from '../../kit/fixtures/health-calls.ts';
import {
  fails,
  failure,
  having,
  refused,
  silent,
  thrice,
  tokenRefused,
  trouble,
  unknown,
} from '../../kit/fixtures/health-events.ts';

const MINUTE = 60_000;
const open = { open: true };
const failing = {
  open: false,
  reason: 'AuthorizationServerUnavailable',
  message: 'The server is failing; one call at a time is tried. The server answered status 503',
};
const waitsForDiscovery = {
  open: false,
  reason: 'AuthorizationServerPaused',
  message: 'A registration got no answer; nothing is registered until the server answers discovery.',
};
const oneAtATime = {
  open: false,
  reason: 'AuthorizationServerPaused',
  message: 'The server was in trouble; one call at a time is tried now.',
};

describe('gateOf', () => {
  const probe = having(...thrice).nextProbeAt;

  test.each<readonly [string, ServerHealth, CallKind, number, object]>([
    ['lets everything go at a healthy server', HEALTHY, 'Register', NOW, open],
    ['stops all calls at a failing server', having(...thrice), 'Deregister', NOW, failing],
    ['lets one probe go when its time has come', having(...thrice), 'Update', probe, open],
    ['lets no second probe go beside it', having(...thrice, ['begins']), 'Update', probe, failing],
    ['stops registrations at a silent server', having(silent), 'Register', NOW + MINUTE, waitsForDiscovery],
    ['lets updates go at a silent server', having(silent), 'Update', NOW, open],
    ['lets one registration go after discovery', having(silent, ['discovery']), 'Register', NOW, open],
    [
      'lets no second one go beside it',
      having(silent, ['discovery'], ['begins']),
      'Register',
      NOW,
      oneAtATime,
    ],
    [
      'lets no deletion go beside it',
      having(silent, ['discovery'], ['begins']),
      'Deregister',
      NOW,
      oneAtATime,
    ],
    [
      'keeps a refused credential from being tried by a second client',
      having(fails('Register', tokenRefused)),
      'Register',
      NOW,
      { open: false, reason: 'AdmissionRefused', message: 'The server answered status 401' },
    ],
    [
      'lets one probe of the credential go after a minute',
      having(fails('Register', tokenRefused)),
      'Register',
      NOW + MINUTE,
      open,
    ],
    [
      'lets no second one go beside it',
      having(fails('Register', tokenRefused), ['begins']),
      'Register',
      NOW + MINUTE,
      { open: false, reason: 'AdmissionRefused', message: 'The server answered status 401' },
    ],
    [
      'lets updates go while the credential is refused',
      having(fails('Register', tokenRefused)),
      'Update',
      NOW,
      open,
    ],
    [
      'lets no registration go at a silent server because the credential is to be probed',
      having(fails('Register', tokenRefused), silent),
      'Register',
      NOW + MINUTE,
      waitsForDiscovery,
    ],
  ])('%s', (_, health, call, now, expected) => {
    expect(gate(health, call, 'v1', now)).toEqual(expected);
  });

  test('lets a new credential be tried at once', () => {
    expect(gate(having(fails('Register', tokenRefused)), 'Register', 'v2', NOW)).toEqual(open);
  });
});

describe('a pause that the server asked for with 503', () => {
  const unavailable = failure({
    kind: 'Transient',
    reason: 'AuthorizationServerUnavailable',
    retryAfterMs: 120_000,
  });
  const until = (what: string) => ({
    open: false,
    reason: 'AuthorizationServerPaused',
    message: `The server asked for a pause of ${what}.`,
    until: NOW + 120_000,
  });

  test.each<readonly [CallKind, readonly CallKind[], readonly CallKind[], string]>([
    [
      'Register',
      ['Register'],
      ['Update', 'Deregister', 'Read'],
      'registrations until 2026-05-01T12:02:00Z; updates and deletions go on',
    ],
    [
      'Update',
      ['Update', 'Deregister', 'Read'],
      ['Register'],
      'updates and deletions until 2026-05-01T12:02:00Z; registrations go on',
    ],
  ])(
    'of a %s stops calls of that endpoint alone, until it ends, however often it is asked',
    (kind, stopped, others, words) => {
      const paused = having(...Array.from({ length: 5 }, () => fails(kind, unavailable)));
      for (const call of stopped) {
        expect(gate(paused, call, 'v1', NOW + 119_999)).toEqual(until(words));
        expect(gate(paused, call, 'v1', NOW + 120_000)).toEqual(open);
      }
      for (const call of others) {
        expect(gate(paused, call, 'v1', NOW)).toEqual(open);
      }
    },
  );

  test('is not shortened by a later wish, nor by a call that was under way and succeeds', () => {
    const paused = having(
      fails('Update', unavailable),
      fails('Update', { ...unavailable, retryAfterMs: 1_000 }),
    );
    const later = ends(paused, 'Update', undefined, NOW + 1, { begunAt: NOW });
    expect(gate(later, 'Update', 'v1', NOW + 1)).toMatchObject({ until: NOW + 120_000 });
  });
});

describe('a token endpoint that gives no token', () => {
  const noToken = failure({
    kind: 'Transient',
    reason: 'AdmissionTokenFailed',
    serverTrouble: false,
    isOfTokenEndpoint: true,
  });

  test('stops only calls that need one, for the time that it asks for', () => {
    const paused = having(fails('Register', { ...noToken, retryAfterMs: 3_600_000 }));
    const needsToken = { needsToken: true };
    expect(gate(paused, 'Register', 'v1', NOW + 1, 0, needsToken)).toEqual({
      open: false,
      reason: 'AuthorizationServerPaused',
      message:
        'The token endpoint gives no access token; another is requested at 2026-05-01T13:00:00Z. Calls that need none go on.',
      until: NOW + 3_600_000,
    });
    for (const call of ['Update', 'Deregister', 'Read'] as const) {
      expect(gate(paused, call, 'v1', NOW + 1)).toEqual(open);
    }
  });

  test('is asked again after growing pauses, and never counts as trouble of the server', () => {
    const pausesOf = (count: number) =>
      having(...Array.from({ length: count }, () => fails('Register', noToken)));
    expect([1, 2, 3, 9].map((count) => pausesOf(count).rateLimits.tokens.until - NOW)).toEqual([
      2_000, 4_000, 8_000, 60_000,
    ]);
    expect(pausesOf(9)).toMatchObject({ phase: 'Open', failures: 0 });
    expect(ends(pausesOf(9), 'Register', undefined, NOW).rateLimits.tokens.times).toBe(0);
  });
});

describe('a rate limit (429)', () => {
  const tooMany = failure({ reason: 'RateLimited', retryAfterMs: 120_000 });
  const message = (what: string) => `The server asked for a pause of ${what}.`;
  const ofRegistrations = message('registrations until 2026-05-01T12:02:00Z; updates and deletions go on');
  const ofManagement = message('updates and deletions until 2026-05-01T12:02:00Z; registrations go on');

  test('on registrations leaves updates and deletions alone', () => {
    const limited = having(
      fails('Register', tooMany),
      fails('Register', tooMany),
      fails('Register', tooMany),
    );
    expect(gate(limited, 'Register', 'v1', NOW + 1)).toEqual({
      open: false,
      reason: 'AuthorizationServerPaused',
      message: ofRegistrations,
      until: NOW + 120_000,
    });
    expect(gate(limited, 'Update', 'v1', NOW + 1)).toEqual(open);
    expect(gate(limited, 'Deregister', 'v1', NOW + 1)).toEqual(open);
    expect(gate(limited, 'Register', 'v1', NOW + 120_000)).toEqual(open);
  });

  test.each<CallKind>(['Update', 'Deregister', 'Read'])('on %s leaves registrations alone', (call) => {
    const limited = having(fails(call, tooMany));
    expect(gate(limited, 'Update', 'v1', NOW + 1)).toMatchObject({ open: false, message: ofManagement });
    expect(gate(limited, 'Deregister', 'v1', NOW + 1)).toMatchObject({ open: false });
    expect(gate(limited, 'Register', 'v1', NOW + 1)).toEqual(open);
  });
});

describe('a credential that is not known to be accepted', () => {
  test('is tried by one registration; the others wait their turn', () => {
    const one = having(['begins']);
    expect(gate(one, 'Register', 'v1', NOW)).toMatchObject({ open: false, reason: 'Queued' });
    expect(gate(one, 'Update', 'v1', NOW)).toEqual({ open: true });
  });

  test('is known to be accepted after a registration that was answered, even if it was refused for its metadata', () => {
    for (const outcome of [undefined, refused]) {
      const known = begins(ends(HEALTHY, 'Register', outcome, NOW), 'Register');
      expect(gate(known, 'Register', 'v1', NOW)).toEqual({ open: true });
      const changed = begins(known, 'Register', { version: 'v2' });
      expect(gate(changed, 'Register', 'v1', NOW)).toEqual({ open: true });
      expect(gate(changed, 'Register', 'v2', NOW)).toMatchObject({ open: false, reason: 'Queued' });
    }
  });
});

describe('a failing server', () => {
  test('whose discovery answers is tried one call at a time, and is open after the first that is answered', () => {
    const failing = having(fails('Update', trouble), fails('Update', trouble), fails('Update', trouble));
    const answering = probed(failing, { answered: true }, NOW + MINUTE);
    expect(gate(answering, 'Update', 'v1', NOW + MINUTE)).toEqual({ open: true });
    expect(gate(begins(answering, 'Update'), 'Deregister', 'v1', NOW + MINUTE)).toMatchObject({
      open: false,
    });
    expect(ends(answering, 'Update', undefined, NOW + MINUTE).phase).toBe('Open');
  });
});

describe('a server that wants a pause between registrations (rule 40)', () => {
  const SECOND = 1_000;
  const turn = {
    open: false,
    reason: 'Queued',
    message: 'The server takes one registration at a time, with a pause between.',
    until: NOW + 10 * SECOND,
  };
  const ended = (outcome?: Failure) => ends(HEALTHY, 'Register', outcome, NOW - 2 * SECOND);
  const soon = (health: ServerHealth, call: CallKind, intervalMs: number) =>
    gate(health, call, 'v1', NOW, intervalMs);

  test.each<readonly [string, ServerHealth, CallKind, number, object]>([
    ['lets the first go', HEALTHY, 'Register', 2 * SECOND, open],
    ['lets no second go beside it', begins(ended(), 'Register'), 'Register', SECOND, turn],
    ['lets none go before the pause is over', ended(), 'Register', 2 * SECOND + 1, turn],
    ['lets one go when the pause is over', ended(), 'Register', 2 * SECOND, open],
    ['counts the pause from a refusal, too', ended(refused), 'Register', 3 * SECOND, turn],
    ['lets updates go meanwhile', ended(), 'Update', 3 * SECOND, open],
    ['lets deletions go beside a registration', begins(ended(), 'Register'), 'Deregister', SECOND, open],
    ['keeps nobody waiting where it wants none', begins(ended(), 'Register'), 'Register', 0, open],
  ])('%s', (_, health, call, intervalMs, expected) => {
    expect(soon(health, call, intervalMs)).toEqual(expected);
  });

  test('says rather what is worse', () => {
    const health = ends(HEALTHY, 'Register', unknown, NOW);
    expect(soon(health, 'Register', SECOND)).toEqual(waitsForDiscovery);
  });

  test('is not kept waiting by a registration that was not made after all', () => {
    const call = made('Register');
    const health = callAbandoned(callBegins(HEALTHY, call), call);
    expect(soon(health, 'Register', SECOND)).toEqual(open);
    expect(health).toMatchObject({ underWay: [] });
  });

  test('counts no pause from an update', () => {
    const health = ends(HEALTHY, 'Update', undefined, NOW);
    expect(soon(health, 'Register', SECOND)).toEqual(open);
  });
});

describe('a credential for which no token can be had', () => {
  test('keeps registrations waiting with the reason that the token endpoint gave', () => {
    const notGranted = failure({
      kind: 'TokenRefused',
      reason: 'AdmissionScopeNotGranted',
      message: "The token endpoint answered 200, but didn't grant the scope dcr",
      serverTrouble: false,
    });
    expect(gate(having(fails('Register', notGranted)), 'Register', 'v1', NOW)).toEqual({
      open: false,
      reason: 'AdmissionScopeNotGranted',
      message: "The token endpoint answered 200, but didn't grant the scope dcr",
    });
  });
});
