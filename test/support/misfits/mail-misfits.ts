import { encodeSequence, encodeTlv } from '../../../src/encoding/index.js';
import { OID, subjectAltName, type AlternativeName, type Extension } from '../../../src/issuance/index.js';
import { dns, mail, utf8Mailbox } from '../raw-certificate.js';
import { MAIL_DOMAIN, mailProvider, mailbox } from './fitting.js';
import { added, authority, replaced, type Link } from './link.js';
import { misfit, type Misfit } from './misfit.js';
import { changed, sceneOf, type Scene } from './scene.js';

/** Names and name constraints by the raw encoder, since the issuer makes no wrong ones. */
const namesOf = (...names: Buffer[]): Extension => ({ oid: OID.subjectAltName, critical: false, value: encodeSequence(...names) });
const constraintsOf = (permitted: readonly Buffer[], excluded: readonly Buffer[] = []): Extension => {
  const subtrees = (tag: number, bases: readonly Buffer[]): Buffer[] =>
    bases.length === 0 ? [] : [encodeTlv(tag, ...bases.map((base) => encodeSequence(base)))];
  return { oid: OID.nameConstraints, critical: true, value: encodeSequence(...subtrees(0xa0, permitted), ...subtrees(0xa1, excluded)) };
};

type Change = (scene: Scene) => Scene;
const link =
  (place: number, change: (link: Link) => Link): Change =>
  (scene) =>
    changed(scene, place, change);

const names = (...made: Buffer[]): Change => link(-1, (it) => replaced(it, namesOf(...made)));
const issued = (...made: AlternativeName[]): Change => link(-1, (it) => replaced(it, subjectAltName(made)));
/** Constraints of the mailbox CA. */
const held = (permitted: readonly Buffer[], excluded: readonly Buffer[] = []): Change =>
  link(1, (it) => replaced(it, constraintsOf(permitted, excluded)));
/** Constraints of the EP's CA, which has none. */
const heldEp = (permitted: readonly Buffer[], excluded: readonly Buffer[] = []): Change =>
  link(1, (it) => added(it, constraintsOf(permitted, excluded)));
/** Constraints of the root. */
const heldRoot = (permitted: readonly Buffer[], excluded: readonly Buffer[] = []): Change =>
  link(0, (it) => added(it, constraintsOf(permitted, excluded)));
/** A CA above the mailbox CA, with these constraints. */
const below = (permitted: readonly Buffer[], excluded: readonly Buffer[] = []): Change => {
  const between = authority('Mail CA', constraintsOf(permitted, excluded));
  return ({ profile, links: [root = between, ...others] }) => sceneOf(profile, root, between, ...others);
};
const both =
  (first: Change, second: Change): Change =>
  (scene) =>
    second(first(scene));

const MAILBOX = mail(`alice@${MAIL_DOMAIN}`);
const UTF8 = utf8Mailbox(`学生@${MAIL_DOMAIN}`);
const HOST = mail(MAIL_DOMAIN);

