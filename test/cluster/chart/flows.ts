import { BlockList, isIPv6 } from 'node:net';

/**
 * What a NetworkPolicy permits, evaluated by the rules of its API: no network plug-in takes part. Traffic of a Pod that a
 * policy selects is permitted in a direction if one rule for that direction has the port and the peer; a rule without
 * peers has all of them.
 */
export interface NetworkPolicySpec {
  readonly policyTypes: readonly ('Ingress' | 'Egress')[];
  readonly ingress?: readonly { readonly ports?: readonly Port[]; readonly from?: readonly Peer[] }[];
  readonly egress?: readonly { readonly ports?: readonly Port[]; readonly to?: readonly Peer[] }[];
}

interface Port {
  readonly port: number;
  readonly protocol: 'TCP' | 'UDP';
}

interface Peer {
  readonly ipBlock?: { readonly cidr: string; readonly except?: readonly string[] };
  readonly namespaceSelector?: { readonly matchLabels?: Readonly<Record<string, string>> };
}

export interface Flow {
  readonly direction: 'in' | 'out';
  readonly port: number;
  readonly protocol?: 'TCP' | 'UDP';
  /** The other end. */
  readonly address: string;
  /** Labels of the other end's namespace; absent: it is no Pod. */
  readonly namespace?: Readonly<Record<string, string>>;
}

export function isPermitted(policy: NetworkPolicySpec, flow: Flow): boolean {
  const direction = flow.direction === 'in' ? 'Ingress' : 'Egress';
  if (!policy.policyTypes.includes(direction)) {
    return true;
  }
  const rules =
    direction === 'Ingress'
      ? (policy.ingress ?? []).map(({ ports, from }) => ({ ports, peers: from }))
      : (policy.egress ?? []).map(({ ports, to }) => ({ ports, peers: to }));
  return rules.some(
    ({ ports, peers }) =>
      (ports === undefined || ports.some((port) => isPort(port, flow))) &&
      (peers === undefined || peers.some((peer) => isPeer(peer, flow))),
  );
}

const isPort = ({ port, protocol }: Port, flow: Flow): boolean =>
  port === flow.port && protocol === (flow.protocol ?? 'TCP');

function isPeer({ ipBlock, namespaceSelector }: Peer, { address, namespace }: Flow): boolean {
  if (ipBlock !== undefined) {
    return isIn(ipBlock.cidr, address) && !(ipBlock.except ?? []).some((cidr) => isIn(cidr, address));
  }
  const wanted = Object.entries(namespaceSelector?.matchLabels ?? {});
  return namespace !== undefined && wanted.every(([name, value]) => namespace[name] === value);
}

function isIn(cidr: string, address: string): boolean {
  const [network = '', bits = ''] = cidr.split('/');
  if (isIPv6(network) !== isIPv6(address)) {
    return false;
  }
  const family = isIPv6(network) ? 'ipv6' : 'ipv4';
  const list = new BlockList();
  list.addSubnet(network, Number(bits), family);
  return list.check(address, family);
}
