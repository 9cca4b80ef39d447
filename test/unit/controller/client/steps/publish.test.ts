import { describe, expect, test } from 'vitest';
import type { Condition } from '../../../../../src/api/conditions.ts';
import type { KubernetesObject, Resource, Secret } from '../../../../../src/api/kubernetes.ts';
import { reconcileClient } from '../../../../../src/controller/client/reconcile.ts';
import { PLACES } from '../../../../../src/controller/state/refused-writes.ts';
import { takenOver } from '../../../../../src/core/field-ownership.ts';
import { omit } from '../../../../../src/oauth/objects.ts';
import { Sensitive } from '../../../../../src/oauth/sensitive.ts';
import type { Stored } from '../../../../kit/fakes/cluster.ts';
import { type OperatorInMemory, refusals } from '../../../../kit/fakes/operator-in-memory.ts';
import { DONE, take } from '../../../../kit/fakes/step-runner.ts';
import {
  clientObject,
  namespaceObject,
  RECORD,
  recorded,
  registrationSecret,
  SECRET,
  stored,
  surroundings,
  workloadSecret,
} from '../../../../kit/fixtures/objects.ts';
import { INSTALLATION, NOW, setback } from '../../../../kit/fixtures/observations.ts';
import { kstatusOf } from '../../../../kit/kstatus.ts';

const unpublished = [...surroundings(), clientObject(), registrationSecret()];
/** Somebody edited it. */
const edited = workloadSecret({
  annotations: {
    'oauth-registrar.dev/client': 'shop/storefront',
    'oauth-registrar.dev/shows': 'oac-uid-1-a1',
  },
});

const dataOf = (secret: unknown): Record<string, string> =>
  Object.fromEntries(
    Object.entries((secret as Secret).data ?? {}).map(([key, value]) => [
      key,
      Buffer.from(value, 'base64').toString(),
    ]),
  );

