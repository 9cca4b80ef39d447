import { lookup } from 'node:dns/promises';
import { type KubernetesObject, RESOURCES } from '../../api/kubernetes.ts';
import type { KubernetesApi, Log } from '../../controller/ports.ts';

/** The API server's own addresses; no authorization server can have them. */
interface ApiServerAddresses {
  /** The last ones known; the same list until they change. */
  readonly current: () => readonly string[];
  /** Refreshes the list. Never rejects; addresses that can't be looked up now are kept. */
  readonly look: () => Promise<void>;
}

interface ApiServerAddressesOptions {
  /** Scheme, host and port, as the operator itself calls it. */
  readonly origin: string;
  /** Asked for EndpointSlice `kubernetes` in namespace `default`; absent where the account has no right for it. */
  readonly api?: Pick<KubernetesApi, 'get'> | undefined;
  readonly log: Pick<Log, 'info'>;
  /** Default: the system's resolver. Rejects where the name has no address. */
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
 * Finds, at the start and periodically, the addresses of the host that the operator calls, and those behind Service
 * `kubernetes`, which any pod may reach, too.
 */
export async function findApiServerAddresses(
  options: ApiServerAddressesOptions,
): Promise<ApiServerAddresses> {
  const { origin, api, log, resolve = resolveNames, everyMs = EVERY_MS } = options;
  const hostname = new URL(origin).hostname.replace(/^\[|\]$/g, '');
  let ofHost: readonly string[] = [];
  let ofService: readonly string[] = [];
  let current: readonly string[] = [];
  let isTold = false;

  const look = async () => {
    const [named, slice] = await Promise.all([
      resolve(hostname).catch(() => undefined),
      api?.get<EndpointSlice>(RESOURCES.endpointSlice, SLICE).catch(() => undefined),
    ]);
    ofHost = named ?? ofHost;
    if (slice?.ok) {
      ofService = (slice.object.endpoints ?? []).flatMap(({ addresses }) => addresses ?? []);
    } else if (slice !== undefined && !isTold) {
      isTold = true;
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
