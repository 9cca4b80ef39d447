import { lookup } from 'node:dns/promises';
import { type KubernetesObject, RESOURCES } from '../../api/kubernetes.ts';
import type { KubernetesApi, Log } from '../../controller/ports.ts';

/** Addresses of the API server itself; no authorization server may have one of them. */
interface ApiServerAddresses {
  /** The latest known addresses; the same array until they change. */
  readonly current: () => readonly string[];
  /** Refreshes the list. Never rejects; if a lookup fails, the addresses that it found earlier stay. */
  readonly look: () => Promise<void>;
}

interface ApiServerAddressesOptions {
  /** Scheme, host and port, as the operator itself calls it. */
  readonly origin: string;
  /** Reads EndpointSlice `kubernetes` in namespace `default`; absent if the account has no right to do that. */
  readonly api?: Pick<KubernetesApi, 'get'> | undefined;
  readonly log: Pick<Log, 'info'>;
  /** Default: the system's resolver. Rejects if the name has no address. */
  readonly resolve?: (hostname: string) => Promise<readonly string[]>;
  /** Default: 5 minutes. */
  readonly everyMs?: number;
}

interface EndpointSlice extends KubernetesObject {
  readonly endpoints?: readonly { readonly addresses?: readonly string[] }[];
}

const SLICE = { namespace: 'default', name: 'kubernetes' };
const EVERY_MS = 300_000;

/**
 * Looks up, at the start and periodically, the addresses of the host that the operator calls, and those behind
 * Service `kubernetes`, which any pod may reach.
 */
export async function findApiServerAddresses(
  options: ApiServerAddressesOptions,
): Promise<ApiServerAddresses> {
  const { origin, api, log, resolve = resolveNames, everyMs = EVERY_MS } = options;
  const hostname = new URL(origin).hostname.replace(/^\[|\]$/g, '');
  let ofHost: readonly string[] = [];
  let ofService: readonly string[] = [];
  let current: readonly string[] = [];
  let isReported = false;

  const look = async () => {
    const [named, slice] = await Promise.all([
      resolve(hostname).catch(() => undefined),
      api?.get<EndpointSlice>(RESOURCES.endpointSlice, SLICE).catch(() => undefined),
    ]);
    ofHost = named ?? ofHost;
    if (slice?.ok) {
      ofService = (slice.object.endpoints ?? []).flatMap(({ addresses }) => addresses ?? []);
    } else if (slice !== undefined && !isReported) {
      isReported = true;
      const { status, reason } = slice;
      log.info('the endpoints of the API server are not known; --refuse-addresses can name them', {
        endpointSlice: 'default/kubernetes',
        status,
        reason,
      });
    }
    const found = [...new Set([...ofHost, ...ofService])].sort();
    current = String(found) === String(current) ? current : found;
  };

  await look();
  setInterval(() => void look(), everyMs).unref();
  return { current: () => current, look };
}

async function resolveNames(hostname: string): Promise<readonly string[]> {
  return (await lookup(hostname, { all: true })).map(({ address }) => address);
}
