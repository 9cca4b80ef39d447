import { describe, expect, test } from 'vitest';
import type { ServerConnection } from '../../../../src/core/connection.ts';
import type { Observation } from '../../../../src/core/observation.ts';
import { plan } from '../../../../src/core/plan.ts';
import {
  connection,
  edited,
  FORGOTTEN,
  NOW,
  object,
  observation,
  reached,
  setback,
  unavailable,
} from '../../../kit/fixtures/observations.ts';

const HOUR = 3_600_000;
const drift = { mode: 'Report', intervalMs: HOUR, rotatingReads: 'Refuse' } as const;
const recovering = (recovery: Partial<ServerConnection['recovery']>) =>
  reached({ recovery: { ...connection.recovery, ...recovery } });
const forgotten = (overrides: Partial<Observation> = {}) => observation({ heard: FORGOTTEN, ...overrides });

describe('A client that its server does not know any more', () => {
  const SAID =
    "The server says that it doesn't know client c1 any more: The server answered 401 invalid_client: No such client.";

  test.each<readonly [string, Partial<Observation>]>([
    ['and whose spec is as it was', {}],
    ['and whose spec was edited: no update is sent', { object: edited() }],
    ['while its server object is not ready', { server: unavailable }],
  ])('waits for a person, by recovery.clientGone Hold, %s', (_, overrides) => {
    expect(plan(forgotten(overrides))).toMatchObject({
      type: 'Idle',
      state: 'Stalled',
      reason: 'ClientForgotten',
      message: expect.stringMatching(
        /^The server says .*: No such client\. If the server's data are restored, the client is found again\. To have another one registered, with a new client_id: kubectl annotate .*rotate-requested-at/,
      ),
    });
  });

  test('is replaced by recovery.clientGone Reregister; what stands in the way keeps it not ready', () => {
    const server = recovering({ clientGone: 'Reregister' });
    expect(plan(forgotten({ server }))).toMatchObject({ type: 'Register', replaces: { clientId: 'c1' } });
    const gate = { open: false, reason: 'AuthorizationServerPaused', message: 'Later.' } as const;
    expect(plan(forgotten({ server: { ...server, registerGate: gate } }))).toMatchObject({
      type: 'Idle',
      state: 'Waiting',
      reason: 'ClientForgotten',
      message: `${SAID} Later.`,
    });
  });

  test('is read again within the hour, by drift sooner, and at once when a person asks', () => {
    const heardAt = (at: number) => ({ heard: { ...FORGOTTEN, at } });
    expect(plan(forgotten(heardAt(NOW - HOUR + 1)))).toMatchObject({ type: 'Idle', until: NOW + 1 });
    expect(plan(forgotten(heardAt(NOW - HOUR)))).toMatchObject({ type: 'Read' });
    const often = reached({ drift: { ...drift, intervalMs: 60_000 } });
    expect(plan(forgotten({ server: often, readAt: NOW - 70_000 }))).toMatchObject({ type: 'Read' });
    const asking = object({ reconcileRequestedAt: 'now' });
    expect(plan(forgotten({ object: asking }))).toMatchObject({ type: 'Read' });
    expect(plan(forgotten({ object: asking, ...heardAt(NOW) }))).toMatchObject({ type: 'Idle' });
  });

  test('is asked about a second time after ten seconds, and is ready until then', () => {
    const once = (at: number) => observation({ heard: { ...FORGOTTEN, forgotten: 1, at } });
    expect(plan(once(NOW))).toMatchObject({ type: 'Idle', state: 'Ready', until: NOW + 10_000 });
    expect(plan(once(NOW - 10_000))).toMatchObject({ type: 'Read' });
  });
});

describe('A client whose registration access token was refused in a read', () => {
  const refused = (overrides: Partial<Observation>) =>
    observation({
      setbacks: [
        setback({
          ...{ action: 'Read', basis: `oac-uid-1-a1 ${connection.version}` },
          ...{ reason: 'RegistrationAccessTokenLost', message: 'The token was refused.' },
        }),
      ],
      ...overrides,
    });

  test('stays ready by recovery.tokenLost Hold, and status says what was refused', () => {
    const { message } = plan(refused({ server: recovering({}) }));
    expect(plan(refused({}))).toMatchObject({ type: 'Idle', state: 'Ready', reason: 'Registered' });
    expect(message).toBe('The client is registered and its Secret is up to date. The token was refused.');
  });

  test('is replaced by recovery.tokenLost Reregister', () => {
    const server = recovering({ tokenLost: 'Reregister' });
    expect(plan(refused({ server }))).toMatchObject({ type: 'Register', replaces: { clientId: 'c1' } });
  });
});

describe('A read that fails', () => {
  const failing = (attempts: number, retryAt: number) =>
    observation({
      readAt: NOW - 2 * HOUR,
      server: reached({ drift }),
      setbacks: [
        setback({
          ...{ action: 'Read', basis: `oac-uid-1-a1 ${connection.version}`, attempts, retryAt },
          message: 'Client c1 could not be read: status 503.',
        }),
      ],
    });

  test('is made again at the end of its pause: reads do not end', () => {
    expect(plan(failing(8, NOW + 200_000))).toMatchObject({ type: 'Idle', until: NOW + 200_000 });
    expect(plan(failing(8, NOW))).toMatchObject({ type: 'Read' });
  });

  test('is told in status from the second time on', () => {
    expect(plan(failing(1, NOW + 1)).message).not.toMatch(/could not be read/);
    expect(plan(failing(2, NOW + 1)).message).toMatch(/ Client c1 could not be read: status 503\.$/);
  });
});
