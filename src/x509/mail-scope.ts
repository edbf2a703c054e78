import { asciiLower } from '../identifiers/index.js';
import type { GeneralSubtree, NameConstraints } from './extension-values.js';
import { isAtHost, isAtOrBelow } from './name-matching.js';
import { subtreeOf, type Subtree } from './name-subtree.js';

/** What a credential takes on: one mailbox, or with `local` null all mail of a domain. Lower case. */
export interface MailScope {
  readonly local: string | null;
  readonly host: string;
}

type MailSubtree = Extract<Subtree, { kind: 'rfc822Name' }>;

const subtreesOf = (subtrees: readonly GeneralSubtree[]): Subtree[] => subtrees.flatMap(({ base }) => subtreeOf(base) ?? []);
const ofMail = (subtrees: readonly Subtree[]): MailSubtree[] =>
  subtrees.flatMap((subtree) => (subtree.kind === 'rfc822Name' ? [subtree] : []));
const hostsOf = (subtrees: readonly Subtree[]): string[] =>
  subtrees.flatMap((subtree) => (subtree.kind === 'dNSName' ? [subtree.host] : []));

const holds = ({ local, host }: MailScope, subtree: MailSubtree): boolean =>
  isAtHost(host, subtree) && (subtree.local === null || (local !== null && asciiLower(subtree.local) === local));

const touches = ({ local, host }: MailScope, subtree: MailSubtree): boolean =>
  isAtHost(host, subtree) && (subtree.local === null || local === null || asciiLower(subtree.local) === local);

/**
 * Whether name constraints leave a CA this mail, in whichever form they speak of it (standards: stir 8.6). RFC 5280 compares names of one form
 * alone: a CA held to the mailboxes of one domain could name another domain in dNSName, and one held to a domain mailboxes of another. Local parts
 * are compared without case, as SIIs are: what is excluded is excluded in every case. An empty dNSName is about hosts, not about mail.
 */
export const permitsMail = (constraints: NameConstraints, scope: MailScope): boolean => {
  const permitted = subtreesOf(constraints.permitted);
  const excluded = subtreesOf(constraints.excluded);
  const mail = ofMail(permitted);
  const hosts = hostsOf(permitted);
  return (
    (mail.length === 0 || mail.some((subtree) => holds(scope, subtree))) &&
    (hosts.length === 0 || hosts.some((host) => isAtOrBelow(scope.host, host))) &&
    !ofMail(excluded).some((subtree) => touches(scope, subtree)) &&
    !hostsOf(excluded).some((host) => host !== '' && isAtOrBelow(scope.host, host))
  );
};
