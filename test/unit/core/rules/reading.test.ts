import { describe, expect, test } from 'vitest';
import type { ServerConnection } from '../../../../src/core/connection.ts';
import type { Observation } from '../../../../src/core/observation.ts';
import { plan } from '../../../../src/core/plan.ts';
import { effectiveDialect } from '../../../../src/dialects/presets.ts';
import { NOW, observation, reached } from '../../../kit/fixtures/observations.ts';

const HOUR = 3_600_000;
const drift = { mode: 'Report', intervalMs: HOUR, rotatingReads: 'Refuse' } as const;

const read = (readAgoMs: number, overrides: Partial<ServerConnection> = {}): Observation =>
  observation({ readAt: NOW - readAgoMs, server: reached({ drift, ...overrides }) });

describe('a client at its server', () => {
  test('rule 29: is not read back after a write, so that a stale read misleads nothing', () => {
    expect(plan(observation({ readAt: 0 }))).toMatchObject({ type: 'Idle', state: 'Ready' });
    expect(plan(read(0))).toMatchObject({ type: 'Idle', state: 'Ready' });
  });

  test('rule 21: is read only where the server object asks for it, after its interval', () => {
    expect(plan(read(1.2 * HOUR))).toMatchObject({ type: 'Read' });
    expect(plan(read(0.8 * HOUR))).toMatchObject({ type: 'Idle', state: 'Ready' });
    expect(plan(read(1.2 * HOUR, { drift: { ...drift, mode: 'Off' } }))).toMatchObject({ type: 'Idle' });
  });

  test.each([
    ['changes the token', { token: 'Rotates' }],
    ['changes the secret', { secret: 'Rotates' }],
  ] as const)('rule 21: is not read where that %s, unless permitted', (_, readEffect) => {
    const dialect = effectiveDialect('rfc7591', { readEffect });
    expect(plan(read(2 * HOUR, { dialect }))).toMatchObject({ type: 'Idle', state: 'Ready' });
    const permitted = { dialect, drift: { ...drift, rotatingReads: 'Allow' } as const };
    expect(plan(read(2 * HOUR, permitted))).toMatchObject({ type: 'Read' });
  });

  test("is not read where the server can't be asked", () => {
    const dialect = effectiveDialect('rfc7591', { readEffect: { supported: false } });
    expect(plan(read(2 * HOUR, { dialect }))).toMatchObject({ type: 'Idle', state: 'Ready' });
  });
});
