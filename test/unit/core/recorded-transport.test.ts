import { expect, test } from 'vitest';
import { recordedTransport } from '../../../src/core/recorded-transport.ts';

test('connections by one recorded CA are never shared with those by another of the same length', () => {
  const [one, other] = [recordedTransport('CA one'), recordedTransport('CA two')];
  expect(one).toMatchObject({ ca: 'CA one' });
  expect(one?.version).not.toBe(other?.version);
  expect(recordedTransport(undefined)).toBeUndefined();
});
