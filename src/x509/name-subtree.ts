import { refuse } from '../reasons/index.js';
import type { GeneralName } from './general-name.js';

/** RFC 1034 section 3.5 as relaxed by RFC 1123, and the underscore that hosts in use have. */
const HOST = /^(?:[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?)(?:\.[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?)*$/;
const IPV4 = /^[0-9]+(?:\.[0-9]+)*$/;
const MAILBOX = /^([^@]+)@([^@]+)$/;
const AUTHORITY = /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)/i;

/** One label of the preferred name syntax: RFC 1034 section 3.5, and a digit may begin it (RFC 1123 section 2.1). */
const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/i;

/** RFC 5280 section 4.2.1.6; `*` as the first label is left to who uses the name. */
export const isPreferredName = (text: string): boolean => {
  const [first, ...labels] = text.split('.');
  return text.length <= 253 && (first === '*' ? labels.length > 0 : LABEL.test(first ?? '')) && labels.every((label) => LABEL.test(label));
};

const isHost = (text: string): boolean => text.length <= 253 && HOST.test(text);

/** A host, or every host below a domain when it begins with a period (mail and URI forms, not dNSName). */
const isHostOrDomain = (text: string): boolean => isHost(text.startsWith('.') ? text.slice(1) : text);

/** RFC 5280 section 4.2.1.10: CIDR, an address and a mask of leading ones. */
const isCidr = (octets: Uint8Array): boolean => {
  if (octets.length !== 8 && octets.length !== 32) return false;
  let ended = false;
  for (const octet of octets.subarray(octets.length / 2)) {
    if (ended ? octet !== 0 : ![0xff, 0xfe, 0xfc, 0xf8, 0xf0, 0xe0, 0xc0, 0x80, 0].includes(octet)) return false;
    ended ||= octet !== 0xff;
  }
  return true;
};

/** Whether the base of a subtree has the form that RFC 5280 section 4.2.1.10 gives its kind. Kinds that nothing compares pass: their names do not. */
export const isWellFormedSubtree = (base: GeneralName): boolean => {
  switch (base.kind) {
    case 'dNSName':
      return isHost(base.text.toLowerCase());
    case 'uniformResourceIdentifier':
      return isHostOrDomain(base.text.toLowerCase());
    case 'rfc822Name': {
      const mailbox = MAILBOX.exec(base.text);
      return mailbox === null ? isHostOrDomain(base.text.toLowerCase()) : isHost((mailbox[2] ?? '').toLowerCase());
    }
    case 'iPAddress':
      return isCidr(base.octets);
    case 'directoryName':
    case 'otherName':
    case 'x400Address':
    case 'ediPartyName':
    case 'registeredID':
      return true;
  }
};

const isBelow = (host: string, domain: string): boolean => host.length > domain.length + 1 && host.endsWith(`.${domain}`);

const matchesHostOrDomain = (host: string, base: string): boolean => (base.startsWith('.') ? isBelow(host, base.slice(1)) : host === base);

const notComparable = (kind: string): never => refuse('name-constraints', `${kind} cannot be compared`);

/** RFC 5280 section 4.2.1.6 gives a wildcard no meaning, so whether all that it may stand for lies within a subtree is nobody's to say here. */
const dnsWithin = (name: string, base: string): boolean => {
  if (!isHost(name)) return notComparable('dNSName');
  return name === base || isBelow(name, base);
};

/** RFC 5280 section 4.2.1.10: one mailbox, all of one host, or all hosts below a domain. The local part is compared as it stands. */
const mailboxWithin = (name: string, base: string): boolean => {
  const [, local = '', host = ''] = MAILBOX.exec(name) ?? notComparable('rfc822Name');
  if (!isHost(host.toLowerCase())) return notComparable('rfc822Name');
  const mailbox = MAILBOX.exec(base);
  if (mailbox !== null) return mailbox[1] === local && mailbox[2]?.toLowerCase() === host.toLowerCase();
  return matchesHostOrDomain(host.toLowerCase(), base.toLowerCase());
};

/** RFC 5280 section 4.2.1.10: a URI without a host that is a domain name is refused under any URI constraint. */
const uriWithin = (name: string, base: string): boolean => {
  const authority = AUTHORITY.exec(name)?.[1] ?? notComparable('URI');
  const host = authority
    .slice(authority.lastIndexOf('@') + 1)
    .replace(/:[0-9]*$/, '')
    .toLowerCase();
  if (!isHost(host) || IPV4.test(host)) return notComparable('URI');
  return matchesHostOrDomain(host, base.toLowerCase());
};

const addressWithin = (address: Uint8Array, base: Uint8Array): boolean => {
  if (address.length !== 4 && address.length !== 16) return notComparable('iPAddress');
  if (base.length !== 2 * address.length) return false;
  return address.every((octet, i) => ((octet ^ (base[i] ?? 0)) & (base[address.length + i] ?? 0)) === 0);
};

/**
 * Whether a name lies in the subtree under a base of the same kind.
 * @throws Refusal `name-constraints` when the name cannot be compared: also every name of a kind that nothing here compares.
 */
export const isWithinSubtree = (name: GeneralName, base: GeneralName): boolean => {
  if (name.kind === 'directoryName' && base.kind === 'directoryName') return name.name.isWithin(base.name);
  if (name.kind === 'dNSName' && base.kind === 'dNSName') return dnsWithin(name.text.toLowerCase(), base.text.toLowerCase());
  if (name.kind === 'rfc822Name' && base.kind === 'rfc822Name') return mailboxWithin(name.text, base.text);
  if (name.kind === 'uniformResourceIdentifier' && base.kind === name.kind) return uriWithin(name.text, base.text);
  if (name.kind === 'iPAddress' && base.kind === 'iPAddress') return addressWithin(name.octets, base.octets);
  return notComparable(name.kind);
};
