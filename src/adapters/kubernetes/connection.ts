import type { RequestOptions } from 'node:https';
// Unbundled, this brings the whole generated API; the bundle drops what is unused (tools/bundle.ts).
import { type Cluster, KubeConfig } from '@kubernetes/client-node';
import { type Dispatcher, Pool, ProxyAgent } from 'undici';
import type { Clock, Log } from '../../controller/ports.ts';
import { ADDRESS_ATTEMPTS, TRUST } from '../process/connect-defaults.ts';

/** Access to one API server: its address, our credentials and the kept connections. */
export interface Connection {
  /** Scheme, host and port. */
  readonly origin: string;
  /** Prefix of `/api` and `/apis`: empty, or a path such as `/k8s/clusters/c-1`. */
  readonly pathPrefix: string;
  /** Namespace of the kubeconfig's context or of the pod. */
  readonly namespace: string | undefined;
  /**
   * Headers that identify the caller (`authorization`, `user-agent`). Call it before each request. Credentials are
   * read again at most every 30 s; if that fails, the latest ones are used and the failure is logged. Never rejects.
   */
  readonly headers: () => Promise<Readonly<Record<string, string>>>;
  /** For calls: a bounded number of kept HTTP/1.1 connections. Get it again for each call. */
  readonly calls: () => Dispatcher;
  /** For watches: connections of their own, without a bound, so that watches never occupy the connections for calls. */
  readonly watches: () => Dispatcher;
  /**
   * Call it with the header `Date` of each answer, and when its call was sent, by the monotonic clock. Absent where nobody
   * wants to know.
   */
  readonly heard?: ((date: string | undefined, askedAt: number) => void) | undefined;
  /** Closes every connection, also those in use. */
  readonly close: () => Promise<void>;
}

interface ConnectionOptions {
  readonly clock: Clock & Pick<Connection, 'heard'>;
  readonly log: Log;
  /** Path of a kubeconfig. Default: `KUBECONFIG`, `~/.kube/config`, then the pod's service account. */
  readonly kubeconfig?: string | undefined;
  /** Name of a context of the kubeconfig. Default: its current one. */
  readonly context?: string | undefined;
  /** Bound of connections for calls. Default 64. */
  readonly connections?: number;
  /** Default `oauth-registrar`. */
  readonly userAgent?: string;
}

const REREAD_AFTER_MS = 30_000;
/**
 * A TLS connection holds some 150 KB, also while it is idle: with 64 of them more than the rest of a small install. Far less
 * than the 90 s after which the API server closes an idle connection, so that we close it first.
 */
const KEEP_IDLE_MS = 10_000;
const DEFAULT_CONNECTIONS = 64;

/**
 * Loads the configuration and reads the credentials once.
 *
 * @throws Error if there is no usable configuration or no such context, or its files can't be read.
 */
export async function connect(options: ConnectionOptions): Promise<Connection> {
  const { config, cluster } = load(options);
  const url = new URL(cluster.server);
  const credentials = await createCredentials(config, options);
  const dispatchers = createDispatchers(url.origin, cluster, options.connections ?? DEFAULT_CONNECTIONS);
  const userAgent = { 'user-agent': options.userAgent ?? 'oauth-registrar' };
  const current = () => dispatchers.with(credentials.current().tls);
  return {
    origin: url.origin,
    pathPrefix: url.pathname.replace(/\/+$/, ''),
    namespace: config.getContextObject(config.getCurrentContext())?.namespace?.trim() || undefined,
    headers: async () => ({ ...(await credentials.fresh()).headers, ...userAgent }),
    calls: () => current().calls,
    watches: () => current().watches,
    heard: options.clock.heard,
    close: dispatchers.close,
  };
}

/**
 * The names of the contexts of a kubeconfig.
 *
 * @throws where it can't be read
 */
export const contextNames = (kubeconfig?: string): readonly string[] => {
  const config = readKubeconfig(kubeconfig);
  return isNone(config.getCurrentCluster()) ? [] : config.getContexts().map(({ name }) => name);
};

function readKubeconfig(kubeconfig: string | undefined): KubeConfig {
  const config = new KubeConfig();
  if (kubeconfig === undefined) {
    config.loadFromDefault();
  } else {
    config.loadFromFile(kubeconfig);
  }
  return config;
}

/** `loadFromDefault` returns this when it finds no configuration. */
const isNone = (cluster: Cluster | null): boolean =>
  cluster?.name === 'cluster' && cluster.server === 'http://localhost:8080';

