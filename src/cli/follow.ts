import type { KubernetesObject } from '../api/kubernetes.ts';
import type { ClusterAccess } from './cluster.ts';
import type { RefusedCall } from './failure.ts';
import type { SteerTarget } from './target.ts';

/** How following an object ended. `Over`: its time is over. */
type Followed = 'Done' | 'Over' | 'Interrupted' | RefusedCall;

interface Following<T> {
  readonly target: SteerTarget;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** Gets each version of the object; `undefined`: there is none. Returns true when it is done. */
  readonly look: (object: T | undefined) => boolean;
}

/** Between two looks, where a watch is not permitted or does not stand. */
const AGAIN_MS = 1_000;

/** Follows one object by a watch, until `look` is satisfied. An object that is deleted is followed, too. */
export async function followObject<T extends KubernetesObject>(
  { target: { resource, key }, timeoutMs, signal, look }: Following<T>,
  { api, clock, watch }: Pick<ClusterAccess, 'api' | 'clock' | 'watch'>,
): Promise<Followed> {
  const over = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
  while (!over.aborted) {
    const found = await api.get<T>(resource, key);
    if (!found.ok && found.status !== 404) {
      return found;
    }
    if (look(found.ok ? found.object : undefined)) {
      return 'Done';
    }
    const isDone = found.ok && (await watch({ resource, key, after: found.object, signal: over }, look));
    if (isDone) {
      return 'Done';
    }
    await clock.sleep(AGAIN_MS, over);
  }
  return signal.aborted ? 'Interrupted' : 'Over';
}
