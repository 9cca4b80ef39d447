import { describe, expect, test } from 'vitest';
import type { ClientObject } from '../../../src/core/observation.ts';
import { hasAccountBefore } from '../../../src/core/workload-account.ts';

const NOON = Date.parse('2026-05-01T12:00:00Z');

/** @param subject that status says; `undefined`: nothing was written into status yet */
const claim = (name: string, { subject, hasClient = false, createdAt = NOON }: Partial<Claim> = {}) => ({
  object: {
    metadata: { namespace: 'shop', name },
    observed: {
      createdAt,
      desired: { valid: true, spec: { credential: { serviceAccount: { name: 'agent' } } } },
      status: subject === undefined ? {} : { credential: { subject } },
    },
  } as unknown as ClientObject,
  hasClient,
});

interface Claim {
  readonly subject: string;
  readonly hasClient: boolean;
  readonly createdAt: number;
}

const AGENT = 'system:serviceaccount:shop:agent';
const OTHER = 'system:serviceaccount:shop:other';

describe('of two OAuthClients of one ServiceAccount has it', () => {
  test.each([
    ['the older one', claim('b', { createdAt: NOON - 1_000 }), claim('a')],
    ['of one second, the one whose name comes first', claim('a'), claim('b')],
    ['the one that status shows as registered', claim('b', { subject: AGENT }), claim('a')],
    ['the one with a client of which status says nothing yet', claim('b', { hasClient: true }), claim('a')],
    [
      'not the one whose client is that of another ServiceAccount',
      claim('b'),
      claim('a', { subject: OTHER, hasClient: true, createdAt: NOON + 1_000 }),
    ],
  ])('%s', (_, first, second) => {
    expect([hasAccountBefore(first, second), hasAccountBefore(second, first)]).toEqual([true, false]);
  });
});
