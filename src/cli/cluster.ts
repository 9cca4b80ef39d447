import { createKubernetesApi, type PluginApi } from '../adapters/kubernetes/api.ts';
import { type Connection, connect } from '../adapters/kubernetes/connection.ts';
import { failureOf } from '../adapters/kubernetes/exchange.ts';
import type { Selection } from '../adapters/kubernetes/paths.ts';
import { openWatch } from '../adapters/kubernetes/watch.ts';
import { systemClock } from '../adapters/process/clock.ts';
import type { KubernetesObject, Resource } from '../api/kubernetes.ts';
import { VERSION } from '../api/version.ts';
import type { ApiResult, Clock, ObjectKey } from '../controller/ports.ts';
import { asSentence, visible } from '../oauth/text.ts';
import type { CommandFailure } from './failure.ts';
import { SILENT_LOG } from './silent-log.ts';

/** The flags that say which cluster, and which of its objects. */
export interface ClusterFlags {
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly namespace?: string;
  readonly allNamespaces?: boolean;
  readonly selector?: string;
  readonly operatorNamespace?: string;
}

/** The cluster of the caller's kubeconfig, with the caller's own rights. */
export interface ClusterAccess {
  readonly api: PluginApi;
  readonly clock: Clock;
  /** By `-n`, else that of the context, else `default`. */
  readonly namespace: string;
  /** What a list has to cover: one namespace or, with `-A`, all; the labels by `-l`. */
  readonly selection: Selection;
  /** By `--operator-namespace`; `undefined`: it has to be found out. */
  readonly operatorNamespace: string | undefined;
  /**
   * Shows each later version of one object to `look`; `undefined`: it was deleted. Ends when `look` returns true, at the
   * signal, and when the API server ends or refuses the watch.
   *
   * @returns whether `look` returned true
   */
  readonly watch: <T extends KubernetesObject>(
    watched: WatchedObject,
    look: (object: T | undefined) => boolean,
  ) => Promise<boolean>;
  /** A text that the API server or a Pod behind it has at this path, such as its metrics. Of at most 16 MiB. */
  readonly text: (path: string) => Promise<ApiResult<string>>;
  readonly close: () => Promise<void>;
}

interface WatchedObject {
  readonly resource: Resource;
  readonly key: ObjectKey;
  /** The version that is known. */
  readonly after: KubernetesObject;
  readonly signal: AbortSignal;
}

/** The own name of the plugin in `managedFields` and in the log of the API server. */
const PLUGIN = 'kubectl-oauthclient';

/** Reads the kubeconfig and runs its credential plugin, if it names one. Nothing is asked of the cluster. */
export async function openCluster(flags: ClusterFlags): Promise<ClusterAccess | CommandFailure> {
  const clock: Clock = { ...systemClock, earliest: systemClock.now };
  const { kubeconfig, context } = flags;
  const userAgent = `${PLUGIN}/${VERSION}`;
  try {
    const connection = await connect({
      clock,
      log: SILENT_LOG,
      kubeconfig,
      context,
      userAgent,
      connections: 8,
    });
    const namespace = flags.namespace ?? connection.namespace ?? 'default';
    return {
      api: createKubernetesApi(connection, { clock, fieldManager: PLUGIN, refusesUnknownFields: true }),
      clock,
      namespace,
      operatorNamespace: flags.operatorNamespace,
      selection: {
        ...(flags.allNamespaces === true ? {} : { namespace }),
        ...(flags.selector === undefined ? {} : { labelSelector: flags.selector }),
      },
      watch: (watched, look) => watchOne(connection, clock, watched, look),
      text: (path) => textAt(connection, path),
      close: connection.close,
    };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { exit: 'unreachable', sentence: `There is no cluster to ask: ${asSentence(visible(why))}` };
  }
}

async function watchOne<T extends KubernetesObject>(
  connection: Connection,
  clock: Clock,
  { resource, key, after, signal }: WatchedObject,
  look: (object: T | undefined) => boolean,
): Promise<boolean> {
  const done = new AbortController();
  await openWatch(
    {
      ...{ connection, resource, clock, random: Math.random },
      selection: {
        ...(key.namespace === undefined ? {} : { namespace: key.namespace }),
        fieldSelector: `metadata.name=${key.name}`,
      },
      resourceVersion: after.metadata.resourceVersion ?? '',
      signal: AbortSignal.any([signal, done.signal]),
    },
    ({ type, object }) => {
      if (type !== 'BOOKMARK' && look(type === 'DELETED' ? undefined : (object as unknown as T))) {
        done.abort();
      }
      return true;
    },
  );
  return done.signal.aborted;
}

const TEXT_TIMEOUT_MS = 15_000;
const MAX_TEXT_BYTES = 16 * 1024 * 1024;

async function textAt(connection: Connection, path: string): Promise<ApiResult<string>> {
  try {
    const { statusCode, body } = await connection.calls().request({
      origin: connection.origin,
      path: connection.pathPrefix + path,
      method: 'GET',
      headers: await connection.headers(),
      headersTimeout: TEXT_TIMEOUT_MS,
      bodyTimeout: TEXT_TIMEOUT_MS,
    });
    const chunks: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of body) {
      bytes += (chunk as Buffer).length;
      if (bytes > MAX_TEXT_BYTES) {
        return noText('it is too large');
      }
      chunks.push(chunk as Buffer);
    }
    const text = Buffer.concat(chunks).toString();
    return statusCode === 200 ? { ok: true, object: text } : failureOf(statusCode, text);
  } catch (error) {
    return noText(error instanceof Error ? error.message : String(error));
  }
}

const noText = (message: string): ApiResult<never> => ({ ok: false, status: 0, reason: 'NoAnswer', message });
