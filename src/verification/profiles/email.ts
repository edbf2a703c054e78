import { refuse } from '../../reasons/index.js';
import { isBound, type Certificate, type ClaimConstraints } from '../../x509/index.js';
import type { ProfileFinding } from '../credential.js';
import type { Shape } from './shape.js';

const asciiLower = (text: string): string => text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());

/** The EP's CA: the highest certificate above the end-entity that permits mailboxes by name; -1 when there is none. */
const constrainedCa = (certificates: readonly Certificate[]): number =>
  certificates.findLastIndex(
    ({ nameConstraints }, position) => position > 0 && nameConstraints?.permitted.some(({ base }) => base.kind === 'rfc822Name') === true,
  );

/** RFC 5280 section 7.5 compares local parts octet for octet; here they are folded, so what a CA must not name it must not name in another case. */
const isExcluded = (certificates: readonly Certificate[], mailbox: string): boolean =>
  certificates.some(
    ({ nameConstraints }) =>
      nameConstraints?.excluded.some(({ base }) => base.kind === 'rfc822Name' && asciiLower(base.text) === mailbox) === true,
  );

/**
 * An EP's own credential (dNSName), or that of one mailbox (rfc822Name), bound to an AP. Which name it takes is the authority's to judge.
 * @throws Refusal `profile-violation`, `email-out-of-scope`
 */
export const checkEmail = ({ endEntity, certificates, listed, constraints }: Shape): ProfileFinding => {
  const list = listed.indexOf(true);
  if (list >= 0) return refuse('profile-violation', 'TNAuthList', list);
  const names = endEntity.subjectAltName ?? [];
  const domains = names.flatMap((name) => (name.kind === 'dNSName' ? [name.text] : []));
  const mailboxes = names.flatMap((name) => (name.kind === 'rfc822Name' ? [name.text] : []));
  const finding = { spc: null, domains, constraints };
  if (domains.length > 0 && mailboxes.length === 0) return { ...finding, kind: 'ep', mailbox: null, provider: null, below: 0 };
  const [mailbox, ...others] = mailboxes;
  if (mailbox === undefined || others.length > 0 || domains.length > 0) return refuse('profile-violation', 'subjectAltName', 0);
  const below = constrainedCa(certificates);
  // RFC 5280 section 4.2.1.10: without it any CA below the anchor could name any mailbox.
  if (below < 0) return refuse('email-out-of-scope', 'no rfc822Name constraints above', 0);
  if (isExcluded(certificates, asciiLower(mailbox))) return refuse('email-out-of-scope', 'excluded above', 0);
  const bound = checkMailboxBound(constraints);
  return { ...finding, kind: 'mailbox', mailbox: asciiLower(mailbox), provider: bound.provider, below };
};

/** Whose mailbox it is may say so to one AP alone. @throws Refusal `profile-violation` */
export const checkMailboxBound = (constraints: ClaimConstraints | null): { readonly provider: string } =>
  isBound(constraints) ?? refuse('profile-violation', 'a mailbox without binding claim constraints', 0);