describe('A Secret that does not exist', () => {
  test('is created with the credentials, and no management token', async () => {
    const { result, writes, reads, told, cluster, next } = await take('Publish', { objects: unpublished });
    expect([result, told, reads]).toEqual([DONE, [], [RECORD]]);
    expect(writes.map(({ what }) => what)).toEqual([`create ${SECRET}`]);
    const secret = cluster.find('Secret', 'shop/storefront-oauth');
    expect(dataOf(secret)).toEqual({
      client_id: 'c1',
      client_secret: 'secret-1',
      issuer: 'https://sso.example.com',
      token_endpoint: 'https://sso.example.com/token',
    });
    expect(secret).toMatchObject({
      type: 'Opaque',
      metadata: {
        labels: { 'oauth-registrar.dev/workload': 'true', 'oauth-registrar.dev/client': 'storefront' },
        annotations: {
          'oauth-registrar.dev/shows': 'oac-uid-1-a1',
          'oauth-registrar.dev/client': 'shop/storefront',
        },
        ownerReferences: [{ kind: 'OAuthClient', name: 'storefront', uid: 'uid-1', controller: true }],
      },
    });
    expect(next()).toMatchObject({ type: 'Idle', state: 'Ready' });
  });

  test('has the keys that the spec names, and the members that it includes', async () => {
    const secret = { name: 'storefront-oauth', keys: { client_id: 'ID' }, include: ['client_name'] };
    const objects = [...surroundings(), clientObject({}, { secret: secret as never }), registrationSecret()];
    const { writes, next } = await take('Publish', { objects });
    expect(dataOf(writes[0]?.body)).toMatchObject({ ID: 'c1', client_name: 'Storefront' });
    expect(next()).toMatchObject({ type: 'Idle', state: 'Ready' });
  });

  test('leaves a note for status about names that do nothing', async () => {
    const noteOf = async (secret: object) => {
      const objects = [
        ...surroundings(),
        clientObject({}, { secret: secret as never }),
        registrationSecret(),
      ];
      const { memory, round, told } = await take('Publish', { objects });
      expect(told).toEqual([]);
      return memory.secretNote(round.key);
    };
    const name = 'storefront-oauth';
    expect(await noteOf({ name, keys: { client_id: 'ID' }, include: ['client_name'] })).toBe('');
    expect(await noteOf({ name, keys: { clientId: 'ID' } })).toMatch(
      /^spec.secret.keys has no effect for clientId: /,
    );
    expect(await noteOf({ name, include: ['nope'] })).toMatch(
      /^spec.secret.include has no effect for nope: /,
    );
  });

  test('is created beside one under a former name', async () => {
    const { wrote } = await take('Publish', {
      objects: [...unpublished, workloadSecret({ name: 'former' })],
    });
    expect(wrote).toEqual([`create ${SECRET}`]);
  });

  test('says which request for another registration it answers', async () => {
    const rotated = registrationSecret(recorded({ rotatedFor: '7' }));
    const annotations = { 'oauth-registrar.dev/rotate-requested-at': '7' };
    const { writes } = await take('Publish', {
      objects: [...surroundings(), clientObject({ annotations }), rotated],
    });
    expect(writes[0]?.body).toMatchObject({ metadata: { annotations } });
  });

  test('shows the endpoints of the record, where its server object is gone', async () => {
    const [namespace, operators] = surroundings();
    const endpoints = { token: 'https://old.example.com/token' };
    const registered = registrationSecret(recorded(), { ...stored, endpoints });
    const objects = [namespace, operators, clientObject(), registered] as readonly Stored[];
    const { writes } = await take('Publish', { objects });
    expect(dataOf(writes[0]?.body)).toMatchObject({ token_endpoint: 'https://old.example.com/token' });
  });

  test('is reported if it existed before', async () => {
    const status = {
      clientId: 'c1',
      installation: INSTALLATION.id,
      secretName: 'storefront-oauth',
      observedGeneration: 3,
    };
    const told = async (more: object, metadata: object = {}) =>
      (
        await take('Publish', {
          objects: [
            ...surroundings(),
            clientObject(metadata, {}, { ...status, ...more }),
            registrationSecret(),
          ],
        })
      ).told;
    expect(await told({})).toEqual(['Normal SecretRestored Publish']);
    expect(await told({ secretName: 'former' })).toEqual([]);
    expect(await told({ observedGeneration: 2 })).toEqual([]);
    expect(await told({ clientId: 'c0' })).toEqual([]);
  });

  test('is a setback no more', async () => {
    const { memory, round } = await take('Publish', {
      objects: unpublished,
      before: ({ memory: remembered, round: { key } }) =>
        remembered.setBack(key, setback({ action: 'Publish', basis: 'storefront-oauth 3 ', retryAt: NOW })),
    });
    expect(memory.setbacks(round.key)).toEqual([]);
  });
});

