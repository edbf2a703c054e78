import { domainToUnicode } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { encodeIa5, encodeTlv, encodeUtf8 } from '../../src/encoding/index.js';
import { parseCertificate } from '../../src/x509/index.js';
import { judgeRfc5280, judgeStir, outcomeOf } from '../support/judged.js';
import { leftOut } from '../support/left-out.js';
import { HAS_OPENSSL, opensslVerdict } from '../support/openssl-judge.js';
import { aLabelOf } from '../support/punycode.js';
import * as raw from '../support/raw-certificate.js';

const { dns, issueCa, issueEndEntity, mail, nameConstraints, subjectAltName, utf8Mailbox } = raw;

const root = issueCa({ issuer: null, subject: 'root' });
const key = raw.newEcKey();
const email = (value: Buffer): Buffer => raw.nameOf(raw.rdn('1.2.840.113549.1.9.1', value));
const SCHOOL = 'elementary.school.example.com';
/** RFC 9598 figure 1. */
const CLINIC = 'xn--pss25c.example.com';
const CLINIC_IN_U_LABELS = domainToUnicode(CLINIC);

interface Row {
  readonly permitted?: readonly Buffer[];
  readonly excluded?: readonly Buffer[];
  readonly names?: readonly Buffer[];
  readonly subject?: Buffer;
  readonly accepted: boolean;
  /** Where OpenSSL 3.0 says otherwise, and why it is not followed. */
  readonly openssl?: { readonly accepted: boolean; readonly because: string };
}

const RFC_8398 = 'it compares U-labels, as RFC 8398 did';
const DOT_TWICE = 'it looks for two periods in a row';
const NO_LOCAL = 'it compares no local part of a SmtpUTF8Mailbox';
const ANY_LOCAL = 'it does not hold the name to RFC 9598';
const OTHER_FORM = 'it skips a subtree of this form';

const differs = (accepted: boolean, because: string) => ({ accepted: !accepted, openssl: { accepted, because } });

