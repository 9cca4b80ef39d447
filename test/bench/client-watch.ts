import { text } from 'node:stream/consumers';
import type { Agent } from 'undici';
import { keyOf } from '../../src/api/kubernetes.ts';
import type { OAuthClient } from '../../src/api/oauth-client.ts';
import { clientsPath } from './objects.ts';

/** What is watched: OAuthClients, or what another operator has in their place. */
export interface WatchedKind {
  /** Of all of them, in every namespace. */
  readonly path: string;
  /** Whether it says that it is ready for its present generation. */
  readonly isReady: (object: OAuthClient) => boolean;
}

/** Sees every client by a watch, as a user's `kubectl wait` does. */
export interface ClientWatch {
  /** How many exist. */
  total(): number;
  /** How many are Ready for their present generation. */
  ready(): number;
  /** `performance.now()` of when it was seen Ready for its present generation. By `namespace/name`. */
  readyAt(key: string): number | undefined;
  /** `performance.now()` of when it was first seen Ready, of any generation; also of one that is gone. */
  firstReadyAt(key: string): number | undefined;
  /** `performance.now()` of when it was seen to be gone; `undefined`: it is there, or was never seen. */
  goneAt(key: string): number | undefined;
  /** `performance.now()` of when the last one of those that are Ready was seen so; `undefined`: none is. */
  lastReadyAt(): number | undefined;
  /** Of what was seen last; `undefined` where it doesn't exist. */
  generationOf(key: string): number | undefined;
  /** Resolves as soon as `holds`. Rejects when nothing has happened for two minutes. */
  until(what: string, holds: () => boolean): Promise<void>;
  /** Resolves with true as soon as `holds`, with false when nothing has happened for a minute before. */
  holdsInTheEnd(holds: () => boolean): Promise<boolean>;
  stop(): void;
}

interface Seen {
  readonly generation: number;
  readonly readyAt: number | undefined;
}

interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: OAuthClient;
}

interface Failed {
  readonly type: 'ERROR';
  readonly object: { readonly code: number; readonly message: string };
}

/** What came after the resource version is no longer all known. */
const GONE = 410;

const SILENCE_MS = 120_000;
/** Of a client that is not Ready by then, no more is expected. */
const END_MS = 60_000;

/** Ready by the condition, of the generation that it is for. */
export const OAUTH_CLIENTS: WatchedKind = {
  path: clientsPath(),
  isReady: ({ metadata: { generation }, status }) => {
    const ready = status?.conditions?.find(({ type }) => type === 'Ready');
    return ready?.status === 'True' && ready.observedGeneration === generation;
  },
};

/** Begins with what exists; lists and watches again where the API server ends a watch, as it may when it has much to do. */
export async function watchClients(
  agent: Agent,
  origin: string,
  token: string,
  kind = OAUTH_CLIENTS,
  endMs = END_MS,
): Promise<ClientWatch> {
  const clients = createView(kind.isReady);
  const stopping = new AbortController();
  const changes = createSignal();
  const source = { agent, origin, token, path: kind.path, signal: stopping.signal };
  const first = await list(source, clients);
  void follow(source, first, clients, changes.changed).catch(changes.failed);
  return {
    total: clients.total,
    ready: clients.ready,
    readyAt: clients.readyAt,
    firstReadyAt: clients.firstReadyAt,
    goneAt: clients.goneAt,
    lastReadyAt: clients.lastReadyAt,
    generationOf: clients.generationOf,
    until: async (what, holds) => {
      while (!holds()) {
        if (!(await changes.next(SILENCE_MS))) {
          const state = `${clients.ready()} of ${clients.total()} clients are ready`;
          throw new Error(`nothing happened for ${SILENCE_MS / 1000} s: ${what}; ${state}`);
        }
      }
    },
    holdsInTheEnd: async (holds) => {
      let goesOn = true;
      while (!holds() && goesOn) {
        goesOn = await changes.next(endMs);
      }
      return holds();
    },
    stop: () => stopping.abort(),
  };
}

type View = ReturnType<typeof createView>;

