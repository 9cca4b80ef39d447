import { describe, expect, test } from 'vitest';
import { toBindableKind } from '../../../../../src/api/bindable-kinds.ts';
import type { Stored } from '../../../../kit/fakes/cluster.ts';
import { type InMemoryOptions, refusals } from '../../../../kit/fakes/operator-in-memory.ts';
import { take } from '../../../../kit/fakes/step-runner.ts';
import {
  clientObject,
  OBJECT,
  registrationSecret,
  surroundings,
  workloadSecret,
} from '../../../../kit/fixtures/objects.ts';
import { NOW } from '../../../../kit/fixtures/observations.ts';

const JOB = { group: 'batch', kind: 'Job', name: 'nightly' } as const;
const POD = { group: '', kind: 'Pod', name: 'worker' } as const;
const asOwner = ({ kind, name }: typeof JOB | typeof POD) => ({
  ...{ apiVersion: kind === 'Job' ? 'batch/v1' : 'v1', kind, name, uid: `uid-of-${name}` },
});
const bound = (boundTo: typeof JOB | typeof POD, metadata: object = {}): readonly Stored[] => [
  ...surroundings(),
  clientObject(metadata, { lifetime: { boundTo } as never }, {}),
];
const owner = ({ kind, name }: typeof JOB | typeof POD): Stored => ({
  kind,
  metadata: { namespace: 'shop', name, uid: `uid-of-${name}`, resourceVersion: '3' },
});

describe('An object is bound', () => {
  test.each([JOB, POD])('to its $kind, before anything is registered', async (ref) => {
    const { result, writes, told, next } = await take('BindToOwner', {
      objects: [...bound(ref), owner(ref)],
    });
    expect([result, told]).toEqual([{ kind: 'done' }, []]);
    const ownerReferences = [asOwner(ref)];
    expect(writes).toEqual([
      {
        what: `patch ${OBJECT}`,
        body: { metadata: { uid: 'uid-1', resourceVersion: '100', ownerReferences } },
      },
    ]);
    expect(next()).toMatchObject({ type: 'Register' });
  });

  test('to an object of a kind that the installation admits', async () => {
    const ref = { group: 'agents.x-k8s.io', kind: 'Sandbox', name: 'agent-7' };
    const resource = toBindableKind('sandboxes.v1alpha1.agents.x-k8s.io/Sandbox');
    const { writes, next } = await take('BindToOwner', {
      objects: [
        ...surroundings(),
        clientObject({}, { lifetime: { boundTo: ref } as never }, {}),
        {
          kind: 'Sandbox',
          metadata: { namespace: 'shop', name: 'agent-7', uid: 'u-7', resourceVersion: '3' },
        },
      ],
      before: ({ context }) => {
        const settings = { ...context.settings, bindableKinds: resource && [resource] };
        Object.assign(context, { settings });
      },
    });
    const owner = { apiVersion: 'agents.x-k8s.io/v1alpha1', kind: 'Sandbox', name: 'agent-7', uid: 'u-7' };
    expect(writes[0]?.body).toMatchObject({ metadata: { ownerReferences: [owner] } });
    expect(next()).toMatchObject({ type: 'Register' });
  });

  test('beside the owners that it has by now', async () => {
    const theirs = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'shop', uid: 'd-1' };
    const newer = clientObject({ ownerReferences: [theirs], resourceVersion: '105' }, {}, {});
    const { writes } = await take('BindToOwner', {
      objects: [...bound(JOB), owner(JOB)],
      meanwhile: ({ cluster }) => cluster.put('OAuthClient', newer),
    });
    expect(writes[0]?.body).toMatchObject({
      metadata: { resourceVersion: '105', ownerReferences: [theirs, asOwner(JOB)] },
    });
  });

  test('to nothing that does not exist: the object waits, and the owner is looked for again', async () => {
    const { result, wrote, memory, round, next } = await take('BindToOwner', { objects: bound(JOB) });
    expect([result, wrote]).toEqual([{ kind: 'done' }, []]);
    expect(memory.setbacks(round.key)).toMatchObject([
      {
        action: 'Bind',
        kind: 'Transient',
        reason: 'BoundObjectNotFound',
        message: expect.stringMatching(/^Job nightly doesn't exist in namespace shop\. /),
        basis: 'Job.batch/nightly',
        retryAt: NOW + 2_000,
      },
    ]);
    expect(next()).toMatchObject({ type: 'Idle', reason: 'BoundObjectNotFound' });
  });

  test.each<readonly [string, InMemoryOptions['refuses'], string, number]>([
    ['the owner is not read', { 'get Job': refusals.broken }, 'Job nightly is not read: etcd is down', 0],
    [
      'the kind of the owner is not installed',
      { 'get Job': { ...refusals.notFound, reason: 'NotServed', message: '404 page not found' } },
      'Job nightly is not read: 404 page not found',
      0,
    ],
    [
      'the object is not read',
      { 'get OAuthClient': refusals.unanswered },
      'The OAuthClient is not read: no answer',
      0,
    ],
    [
      'somebody changed the object',
      { 'patch OAuthClient': refusals.conflict },
      'The owner is not set: the object has been modified',
      1,
    ],
    [
      'the API server refuses it',
      { 'patch OAuthClient': refusals.forbidden },
      'The owner is not set: exceeded quota',
      1,
    ],
  ])('later, where %s', async (_, refuses, why, writes) => {
    const { result, wrote, told, next } = await take('BindToOwner', {
      objects: [...bound(JOB), owner(JOB)],
      refuses: refuses ?? {},
    });
    expect([result, told]).toEqual([expect.objectContaining({ kind: 'later', why }), []]);
    expect(wrote).toHaveLength(writes);
    expect(next()).toMatchObject({ type: 'BindToOwner' });
  });
});

describe('An object whose lifetime is over', () => {
  const objects = [
    ...surroundings(),
    clientObject({}, { lifetime: { expiresAfter: '1h', onExpiry: 'DeleteObject' } as never }),
    registrationSecret(),
    workloadSecret(),
  ];
  const deletion = { what: `delete ${OBJECT}`, body: { uid: 'uid-1' } };

  test('is deleted, if it is still this one, and an Event reports it', async () => {
    const { result, writes, told, events } = await take('DeleteObject', { objects });
    expect(result).toMatchObject({
      kind: 'later',
      why: 'The lifetime is over, and the object is being deleted',
    });
    expect(writes).toEqual([deletion]);
    expect(told).toEqual(['Normal Ended DeleteObject']);
    expect(events[0]).toMatchObject({
      message: 'The lifetime in spec.lifetime.expiresAfter is over; the object is deleted.',
      regarding: { uid: 'uid-1' },
    });
  });

  test('is awaited where it is gone already', async () => {
    const { result, told } = await take('DeleteObject', {
      objects,
      refuses: { 'delete OAuthClient': refusals.notFound },
    });
    expect([result, told]).toEqual([
      expect.objectContaining({ kind: 'later', reason: 'Deleting' }),
      ['Normal Ended DeleteObject'],
    ]);
  });

  test.each([refusals.forbidden, refusals.conflict, refusals.unanswered, refusals.broken])(
    'is deleted later, without a word, where the API server does not do it: $status',
    async (refused) => {
      const { result, told } = await take('DeleteObject', {
        objects,
        refuses: { 'delete OAuthClient': refused },
      });
      expect(result).toMatchObject({ kind: 'later', why: `The object is not deleted: ${refused.message}` });
      expect(told).toEqual([]);
    },
  );
});