const TABLE: Readonly<Record<string, Row>> = {
  // RFC 5280 section 4.2.1.10.
  'a mailbox of the host': { permitted: [mail('example.com')], names: [mail('root@example.com')], accepted: true },
  'a mailbox of the host in another case': { permitted: [mail('EXAMPLE.com')], names: [mail('root@example.COM')], accepted: true },
  'a mailbox of a host below': { permitted: [mail('example.com')], names: [mail('root@a.example.com')], accepted: false },
  'a mailbox of a longer name': { permitted: [mail('example.com')], names: [mail('root@notexample.com')], accepted: false },
  'a mailbox of the parent': { permitted: [mail('a.example.com')], names: [mail('root@example.com')], accepted: false },
  'a mailbox below a domain': { permitted: [mail('.example.com')], names: [mail('root@a.b.example.com')], accepted: true },
  'a mailbox of the domain itself': { permitted: [mail('.example.com')], names: [mail('root@example.com')], accepted: false },
  'a mailbox of a domain that ends alike': { permitted: [mail('.example.com')], names: [mail('root@notexample.com')], accepted: false },
  'the very mailbox': { permitted: [mail('root@example.com')], names: [mail('root@EXAMPLE.com')], accepted: true },
  'another mailbox': { permitted: [mail('root@example.com')], names: [mail('boot@example.com')], accepted: false },
  'the mailbox in another case': { permitted: [mail('root@example.com')], names: [mail('Root@example.com')], accepted: false },
  'a host that looks like a mailbox base': { permitted: [mail('root@example.com')], names: [mail('x@root.example.com')], accepted: false },
  'one of two permitted hosts': { permitted: [mail('a.example'), mail('b.example')], names: [mail('root@b.example')], accepted: true },
  'one permitted mailbox and one not': {
    permitted: [mail('a.example')],
    names: [mail('x@a.example'), mail('x@b.example')],
    accepted: false,
  },
  'an excluded host': { excluded: [mail('example.com')], names: [mail('root@example.com')], accepted: false },
  'a host below an excluded one': { excluded: [mail('example.com')], names: [mail('root@a.example.com')], accepted: true },
  'a host below an excluded domain': { excluded: [mail('.example.com')], names: [mail('root@a.example.com')], accepted: false },
  'an excluded mailbox': { excluded: [mail('root@example.com')], names: [mail('root@example.com')], accepted: false },
  'the mailbox beside an excluded one': { excluded: [mail('root@example.com')], names: [mail('boot@example.com')], accepted: true },
  'a permitted host, one mailbox excluded': {
    permitted: [mail('example.com')],
    excluded: [mail('root@example.com')],
    names: [mail('root@example.com')],
    accepted: false,
  },
  'no mailbox at all': { permitted: [mail('example.com')], names: [dns('other.example')], accepted: true },
  'a host of A-labels': { permitted: [mail(CLINIC)], names: [mail(`student@${CLINIC}`)], accepted: true },
  'another host of A-labels': { permitted: [mail(CLINIC)], names: [mail(`student@${aLabelOf('学')}.example.com`)], accepted: false },
  'a host of A-labels in capitals': { permitted: [mail(CLINIC.toUpperCase())], names: [mail(`student@${CLINIC}`)], accepted: true },
  // What cannot be compared is refused under constraints of its kind, and is nobody's matter without.
  'a name without @': { permitted: [mail('example.com')], names: [mail('example.com')], accepted: false },
  'a name with two @': {
    permitted: [mail('example.com')],
    names: [mail('"a@b"@example.com')],
    ...differs(true, 'it takes the last @ for the one that counts'),
  },
  'a name at an address literal': { permitted: [mail('example.com')], names: [mail('root@[192.0.2.1]')], accepted: false },
  'a name with a trailing period': { permitted: [mail('example.com')], names: [mail('root@example.com.')], accepted: false },
  'a name without @, unconstrained': { permitted: [dns('example.com')], names: [mail('example.com')], accepted: true },

  // The e-mail address of a subject.
  'a subject in the host': { permitted: [mail('example.com')], subject: email(encodeIa5('root@example.com')), accepted: true },
  'a subject elsewhere': { permitted: [mail('example.com')], subject: email(encodeIa5('root@example.org')), accepted: false },
  'an excluded subject': { excluded: [mail('example.com')], subject: email(encodeIa5('root@example.com')), accepted: false },
  'a subject elsewhere, beside a fitting alternative name': {
    permitted: [mail('example.com')],
    subject: email(encodeIa5('root@example.org')),
    names: [mail('root@example.com')],
    accepted: false,
  },
  'a subject elsewhere, in UTF-8': { permitted: [mail('example.com')], subject: email(encodeUtf8('root@example.org')), accepted: false },
  'a subject elsewhere, in a string type that is no text': {
    permitted: [mail('example.com')],
    subject: email(encodeTlv(0x14, Buffer.from('root@example.org'))),
    accepted: false,
  },
  'an excluded subject, in a string type that is no text': {
    excluded: [mail('example.org')],
    subject: email(encodeTlv(0x1e, Buffer.from('\0r\0@\0e\0.\0o', 'latin1'))),
    accepted: false,
  },
  'a subject in a string type that is no text, unconstrained': {
    permitted: [dns('example.com')],
    subject: email(encodeTlv(0x14, Buffer.from('root@example.org'))),
    accepted: true,
    openssl: { accepted: false, because: 'it refuses such a subject under any constraint' },
  },

  // RFC 9598 section 6 and figure 1.
  'the school of RFC 9598': {
    permitted: [mail(SCHOOL), mail(CLINIC)],
    names: [mail(`student@${SCHOOL}`), utf8Mailbox(`学生@${SCHOOL}`)],
    accepted: true,
  },
  'the clinic of RFC 9598': {
    permitted: [mail(SCHOOL), mail(CLINIC)],
    names: [mail(`student@${CLINIC}`), utf8Mailbox(`医生@${CLINIC}`)],
    accepted: true,
    openssl: { accepted: false, because: RFC_8398 },
  },
  'a UTF-8 mailbox of another host': { permitted: [mail(SCHOOL)], names: [utf8Mailbox('学生@example.org')], accepted: false },
  'a UTF-8 mailbox of a host below': { permitted: [mail('example.com')], names: [utf8Mailbox('学生@a.example.com')], accepted: false },
  'a UTF-8 mailbox below a domain': {
    permitted: [mail('.example.com')],
    names: [utf8Mailbox('学生@a.example.com')],
    accepted: true,
    openssl: { accepted: false, because: DOT_TWICE },
  },
  'a UTF-8 mailbox of the domain itself': { permitted: [mail('.example.com')], names: [utf8Mailbox('学生@example.com')], accepted: false },
  'a UTF-8 mailbox of an excluded host': { excluded: [mail('example.com')], names: [utf8Mailbox('学生@example.com')], accepted: false },
  'a UTF-8 mailbox of another host than the excluded': {
    excluded: [mail('example.com')],
    names: [utf8Mailbox('学生@example.org')],
    accepted: true,
  },
  'a UTF-8 mailbox below an excluded domain': {
    excluded: [mail('.example.com')],
    names: [utf8Mailbox('学生@a.example.com')],
    ...differs(true, DOT_TWICE),
  },
  'a UTF-8 mailbox at the host of a permitted mailbox': {
    permitted: [mail('root@example.com')],
    names: [utf8Mailbox('学生@example.com')],
    accepted: false,
  },
  'a UTF-8 mailbox at the host of an excluded mailbox': {
    excluded: [mail('root@example.com')],
    names: [utf8Mailbox('学生@example.com')],
    ...differs(true, NO_LOCAL),
  },
  'a UTF-8 mailbox, no constraint on mail': { permitted: [dns('example.com')], names: [utf8Mailbox('学生@example.org')], accepted: true },
  // RFC 9598 section 3: not of the form, so not compared.
  'a UTF-8 mailbox with an ASCII local part': {
    permitted: [mail('example.com')],
    names: [utf8Mailbox('student@example.com')],
    ...differs(true, ANY_LOCAL),
  },
  'a UTF-8 mailbox with an ASCII local part, excluded elsewhere': {
    excluded: [mail('example.org')],
    names: [utf8Mailbox('student@example.com')],
    ...differs(true, ANY_LOCAL),
  },
  'a UTF-8 mailbox with a U-label': {
    permitted: [mail(CLINIC)],
    names: [utf8Mailbox(`医生@${CLINIC_IN_U_LABELS}`)],
    ...differs(true, RFC_8398),
  },
  'a UTF-8 mailbox with capitals in the domain': {
    permitted: [mail('example.com')],
    names: [utf8Mailbox('学生@Example.com')],
    ...differs(true, ANY_LOCAL),
  },
  'a UTF-8 mailbox with a reserved label': {
    permitted: [mail('ab--cd.example')],
    names: [utf8Mailbox('学生@ab--cd.example')],
    ...differs(true, ANY_LOCAL),
  },
  'a UTF-8 mailbox with a byte order mark': {
    permitted: [mail('example.com')],
    names: [utf8Mailbox('\ufeff学生@example.com')],
    ...differs(true, ANY_LOCAL),
  },
  'a UTF-8 mailbox with a comment': {
    permitted: [mail('example.com')],
    names: [utf8Mailbox('学生(x)@example.com')],
    ...differs(true, ANY_LOCAL),
  },
  'a UTF-8 mailbox with an underscore in the domain': {
    permitted: [mail('a_b.example')],
    names: [utf8Mailbox('学生@a_b.example')],
    ...differs(true, ANY_LOCAL),
  },
  'a UTF-8 mailbox without @': { permitted: [mail('example.com')], names: [utf8Mailbox('学生')], accepted: false },
  'a UTF-8 mailbox with two @': {
    permitted: [mail('example.com')],
    names: [utf8Mailbox('学@生@example.com')],
    ...differs(true, ANY_LOCAL),
  },
  'a malformed UTF-8 mailbox, no constraint on mail': {
    permitted: [dns('example.com')],
    names: [utf8Mailbox('student@Example.com')],
    accepted: true,
  },
  // It is an otherName besides.
  'a UTF-8 mailbox under a permitted otherName': {
    permitted: [raw.otherName()],
    names: [utf8Mailbox('学生@example.com')],
    ...differs(true, OTHER_FORM),
  },
  'a UTF-8 mailbox under an excluded otherName': {
    excluded: [raw.otherName()],
    names: [utf8Mailbox('学生@example.com')],
    ...differs(true, OTHER_FORM),
  },
  'another otherName under constraints on mail': { permitted: [mail('example.com')], names: [raw.otherName()], accepted: true },

  // dNSName: the empty base holds every name, and mail is none.
  'a host, every host excluded': { excluded: [dns('')], names: [dns('a.example')], accepted: false },
  'a host, every host permitted': { permitted: [dns('')], names: [dns('a.example')], accepted: true },
  'a mailbox, every host excluded': {
    permitted: [mail('example.com')],
    excluded: [dns('')],
    names: [mail('a@example.com')],
    accepted: true,
  },
  'a wildcard, every host excluded': { excluded: [dns('')], names: [dns('*.example')], accepted: false },
  'a host of A-labels below one': { permitted: [dns(CLINIC)], names: [dns(`a.${CLINIC}`)], accepted: true },
  'a host of A-labels elsewhere': { permitted: [dns(CLINIC)], names: [dns(`${aLabelOf('学')}.example.com`)], accepted: false },
};

