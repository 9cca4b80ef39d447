import { describe, expect, test } from 'vitest';
import type { RegistrationContent } from '../../../../../src/core/content.ts';
import { omit } from '../../../../../src/oauth/objects.ts';
import { Sensitive } from '../../../../../src/oauth/sensitive.ts';
import type { Stored } from '../../../../kit/fakes/cluster.ts';
import { refusals } from '../../../../kit/fakes/operator-in-memory.ts';
import { DONE, take } from '../../../../kit/fakes/step-runner.ts';
import { content as full } from '../../../../kit/fixtures/contents.ts';
import {
  CLIENT,
  clientObject,
  DELETED,
  OBJECT,
  OPERATOR_NAMESPACE,
  RECORD,
  recorded,
  registrationSecret,
  stored,
  surroundings,
  workloadSecret,
} from '../../../../kit/fixtures/objects.ts';
import { NOW } from '../../../../kit/fixtures/observations.ts';

describe('A client that outlives its object', () => {
  const retained = registrationSecret(recorded({ retain: true }));
  const objects = [...surroundings(), clientObject(DELETED, { deletionPolicy: 'Retain' }), retained];

  test('stays recorded, an Event reports it, and then the object is released', async () => {
    const { result, writes, told, events, cluster, next } = await take('Retain', { objects });
    expect([result, told]).toEqual([DONE, ['Normal Retained Retain']]);
    expect(writes).toMatchObject([
      { what: `patch ${RECORD}`, body: { metadata: { labels: { 'oauth-registrar.dev/role': 'retained' } } } },
      { what: `patch ${OBJECT}`, body: { metadata: { finalizers: [] } } },
    ]);
    expect(events[0]).toMatchObject({
      message:
        'Client c1 at https://sso.example.com is kept, as deletionPolicy Retain says. An OAuthClient storefront created in this namespace takes it over.',
      regarding: { uid: 'uid-1' },
    });
    expect(cluster.find('OAuthClient', 'shop/storefront')).toBeUndefined();
    expect(next()).toMatchObject({ type: 'Idle', state: 'Gone' });
  });

  test('is kept where its object is gone already', async () => {
    const { result, wrote, events } = await take('Retain', {
      objects: [...surroundings(), retained],
      before: ({ memory, round }) => {
        memory.absence(round.key, NOW - 61_000);
        memory.absenceProven(round.key);
      },
    });
    expect([result, wrote]).toEqual([DONE, [`patch ${RECORD}`]]);
    expect(events[0]?.regarding).toMatchObject({ uid: 'uid-1', name: 'storefront' });
  });

  test.each(Object.values(refusals))(
    'holds its object, without a word, until that is on record: $status',
    async (refused) => {
      const { result, wrote, told } = await take('Retain', { objects, refuses: { 'patch Secret': refused } });
      expect(result.kind).toBe('later');
      expect([wrote, told]).toEqual([[`patch ${RECORD}`], []]);
    },
  );

  test('whose object is not released yet is kept once', async () => {
    const { result, told, next } = await take('Retain', {
      objects,
      refuses: { 'patch OAuthClient': refusals.conflict },
    });
    expect(result).toMatchObject({
      kind: 'later',
      why: 'The finalizer is not taken off: the object has been modified',
    });
    expect(told).toHaveLength(1);
    expect(next()).toMatchObject({ type: 'RemoveFinalizer' });
  });
});

describe('The deletion policy of the object', () => {
  test.each([
    ['Retain', false, 'Retain'],
    ['Delete', true, null],
  ] as const)('%s is noted on the record', async (deletionPolicy, retain, noted) => {
    const { result, writes, next } = await take('NotePolicy', {
      objects: [
        ...surroundings(),
        clientObject({}, { deletionPolicy }),
        registrationSecret(recorded({ retain })),
        workloadSecret(),
      ],
    });
    expect(result).toEqual(DONE);
    expect(writes).toMatchObject([
      {
        what: `patch ${RECORD}`,
        body: { metadata: { annotations: { 'oauth-registrar.dev/deletion-policy': noted } } },
      },
    ]);
    expect(next()).toMatchObject({ type: 'Idle', state: 'Ready' });
  });
});

