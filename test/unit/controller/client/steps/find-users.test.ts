import { expect, test } from 'vitest';
import type { ListPods } from '../../../../../src/controller/ports.ts';
import { take } from '../../../../kit/fakes/step-runner.ts';
import { replacementOf } from '../../../../kit/fixtures/client-specs.ts';
import {
  clientObject,
  recorded,
  registrationSecret,
  surroundings,
  workloadSecret,
} from '../../../../kit/fixtures/objects.ts';

const BEFORE = '2026-05-01T09:00:00Z';
const AFTER = '2026-05-01T11:59:00Z';
const former = recorded({
  registrationSecret: 'oac-uid-1-a0',
  clientId: 'c0',
  registeredAt: '2026-04-01T00:00:00Z',
});
const current = recorded({ replaces: 'oac-uid-1-a0', registeredAt: '2026-05-01T10:00:00Z' });
const replacement = { ...replacementOf({ overlap: '1m' }), retire: 'WhenUnused' };

const pod = (name: string, startedAt: readonly string[], more: object = {}) => ({
  metadata: { name, namespace: 'shop' },
  spec: { containers: [{ name: 'app', envFrom: [{ secretRef: { name: 'storefront-oauth' } }] }] },
  status: {
    phase: 'Running',
    startTime: BEFORE,
    containerStatuses: startedAt.map((at) => ({ state: { running: { startedAt: at } } })),
  },
  ...more,
});

const PODS = [
  pod('web-2', [BEFORE]),
  pod('web-1', [AFTER, BEFORE]),
  pod('restarted', [AFTER]),
  pod('sidecar', [], {
    status: {
      phase: 'Running',
      startTime: BEFORE,
      initContainerStatuses: [{ state: { running: { startedAt: BEFORE } } }],
      containerStatuses: [{ state: { running: { startedAt: AFTER } } }],
    },
  }),
  pod('pending', [], { status: { phase: 'Pending', startTime: BEFORE } }),
  pod('done', [BEFORE], { status: { phase: 'Succeeded', startTime: BEFORE } }),
  pod('other', [BEFORE], { spec: { containers: [{ name: 'app' }] } }),
];

const found = (listPods: ListPods) =>
  take('FindUsers', {
    objects: [
      ...surroundings(),
      clientObject({}, { replacement } as never),
      registrationSecret(former),
      registrationSecret(current),
      workloadSecret({}, current),
    ],
    before: ({ context }) => {
      Object.assign(context, { listPods });
    },
  });

test('Pods that use the Secret and have a container from before the new credential are found, once', async () => {
  const { memory, round, wrote, next } = await found(async (namespace, convert) => {
    expect(namespace).toBe('shop');
    return { ok: true, object: PODS.flatMap((raw) => convert(raw as never) ?? []) };
  });
  expect(memory.users(round.key)).toMatchObject([
    { of: 'oac-uid-1-a0', pods: ['pending', 'sidecar', 'web-1', 'web-2'] },
  ]);
  expect(wrote).toEqual([]);
  expect(next()).toMatchObject({ type: 'Idle', state: 'Ready' });
});

test('While Pods can not be listed, the former client stays, and an Event says why', async () => {
  const { told, events, next } = await found(async () => ({
    ok: false,
    status: 403,
    reason: 'Forbidden',
    message: 'pods is forbidden',
  }));
  expect(told).toEqual(['Warning WriteRefused FindUsers']);
  expect(events[0]?.message).toMatch(
    /^Client c0 is kept, since the Pods that use Secret storefront-oauth are not known: pods is forbidden\. /,
  );
  expect(next()).toMatchObject({ type: 'Idle', state: 'Ready' });
});
