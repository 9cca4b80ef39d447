import { describe, expect, test } from 'vitest';
import { registered, usable } from '../../../../src/core/narrowed.ts';
import type { Observation } from '../../../../src/core/observation.ts';
import { plan } from '../../../../src/core/plan.ts';
import { restartBasis, restartDue } from '../../../../src/core/restarts.ts';
import { summarize } from '../../../../src/core/summarize.ts';
import { desired, object, observation, record, secret, setback } from '../../../kit/fixtures/observations.ts';
import { stalls, table } from '../../../kit/fixtures/plans.ts';

const targets = [
  { kind: 'Deployment', name: 'web' },
  { kind: 'DaemonSet', name: 'agent' },
] as const;
const named = desired({ rolloutRestartTargets: [...targets] });
/** The client replaced another one. */
const replaced = record({ replaces: 'oac-uid-1-a0', registeredAt: '2026-05-01T11:30:00Z' });
const given = (more: Partial<Observation> = {}): Observation =>
  observation({ object: object({ desired: named }), records: [replaced], ...more });

function dueIn(o: Observation) {
  if (o.object?.desired.valid !== true || o.records[0] === undefined) {
    throw new Error('a client that is registered');
  }
  const narrowed = registered(usable(o, o.object, o.object.desired), o.records[0]);
  const due = restartDue(narrowed);
  return due && { ...due, basis: restartBasis(narrowed, due) };
}
const due = dueIn(given());
const done = { credential: due?.id ?? '', at: '2026-05-01T11:31:00Z' };
const ready = { type: 'Idle', state: 'Ready' };

describe('The workloads that a spec names', () => {
  test.each<readonly [string, Observation, object]>([
    [
      'are restarted once the Secret shows another client',
      given(),
      { type: 'Restart', targets, since: Date.parse('2026-05-01T11:30:00Z'), credential: due?.id },
    ],
    [
      'are restarted for another secret of the same client',
      given({ records: [record({ secretIssuedAt: '2026-05-01T11:45:00Z' })] }),
      { type: 'Restart', since: Date.parse('2026-05-01T11:45:00Z') },
    ],
    [
      'are restarted for another key',
      given({ records: [record({ keyCreatedAt: '2026-05-01T11:50:00Z' })] }),
      { type: 'Restart', since: Date.parse('2026-05-01T11:50:00Z') },
    ],
    ['are not restarted for the first credential', given({ records: [record()] }), ready],
    [
      'are not restarted for an edit that changes no credential',
      given({ records: [record({ revision: 7 })], secrets: [secret({}, record({ revision: 7 }))] }),
      ready,
    ],
    [
      'are restarted when a client serves again, since its replacement was undone',
      given({
        records: [
          record(),
          record({
            registrationSecret: 'oac-uid-1-a2',
            clientId: 'c2',
            registeredAt: '2026-05-01T11:20:00Z',
            replaces: 'oac-uid-1-a1',
            replacementUndoneAt: '2026-05-01T11:40:00Z',
          }),
        ],
      }),
      { type: 'Restart', since: Date.parse('2026-05-01T11:40:00Z') },
    ],
    [
      'are restarted for the time since which the Secret shows it, where that is known',
      given({ secrets: [secret({ shownSince: `2026-05-01T11:55:00Z ${due?.id}` }, replaced)] }),
      { type: 'Restart', since: Date.parse('2026-05-01T11:55:00Z') },
    ],
    [
      'are restarted for the time of the credential where the Secret names a time to come',
      given({ secrets: [secret({ shownSince: `2026-06-01T11:55:00Z ${due?.id}` }, replaced)] }),
      { type: 'Restart', since: Date.parse('2026-05-01T11:30:00Z') },
    ],
    ['are not restarted twice by one process', given({ restarted: done }), ready],
    [
      'are not restarted by a process after the one that did it',
      given({ object: object({ desired: named, status: { clientId: 'c1', rolloutRestarts: done } }) }),
      ready,
    ],
    ['are not restarted before the Secret shows it', given({ secrets: [] }), { type: 'Publish' }],
    ['are none where the spec names none', given({ object: object({ desired: desired({}) }) }), ready],
  ])('%s', (_, o, action) => {
    expect(plan(o)).toMatchObject(action);
  });
});

const missing = setback({
  action: 'Restart',
  basis: due?.basis ?? '',
  reason: 'RestartTargetNotFound',
  message: "Deployment web doesn't exist.",
});

describe('While a workload is missing', () => {
  test('the object waits, and all else goes on', () => {
    expect(plan(given({ setbacks: [missing] }))).toMatchObject({
      type: 'Idle',
      state: 'Waiting',
      finding: 'RestartAwaited',
      reason: 'RestartTargetNotFound',
    });
    const rotating = object({ desired: named, rotateRequestedAt: '7' });
    const basis = dueIn(given({ object: rotating }))?.basis ?? '';
    expect(plan(given({ object: rotating, setbacks: [{ ...missing, basis }] }))).toMatchObject({
      type: 'Register',
    });
  });

  test('the client stays Ready, and status has no restart', () => {
    const o = given({ setbacks: [missing] });
    const idle = plan(o);
    if (idle.type !== 'Idle' || o.object === undefined) {
      throw new Error('rests');
    }
    const { conditions = [], rolloutRestarts } = summarize(o, o.object, idle, undefined);
    expect(conditions.map(({ type, status, reason }) => `${type} ${status} ${reason}`)).toEqual([
      'Ready True RestartTargetNotFound',
      'Registered True Registered',
      'SecretSynced True SecretSynced',
      'Reconciling True RestartTargetNotFound',
    ]);
    expect(rolloutRestarts).toBeUndefined();
  });
});

test('Status keeps for which credential workloads were restarted, as long as the spec names some', () => {
  const shownOf = (o: Observation) => {
    const idle = plan(o);
    return idle.type === 'Idle' && o.object ? summarize(o, o.object, idle, undefined).rolloutRestarts : idle;
  };
  expect(shownOf(given({ restarted: done }))).toEqual(done);
  const before = { clientId: 'c1', rolloutRestarts: done };
  expect(shownOf(given({ object: object({ desired: desired({}), status: before }) }))).toBeUndefined();
});

table('an installation that restarts no workloads', [
  [
    'sends nothing for a spec that asks for it',
    given({ mayRestart: false }),
    stalls(
      'InvalidSpec',
      'spec.rolloutRestartTargets asks for restarts, and this installation restarts no workloads. Remove it, or ask the platform team to permit restarts by --rollout-restarts.',
    ),
  ],
]);
