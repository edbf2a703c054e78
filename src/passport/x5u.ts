import { isDomain } from '../identifiers/index.js';
import { refuse } from '../reasons/index.js';

/** RFC 3986 section 3.3 characters; no user, query or fragment (standards: stir 4.3). The port is the default, 443 or 8443. */
const X5U = /^https:\/\/([a-z0-9.-]+)(?::(?:443|8443))?((?:\/(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})*)*)$/;

/** RFC 6761 and RFC 6762: names that mean this host or this network, never an address of the public Internet. */
const PRIVATE_SUFFIX = /(?:^|\.)(?:localhost|local|localdomain|internal|intranet|lan|home|corp|arpa|onion)$/;

const MAX_X5U_BYTES = 1024;

const START = 'https://';

/** Which rule a value breaks: the first of them in the order of the URL. Nothing of the value itself. */
const brokenRule = (value: unknown): string => {
  if (typeof value !== 'string') return 'type';
  if (value.length > MAX_X5U_BYTES) return 'length';
  if (!value.startsWith(START)) return 'scheme';
  const [authority = ''] = /^[^/?#]*/.exec(value.slice(START.length)) ?? [];
  if (authority.includes('@')) return 'user';
  const [, port] = /:([0-9]*)$/.exec(authority) ?? [];
  if (port !== undefined && port !== '443' && port !== '8443') return 'port';
  const host = port === undefined ? authority : authority.slice(0, -port.length - 1);
  if (!isPublicName(host)) return 'host';
  if (value.includes('#')) return 'fragment';
  return value.includes('?') ? 'query' : 'path';
};

/** A host of labels that ends in letters is no IPv4 address in any spelling (decimal, octal, hexadecimal), and no IPv6 literal has brackets here. */
const isPublicName = (host: string): boolean => isDomain(host) && !PRIVATE_SUFFIX.test(host);

/**
 * The syntax of an x5u URL, judged offline too. Does not prove that the host is one that policy lets be fetched, nor that its address is public.
 * @throws Refusal `x5u-not-allowed`, its detail the rule: type, length, scheme, user, port, host, fragment, query or path
 */
export const parseX5u = (value: unknown): string => {
  const match = typeof value === 'string' && value.length <= MAX_X5U_BYTES ? X5U.exec(value) : null;
  const [url, host] = match ?? [];
  if (url === undefined || host === undefined || !isPublicName(host)) return refuse('x5u-not-allowed', brokenRule(value));
  return url;
};