describe('A Secret of the object that is not as wanted', () => {
  const objects = [...unpublished, edited];

  test('is replaced, unless somebody changes it meanwhile', async () => {
    const { result, writes, next } = await take('Publish', { objects });
    expect(result).toEqual(DONE);
    expect(writes).toMatchObject([
      { what: `replace ${SECRET}`, body: { metadata: { resourceVersion: '50' } } },
    ]);
    expect(next()).toMatchObject({ type: 'Idle', state: 'Ready' });
  });

  test('keeps what others wrote beside it, and loses what the spec asks for no more', async () => {
    const labels = { team: 'a' };
    const metadata = { ...workloadSecret().metadata };
    const asked = takenOver({ metadata: { ...metadata, labels: { ...metadata.labels, ...labels } } });
    const shared = workloadSecret({
      ...asked.metadata,
      labels: { ...asked.metadata.labels, 'velero.io/exclude-from-backup': 'true' },
      finalizers: ['example.com/mirrored'],
    });
    const { result, writes, reads, next } = await take('Publish', { objects: [...unpublished, shared] });
    expect([result, reads]).toEqual([DONE, [RECORD, `metadata of ${SECRET}`]]);
    expect(writes.map(({ what }) => what)).toEqual([`replace ${SECRET}`]);
    const after = (writes[0] as { readonly body: Secret }).body.metadata;
    expect(after).toMatchObject({ resourceVersion: '50', finalizers: ['example.com/mirrored'] });
    expect(after.labels).toEqual({ ...metadata.labels, 'velero.io/exclude-from-backup': 'true' });
    expect(next()).toMatchObject({ type: 'Idle', state: 'Ready' });
  });

  test('is created where it is gone by now', async () => {
    const { result, wrote, next } = await take('Publish', {
      objects,
      meanwhile: ({ cluster }) =>
        void cluster.delete(
          { kind: 'Secret' } as never,
          { namespace: 'shop', name: 'storefront-oauth' },
          {},
          'user',
        ),
    });
    expect([result, wrote]).toEqual([DONE, [`replace ${SECRET}`, `create ${SECRET}`]]);
    expect(next()).toMatchObject({ type: 'Idle', state: 'Ready' });
  });

  test('is left for the next look where somebody changed it', async () => {
    const { result, wrote } = await take('Publish', {
      objects,
      meanwhile: ({ cluster }) =>
        cluster.put('Secret', workloadSecret({ resourceVersion: '51', annotations: {} })),
    });
    expect(result).toMatchObject({ kind: 'later', why: 'Secret storefront-oauth is not written: Conflict' });
    expect(wrote).toEqual([`replace ${SECRET}`]);
  });
});

describe('A Secret that was published, and that the spec has not changed since', () => {
  const status = {
    ...{ clientId: 'c1', installation: INSTALLATION.id },
    ...{ secretName: 'storefront-oauth', observedGeneration: 3 },
  };
  const told = async (secret: Stored, record = recorded()) =>
    (
      await take('Publish', {
        objects: [...surroundings(), clientObject({}, {}, status), registrationSecret(record), secret],
      })
    ).told;

  test('is reported, if somebody edited its data or took a label', async () => {
    expect(await told(edited)).toEqual(['Normal SecretRestored Publish']);
    expect(await told(workloadSecret({ labels: { 'oauth-registrar.dev/workload': 'true' } }))).toEqual([
      'Normal SecretRestored Publish',
    ]);
  });

  test('is written without a word, if the server gave something else to show', async () => {
    expect(await told(workloadSecret(), recorded({ revision: 2 }))).toEqual([]);
  });
});