/** Credentials for mail: whose names they take, and what the CAs above may give. */
export const MAIL_MISFITS: readonly Misfit[] = [
  misfit(
    132,
    'a wildcard beside the domain',
    'email-out-of-scope',
    mailProvider,
    names(dns(MAIL_DOMAIN), dns(`*.${MAIL_DOMAIN}`)),
    names(dns(MAIL_DOMAIN), dns(`a.${MAIL_DOMAIN}`)),
  ),
  misfit(null, 'a mailbox beside the domain of an EP', 'profile-violation', mailProvider, names(dns(MAIL_DOMAIN), MAILBOX)),
  misfit(null, 'a SmtpUTF8Mailbox beside the domain of an EP', 'profile-violation', mailProvider, names(dns(MAIL_DOMAIN), UTF8)),
  misfit(null, 'a SmtpUTF8Mailbox in place of the mailbox', 'profile-violation', mailbox, names(UTF8), names(MAILBOX)),
  misfit(null, 'a SmtpUTF8Mailbox beside the mailbox', 'profile-violation', mailbox, names(MAILBOX, UTF8), names(MAILBOX)),
  misfit(
    null,
    'a SmtpUTF8Mailbox with an ASCII local part in place of the mailbox',
    'name-constraints',
    mailbox,
    names(utf8Mailbox(`alice@${MAIL_DOMAIN}`)),
  ),
  misfit(
    null,
    'a SmtpUTF8Mailbox that is no UTF8String',
    'malformed-cert',
    mailbox,
    names(Buffer.concat([Buffer.from(UTF8).subarray(0, 14), Buffer.from([0x16]), Buffer.from(UTF8).subarray(15)])),
  ),
  misfit(
    null,
    'a mailbox of another host than its CA permits',
    'name-constraints',
    mailbox,
    issued({ mailbox: 'alice@sub.mail.example' }),
    held([HOST, mail(`.${MAIL_DOMAIN}`)]),
  ),
  misfit(
    null,
    'a SmtpUTF8Mailbox of another host than its CA permits',
    'name-constraints',
    mailbox,
    names(utf8Mailbox('学生@other.example')),
  ),
  misfit(null, 'another mailbox than its CA permits', 'name-constraints', mailbox, held([mail('bob@mail.example')]), held([MAILBOX])),
  misfit(
    null,
    'a mailbox that the root excludes',
    'name-constraints',
    mailbox,
    heldRoot([], [MAILBOX]),
    heldRoot([], [mail('bob@mail.example')]),
  ),
  misfit(
    132,
    'a mailbox that its CA excludes in another case',
    'email-out-of-scope',
    mailbox,
    held([HOST], [mail('Alice@mail.example')]),
    held([HOST], [mail('Bob@mail.example')]),
  ),
  misfit(
    132,
    'a mailbox below a CA that may name hosts of another domain',
    'email-out-of-scope',
    mailbox,
    below([dns('other.example')]),
    below([dns('example')]),
  ),
  misfit(
    132,
    'a mailbox below a CA that may name no host of its domain',
    'email-out-of-scope',
    mailbox,
    below([], [dns(MAIL_DOMAIN)]),
    below([], [dns('')]),
  ),
  misfit(
    132,
    'a mailbox of a CA that excludes mailboxes and permits none',
    'email-out-of-scope',
    mailbox,
    held([], [mail('other.example')]),
    held([HOST], [mail('other.example')]),
  ),
  misfit(
    null,
    'a domain that its CA may not name',
    'name-constraints',
    mailProvider,
    heldEp([dns('other.example')]),
    heldEp([dns('example')]),
  ),
  misfit(
    132,
    'a domain of a CA for mailboxes of another',
    'email-out-of-scope',
    mailProvider,
    heldEp([mail('other.example')]),
    heldEp([HOST]),
  ),
  misfit(132, 'a domain of a CA for one of its mailboxes', 'email-out-of-scope', mailProvider, heldEp([MAILBOX]), heldEp([HOST, MAILBOX])),
  misfit(
    132,
    'a domain of a CA that may not name one of its mailboxes',
    'email-out-of-scope',
    mailProvider,
    heldEp([], [MAILBOX]),
    heldEp([], [mail('alice@other.example')]),
  ),
  misfit(
    132,
    'a domain under a root for mailboxes of another',
    'email-out-of-scope',
    mailProvider,
    heldRoot([mail('.mail.example')]),
    heldRoot([mail('.example')]),
  ),
  misfit(
    132,
    'a second domain that its CA has no mailboxes of',
    'email-out-of-scope',
    mailProvider,
    both(heldEp([HOST]), names(dns(MAIL_DOMAIN), dns('other.example'))),
    both(heldEp([HOST, mail('other.example')]), names(dns(MAIL_DOMAIN), dns('other.example'))),
  ),
];
