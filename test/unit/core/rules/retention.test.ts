import type { DeletionTerms, Policy } from '../../../../src/core/connection.ts';
import type { Observation } from '../../../../src/core/observation.ts';
import {
  deleting,
  edited,
  factsOf,
  object,
  observation,
  reached,
  record,
  unregistered,
} from '../../../kit/fixtures/observations.ts';
import { deregisters, ready, stalls, table, updates } from '../../../kit/fixtures/plans.ts';

const { ref } = reached({});
const keepsIt = { retain: true } as const;
const bounded = (policy: Policy) => reached({ policy });
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

table("a record of another policy than its object's", [
  [
    'learns that the client is kept',
    observation({ object: object({ retained: true }) }),
    { type: 'NotePolicy', record: 'oac-uid-1-a1', retain: true },
  ],
  [
    "learns that it isn't any more",
    observation({ records: [record(keepsIt)] }),
    { type: 'NotePolicy', record: 'oac-uid-1-a1', retain: false },
  ],
]);

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
