import { Agent, buildConnector, type Dispatcher } from 'undici';
import type { ServerKind } from '../../api/authorization-server.ts';
import { SHARES } from '../../api/shares.ts';
import type { ServerName } from '../../core/server-key.ts';
import type { Transport } from '../../oauth/http-message.ts';
import { defined } from '../../oauth/objects.ts';
import { ADDRESS_ATTEMPTS, TRUST } from '../process/connect-defaults.ts';
import { awaitVerdict } from './client-certificate.ts';
import type { EgressGuard, LookupTurn } from './egress.ts';
import { createLookupTurns } from './lookup-turns.ts';
import { createProxyRoutes, type ProxySettings, parseProxy } from './proxies.ts';
import { contextOf, type TlsDefaults, TransportError } from './secure-context.ts';
import { tunnelConnector } from './tunnel.ts';

interface TransportsOptions {
  /** A connection is made under the guard of the kind of server object that it is for, and serves no other kind. */
  readonly guards: Readonly<Record<ServerKind, EgressGuard>>;
  /** Of each step: to connect to the proxy, to open the tunnel, to finish the TLS handshake. */
  readonly connectTimeoutMs: number;
  /** Default: Node's CAs, no certificate. `ca` is for https proxies, too. */
  readonly tls?: TlsDefaults | undefined;
  /** Used if the transport names no proxy. Default: none. */
  readonly proxy?: ProxySettings | undefined;
  /** Transports whose connections are kept at one time. Default: 256. */
  readonly maxPools?: number;
  /** How long a transport without a call is kept. Default: 30 000. */
  readonly idleMs?: number;
  /** Of the process, which look-ups of names share. Default: 4, as libuv has them. */
  readonly threads?: number;
}

interface Pool {
  readonly key: string;
  readonly namespace: string | undefined;
  readonly transport: Transport | undefined;
  readonly agent: Agent;
  calls: number;
  idle: NodeJS.Timeout | undefined;
}

/**
 * Kept connections: a pool for each transport and one for calls without, for all servers of the cluster, and for those of
 * each namespace.
 *
 * The pool of an unused version is closed some time after its last call. So a renewed certificate takes effect at the next
 * call, and calls under way keep the old one. If there are too many pools, the least recently used one is closed first, one
 * without calls before one with calls.
 */
export class Transports {
  readonly #options: TransportsOptions;
  readonly #route: ReturnType<typeof createProxyRoutes>;
  readonly #toProxy: buildConnector.connector;
  readonly #turnOf: (server: ServerName) => LookupTurn;
  readonly #default: Agent;
  /** By namespace and version, the one used last at the end. */
  readonly #pools = new Map<string, Pool>();
  readonly #closing = new Set<Promise<void>>();
  #closed: Promise<unknown> | undefined;

  /** Throws a `RangeError` where a proxy's URL can't be used. */
  constructor(options: TransportsOptions) {
    this.#options = options;
    this.#route = createProxyRoutes(options.proxy ?? {});
    this.#toProxy = buildConnector(this.#buildOptions(defined({ ca: options.tls?.ca })));
    this.#turnOf = createLookupTurns(options.threads ?? 4);
    this.#default = this.#createAgent({ kind: 'ClusterAuthorizationServer', name: '' }, undefined);
  }

  /** Makes a call over the transport's connections, which stay open until it has ended. Rejects with {@link TransportError}. */
  async use<T>(
    server: ServerName,
    transport: Transport | undefined,
    call: (dispatcher: Dispatcher) => Promise<T>,
  ): Promise<T> {
    const isDefault = transport === undefined && server.kind === 'ClusterAuthorizationServer';
    if (isDefault || this.#closed !== undefined) {
      return call(this.#default);
    }

    const pool = this.#take(server, transport);
    pool.calls += 1;
    clearTimeout(pool.idle);
    try {
      return await call(pool.agent);
    } finally {
      pool.calls -= 1;
      if (pool.calls === 0) {
        this.#letIdle(pool);
      }
    }
  }

  /** Lets the calls under way end; a later one finds its connections closed. */
  async close(): Promise<void> {
    if (this.#closed === undefined) {
      for (const pool of this.#pools.values()) {
        this.#retire(pool);
      }
      this.#closed = Promise.all([this.#default.close(), ...this.#closing]);
    }
    await this.#closed;
  }

  #take(server: ServerName, transport: Transport | undefined): Pool {
    const key = `${server.namespace ?? ''} ${transport?.version ?? ''}`;
    const kept = this.#pools.get(key);
    if (kept !== undefined && haveSameContent(kept.transport ?? NOTHING, transport ?? NOTHING)) {
      this.#pools.delete(key);
      this.#pools.set(key, kept);
      return kept;
    }
    // Never over another's certificate, whatever the version says.
    if (kept !== undefined) {
      this.#retire(kept);
    }
    return this.#add(server, key, transport);
  }

