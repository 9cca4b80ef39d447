import { type LookupAddress, type LookupAllOptions, lookup as systemLookup } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { buildConnector } from 'undici';

/** Whether a connection to one address is permitted; `why` is a sentence that names the flag to set. */
export type EgressVerdict = { readonly allowed: true } | { readonly allowed: false; readonly why: string };

/** Decides on the address a connection really goes to, so a name can't be resolved differently afterwards. */
export interface EgressGuard {
  /** Judges an IPv4 or IPv6 address, with or without brackets and zone. Anything else is refused. */
  check(address: string): EgressVerdict;
  /** The refusal of a literal address; `undefined` where it is permitted, and for a name, which says nothing yet. */
  refusal(hostname: string): AddressRefusedError | undefined;
  /** For `net.connect`: refused addresses are dropped; none left is an {@link AddressRefusedError}. */
  readonly lookup: LookupFunction;
  /** An undici connector (HTTP/1.1, http and https) that judges literal hosts as well as resolved ones. */
  connector(options?: buildConnector.BuildOptions): buildConnector.connector;
}

/** Lists all addresses of a name, as `dns.lookup` does. */
export type ResolveAll = (
  hostname: string,
  options: LookupAllOptions,
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/** Nothing was connected to: every address of the host is refused. The message is fit to be shown. */
export class AddressRefusedError extends Error {
  override readonly name = 'AddressRefusedError';
  readonly code = 'ERR_ADDRESS_REFUSED';
}

interface AddressClass {
  readonly cidr: string;
  readonly name: string;
}

interface Range extends AddressClass {
  readonly contains: (address: string) => boolean;
}

/** Refused by default; the first match names the reason. Private ranges are absent: servers often live there. */
const REFUSED_CLASSES: readonly AddressClass[] = [
  { cidr: '169.254.169.254/32', name: 'a cloud metadata address' },
  { cidr: '100.100.100.200/32', name: 'a cloud metadata address' },
  { cidr: '192.0.0.192/32', name: 'a cloud metadata address' },
  { cidr: '168.63.129.16/32', name: 'a cloud metadata address' },
  { cidr: 'fd00:ec2::254/128', name: 'a cloud metadata address' },
  { cidr: 'fd20:ce::254/128', name: 'a cloud metadata address' },
  // Before 0.0.0.0/8, of which they are IPv4-compatible forms.
  { cidr: '::/128', name: 'an unspecified address' },
  { cidr: '::1/128', name: 'a loopback address' },
  { cidr: '0.0.0.0/8', name: 'an unspecified address' },
  { cidr: '127.0.0.0/8', name: 'a loopback address' },
  { cidr: '169.254.0.0/16', name: 'a link-local address' },
  { cidr: 'fe80::/10', name: 'a link-local address' },
  { cidr: '224.0.0.0/4', name: 'a multicast address' },
  { cidr: 'ff00::/8', name: 'a multicast address' },
  { cidr: '255.255.255.255/32', name: 'the broadcast address' },
];

/** IPv6 forms that carry an IPv4 address: the leading hex digits, and the digit where the IPv4 address starts. */
const EMBEDDINGS = [
  { form: 'IPv4-compatible (RFC 4291)', prefix: '0'.repeat(24), at: 24 },
  { form: 'IPv4-mapped (RFC 4291)', prefix: `${'0'.repeat(20)}ffff`, at: 24 },
  { form: 'IPv4-translated (RFC 2765)', prefix: `${'0'.repeat(16)}ffff0000`, at: 24 },
  { form: 'NAT64 (RFC 6052)', prefix: `0064ff9b${'0'.repeat(16)}`, at: 24 },
  { form: 'local NAT64 (RFC 8215)', prefix: '0064ff9b0001', at: 24 },
  { form: '6to4 (RFC 3056)', prefix: '2002', at: 4 },
] as const;

/**
 * The guard of every connection to an authorization server: loopback, link-local, cloud metadata, unspecified,
 * multicast and broadcast addresses are refused, in IPv6 disguises too.
 *
 * `allowed` (addresses or CIDRs) wins over every refusal; `refused` adds to them, e.g. the API server's own.
 * Throws a `RangeError` that quotes an entry which is neither an address nor a CIDR.
 */
export function createEgressGuard(options: {
  readonly allowed: readonly string[];
  readonly refused?: readonly string[];
  /** Default: the system's resolver. */
  readonly resolve?: ResolveAll;
}): EgressGuard {
  const allowed = options.allowed.map((cidr) => toRange({ cidr, name: 'allowed' }));
  const refused = [
    ...(options.refused ?? []).map((cidr) => ({ cidr, name: 'an address closed to this operator' })),
    ...REFUSED_CLASSES,
  ].map(toRange);

  const check = (address: string): EgressVerdict => judge(address, allowed, refused);
  const lookup = guardedLookup(check, options.resolve ?? systemLookup);
  const refusal = (hostname: string): AddressRefusedError | undefined => refusalOfLiteral(hostname, check);
  return { check, refusal, lookup, connector: (build) => guardedConnector(refusal, lookup, build) };
}

function judge(address: string, allowed: readonly Range[], refused: readonly Range[]): EgressVerdict {
  const plain = address.replace(/^\[|\]$/g, '').replace(/%.*$/s, '');
  if (isIP(plain) === 0) return { allowed: false, why: 'the host is not an IP address' };

  const forms = [plain, ...embeddedIPv4(plain)];
  if (allowed.some((range) => forms.some(range.contains))) return { allowed: true };

  const match = refused.find((range) => forms.some(range.contains));
  if (match === undefined) return { allowed: true };
  return {
    allowed: false,
    why: `${plain} is ${match.name}; start the operator with --allow-addresses=${match.cidr} to permit it`,
  };
}

function guardedLookup(check: EgressGuard['check'], resolve: ResolveAll): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, addresses) => {
      if (error !== null) return callback(error, []);

      const kept = addresses.filter(({ address }) => check(address).allowed);
      const [first] = kept;
      if (first === undefined) return callback(refusalOf(hostname, addresses, check), []);
      if (options.all === true) return callback(null, kept);
      return callback(null, first.address, first.family);
    });
  };
}

