import type { ClusterClock } from '../../../src/adapters/process/cluster-clock.ts';
import { type KubernetesObject, RESOURCES, type Resource } from '../../../src/api/kubernetes.ts';
import type {
  ApiResult,
  AuthorizationServerHttp,
  HttpOutcome,
  HttpRequest,
  KubernetesApi,
  ListPods,
} from '../../../src/controller/ports.ts';
import { Sensitive } from '../../../src/oauth/sensitive.ts';
import type { Stored } from '../../kit/fakes/cluster.ts';
import { pathOf, TOKEN_PATH } from './authorization-server.ts';
import { OPERATOR_NAMESPACE } from './process.ts';
import type { Process, World } from './world.ts';

/**
 * The network between a process and the servers. Every call has two events, its effect and its answer, each with its
 * own delay. Either may be lost, and the process may be dropped before or after it.
 */

/** What happens to one call. */
interface Fate<T> {
  readonly effect: 'now' | 'never' | 'late';
  /** What is returned instead of the answer. */
  readonly instead?: (made: T | undefined) => T;
  readonly waitMs?: number;
}

/** A new promise each time: a promise keeps everything that waits for it in memory, and thus the whole life. */
const never = () => new Promise<never>(() => undefined);

function travel<T>(
  world: World,
  process: Process,
  name: string,
  effect: () => T,
  fate: () => Fate<T>,
): Promise<T> {
  const passage = world.enter(process, name);
  if (!process.alive) {
    return never();
  }
  const { effect: happens, instead, waitMs } = fate();
  const { scheduler } = world;
  world.underWay += 1;
  return new Promise((resolve) => {
    scheduler.after(world.latency(), () => {
      const made = happens === 'now' ? effect() : undefined;
      if (happens === 'late') {
        world.underWay += 1;
        scheduler.after(world.random() * world.weather.lateMs, () => {
          world.underWay -= 1;
          effect();
        });
      }
      world.underWay -= 1;
      if (world.leave(process, passage)) {
        return;
      }
      world.underWay += 1;
      scheduler.after(waitMs ?? world.latency(), () => {
        world.underWay -= 1;
        if (process.alive) {
          world.trace(process, `  ${name} answered`);
          resolve(instead === undefined ? (made as T) : instead(made));
        }
      });
    });
  });
}

const noAnswer = { ok: false, status: 0, reason: 'NoAnswer', message: 'no answer' } as const;

const REFUSALS = [429, 500, 503, 504].map((status) => ({
  ok: false as const,
  status,
  reason: 'InternalError',
  message: `refused with ${status}`,
}));

export function createApi(
  world: World,
  process: Process,
  clock: Pick<ClusterClock, 'heard' | 'monotonic'>,
): KubernetesApi & { readonly listPods: ListPods } {
  const { cluster } = world;
  const call = async <T>(name: string, effect: () => ApiResult<unknown>) => {
    const askedAt = clock.monotonic();
    const result = await travel<ApiResult<unknown>>(world, process, name, effect, () => apiFate(world));
    // Every answer has the time of the API server. That of the answer's way back makes no difference.
    clock.heard(result.ok || result.status > 0 ? world.time() : undefined, askedAt);
    return result as ApiResult<T>;
  };
  const listPods: ListPods = async (namespace, convert) => {
    const found = await call<{ readonly items: readonly Stored[] } & KubernetesObject>('list Pod', () => ({
      ok: true,
      object: { items: cluster.list(RESOURCES.pod, { namespace }) },
    }));
    return found.ok ? { ok: true, object: found.object.items.flatMap((pod) => convert(pod) ?? []) } : found;
  };
  const named = (verb: string, { kind }: Resource, key: { namespace?: string; name: string }) =>
    `${verb} ${kind} ${key.name}`;
  return {
    listPods,
    get: (resource, key) => call(named('get', resource, key), () => cluster.get(resource, key)),
    create: <T extends KubernetesObject>(resource: Resource, object: T) =>
      call<T>(
        named('create', resource, object.metadata),
        () =>
          failingWrite(world, resource, object) ??
          cluster.create(resource, { kind: resource.kind, ...object } as Stored, process.name),
      ),
    dryRun: <T extends KubernetesObject>(resource: Resource, object: T) =>
      call<T>(named('try', resource, object.metadata), () => ({ ok: true, object })),
    replace: <T extends KubernetesObject>(resource: Resource, object: T, subresource?: 'status') =>
      call<T>(
        named(`replace ${subresource ?? ''}`, resource, object.metadata),
        () =>
          failingWrite(world, resource, object) ??
          cluster.replace(
            resource,
            { kind: resource.kind, ...object } as Stored,
            subresource,
            subresource === 'status' ? `status ${process.name}` : process.name,
          ),
      ),
    patch: (resource, key, patch) =>
      call(named('patch', resource, key), () => cluster.patch(resource, key, patch, process.name)),
    delete: (resource, key, preconditions = {}) =>
      call(named('delete', resource, key), () => cluster.delete(resource, key, preconditions, process.name)),
  };
}

