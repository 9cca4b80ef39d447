import { createEgressGuards } from './adapters/authorization-server/egress.ts';
import { createAuthorizationServerHttp } from './adapters/authorization-server/http.ts';
import { findApiServerAddresses } from './adapters/kubernetes/api-server-addresses.ts';
import type { Config } from './config.ts';
import type { AuthorizationServerHttp, KubernetesApi, Log } from './controller/ports.ts';

interface ServerCallsOptions {
  readonly config: Config;
  /** Of the API server. */
  readonly origin: string;
  readonly api: KubernetesApi;
  readonly log: Log;
}

/** Calls to authorization servers, within the bounds that the flags set. */
export async function createServerCalls({
  config,
  origin,
  api,
  log,
}: ServerCallsOptions): Promise<AuthorizationServerHttp> {
  // An install for listed namespaces has no right in others.
  const isForAll = config.namespaces === undefined;
  const { current } = await findApiServerAddresses({ origin, api: isForAll ? api : undefined, log });
  const { allowAddresses: allowed, refuseAddresses: refused, proxy, threads, documents } = config;
  const urls = documents?.namespacedBaseUrls ?? [];
  const bases = urls === 'Any' ? [] : urls.map((url) => new URL(url).hostname);
  const namespacedServerHosts = config.namespacedServerHosts && [...config.namespacedServerHosts, ...bases];
  return createAuthorizationServerHttp({
    guards: createEgressGuards({ allowed, refused, apiServer: current }),
    reach: { namespacedServerHosts },
    userAgent: 'oauth-registrar',
    proxy,
    threads,
    log,
  });
}
