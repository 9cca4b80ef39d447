import { expect, test } from 'vitest';
import { storedClientKey } from '../../../src/core/client-key.ts';
import { howToFindOrphan, howToFindUnremoved } from '../../../src/core/find-client.ts';
import { storedServerKey } from '../../../src/core/server-key.ts';

const orphan = {
  attempt: 'a1',
  server: storedServerKey('ClusterAuthorizationServer/sso'),
  client: storedClientKey('shop/storefront'),
  uid: 'uid-1',
  startedAt: '2026-05-01T12:00:00Z',
  why: 'no answer',
};

test.each([
  [
    orphan,
    undefined,
    'At ClusterAuthorizationServer/sso, look for a client that was registered at about 2026-05-01T12:00:00Z.',
  ],
  [
    { ...orphan, issuer: 'https://sso.example', clientName: 'Storefront' },
    'software_id',
    'At https://sso.example (ClusterAuthorizationServer/sso), look for a client that was registered at about 2026-05-01T12:00:00Z with client_name "Storefront", whose member software_id is a1.',
  ],
])('a suspected orphan is found by what is known of it', (entry, marker, expected) => {
  expect(howToFindOrphan(entry, marker)).toBe(expected);
});

test('a client that is not removed is found by its client_id', () => {
  const { attempt, server, client, uid } = orphan;
  expect(
    howToFindUnremoved({
      ...{ attempt, server, client, uid, issuer: 'https://sso.example', clientId: 'c1', role: 'owed' },
      ...{ registrationSecret: 'oac-1', registeredAt: '2026-05-01T12:00:00Z' },
    }),
  ).toBe(
    'At https://sso.example (ClusterAuthorizationServer/sso), look for client_id c1, registered at 2026-05-01T12:00:00Z.',
  );
});
