import type { Resource } from '../../api/kubernetes.ts';
import type { Clock } from '../../controller/ports.ts';
import { describeAnswer } from './answer.ts';
import type { Connection } from './connection.ts';
import { failureOf, withQuery } from './exchange.ts';
import type { Selection } from './paths.ts';
import { acceptOf, collectionPath, selected } from './paths.ts';
import {
  createLineSplitter,
  decodeCutEvent,
  decodeEvent,
  MalformedStreamError,
  type WatchEvent,
  type WatchLine,
} from './watch-stream.ts';

interface WatchRequest {
  readonly connection: Connection;
  readonly resource: Resource;
  readonly selection: Selection;
  /** Events after this version are wanted. */
  readonly resourceVersion: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly signal: AbortSignal;
}

/** How a watch ended; see `WatchInput`. */
export type WatchEnd =
  | { readonly kind: 'ended' }
  | { readonly kind: 'failed'; readonly status: number; readonly message: string }
  | { readonly kind: 'unusable'; readonly message: string };

/**
 * Handles an event; returns false to end the watch as unusable. Must not throw. `isCut`: the line exceeds the limit,
 * so the object has only its name, namespace, uid and version.
 */
type WatchSink = (event: Exclude<WatchEvent, { readonly type: 'ERROR' }>, isCut: boolean) => boolean;

/** The API server sends a bookmark about every minute. */
const MAX_SILENCE_MS = 90_000;
const MIN_DURATION_S = 240;

/**
 * One watch, from its start to its end; never rejects. The server is asked to end it after 4 to 8 minutes, so that
 * watches spread over the API servers again. A watch that is silent for 90 s is ended. Its connection is closed with
 * it.
 */
export async function openWatch(request: WatchRequest, sink: WatchSink): Promise<WatchEnd> {
  const ending = new AbortController();
  const signal = AbortSignal.any([ending.signal, request.signal]);
  const silence = createSilenceTimer(request.clock, signal, () => ending.abort());
  try {
    return await followWatch(request, { signal, heard: silence.heard, sink });
  } catch (error) {
    if (error instanceof MalformedStreamError) {
      return { kind: 'unusable', message: error.message };
    }
    const message = silence.expired() ? `silent for ${MAX_SILENCE_MS} ms` : describeAnswer(error);
    return { kind: 'failed', status: 0, message };
  } finally {
    ending.abort();
  }
}

interface Following {
  readonly signal: AbortSignal;
  readonly heard: () => void;
  readonly sink: WatchSink;
}

async function followWatch(request: WatchRequest, following: Following): Promise<WatchEnd> {
  const { connection, resource, selection } = request;
  const { signal, heard } = following;
  const headers = await connection.headers();
  const { statusCode, body } = await connection.watches().request({
    origin: connection.origin,
    path: connection.pathPrefix + withQuery(collectionPath(resource, selection.namespace), queryOf(request)),
    method: 'GET',
    headers: { ...headers, accept: acceptOf(selection, 'watch') },
    signal,
  });
  if (statusCode !== 200) {
    const { status, message } = failureOf(statusCode, await body.text());
    return { kind: 'failed', status, message };
  }
  const splitter = createLineSplitter();
  for await (const chunk of body) {
    for (const line of splitter.push(chunk)) {
      heard();
      const end = followLine(line, selection, following);
      if (end !== undefined) {
        return end;
      }
    }
  }
  return { kind: 'ended' };
}

/** @returns `undefined`: the watch continues */
function followLine(
  line: WatchLine,
  selection: Selection,
  { signal, sink }: Following,
): WatchEnd | undefined {
  const isCut = typeof line !== 'string';
  const event = isCut ? decodeCutEvent(line) : decodeEvent(line);
  if (event.type === 'ERROR') {
    return { kind: 'failed', status: event.code, message: event.message };
  }
  const followed = sink({ type: event.type, object: selected(event.object, selection) }, isCut);
  if (!followed) {
    return { kind: 'unusable', message: 'the handlers did not accept a deletion' };
  }
  return signal.aborted ? { kind: 'ended' } : undefined;
}

function queryOf({ resourceVersion, selection, random }: WatchRequest): Record<string, string> {
  return {
    watch: '1',
    allowWatchBookmarks: 'true',
    resourceVersion,
    timeoutSeconds: String(Math.floor(MIN_DURATION_S * (1 + random()))),
    ...(selection.labelSelector && { labelSelector: selection.labelSelector }),
    ...(selection.fieldSelector && { fieldSelector: selection.fieldSelector }),
  };
}

function createSilenceTimer(clock: Clock, signal: AbortSignal, expire: () => void) {
  let heardAt = clock.monotonic();
  let expired = false;
  const wait = async () => {
    while (!signal.aborted) {
      const leftMs = heardAt + MAX_SILENCE_MS - clock.monotonic();
      if (leftMs <= 0) {
        expired = true;
        return expire();
      }
      await clock.sleep(leftMs, signal);
    }
  };
  void wait();
  return {
    heard: () => {
      heardAt = clock.monotonic();
    },
    expired: () => expired,
  };
}
