import { describe, expect, test } from 'vitest';
import type { Idle } from '../../../src/core/action.ts';
import { withContact } from '../../../src/core/contact.ts';
import { reached, unavailable } from '../../kit/fixtures/observations.ts';

const server = reached({ contact: '#platform-sso' });
const idle = (reason: Idle['reason']): Idle => ({
  type: 'Idle',
  state: 'Stalled',
  reason,
  message: 'It is not permitted.',
});

describe('withContact', () => {
  test.each(['PolicyRefused', 'QuotaExceeded'] as const)('adds it to %s', (reason) => {
    expect(withContact({ server }, idle(reason)).message).toBe(
      'It is not permitted. Contact: #platform-sso.',
    );
  });

  test.each([
    ['what the platform team cannot lift', { server }, idle('InvalidSpec')],
    ['a server without contact', { server: reached({}) }, idle('PolicyRefused')],
    ['a server that is not available', { server: unavailable }, idle('QuotaExceeded')],
  ])('leaves %s as it is', (_, o, given) => {
    expect(withContact(o, given)).toBe(given);
  });
});
