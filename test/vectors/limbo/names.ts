import { encodeOid, encodeSequence, encodeTlv } from '../../../src/encoding/index.js';
import * as raw from '../../support/raw-certificate.js';
import {
  CLIENT_AUTH,
  altNames,
  ca,
  cn,
  exclude,
  fails,
  leaf,
  permit,
  rootCa,
  succeeds,
  under,
  type Extensions,
  type Graph,
  type LimboCase,
} from './graph.js';

const { directory, dns, ip, mail, nameConstraints, uri } = raw;

const NET = ip(192, 0, 2, 0, 255, 255, 255, 0);
const LOOPBACK = Array.from({ length: 16 }, (_, i) => (i === 15 ? 1 : 0));
const NET6 = ip(...LOOPBACK, ...Array.from({ length: 16 }, () => 255));

/** A root with these constraints, and an end-entity with these names. */
const direct = (constraints: Extensions, names: Buffer[], expected: readonly string[], subject?: Buffer): Graph =>
  under(
    rootCa({ extensions: constraints }),
    { extensions: altNames(...names), ...(subject && { shape: { subject } }) },
    { names: expected },
  );

/** The same with a CA between, which has the constraints. */
const indirect = (constraints: Extensions, names: Buffer[], expected: readonly string[], more: Extensions = {}): Graph => {
  const root = rootCa();
  const middle = ca(root, { extensions: { san: null, ...constraints } });
  return { trusted: [root], bag: [middle], peer: leaf(middle, { extensions: { ...altNames(...names), ...more } }), names: expected };
};

const FOR_MAIL: Extensions = { eku: raw.extKeyUsage(CLIENT_AUTH) };
const both = (permitted: Buffer[], excluded: Buffer[]): Extensions => ({ nc: nameConstraints(permitted, excluded) });
const foo = cn('foo');
const notFoo = cn('not-foo');
const PRIVATE_NAME = encodeTlv(0xa0, encodeOid('1.3.6.1.4.1.55738.666.3'), encodeTlv(0xa0, encodeTlv(0x05)));

const mailbox = (id: string, expected: 'SUCCESS' | 'FAILURE', base: string, name: string): LimboCase => ({
  id: `rfc5280::nc::${id}`,
  expected,
  make: () => indirect(permit(mail(base)), [mail(name)], [name], FOR_MAIL),
});

/** A list of subtrees that is there and empty. */
const emptyList = (tag: number, other: Buffer): Extensions => {
  const subtrees = encodeTlv(tag === 0xa0 ? 0xa1 : 0xa0, encodeSequence(other));
  const lists = tag === 0xa0 ? [encodeTlv(tag), subtrees] : [subtrees, encodeTlv(tag)];
  return { nc: raw.extension('2.5.29.30', encodeSequence(...lists), true) };
};

/** Two certificates of one CA, and what leads up from each. */
const sameCa = (first: raw.Issued, second: raw.Issued, firstSan: Buffer | null, secondSan: Buffer | null): raw.Issued[] => {
  const key = raw.newEcKey();
  const of = (issuer: raw.Issued, name: Buffer | null): raw.Issued =>
    ca(issuer, { key, subject: 'an intermediate', extensions: { san: name === null ? null : raw.subjectAltName([name]) } });
  return [of(first, firstSan), of(second, secondSan)];
};

const alternate = (): Graph => {
  const [discarded, trusted] = [rootCa({ extensions: { san: null } }), rootCa({ extensions: { san: null } })];
  const constrained = ca(trusted, {
    extensions: { san: null, ...both([dns('permitted.example.com')], [dns('forbidden.example.com')]) },
  });
  const [one, two] = sameCa(discarded, constrained, dns('forbidden.example.com'), null) as [raw.Issued, raw.Issued];
  const peer = leaf(one, { subject: 'permitted.example.com', extensions: altNames(dns('permitted.example.com')) });
  return { trusted: [trusted], bag: [constrained, one, two], peer, names: ['permitted.example.com'] };
};

