import type { Policy } from '../../../../src/core/connection.ts';
import type { Observation, ObservedServer } from '../../../../src/core/observation.ts';
import { Sensitive } from '../../../../src/oauth/sensitive.ts';
import {
  desired,
  factsOf,
  hashOf,
  NOW,
  object,
  observation,
  reached,
  record,
  unregistered,
} from '../../../kit/fixtures/observations.ts';
import { ready, registers, stalls, table } from '../../../kit/fixtures/plans.ts';

const { ref } = reached({});
const bounded = (policy: Policy) => reached({ policy });
const stays = 'Client c1 is registered and stays as it is, though it would not be registered today.';
const named = { client: { clientName: 'Storefront', scopes: ['admin'] } };
const outside = (policy: Policy, server: ObservedServer = bounded({ scopes: ['openid'], ...policy })) =>
  observation({
    object: object({ desired: desired(named) }),
    records: [record({ metadataHash: hashOf(named.client) })],
    server,
    servers: [factsOf(ref, bounded({ scopes: ['openid'], ...policy }))],
  });
const refusal =
  'scope "admin" is not permitted: spec.policy.scopes of the server object lists openid; choose another, or ask the platform team to extend spec.policy.scopes.';

/** What a namespace hears that isn't admitted any more. */
const notAdmitted = {
  available: false,
  reason: 'AuthorizationServerNotAvailable',
  message: 'ClusterAuthorizationServer corporate is not available to this namespace.',
  endpoints: undefined,
} as const;
const generated = { algorithm: 'ES256', rotateAfter: '5m', overlap: '1h' } as const;
const keyIsDue = (policy: Policy): Observation => {
  const spec = { ...named, credential: { generatedKey: generated } };
  const times = { keyCreatedAt: '2026-05-01T11:00:00Z', keyRotatesAt: NOW - 1 };
  return observation({
    object: object({ desired: desired(spec) }),
    records: [record({ metadataHash: hashOf(named.client), ...times })],
    server: bounded({ scopes: ['openid'], ...policy }),
  });
};
const rotates = {
  keys: 'Rotate',
  type: 'Update',
  record: 'oac-uid-1-a1',
  document: { client_name: 'Storefront', scope: 'admin', token_endpoint_auth_method: 'private_key_jwt' },
};

table('L8: a policy that was made tighter, or a namespace that is no longer admitted', [
  ['changes nothing for a client that is registered', outside({}), ready],
  ['changes nothing, where only new ones are concerned', outside({ enforce: 'New' }), ready],
  [
    'is told where existing clients are concerned, and nothing is sent',
    outside({ enforce: 'Existing' }),
    stalls('PolicyRefused', `${stays} ${refusal}`),
  ],
  [
    'is reported for a namespace, too',
    outside({ enforce: 'Existing', scopes: ['admin'] }, notAdmitted),
    stalls(
      'AuthorizationServerNotAvailable',
      `${stays} ClusterAuthorizationServer corporate no longer admits namespace shop. Delete this object, or ask the platform team.`,
    ),
  ],
  [
    'leaves the client of a namespace ready where only new ones are concerned, and says that an edit would wait',
    outside({}, notAdmitted),
    { ...ready, message: `${ready.message} But an edit would wait: ${notAdmitted.message}` },
  ],
  ['is not reported for a client that is within', outside({ enforce: 'Existing', scopes: ['admin'] }), ready],
]);

table('L8: a client outside of the policy is kept alive', [
  ['gets its next key', keyIsDue({}), rotates],
  ['gets its next key, also where it is told', keyIsDue({ enforce: 'Existing' }), rotates],
  [
    'and is not edited',
    observation({ object: object({ desired: desired(named) }), server: bounded({ scopes: ['openid'] }) }),
    stalls('PolicyRefused', refusal),
  ],
]);

table('L7: members that only the defaults set', [
  [
    'keep a client from being registered that sets one',
    unregistered({ server: bounded({ defaultsOnly: ['clientName'] }) }),
    stalls(
      'PolicyRefused',
      'client_name is not permitted: spec.policy.defaultsOnly of the server object lists clientName, which only its spec.defaults sets; remove it, or ask the platform team to change spec.policy.defaultsOnly.',
    ),
  ],
  [
    'are compared with the defaults as they are filled for this client',
    unregistered({
      object: object({ desired: desired({ client: {} }), status: {} }),
      server: reached({
        policy: { defaultsOnly: ['clientName'] },
        defaults: { clientName: '{namespace}/{name}' },
      }),
    }),
    { ...registers, document: { client_name: 'shop/storefront' } },
  ],
]);

const clientOf = (client: Parameters<typeof hashOf>[0], given: Parameters<typeof reached>[0] = {}) =>
  unregistered({ object: object({ desired: desired({ client }), status: {} }), server: reached(given) });
const redirectUris = ['https://shop.example.com/callback'];
const withoutRedirect = (grantType: string) =>
  stalls(
    'InvalidSpec',
    `Grant type ${grantType} sends users back to a redirect URI, and the client has none. Set spec.client.redirectUris, or remove ${grantType} from grantTypes.`,
  );

table('a grant type that needs a redirect URI', [
  [
    'is refused without one',
    clientOf({ grantTypes: ['refresh_token', 'authorization_code'] }),
    withoutRedirect('authorization_code'),
  ],
  [
    'is refused with an empty list',
    clientOf({ grantTypes: ['implicit'], redirectUris: [] }),
    withoutRedirect('implicit'),
  ],
  [
    'is refused without one also where the defaults bring it',
    clientOf({}, { defaults: { grantTypes: ['authorization_code'] } }),
    withoutRedirect('authorization_code'),
  ],
  [
    'is registered with one of the spec',
    clientOf({ grantTypes: ['authorization_code'], redirectUris }),
    { ...registers, document: { grant_types: ['authorization_code'], redirect_uris: redirectUris } },
  ],
  [
    'is registered with one of the defaults',
    clientOf({ grantTypes: ['authorization_code'] }, { defaults: { redirectUris } }),
    { ...registers, document: { grant_types: ['authorization_code'], redirect_uris: redirectUris } },
  ],
  [
    'is registered with a software statement, which may bring one',
    clientOf(
      { grantTypes: ['authorization_code'] },
      {
        statement: {
          given: { jwt: new Sensitive('a.b.c'), claims: { software_id: 's' } },
          sign: undefined,
          fromClient: 'Deny',
        },
      },
    ),
    {
      ...registers,
      document: { grant_types: ['authorization_code'], software_statement: { software_id: 's' } },
    },
  ],
  [
    'is not assumed where the spec and the defaults name none',
    clientOf({ clientName: 'Storefront' }),
    { ...registers, document: { client_name: 'Storefront' } },
  ],
  [
    'is not looked for in a worker',
    clientOf({ grantTypes: ['client_credentials'] }),
    { ...registers, document: { grant_types: ['client_credentials'] } },
  ],
]);