  #add(server: ServerName, key: string, transport: Transport | undefined): Pool {
    const { namespace } = server;
    const agent = this.#createAgent(server, transport);
    const pool = { key, namespace, transport, agent, calls: 0, idle: undefined };
    const pools = [...this.#pools.values()];
    const own = namespace === undefined ? [] : pools.filter((other) => other.namespace === namespace);
    if (own.length >= SHARES.poolsOfNamespace.most) {
      this.#retireOneOf(own);
    } else if (pools.length >= (this.#options.maxPools ?? SHARES.pools.most)) {
      this.#retireOneOf(pools);
    }
    this.#pools.set(key, pool);
    return pool;
  }

  #retireOneOf(pools: readonly Pool[]): void {
    const leaving = pools.find(({ calls }) => calls === 0) ?? pools[0];
    if (leaving !== undefined) {
      this.#retire(leaving);
    }
  }

  #letIdle(pool: Pool): void {
    if (this.#pools.get(pool.key) !== pool) {
      return;
    }
    pool.idle = setTimeout(() => this.#retire(pool), this.#options.idleMs ?? 30_000).unref();
  }

  #retire(pool: Pool): void {
    clearTimeout(pool.idle);
    this.#pools.delete(pool.key);
    const closing = pool.agent.close().finally(() => this.#closing.delete(closing));
    this.#closing.add(closing);
  }

  #createAgent(server: ServerName, transport: Transport | undefined): Agent {
    return new Agent({
      connect: this.#connectorOf(server, transport),
      allowH2: false,
      maxOrigins: 1_000,
      keepAliveTimeout: 4_000,
      keepAliveTimeoutThreshold: 2_000,
      keepAliveMaxTimeout: 30_000,
      headersTimeout: 0,
      bodyTimeout: 0,
    });
  }

  #connectorOf(server: ServerName, transport: Transport | undefined): buildConnector.connector {
    const { connectTimeoutMs: timeoutMs, tls, guards } = this.#options;
    const guard = guards[server.kind];
    const turn = this.#turnOf(server);
    const proxyUrl = transport?.proxyUrl;
    const own = proxyUrl === undefined ? undefined : ownProxyOf(proxyUrl);
    const context = contextOf(tls, transport);
    const build = this.#buildOptions(context && { secureContext: context });
    const secure = buildConnector(build);
    const direct = guard.connector(build, turn);
    const toOwnProxy = guard.connector(this.#buildOptions(defined({ ca: tls?.ca })), turn);
    const connect: buildConnector.connector = (target, callback) => {
      const proxy = own ?? this.#route(target);
      if (proxy === undefined) {
        return direct(target, callback);
      }
      // The environment's proxy is the administrator's choice; a server object's proxy is checked.
      const isOwn = own !== undefined;
      const toProxy = isOwn ? toOwnProxy : this.#toProxy;
      return tunnelConnector({ proxy, isOwn, guard, connect: toProxy, secure, timeoutMs })(target, callback);
    };
    return awaitVerdict(connect, (transport?.certificate ?? tls?.cert) !== undefined);
  }

  #buildOptions(tls: buildConnector.BuildOptions = {}): buildConnector.BuildOptions {
    return { ...ADDRESS_ATTEMPTS, ...TRUST, ...tls, allowH2: false, timeout: this.#options.connectTimeoutMs };
  }
}

const NOTHING: Transport = { version: '' };

function ownProxyOf(text: string): URL {
  const url = parseProxy(text);
  if (url === undefined) {
    throw new TransportError('ConnectFailed', "the proxy's URL is no http or https URL");
  }
  return url;
}

function haveSameContent(a: Transport, b: Transport): boolean {
  const isSameKey = a.certificate?.key.equals(b.certificate?.key) ?? b.certificate === undefined;
  return (
    isSameKey && a.ca === b.ca && a.certificate?.cert === b.certificate?.cert && a.proxyUrl === b.proxyUrl
  );
}