function load({ kubeconfig, context }: Pick<ConnectionOptions, 'kubeconfig' | 'context'>): {
  readonly config: KubeConfig;
  readonly cluster: Cluster;
} {
  const config = readKubeconfig(kubeconfig);
  if (context !== undefined) {
    if (config.getContextObject(context) === null) {
      throw new Error(`the kubeconfig has no context "${context}"`);
    }
    config.setCurrentContext(context);
  }
  const cluster = config.getCurrentCluster();
  if (cluster === null) {
    throw new Error('the kubeconfig has no cluster for its current context');
  }
  if (isNone(cluster)) {
    throw new Error('no Kubernetes configuration: neither a kubeconfig nor a service account was found');
  }
  return { config, cluster };
}

type Tls = Pick<RequestOptions, 'ca' | 'cert' | 'key' | 'rejectUnauthorized' | 'servername'>;

interface ApiServerCredential {
  readonly headers: Readonly<Record<string, string>>;
  readonly tls: Tls;
}

interface ApiServerCredentials {
  readonly current: () => ApiServerCredential;
  readonly fresh: () => Promise<ApiServerCredential>;
}

async function createCredentials(
  config: KubeConfig,
  { clock, log }: Pick<ConnectionOptions, 'clock' | 'log'>,
): Promise<ApiServerCredentials> {
  let current = await readCredential(config);
  let readAt = clock.monotonic();
  let reading: Promise<ApiServerCredential> | undefined;
  const reread = async () => {
    try {
      const next = await readCredential(config);
      if (current.headers['authorization'] !== undefined && next.headers['authorization'] === undefined) {
        throw new Error('the token is empty');
      }
      current = next;
    } catch (error) {
      log.warn('credentials for the API server could not be read; the last ones stay in use', {
        error: messageOf(error),
      });
    }
    readAt = clock.monotonic();
    reading = undefined;
    return current;
  };
  const fresh = async () => {
    if (clock.monotonic() - readAt < REREAD_AFTER_MS) {
      return current;
    }
    reading ??= reread();
    return reading;
  };
  return { current: () => current, fresh };
}

async function readCredential(config: KubeConfig): Promise<ApiServerCredential> {
  const options: RequestOptions & { headers: Record<string, string> } = { headers: {} };
  await config.applyToHTTPSOptions(options);
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(options.headers)) {
    // A token file may end with a newline, which a header can't contain.
    if (value.trim() !== 'Bearer') {
      headers[name.toLowerCase()] = value.trim();
    }
  }
  if (typeof options.auth === 'string') {
    headers['authorization'] = `Basic ${Buffer.from(options.auth).toString('base64')}`;
  }
  const { ca, cert, key, rejectUnauthorized, servername } = options;
  const given = Object.entries({ ca, cert, key, rejectUnauthorized, servername });
  return { headers, tls: Object.fromEntries(given.filter(([, value]) => value !== undefined)) };
}

interface Dispatchers {
  readonly calls: Dispatcher;
  readonly watches: Dispatcher;
}

/** Keeps a pair of dispatchers and replaces it when certificates change; the old ones close when they are idle. */
function createDispatchers(origin: string, cluster: Cluster, connections: number) {
  let pair: Dispatchers | undefined;
  let madeFor: Tls | undefined;
  let fingerprint: string | undefined;
  return {
    with(tls: Tls): Dispatchers {
      if (pair !== undefined && tls === madeFor) {
        return pair;
      }
      const next = JSON.stringify(tls);
      madeFor = tls;
      if (pair !== undefined && next === fingerprint) {
        return pair;
      }
      const old = pair;
      pair = {
        calls: createDispatcher(origin, cluster, tls, connections),
        watches: createDispatcher(origin, cluster, tls, null),
      };
      fingerprint = next;
      for (const dispatcher of old === undefined ? [] : [old.calls, old.watches]) {
        void dispatcher.close();
      }
      return pair;
    },
    async close(): Promise<void> {
      await Promise.all([pair?.calls.destroy(), pair?.watches.destroy()]);
    },
  };
}

function createDispatcher(origin: string, { proxyUrl }: Cluster, tls: Tls, connections: number | null) {
  const connectOptions = {
    ...ADDRESS_ATTEMPTS,
    ...TRUST,
    ...tls,
    allowH2: false,
    keepAlive: true,
    keepAliveInitialDelay: 30_000,
  };
  const shared = {
    connections,
    pipelining: 1,
    allowH2: false,
    keepAliveTimeout: KEEP_IDLE_MS,
    keepAliveMaxTimeout: KEEP_IDLE_MS,
    // Each call has its own deadline, each watch its own limit of silence.
    headersTimeout: 0,
    bodyTimeout: 0,
  };
  if (proxyUrl === undefined) {
    return new Pool(origin, { ...shared, connect: connectOptions });
  }
  return new ProxyAgent({
    ...shared,
    uri: proxyUrl,
    requestTls: connectOptions,
    proxyTls: { ...ADDRESS_ATTEMPTS, allowH2: false },
  });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
