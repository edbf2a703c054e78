import { asciiLower } from '../../identifiers/index.js';
import { refuse } from '../../reasons/index.js';
import { isBound, permitsMail, type Certificate, type ClaimConstraints, type MailScope } from '../../x509/index.js';
import type { ProfileFinding } from '../credential.js';
import type { Shape } from './shape.js';

/** Whom a mail credential names: an EP's domains, as written, or one mailbox, in lower case. */
type MailNames =
  { readonly domains: readonly string[]; readonly mailbox: null } | { readonly domains: readonly []; readonly mailbox: string };

/**
 * An EP's domains or the one mailbox. Proves the shape of the names, not who may name them.
 * @throws Refusal `profile-violation`, `email-out-of-scope`
 */
export const checkMailNames = ({ subjectAltName }: Certificate): MailNames => {
  const names = subjectAltName ?? [];
  const domains = names.flatMap((name) => (name.kind === 'dNSName' ? [name.text] : []));
  // RFC 9598 section 6: both forms name mailboxes of one namespace.
  const [mailbox, ...others] = names.filter(({ kind }) => kind === 'rfc822Name' || kind === 'smtpUTF8Mailbox');
  if (domains.length > 0 && mailbox === undefined) {
    // RFC 5280 section 4.2.1.6 has no wildcard; an exact name is the only proof of a domain, and none of its children.
    return domains.some((domain) => domain.includes('*')) ? refuse('email-out-of-scope', 'wildcard', 0) : { domains, mailbox: null };
  }
  if (mailbox === undefined || others.length > 0 || domains.length > 0) return refuse('profile-violation', 'subjectAltName', 0);
  // RFC 9598 section 3: a SmtpUTF8Mailbox has a local part beyond ASCII, and no SII has such a one.
  return mailbox.kind === 'rfc822Name'
    ? { domains: [], mailbox: asciiLower(mailbox.text) }
    : refuse('profile-violation', 'SmtpUTF8Mailbox', 0);
};

/** The EP's CA: the highest certificate above the end-entity that permits mailboxes by name; -1 when there is none. */
const constrainedCa = (certificates: readonly Certificate[]): number =>
  certificates.findLastIndex(
    ({ nameConstraints }, position) => position > 0 && nameConstraints?.permitted.some(({ base }) => base.kind === 'rfc822Name') === true,
  );

/** The name constraints of every CA, the anchor's too, in both forms that speak of mail. */
const checkConstraints = (certificates: readonly Certificate[], scope: MailScope): void => {
  for (const { nameConstraints } of certificates) {
    if (nameConstraints !== null && !permitsMail(nameConstraints, scope)) refuse('email-out-of-scope', 'name constraints above', 0);
  }
};

const mailScopeOf = (mailbox: string): MailScope => {
  const at = mailbox.lastIndexOf('@');
  return { local: mailbox.slice(0, at), host: mailbox.slice(at + 1) };
};

/**
 * An EP's own credential (dNSName), or that of one mailbox (rfc822Name), bound to an AP. Which name it takes is the authority's to judge.
 * @throws Refusal `profile-violation`, `email-out-of-scope`
 */
export const checkEmail = ({ endEntity, certificates, listed, constraints }: Shape): ProfileFinding => {
  const list = listed.indexOf(true);
  if (list >= 0) return refuse('profile-violation', 'TNAuthList', list);
  const { domains, mailbox } = checkMailNames(endEntity);
  const finding = { spc: null, domains, constraints };
  if (mailbox === null) {
    for (const domain of domains) checkConstraints(certificates, { local: null, host: asciiLower(domain) });
    return { ...finding, kind: 'ep', mailbox, provider: null, below: 0 };
  }
  const below = constrainedCa(certificates);
  // RFC 5280 section 4.2.1.10: without it any CA below the anchor could name any mailbox.
  if (below < 0) return refuse('email-out-of-scope', 'no rfc822Name constraints above', 0);
  checkConstraints(certificates, mailScopeOf(mailbox));
  return { ...finding, kind: 'mailbox', mailbox, provider: checkMailboxBound(constraints).provider, below };
};

/** Whose mailbox it is may say so to one AP alone. @throws Refusal `profile-violation` */
export const checkMailboxBound = (constraints: ClaimConstraints | null): { readonly provider: string } =>
  isBound(constraints) ?? refuse('profile-violation', 'a mailbox without binding claim constraints', 0);
