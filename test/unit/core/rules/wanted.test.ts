import type { DeletionTerms, Policy } from '../../../../src/core/connection.ts';
import type { Observation, ObservedServer } from '../../../../src/core/observation.ts';
import { replacementOf } from '../../../kit/fixtures/client-specs.ts';
import {
  deleting,
  desired,
  edited,
  factsOf,
  hashOf,
  NOW,
  object,
  observation,
  reached,
  record,
  unregistered,
} from '../../../kit/fixtures/observations.ts';
import { deregisters, ready, registers, stalls, table, updates } from '../../../kit/fixtures/plans.ts';

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
  'scope “admin” is not permitted: spec.policy.scopes of the server object lists openid; choose another, or ask the platform team to extend spec.policy.scopes.';

/** What a namespace hears that isn't admitted any more. */
const notAdmitted = {
  available: false,
  reason: 'AuthorizationServerNotAvailable',
  message: 'ClusterAuthorizationServer corporate is not available to this namespace.',
  endpoints: undefined,
} as const;

table('L8: a policy that was made tighter, or a namespace that is no longer admitted', [
  ['changes nothing for a client that is registered', outside({}), ready],
  ['changes nothing, where only new ones are concerned', outside({ enforce: 'New' }), ready],
  [
    'is told where existing clients are concerned, and nothing is sent',
    outside({ enforce: 'Existing' }),
    stalls('PolicyRefused', `${stays} ${refusal}`),
  ],
  [
    'is told of a namespace, too',
    outside({ enforce: 'Existing', scopes: ['admin'] }, notAdmitted),
    stalls(
      'AuthorizationServerNotAvailable',
      `${stays} ClusterAuthorizationServer corporate no longer admits namespace shop. Delete this object, or ask the platform team.`,
    ),
  ],
  ['is not told of a namespace, where only new ones are concerned', outside({}, notAdmitted), ready],
  ['is not told of a client that is within', outside({ enforce: 'Existing', scopes: ['admin'] }), ready],
]);

const generated = { algorithm: 'ES256', rotateAfter: '5m', overlap: '1h' } as const;
const keyIsDue = (policy: Policy): Observation => {
  const spec = { ...named, generatedKey: generated };
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

const denied: DeletionTerms = { unconfirmed: 'Release', retryForMs: 1, retainDenied: true };
const withRetain = (
  given: Observation['object'],
  more: { readonly retain?: boolean; readonly enforce?: 'Existing' } = {},
): Observation => {
  const server = bounded({ retain: 'Deny', ...(more.enforce && { enforce: more.enforce }) });
  return observation({
    object: given,
    records: [record({ retain: more.retain ?? false })],
    server,
    servers: [factsOf(ref, server, { deletion: denied })],
  });
};
const retainRefused =
  'spec.deletionPolicy Retain is not permitted: spec.policy.retain of the server object is Deny; set it to Delete, or ask the platform team to set spec.policy.retain to Allow.';

table('M1: a server at which no client may outlive its object', [
  [
    'keeps one from being registered that would',
    unregistered({ object: object({ status: {}, retained: true }), server: bounded({ retain: 'Deny' }) }),
    stalls('PolicyRefused', retainRefused),
  ],
  [
    'says so to one that asks for it later',
    withRetain(object({ retained: true })),
    stalls('PolicyRefused', retainRefused),
  ],
  ['ends that one with its object', withRetain(deleting({ retained: true })), deregisters('Deleting')],
  [
    'does not send an edit with it',
    withRetain(edited({ retained: true })),
    stalls('PolicyRefused', retainRefused),
  ],
  ['keeps one that was permitted before', withRetain(object({ retained: true }), { retain: true }), ready],
  [
    'which can be edited, and stays when its object goes',
    withRetain(edited({ retained: true }), { retain: true }),
    updates,
  ],
  [
    'when its object goes',
    withRetain(deleting({ retained: true }), { retain: true }),
    { type: 'Retain', record: 'oac-uid-1-a1' },
  ],
]);

const overlapping = (overlap: string, maxOverlap: string | undefined): Observation => {
  const before = record({ attempt: 'a0', clientId: 'c0' });
  const after = record({
    replaces: before.secretName,
    registeredAt: new Date(NOW - 3_600_000).toISOString(),
  });
  return observation({
    object: object({ desired: desired({ replacement: replacementOf({ overlap }) }) }),
    records: [before, after],
    server: maxOverlap === undefined ? reached({}) : bounded({ maxOverlap }),
  });
};

table('M1: an overlap that the platform team bounds', [
  [
    'is as the spec says, where it is shorter',
    overlapping('30m', '2h'),
    deregisters('Surplus', 'oac-uid-1-a0'),
  ],
  ['is cut where it is longer', overlapping('720h', '30m'), deregisters('Surplus', 'oac-uid-1-a0')],
  [
    'is cut to 720 hours in an object that was stored before there was a bound',
    observation({
      ...overlapping('99999h', undefined),
      now: NOW + 721 * 3_600_000,
      servers: undefined,
    }),
    deregisters('Surplus', 'oac-uid-1-a0'),
  ],
  ['goes on as long as both permit', overlapping('2h', '3h'), { ...ready, until: NOW + 3_600_000 }],
]);

const marked = (secret: object) =>
  observation({
    object: object({ desired: desired({ secret: { name: 'storefront-oauth', ...secret } }) }),
    reservedSecretMetadata: ['argocd.argoproj.io/secret-type', 'replicator.v1.mittwald.de/'],
  });
const reserved = (name: string) =>
  stalls(
    'InvalidSpec',
    `spec.secret asks for ${name}, which has a meaning to another controller and is reserved by the platform team; remove it.`,
  );

table('L10: labels and annotations that the platform team reserves', [
  [
    'are refused by their name',
    marked({ labels: { 'argocd.argoproj.io/secret-type': 'cluster' } }),
    reserved('argocd.argoproj.io/secret-type'),
  ],
  [
    'are refused by their prefix',
    marked({ annotations: { 'replicator.v1.mittwald.de/replicate-to': '.*' } }),
    reserved('replicator.v1.mittwald.de/replicate-to'),
  ],
  [
    'are no others',
    marked({ annotations: { 'argocd.argoproj.io/sync-options': 'Prune=false' } }),
    { type: 'Publish', record: 'oac-uid-1-a1', secret: 'storefront-oauth' },
  ],
]);