const pathOf = ({ permitted = [], excluded = [], names = [], subject = raw.commonName('leaf') }: Row): Buffer[] => {
  const ca = issueCa({ issuer: root, subject: 'ca', key, extensions: { nc: nameConstraints([...permitted], [...excluded]) } });
  const san = names.length === 0 ? null : subjectAltName([...names]);
  return [issueEndEntity({ issuer: ca, subject: 'leaf', key, extensions: { san }, shape: { subject } }).der, ca.der];
};

const ROWS = Object.entries(TABLE);

describe('name constraints on mail', () => {
  test.each(ROWS)('on %s', (_, row) => {
    const outcome = row.accepted ? 'accepted' : 'name-constraints@0';
    expect(outcomeOf(() => judgeRfc5280(pathOf(row), [root.der]))).toBe(outcome);
    expect(outcomeOf(() => judgeStir(pathOf(row), [root.der]))).toBe(outcome);
  });

  test.each(ROWS)('of the anchor, on %s', (_, row) => {
    const anchor = issueCa({
      issuer: null,
      subject: 'r',
      key,
      extensions: { nc: nameConstraints([...(row.permitted ?? [])], [...(row.excluded ?? [])]) },
    });
    const san = row.names === undefined ? null : subjectAltName([...row.names]);
    const shape = row.subject === undefined ? {} : { subject: row.subject };
    const leaf = issueEndEntity({ issuer: anchor, subject: 'leaf', key, extensions: { san }, shape });
    expect(outcomeOf(() => judgeStir([leaf.der], [anchor.der]))).toBe(row.accepted ? 'accepted' : 'name-constraints@0');
  });

  test.each([
    ['a mailbox with two @', mail('a@b@example.com')],
    ['a mailbox without a local part', mail('@example.com')],
    ['a mailbox without a host', mail('a@')],
    ['two periods', mail('..example.com')],
    ['a period', mail('.')],
    ['a wildcard', mail('*.example.com')],
    ['a trailing period', mail('example.com.')],
    ['an address literal', mail('[192.0.2.1]')],
    // RFC 9598 section 6: constraints on mail are rfc822Name.
    ['a SmtpUTF8Mailbox', utf8Mailbox('学生@example.com')],
  ])('refuse the CA with %s as a base', (_, base) => {
    expect(outcomeOf(() => judgeRfc5280(pathOf({ permitted: [base], accepted: false }), [root.der]))).toBe('name-constraints@1');
    expect(outcomeOf(() => judgeRfc5280(pathOf({ excluded: [base], accepted: false }), [root.der]))).toBe('name-constraints@1');
  });

  test('are those of every CA above', () => {
    const first = issueCa({
      issuer: root,
      subject: 'a',
      extensions: { nc: nameConstraints([mail('example.com'), mail('.example.com')], []) },
    });
    const second = issueCa({
      issuer: first,
      subject: 'b',
      extensions: { nc: nameConstraints([mail('example.com'), mail('example.org')], []) },
    });
    const judged = (name: Buffer): string => {
      const leaf = issueEndEntity({ issuer: second, subject: 'leaf', extensions: { san: subjectAltName([name]) } });
      return outcomeOf(() => judgeStir([leaf.der, second.der, first.der], [root.der]));
    };
    expect(judged(mail('a@example.com'))).toBe('accepted');
    expect(judged(mail('a@a.example.com'))).toBe('name-constraints@0');
    expect(judged(mail('a@example.org'))).toBe('name-constraints@0');
    expect(judged(utf8Mailbox('学生@example.com'))).toBe('accepted');
    expect(judged(utf8Mailbox('学生@example.org'))).toBe('name-constraints@0');
  });

  test('cost what the octets cost, however long a name is under however many subtrees', () => {
    const bases = Array.from({ length: 4000 }, (_, i) => mail(`${i}.example`));
    const cas = [root];
    for (let i = 0; i < 9; i += 1) {
      cas.push(
        issueCa({ issuer: cas.at(-1) ?? root, subject: `ca ${i}`, key, extensions: { nc: nameConstraints([], i === 0 ? [] : bases) } }),
      );
    }
    const path = (name: Buffer): Buffer[] => [
      issueEndEntity({ issuer: cas.at(-1) ?? root, subject: 'leaf', key, extensions: { san: subjectAltName([name]) } }).der,
      ...cas
        .slice(1)
        .toReversed()
        .map(({ der }) => der),
    ];
    const long = 'x'.repeat(60_000);
    for (const name of [
      mail(`${long}@example.com`),
      mail(`a@${long}`),
      dns(long),
      raw.uri(`https://${long}`),
      utf8Mailbox(`学${long}@example.com`),
    ]) {
      const ders = path(name);
      const started = process.cpuUsage();
      outcomeOf(() => judgeRfc5280(ders, [root.der]));
      expect(process.cpuUsage(started).user).toBeLessThan(1_000_000);
    }
  });
});

