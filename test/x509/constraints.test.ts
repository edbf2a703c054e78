import { describe, expect, test } from '@jest/globals';
import { encodeIa5, encodeOid, encodeSequence, encodeTlv, encodeUtf8, readTlv } from '../../src/encoding/index.js';
import { DistinguishedName, parseCertificate } from '../../src/x509/index.js';
import { judgeRfc5280, judgeStir, outcomeOf } from '../support/judged.js';
import * as raw from '../support/raw-certificate.js';

const { dns, directory, ip, issueCa, issueEndEntity, mail, nameConstraints, subjectAltName, uri } = raw;

const root = issueCa({ issuer: null, subject: 'root' });
const key = raw.newEcKey();
const organisation = (text: string): Buffer => raw.rdn('2.5.4.10', encodeUtf8(text));
/** UTF-32, as a UniversalString. */
const wide = (text: string): Buffer => Buffer.concat(Array.from(text, (char) => Buffer.from([0, 0, 0, char.charCodeAt(0)])));
const unit = (text: string): Buffer => raw.rdn('2.5.4.11', encodeUtf8(text));

/** Judges an end-entity with these names under a CA with these subtrees. */
const under = (permitted: Buffer[], excluded: Buffer[], names: Buffer[], subject: Buffer = raw.commonName('leaf')): string => {
  const ca = issueCa({ issuer: root, subject: 'ca', key, extensions: { nc: nameConstraints(permitted, excluded) } });
  const san = names.length === 0 ? null : subjectAltName(names, true);
  const leaf = issueEndEntity({ issuer: ca, subject: 'leaf', key, extensions: { san }, shape: { subject } });
  return outcomeOf(() => judgeRfc5280([leaf.der, ca.der], [root.der]));
};
const permitted = (base: Buffer, ...names: Buffer[]): string => under([base], [], names);
const excluded = (base: Buffer, ...names: Buffer[]): string => under([], [base], names);

const REFUSED = 'name-constraints@0';

