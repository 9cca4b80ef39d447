import {
  desired,
  edited,
  fresh,
  hashOf,
  object,
  observation,
  record,
  secret,
} from '../../../kit/fixtures/observations.ts';
import { ready, registers, stalls, table, updates } from '../../../kit/fixtures/plans.ts';

const missing = record({ secretMissingFor: 'client_secret_basic', revision: 2 });
const stalled = stalls(
  'ClientSecretMissing',
  'Client c1 is registered with the authentication method client_secret_basic, and the server gave no client_secret, so nobody can authenticate as it. Secrets of workloads stay as they were. If the client needs no secret, set spec.client.tokenEndpointAuthMethod, for a public client to none; else look at the server why it gives none.',
);

table('a client whose method needs a secret that the server did not give', [
  ['is not published', observation({ object: fresh(), records: [missing], secrets: [] }), stalled],
  ['leaves the Secret of workloads as it was', observation({ records: [missing] }), stalled],
  [
    'leaves the Secret under a former name, too',
    observation({
      object: object({ desired: desired({ secret: { name: 'renamed' } }) }),
      records: [missing],
    }),
    stalled,
  ],
  ['is updated when its spec is edited', observation({ object: edited(), records: [missing] }), updates],
  [
    'is replaced when a person asks for it',
    observation({ object: object({ rotateRequestedAt: '7' }), records: [missing] }),
    { ...registers, replaces: 'oac-uid-1-a1' },
  ],
  [
    'leaves in place the Secret that shows the client which it replaced',
    observation({
      records: [
        record(),
        record({
          attempt: 'a2',
          clientId: 'c2',
          replaces: 'oac-uid-1-a1',
          secretMissingFor: 'client_secret_jwt',
        }),
      ],
    }),
    {
      ...stalled,
      message: stalled.message.replace('c1', 'c2').replace('client_secret_basic', 'client_secret_jwt'),
      until: Date.parse('2026-05-02T00:00:00Z'),
    },
  ],
  [
    'is as any other once the server gave one',
    observation({ records: [record({ revision: 2 })], secrets: [secret({}, record({ revision: 2 }))] }),
    ready,
  ],
]);

const withoutSecret = desired({
  client: { tokenEndpointAuthMethod: 'none' },
  secret: { mode: 'None', name: 'storefront-oauth' },
});

table('a client of which no Secret is wanted', [
  [
    'is ready without one',
    observation({
      object: fresh({ desired: withoutSecret }),
      records: [record({ metadataHash: hashOf({ tokenEndpointAuthMethod: 'none' }) })],
      secrets: [],
    }),
    { ...ready, message: 'The client is registered. No Secret is written, since spec.secret.mode is None.' },
  ],
  [
    'loses the one from before',
    observation({
      object: object({ desired: withoutSecret }),
      records: [record({ metadataHash: hashOf({ tokenEndpointAuthMethod: 'none' }) })],
    }),
    { type: 'RemoveSecret', secret: 'storefront-oauth' },
  ],
]);
