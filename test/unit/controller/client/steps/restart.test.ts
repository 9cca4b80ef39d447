import { describe, expect, test } from 'vitest';
import type { Stored } from '../../../../kit/fakes/cluster.ts';
import { refusals } from '../../../../kit/fakes/operator-in-memory.ts';
import { DONE, take } from '../../../../kit/fakes/step-runner.ts';
import {
  clientObject,
  recorded,
  registrationSecret,
  surroundings,
  workloadSecret,
} from '../../../../kit/fixtures/objects.ts';

const TARGETS = [
  { kind: 'Deployment', name: 'web' },
  { kind: 'StatefulSet', name: 'db' },
];
/** When the credential was given, and a time after it: now, as the fake clock has it. */
const AT = '2026-05-01T11:30:00Z';
const LATER = '2026-05-01T11:40:00Z';
const NOW_TEXT = '2026-05-01T12:00:00Z';
const RESTARTED_AT = 'kubectl.kubernetes.io/restartedAt';
const renewed = recorded({ secretIssuedAt: AT });
const annotated = (annotations: Readonly<Record<string, string>>) => ({
  spec: { template: { metadata: { annotations } } },
});
const workload = (
  kind: string,
  name: string,
  annotations: Readonly<Record<string, string>> = { team: 'shop' },
): Stored => ({
  kind,
  metadata: { namespace: 'shop', name, uid: `uid-of-${name}`, resourceVersion: '3' },
  ...annotated(annotations),
});
const objects = (...workloads: readonly Stored[]): readonly Stored[] => [
  ...surroundings(),
  clientObject({}, { rolloutRestartTargets: TARGETS } as never),
  registrationSecret(renewed),
  workloadSecret({}, renewed),
  ...workloads,
];

describe('A restart', () => {
  test('writes the time into each workload, as kubectl does, and nothing else', async () => {
    const { result, writes, told, next, cluster } = await take('Restart', {
      objects: objects(workload('Deployment', 'web'), workload('StatefulSet', 'db')),
    });
    expect([result, told]).toEqual([DONE, []]);
    expect(writes).toEqual(
      ['web', 'db'].map((name, at) => ({
        what: `patch ${TARGETS[at]?.kind} shop/${name}`,
        body: {
          metadata: { uid: `uid-of-${name}`, resourceVersion: '3' },
          ...annotated({ [RESTARTED_AT]: NOW_TEXT }),
        },
      })),
    );
    expect(cluster.find('Deployment', 'shop/web')).toMatchObject(
      annotated({ team: 'shop', [RESTARTED_AT]: NOW_TEXT }),
    );
    expect(next()).toMatchObject({ type: 'Idle', state: 'Ready' });
  });

  test('after a crash changes nothing where the first one had its effect', async () => {
    const { wrote, next } = await take('Restart', {
      objects: objects(
        workload('Deployment', 'web', { [RESTARTED_AT]: LATER }),
        workload('StatefulSet', 'db'),
      ),
    });
    expect(wrote).toEqual(['patch StatefulSet shop/db']);
    expect(next()).toMatchObject({ type: 'Idle', state: 'Ready' });
  });

  test('is not needed where a person restarted all since; status has the time of that', async () => {
    const { wrote, memory, round } = await take('Restart', {
      objects: objects(
        workload('Deployment', 'web', { [RESTARTED_AT]: LATER }),
        workload('StatefulSet', 'db', { [RESTARTED_AT]: '2026-05-01T13:35:00+02:00' }),
      ),
    });
    expect(wrote).toEqual([]);
    expect(memory.restartsDone(round.key)?.at).toBe(LATER);
  });

  test.each([
    ['before the credential', '2026-05-01T11:29:59Z'],
    ['in the second in which it was given', AT],
    ['in the future, by a wrong clock', '2027-05-01T11:29:59Z'],
    ['at no time', 'yes'],
  ])('that was made %s is not one for it', async (_, at) => {
    const { wrote, memory, round } = await take('Restart', {
      objects: objects(
        workload('Deployment', 'web', { [RESTARTED_AT]: at }),
        workload('StatefulSet', 'db', { [RESTARTED_AT]: LATER }),
      ),
    });
    expect(wrote).toEqual(['patch Deployment shop/web']);
    expect(memory.restartsDone(round.key)?.at).toBe(NOW_TEXT);
  });

  test('goes on with the others where one is gone; an Event says so once', async () => {
    const { wrote, told, events, memory, round, next } = await take('Restart', {
      objects: objects(workload('StatefulSet', 'db')),
    });
    expect(wrote).toEqual(['patch StatefulSet shop/db']);
    expect(told).toEqual(['Warning RestartTargetNotFound Restart']);
    expect(events[0]?.message).toBe(
      "Deployment web of spec.rolloutRestartTargets doesn't exist in namespace shop. Create the workload, or correct spec.rolloutRestartTargets; the operator looks again.",
    );
    expect(memory.restartsDone(round.key)).toBeUndefined();
    expect(memory.setbacks(round.key)).toMatchObject([{ action: 'Restart', kind: 'Transient' }]);
    expect(next()).toMatchObject({ type: 'Idle', state: 'Waiting', reason: 'RestartTargetNotFound' });
  });

  test('that the API server refuses is told with its words, and tried again', async () => {
    const { told, events, next } = await take('Restart', {
      objects: objects(workload('Deployment', 'web'), workload('StatefulSet', 'db')),
      refuses: { 'patch Deployment': refusals.forbidden },
    });
    expect(told).toEqual(['Warning WriteRefused Restart']);
    expect(events[0]?.message).toMatch(/^Deployment web is not restarted: exceeded quota\. /);
    expect(next()).toMatchObject({ type: 'Idle', state: 'Waiting', reason: 'WriteRefused' });
  });

  test('is tried in a later round where the API server fails', async () => {
    const { result } = await take('Restart', {
      objects: objects(workload('Deployment', 'web'), workload('StatefulSet', 'db')),
      refuses: { 'patch Deployment': refusals.broken },
    });
    expect(result).toMatchObject({ kind: 'later', why: 'Deployment web is not restarted: etcd is down' });
  });
});
