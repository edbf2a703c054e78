import { execFileSync } from 'node:child_process';
import { randomBytes, sign } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { array, assert, integer, property, record } from 'fast-check';
import forge from 'node-forge';
import * as pkijs from 'pkijs';
import { checkCanonicalDer, encodePem } from '../../src/encoding/index.js';
import {
  OID,
  authorityOf,
  certificatePolicies,
  checkMailbox,
  checkScope,
  checkTimes,
  claimsOf,
  createRequest,
  issueCa,
  issueEndEntity,
  issueRevocationList,
  issueRoot,
  newKeyPair,
  newSerial,
  numberEntries,
  pathOf,
  signStatement,
  subjectName,
  tnAuthList,
  verifyRequest,
  type NumberRange,
} from '../../src/issuance/index.js';
import { parsePassport } from '../../src/passport/index.js';
import { Refusal } from '../../src/reasons/index.js';
import { claimConstraintsOf, covers, isBound, parseCertificate, tnAuthListOf, type TnEntry } from '../../src/x509/index.js';

const NOW = Date.UTC(2026, 10, 24) / 1000;
const terms = { random: randomBytes, notBefore: NOW, notAfter: NOW + 86_400 };
const root = issueRoot(
  newKeyPair('P-384'),
  { subject: subjectName({ country: 'US', organization: 'Root & Söhne', commonName: 'Root' }) },
  terms,
);
const numbers: TnEntry[] = [{ spc: '709J' }, { start: '12025550100', count: 100 }];
const crl = { url: 'http://crl.example/root.crl' };
const ca = issueCa(
  root,
  newKeyPair(),
  { subject: subjectName({ commonName: 'NP CA' }), numbers, pathLength: 0, crl, policies: [OID.shakenPolicy] },
  terms,
);
const mailCa = issueCa(root, newKeyPair(), { subject: subjectName({ commonName: 'Mailbox CA' }), mailboxes: ['mail.example'] }, terms);
const key = newKeyPair();
const content = {
  subject: subjectName({ commonName: 'delegate' }),
  numbers: numberEntries([{ start: '12025550100', count: 3 }]),
  binding: { provider: 'a.example', permitted: { action: ['register', 'prefer'] } },
};
const delegate = issueEndEntity(ca, key.spki, content, terms);
const mailbox = issueEndEntity(
  mailCa,
  newKeyPair().spki,
  { subject: subjectName({ commonName: 'm' }), names: [{ mailbox: 'alice@mail.example' }] },
  terms,
);
const ALL = [root.certificate, ca.certificate, mailCa.certificate, delegate, mailbox];

