import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { clientKey } from '../../../src/core/client-key.ts';
import { serverKey } from '../../../src/core/server-key.ts';
import {
  encodeUnremoved,
  isUnremoved,
  MAX_UNREMOVED_BYTES,
  UNREMOVED,
  type UnremovedClient,
  type UnremovedRecord,
  unremovedData,
  unremovedIn,
} from '../../../src/core/unremoved-client.ts';
import { record } from '../../kit/fixtures/observations.ts';

const unremoved = (overrides: Partial<UnremovedRecord> = {}): UnremovedRecord => ({
  ...record(),
  role: 'owed',
  ...overrides,
});

describe('the entry of a client that is not removed', () => {
  test('has what a person needs to look for the client at its server', () => {
    const left = unremoved({
      role: 'left-behind',
      leftAt: '2026-05-02T12:00:00Z',
      displayName: 'Storefront "one"',
      purpose: { purpose: 'invoice-agent', session: 'run-42' },
    });
    const { registrationSecret, client, server, issuer, clientId, attempt, registeredAt } = left;
    const expected: UnremovedClient = {
      registrationSecret,
      role: 'left-behind',
      client: clientKey(client),
      uid: client.uid,
      server: serverKey(server, client.namespace),
      issuer,
      clientId,
      clientName: 'Storefront "one"',
      attempt,
      registeredAt,
      leftAt: '2026-05-02T12:00:00Z',
      purpose: 'invoice-agent',
      session: 'run-42',
    };
    const list = unremovedIn({ [registrationSecret]: encodeUnremoved(left) });
    expect(list).toEqual({ clients: [expected], unlisted: 0 });
  });

  test('is bounded for any names and answers', () => {
    const text = fc.string({ unit: 'binary', maxLength: 400 });
    fc.assert(
      fc.property(text, text, text, text, (issuer, clientId, displayName, name) => {
        const long = unremoved({
          issuer,
          clientId,
          displayName,
          client: { namespace: name, name, uid: name },
        });
        const value = encodeUnremoved({ ...long, server: { ...long.server, name }, attempt: name });
        expect(Buffer.byteLength(value)).toBeLessThanOrEqual(MAX_UNREMOVED_BYTES);
        expect(unremovedIn({ a: value }).clients).toHaveLength(1);
      }),
    );
  });

  test('of a person, or of a newer version, is left out', () => {
    const value = encodeUnremoved(unremoved());
    const newer = JSON.stringify({ ...JSON.parse(value), format: 2 });
    expect(unremovedIn({ note: 'looked at on Monday', newer, bad: '{"role":"current"}' }).clients).toEqual(
      [],
    );
    expect(unremovedIn().clients).toEqual([]);
  });
});

test('the list says how many it has no room for', () => {
  expect(unremovedIn(unremovedData(new Map(), 3))).toEqual({ clients: [], unlisted: 3 });
  expect(unremovedData(new Map([['a', 'b']]), 0)).toEqual({ a: 'b' });
});

test.each([
  ['owed', true],
  ['left-behind', true],
  ['current', false],
  ['retained', false],
] as const)('a record that is %s is listed: %s', (role, expected) => {
  expect(isUnremoved(record({ role }))).toBe(expected);
});

test('the list has a name of its own', () => {
  expect(UNREMOVED).toBe('oauth-registrar-unremoved-clients');
});