/** The provider that encrypts Secrets is away; the operator's own Secrets are not affected. */
function failingWrite(
  { scheduler, conditions: { withoutSecretsMs = 0 } }: World,
  { kind }: Resource,
  { metadata: { namespace } }: KubernetesObject,
): ApiResult<never> | undefined {
  return kind === 'Secret' && namespace !== OPERATOR_NAMESPACE && scheduler.now < withoutSecretsMs
    ? { ok: false, status: 500, reason: 'InternalError', message: 'the encryption provider is away' }
    : undefined;
}

function apiFate({ random, weather, count }: World): Fate<ApiResult<unknown>> {
  if (random() >= weather.apiFaults) {
    return { effect: 'now' };
  }
  count('fault');
  const waitMs = random() * 10_000;
  switch (Math.floor(random() * 4)) {
    case 0:
      return { effect: 'never', instead: () => noAnswer, waitMs };
    case 1:
      return { effect: 'late', instead: () => noAnswer, waitMs };
    case 2:
      return { effect: 'now', instead: () => noAnswer, waitMs };
    default: {
      const refusal = REFUSALS[Math.floor(random() * REFUSALS.length)] ?? noAnswer;
      // After a fault (5xx) nobody knows whether the write had its effect.
      const isDone = refusal.status >= 500 && random() < 0.5;
      return { effect: isDone ? 'now' : 'never', instead: () => refusal };
    }
  }
}

export function createHttp(world: World, process: Process): AuthorizationServerHttp {
  return {
    async send(request, { timeoutMs }) {
      const name = `${request.method} ${pathOf(request.url)}`;
      const isInside = !name.includes('/.well-known/');
      if (isInside) {
        world.inside(process, 'send');
      }
      const end = world.calls.sent(process, request);
      const answer = travel(
        world,
        process,
        name,
        () => world.calls.handled(request),
        () => httpFate(world, request, timeoutMs),
      );
      const outcome = await answer;
      end();
      world.calls.heard(outcome);
      if (isInside) {
        world.inside(process, 'sent', true);
      }
      world.calls.verified(process, request, outcome);
      return outcome;
    },
  };
}

const timedOut: HttpOutcome = { kind: 'noAnswer', reason: 'Timeout', detail: 'no answer' };

/** Statuses of faults. The refusal of a credential is a fact, and comes only from the server itself. */
const TROUBLES: Readonly<Record<string, readonly number[]>> = {
  GET: [404, 429, 500, 503],
  POST: [400, 401, 403, 408, 429, 500, 501, 502, 503, 504],
  PUT: [400, 403, 408, 429, 500, 502, 503, 504],
  DELETE: [400, 403, 408, 429, 500, 502, 503, 504],
};
const UNCLEAR = [408, 500, 502, 504];

function httpFate(world: World, { method, url }: HttpRequest, timeoutMs: number): Fate<HttpOutcome> {
  const { random, weather, count } = world;
  if (random() >= weather.serverFaults) {
    return { effect: 'now' };
  }
  count('fault');
  const pick = (statuses: readonly number[]): HttpOutcome => ({
    kind: 'answered',
    status: statuses[Math.floor(random() * statuses.length)] ?? 500,
    headers: random() < 0.3 ? { 'retry-after': '20' } : {},
    body: new Sensitive('{"error":"temporarily_unavailable"}'),
  });
  switch (Math.floor(random() * 7)) {
    case 0:
      return {
        effect: 'never',
        instead: () => ({ kind: 'notSent', reason: 'ConnectFailed', detail: 'connection refused' }),
      };
    case 1:
      return { effect: 'never', instead: () => timedOut, waitMs: timeoutMs };
    case 2:
      world.isFaithful &&= method !== 'PUT';
      return { effect: 'late', instead: () => timedOut, waitMs: timeoutMs };
    case 3:
      return { effect: 'now', instead: () => timedOut, waitMs: timeoutMs };
    case 4: {
      const answer = pick(TROUBLES[pathOf(url) === TOKEN_PATH ? 'PUT' : method] ?? []);
      return { effect: 'never', instead: () => answer };
    }
    case 5: {
      const answer = pick(UNCLEAR);
      return { effect: 'now', instead: () => answer };
    }
    default: {
      const share = random();
      return { effect: 'now', instead: (made) => torn(made, share) };
    }
  }
}

/** The connection ends in the middle of an answer's body. */
function torn(made: HttpOutcome | undefined, share: number): HttpOutcome {
  const text = made?.kind === 'answered' ? made.body.reveal() : '';
  if (made?.kind !== 'answered' || text === '') {
    return { kind: 'noAnswer', reason: 'ConnectionLost', detail: 'connection reset' };
  }
  const { status } = made;
  const isSuccess = status < 300;
  const received = new Sensitive(text.slice(0, Math.floor(share * text.length)));
  return {
    kind: 'noAnswer',
    reason: 'ConnectionLost',
    status,
    detail: 'connection reset',
    ...(isSuccess ? { received } : {}),
  };
}
