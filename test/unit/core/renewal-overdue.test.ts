import { describe, expect, test } from 'vitest';
import { renewalOverdueAt } from '../../../src/core/renewal-overdue.ts';
import {
  deleting,
  desired,
  NOW,
  object,
  observation,
  record,
  unavailable,
} from '../../kit/fixtures/observations.ts';

const HOUR = 3_600_000;
const at = (hours: number) => new Date(NOW + hours * HOUR).toISOString();
const corporate = { kind: 'ClusterAuthorizationServer', name: 'corporate' };

/** A client whose secret lives from so many hours ago until in so many. */
const withSecret = (from: number, until: number, more: Parameters<typeof observation>[0] = {}) =>
  observation({
    records: [record({ registeredAt: at(from), clientSecretExpiresAt: at(until) })],
    ...more,
  });

/** The same of its registration access token. */
const withToken = (from: number, until: number) =>
  observation({
    records: [
      record({
        registeredAt: at(-9_000),
        tokenIssuedAt: at(from),
        registrationAccessTokenExpiresAt: at(until),
      }),
    ],
  });

describe('a renewal is overdue', () => {
  test('of a secret: a day before its end it is due, an hour later it is late', () => {
    expect(renewalOverdueAt(withSecret(-900, 23.1))).toBeUndefined();
    expect(renewalOverdueAt(withSecret(-900, 22.9))).toEqual(corporate);
    expect(renewalOverdueAt(withSecret(-900, -5))).toEqual(corporate);
  });

  test('of a secret with a short life: halfway between its due time and its end', () => {
    expect(renewalOverdueAt(withSecret(-2.4, 0.6))).toBeUndefined();
    expect(renewalOverdueAt(withSecret(-2.6, 0.4))).toEqual(corporate);
  });

  test('of a token: a third of its life is left, and 48 hours', () => {
    expect(renewalOverdueAt(withToken(-700, 49))).toBeUndefined();
    expect(renewalOverdueAt(withToken(-700, 47))).toEqual(corporate);
    expect(renewalOverdueAt(withToken(-20, 30))).toBeUndefined();
  });

  test('also while its server can not be called', () => {
    expect(renewalOverdueAt(withSecret(-900, 22, { server: unavailable, servers: [] }))).toEqual(corporate);
  });

  test('also where only a person may replace the client', () => {
    const manual = object({
      desired: desired({
        replacement: { onEdit: 'Automatic', onExpiry: 'Manual', retire: 'AfterOverlap', overlap: '24h' },
      }),
    });
    expect(renewalOverdueAt(withSecret(-900, 22, { object: manual }))).toEqual(corporate);
  });
});

describe('no renewal is overdue', () => {
  test('of a client that does not expire, and of one that is being deleted', () => {
    expect(renewalOverdueAt(observation())).toBeUndefined();
    expect(renewalOverdueAt(withSecret(-900, 2, { object: deleting() }))).toBeUndefined();
  });

  test('where the object itself ends before', () => {
    const planned = object({
      createdAt: NOW - 10 * HOUR,
      desired: desired({ lifetime: { expiresAfter: '12h', onExpiry: 'DeleteObject' } }),
    });
    expect(renewalOverdueAt(withSecret(-900, 20, { object: planned }))).toBeUndefined();
  });

  test('of an end that can not be read', () => {
    const damaged = observation({ records: [record({ clientSecretExpiresAt: 'soon' })] });
    expect(renewalOverdueAt(damaged)).toBeUndefined();
  });
});
