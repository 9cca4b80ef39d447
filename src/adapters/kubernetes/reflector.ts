import { type KubernetesObject, keyOf, type ObjectMeta, type Resource } from '../../api/kubernetes.ts';
import type { Clock, Log } from '../../controller/ports.ts';
import { describeAnswer } from './answer.ts';
import type { PagedApi } from './api.ts';
import type { Connection } from './connection.ts';
import { cureOf } from './cure.ts';
import type { RawObject, Selection } from './paths.ts';
import { openWatch, type WatchEnd } from './watch.ts';
import { backoffMs, INITIAL_STATE, step, type WatchInput, type WatchState } from './watch-state.ts';
import type { WatchEvent } from './watch-stream.ts';

export interface ReflectorHandlers<T> {
  /** Whether an own write brought this version already: then its event is ignored. */
  readonly knows: (metadata: ObjectMeta) => boolean;
  /** One object of a list, called while its page is read: memory never holds the whole list. */
  readonly listed: (object: T) => void;
  /**
   * The end of a complete, consistent list, with the names, uids and versions of its objects. Every object that is
   * not in it is gone. If an object has another uid than the one known under its key, the known one was deleted and
   * this is a new one. If the handler throws, the list is read again.
   */
  readonly replaced: (objects: readonly KubernetesObject[], resourceVersion: string) => void;
  /** Added or modified. */
  readonly applied: (object: T) => void;
  /** The last state of a deleted object. */
  readonly deleted: (object: T) => void;
}

interface ReflectorOptions<T extends KubernetesObject> {
  readonly connection: Connection;
  readonly api: PagedApi;
  readonly resource: Resource;
  readonly selection?: Selection;
  /**
   * Converts an object to the form that is kept; it still has `managedFields`. If this throws or returns undefined,
   * the version is logged and skipped, and an earlier version stays. It is not a filter.
   */
  readonly transform: (raw: RawObject) => T | undefined;
  readonly handlers: ReflectorHandlers<T>;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
}

export interface Reflector {
  start(): void;
  /** Resolves when the handlers have the first list; never if stopped before. */
  readonly synced: Promise<void>;
  /**
   * Stops. Resolves when nothing runs any more and every connection of a watch is closed. No handler is called
   * afterwards.
   */
  stop(): Promise<void>;
  /** Time of the last event, bookmark or list, in milliseconds of the monotonic clock. At first: of the start. */
  lastActivity(): number;
  /** What the API server last refused, if nothing came since. */
  lastRefusal?(): Refused | undefined;
}

interface Refused {
  /** Milliseconds of the monotonic clock. */
  readonly at: number;
  /** The API server's words. */
  readonly message: string;
  /** What a person does about it, as a sentence. */
  readonly cure: string | undefined;
}

/**
 * Follows the objects of one kind: a consistent list, then a watch from its version on.
 *
 * Guarantees: handlers see every object that stays, and its last state, in the order of the API server. Two handlers
 * never run at the same time. Only {@link Reflector.stop} ends it. After any failure (list, watch, a line, silence of
 * 90 s), which is logged, it tries again within 0.2 s to 30 s; after a 410 with a new list. A handler that throws is
 * logged.
 *
 * Caveat: states that an object had only between two reads are not seen.
 */
export function createReflector<T extends KubernetesObject>(options: ReflectorOptions<T>): Reflector {
  const stopping = new AbortController();
  const synced = Promise.withResolvers<void>();
  let lastActivity = options.clock.monotonic();
  let lastRefusal: Refused | undefined;
  let running: Promise<void> | undefined;
  const hooks: Hooks = {
    signal: stopping.signal,
    synced: synced.resolve,
    active: () => {
      lastActivity = options.clock.monotonic();
      lastRefusal = undefined;
    },
    refused: (message, cure) => {
      lastRefusal = { at: options.clock.monotonic(), message, cure };
    },
  };
  return {
    synced: synced.promise,
    lastActivity: () => lastActivity,
    lastRefusal: () => lastRefusal,
    start() {
      hooks.active();
      running ??= run(options, hooks);
    },
    async stop() {
      stopping.abort();
      await running;
    },
  };
}

interface Hooks {
  readonly signal: AbortSignal;
  readonly synced: () => void;
  readonly active: () => void;
  /** The API server answered, and did not do it. */
  readonly refused: (message: string, cure: string | undefined) => void;
}

async function run<T extends KubernetesObject>(options: ReflectorOptions<T>, hooks: Hooks): Promise<void> {
  const { clock, random } = options;
  let state: WatchState = INITIAL_STATE;
  while (!hooks.signal.aborted) {
    await clock.sleep(backoffMs(state.failures, random), hooks.signal);
    if (hooks.signal.aborted) {
      return;
    }
    try {
      state =
        state.phase === 'list'
          ? step(state, await listOnce(options, hooks))
          : await watch(options, hooks, state.resourceVersion, state);
    } catch (error) {
      options.log.error('a reflector failed unexpectedly', {
        ...about(options),
        error: stackOf(error),
      });
      state = step(state, { kind: 'unusable' });
    }
  }
}