describe('a SmtpUTF8Mailbox', () => {
  const leafWith = (name: Buffer): string => {
    const leaf = issueEndEntity({ issuer: root, subject: 'leaf', key, extensions: { san: subjectAltName([name]) } });
    return outcomeOf(() => judgeStir([leaf.der], [root.der]));
  };

  test('is read as RFC 9598 appendix B writes it', () => {
    const octets = Buffer.from('a02b06082b06010505070809a01f0c1de58cbbe7949f40786e2d2d7073733235632e6578616d706c652e636f6d', 'hex');
    expect(octets.equals(utf8Mailbox(`医生@${CLINIC}`))).toBe(true);
    const leaf = issueEndEntity({ issuer: root, subject: 'leaf', key, extensions: { san: subjectAltName([octets]) } });
    expect(parseCertificate(leaf.der).subjectAltName).toEqual([{ kind: 'smtpUTF8Mailbox', text: `医生@${CLINIC}` }]);
  });

  test.each([
    ['an IA5String', encodeIa5('student@example.com')],
    ['UTF-8 that is none', encodeTlv(0x0c, Buffer.from([0xe5, 0x8c, 0x40]))],
    ['an over-long encoding', encodeTlv(0x0c, Buffer.from([0xc1, 0xa1, 0x40, 0x61]))],
    ['no character', encodeUtf8('')],
    ['two values', Buffer.concat([encodeUtf8('学@a.example'), encodeUtf8('生@a.example')])],
    ['nothing', Buffer.alloc(0)],
  ])('with %s is malformed', (_, value) => {
    expect(leafWith(raw.utf8MailboxOf(value))).toBe('malformed-cert@0');
    expect(leafWith(utf8Mailbox('学生@example.com'))).toBe('accepted');
  });
});

(HAS_OPENSSL ? describe : describe.skip)('OpenSSL, the second judge of constraints on mail', () => {
  test.each(ROWS)('on %s', (_, row) => {
    const verdict = opensslVerdict(pathOf(row), root.der, raw.AT);
    expect(verdict === 'accepted').toBe(row.openssl?.accepted ?? row.accepted);
  });
});
if (!HAS_OPENSSL) leftOut('OpenSSL as a judge of name constraints', 'there is no openssl on this machine');
