import { type KubernetesObject, RESOURCES, type Resource } from '../../../api/kubernetes.ts';
import type { RestartStep } from '../../../core/action.ts';
import { presentable } from '../../../oauth/error-response.ts';
import { defined } from '../../../oauth/objects.ts';
import { isRefusal } from '../../state/refused-writes.ts';
import { DONE, notDone, type StepInput, type StepResult } from '../round.ts';
import { setBack } from '../setbacks.ts';
import { warn } from './report.ts';

/** What `kubectl rollout restart` writes. */
const RESTARTED_AT = 'kubectl.kubernetes.io/restartedAt';

type Target = RestartStep['targets'][number];

const RESOURCE_OF: Readonly<Record<Target['kind'], Resource>> = {
  Deployment: RESOURCES.deployment,
  StatefulSet: RESOURCES.statefulSet,
  DaemonSet: RESOURCES.daemonSet,
};

interface Workload extends KubernetesObject {
  readonly spec?: {
    readonly template?: {
      readonly metadata?: { readonly annotations?: Readonly<Record<string, string>> };
    };
  };
}

const restartedAt = ({ spec }: Workload): string | undefined =>
  spec?.template?.metadata?.annotations?.[RESTARTED_AT];

/**
 * Restarts each workload as `kubectl rollout restart` does. The time that is written is that of the credential, so a second
 * try after a crash changes nothing where the first one had its effect. One that fails hinders no other.
 */
export async function restart(step: RestartStep, input: StepInput): Promise<StepResult> {
  const { round, context } = input;
  const { targets, credential, at, basis } = step;
  const problems: Hindrance[] = [];
  for (const target of targets) {
    const problem = await restartOne(target, at, input);
    if (problem !== undefined && 'unfinished' in problem) {
      return problem.unfinished;
    }
    if (problem !== undefined) {
      problems.push(problem);
    }
  }
  const [first] = problems;
  if (first === undefined) {
    context.memory.restarted(round.key, { credential, at });
    return DONE;
  }
  const before = input.o.setbacks.some((one) => one.action === 'Restart' && one.basis === basis);
  const message = problems.map(({ message }) => message).join('. ');
  setBack(
    round.key,
    { action: 'Restart', basis },
    { kind: 'Transient', reason: first.reason, message },
    context,
  );
  if (!before) {
    warn(first.reason, 'Restart', message, input);
  }
  return DONE;
}

interface Hindrance {
  readonly reason: 'RestartTargetNotFound' | 'WriteRefused';
  readonly message: string;
}

async function restartOne(
  { kind, name }: Target,
  at: string,
  { o: { namespace }, context: { api } }: StepInput,
): Promise<Hindrance | { readonly unfinished: StepResult } | undefined> {
  const resource = RESOURCE_OF[kind];
  const found = await api.get<Workload>(resource, { namespace, name });
  if (found.ok && restartedAt(found.object) === at) {
    return undefined;
  }
  const { uid, resourceVersion } = found.ok ? found.object.metadata : {};
  const patched = found.ok
    ? await api.patch<Workload>(
        resource,
        { namespace, name },
        {
          // A process that was frozen since it read the workload undoes no restart of its successor.
          metadata: defined({ uid, resourceVersion }),
          spec: { template: { metadata: { annotations: { [RESTARTED_AT]: at } } } },
        },
      )
    : found;
  if (patched.ok) {
    return restartedAt(patched.object) === at
      ? undefined
      : {
          reason: 'WriteRefused',
          message: `${kind} ${name} is not restarted: something at admission takes off the annotation ${RESTARTED_AT}`,
        };
  }
  if (patched.status === 404) {
    return {
      reason: 'RestartTargetNotFound',
      message: `${kind} ${name} of spec.rolloutRestartTargets doesn't exist in namespace ${namespace}`,
    };
  }
  return isRefusal(patched)
    ? {
        reason: 'WriteRefused',
        message: `${kind} ${name} is not restarted: ${presentable(patched.message, [])}`,
      }
    : { unfinished: notDone(`${kind} ${name} is not restarted`, patched) };
}