async function listOnce<T extends KubernetesObject>(
  options: ReflectorOptions<T>,
  { signal, synced, active, refused }: Hooks,
): Promise<WatchInput> {
  const { api, resource, selection = {}, handlers, log } = options;
  let areHandedOver = true;
  const handOver = (raw: RawObject): KubernetesObject | undefined => {
    const { name, namespace, uid, resourceVersion } = raw.metadata;
    const object = handlers.knows(raw.metadata) ? undefined : transformed(options, raw);
    if (object !== undefined && !callHandler(options, 'listed', () => handlers.listed(object))) {
      areHandedOver = false;
    }
    const isThere = object !== undefined || handlers.knows(raw.metadata);
    return isThere ? { metadata: { name, namespace, uid, resourceVersion } as ObjectMeta } : undefined;
  };
  const answer = await api.collect(resource, selection, handOver, signal);
  if (signal.aborted) {
    return { kind: 'unusable' };
  }
  if (!answer.ok) {
    const { status, reason, message } = answer;
    const cure = cureOf(status);
    log.warn('a list failed and will be retried', { ...about(options), status, reason, message, cure });
    if (status > 0) {
      refused(message, cure);
    }
    return { kind: 'failed', status };
  }
  active();
  const { items, resourceVersion } = answer.object;
  if (!areHandedOver || !callHandler(options, 'replaced', () => handlers.replaced(items, resourceVersion))) {
    return { kind: 'unusable' };
  }
  synced();
  return { kind: 'listed', resourceVersion };
}

async function watch<T extends KubernetesObject>(
  options: ReflectorOptions<T>,
  hooks: Hooks,
  resourceVersion: string,
  before: WatchState,
): Promise<WatchState> {
  let state = before;
  const end = await openWatch(
    { ...options, selection: options.selection ?? {}, resourceVersion, signal: hooks.signal },
    (event, isCut) => {
      hooks.active();
      state = step(state, { kind: 'event', event });
      if (isCut && event.type !== 'DELETED') {
        return passOver(options, event.object);
      }
      return deliver(options, event);
    },
  );
  if (!hooks.signal.aborted) {
    report(options, end);
    if (end.kind === 'failed' && end.status > 0) {
      hooks.refused(end.message, cureOf(end.status));
    }
  }
  return step(state, end);
}

/**
 * An object that is too large is ignored: its earlier version stays until it is small again. Its deletion is
 * followed, and it does not delay the events of other objects.
 */
function passOver<T extends KubernetesObject>(options: ReflectorOptions<T>, { metadata }: RawObject): true {
  options.log.warn('an object that is too large is ignored', {
    ...about(options),
    key: keyOf(metadata),
  });
  return true;
}

/** Returns false if the event can't be followed: the deletion of an object that can't be converted. */
function deliver<T extends KubernetesObject>(
  options: ReflectorOptions<T>,
  { type, object: raw }: Exclude<WatchEvent, { readonly type: 'ERROR' }>,
): boolean {
  if (type === 'BOOKMARK' || (type !== 'DELETED' && options.handlers.knows(raw.metadata))) {
    return true;
  }
  const object = transformed(options, raw);
  if (object === undefined) {
    return type !== 'DELETED';
  }
  const handler = type === 'DELETED' ? 'deleted' : 'applied';
  callHandler(options, handler, () => options.handlers[handler](object));
  return true;
}

function transformed<T extends KubernetesObject>(
  options: ReflectorOptions<T>,
  raw: RawObject,
): T | undefined {
  try {
    const object = options.transform(raw);
    if (object !== undefined) {
      return object;
    }
    options.log.warn('an object is skipped', { ...about(options), key: keyOf(raw.metadata) });
  } catch (error) {
    options.log.warn('an object is skipped', {
      ...about(options),
      key: keyOf(raw.metadata),
      error: describeAnswer(error),
    });
  }
  return undefined;
}

function callHandler<T extends KubernetesObject>(
  options: ReflectorOptions<T>,
  handler: keyof ReflectorHandlers<T>,
  call: () => void,
): boolean {
  try {
    call();
    return true;
  } catch (error) {
    options.log.error('a handler of a reflector failed', {
      ...about(options),
      handler,
      error: stackOf(error),
    });
    return false;
  }
}

function report<T extends KubernetesObject>(options: ReflectorOptions<T>, end: WatchEnd): void {
  const { log } = options;
  const fields = { ...about(options), ...end };
  if (end.kind === 'ended') {
    log.debug('a watch ended and will be resumed', fields);
  }
  if (end.kind === 'failed') {
    log.warn('a watch failed and will be resumed', fields);
  }
  if (end.kind === 'unusable') {
    log.warn('a watch is followed by a new list', fields);
  }
}

function about<T extends KubernetesObject>({ resource, selection }: ReflectorOptions<T>): object {
  const { namespace } = selection ?? {};
  return { resource: resource.plural, ...(namespace !== undefined && { namespace }) };
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
