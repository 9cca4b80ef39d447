import { type LookupAddress, type LookupAllOptions, lookup as systemLookup } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { buildConnector } from 'undici';
import type { ServerKind } from '../../api/authorization-server.ts';

/**
 * Whether a connection to one address is permitted. `why` is for the platform team: it names the address and, if it can
 * be permitted, the flag.
 */
type EgressVerdict = { readonly allowed: true } | { readonly allowed: false; readonly why: string };

/** Checks the address that the connection uses, so that a second name resolution can't change it. */
export interface EgressGuard {
  /** Judges an IPv4 or IPv6 address, with or without brackets and zone. Anything else is refused. */
  check(address: string): EgressVerdict;
  /** The refusal of a literal address; `undefined` if it is permitted, and for a name, which isn't resolved yet. */
  refusal(hostname: string): AddressRefusedError | undefined;
  /** For `net.connect`: refused addresses are dropped; none left is an {@link AddressRefusedError}. */
  readonly lookup: LookupFunction;
  /** An undici connector (HTTP/1.1, http and https) that judges literal hosts as well as resolved ones. Default: no turns. */
  connector(options?: buildConnector.BuildOptions, turn?: LookupTurn): buildConnector.connector;
}

/** Lists all addresses of a name, as `dns.lookup` does. */
export type ResolveAll = (
  hostname: string,
  options: LookupAllOptions,
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/** Queues look-ups by turns. */
export type LookupTurn = (resolve: ResolveAll) => ResolveAll;

/** Nothing was connected to: every address of the host is refused. The message is fit to be shown to tenants. */
export class AddressRefusedError extends Error {
  override readonly name = 'AddressRefusedError';
  readonly code = 'ERR_ADDRESS_REFUSED';
  /** For the platform team: which address, and why. */
  readonly why: string;

  constructor(hostname: string, why: string) {
    super(`the address of ${hostname} isn't permitted here`);
    this.why = why;
  }
}

interface AddressClass {
  readonly cidr: string;
  readonly name: string;
  /** Permitted only by an entry that is no wider than this class, so not by accident; no message suggests it. */
  readonly isMetadata?: true;
  /** Permitted like others, but no message suggests it: clouds serve metadata in this range, and more may follow. */
  readonly isNeverSuggested?: true;
}

interface Range extends AddressClass {
  /** Bits of the prefix, of 128: an IPv4 range counts as one of IPv4-mapped addresses. */
  readonly width: number;
  readonly contains: (address: string) => boolean;
}

const METADATA = { name: 'a cloud metadata address', isMetadata: true } as const;
const LINK_LOCAL = { name: 'a link-local address', isNeverSuggested: true } as const;

/** Refused by default; the first match names the reason. Private ranges are absent: servers often live there. */
const REFUSED_CLASSES: readonly AddressClass[] = [
  { cidr: '169.254.169.254/32', ...METADATA },
  // Credentials of Amazon ECS tasks and EKS pods.
  { cidr: '169.254.170.0/24', ...METADATA },
  { cidr: '100.100.100.200/32', ...METADATA },
  { cidr: '192.0.0.192/32', ...METADATA },
  { cidr: '168.63.129.16/32', ...METADATA },
  // Amazon EC2: instance metadata at ::254, EKS Pod Identity at ::23, time and names beside them.
  { cidr: 'fd00:ec2::/32', ...METADATA },
  { cidr: 'fd20:ce::254/128', ...METADATA },
  // OpenStack over IPv6.
  { cidr: 'fe80::a9fe:a9fe/128', ...METADATA },
  // Tencent Cloud, and Scaleway over IPv4 and IPv6.
  { cidr: '169.254.0.23/32', ...METADATA },
  { cidr: '169.254.42.42/32', ...METADATA },
  { cidr: 'fd00:42::42/128', ...METADATA },
  // Before 0.0.0.0/8, of which they are IPv4-compatible forms.
  { cidr: '::/128', name: 'an unspecified address' },
  { cidr: '::1/128', name: 'a loopback address' },
  { cidr: '0.0.0.0/8', name: 'an unspecified address' },
  { cidr: '127.0.0.0/8', name: 'a loopback address' },
  { cidr: '169.254.0.0/16', ...LINK_LOCAL },
  { cidr: 'fe80::/10', ...LINK_LOCAL },
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

/** Addresses that an administrator permits and refuses, in addition to the default classes. */
interface EgressRules {
  /** Addresses or CIDRs that are permitted although they are refused by default. */
  readonly allowed: readonly string[];
  /** Additional addresses or CIDRs that are refused. If both lists contain an address, the narrower entry decides. */
  readonly refused?: readonly string[];
  /** The API server's own addresses, as known now. Refused, unless `allowed` contains them. */
  readonly apiServer?: () => readonly string[];
  /** Default: the system's resolver. */
  readonly resolve?: ResolveAll;
}

/**
 * The guard of every connection to an authorization server: loopback, link-local, cloud metadata, unspecified,
 * multicast and broadcast addresses are refused, in IPv6 disguises too.
 *
 * Throws a `RangeError` that quotes an entry which is neither an address nor a CIDR.
 */
export function createEgressGuard(rules: EgressRules): EgressGuard {
  const allowed = rules.allowed.map((cidr) => toRange({ cidr, name: 'permitted by --allow-addresses' }));
  const refused = (rules.refused ?? []).map((cidr) => toRange({ cidr, name: REFUSED_BY_FLAG }));
  const judged = { allowed, refused, apiServer: apiServerRanges(rules.apiServer ?? (() => NONE)) };

  const check = (address: string): EgressVerdict => judge(address, judged);
  const resolve = rules.resolve ?? systemLookup;
  const refusal = (hostname: string): AddressRefusedError | undefined => refusalOfLiteral(hostname, check);
  const connector: EgressGuard['connector'] = (build, turn = (unchanged) => unchanged) =>
    guardedConnector(refusal, guardedLookup(check, turn(resolve)), build);
  return { check, refusal, lookup: guardedLookup(check, resolve), connector };
}

/** Of each kind of server object: the rules that `--refuse-addresses` adds are for those that tenants write. */
export function createEgressGuards({
  refused = [],
  ...rules
}: EgressRules): Readonly<Record<ServerKind, EgressGuard>> {
  return {
    AuthorizationServer: createEgressGuard({ ...rules, refused }),
    ClusterAuthorizationServer: createEgressGuard(rules),
  };
}

const REFUSED_BY_FLAG = 'among those that --refuse-addresses refuses to AuthorizationServers';
const NONE: readonly string[] = [];
const REFUSED_RANGES = REFUSED_CLASSES.map(toRange);

interface JudgedAddress {
  readonly allowed: readonly Range[];
  readonly refused: readonly Range[];
  readonly apiServer: () => readonly Range[];
}

/** Parses each list of addresses once. */
function apiServerRanges(addresses: () => readonly string[]): () => readonly Range[] {
  let known: { readonly list: readonly string[]; readonly ranges: readonly Range[] } | undefined;
  return () => {
    const list = addresses();
    if (known?.list !== list) {
      const valid = list.filter((address) => isIP(address) !== 0);
      known = { list, ranges: valid.map((cidr) => toRange({ cidr, name: "the API server's address" })) };
    }
    return known.ranges;
  };
}

function judge(address: string, { allowed, refused, apiServer }: JudgedAddress): EgressVerdict {
  const plain = address.replace(/^\[|\]$/g, '').replace(/%.*$/s, '');
  if (isIP(plain) === 0) {
    return { allowed: false, why: 'the host is not an IP address' };
  }

  const forms = [plain, ...embeddedIPv4(plain)];
  const contains = (range: Range): boolean => forms.some(range.contains);
  const exceptions = allowed.filter(contains);
  const byFlag = refused.find(
    (range) => contains(range) && !exceptions.some(({ width }) => width > range.width),
  );
  if (byFlag !== undefined) {
    return { allowed: false, why: `${plain} is ${byFlag.name}` };
  }

  const matches = [...apiServer(), ...REFUSED_RANGES].filter(contains);
  const match = matches.find(({ isMetadata }) => isMetadata) ?? matches[0];
  if (match === undefined) {
    return { allowed: true };
  }
  const leastWidth = match.isMetadata ? match.width : 0;
  if (exceptions.some(({ width }) => width >= leastWidth)) {
    return { allowed: true };
  }
  const isSuggested = !matches.some((range) => range.isMetadata || range.isNeverSuggested);
  const hint = isSuggested ? `; start the operator with --allow-addresses=${plain} to permit it` : '';
  return { allowed: false, why: `${plain} is ${match.name}${hint}` };
}

function guardedLookup(check: EgressGuard['check'], resolve: ResolveAll): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, addresses) => {
      if (error !== null) {
        return callback(error, []);
      }

      const kept = addresses.filter(({ address }) => check(address).allowed);
      const [first] = kept;
      if (first === undefined) {
        return callback(refusalOf(hostname, addresses, check), []);
      }
      if (options.all === true) {
        return callback(null, kept);
      }
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
    if (!verdict.allowed) {
      return new AddressRefusedError(hostname, verdict.why);
    }
  }
  return Object.assign(new Error(`${hostname} has no address`), { code: 'ENOTFOUND' });
}

function refusalOfLiteral(hostname: string, check: EgressGuard['check']): AddressRefusedError | undefined {
  const literal = hostname.replace(/^\[|\]$/g, '');
  if (isIP(literal) === 0) {
    return undefined;
  }
  const verdict = check(literal);
  return verdict.allowed ? undefined : new AddressRefusedError(literal, verdict.why);
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

function toRange({ cidr, ...named }: AddressClass): Range {
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
    ...named,
    cidr: `${address}/${length}`,
    width: family === 4 ? length + 96 : length,
    contains: (candidate) => list.check(candidate, isIP(candidate) === 4 ? 'ipv4' : 'ipv6'),
  };
}

function embeddedIPv4(address: string): readonly string[] {
  if (isIP(address) !== 6) {
    return [];
  }
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
  if (part === '') {
    return '';
  }
  return part
    .split(':')
    .map((group) => group.padStart(4, '0'))
    .join('');
}
