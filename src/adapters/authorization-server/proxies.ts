import { BlockList, isIP } from 'node:net';

/** Proxies of the operator's environment: HTTPS_PROXY, HTTP_PROXY, NO_PROXY. */
export interface ProxySettings {
  /** For https URLs. `host:port` stands for `http://host:port`. Default: none. */
  readonly https?: string | undefined;
  /** For http URLs. */
  readonly http?: string | undefined;
  /**
   * Hosts that are reached without a proxy, between commas: `*`, a domain with all below it, `.domain` for those below
   * it alone, an address, a CIDR; each but the last with a port, if wanted.
   */
  readonly no?: string | undefined;
}

/** Target of a connection, from undici; `port` is empty for the scheme's default. */
interface Target {
  readonly protocol: string;
  readonly hostname: string;
  readonly port: string;
}

/**
 * Which proxy a target is reached through: the rules of Go's `net/http`, as most programs in a cluster have them.
 * localhost and loopback addresses never go through the environment's proxy.
 *
 * Throws a `RangeError` if a proxy is no http or https URL; its message doesn't contain the URL.
 */
export function createProxyRoutes(settings: ProxySettings): (target: Target) => URL | undefined {
  const https = environmentProxy('https', settings.https);
  const http = environmentProxy('http', settings.http);
  const rules = (settings.no ?? '').split(/[,\s]+/).filter(Boolean);
  const exceptions = rules.map((rule) => toException(rule.toLowerCase()));
  return (target) => {
    const host = comparableHost(target.hostname);
    const port = target.port || (target.protocol === 'https:' ? '443' : '80');
    const isDirect = isLoopback(host) || exceptions.some((matches) => matches(host, port));
    return isDirect ? undefined : target.protocol === 'https:' ? https : http;
  };
}

/** A proxy's URL, if it is http or https. */
export function parseProxy(text: string): URL | undefined {
  const url = URL.parse(text.includes('://') ? text : `http://${text}`);
  return url !== null && /^https?:$/.test(url.protocol) ? url : undefined;
}

function environmentProxy(scheme: string, text: string | undefined): URL | undefined {
  if (text === undefined || text === '') {
    return undefined;
  }
  const url = parseProxy(text);
  if (url === undefined) {
    throw new RangeError(`the proxy for ${scheme} URLs is no http or https URL`);
  }
  return url;
}

const comparableHost = (hostname: string): string => hostname.toLowerCase().replace(/^\[|\]$|\.$/g, '');

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

const isLoopback = (host: string): boolean => host === 'localhost' || lists(LOOPBACK, host);

function lists(list: BlockList, host: string): boolean {
  const family = isIP(host);
  return family !== 0 && list.check(host, family === 4 ? 'ipv4' : 'ipv6');
}

type Exception = (host: string, port: string) => boolean;

function toException(rule: string): Exception {
  if (rule === '*') {
    return () => true;
  }
  const range = toSubnet(rule);
  if (range !== undefined) {
    return (host) => lists(range, host);
  }

  const { name, port } = splitPort(rule);
  const matches = isIP(name) === 0 ? matchesDomain(name) : (host: string) => host === name;
  return (host, at) => matches(host) && (port === undefined || port === at);
}

function toSubnet(rule: string): BlockList | undefined {
  const [address = '', length = ''] = rule.split('/');
  const family = isIP(address);
  if (family === 0 || !/^\d{1,3}$/.test(length) || Number(length) > (family === 4 ? 32 : 128)) {
    return undefined;
  }
  const list = new BlockList();
  list.addSubnet(address, Number(length), family === 4 ? 'ipv4' : 'ipv6');
  return list;
}

/** `[::1]:443`, `::1`, `as.example:443`, `as.example`. */
function splitPort(rule: string): { readonly name: string; readonly port: string | undefined } {
  if (isIP(rule) !== 0) {
    return { name: rule, port: undefined };
  }
  const [, name = rule, port] = /^(.*?)(?::(\d+))?$/.exec(rule) ?? [];
  return { name: name.replace(/^\[|\]$/g, ''), port };
}

function matchesDomain(name: string): (host: string) => boolean {
  const domain = comparableHost(name.replace(/^\*\./, '.'));
  const below = domain.startsWith('.') ? domain : `.${domain}`;
  return (host) => host === domain || (isIP(host) === 0 && host.endsWith(below));
}
