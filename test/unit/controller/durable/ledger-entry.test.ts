import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SHARES } from '../../../../src/api/shares.ts';
import {
  decodeEntries,
  encodeEntries,
  type LedgerEntry,
  podOf,
} from '../../../../src/controller/durable/ledger-entry.ts';
import { serverKey, storedServerKey } from '../../../../src/core/server-key.ts';

const UID = '0f8fad5b-d9cb-469f-a165-70867728950e';

const entry = (overrides: Partial<LedgerEntry> = {}): LedgerEntry => ({
  attempt: 'a1b2c3d4e5',
  kind: 'Register',
  client: { namespace: 'shop', name: 'storefront', uid: UID },
  server: storedServerKey('ClusterAuthorizationServer/corporate'),
  startedAt: '2026-05-01T12:00:00.000Z',
  timeoutMs: 30_000,
  registrationSecret: `oac-${UID}-a1b2c3d4e5`,
  pod: podOf('oauth-registrar-7c9d8-xyz_1'),
  ...overrides,
});

const again = (one: LedgerEntry) => decodeEntries(encodeEntries([one]));

const MOST_BYTES = 410;

describe('an entry of the ledger', () => {
  test('is small, and says what it is about', () => {
    const [[key, value] = []] = Object.entries(encodeEntries([entry()]));
    expect(key).toBe('entry.a1b2c3d4e5');
    expect(Buffer.byteLength(value ?? '')).toBeLessThanOrEqual(220);
    expect(JSON.parse(value ?? '')).toEqual({
      kind: 'Register',
      client: 'shop/storefront',
      uid: UID,
      server: 'ClusterAuthorizationServer/corporate',
      startedAt: '2026-05-01T12:00:00.000Z',
      timeoutMs: 30_000,
      pod: expect.stringMatching(/^[\w-]{8}$/),
    });
  });

  test.each<[string, Partial<LedgerEntry>]>([
    ['of a registration', {}],
    [
      'about the record of an earlier attempt',
      { kind: 'Update', registrationSecret: `oac-${UID}-0000000001` },
    ],
    ['about a record with another name', { kind: 'Deregister', registrationSecret: 'restored-by-hand' }],
    ['at a server of the namespace', { server: storedServerKey('AuthorizationServer/shop/sso') }],
    ['that says of no pod', { pod: undefined }],
    ['of a registration at the operator itself', { isOwn: true }],
  ])('%s is read as it was written', (_, overrides) => {
    expect(again(entry(overrides))).toEqual([entry(overrides)]);
  });

  test('H4: is never larger than its bound, whatever the names are, and all that there may be fit into the ConfigMap', () => {
    const name = (most: number) =>
      fc.string({ unit: fc.constantFrom('a', '9', '-'), minLength: 1, maxLength: most });
    const kind = fc.constantFrom<LedgerEntry['kind']>('Register', 'Update', 'Read', 'Deregister');
    fc.assert(
      fc.property(
        kind,
        name(63),
        name(253),
        name(253),
        fc.boolean(),
        (of, namespace, client, server, isOwn) => {
          const one = entry({
            kind: of,
            client: { namespace, name: client, uid: UID },
            server: serverKey(
              { kind: isOwn ? 'AuthorizationServer' : 'ClusterAuthorizationServer', name: server },
              namespace,
            ),
            registrationSecret: `oac-${UID}-0000000001`,
            timeoutMs: 120_000,
            isOwn: true,
          });
          expect(Buffer.byteLength(Object.values(encodeEntries([one])).join(''))).toBeLessThanOrEqual(
            MOST_BYTES,
          );
          const [read] = again(one);
          expect(again(read as LedgerEntry)).toEqual([read]);
        },
      ),
    );
    const { ledgerAtClusterServers, ledgerAtOwnServers, ledgerEndings } = SHARES;
    const count = ledgerAtClusterServers.most + ledgerAtOwnServers.most + ledgerEndings.most;
    expect(count * MOST_BYTES).toBeLessThan(700 * 1024);
  });

  test('cuts long names, and two long names that begin alike stay two', () => {
    const long = (end: string) => `${'n'.repeat(250)}${end}`;
    const names = ['one', 'two'].map((end) => {
      const [read] = again(entry({ client: { namespace: 'shop', name: long(end), uid: UID } }));
      return read?.client.name ?? '';
    });
    expect(new Set(names).size).toBe(2);
    expect(names.map((name) => Buffer.byteLength(name))).toEqual([63, 63]);
  });

  test('of an earlier version is read, with the pod whose process began it', () => {
    const { attempt, kind, client, server, startedAt, timeoutMs, registrationSecret: record } = entry();
    const earlier = {
      attempt,
      kind,
      client,
      server,
      startedAt,
      timeoutMs,
      record,
      pod: 'oauth-registrar-7c9d8-xyz',
    };
    expect(decodeEntries({ [`entry.${attempt}`]: JSON.stringify(earlier) })).toEqual([entry()]);
  });

  test.each([
    ["too long to be an operator's", { server: 'x'.repeat(500_000) }],
    ['without a kind', { kind: undefined }],
    ['with a client that is no name', { client: 'storefront' }],
    ['with a time that nobody can wait for', { timeoutMs: 1e9 }],
  ])("%s isn't read", (_, wrong) => {
    const value = { ...JSON.parse(encodeEntries([entry()])['entry.a1b2c3d4e5'] ?? ''), ...wrong };
    expect(decodeEntries({ 'entry.a1b2c3d4e5': JSON.stringify(value) })).toEqual([]);
  });
});
