import type { ServerKind } from '../api/authorization-server.ts';
import { isHostWithin } from './uri-bounds.ts';

/**
 * Which hosts the calls for one kind of server object may reach, by name. Checked just before each call, and earlier
 * for the addresses of a server object, so that its status reports what can't work.
 */
export interface ReachRules {
  /** Hosts that the calls of AuthorizationServers may go to; `undefined`: any. An entry is a host, or `*.` and a domain. */
  readonly namespacedServerHosts: readonly string[] | undefined;
}

/** The addresses of a call, or of a server object. */
interface Reach {
  /** Texts that aren't URLs are ignored. */
  readonly urls: readonly (string | undefined)[];
  /** The proxy that the server object names. */
  readonly proxyUrl?: string | undefined;
}

/** Why a call isn't made: `message` for tenants, `why` for the platform team. */
interface ReachProblem {
  readonly message: string;
  readonly why: string;
}

/** Why an address may not be reached; `undefined` where its name permits it. */
export function reachProblem(
  kind: ServerKind,
  { urls, proxyUrl }: Reach,
  { namespacedServerHosts: hosts }: ReachRules,
): ReachProblem | undefined {
  if (kind === 'ClusterAuthorizationServer' || hosts === undefined) {
    return undefined;
  }
  if (proxyUrl !== undefined) {
    return {
      message:
        'An AuthorizationServer may not name a proxy here: it would decide which host is reached. Remove spec.connection.proxyUrl and proxyRef, or ask the platform team.',
      why: 'a proxy in spec.connection is refused to AuthorizationServers while --namespaced-server-hosts is set',
    };
  }
  const host = urls.map(hostOf).find((name) => name !== undefined && !isAmong(hosts, name));
  return host === undefined
    ? undefined
    : {
        message: `Host ${host} is not among those that an AuthorizationServer may use here; ask the platform team.`,
        why: `--namespaced-server-hosts doesn't list ${host}`,
      };
}

const hostOf = (url: string | undefined): string | undefined =>
  url === undefined ? undefined : (URL.parse(url)?.hostname ?? undefined);

const isAmong = (hosts: readonly string[], host: string): boolean =>
  hosts.some((entry) => isHostWithin(entry, host));