describe('A Secret of the name that the operator does not know', () => {
  /** Its owner is nobody, so that the watch shows it to no client. */
  const found =
    (secret: Stored) => (operator: { readonly cluster: { put(kind: string, object: Stored): void } }) =>
      operator.cluster.put('Secret', secret);
  const theirs = workloadSecret({ ownerReferences: [], annotations: {}, labels: {} });

  test('is not touched where it is of somebody else; the object waits', async () => {
    const { result, wrote, told, events, memory, round, next } = await take('Publish', {
      objects: unpublished,
      meanwhile: found({ ...theirs, data: {} }),
    });
    expect([result, wrote]).toEqual([DONE, [`create ${SECRET}`]]);
    expect(told).toEqual(['Warning SecretConflict Publish']);
    expect(events[0]?.message).toMatch(
      /^Secret storefront-oauth exists and isn.t this object.s; it was not touched\. The client c1 is registered\. /,
    );
    expect(memory.setbacks(round.key)).toMatchObject([{ kind: 'Terminal', retryAt: NOW + 4_000 }]);
    expect(next()).toMatchObject({ type: 'Idle', state: 'Stalled', reason: 'SecretConflict' });
  });

  const named = { 'oauth-registrar.dev/client': 'shop/storefront' };
  const base64 = (data: object) =>
    Object.fromEntries(
      Object.entries(data).map(([key, text]) => [key, Buffer.from(text).toString('base64')]),
    );
  const own = [
    {
      apiVersion: 'oauth-registrar.dev/v1alpha1',
      kind: 'OAuthClient',
      name: 'storefront',
      uid: 'uid-1',
      controller: true,
    },
  ];

  test.each<readonly [string, Partial<Stored['metadata']>, object, object, boolean]>([
    ['of this object: the watch is late', { ownerReferences: own }, {}, {}, true],
    [
      'restored, and shows this record',
      { annotations: { ...named, 'oauth-registrar.dev/shows': 'oac-uid-1-a1' } },
      {},
      {},
      true,
    ],
    ['restored, and shows this client', { annotations: named }, { client_id: 'c1' }, {}, true],
    [
      'restored, and shows this client under another key',
      { annotations: named },
      { ID: 'c1' },
      { keys: { client_id: 'ID' } },
      true,
    ],
    [
      'left by an earlier object, whose client was removed',
      { annotations: { ...named, 'oauth-registrar.dev/shows': '' } },
      { client_id: 'c0' },
      {},
      true,
    ],
    ['restored, and shows another client', { annotations: named }, { client_id: 'c9' }, {}, false],
    [
      'of another object, and shows this client',
      { annotations: { 'oauth-registrar.dev/client': 'shop/basket' } },
      { client_id: 'c1' },
      {},
      false,
    ],
    ['of nobody, and shows this client', {}, { client_id: 'c1' }, {}, false],
  ])('%s', async (_, metadata, data, secret, isTaken) => {
    const spec = { secret: { name: 'storefront-oauth', ...secret } as never };
    const { wrote } = await take('Publish', {
      objects: [...surroundings(), clientObject({}, spec), registrationSecret()],
      meanwhile: found({ ...theirs, metadata: { ...theirs.metadata, ...metadata }, data: base64(data) }),
    });
    expect(wrote).toEqual([`create ${SECRET}`, ...(isTaken ? [`replace ${SECRET}`] : [])]);
  });

  test.each([
    ['in whose place a person had this one registered', '7', true],
    ['that nobody asked to replace', undefined, false],
  ])('restored, and shows a client whose record is gone, %s', async (_, rotatedFor, isTaken) => {
    const annotations = { ...named, 'oauth-registrar.dev/shows': 'oac-uid-0-a0' };
    const registered = registrationSecret(recorded(rotatedFor === undefined ? {} : { rotatedFor }));
    const requested =
      rotatedFor === undefined ? {} : { 'oauth-registrar.dev/rotate-requested-at': rotatedFor };
    const { wrote } = await take('Publish', {
      objects: [...surroundings(), clientObject({ annotations: requested }), registered],
      meanwhile: found({
        ...theirs,
        metadata: { ...theirs.metadata, annotations },
        data: base64({ client_id: 'c0' }),
      }),
    });
    expect(wrote).toEqual([`create ${SECRET}`, ...(isTaken ? [`replace ${SECRET}`] : [])]);
  });

  test('is looked at later where it cannot be read', async () => {
    const { result, told } = await take('Publish', {
      objects: unpublished,
      meanwhile: ({ cluster, round }) => {
        round.contents.set('oac-uid-1-a1', stored);
        cluster.put('Secret', theirs);
      },
      refuses: { 'get Secret': refusals.broken },
    });
    expect(result).toMatchObject({
      kind: 'later',
      why: 'Secret storefront-oauth is not written: etcd is down',
    });
    expect(told).toEqual([]);
  });
});

