import { describe, expect, test } from 'vitest';
import { FINALIZER } from '../../../../../src/api/names.ts';
import type { Stored } from '../../../../kit/fakes/cluster.ts';
import { type OperatorInMemory, refusals } from '../../../../kit/fakes/operator-in-memory.ts';
import { DONE, take } from '../../../../kit/fakes/step-runner.ts';
import {
  clientObject,
  DELETED,
  OBJECT,
  registrationSecret,
  surroundings,
  workloadSecret,
} from '../../../../kit/fixtures/objects.ts';
import { record } from '../../../../kit/fixtures/observations.ts';

describe('The finalizer is put on', () => {
  const objects = [...surroundings(), clientObject({ finalizers: ['theirs'] }, {}, {})];

  test('beside those of others, before anything is registered, unless somebody changed the object', async () => {
    const { result, writes, next } = await take('AddFinalizer', { objects });
    expect(result).toEqual(DONE);
    expect(writes).toEqual([
      {
        what: `patch ${OBJECT}`,
        body: { metadata: { uid: 'uid-1', resourceVersion: '100', finalizers: ['theirs', FINALIZER] } },
      },
    ]);
    expect(next()).toMatchObject({ type: 'Register' });
  });

  test('by what the API server has, where the others are not kept', async () => {
    const many = Array.from({ length: 60 }, (_, index) => `example.com/${index}-${'x'.repeat(100)}`);
    const object = clientObject({ finalizers: many }, {}, {});
    const newer = { ...object, metadata: { ...object.metadata, resourceVersion: '105' } };
    const { writes, reads } = await take('AddFinalizer', {
      objects: [...surroundings(), object],
      meanwhile: ({ cluster }) => cluster.put('OAuthClient', newer),
    });
    expect(reads).toEqual([OBJECT]);
    expect(writes[0]?.body).toMatchObject({
      metadata: { resourceVersion: '105', finalizers: [...many, FINALIZER] },
    });
  });

  const { notFound, ...others } = refusals;

  test.each(Object.entries(others))(
    'later, where the API server does not take it: %s',
    async (_, refused) => {
      const { result, wrote, told, next } = await take('AddFinalizer', {
        objects,
        refuses: { 'patch OAuthClient': refused },
      });
      expect(result).toMatchObject({ kind: 'later', why: expect.stringContaining(`: ${refused.message}`) });
      const tries = refused.status === 409 ? 3 : 1;
      expect([wrote, told]).toEqual([Array(tries).fill(`patch ${OBJECT}`), []]);
      expect(next()).toMatchObject({ type: 'AddFinalizer' });
    },
  );

  test('again, by the present list, where somebody else changes the list at the same time', async () => {
    const object = clientObject({ finalizers: ['orphan'] }, {}, {});
    const { result, writes } = await take('AddFinalizer', {
      objects: [...surroundings(), object],
      refuses: { 'patch OAuthClient': [refusals.conflict] },
      meanwhile: ({ cluster }) =>
        cluster.put('OAuthClient', {
          ...object,
          metadata: { ...object.metadata, finalizers: [], resourceVersion: '105' },
        }),
    });
    expect(result).toEqual(DONE);
    expect(writes.map(({ body }) => body)).toMatchObject([
      { metadata: { resourceVersion: '100', finalizers: ['orphan', FINALIZER] } },
      { metadata: { resourceVersion: '105', finalizers: [FINALIZER] } },
    ]);
  });

  test('on no object that is gone, without a word', async () => {
    const { result, lines, told, next } = await take('AddFinalizer', {
      objects,
      refuses: { 'patch OAuthClient': notFound },
    });
    expect([result, lines, told]).toEqual([DONE, [], []]);
    expect(next()).toMatchObject({ type: 'Idle', state: 'Gone' });
  });

  test('what the API server refuses is in the log alone', async () => {
    const lines = async (refused: (typeof refusals)[keyof typeof refusals]) =>
      (await take('AddFinalizer', { objects, refuses: { 'patch OAuthClient': refused } })).lines;
    expect(await lines(refusals.forbidden)).toEqual([
      'warn the API server refuses a write {"client":"shop/storefront","what":"The finalizer is not put on","status":403,"message":"exceeded quota"}',
    ]);
    expect(await lines(refusals.conflict)).toEqual([]);
  });
});

