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
  test.each([
    'PolicyRefused',
    'QuotaExceeded',
    'AuthorizationServerUnavailable',
    'AdmissionRefused',
    'AdmissionTokenFailed',
  ] as const)('adds it to %s', (reason) => {
    expect(withContact({ server }, idle(reason)).message).toBe(
      'It is not permitted. Contact: #platform-sso.',
    );
  });

  test('adds it to what is wrong with a server object that can not be used', () => {
    const broken = { ...unavailable, reason: 'DiscoveryFailed', contact: '#platform-sso' } as const;
    expect(withContact({ server: broken }, idle('DiscoveryFailed')).message).toBe(
      'It is not permitted. Contact: #platform-sso.',
    );
    expect(withContact({ server: broken }, idle('ClientForgotten')).message).toBe('It is not permitted.');
  });

  test.each<readonly [string, Parameters<typeof withContact>[0], Idle]>([
    ['what the platform team cannot lift', { server }, idle('InvalidSpec')],
    ['a server without contact', { server: reached({}) }, idle('PolicyRefused')],
    ['a server object without contact', { server: unavailable }, idle('AuthorizationServerUnavailable')],
    [
      'a reference that leads nowhere',
      { server: { ...unavailable, reason: 'AuthorizationServerNotAvailable', contact: '#platform-sso' } },
      idle('AuthorizationServerNotAvailable'),
    ],
    ['what passes by itself', { server }, idle('AuthorizationServerPaused')],
  ])('leaves %s as it is', (_, o, given) => {
    expect(withContact(o, given)).toBe(given);
  });
});