describe('name constraints', () => {
  test('on dNSName take in the name itself and all names below it, whatever the case', () => {
    expect(permitted(dns('example.com'), dns('example.com'), dns('A.EXAMPLE.com'), dns('a.b.example.com'))).toBe('accepted');
    expect(permitted(dns('example.com'), dns('notexample.com'))).toBe(REFUSED);
    expect(permitted(dns('example.com'), dns('a.example.com'), dns('example.org'))).toBe(REFUSED);
    expect(excluded(dns('example.com'), dns('example.org'))).toBe('accepted');
    expect(excluded(dns('example.com'), dns('a.example.com'))).toBe(REFUSED);
  });

  test('on dNSName refuse every wildcard, which RFC 5280 gives no meaning, and leave it alone where no constraint is', () => {
    expect(permitted(dns('example.com'), dns('*.example.com'))).toBe(REFUSED);
    expect(permitted(dns('a.example.com'), dns('*.example.com'))).toBe(REFUSED);
    expect(excluded(dns('a.example.com'), dns('*.example.com'))).toBe(REFUSED);
    expect(excluded(dns('example.org'), dns('*.example.com'))).toBe(REFUSED);
    expect(permitted(mail('example.com'), dns('*.example.com'))).toBe('accepted');
  });

  test('on rfc822Name are one mailbox, one host, or the hosts below a domain', () => {
    expect(permitted(mail('alice@example.com'), mail('alice@EXAMPLE.com'))).toBe('accepted');
    expect(permitted(mail('alice@example.com'), mail('Alice@example.com'))).toBe(REFUSED);
    expect(permitted(mail('example.com'), mail('alice@example.com'))).toBe('accepted');
    expect(permitted(mail('example.com'), mail('alice@a.example.com'))).toBe(REFUSED);
    expect(permitted(mail('.example.com'), mail('alice@a.example.com'))).toBe('accepted');
    expect(permitted(mail('.example.com'), mail('alice@example.com'))).toBe(REFUSED);
    expect(excluded(mail('example.com'), mail('alice@example.com'))).toBe(REFUSED);
  });

  test('on rfc822Name hold for e-mail addresses in the subject', () => {
    const subject = raw.nameOf(raw.rdn('1.2.840.113549.1.9.1', encodeIa5('eve@example.org')));
    expect(under([mail('example.com')], [], [], subject)).toBe(REFUSED);
    expect(under([mail('example.org')], [], [], subject)).toBe('accepted');
  });

  test('on URI compare the host, and refuse a URI without one', () => {
    expect(permitted(uri('example.com'), uri('https://u@example.com:8443/x?@evil.org'))).toBe('accepted');
    expect(permitted(uri('.example.com'), uri('https://a.example.com/'))).toBe('accepted');
    expect(permitted(uri('example.com'), uri('https://a.example.com/'))).toBe(REFUSED);
    expect(permitted(uri('example.com'), uri('https://evil.org/@example.com'))).toBe(REFUSED);
    expect(permitted(uri('example.com'), uri('urn:x:example.com'))).toBe(REFUSED);
    expect(excluded(uri('example.com'), uri('https://192.0.2.1/'))).toBe(REFUSED);
  });

  test('on iPAddress compare under the mask, and never one family with the other', () => {
    const net = ip(192, 0, 2, 0, 255, 255, 255, 0);
    expect(permitted(net, ip(192, 0, 2, 77))).toBe('accepted');
    expect(permitted(net, ip(192, 0, 3, 1))).toBe(REFUSED);
    expect(permitted(net, ip(...Array.from({ length: 16 }, () => 1)))).toBe(REFUSED);
    expect(excluded(net, ip(192, 0, 2, 77))).toBe(REFUSED);
    expect(excluded(net, ip(192, 0, 2))).toBe(REFUSED);
  });

  test('on directoryName hold for the subject and for alternative names, as sequences of RDNs', () => {
    const base = directory(raw.nameOf(organisation('Example'), unit('A')));
    expect(under([base], [], [], raw.nameOf(organisation('  EXAMPLE '), unit('a'), unit('b')))).toBe('accepted');
    expect(under([base], [], [], raw.nameOf(unit('A'), organisation('Example')))).toBe(REFUSED);
    expect(under([base], [], [], raw.nameOf(organisation('Example')))).toBe(REFUSED);
    expect(under([base], [], [directory(raw.commonName('x'))], raw.nameOf(organisation('Example'), unit('A')))).toBe(REFUSED);
    expect(under([], [base], [], raw.nameOf(organisation('Example'), unit('A')))).toBe(REFUSED);
  });

  test.each([
    ['a BMPString', 0x1e, Buffer.from('evil', 'utf16le').swap16(), Buffer.from('good', 'utf16le').swap16()],
    ['a UniversalString', 0x1c, wide('evil'), wide('good')],
    ['a TeletexString', 0x14, Buffer.from('EVIL'), Buffer.from('GOOD')],
    ['a NumericString', 0x12, Buffer.from('4'), Buffer.from('5')],
  ])('on directoryName exclude a name that is written as %s, and do not permit it', (_name, tag, evil, good) => {
    const of = (value: Buffer): Buffer => raw.nameOf(raw.rdn('2.5.4.10', encodeTlv(tag, value)), unit('a'));
    const base = directory(raw.nameOf(organisation(tag === 0x12 ? '4' : 'Evil')));
    expect([under([], [base], [], of(evil)), under([], [base], [], of(good))]).toEqual([REFUSED, 'accepted']);
    expect(under([base], [], [], of(evil))).toBe(REFUSED);
    const other = directory(raw.nameOf(raw.rdn('2.5.4.10', encodeTlv(tag, evil))));
    expect(under([], [other], [], raw.nameOf(organisation(tag === 0x12 ? '4' : ' EVIL')))).toBe(REFUSED);
    expect(under([], [other], [], raw.nameOf(organisation('Good')))).toBe('accepted');
  });

  test('of a kind that nothing compares refuse the names of that kind, and only those', () => {
    expect(permitted(raw.otherName(), dns('example.com'))).toBe('accepted');
    expect(permitted(raw.otherName(), raw.otherName())).toBe(REFUSED);
    expect(excluded(raw.otherName(), raw.otherName())).toBe(REFUSED);
  });

  test('that are malformed refuse the path', () => {
    for (const base of [
      dns('.example.com'),
      dns('*.example.com'),
      ip(127, 0, 0, 1),
      ip(1, 2, 3, 4, 255, 0, 255, 0),
      mail('a@b@example.com'),
    ]) {
      expect(under([base], [], [])).toBe('name-constraints@1');
    }
    const minimum = encodeTlv(0xa0, encodeSequence(dns('example.com'), encodeTlv(0x80, Buffer.from([1]))));
    const ca = issueCa({ issuer: root, subject: 'ca', key, extensions: { nc: raw.extension('2.5.29.30', encodeSequence(minimum), true) } });
    const leaf = issueEndEntity({ issuer: ca, subject: 'leaf', key });
    expect(outcomeOf(() => judgeRfc5280([leaf.der, ca.der], [root.der]))).toBe('name-constraints@1');
  });

  test('of the anchor bind everything below it', () => {
    const anchor = issueCa({ issuer: null, subject: 'r', key, extensions: { nc: nameConstraints([dns('example.com')], []) } });
    const judged = (name: string): string => {
      const leaf = issueEndEntity({ issuer: anchor, subject: 'leaf', key, extensions: { san: subjectAltName([dns(name)]) } });
      return outcomeOf(() => judgeRfc5280([leaf.der, anchor.der], [anchor.der]));
    };
    expect(judged('a.example.com')).toBe('accepted');
    expect(judged('example.org')).toBe(REFUSED);
  });

  test('of every CA count, and exempt self-issued CAs but not the end-entity', () => {
    const first = issueCa({ issuer: root, subject: 'ca', extensions: { nc: nameConstraints([dns('example.com')], []) } });
    const rolled = issueCa({ issuer: first, subject: 'ca', extensions: { san: subjectAltName([dns('example.org')]) } });
    const second = issueCa({
      issuer: rolled,
      subject: 'sub',
      extensions: { nc: nameConstraints([dns('a.example.com'), dns('example.org')], []) },
    });
    const judged = (issuer: raw.Issued, cas: raw.Issued[], name: string, subject?: Buffer): string => {
      const shape = subject === undefined ? {} : { subject };
      const leaf = issueEndEntity({ issuer, subject: 'leaf', shape, extensions: { san: subjectAltName([dns(name)]) } });
      return outcomeOf(() => judgeRfc5280([leaf.der, ...cas.map(({ der }) => der)], [root.der]));
    };
    expect(judged(second, [second, rolled, first], 'a.example.com')).toBe('accepted');
    expect(judged(second, [second, rolled, first], 'b.example.com')).toBe(REFUSED);
    expect(judged(second, [second, rolled, first], 'example.org')).toBe(REFUSED);
    expect(judged(first, [first], 'example.org', first.name)).toBe(REFUSED);
  });

  test('that are not critical are refused by rfc5280, and hold all the same under the trust profiles', () => {
    const ca = issueCa({ issuer: root, subject: 'ca', extensions: { nc: nameConstraints([dns('example.com')], [], false) } });
    const leaf = (name: string): Buffer[] => [
      issueEndEntity({ issuer: ca, subject: 'leaf', extensions: { san: subjectAltName([dns(name)]) } }).der,
      ca.der,
    ];
    expect(outcomeOf(() => judgeRfc5280(leaf('example.com'), [root.der]))).toBe('name-constraints@1');
    expect(outcomeOf(() => judgeStir(leaf('example.com'), [root.der]))).toBe('accepted');
    expect(outcomeOf(() => judgeStir(leaf('example.org'), [root.der]))).toBe(REFUSED);
  });

  test('are compared up to 250,000 times and then refused', () => {
    const bases = Array.from({ length: 500 }, (_, i) => dns(`x${i}.example`));
    const names = (count: number): Buffer[] => Array.from({ length: count }, (_, i) => dns(`y${i}.example`));
    expect(under([], bases, names(490))).toBe('accepted');
    expect(under([], bases, names(510))).toBe(REFUSED);
  });

  test('are compared up to 20,000 times under the trust profiles, where a path that nobody signed must cost little', () => {
    const bases = Array.from({ length: 100 }, (_, i) => dns(`x${i}.example`));
    const ca = issueCa({ issuer: root, subject: 'ca', key, extensions: { nc: nameConstraints([], bases) } });
    const judged = (count: number): string => {
      const names = Array.from({ length: count }, (_, i) => dns(`y${i}.example`));
      const leaf = issueEndEntity({ issuer: ca, subject: 'leaf', key, extensions: { san: subjectAltName(names) } });
      return outcomeOf(() => judgeStir([leaf.der, ca.der], [root.der]));
    };
    expect(judged(190)).toBe('accepted');
    expect(judged(210)).toBe(REFUSED);
  });
});