describe('The finalizer is taken off', () => {
  const deleted = (metadata: object = {}, status?: object, ...more: readonly Stored[]) => [
    ...surroundings(),
    clientObject({ ...DELETED, ...metadata }, {}, status),
    ...more,
  ];

  test('where nothing is left that the object is held for', async () => {
    const { result, writes, told, cluster, next } = await take('RemoveFinalizer', {
      objects: deleted({}, {}),
    });
    expect([result, told]).toEqual([DONE, []]);
    expect(writes).toEqual([
      {
        what: `patch ${OBJECT}`,
        body: { metadata: { uid: 'uid-1', resourceVersion: '100', finalizers: [] } },
      },
    ]);
    expect(cluster.find('OAuthClient', 'shop/storefront')).toBeUndefined();
    expect(next()).toMatchObject({ type: 'Idle', state: 'Gone' });
  });

  test('and those of others stay', async () => {
    const { writes, observe } = await take('RemoveFinalizer', {
      objects: deleted({ finalizers: ['theirs', FINALIZER] }, {}),
    });
    expect(writes[0]?.body).toMatchObject({ metadata: { finalizers: ['theirs'] } });
    expect(observe().object).toMatchObject({ finalizers: ['theirs'], hasFinalizer: false });
  });

  test('an object that is gone already needs nothing', async () => {
    const { result, next } = await take('RemoveFinalizer', {
      objects: deleted({}, {}),
      refuses: { 'patch OAuthClient': refusals.notFound },
    });
    expect(result).toEqual(DONE);
    expect(next()).toMatchObject({ type: 'Idle', state: 'Gone' });
  });

  test.each([refusals.forbidden, refusals.conflict, refusals.unanswered, refusals.broken])(
    'later, where the API server does not take it: $reason',
    async (refused) => {
      const { result, next } = await take('RemoveFinalizer', {
        objects: deleted({}, {}),
        refuses: { 'patch OAuthClient': refused },
      });
      expect(result).toMatchObject({ kind: 'later', why: expect.stringContaining(`: ${refused.message}`) });
      expect(next()).toMatchObject({ type: 'RemoveFinalizer' });
    },
  );

  test('of no other object that has the name by now: the object is gone', async () => {
    const another = clientObject({ uid: 'uid-2', resourceVersion: '105' }, {}, {});
    const { result, wrote, cluster } = await take('RemoveFinalizer', {
      objects: deleted({}, {}),
      refuses: { 'patch OAuthClient': [refusals.conflict] },
      meanwhile: ({ cluster: changed }) => changed.put('OAuthClient', another),
    });
    expect([result, wrote]).toEqual([DONE, [`patch ${OBJECT}`]]);
    expect(cluster.find('OAuthClient', 'shop/storefront')?.metadata.uid).toBe('uid-2');
  });

  test('with a warning, where a client was known whose record is gone', async () => {
    const status = { clientId: 'c1', issuer: 'https://sso.example.com' };
    const { told, events } = await take('RemoveFinalizer', { objects: deleted({}, status) });
    expect(told).toEqual(['Warning RegistrationRecordMissing Deregister']);
    expect(events[0]).toMatchObject({
      message:
        'Client c1 at https://sso.example.com was not removed: its registration Secret is gone, and its token with it. Remove the client at the server by hand.',
      regarding: { kind: 'OAuthClient', namespace: 'shop', name: 'storefront', uid: 'uid-1' },
    });
  });

  test('without a warning, where the record of the client says that it was left behind', async () => {
    const status = { clientId: 'c1', issuer: 'https://sso.example.com' };
    const left = registrationSecret(record({ role: 'left-behind' }));
    expect((await take('RemoveFinalizer', { objects: deleted({}, status, left) })).told).toEqual([]);
  });

  test('with a word, where another installation has the client', async () => {
    const foreign = registrationSecret(record({ installation: 'other@cluster-2' }));
    const { told, events, result } = await take('RemoveFinalizer', { objects: deleted({}, {}, foreign) });
    expect(result).toEqual(DONE);
    expect(told).toEqual(['Normal ManagedElsewhere Deregister']);
    expect(events[0]?.message).toBe(
      'The client of this object was left as it is: installation "other@cluster-2" has it.',
    );
  });
});

describe('That an object is gone is proven', () => {
  const objects = [...surroundings(), registrationSecret(), workloadSecret()];

  test('by an answer that names it', async () => {
    const { result, reads, wrote, o, memory, round } = await take('ConfirmAbsence', {
      objects,
      before: wait,
    });
    expect([result, reads, wrote]).toEqual([DONE, [OBJECT], []]);
    expect(o.absence.proven).toBe(false);
    expect(memory.absence(round.key, 0).proven).toBe(true);
  });

  test.each([
    [
      'it is there: the watch is late',
      [...objects, clientObject()],
      {},
      'The object exists, and the watch has not shown it yet',
    ],
    [
      'no answer',
      objects,
      { 'get OAuthClient': refusals.unanswered },
      "Whether the object is gone isn't known: no answer",
    ],
    [
      'a 404 that does not name it: the CRD is gone',
      objects,
      { 'get OAuthClient': { ...refusals.notFound, reason: '' } },
      "Whether the object is gone isn't known: not found",
    ],
  ])('not where %s', async (_, stored, refuses, why) => {
    const { result, memory, round } = await take('ConfirmAbsence', {
      objects: stored,
      refuses,
      before: (operator) => {
        operator.context.caches.clients.forget({
          metadata: { namespace: 'shop', name: 'storefront', uid: 'uid-1' },
        });
        wait(operator);
      },
    });
    expect(result).toMatchObject({ kind: 'later', why });
    expect(memory.absence(round.key, 0).proven).toBe(false);
  });

  function wait({ observe, context }: OperatorInMemory): void {
    observe();
    void context.clock.sleep(61_000);
  }
});
