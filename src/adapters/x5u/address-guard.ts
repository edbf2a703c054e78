import { BlockList, isIPv4, isIPv6 } from 'node:net';

type Range = readonly [network: string, prefix: number];

/** IANA IPv4 Special-Purpose Address Registry, whole (RFC 6890), and multicast. What the registry calls globally reachable is no host of a credential either. */
export const SPECIAL_IPV4: readonly Range[] = [
  ['0.0.0.0', 8], // "this network", unspecified: reaches this host
  ['10.0.0.0', 8], // private
  ['100.64.0.0', 10], // RFC 6598, carrier-grade NAT
  ['127.0.0.0', 8], // loopback
  ['169.254.0.0', 16], // link-local, cloud metadata
  ['172.16.0.0', 12], // private
  ['192.0.0.0', 24], // RFC 6890, IETF protocol assignments, DS-Lite
  ['192.0.2.0', 24], // documentation
  ['192.31.196.0', 24], // AS112
  ['192.52.193.0', 24], // AMT relays
  ['192.88.99.0', 24], // RFC 7526, 6to4 relay anycast
  ['192.168.0.0', 16], // private
  ['192.175.48.0', 24], // AS112
  ['198.18.0.0', 15], // benchmarking
  ['198.51.100.0', 24], // documentation
  ['203.0.113.0', 24], // documentation
  ['224.0.0.0', 4], // RFC 5771, multicast
  ['240.0.0.0', 4], // reserved, limited broadcast
];

/**
 * IANA IPv6 Special-Purpose Address Registry within 2000::/3; everything outside of 2000::/3 is refused anyway: unspecified, loopback,
 * v4-mapped and v4-compatible, NAT64 (64:ff9b::/96, 64:ff9b:1::/48), discard-only, SRv6, unique local, link-local, site-local, multicast.
 */
export const SPECIAL_IPV6: readonly Range[] = [
  ['2001::', 23], // Teredo, ORCHID, benchmarking, AMT, AS112 and the rest of the IETF protocol assignments
  ['2001:db8::', 32], // documentation
  ['2002::', 16], // 6to4: any IPv4 address is behind it
  ['2620:4f:8000::', 48], // AS112
  ['3fff::', 20], // RFC 9637, documentation
];

const listOf = (ranges: readonly Range[], family: 'ipv4' | 'ipv6'): BlockList => {
  const list = new BlockList();
  for (const [network, prefix] of ranges) list.addSubnet(network, prefix, family);
  return list;
};

// One list a family: a BlockList matches IPv4 addresses against ranges of mapped ones.
const specialIpv4 = listOf(SPECIAL_IPV4, 'ipv4');
const specialIpv6 = listOf(SPECIAL_IPV6, 'ipv6');
/** RFC 4291 section 2.4: what IANA gives out as global unicast. */
const globalUnicast = listOf([['2000::', 3]], 'ipv6');

/**
 * Whether an address, as text, may be connected to: ordinary global unicast. IPv6 forms that carry an IPv4 address (mapped, compatible, NAT64,
 * 6to4, Teredo) are refused whole, whatever they carry, since who unwraps them is not ours. A zone, or what does not parse: false.
 * Does not know the operator's own global addresses, nor translation prefixes of the operator's own: an egress firewall does.
 */
export const isPublicAddress = (address: string): boolean => {
  if (isIPv4(address)) return !specialIpv4.check(address, 'ipv4');
  if (!isIPv6(address) || address.includes('%')) return false;
  return globalUnicast.check(address, 'ipv6') && !specialIpv6.check(address, 'ipv6');
};
