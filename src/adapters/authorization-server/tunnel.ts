import type { Socket } from 'node:net';
import { type buildConnector, Client } from 'undici';
import { omit } from '../../oauth/objects.ts';
import type { EgressGuard } from './egress.ts';

/** A proxy made no connection to the target; nothing was sent to it. */
export class ProxyError extends Error {
  override readonly name = 'ProxyError';
  readonly code = 'ERR_PROXY';
  /** Host and port of the proxy, nothing else of its URL. */
  readonly proxy: string;
  /** Its answer to CONNECT; absent if there was none, then see `cause`. */
  readonly status: number | undefined;
  /** What it demands with 407, by `Proxy-Authenticate`. */
  readonly schemes: readonly string[];
  /** The server object names the proxy; else the environment does, and tenants must not see its name. */
  readonly isOwn: boolean;

  constructor(
    { proxy, isOwn }: Pick<TunnelOptions, 'proxy' | 'isOwn'>,
    why: { readonly status: number; readonly schemes?: readonly string[] } | { readonly cause: Error },
  ) {
    super('no connection through the proxy', 'cause' in why ? why : {});
    this.proxy = proxy.host;
    this.isOwn = isOwn;
    this.status = 'status' in why ? why.status : undefined;
    this.schemes = ('status' in why && why.schemes) || [];
  }
}

interface TunnelOptions {
  /** http or https. User and password in it become `Proxy-Authorization`. */
  readonly proxy: URL;
  /** Whether the server object names it. */
  readonly isOwn: boolean;
  readonly guard: EgressGuard;
  /** Connects to the proxy itself. */
  readonly connect: buildConnector.connector;
  /** Makes the TLS connection to the target within the tunnel. */
  readonly secure: buildConnector.connector;
  /** How long the proxy may take to answer, in milliseconds. */
  readonly timeoutMs: number;
}

/**
 * Connections through a proxy's tunnel (CONNECT, RFC 9110 section 9.3.6), for http targets too: a proxy that only
 * passes bytes on can't repeat or answer a call itself, and what it refuses was never sent.
 *
 * The proxy resolves a name in the target, so only a literal address can be checked here.
 */
export function tunnelConnector(options: TunnelOptions): buildConnector.connector {
  return (target, callback) => {
    const refused = options.guard.refusal(target.hostname);
    if (refused !== undefined) {
      return callback(refused, null);
    }

    return openTunnel(options, authorityOf(target), (error, socket) => {
      if (error !== null) {
        return callback(error, null);
      }
      if (target.protocol !== 'https:') {
        return callback(null, socket);
      }
      return options.secure({ ...target, httpSocket: socket }, callback);
    });
  };
}

function openTunnel(options: TunnelOptions, authority: string, callback: buildConnector.Callback): void {
  const { proxy, connect, timeoutMs } = options;
  const client = new Client(proxy.origin, {
    // The name for TLS is the proxy's; undici would take the one in Host, which is the target's.
    connect: (target, done) => connect(omit(target, 'servername'), done),
    headersTimeout: timeoutMs,
  });
  const headers = { host: authority, ...authorizationOf(proxy) };
  client.connect({ path: authority, headers }, (error, answer) => {
    void client.destroy();
    if (error !== null) {
      return callback(new ProxyError(options, { cause: error }), null);
    }

    const socket = answer.socket as Socket;
    socket.on('error', () => undefined);
    if (answer.statusCode >= 200 && answer.statusCode < 300) {
      return callback(null, socket);
    }
    socket.destroy();
    const schemes = schemesOf(answer.headers['proxy-authenticate']);
    return callback(new ProxyError(options, { status: answer.statusCode, schemes }), null);
  });
}

const MAX_SCHEMES = 5;

/** The schemes of the challenges, each once, without their parameters (RFC 9110 section 11.6.1). */
function schemesOf(header: string | string[] | undefined): readonly string[] {
  const withoutQuotes = [header ?? ''].flat().map((value) => value.replace(/"(?:[^"\\]|\\.)*"/g, '""'));
  const parts = withoutQuotes.flatMap((value) => value.split(','));
  const schemes = parts.flatMap((part) => /^\s*([A-Za-z][\w-]{0,30})(?=\s|$)(?!\s*=)/.exec(part)?.[1] ?? []);
  return [...new Set(schemes)].slice(0, MAX_SCHEMES);
}

/** Host and port, as CONNECT names a target. */
function authorityOf({ host, hostname, protocol, port }: buildConnector.Options): string {
  const named = host ?? hostname;
  return port === '' ? `${named}:${protocol === 'https:' ? 443 : 80}` : named;
}

/** RFC 7617. */
function authorizationOf({ username, password }: URL): Readonly<Record<string, string>> {
  if (username === '' && password === '') {
    return {};
  }
  const credentials = `${decoded(username)}:${decoded(password)}`;
  return { 'proxy-authorization': `Basic ${Buffer.from(credentials).toString('base64')}` };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
