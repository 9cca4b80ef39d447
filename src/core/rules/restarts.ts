import { rfc3339 } from '../../api/time.ts';
import type { Registered, Usable } from '../narrowed.ts';
import { restartBasis, restartDue } from '../restarts.ts';
import { retirementToCheck } from '../retirement.ts';
import { wantedOf } from '../workload.ts';
import { blocked, stall } from './idle.ts';
import type { Rule } from './rule.ts';

/** Rules about `spec.rolloutRestartTargets`. */

export const restartsNotOffered: Rule<Usable> = {
  finding: 'RestartsNotOffered',
  found:
    'spec asks for restarts, or for the Pods that use its Secret, and this installation restarts no workloads and lists no Pods.',
  follows: 'Nothing is sent, and a person has to act.',
  decide: ({ spec, mayRestart }) => {
    if (mayRestart !== false) {
      return undefined;
    }
    if ((spec.rolloutRestartTargets ?? []).length > 0) {
      return stall(
        'InvalidSpec',
        'spec.rolloutRestartTargets asks for restarts, and this installation restarts no workloads. Remove it, or ask the platform team to permit restarts by --rollout-restarts.',
      );
    }
    return spec.replacement.retire === 'WhenUnused'
      ? stall(
          'InvalidSpec',
          'spec.replacement.retire WhenUnused needs the Pods that use the Secret, and this installation lists none. Set AfterOverlap, or ask the platform team to permit it by --rollout-restarts.',
        )
      : undefined;
  },
};

export const usersUnknown: Rule<Usable> = {
  finding: 'UsersUnknown',
  found:
    'replacement.retire is WhenUnused, the overlap of a former client or key is over, and it is not known which Pods have used the Secret since before the new one.',
  follows: 'The Pods of the namespace are listed. Until then the former client or key stays.',
  decide: (o) => {
    const retirement = retirementToCheck(o);
    if (retirement === undefined) {
      return undefined;
    }
    const basis = retirement.id;
    return blocked(o, 'FindUsers', basis) === undefined
      ? {
          type: 'FindUsers',
          message: `${retirement.what} is over its overlap: Pods that still use it are looked for.`,
          retirement,
          secret: wantedOf(o).name,
          basis,
        }
      : undefined;
  },
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
          message: `The Secret shows a new credential since ${rfc3339(credential.since)}: ${targets.map(({ kind, name }) => `${kind} ${name}`).join(', ')} to be restarted for it.`,
          targets,
          credential: credential.id,
          since: credential.since,
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
