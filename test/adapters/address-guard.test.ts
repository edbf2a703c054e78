import { describe, expect, test } from '@jest/globals';
import { SPECIAL_IPV4, SPECIAL_IPV6, isPublicAddress } from '../../src/adapters/x5u/address-guard.js';

const ipv4 = (value: number): string => [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join('.');
const valueOf = (text: string): number => text.split('.').reduce((value, part) => value * 256 + Number(part), 0);

const ipv6 = (value: bigint): string =>
  Array.from({ length: 8 }, (_, i) => ((value >> BigInt(16 * (7 - i))) & 0xffffn).toString(16)).join(':');
const wideOf = (text: string): bigint => {
  const [head = '', tail = ''] = text.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === '' ? [] : tail.split(':');
  const zeros = Array.from({ length: 8 - left.length - right.length }, () => '0');
  return [...left, ...zeros, ...right].reduce((value, part) => (value << 16n) | BigInt(`0x${part}`), 0n);
};

describe('the address guard', () => {
  test.each([
    '1.1.1.1',
    '8.8.8.8',
    '100.63.255.255',
    '100.128.0.0',
    '172.15.255.255',
    '172.32.0.0',
    '192.0.1.0',
    '198.20.0.0',
    '223.255.255.255',
  ])('allows %s', (address) => expect(isPublicAddress(address)).toBe(true));

  test.each(['2000::1', '2001:200::1', '2001:4860:4860::8888', '2003::1', '2606:4700::1111', '2a00:1450:4001::1', '3ffe:ffff::1'])(
    'allows %s',
    (address) => expect(isPublicAddress(address)).toBe(true),
  );

  // RFC 6890 and the registries after it, written down here a second time.
  test.each([
    ['0.0.0.0', '0.255.255.255'],
    ['10.0.0.0', '10.255.255.255'],
    ['100.64.0.0', '100.127.255.255'],
    ['127.0.0.0', '127.255.255.255'],
    ['169.254.0.0', '169.254.255.255'],
    ['172.16.0.0', '172.31.255.255'],
    ['192.0.0.0', '192.0.0.255'],
    ['192.0.2.0', '192.0.2.255'],
    ['192.31.196.0', '192.31.196.255'],
    ['192.52.193.0', '192.52.193.255'],
    ['192.88.99.0', '192.88.99.255'],
    ['192.168.0.0', '192.168.255.255'],
    ['192.175.48.0', '192.175.48.255'],
    ['198.18.0.0', '198.19.255.255'],
    ['198.51.100.0', '198.51.100.255'],
    ['203.0.113.0', '203.0.113.255'],
    ['224.0.0.0', '239.255.255.255'],
    ['240.0.0.0', '255.255.255.255'],
  ])('refuses %s to %s', (first, last) => {
    expect([first, last, ipv4(Math.floor((valueOf(first) + valueOf(last)) / 2))].map(isPublicAddress)).toEqual([false, false, false]);
  });

  test.each([
    ['unspecified', '::'],
    ['loopback', '::1'],
    ['loopback, long', '0:0:0:0:0:0:0:1'],
    ['v4-compatible', '::8.8.8.8'],
    ['v4-mapped, dotted', '::ffff:8.8.8.8'],
    ['v4-mapped, hexadecimal', '::ffff:7f00:1'],
    ['v4-mapped, long', '0:0:0:0:0:ffff:127.0.0.1'],
    ['v4-translated', '::ffff:0:8.8.8.8'],
    ['NAT64', '64:ff9b::8.8.8.8'],
    ['NAT64 of loopback', '64:ff9b::7f00:1'],
    ['local NAT64', '64:ff9b:1::a00:1'],
    ['discard-only', '100::1'],
    ['dummy prefix', '100:0:0:1::1'],
    ['Teredo', '2001::1'],
    ['PCP anycast', '2001:1::1'],
    ['benchmarking', '2001:2::1'],
    ['AMT', '2001:3::1'],
    ['AS112', '2001:4:112::1'],
    ['ORCHID', '2001:10::1'],
    ['ORCHIDv2', '2001:20::1'],
    ['drone ids', '2001:30::1'],
    ['documentation', '2001:db8::1'],
    ['6to4 of a public address', '2002:808:808::1'],
    ['6to4 of loopback', '2002:7f00:1::1'],
    ['direct AS112', '2620:4f:8000::1'],
    ['new documentation', '3fff::1'],
    ['SRv6', '5f00::1'],
    ['unique local', 'fc00::1'],
    ['unique local, assigned', 'fdff:ffff::1'],
    ['link-local', 'fe80::1'],
    ['site-local', 'fec0::1'],
    ['multicast', 'ff02::1'],
    ['outside of what is given out', '4000::1'],
  ])('refuses %s', (_, address) => expect(isPublicAddress(address)).toBe(false));

  test.each([
    '',
    'localhost',
    '8.8.8',
    '010.8.8.8',
    '0x8.8.8.8',
    '8.8.8.8.',
    ' 8.8.8.8',
    '8.8.8.8\n',
    '134744072',
    '256.1.1.1',
    '2606:4700::1%eth0',
    '[2606:4700::1]',
    'g::1',
  ])('refuses what is no address, or has a zone: %j', (text) => expect(isPublicAddress(text)).toBe(false));

  test('ends each IPv4 range where the registry ends it', () => {
    for (const [network, prefix] of SPECIAL_IPV4) {
      const size = 2 ** (32 - prefix);
      const first = valueOf(network);
      expect(isPublicAddress(ipv4(first))).toBe(false);
      expect(isPublicAddress(ipv4(first + size - 1))).toBe(false);
      const neighbours = [first - 1, first + size].filter((value) => value >= 0 && value < 2 ** 32);
      for (const value of neighbours) expect(isPublicAddress(ipv4(value))).toBe(!inSome(value));
    }
  });

  test('ends each IPv6 range where the registry ends it', () => {
    for (const [network, prefix] of SPECIAL_IPV6) {
      const size = 1n << BigInt(128 - prefix);
      const first = wideOf(network);
      expect([first, first + size - 1n].map((value) => isPublicAddress(ipv6(value)))).toEqual([false, false]);
    }
    expect(isPublicAddress(ipv6(wideOf('2001::') - 1n))).toBe(true);
    expect(isPublicAddress(ipv6(wideOf('2001:200::')))).toBe(true);
    expect(isPublicAddress(ipv6(wideOf('2002::') - 1n))).toBe(true);
    expect(isPublicAddress(ipv6(wideOf('2003::')))).toBe(true);
    expect(isPublicAddress(ipv6(wideOf('3fff:1000::')))).toBe(true);
    expect(isPublicAddress(ipv6(wideOf('4000::')))).toBe(false);
  });
});

const inSome = (value: number): boolean =>
  SPECIAL_IPV4.some(([network, prefix]) => Math.floor(value / 2 ** (32 - prefix)) === Math.floor(valueOf(network) / 2 ** (32 - prefix)));
