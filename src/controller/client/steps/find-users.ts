import type { KubernetesObject } from '../../../api/kubernetes.ts';
import type { FindUsersStep } from '../../../core/action.ts';
import { type PodSpecOfUser, usesOfSecret } from '../../../core/secret-uses.ts';
import { presentable } from '../../../oauth/error-response.ts';
import { DONE, later, type StepInput, type StepResult } from '../round.ts';
import { setBack } from '../setbacks.ts';
import { warn } from './report.ts';

interface Pod extends KubernetesObject {
  readonly spec?: PodSpecOfUser;
  readonly status?: {
    readonly phase?: string;
    readonly startTime?: string;
    readonly containerStatuses?: readonly ContainerStatus[];
    /** A sidecar is an init container that goes on running. */
    readonly initContainerStatuses?: readonly ContainerStatus[];
  };
}

interface ContainerStatus {
  readonly state?: { readonly running?: { readonly startedAt?: string } };
}

/** Lists the Pods of the namespace once, and keeps the names of those that have used the Secret since before the time. */
export async function findUsers(
  { retirement, secret, basis }: FindUsersStep,
  input: StepInput,
): Promise<StepResult> {
  const { o, round, context } = input;
  const { since, id, what } = retirement;
  if (context.listPods === undefined) {
    return later('This installation lists no Pods');
  }
  const found = await context.listPods(o.namespace, (raw) => {
    const { metadata, spec = {}, status } = raw as Pod;
    const isUser = isRunningSince(status, since) && usesOfSecret(spec, secret).length > 0;
    return isUser ? metadata.name : undefined;
  });
  if (found.ok) {
    const pods = found.object.toSorted();
    const request = o.object?.reconcileRequestedAt;
    context.memory.usersFound(round.key, { of: id, pods, at: context.clock.now(), request });
    return DONE;
  }
  const message = `${what} is kept, since the Pods that use Secret ${secret} are not known: ${presentable(found.message, [])}`;
  const isTold = o.setbacks.some((one) => one.action === 'FindUsers' && one.basis === basis);
  setBack(
    round.key,
    { action: 'FindUsers', basis },
    { kind: 'Transient', reason: 'WriteRefused', message },
    context,
  );
  if (!isTold) {
    warn('WriteRefused', 'FindUsers', message, input);
  }
  return DONE;
}

/** A container that started again has read the Secret again. */
function isRunningSince(status: Pod['status'] = {}, since: number): boolean {
  const { phase, startTime, containerStatuses = [], initContainerStatuses = [] } = status;
  if (phase === 'Succeeded' || phase === 'Failed') {
    return false;
  }
  const running = [...initContainerStatuses, ...containerStatuses].flatMap(
    ({ state }) => state?.running?.startedAt ?? [],
  );
  const times = running.length > 0 ? running : [startTime ?? ''];
  return times.some((time) => Date.parse(time) < since);
}
