import { asciiLower } from '../identifiers/index.js';
import type { DistinguishedName } from './distinguished-name.js';
import type { GeneralName } from './general-name.js';
import { isHost } from './host-name.js';
import { readMailbox } from './mail-name.js';

/**
 * The base of a subtree as it is compared (RFC 5280 section 4.2.1.10). Made once, so that a long base costs once. `below`: hosts below a domain, not
 * the domain's own.
 */
export type Subtree =
  | { readonly kind: 'directoryName'; readonly name: DistinguishedName }
  /** Empty: every dNSName. */
  | { readonly kind: 'dNSName'; readonly host: string }
  /** `local` null: every mailbox of the host or hosts. */
  | { readonly kind: 'rfc822Name'; readonly local: string | null; readonly host: string; readonly below: boolean }
  | { readonly kind: 'uniformResourceIdentifier'; readonly host: string; readonly below: boolean }
  | { readonly kind: 'iPAddress'; readonly octets: Uint8Array }
  /** Nothing compares these: their names are refused. */
  | { readonly kind: 'otherName' | 'x400Address' | 'ediPartyName' | 'registeredID' };

/** CIDR, an address and a mask of leading ones. */
const isCidr = (octets: Uint8Array): boolean => {
  if (octets.length !== 8 && octets.length !== 32) return false;
  let ended = false;
  for (const octet of octets.subarray(octets.length / 2)) {
    if (ended ? octet !== 0 : ![0xff, 0xfe, 0xfc, 0xf8, 0xf0, 0xe0, 0xc0, 0x80, 0].includes(octet)) return false;
    ended ||= octet !== 0xff;
  }
  return true;
};

/** A host, or with a period before it every host below. */
const hostOrDomain = (text: string): { host: string; below: boolean } | null => {
  const below = text.startsWith('.');
  const host = asciiLower(below ? text.slice(1) : text);
  return isHost(host) ? { host, below } : null;
};

/** The subtree under a base, or null where the base has not the form that its kind has. */
export const subtreeOf = (base: GeneralName): Subtree | null => {
  switch (base.kind) {
    case 'directoryName':
      return base;
    case 'dNSName': {
      const host = asciiLower(base.text);
      return host === '' || isHost(host) ? { kind: base.kind, host } : null;
    }
    case 'rfc822Name': {
      if (base.text.includes('@')) {
        const mailbox = readMailbox(base.text);
        return mailbox === null ? null : { kind: base.kind, ...mailbox, below: false };
      }
      const hosts = hostOrDomain(base.text);
      return hosts === null ? null : { kind: base.kind, local: null, ...hosts };
    }
    case 'uniformResourceIdentifier': {
      const hosts = hostOrDomain(base.text);
      return hosts === null ? null : { kind: base.kind, ...hosts };
    }
    case 'iPAddress':
      return isCidr(base.octets) ? base : null;
    // RFC 9598 section 6: constraints on mail are rfc822Name. One in this form would bind half of the namespace.
    case 'smtpUTF8Mailbox':
      return null;
    case 'otherName':
    case 'x400Address':
    case 'ediPartyName':
    case 'registeredID':
      return { kind: base.kind };
  }
};