describe('certificate policies', () => {
  const EXPLICIT = raw.requireExplicitPolicy(0);

  test('map from CA to CA, and are told in the terms of both ends', () => {
    const first = issueCa({
      issuer: root,
      subject: 'a',
      extensions: { p: raw.policies('1.2.1'), m: raw.mappings(['1.2.1', '1.2.2']), c: EXPLICIT },
    });
    const leaf = issueEndEntity({ issuer: first, subject: 'leaf', extensions: { p: raw.policies('1.2.2') } });
    expect(judgeRfc5280([leaf.der, first.der], [root.der]).policies).toEqual({ subject: ['1.2.2'], authority: ['1.2.1'] });
    const other = issueEndEntity({ issuer: first, subject: 'leaf', extensions: { p: raw.policies('1.2.1') } });
    expect(outcomeOf(() => judgeRfc5280([other.der, first.der], [root.der]))).toBe('bad-policy@0');
  });

  test('must be among those that the caller accepts, where one is required', () => {
    const ca = issueCa({ issuer: root, subject: 'a', extensions: { p: raw.policies('1.2.1', '1.2.2') } });
    const leaf = issueEndEntity({ issuer: ca, subject: 'leaf', extensions: { p: raw.policies('1.2.1') } });
    const judged = (acceptable: string[]): string =>
      outcomeOf(() =>
        judgeStir([leaf.der, ca.der], [root.der], {
          policies: { acceptable, requireExplicit: true, inhibitMapping: false, inhibitAny: false },
        }),
      );
    expect(judged(['1.2.1'])).toBe('accepted');
    expect(judged(['1.2.2'])).toBe('bad-policy@0');
    expect(judged([])).toBe('bad-policy@0');
  });

  test('that an anchor requires are required below it', () => {
    const anchor = issueCa({ issuer: null, subject: 'r', extensions: { c: EXPLICIT } });
    const leaf = issueEndEntity({ issuer: anchor, subject: 'leaf' });
    expect(outcomeOf(() => judgeRfc5280([leaf.der], [anchor.der]))).toBe('bad-policy@0');
    const named = issueEndEntity({ issuer: anchor, subject: 'leaf', extensions: { p: raw.policies('1.2.1') } });
    expect(outcomeOf(() => judgeRfc5280([named.der], [anchor.der]))).toBe('accepted');
  });

  test('twice in one certificate make it malformed', () => {
    const leaf = issueEndEntity({ issuer: root, subject: 'leaf', extensions: { p: raw.policies('1.2.1', '1.2.1') } });
    expect(outcomeOf(() => judgeRfc5280([leaf.der], [root.der]))).toBe('malformed-cert@0');
  });

  test('that double at every CA cost what they take to write down (RFC 9618)', () => {
    const all = Array.from({ length: 12 }, (_, i) => `1.2.${i}`);
    const pairs = all.flatMap((a) => all.map((b): [string, string] => [a, b]));
    const cas = [root];
    for (let i = 0; i < 9; i += 1) {
      cas.push(
        issueCa({
          issuer: cas.at(-1) ?? root,
          subject: `ca ${i}`,
          extensions: { p: raw.policies(...all), m: raw.mappings(...pairs), c: EXPLICIT },
        }),
      );
    }
    const leaf = issueEndEntity({ issuer: cas.at(-1) ?? root, subject: 'leaf', extensions: { p: raw.policies('1.2.3') } });
    const path = [
      leaf.der,
      ...cas
        .slice(1)
        .toReversed()
        .map(({ der }) => der),
    ];
    const started = process.cpuUsage();
    expect(judgeRfc5280(path, [root.der]).policies.authority).toHaveLength(12);
    expect(process.cpuUsage(started).user).toBeLessThan(1_000_000);
  });
});

