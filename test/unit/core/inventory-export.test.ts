import { expect, test } from 'vitest';
import { toClientObject } from '../../../src/core/desired.ts';
import { inventoryRows } from '../../../src/core/inventory.ts';
import { EXPORT_COLUMNS, exportedRow } from '../../../src/core/inventory-export.ts';
import { clientObject } from '../../kit/fixtures/objects.ts';

const NOW = Date.parse('2026-05-01T12:00:00Z');

function exported(status: object, labels: Readonly<Record<string, string>> = {}) {
  const [row] = inventoryRows([toClientObject(clientObject({ labels }, {}, status))], []);
  const cells = row === undefined ? [] : exportedRow(row, NOW);
  return Object.fromEntries(EXPORT_COLUMNS.map((name, at) => [name, cells[at]]));
}

test('a row has all that is known of a client', () => {
  const status = {
    clientId: 'c1',
    issuer: 'https://sso.example.com',
    secretName: 'storefront-oauth',
    registeredAt: '2026-05-01T11:00:00Z',
    clientSecretExpiresAt: '2026-06-01T11:00:00Z',
    registrationAccessTokenExpiresAt: '2026-05-08T11:00:00Z',
    authorizationServerRef: { kind: 'ClusterAuthorizationServer', name: 'corporate' },
  };
  const labels = { 'oauth-registrar.dev/purpose': 'invoices', 'oauth-registrar.dev/session': 'run-42' };
  expect(exported(status, labels)).toEqual({
    namespace: 'shop',
    name: 'storefront',
    server: 'ClusterAuthorizationServer/corporate',
    issuer: 'https://sso.example.com',
    client_id: 'c1',
    ready: 'Unknown',
    reason: 'Queued',
    message: 'Not yet seen by the operator. Is it running?',
    suspended: 'false',
    deleting: 'false',
    secret: 'storefront-oauth',
    owners: '',
    purpose: 'invoices',
    session: 'run-42',
    created: '2026-05-01T10:00:00.000Z',
    registered: '2026-05-01T11:00:00.000Z',
    next_end: 'ClientSecret',
    next_end_at: '2026-06-01T11:00:00.000Z',
    next_end_renewed: 'true',
    token_expires: '2026-05-08T11:00:00.000Z',
  });
});

test('a cell is empty where nothing is known', () => {
  expect(exported({})).toMatchObject({ client_id: '', registered: '', next_end: '', next_end_renewed: '' });
});