const directory = mkdtempSync(join(tmpdir(), 'issuance-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));
const file = (label: string, ...ders: Buffer[]): string => {
  const path = join(directory, randomBytes(6).toString('hex'));
  writeFileSync(path, ders.map((der) => encodePem(label, der)).join(''));
  return path;
};
const openssl = (...args: string[]): string => execFileSync('openssl', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
const reasonOf = (work: () => unknown): string => {
  try {
    work();
    return 'accepted';
  } catch (error) {
    if (error instanceof Refusal) return error.reason;
    throw error;
  }
};

describe('what our own writer writes', () => {
  const re = (schema: { toBER(sizeOnly?: boolean): ArrayBuffer }): Buffer => Buffer.from(schema.toBER(false));

  test('is, octet for octet, what pkijs writes of it', () => {
    for (const der of ALL) {
      const read = pkijs.Certificate.fromBER(new Uint8Array(der));
      expect(Buffer.from(read.tbsView)).toEqual(re(read.encodeTBS()));
      expect(re(read.toSchema(true))).toEqual(der);
    }
    const entries = [
      { serial: newSerial(randomBytes), revokedAt: NOW, reason: 'keyCompromise', invalidSince: NOW - 5 },
      { serial: Buffer.from([1]), revokedAt: Date.UTC(2051, 0, 1) / 1000, reason: 'unspecified' },
    ] as const;
    for (const list of [[], entries]) {
      const der = issueRevocationList(ca, {
        number: 300,
        thisUpdate: NOW,
        nextUpdate: Date.UTC(2049, 11, 31, 23, 59, 59) / 1000,
        entries: list,
      });
      expect(re(pkijs.CertificateRevocationList.fromBER(new Uint8Array(der)).toSchema(true))).toEqual(der);
    }
  });

  test('changes from UTCTime to GeneralizedTime with the year 2050', () => {
    const at = (seconds: number): string => {
      const made = issueEndEntity(ca, key.spki, content, { ...terms, notAfter: seconds });
      return openssl('asn1parse', '-in', file('CERTIFICATE', made));
    };
    expect(at(Date.UTC(2049, 11, 31, 23, 59, 59) / 1000)).toContain('UTCTIME           :491231235959Z');
    expect(at(Date.UTC(2050, 0, 1) / 1000)).toContain('GENERALIZEDTIME   :20500101000000Z');
  });
});

describe('an issued certificate', () => {
  test('is canonical DER that our own parser accepts', () => {
    for (const der of ALL) {
      expect(() => checkCanonicalDer(der)).not.toThrow();
      expect(parseCertificate(der).der).toEqual(der);
    }
  });

  test('verifies by openssl, strictly, and with CRLs, both under a P-384 root', () => {
    const anchor = file('CERTIFICATE', root.certificate);
    const lists = [root, ca, mailCa].map((issuer) =>
      issueRevocationList(issuer, { number: 1, thisUpdate: NOW, nextUpdate: NOW + 9999, entries: [] }),
    );
    for (const path of [pathOf(delegate, ca), pathOf(mailbox, mailCa)]) {
      const given = ['-CAfile', anchor, '-untrusted', file('CERTIFICATE', ...path.slice(1)), '-CRLfile', file('X509 CRL', ...lists)];
      const said = openssl(
        'verify',
        '-x509_strict',
        '-crl_check_all',
        '-attime',
        String(NOW + 1),
        ...given,
        file('CERTIFICATE', ...path.slice(0, 1)),
      );
      expect(said).toMatch(/: OK/);
    }
  });

  test('says by openssl what was asked for', () => {
    const text = openssl('x509', '-noout', '-text', '-in', file('CERTIFICATE', ca.certificate));
    expect(text).toContain('CA:TRUE, pathlen:0');
    expect(text).toContain('Certificate Sign, CRL Sign');
    expect(text).toContain('URI:http://crl.example/root.crl');
    expect(text).toContain('Policy: 2.16.840.1.114569.1.1.4');
    expect(openssl('x509', '-noout', '-subject', '-nameopt', 'utf8', '-in', file('CERTIFICATE', root.certificate))).toContain(
      'Root & Söhne',
    );
  });

  test('has a positive serial number of at least 64 random bits, whatever the random octets', () => {
    for (const octet of [0x00, 0xff]) expect(newSerial((length) => Buffer.alloc(length, octet))[0]).toBeGreaterThanOrEqual(0x40);
    for (const octet of [0x00, 0xff]) expect(newSerial((length) => Buffer.alloc(length, octet))[0]).toBeLessThan(0x80);
    expect(newSerial(randomBytes)).toHaveLength(16);
  });

  test('encodes an end after 2049 as GeneralizedTime', () => {
    const until = Date.UTC(2051, 0, 1) / 1000;
    const der = issueEndEntity(ca, key.spki, content, { ...terms, notAfter: until });
    expect(parseCertificate(der).notAfter).toBe(until);
    expect(openssl('x509', '-noout', '-enddate', '-in', file('CERTIFICATE', der))).toContain('2051');
  });

  test('is bound: action, aud, provider included, one provider permitted, call claims excluded', () => {
    const constraints = claimConstraintsOf(parseCertificate(delegate));
    expect(isBound(constraints)).toEqual({ provider: 'a.example' });
    expect(constraints?.permittedValues.get('action')).toEqual(['register', 'prefer']);
    expect(parseCertificate(delegate).extensions.get(OID.tnAuthList)?.critical).toBe(false);
  });

  test('is an authority again when read back with its key, and not with another', () => {
    expect(authorityOf(ca.certificate, ca.key.privateKey, [])).toEqual(ca);
    expect(authorityOf(root.certificate, root.key.privateKey, []).path).toEqual([]);
    expect(reasonOf(() => authorityOf(ca.certificate, newKeyPair().privateKey, []))).toBe('unsupported-key');
  });
});

/** A second reader of TNAuthList: node-forge's ASN.1, as strange to ours as can be. */
const decodeByForge = (der: Buffer): TnEntry[] => {
  // forge types a tag as its enumeration of universal ones; here they are context tags.
  const tagOf = (node: forge.asn1.Asn1): number => node.type;
  const children = (node: forge.asn1.Asn1): forge.asn1.Asn1[] => (Array.isArray(node.value) ? node.value : []);
  const text = (node: forge.asn1.Asn1 | undefined): string => (typeof node?.value === 'string' ? node.value : '');
  return children(forge.asn1.fromDer(der.toString('latin1'))).map((entry): TnEntry => {
    const [inner] = children(entry);
    if (tagOf(entry) === 0) return { spc: text(inner) };
    if (tagOf(entry) === 2) return { tn: text(inner) };
    const [start, count] = inner === undefined ? [] : children(inner);
    return { start: text(start), count: Number(`0x${Buffer.from(text(count), 'latin1').toString('hex')}`) };
  });
};

describe('numbers in a TNAuthList', () => {
  test('are read by node-forge as they were meant', () => {
    for (const der of [ca.certificate, delegate]) {
      const certificate = parseCertificate(der);
      const value = certificate.extensions.get(OID.tnAuthList)?.value ?? Buffer.alloc(0);
      expect(decodeByForge(Buffer.from(value))).toEqual(tnAuthListOf(certificate));
    }
  });

  test('are merged, and sorted', () => {
    expect(
      numberEntries([
        { start: '12025550110', count: 10 },
        { start: '12025550100', count: 10 },
        { start: '12025550105', count: 3 },
      ]),
    ).toEqual([{ start: '12025550100', count: 20 }]);
    expect(
      numberEntries([
        { start: '12025550101', count: 1 },
        { start: '12025550100', count: 1 },
      ]),
    ).toEqual([{ start: '12025550100', count: 2 }]);
  });

  test('are not merged across lengths', () => {
    expect(
      numberEntries([
        { start: '9999998', count: 1 },
        { start: '10000000', count: 2 },
      ]),
    ).toHaveLength(2);
  });

  test('up to the last of their length are split, since start + count must be less than 10^D', () => {
    expect(numberEntries([{ start: '99999990', count: 10 }])).toEqual([{ start: '99999990', count: 9 }, { tn: '99999999' }]);
    expect(numberEntries([{ start: '99999998', count: 2 }])).toEqual([{ tn: '99999998' }, { tn: '99999999' }]);
  });

  test('past the last of their length are refused', () => {
    expect(reasonOf(() => numberEntries([{ start: '99999990', count: 11 }]))).toBe('range-overflow');
    expect(reasonOf(() => numberEntries([{ start: '01234567', count: 1 }]))).toBe('non-canonical-tn');
    expect(reasonOf(() => numberEntries([{ start: '12345678', count: 0 }]))).toBe('malformed-request');
  });

  test('are covered after encoding exactly if they were asked for', () => {
    const range = record({ start: integer({ min: 1000, max: 9990 }).map(String), count: integer({ min: 1, max: 12 }) });
    const fits = ({ start, count }: NumberRange): boolean => Number(start) + count <= 10_000;
    assert(
      property(array(range.filter(fits), { minLength: 1, maxLength: 8 }), integer({ min: 1000, max: 9999 }), (ranges, tn) => {
        const asked = ranges.some(({ start, count }) => tn >= Number(start) && tn < Number(start) + count);
        const value = tnAuthList(numberEntries(ranges)).value;
        expect(covers(decodeByForge(value), String(tn))).toBe(asked);
      }),
      { numRuns: 300 },
    );
  });
});

describe('what a desk may issue', () => {
  test('is within its own numbers where it names some, although an SPC is beside them', () => {
    const own: TnEntry[] = [{ spc: '709J' }, { start: '12025550100', count: 10 }];
    expect(reasonOf(() => checkScope(own, [{ tn: '12025550109' }]))).toBe('accepted');
    expect(reasonOf(() => checkScope(own, [{ spc: '709J' }]))).toBe('accepted');
    expect(reasonOf(() => checkScope(own, [{ tn: '12025550110' }]))).toBe('not-encompassed');
    expect(reasonOf(() => checkScope(own, [{ spc: '505X' }]))).toBe('not-encompassed');
    expect(reasonOf(() => checkScope([{ spc: '709J' }], [{ tn: '12025550110' }]))).toBe('accepted');
  });

  test('is never backdated, never without a lifetime, never longer than its issuer', () => {
    expect(reasonOf(() => checkTimes(NOW, NOW, NOW + 1, NOW + 1))).toBe('accepted');
    expect(reasonOf(() => checkTimes(NOW, NOW - 1, NOW + 1, NOW + 1))).toBe('malformed-request');
    expect(reasonOf(() => checkTimes(NOW, NOW, NOW, NOW + 1))).toBe('malformed-request');
    expect(reasonOf(() => checkTimes(NOW, NOW, NOW + 2, NOW + 1))).toBe('malformed-request');
  });

  test('is a mailbox of its own domain, in lower case', () => {
    expect(reasonOf(() => checkMailbox('alice@mail.example', 'mail.example'))).toBe('accepted');
    expect(reasonOf(() => checkMailbox('alice@sub.mail.example', 'mail.example'))).toBe('email-out-of-scope');
    expect(reasonOf(() => checkMailbox('Alice@mail.example', 'mail.example'))).toBe('non-canonical-uri');
  });
});

describe('a CRL', () => {
  const serial = Buffer.from(parseCertificate(delegate).serial);

  test('lists by openssl who is revoked, since when and why', () => {
    const entries = [{ serial, revokedAt: NOW, reason: 'keyCompromise', invalidSince: NOW - 60 } as const];
    const der = issueRevocationList(ca, { number: 300, thisUpdate: NOW, nextUpdate: NOW + 60, entries });
    expect(() => checkCanonicalDer(der)).not.toThrow();
    const path = file('X509 CRL', der);
    const text = openssl('crl', '-noout', '-text', '-in', path);
    expect(text).toContain(serial.toString('hex').toUpperCase());
    expect(text).toMatch(/CRL Number: \s+300/);
    expect(text).toContain('Key Compromise');
    expect(text).toMatch(/Invalidity Date: \s+Nov 23 23:59:00 2026 GMT/);
    expect(openssl('crl', '-noout', '-in', path, '-CAfile', file('CERTIFICATE', root.certificate, ca.certificate))).toBe('');
  });

  test('without entries has no list of them, and says nothing of an unspecified reason', () => {
    expect(
      openssl(
        'crl',
        '-noout',
        '-text',
        '-in',
        file('X509 CRL', issueRevocationList(root, { number: 1, thisUpdate: NOW, nextUpdate: NOW + 60, entries: [] })),
      ),
    ).toContain('No Revoked Certificates');
    const unspecified = issueRevocationList(ca, {
      number: 1,
      thisUpdate: NOW,
      nextUpdate: NOW + 60,
      entries: [{ serial, revokedAt: NOW, reason: 'unspecified' }],
    });
    expect(openssl('crl', '-noout', '-text', '-in', file('X509 CRL', unspecified))).not.toContain('Reason Code');
  });

  test('that is indirect names its point and each issuer, critically', () => {
    const der = issueRevocationList(root, {
      number: 2,
      thisUpdate: NOW,
      nextUpdate: NOW + 60,
      indirect: true,
      url: crl.url,
      entries: [{ serial, revokedAt: NOW, issuer: ca.name }],
    });
    const text = openssl('crl', '-noout', '-text', '-in', file('X509 CRL', der));
    expect(text).toMatch(/Issuing Distribution Point: critical[^]*Indirect CRL/);
    expect(text).toMatch(/Certificate Issuer: critical\s+DirName:\/?CN ?= ?NP CA/);
  });
});

describe('a certificate request', () => {
  const request = createRequest(key, content.subject, [tnAuthList(numbers), certificatePolicies(OID.shakenPolicy)]);

  test('verifies by openssl and by ourselves, with what it asks for', () => {
    expect(() => checkCanonicalDer(request)).not.toThrow();
    expect(openssl('req', '-verify', '-noout', '-text', '-in', file('CERTIFICATE REQUEST', request))).toContain('Requested Extensions');
    const verified = verifyRequest(request);
    expect(verified.spki).toEqual(key.spki);
    expect(verified.extensions.map(({ oid }) => oid)).toEqual([OID.tnAuthList, OID.certificatePolicies]);
  });

  test('that asks for nothing verifies too', () => {
    expect(verifyRequest(createRequest(key, content.subject, [])).extensions).toEqual([]);
  });

  test('that asks twice, so that two readers may read two lists, is refused', () => {
    const { asn1 } = forge;
    const parsed = (der: Uint8Array) => asn1.fromDer(forge.util.createBuffer(Buffer.from(der).toString('latin1')));
    const octets = (node: forge.asn1.Asn1): Buffer => Buffer.from(asn1.toDer(node).getBytes(), 'latin1');
    const childrenOf = (node: forge.asn1.Asn1 | undefined): forge.asn1.Asn1[] => node?.value as forge.asn1.Asn1[];
    const signedAgain = (change: (attributes: forge.asn1.Asn1[]) => void): Buffer => {
      const whole = parsed(request);
      const [info, algorithm] = childrenOf(whole);
      change(childrenOf(childrenOf(info)[3]));
      if (info === undefined || algorithm === undefined) throw new Error('no request');
      const signature = `\0${sign('sha256', octets(info), key.privateKey).toString('latin1')}`;
      const { UNIVERSAL } = asn1.Class;
      whole.value = [info, algorithm, asn1.create(UNIVERSAL, asn1.Type.BITSTRING, false, signature)];
      return octets(whole);
    };
    expect(verifyRequest(signedAgain(() => undefined)).extensions.map(({ oid }) => oid)).toEqual([OID.tnAuthList, OID.certificatePolicies]);
    const twice = signedAgain((attributes) => attributes.push(...attributes));
    expect(reasonOf(() => verifyRequest(twice))).toBe('malformed-request');
    const twoValues = signedAgain(([attribute]) => {
      const [, values] = childrenOf(attribute);
      childrenOf(values).push(...childrenOf(values));
    });
    expect(reasonOf(() => verifyRequest(twoValues))).toBe('malformed-request');
  });

  test('with a spoilt signature, or that is none, is refused', () => {
    const spoilt = Buffer.from(request);
    spoilt[spoilt.length - 1] = (spoilt[spoilt.length - 1] ?? 0) ^ 1;
    expect(reasonOf(() => verifyRequest(spoilt))).toBe('bad-signature');
    expect(reasonOf(() => verifyRequest(delegate))).toBe('malformed-request');
    expect(reasonOf(() => verifyRequest(Buffer.alloc(0)))).toBe('malformed-request');
  });
});

describe('a statement', () => {
  const base = { audience: 'dp.example', sii: 'tel:+12025550100', lifetime: 600 };

  test('of each action is signed as a PASSporT that parses', () => {
    const mapping = { ssi: 'mimi://a.example/u/alice', provider: 'a.example' };
    const statements = [
      { ...base, ...mapping, action: 'register', consent: 'operator', purpose: 'consumer' },
      { ...base, ...mapping, action: 'withdraw' },
      { ...base, ...mapping, action: 'prefer', consent: 'sim', preference: { default: 'a.example' } },
      { ...base, action: 'release' },
      { ...base, action: 'port', from: '709J', to: '505X', effective: NOW },
    ] as const;
    for (const statement of statements) {
      const passport = signStatement(statement, { path: pathOf(delegate, ca), key }, NOW, randomBytes);
      expect(parsePassport(passport)).toMatchObject({ claims: { action: statement.action, iat: NOW, exp: NOW + 600 } });
    }
  });

  test('that could never be accepted is not made', () => {
    expect(reasonOf(() => claimsOf({ ...base, action: 'port', from: '709J', to: '709J', effective: NOW }, NOW, randomBytes))).toBe(
      'claim-value',
    );
    expect(
      reasonOf(() => claimsOf({ ...base, action: 'withdraw', ssi: 'mimi://a.example/u/..', provider: 'a.example' }, NOW, randomBytes)),
    ).not.toBe('accepted');
    expect(reasonOf(() => claimsOf({ ...base, sii: 'mailto:Alice@mail.example', action: 'release' }, NOW, randomBytes))).toBe(
      'non-canonical-uri',
    );
  });
});