const sameChain = (): Graph => {
  const [a, b] = [rootCa({ extensions: { san: null } }), rootCa({ extensions: { san: null } })];
  const constrained = ca(a, { extensions: { san: null, ...exclude(dns('forbidden.example.com')) } });
  const [one, two] = sameCa(constrained, b, dns('forbidden.example.com'), dns('unconstrained-ica.example.com')) as [raw.Issued, raw.Issued];
  const peer = leaf(one, { subject: 'unconstrained.example.com', extensions: altNames(dns('unconstrained.example.com')) });
  return { trusted: [a, b], bag: [constrained, one, two], peer, names: ['unconstrained.example.com'] };
};

/** Constraints at the root or at the first CA, a second CA with a name of its own. */
const middleName = (at: 'root' | 'first'): Graph => {
  const constraints = both([dns('permitted.example.com')], [dns('forbidden.example.com')]);
  const root = rootCa({ extensions: at === 'root' ? constraints : {} });
  const first = ca(root, { extensions: at === 'first' ? constraints : { san: null } });
  const second = ca(first, { extensions: altNames(dns('forbidden.example.com')) });
  const peer = leaf(second, { extensions: altNames(dns('permitted.example.com')) });
  return { trusted: [root], bag: [first, second], peer, names: ['permitted.example.com'] };
};

const narrowing = (upper: string[], lower: string[]): Graph => {
  const root = rootCa();
  const first = ca(root, { extensions: permit(...upper.map(dns)) });
  const second = ca(first, { extensions: { san: null, ...permit(...lower.map(dns)) } });
  const peer = leaf(second, { extensions: altNames(dns('foo.example.com')) });
  return { trusted: [root], bag: [first, second], peer, names: ['foo.example.com'] };
};

const selfIssued = (): Graph => {
  const root = rootCa({ subject: 'not-example.com', extensions: { ...altNames(dns('not-example.com')), ...permit(dns('example.com')) } });
  const rolled = ca(root, { subject: 'not-example.com', extensions: altNames(dns('not-example.com')) });
  return { trusted: [root], bag: [rolled], peer: leaf(rolled) };
};

const selfIssuedLeaf = (): Graph => {
  const root = rootCa({ extensions: permit(dns('example.com')) });
  const middle = ca(root, { subject: 'not-example.com', extensions: altNames(dns('not-example.com')) });
  const peer = leaf(middle, { subject: 'not-example.com', extensions: altNames(dns('not-example.com')) });
  return { trusted: [root], bag: [middle], peer, names: ['not-example.com'] };
};

const inEndEntity = (critical: boolean): Graph =>
  under(rootCa(), { extensions: { nc: nameConstraints([dns('example.com')], [], critical) } });

