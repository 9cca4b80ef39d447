import type { Resource } from '../api/kubernetes.ts';
import type { ApiResult, AuthorizationServerHttp, Clock } from '../controller/ports.ts';
import type { PagedApi } from './kubernetes/api.ts';
import type { Metrics } from './process/metrics.ts';

/** The same calls; each is counted and timed by server, method and outcome. */
export function observeCalls(
  http: AuthorizationServerHttp,
  metrics: Metrics,
  clock: Clock,
): AuthorizationServerHttp {
  return {
    async send(request, options) {
      const start = clock.monotonic();
      const outcome = await http.send(request, options);
      metrics.serverCall({
        server: options.server,
        call: request.method,
        outcome: outcome.kind === 'answered' ? outcome.status : outcome.reason,
        seconds: (clock.monotonic() - start) / 1000,
      });
      return outcome;
    },
  };
}

/** The same calls; each is counted by verb, resource and status. */
export function countCalls(api: PagedApi, metrics: Metrics): PagedApi {
  const counted = async <T>(
    verb: string,
    resource: Resource,
    call: Promise<ApiResult<T>>,
  ): Promise<ApiResult<T>> => {
    const result = await call;
    metrics.kubernetesCall({ verb, resource: resource.plural, code: result.ok ? 200 : result.status });
    return result;
  };
  return {
    get: (resource, ...rest) => counted('get', resource, api.get(resource, ...rest)),
    collect: (resource, ...rest) => counted('list', resource, api.collect(resource, ...rest)),
    create: (resource, ...rest) => counted('create', resource, api.create(resource, ...rest)),
    dryRun: (resource, ...rest) => counted('create', resource, api.dryRun(resource, ...rest)),
    replace: (resource, ...rest) => counted('update', resource, api.replace(resource, ...rest)),
    patch: (resource, ...rest) => counted('patch', resource, api.patch(resource, ...rest)),
    delete: (resource, ...rest) => counted('delete', resource, api.delete(resource, ...rest)),
  };
}
