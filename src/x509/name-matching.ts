import { asciiLower } from '../identifiers/index.js';
import type { DistinguishedName } from './distinguished-name.js';
import type { GeneralName } from './general-name.js';
import { isHost } from './host-name.js';
import { isAscii, readMailbox, readUtf8Mailbox, type Mailbox } from './mail-name.js';
import type { Subtree } from './name-subtree.js';

/** A name as it is compared, made once: a long name under many subtrees costs once. Null: it cannot be compared. */
type Form =
  | { readonly kind: 'directoryName'; readonly name: DistinguishedName }
  | { readonly kind: 'dNSName'; readonly host: string }
  | ({ readonly kind: 'mailbox' } & Mailbox)
  | { readonly kind: 'uniformResourceIdentifier'; readonly host: string }
  | { readonly kind: 'iPAddress'; readonly octets: Uint8Array };

/** A name of a certificate, and the kinds of subtree that bind it. */
export interface ConstrainedName {
  readonly kind: GeneralName['kind'];
  readonly boundBy: ReadonlyArray<Subtree['kind']>;
  readonly form: Form | null;
}

const IPV4 = /^[0-9]+(?:\.[0-9]+)*$/;
const AUTHORITY = /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)/i;

/** RFC 5280 section 4.2.1.10: a URI without a host that is a domain name is refused under any URI constraint. */
const uriForm = (text: string): Form | null => {
  const authority = AUTHORITY.exec(text)?.[1];
  if (authority === undefined) return null;
  const host = asciiLower(authority.slice(authority.lastIndexOf('@') + 1).replace(/:[0-9]*$/, ''));
  return isHost(host) && !IPV4.test(host) ? { kind: 'uniformResourceIdentifier', host } : null;
};

/** RFC 5280 section 4.2.1.6 gives a wildcard no meaning, so whether all that it may stand for lies within a subtree is nobody's to say here. */
const dnsForm = (text: string): Form | null => {
  const host = asciiLower(text);
  return isHost(host) ? { kind: 'dNSName', host } : null;
};

const mailForm = (mailbox: Mailbox | null): Form | null => (mailbox === null ? null : { kind: 'mailbox', ...mailbox });

const formOf = (name: GeneralName): Form | null => {
  switch (name.kind) {
    case 'directoryName':
      return name;
    case 'dNSName':
      return dnsForm(name.text);
    case 'rfc822Name':
      return mailForm(readMailbox(name.text));
    case 'smtpUTF8Mailbox':
      return mailForm(readUtf8Mailbox(name.text));
    case 'uniformResourceIdentifier':
      return uriForm(name.text);
    case 'iPAddress':
      return name.octets.length === 4 || name.octets.length === 16 ? name : null;
    case 'otherName':
    case 'x400Address':
    case 'ediPartyName':
    case 'registeredID':
      return null;
  }
};

/** RFC 9598 section 6: rfc822Name constraints bind SmtpUTF8Mailbox. It is an otherName besides, and what binds those is not understood. */
export const constrainedName = (name: GeneralName): ConstrainedName => ({
  kind: name.kind,
  boundBy: name.kind === 'smtpUTF8Mailbox' ? ['rfc822Name', 'otherName'] : [name.kind],
  form: formOf(name),
});

const isBelow = (host: string, domain: string): boolean => host.length > domain.length + 1 && host.endsWith(`.${domain}`);

/** Whether a host is the base's, or one of those below it where the base says so. */
export const isAtHost = (host: string, base: { readonly host: string; readonly below: boolean }): boolean =>
  base.below ? isBelow(host, base.host) : host === base.host;

/** Whether a host is the base or below it (RFC 5280 section 4.2.1.10, dNSName); the empty base holds every host. */
export const isAtOrBelow = (host: string, base: string): boolean => base === '' || host === base || isBelow(host, base);

type Against = 'permitted' | 'excluded';

/**
 * One mailbox, all of one host, or all hosts below a domain. RFC 5280 section 7.5: the local part as it stands. A base with a local part cannot mean a
 * local part beyond ASCII; RFC 9598 section 6 then compares hosts alone, which here only excludes and never permits.
 */
const mailboxWithin = ({ local, host }: Mailbox, base: Extract<Subtree, { kind: 'rfc822Name' }>, against: Against): boolean => {
  if (!isAtHost(host, base)) return false;
  if (base.local === null || base.local === local) return true;
  return against === 'excluded' && !isAscii(local);
};

const addressWithin = (address: Uint8Array, base: Uint8Array): boolean =>
  base.length === 2 * address.length && address.every((octet, i) => ((octet ^ (base[i] ?? 0)) & (base[address.length + i] ?? 0)) === 0);

/** What another string type hides from a comparison of octets must not slip out of an excluded subtree, nor into a permitted one. */
const directoryWithin = (name: DistinguishedName, base: DistinguishedName, against: Against): boolean =>
  against === 'excluded' ? name.mayBeWithin(base) : name.isWithin(base);

/** Whether a name lies in a subtree that binds it. Null: the two cannot be compared. */
export const isWithin = (form: Form | null, subtree: Subtree, against: Against): boolean | null => {
  if (form === null) return null;
  if (form.kind === 'mailbox') return subtree.kind === 'rfc822Name' ? mailboxWithin(form, subtree, against) : null;
  if (form.kind === 'directoryName' && subtree.kind === form.kind) return directoryWithin(form.name, subtree.name, against);
  if (form.kind === 'dNSName' && subtree.kind === form.kind) return isAtOrBelow(form.host, subtree.host);
  if (form.kind === 'uniformResourceIdentifier' && subtree.kind === form.kind) return isAtHost(form.host, subtree);
  if (form.kind === 'iPAddress' && subtree.kind === form.kind) return addressWithin(form.octets, subtree.octets);
  return null;
};
