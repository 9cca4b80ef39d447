import { RESOURCES } from '../../api/kubernetes.ts';
import type { Clock, KubernetesApi, Log } from '../../controller/ports.ts';
import { cureOf } from './cure.ts';

const RETRY_MS = 2_000;

/**
 * Reads the uid of namespace `kube-system`, which identifies a cluster, because this namespace exists as long as the
 * cluster. One GET by name, retried while the API server gives no answer.
 *
 * @returns `undefined` if `ending` aborts first
 * @throws Error if the account has no right to read it; the message names the flag to set instead
 */
export async function readClusterId(
  api: Pick<KubernetesApi, 'get'>,
  { clock, log, ending }: { readonly clock: Clock; readonly log: Log; readonly ending: AbortSignal },
): Promise<string | undefined> {
  while (!ending.aborted) {
    const found = await api.get(RESOURCES.namespace, { name: 'kube-system' });
    if (found.ok && found.object.metadata.uid) {
      return found.object.metadata.uid;
    }
    const { status, message } = found.ok ? { status: 404, message: 'it has no uid' } : found;
    if (status === 401 || status === 403 || status === 404) {
      throw new Error(
        `Namespace kube-system, whose uid identifies the cluster, can't be read: ${message}. Allow "get" for this namespace, or set --cluster-id.`,
      );
    }
    log.warn('namespace kube-system could not be read; the read is retried', {
      status,
      message,
      cure: cureOf(status),
    });
    await clock.sleep(RETRY_MS, ending);
  }
  return undefined;
}
