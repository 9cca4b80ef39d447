import { type KubernetesObject, RESOURCES, type Resource } from '../../../api/kubernetes.ts';
import { rfc3339 } from '../../../api/time.ts';
import type { RestartStep } from '../../../core/action.ts';
import { CLOCK_MS } from '../../../core/given-credential.ts';
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
 * Restarts each workload as `kubectl rollout restart` does, unless that was done after the Secret had the credential: by a try
 * before a crash, or by a person. One that fails hinders no other.
 */
export async function restart(step: RestartStep, input: StepInput): Promise<StepResult> {
  const { round, context } = input;
  const { targets, credential, since, basis } = step;
  const now = context.clock.now();
  const problems: Hindrance[] = [];
  const times: string[] = [];
  for (const target of targets) {
    const done = await restartOne(target, { since, now }, input);
    if ('unfinished' in done) {
      return done.unfinished;
    }
    if ('at' in done) {
      times.push(done.at);
    } else {
      problems.push(done);
    }
  }
  const [first] = problems;
  if (first === undefined) {
    const at = Math.max(...times.map((time) => Date.parse(time)));
    context.memory.restarted(round.key, { credential, at: rfc3339(at) });
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

interface Times {
  /** When the Secret began to show the credential. */
  readonly since: number;
  readonly now: number;
}

/** The time of a restart that was made for the credential; a time in the future was not written by one. */
function doneAt(workload: Workload, { since, now }: Times): string | undefined {
  const text = restartedAt(workload) ?? '';
  const at = Date.parse(text);
  return at > since && at <= Math.max(now, since) + CLOCK_MS ? text : undefined;
}

async function restartOne(
  { kind, name }: Target,
  times: Times,
  { o: { namespace }, context: { api } }: StepInput,
): Promise<Hindrance | { readonly unfinished: StepResult } | { readonly at: string }> {
  const resource = RESOURCE_OF[kind];
  const found = await api.get<Workload>(resource, { namespace, name });
  const done = found.ok ? doneAt(found.object, times) : undefined;
  if (done !== undefined) {
    return { at: done };
  }
  const at = rfc3339(Math.max(times.now, times.since + 1_000));
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
      ? { at }
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
