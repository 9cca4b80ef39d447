import { describe, expect, test } from 'vitest';
import type { ServerKind } from '../../../../src/api/authorization-server.ts';
import { EVENTS } from '../../../../src/api/events.ts';
import type { Context } from '../../../../src/controller/context.ts';
import type { EventInput } from '../../../../src/controller/durable/events.ts';
import { tellReadiness } from '../../../../src/controller/server/tell-readiness.ts';
import { contextOf } from '../../../kit/fakes/fake-ports.ts';
import { issuer, objectOf, open } from '../../../kit/fixtures/server-objects.ts';

type Ready = readonly [status: string, reason: string, message: string];

const statusOf = (ready: Ready | undefined) => {
  const [status, reason, message] = ready ?? [];
  const condition = { type: 'Ready', status, reason, message, lastTransitionTime: '2026-05-01T12:00:00Z' };
  return { conditions: ready === undefined ? [] : [condition] } as object;
};

function told(before: Ready | undefined, after: Ready, kind: ServerKind, deletionTimestamp?: string) {
  const events: EventInput[] = [];
  const namespaces = { get: () => ({ metadata: { name: 'shop', deletionTimestamp } }) };
  const context = contextOf({
    events: { record: (event: EventInput) => void events.push(event) },
    caches: { namespaces } as unknown as Context['caches'],
  });
  const object = objectOf({ issuer, registration: open }, { kind, status: statusOf(before) });
  tellReadiness(object, statusOf(after), context);
  return events;
}

const UP: Ready = ['True', 'Available', 'Clients are registered at https://sso.example.com/register.'];
const DOWN: Ready = ['False', 'DiscoveryFailed', 'No discovery document at 10.1.2.3.'];
const REFUSED: Ready = ['False', 'AdmissionRefused', 'The server answered 401.'];
const UNSEEN: Ready = ['Unknown', 'Queued', 'Not yet seen by the operator. Is it running?'];

describe('a server object', () => {
  test.each<readonly [string, Ready | undefined, Ready]>([
    ['is ready from the start', undefined, UP],
    ['was not yet seen and is ready', UNSEEN, UP],
    ['stays ready', UP, ['True', 'Available', 'Elsewhere.']],
    ['stays not ready, for another reason', DOWN, REFUSED],
  ])('that %s has no Event', (_, before, after) => {
    expect(told(before, after, 'AuthorizationServer')).toEqual([]);
  });

  test.each<readonly [string, Ready | undefined, Ready, string]>([
    ['stops being ready', UP, DOWN, 'Warning DiscoveryFailed'],
    ['is not ready from the start', UNSEEN, REFUSED, 'Warning AdmissionRefused'],
    ['has no status yet and is not ready', undefined, DOWN, 'Warning DiscoveryFailed'],
    ['is ready again', REFUSED, UP, 'Normal Available'],
  ])('that %s has one Event, with the words of Ready', (_, before, after, summary) => {
    const events = told(before, after, 'AuthorizationServer');
    expect(events.map(({ reason }) => `${EVENTS[reason].type} ${reason}`)).toEqual([summary]);
    expect(events[0]).toMatchObject({
      message: after[2],
      action: 'Reconcile',
      regarding: {
        kind: 'AuthorizationServer',
        namespace: 'shop',
        name: 'corporate',
        uid: 'uid-s',
        namespaceTerminating: false,
      },
    });
  });

  test('of the cluster shows nothing of its status in an Event, which more people can read', () => {
    const [down] = told(UP, DOWN, 'ClusterAuthorizationServer');
    const [up] = told(DOWN, UP, 'ClusterAuthorizationServer');
    expect([down?.message, up?.message]).toEqual([
      'ClusterAuthorizationServer corporate is not ready: kubectl get coas corporate -o wide',
      'ClusterAuthorizationServer corporate is ready again: kubectl get coas corporate -o wide',
    ]);
    expect(down?.regarding).toMatchObject({ kind: 'ClusterAuthorizationServer', namespace: '' });
  });

  test('of a namespace that is being deleted says so, since no Event can be written there', () => {
    const [event] = told(UP, DOWN, 'AuthorizationServer', '2026-05-01T12:00:00Z');
    expect(event?.regarding.namespaceTerminating).toBe(true);
  });
});
