import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { clientKey } from '../../../src/core/client-key.ts';
import {
  encodeOrphan,
  MAX_ORPHAN_BYTES,
  type SuspectedOrphan,
  suspectsIn,
  withClientInUse,
  withinBound,
} from '../../../src/core/orphan-entry.ts';
import { storedServerKey } from '../../../src/core/server-key.ts';

const CALL = {
  server: storedServerKey('ClusterAuthorizationServer/sso'),
  client: { namespace: 'shop', name: 'storefront', uid: 'uid-1' },
  startedAt: '2026-05-01T12:00:00Z',
};
const TRAITS = { issuer: 'https://sso.example', clientName: 'Storefront' };

describe('the entry of a suspected orphan', () => {
  test('has what a person needs to look for the client at its server', () => {
    const { server, startedAt } = CALL;
    const expected: SuspectedOrphan = {
      ...{ attempt: 'a1', server, client: clientKey(CALL.client), uid: 'uid-1', startedAt },
      ...{ why: 'no answer', ...TRAITS },
    };
    expect(suspectsIn({ a1: encodeOrphan(CALL, 'no answer', TRAITS), note: 'mine' })).toEqual([expected]);
    expect(suspectsIn()).toEqual([]);
  });

  test('keeps that when it names the client in use', () => {
    const [entry] = suspectsIn({ a1: withClientInUse(encodeOrphan(CALL, 'no', TRAITS), 'c1') });
    expect(entry).toMatchObject({ why: 'not c1, which is in use; no', ...TRAITS });
  });

  test('is bounded for any names', () => {
    const text = fc.string({ unit: 'binary', maxLength: 400 });
    fc.assert(
      fc.property(text, text, (issuer, clientName) => {
        const value = encodeOrphan(CALL, 'no', { issuer, clientName });
        expect(Buffer.byteLength(value)).toBeLessThanOrEqual(MAX_ORPHAN_BYTES);
        expect(withinBound(value)).toBe(value);
      }),
    );
  });

  test('lacks the issuer where there is no room for it', () => {
    const value = encodeOrphan(CALL, 'no', { ...TRAITS, issuer: `https://sso.example/${'a'.repeat(600)}` });
    expect(suspectsIn({ a1: value })[0]).toMatchObject({ clientName: 'Storefront' });
    expect(suspectsIn({ a1: value })[0]).not.toHaveProperty('issuer');
  });
});