describe('Where something at admission takes a label off the Secret', () => {
  const labelled = { secret: { name: 'storefront-oauth', labels: { team: 'x' } } };
  const policy = ({ context: { api } }: OperatorInMemory): void => {
    const replace = api.replace.bind(api);
    const without = (secret: KubernetesObject) => ({
      ...secret,
      metadata: { ...secret.metadata, labels: omit(secret.metadata.labels ?? {}, 'team') },
    });
    Object.assign(api, {
      replace: (resource: Resource, object: KubernetesObject, ...more: never[]) =>
        replace(resource, resource.kind === 'Secret' ? without(object) : object, ...more),
    });
  };
  const undone = (spec: object = {}) =>
    take('Publish', {
      objects: [
        ...surroundings(),
        clientObject({}, { ...labelled, ...spec } as never),
        registrationSecret(),
        workloadSecret(),
      ],
      before: policy,
    });

  test('the write is not repeated at once, and one Event names the label', async () => {
    const taken = await undone();
    expect(taken.told).toEqual(['Warning SecretWriteUndone Publish']);
    expect(taken.events[0]?.message).toMatch(
      /^Secret storefront-oauth shows the registration, and lacks label team that the operator wrote: something at admission, such as a mutating policy or webhook, takes it off\. Look for a mutating/,
    );
    expect(taken.next()).toMatchObject({ type: 'Idle', state: 'Waiting', reason: 'SecretWriteUndone' });
    expect(taken.memory.setbacks(taken.round.key)).toMatchObject([{ retryAt: NOW + 5_000 }]);
  });

  test('SecretSynced is False and names it; workloads can use the Secret', async () => {
    const taken = await undone();
    await reconcileClient(taken.round.key, taken.context);
    const object = taken.cluster.find('OAuthClient', 'shop/storefront');
    const status = object?.status as { readonly conditions?: readonly Condition[] } | undefined;
    const conditions = status?.conditions ?? [];
    expect(kstatusOf(object as never)).toBe('InProgress');
    const said = conditions.map(({ type, status, reason }) => `${type} ${status} ${reason}`);
    expect(said).toEqual([
      'Ready True SecretWriteUndone',
      'Registered True Registered',
      'SecretSynced False SecretWriteUndone',
      'Reconciling True SecretWriteUndone',
    ]);
    expect(conditions[2]?.message).toContain('lacks label team');
  });

  test('an edit is sent all the same', async () => {
    const { next } = await undone({ client: { clientName: 'Edited' } });
    expect(next()).toMatchObject({ type: 'Update' });
  });
});

describe('A Secret that the values of the client can not make', () => {
  const unfit = {
    ...stored,
    information: { ...stored.information, clientSecret: new Sensitive("it's") },
  };
  const spec = { secret: { name: 'storefront-oauth', format: 'EnvFile' } };
  const taken = (...more: readonly Stored[]) =>
    take('Publish', {
      objects: [
        ...surroundings(),
        clientObject({}, spec as never),
        registrationSecret(recorded(), unfit),
        ...more,
      ],
    });
  const MESSAGE =
    'Client c1 is registered, and its Secret storefront-oauth is not written: it can\'t have the format EnvFile: the value of "CLIENT_SECRET" has a character that readers of such files take in different ways. Use the format Json or Keys, leave the value out by spec.secret.keys, or request another secret. Change what the message names. A Secret that workloads have stays as it was.';

  test('is not written; one Event says why, and nothing is tried again with the same values', async () => {
    const { result, told, events, writes, next } = await taken();
    expect([result, told, writes]).toEqual([DONE, ['Warning TemplateInvalid Render'], []]);
    expect(events[0]?.message).toBe(MESSAGE);
    expect(next()).toMatchObject({
      type: 'Idle',
      state: 'Stalled',
      reason: 'TemplateInvalid',
      finding: 'SecretNotRenderable',
      message: MESSAGE,
    });
  });

  test('stays as it was where workloads have it: Ready goes on, Stalled says why', async () => {
    const done = await taken(workloadSecret());
    expect(done.writes).toEqual([]);
    await reconcileClient(done.round.key, done.context);
    const status = done.cluster.find('OAuthClient', 'shop/storefront')?.status as
      | { readonly conditions?: readonly Condition[] }
      | undefined;
    const said = status?.conditions?.map((one) => `${one.type} ${one.status} ${one.reason}`);
    expect(said).toEqual([
      'Ready True TemplateInvalid',
      'Registered True Registered',
      'SecretSynced True SecretSynced',
      'Stalled True TemplateInvalid',
    ]);
  });

  test('hinders no other step: an edit of the metadata is sent', async () => {
    const { next } = await take('Publish', {
      objects: [
        ...surroundings(),
        clientObject({}, { ...spec, client: { clientName: 'Edited' } } as never),
        registrationSecret(recorded(), unfit),
      ],
    });
    expect(next()).toMatchObject({ type: 'Update' });
  });
});

