import { type ServerKey, serverNamed } from '../../core/server-key.ts';
import type { ServerObject } from '../../core/server-object.ts';

/** The caches of server objects, by `namespace/name` and by name. */
interface ServerCaches {
  readonly servers: { readonly get: (key: string) => ServerObject | undefined };
  readonly clusterServers: { readonly get: (key: string) => ServerObject | undefined };
}

/** The server object of a key as the watch knows it; `undefined` where there is none. */
export function serverObjectOf(
  key: ServerKey,
  { servers, clusterServers }: ServerCaches,
): ServerObject | undefined {
  const { kind, namespace, name } = serverNamed(key);
  return kind === 'AuthorizationServer' ? servers.get(`${namespace}/${name}`) : clusterServers.get(name);
}
