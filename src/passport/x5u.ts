import { isDomain } from '../identifiers/index.js';
import { refuse } from '../reasons/index.js';

/** RFC 3986 section 3.3 characters; no user, query or fragment (standards: stir 4.3). The port is the default, 443 or 8443. */
const X5U = /^https:\/\/([a-z0-9.-]+)(?::(?:443|8443))?((?:\/(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})*)*)$/;

/** RFC 6761 and RFC 6762: names that mean this host or this network, never an address of the public Internet. */
const PRIVATE_SUFFIX = /(?:^|\.)(?:localhost|local|localdomain|internal|intranet|lan|home|corp|arpa|onion)$/;

const MAX_X5U_BYTES = 1024;

/**
 * The syntax of an x5u URL, judged offline too. Does not prove that the host is one that policy lets be fetched, nor that its address is public.
 * @throws Refusal `x5u-not-allowed`
 */
export const parseX5u = (value: unknown): string => {
  const match = typeof value === 'string' && value.length <= MAX_X5U_BYTES ? X5U.exec(value) : null;
  const [url, host] = match ?? [];
  // A host of labels that ends in letters is no IPv4 address in any spelling (decimal, octal, hexadecimal), and no IPv6 literal has brackets here.
  if (url === undefined || host === undefined || !isDomain(host) || PRIVATE_SUFFIX.test(host)) return refuse('x5u-not-allowed');
  return url;
};
