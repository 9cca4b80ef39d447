import type { Registered, Usable } from '../narrowed.ts';
import { restartBasis, restartDue } from '../restarts.ts';
import { blocked, stall } from './idle.ts';
import type { Rule } from './rule.ts';

/** Rules about `spec.rolloutRestartTargets`. */

export const restartsNotOffered: Rule<Usable> = {
  finding: 'RestartsNotOffered',
  found: 'spec.rolloutRestartTargets asks for restarts, and this installation restarts no workloads.',
  follows: 'Nothing is sent, and a person has to act.',
  decide: ({ spec, mayRestart }) =>
    mayRestart !== false || (spec.rolloutRestartTargets ?? []).length === 0
      ? undefined
      : stall(
          'InvalidSpec',
          'spec.rolloutRestartTargets asks for restarts, and this installation restarts no workloads. Remove it, or ask the platform team to permit restarts by --rollout-restarts.',
        ),
};

export const restartNeeded: Rule<Registered> = {
  finding: 'RestartNeeded',
  found:
    'The Secret shows a new credential, and a workload that spec.rolloutRestartTargets names was not restarted for it.',
  follows: 'It is restarted, once.',
  decide: (o) => {
    const credential = restartDue(o);
    if (credential === undefined) {
      return undefined;
    }
    const basis = restartBasis(o, credential);
    const targets = o.spec.rolloutRestartTargets ?? [];
    return blocked(o, 'Restart', basis) === undefined
      ? {
          type: 'Restart',
          message: `The Secret shows the credential of ${credential.since}: ${targets.map(({ kind, name }) => `${kind} ${name}`).join(', ')} to be restarted for it.`,
          targets,
          credential: credential.id,
          at: credential.since,
          basis,
        }
      : undefined;
  },
};

export const restartAwaited: Rule<Registered> = {
  finding: 'RestartAwaited',
  found: 'A workload that is to be restarted does not exist, or the API server refuses that it is restarted.',
  follows: 'It is tried again after a pause that grows. All else goes on.',
  decide: (o) => {
    const credential = restartDue(o);
    return credential && blocked(o, 'Restart', restartBasis(o, credential));
  },
};