export const NAME_CASES: readonly LimboCase[] = [
  fails('rfc5280::nc::permitted-dns-mismatch', () => direct(permit(dns('example.com')), [dns('not-example.com')], ['not-example.com'])),
  fails('rfc5280::nc::excluded-dns-match', () => indirect(exclude(dns('example.com')), [dns('example.com')], ['example.com'])),
  succeeds('rfc5280::nc::permitted-dns-match', () => direct(permit(dns('example.com')), [dns('example.com')], ['example.com'])),
  fails('rfc5280::nc::permitted-dns-match-noncritical', () =>
    direct({ nc: nameConstraints([dns('example.com')], [], false) }, [dns('example.com')], ['example.com']),
  ),
  succeeds('rfc5280::nc::permitted-dns-match-more', () =>
    direct(permit(dns('example.com')), [dns('foo.bar.example.com')], ['foo.bar.example.com']),
  ),
  fails('rfc5280::nc::excluded-dns-match-second', () =>
    direct(exclude(dns('not-allowed.example.com')), [dns('example.com'), dns('not-allowed.example.com')], ['example.com']),
  ),
  fails('rfc5280::nc::permitted-ip-mismatch', () => direct(permit(NET), [ip(192, 0, 3, 1)], ['192.0.3.1'])),
  fails('rfc5280::nc::excluded-ipv4-match', () => direct(exclude(NET), [ip(192, 0, 2, 1)], ['192.0.2.1'])),
  fails('rfc5280::nc::excluded-ipv6-match', () => direct(exclude(NET6), [ip(...LOOPBACK)], ['::1'])),
  succeeds('rfc5280::nc::permitted-ipv4-match', () => direct(permit(NET), [ip(192, 0, 2, 1)], ['192.0.2.1'])),
  succeeds('rfc5280::nc::permitted-ipv6-match', () => direct(permit(NET6), [ip(...LOOPBACK)], ['::1'])),
  fails('rfc5280::nc::permitted-dn-mismatch', () => direct(permit(directory(foo)), [directory(notFoo)], [], notFoo)),
  fails('rfc5280::nc::excluded-dn-match', () => direct(exclude(directory(foo)), [directory(foo)], [], foo)),
  succeeds('rfc5280::nc::permitted-dn-match', () => direct(permit(directory(foo)), [directory(foo)], [], foo)),
  fails('rfc5280::nc::permitted-dn-match-subject-san-mismatch', () => direct(permit(directory(foo)), [directory(foo)], [], notFoo)),
  fails('rfc5280::nc::excluded-dn-match-sub-mismatch', () => direct(exclude(directory(foo)), [directory(notFoo)], [], foo)),
  succeeds('rfc5280::nc::permitted-self-issued', selfIssued),
  fails('rfc5280::nc::excluded-self-issued-leaf', selfIssuedLeaf),
  fails('rfc5280::nc::excluded-match-permitted-and-excluded', () =>
    direct(both([dns('example.com')], [dns('example.com')]), [dns('example.com')], ['example.com']),
  ),
  succeeds('rfc5280::nc::permitted-different-constraint-type', () => direct(permit(NET), [dns('example.com')], ['example.com'])),
  succeeds('rfc5280::nc::excluded-different-constraint-type', () => direct(exclude(NET), [dns('example.com')], ['example.com'])),
  fails('rfc5280::nc::invalid-dnsname-wildcard', () => direct(permit(dns('*.example.com')), [dns('foo.example.com')], ['foo.example.com'])),
  fails('rfc5280::nc::invalid-dnsname-leading-period', () =>
    direct(permit(dns('.example.com')), [dns('foo.example.com')], ['foo.example.com']),
  ),
  fails('rfc5280::nc::invalid-ipv4-address', () => direct(permit(ip(127, 0, 0, 1)), [ip(127, 0, 0, 1)], ['127.0.0.1'])),
  fails('rfc5280::nc::invalid-ipv6-address', () => direct(permit(ip(...LOOPBACK)), [ip(...LOOPBACK)], ['::1'])),
  fails('rfc5280::nc::invalid-email-address', () =>
    direct(permit(mail('invalid@invalid@example.com')), [mail('example@example.com')], ['example@example.com']),
  ),
  fails('rfc5280::nc::not-allowed-in-ee-noncritical', () => inEndEntity(false)),
  fails('rfc5280::nc::not-allowed-in-ee-critical', () => inEndEntity(true)),
  fails('rfc5280::nc::intermediate-with-san-rejected-by-intermediate-nc', () => middleName('first')),
  fails('rfc5280::nc::intermediate-with-san-rejected-by-root-nc', () => middleName('root')),
  fails('rfc5280::nc::restrictive-permits-in-intermediates-narrows', () =>
    narrowing(['foo.example.com', 'bar.example.com'], ['bar.example.com']),
  ),
  fails('rfc5280::nc::restrictive-permits-in-intermediates-widens', () =>
    narrowing(['bar.example.com'], ['foo.example.com', 'bar.example.com']),
  ),
  fails('rfc5280::nc::nc-permits-invalid-dns-san', () =>
    indirect(permit(dns('example.com')), [dns('.example.com'), dns('foo.example.com')], ['foo.example.com']),
  ),
  fails('rfc5280::nc::nc-permits-invalid-ip-san', () => indirect(permit(NET), [NET, ip(192, 0, 2, 1)], ['192.0.2.1'])),
  fails('rfc5280::nc::nc-permits-invalid-email-san', () =>
    indirect(permit(mail('example.com')), [mail('good@example.com'), mail('invalid@address@example.com')], ['good@example.com'], FOR_MAIL),
  ),
  succeeds('rfc5280::nc::nc-forbids-alternate-chain-ica', alternate),
  succeeds('rfc5280::nc::nc-forbids-same-chain-ica', sameChain),
  mailbox('nc-permits-email-exact', 'SUCCESS', 'foo@example.com', 'foo@example.com'),
  mailbox('nc-permits-email-domain', 'SUCCESS', 'example.com', 'foo@example.com'),
  mailbox('nc-permits-email-literal-asterisk-exact-match', 'SUCCESS', '*@example.com', '*@example.com'),
  mailbox('nc-permits-email-literal-asterisk-rejects-user', 'FAILURE', '*@example.com', 'user@example.com'),
  mailbox('nc-permits-email-literal-asterisk-rejects-subdomain', 'FAILURE', '*@example.com', '*@sub.example.com'),
  mailbox('nc-permits-email-literal-double-asterisk', 'SUCCESS', '**@example.com', '**@example.com'),
  mailbox('nc-permits-email-literal-double-asterisk-rejects-single', 'FAILURE', '**@example.com', '*@example.com'),
  mailbox('nc-permits-email-literal-mid-asterisk', 'SUCCESS', 'user*@example.com', 'user*@example.com'),
  mailbox('nc-email-host-does-not-permit-subdomain', 'FAILURE', 'example.com', 'foo@sub.example.com'),
  mailbox('nc-email-domain-does-not-permit-apex', 'FAILURE', '.example.com', 'foo@example.com'),
  fails('rfc5280::nc::nc-uri-host-does-not-permit-subdomain', () =>
    indirect(permit(uri('example.com')), [dns('example.com'), uri('https://sub.example.com/')], ['example.com']),
  ),
  fails('rfc5280::nc::nc-uri-domain-does-not-permit-apex', () =>
    indirect(permit(uri('.example.com')), [dns('example.com'), uri('https://example.com/')], ['example.com']),
  ),
  fails('rfc5280::nc::nc-forbids-othername', () =>
    indirect(both([dns('example.com')], [PRIVATE_NAME]), [dns('example.com'), PRIVATE_NAME], ['example.com']),
  ),
  succeeds('rfc5280::nc::nc-forbids-othername-noop', () =>
    indirect(both([dns('example.com')], [PRIVATE_NAME]), [dns('example.com')], ['example.com']),
  ),
  fails('rfc5280::nc::nc-forbids-dnsname-wildcard-san', () =>
    indirect(permit(dns('example.com')), [dns('*.example.com')], ['foo.example.com']),
  ),
  fails('rfc5280::nc::permitted-empty-sequence-excluded-nonempty', () =>
    indirect(emptyList(0xa0, dns('forbidden.example.com')), [dns('example.com')], ['example.com']),
  ),
  fails('rfc5280::nc::permitted-nonempty-excluded-empty-sequence', () =>
    indirect(emptyList(0xa1, dns('example.com')), [dns('example.com')], ['example.com']),
  ),
  succeeds('rfc5280::nc::permitted-nonempty-excluded-nonempty', () =>
    indirect(both([dns('example.com')], [dns('forbidden.example.com')]), [dns('example.com')], ['example.com']),
  ),
  fails('cve::cve-2025-61727', () =>
    indirect(both([dns('example.com')], [dns('bar.example.com')]), [dns('*.example.com')], ['bar.example.com']),
  ),
  fails('cve::cve-2025-61727-nc-permits-variant', () =>
    indirect(permit(dns('foo.example.com')), [dns('*.example.com')], ['foo.example.com']),
  ),
];
