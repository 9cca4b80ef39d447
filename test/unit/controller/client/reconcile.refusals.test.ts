import { describe, expect, test } from 'vitest';
import { reconcileClient } from '../../../../src/controller/client/reconcile.ts';
import { clientKey } from '../../../../src/core/client-key.ts';
import { operatorInMemory } from '../../../kit/fakes/operator-in-memory.ts';
import {
  CLIENT,
  clientObject,
  namespaceObject,
  recorded,
  registrationSecret,
  serverObject,
  surroundings,
  workloadSecret,
} from '../../../kit/fixtures/objects.ts';

const KEY = clientKey(CLIENT);
const CLOSED = serverObject('corporate', { spec: { allowedNamespaces: { names: ['blog'] } } });

describe('A client that is refused before anything is tried', () => {
  test('has one Event, however often it is reconciled', async () => {
    const operator = operatorInMemory({
      objects: [namespaceObject('shop'), clientObject({}, {}, {}), CLOSED],
    });
    await reconcileClient(KEY, operator.context);
    await reconcileClient(KEY, operator.context);
    expect(operator.events).toEqual([
      {
        reason: 'AuthorizationServerNotAvailable',
        action: 'Reconcile',
        message: expect.stringContaining('ClusterAuthorizationServer corporate is not available'),
        regarding: expect.objectContaining({ kind: 'OAuthClient', namespace: 'shop', name: 'storefront' }),
      },
    ]);
  });
});

test('A client that ended, and that a person has to replace, has an Event', async () => {
  const replacement = {
    onEdit: 'Never',
    onExpiry: 'Manual',
    retire: 'AfterOverlap',
    overlap: '24h',
  } as const;
  const operator = operatorInMemory({
    objects: [
      ...surroundings(),
      clientObject({}, { replacement }),
      registrationSecret(recorded({ clientSecretExpiresAt: '2026-05-01T11:59:00Z' })),
      workloadSecret(),
    ],
  });
  await reconcileClient(KEY, operator.context);
  await reconcileClient(KEY, operator.context);
  expect(operator.events).toMatchObject([{ reason: 'ReplacementPending', action: 'Reconcile' }]);
});

test('A client that is ready has no Event', async () => {
  const operator = operatorInMemory();
  await reconcileClient(KEY, operator.context);
  expect(operator.events).toEqual([]);
});