describe('A format whose Secret has another type', () => {
  const objects = [
    ...surroundings(),
    clientObject({}, { secret: { name: 'storefront-oauth', format: 'ServiceBinding' } as never }),
    registrationSecret(),
    workloadSecret(),
  ];
  const secretOf = ({ cluster }: OperatorInMemory) =>
    cluster.find('Secret', 'shop/storefront-oauth') as Secret | undefined;

  test('makes a new Secret in the place of the present one, after the API server said that it takes it', async () => {
    const done = await take('Publish', { objects });
    expect(done.wrote).toEqual([
      `replace ${SECRET}`,
      `dryRun ${SECRET}`,
      `delete ${SECRET}`,
      `create ${SECRET}`,
    ]);
    expect(secretOf(done)).toMatchObject({ type: 'servicebinding.io/oauth2' });
    expect(dataOf(secretOf(done))).toMatchObject({
      type: 'oauth2',
      provider: 'corporate',
      'client-id': 'c1',
    });
    expect(done.next()).toMatchObject({ type: 'Idle', state: 'Ready' });
  });

  test('leaves the present one where the API server does not take the new one', async () => {
    const done = await take('Publish', { objects, refuses: { 'dryRun Secret': refusals.forbidden } });
    expect(done.told).toEqual(['Warning SecretWriteRefused Publish']);
    expect(secretOf(done)).toMatchObject({ type: 'Opaque' });
    expect(done.next()).toMatchObject({ type: 'Idle', reason: 'SecretWriteRefused' });
  });

  test('is made in the next round where the present one was removed and the process ended', async () => {
    const done = await take('Publish', { objects, refuses: { 'create Secret': refusals.broken } });
    expect(done.result).toMatchObject({ kind: 'later' });
    expect(done.next()).toMatchObject({ type: 'Publish' });
  });
});

