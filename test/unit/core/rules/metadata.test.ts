import type { OAuthClientSpec } from '../../../../src/api/oauth-client.ts';
import type { ObservedClient } from '../../../../src/core/observation.ts';
import {
  desired,
  hashOf,
  NOW,
  object,
  observation,
  reached,
  record,
  unavailable,
  unregistered,
} from '../../../kit/fixtures/observations.ts';
import { ready, registers, table, updates } from '../../../kit/fixtures/plans.ts';

const HOUR = 3_600_000;
const wants = (spec: Partial<OAuthClientSpec>, more: Partial<ObservedClient> = {}) =>
  object({ desired: desired(spec), ...more });
const credential = { generatedKey: { algorithm: 'ES256', overlap: '24h' } } as const;
const keyed = (more: Partial<ObservedClient> = {}) => wants({ credential }, more);
const withKey = { token_endpoint_auth_method: 'private_key_jwt' };
const keyedDocument = { ...registers.document, ...withKey };
const made = { keyCreatedAt: '2026-05-01T11:00:00Z' };
const updatesKeys = (keys: string, document: object = keyedDocument) => ({ ...updates, document, keys });

table('a key that the operator makes', [
  [
    "is the client's from its registration on",
    unregistered({ object: keyed({ status: {} }) }),
    { ...registers, document: keyedDocument },
  ],
  [
    'is made for a client that has none',
    observation({ object: keyed(), records: [record()] }),
    updatesKeys('Rotate'),
  ],
  ['rests where it never rotates', observation({ object: keyed(), records: [record(made)] }), ready],
  [
    'rests until it is due',
    observation({ object: keyed(), records: [record({ ...made, keyRotatesAt: NOW + HOUR })] }),
    { ...ready, until: NOW + HOUR },
  ],
  [
    'is followed by another when it is due',
    observation({ object: keyed(), records: [record({ ...made, keyRotatesAt: NOW })] }),
    updatesKeys('Rotate'),
  ],
  [
    'stays published until the overlap is over',
    observation({ object: keyed(), records: [record({ ...made, keyRetiresAt: NOW + HOUR })] }),
    { ...ready, until: NOW + HOUR },
  ],
  [
    'goes when the overlap is over',
    observation({ object: keyed(), records: [record({ ...made, keyRetiresAt: NOW })] }),
    updatesKeys('Retire'),
  ],
  [
    'is followed by another rather than retired where both are due',
    observation({
      object: keyed(),
      records: [record({ ...made, keyRotatesAt: NOW, keyRetiresAt: NOW })],
    }),
    updatesKeys('Rotate'),
  ],
  [
    'is followed by another in the update that an edit makes anyway',
    observation({
      object: wants({ credential, client: { clientName: 'Edited' } }),
      records: [record({ ...made, keyRotatesAt: NOW })],
    }),
    updatesKeys('Rotate', { client_name: 'Edited', ...withKey }),
  ],
  [
    'waits, and the client with it stays ready, while the server is away',
    observation({
      object: keyed(),
      records: [record({ ...made, keyRotatesAt: NOW })],
      server: unavailable,
    }),
    ready,
  ],
  [
    'is left alone where the spec asks for none any more',
    observation({ records: [record({ ...made, keyRotatesAt: NOW, keyRetiresAt: NOW })] }),
    ready,
  ],
]);

table('a server object that shapes documents otherwise than before', [
  [
    'has every client looked at, though no spec was edited',
    observation({ server: reached({ shape: 'shape-2' }) }),
    { ...updates, document: registers.document },
  ],
  [
    'leaves clients alone that were looked at',
    observation({
      records: [record({ metadataHash: hashOf({ clientName: 'Storefront' }, 'shape-2') })],
      server: reached({ shape: 'shape-2' }),
    }),
    ready,
  ],
  [
    'is no edit while it is away: whatever shape it had, the client stays ready',
    observation({
      records: [record({ metadataHash: hashOf({ clientName: 'Storefront' }, 'shape-0') })],
      server: unavailable,
    }),
    ready,
  ],
]);
