import { expect, test } from 'vitest';
import { tellResolvedClient, tellResolvedOrphan } from '../../../../src/controller/client/resolved.ts';
import { storedClientKey } from '../../../../src/core/client-key.ts';
import { storedServerKey } from '../../../../src/core/server-key.ts';
import { operatorInMemory } from '../../../kit/fakes/operator-in-memory.ts';
import { record } from '../../../kit/fixtures/observations.ts';

const NOTE = 'removed at the console, ticket 4711';

test.each([
  ['owed', 'was still to be removed'],
  ['left-behind', 'was left behind'],
] as const)('the end of a client that is %s is told with the note', (role, was) => {
  const { context, events, lines } = operatorInMemory();
  tellResolvedClient({ ...record(), role }, NOTE, context);
  expect(events).toEqual([
    {
      reason: 'Resolved',
      action: 'Resolve',
      message: `Client c1, which ${was} at https://sso.example.com, is resolved, and its record is removed. The note: ${NOTE}`,
      regarding: {
        ...{ kind: 'OAuthClient', namespace: 'shop', name: 'storefront', uid: 'uid-1' },
        namespaceTerminating: false,
      },
    },
  ]);
  expect(lines.join()).toContain(`"event":"Resolved"`);
});

test('the end of a suspicion is told with the note, in the namespace of the operator where its own is gone', () => {
  const { context, events } = operatorInMemory();
  const orphan = {
    attempt: 'a1',
    server: storedServerKey('ClusterAuthorizationServer/corporate'),
    client: storedClientKey('gone/storefront'),
    uid: 'uid-1',
    startedAt: '2026-05-01T12:00:00Z',
    why: 'no answer',
  };
  tellResolvedOrphan({ orphan, note: NOTE }, context);
  expect(events).toMatchObject([
    {
      reason: 'Resolved',
      message: `The registration at ClusterAuthorizationServer/corporate that got no answer at 2026-05-01T12:00:00Z is resolved, and is no longer listed. The note: ${NOTE}`,
      regarding: { namespace: 'gone', name: 'storefront', uid: 'uid-1', namespaceTerminating: true },
    },
  ]);
});
