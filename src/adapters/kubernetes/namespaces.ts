import { type KubernetesObject, RESOURCES } from '../../api/kubernetes.ts';
import type { Clock, KubernetesApi, Log } from '../../controller/ports.ts';
import type { RawObject } from './paths.ts';
import type { Reflector, ReflectorHandlers } from './reflector.ts';

const ASK_AGAIN_MS = 60_000;
const RETRY_MS = 2_000;

interface Options {
  readonly api: Pick<KubernetesApi, 'get'>;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Follows namespaces by name, with only the right to get each of them; a watch would need a right to all. Each is
 * read once a minute, so a change is known up to a minute later. If one can't be read, its last known state stays.
 */
export function followNamespaces<T extends KubernetesObject>(
  names: readonly string[],
  { applied, deleted }: Pick<ReflectorHandlers<T>, 'applied' | 'deleted'>,
  transform: (raw: RawObject) => T,
  { api, clock, log }: Options,
): Reflector {
  const stopping = new AbortController();
  const synced = Promise.withResolvers<void>();
  const known = new Map<string, T>();
  let lastActivity = clock.monotonic();
  let running: Promise<void> | undefined;

  async function ask(name: string): Promise<boolean> {
    const found = await api.get<RawObject>(RESOURCES.namespace, { name });
    const before = known.get(name);
    if (found.ok) {
      const object = transform(found.object);
      known.set(name, object);
      applied(object);
    } else if (found.reason === 'NotFound' && before !== undefined) {
      known.delete(name);
      deleted(before);
    }
    const isAnswered = found.ok || found.reason === 'NotFound';
    if (!isAnswered) {
      const { status, reason, message } = found;
      log.warn("a namespace can't be read; the read is retried", { name, status, reason, message });
    }
    return isAnswered;
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      const answered = await Promise.all(names.map(ask));
      lastActivity = clock.monotonic();
      const isComplete = answered.every(Boolean);
      if (isComplete) {
        synced.resolve();
      }
      await clock.sleep(isComplete ? ASK_AGAIN_MS : RETRY_MS, stopping.signal);
    }
  }

  return {
    synced: synced.promise,
    lastActivity: () => lastActivity,
    start() {
      running ??= run();
    },
    async stop() {
      stopping.abort();
      await running;
    },
  };
}