function createView(isReady: WatchedKind['isReady']) {
  const seen = new Map<string, Seen>();
  const [firstReady, gone] = [new Map<string, number>(), new Map<string, number>()];
  let ready = 0;
  const forget = (key: string) => {
    if (seen.get(key)?.readyAt !== undefined) {
      ready -= 1;
    }
    seen.delete(key);
  };
  const note = (object: OAuthClient) => {
    const key = keyOf(object.metadata);
    const next = look(object, isReady(object), seen.get(key));
    forget(key);
    seen.set(key, next);
    if (next.readyAt !== undefined) {
      ready += 1;
      firstReady.set(key, firstReady.get(key) ?? next.readyAt);
    }
  };
  return {
    total: () => seen.size,
    ready: () => ready,
    readyAt: (key: string) => seen.get(key)?.readyAt,
    firstReadyAt: (key: string) => firstReady.get(key),
    goneAt: (key: string) => gone.get(key),
    lastReadyAt: () => {
      const times = [...seen.values()].flatMap(({ readyAt }) => readyAt ?? []);
      return times.length === 0 ? undefined : Math.max(...times);
    },
    generationOf: (key: string) => seen.get(key)?.generation,
    take: ({ type, object }: WatchEvent) => {
      if (type === 'DELETED') {
        forget(keyOf(object.metadata));
        gone.set(keyOf(object.metadata), performance.now());
      } else {
        note(object);
      }
    },
    replace: (objects: readonly OAuthClient[]) => {
      const present = new Set(objects.map(({ metadata }) => keyOf(metadata)));
      for (const key of seen.keys()) {
        if (!present.has(key)) {
          forget(key);
          gone.set(key, performance.now());
        }
      }
      objects.forEach(note);
    },
  };
}

function look({ metadata: { generation = 0 } }: OAuthClient, isReady: boolean, before?: Seen): Seen {
  const since = before?.generation === generation ? before.readyAt : undefined;
  return { generation, readyAt: isReady ? (since ?? performance.now()) : undefined };
}

interface Source {
  readonly agent: Agent;
  readonly origin: string;
  readonly token: string;
  readonly path: string;
  readonly signal: AbortSignal;
}

/** Returns the resource version to watch from. */
async function list(source: Source, clients: View): Promise<string> {
  const body = await open(source, source.path);
  const { metadata, items } = JSON.parse(await text(body)) as {
    readonly metadata: { readonly resourceVersion: string };
    readonly items: readonly OAuthClient[];
  };
  clients.replace(items);
  return metadata.resourceVersion;
}

async function follow(source: Source, first: string, clients: View, changed: () => void): Promise<void> {
  let from = first;
  while (!source.signal.aborted) {
    const body = await open(source, `${source.path}?watch=1&resourceVersion=${from}`);
    await readEvents(body, clients, changed);
    from = await list(source, clients);
    changed();
  }
}

/** Returns when the watch ends or can't tell all. */
async function readEvents(body: AsyncIterable<Buffer>, clients: View, changed: () => void): Promise<void> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of body) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    const events = lines.map((line) => JSON.parse(line) as WatchEvent | Failed);
    for (const event of events) {
      if (event.type !== 'ERROR') {
        clients.take(event);
      } else if (event.object.code === GONE) {
        return;
      } else {
        throw new Error(`the watch failed: ${event.object.message}`);
      }
    }
    changed();
  }
}

async function open({ agent, origin, token, signal }: Source, path: string): Promise<AsyncIterable<Buffer>> {
  const headers = { authorization: `Bearer ${token}` };
  const { body } = await agent.request({ origin, path, method: 'GET', headers, signal, bodyTimeout: 0 });
  return body;
}

/** Wakes one who waits; a failure stays. */
function createSignal() {
  let waiting = Promise.withResolvers<void>();
  let failure: unknown;
  return {
    changed: () => {
      waiting.resolve();
      waiting = Promise.withResolvers<void>();
    },
    failed: (error: unknown) => {
      failure = error ?? new Error('the watch failed');
      waiting.resolve();
    },
    /** Resolves with true at the next change, with false when there was none for so long. */
    next: async (silenceMs: number) => {
      if (failure !== undefined) {
        throw failure;
      }
      const silence = Promise.withResolvers<boolean>();
      const timer = setTimeout(() => silence.resolve(false), silenceMs);
      const change = waiting.promise.then(() => true);
      return await Promise.race([change, silence.promise]).finally(() => clearTimeout(timer));
    },
  };
}