describe('Where the API server does not take the Secret', () => {
  test('because of its content or its place: an Event reports it, and it is retried after a pause', async () => {
    const { result, told, events, memory, round, context, next } = await take('Publish', {
      objects: unpublished,
      refuses: { 'create Secret': refusals.forbidden },
    });
    expect([result, told]).toEqual([DONE, ['Warning SecretWriteRefused Publish']]);
    expect(events[0]?.message).toMatch(
      /^Client c1 is registered, and the API server refuses its Secret storefront-oauth: exceeded quota\. /,
    );
    expect(memory.setbacks(round.key)).toMatchObject([
      { action: 'Publish', kind: 'Transient', reason: 'SecretWriteRefused', retryAt: NOW + 2_000 },
    ]);
    expect(context.refusedWrites.isRefusing(PLACES.workload('shop'))).toBe(true);
    expect(next()).toMatchObject({ type: 'Idle', reason: 'SecretWriteRefused' });
  });

  test('because it is immutable: other Secrets of the namespace are not concerned', async () => {
    const { told, context } = await take('Publish', {
      objects: [...unpublished, edited],
      refuses: { 'replace Secret': refusals.forbidden, 'patch Secret': refusals.forbidden },
    });
    expect(told).toEqual(['Warning SecretWriteRefused Publish']);
    expect(context.refusedWrites.isRefusing(PLACES.workload('shop'))).toBe(false);
  });

  test('a change that it takes says nothing of new Secrets', async () => {
    const { wrote, context } = await take('Publish', {
      objects: [...unpublished, edited],
      before: (operator) => operator.context.refusedWrites.refused(PLACES.workload('shop'), 'exceeded quota'),
    });
    expect(wrote).toHaveLength(1);
    expect(context.refusedWrites.isRefusing(PLACES.workload('shop'))).toBe(true);
  });

  test('it is refused no more when a Secret is written', async () => {
    const { context } = await take('Publish', {
      objects: unpublished,
      before: (operator) => operator.context.refusedWrites.refused(PLACES.workload('shop'), 'exceeded quota'),
    });
    expect(context.refusedWrites.isRefusing(PLACES.workload('shop'))).toBe(false);
  });

  test('because its namespace is being deleted: no Event', async () => {
    const [, operators, server] = surroundings();
    const deletionTimestamp = '2026-05-01T11:59:00Z';
    const { result, told } = await take('Publish', {
      objects: [
        namespaceObject('shop', { deletionTimestamp }),
        ...([operators, server] as readonly Stored[]),
        clientObject(),
        registrationSecret(),
      ],
      refuses: { 'create Secret': refusals.forbidden },
    });
    expect(result).toMatchObject({
      kind: 'later',
      why: 'Secret storefront-oauth is not written: exceeded quota',
    });
    expect(told).toEqual([]);
  });

  test.each([refusals.unanswered, refusals.broken])(
    'at this time: later, without a word: $status',
    async (refused) => {
      const { result, told, memory, round } = await take('Publish', {
        objects: unpublished,
        refuses: { 'create Secret': refused },
      });
      expect(result).toMatchObject({
        kind: 'later',
        why: `Secret storefront-oauth is not written: ${refused.message}`,
      });
      expect([told, memory.setbacks(round.key)]).toEqual([[], []]);
    },
  );
});

describe('A record that cannot be read', () => {
  test('now is read again', async () => {
    const { result, wrote } = await take('Publish', {
      objects: unpublished,
      refuses: { 'get Secret': refusals.unanswered },
    });
    expect(result).toMatchObject({
      kind: 'later',
      why: 'Registration Secret oac-uid-1-a1 could not be read: no answer',
    });
    expect(wrote).toEqual([]);
  });

  test('since it is damaged: a setback, and nothing is written', async () => {
    const { data: _, ...damaged } = registrationSecret();
    const { result, wrote, memory, round } = await take('Publish', {
      objects: [...surroundings(), clientObject(), damaged],
    });
    expect([result, wrote]).toEqual([DONE, []]);
    expect(memory.setbacks(round.key)).toMatchObject([
      { action: 'Publish', kind: 'Transient', reason: 'RegistrationRecordMissing' },
    ]);
  });
});

describe('A Secret of the object under a former name', () => {
  const former = workloadSecret({ name: 'former', uid: 'secret-0' });
  const objects = [...unpublished, workloadSecret(), former];

  test('is removed, if it is still this one', async () => {
    const { result, writes, told, observe } = await take('RemoveSecret', { objects });
    expect([result, told]).toEqual([DONE, []]);
    expect(writes).toEqual([{ what: 'delete Secret shop/former', body: { uid: 'secret-0' } }]);
    expect(observe().secrets.map(({ name }) => name)).toEqual(['storefront-oauth']);
  });

  test('that is gone already is forgotten', async () => {
    const { result, observe } = await take('RemoveSecret', {
      objects,
      refuses: { 'delete Secret': refusals.notFound },
    });
    expect(result).toEqual(DONE);
    expect(observe().secrets).toHaveLength(1);
  });

  test.each([refusals.forbidden, refusals.conflict, refusals.unanswered, refusals.broken])(
    'stays while the API server does not remove it: $status',
    async (refused) => {
      const { result, observe } = await take('RemoveSecret', {
        objects,
        refuses: { 'delete Secret': refused },
      });
      expect(result).toMatchObject({
        kind: 'later',
        why: `Secret former is not removed: ${refused.message}`,
      });
      expect(observe().secrets).toHaveLength(2);
    },
  );
});