describe('names', () => {
  const read = (der: Buffer): DistinguishedName => DistinguishedName.read(der, readTlv(der, 0));
  const cn = (tag: number, octets: Buffer): Buffer => raw.nameOf(raw.rdn('2.5.4.3', encodeTlv(tag, octets)));
  const equal = (a: Buffer, b: Buffer): boolean => {
    const [left, right] = [read(a), read(b)];
    expect(right.equals(left)).toBe(left.equals(right));
    return left.equals(right);
  };

  test('compare without case, with white space folded, across string types (RFC 5280 section 7.1)', () => {
    expect(equal(cn(0x13, Buffer.from(' Example  CA ')), cn(0x0c, Buffer.from('example ca')))).toBe(true);
    expect(equal(cn(0x0c, Buffer.from('Straße')), cn(0x0c, Buffer.from('STRASSE')))).toBe(true);
    expect(equal(cn(0x0c, Buffer.from('e\u0301')), cn(0x0c, Buffer.from('\u00c9')))).toBe(true);
    expect(equal(cn(0x0c, Buffer.from('exam\u00adple')), cn(0x0c, Buffer.from('example')))).toBe(true);
    expect(equal(cn(0x0c, Buffer.from('example ca')), cn(0x0c, Buffer.from('exampleca')))).toBe(false);
    expect(equal(cn(0x0c, Buffer.from('\u0131')), cn(0x0c, Buffer.from('i')))).toBe(false);
  });

  test('of other string types compare as octets', () => {
    expect(equal(cn(0x14, Buffer.from('a')), cn(0x14, Buffer.from('A')))).toBe(false);
    expect(equal(cn(0x14, Buffer.from('a')), cn(0x0c, Buffer.from('a')))).toBe(false);
  });

  test('are sequences of sets: order and grouping matter, order within a set does not', () => {
    const pair = (oid: string, text: string): Buffer => encodeSequence(encodeOid(oid), encodeUtf8(text));
    const [a, b] = [pair('2.5.4.10', 'A'), pair('2.5.4.11', 'B')];
    expect(equal(raw.nameOf(encodeTlv(0x31, a), encodeTlv(0x31, b)), raw.nameOf(encodeTlv(0x31, b), encodeTlv(0x31, a)))).toBe(false);
    expect(equal(raw.nameOf(encodeTlv(0x31, a, b)), raw.nameOf(encodeTlv(0x31, a), encodeTlv(0x31, b)))).toBe(false);
    expect(equal(raw.nameOf(encodeTlv(0x31, a, b)), raw.nameOf(encodeTlv(0x31, pair('2.5.4.11', 'b'), pair('2.5.4.10', 'a'))))).toBe(true);
    expect(equal(raw.nameOf(organisation('A')), raw.nameOf(organisation('A'), unit('B')))).toBe(false);
  });

  test('cannot be made equal by what they contain', () => {
    expect(
      equal(raw.commonName('a+2.5.4.10=s1:b'), raw.nameOf(encodeTlv(0x31, encodeSequence(encodeOid('2.5.4.3'), encodeUtf8('a'))))),
    ).toBe(false);
  });

  test('link a path though written in two ways', () => {
    const ca = issueCa({ issuer: root, subject: 'ca', shape: { subject: cn(0x13, Buffer.from('The CA')) } });
    const leaf = issueEndEntity({ issuer: ca, subject: 'leaf', shape: { issuer: cn(0x0c, Buffer.from('the  ca')) } });
    expect(parseCertificate(leaf.der).issuer.equals(parseCertificate(ca.der).subject)).toBe(true);
    expect(outcomeOf(() => judgeRfc5280([leaf.der, ca.der], [root.der]))).toBe('accepted');
  });
});