describe('A client of an earlier object of this name', () => {
  /** Of a namespace that was created again since, so that a name alone proves nothing. */
  const earlier = recorded({ client: { ...CLIENT, uid: 'uid-0' }, namespaceUid: 'ns-0' });
  const NAME = `Secret ${OPERATOR_NAMESPACE}/${earlier.registrationSecret}`;
  const retained = registrationSecret({ ...earlier, role: 'retained', namespaceUid: 'ns-1' });
  /** A Secret restored from a backup: it names the record, and no owner. */
  const restored = (data: Stored['data'] = workloadSecret({}, earlier).data): Stored => {
    const { data: _, ...secret } = workloadSecret({ ownerReferences: [] }, earlier);
    return data === undefined ? secret : { ...secret, data };
  };
  const restoredObjects = (content: RegistrationContent, data?: Stored['data']): readonly Stored[] => [
    ...surroundings(),
    clientObject({}, {}, {}),
    registrationSecret(earlier, content),
    restored(data),
  ];

  test("that was retained becomes this object's, and nothing is registered", async () => {
    const { result, writes, reads, told, next } = await take('TakeOver', {
      objects: [...surroundings(), clientObject({}, {}, {}), retained],
    });
    expect([result, reads, told]).toEqual([DONE, [], []]);
    expect(writes).toMatchObject([
      {
        what: `patch ${NAME}`,
        body: {
          metadata: {
            resourceVersion: '10',
            labels: { 'oauth-registrar.dev/role': 'current', 'oauth-registrar.dev/client-uid': 'uid-1' },
            annotations: { 'oauth-registrar.dev/namespace-uid': 'ns-1' },
          },
        },
      },
    ]);
    expect(next()).toMatchObject({ type: 'Publish' });
  });

  test.each(Object.values(refusals))('waits where the record is not written: $status', async (refused) => {
    const { result, next } = await take('TakeOver', {
      objects: [...surroundings(), clientObject({}, {}, {}), retained],
      refuses: { 'patch Secret': refused },
    });
    expect(result.kind).toBe('later');
    expect(next()).toMatchObject({ type: 'TakeOver' });
  });

  const base64 = (text: string) => Buffer.from(text).toString('base64');
  const keyed = { ...full, information: { ...stored.information, clientSecret: new Sensitive('x') } };
  const open = { ...stored, information: omit(stored.information, 'clientSecret') };

  test.each<readonly [string, RegistrationContent, Stored['data'] | undefined]>([
    ['its secret', stored, undefined],
    ['its secret under another key', stored, { PASSWORD: base64('secret-1') }],
    ['its private key', keyed, { pem: base64('-----BEGIN PRIVATE KEY-----canary-key') }],
    ['the id of a client without credentials', open, { client_id: base64('c1') }],
  ])("becomes this object's where a Secret holds %s", async (_, content, data) => {
    const { result, wrote } = await take('TakeOver', { objects: restoredObjects(content, data) });
    expect([result, wrote]).toEqual([DONE, [`patch ${NAME}`]]);
  });

  test.each<readonly [string, RegistrationContent, Stored['data']]>([
    ['another secret', stored, { client_secret: base64('secret-2') }],
    ['the id alone of a client with a secret', stored, { client_id: base64('c1') }],
    ['nothing', stored, {}],
    ['another id of a client without credentials', open, { client_id: base64('c2') }],
  ])(
    'stays where a Secret that names it holds %s; the object waits for a person',
    async (_, content, data) => {
      const { result, wrote, told, memory, round, next } = await take('TakeOver', {
        objects: restoredObjects(content, data),
      });
      expect([result, wrote, told]).toEqual([DONE, [], ['Warning RegistrationRecordMissing TakeOver']]);
      expect(memory.setbacks(round.key)).toMatchObject([{ action: 'TakeOver', kind: 'Terminal' }]);
      expect(next()).not.toMatchObject({ type: 'TakeOver' });
    },
  );

  test('stays where the Secret cannot be read', async () => {
    const { wrote } = await take('TakeOver', {
      objects: restoredObjects(stored),
      meanwhile: ({ round }) => void round.contents.set(earlier.registrationSecret, stored),
      refuses: { 'get Secret': refusals.broken },
    });
    expect(wrote).toEqual([]);
  });

  test('waits where the record cannot be read now', async () => {
    const { result, wrote } = await take('TakeOver', {
      objects: restoredObjects(stored),
      refuses: { 'get Secret': refusals.unanswered },
    });
    expect([result.kind, wrote]).toEqual(['later', []]);
  });
});