function refusalOf(
  hostname: string,
  addresses: readonly LookupAddress[],
  check: EgressGuard['check'],
): Error {
  for (const { address } of addresses) {
    const verdict = check(address);
    if (!verdict.allowed) return new AddressRefusedError(`${hostname}: ${verdict.why}`);
  }
  return Object.assign(new Error(`${hostname} has no address`), { code: 'ENOTFOUND' });
}

function refusalOfLiteral(hostname: string, check: EgressGuard['check']): AddressRefusedError | undefined {
  const literal = hostname.replace(/^\[|\]$/g, '');
  if (isIP(literal) === 0) return undefined;
  const verdict = check(literal);
  return verdict.allowed ? undefined : new AddressRefusedError(verdict.why);
}

/** `net.connect` looks up names only, so a literal address is judged here. */
function guardedConnector(
  refusal: EgressGuard['refusal'],
  lookup: LookupFunction,
  build: buildConnector.BuildOptions = {},
): buildConnector.connector {
  const connect = buildConnector({ ...build, allowH2: false, lookup });
  return (target, callback) => {
    const refused = refusal(target.hostname);
    return refused === undefined ? connect(target, callback) : callback(refused, null);
  };
}

function toRange({ cidr, name }: AddressClass): Range {
  const [address = '', prefix, ...rest] = cidr.split('/');
  const family = isIP(address);
  const bits = family === 4 ? 32 : 128;
  const length = prefix === undefined ? bits : Number(prefix);
  const wellFormed = /^\d{1,3}$/.test(prefix ?? '0') && rest.length === 0;
  if (family === 0 || !wellFormed || length > bits) {
    throw new RangeError(`"${cidr}" is neither an IP address nor a CIDR such as 127.0.0.0/8`);
  }

  const list = new BlockList();
  list.addSubnet(address, length, family === 4 ? 'ipv4' : 'ipv6');
  return {
    cidr: `${address}/${length}`,
    name,
    contains: (candidate) => list.check(candidate, isIP(candidate) === 4 ? 'ipv4' : 'ipv6'),
  };
}

function embeddedIPv4(address: string): readonly string[] {
  if (isIP(address) !== 6) return [];
  const digits = hexDigits(address);
  return EMBEDDINGS.filter(({ prefix }) => digits.startsWith(prefix)).map(({ at }) => {
    const octets = digits.slice(at, at + 8).match(/../g) ?? [];
    return octets.map((octet) => Number.parseInt(octet, 16)).join('.');
  });
}

/** All 32 hex digits of an IPv6 address. The URL parser brings every spelling to one form. */
function hexDigits(address: string): string {
  const canonical = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const [head = '', tail = ''] = canonical.split('::');
  const front = groupsOf(head);
  const back = groupsOf(tail);
  return front + '0'.repeat(32 - front.length - back.length) + back;
}

function groupsOf(part: string): string {
  if (part === '') return '';
  return part
    .split(':')
    .map((group) => group.padStart(4, '0'))
    .join('');
}
