import { X509Certificate } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import forge from 'node-forge';
import { contentOf, encodeInteger, encodeOid, encodeSequence, encodeTlv, readTlv } from '../../src/encoding/index.js';
import { CertificateCache, RFC5280_RULES, judgePath, parseCertificate, type Certificate } from '../../src/x509/index.js';
import { outcomeOf } from '../support/judged.js';
import * as raw from '../support/raw-certificate.js';

const root = raw.issueCa({ issuer: null, subject: 'root', extensions: { basicConstraints: raw.basicConstraints(true, 3) } });
const san = raw.subjectAltName([raw.dns('a.example'), raw.mail('b@c.example'), raw.uri('https://d.example/'), raw.ip(192, 0, 2, 1)]);
const rich = raw.issueEndEntity({ issuer: root, subject: 'leaf', extensions: { san, p: raw.policies('1.2.3') } });

const parseOutcome = (der: Uint8Array): string => outcomeOf(() => parseCertificate(der)).replace('@none', '');
const shaped = (shape: Partial<raw.Shape>): string => parseOutcome(raw.issueEndEntity({ issuer: root, subject: 'leaf', shape }).der);
/** Where the end-entity has the extension already, the one under test takes its place. */
const OWN: Partial<Record<keyof Certificate, string>> = { keyUsage: 'keyUsage', authorityKeyIdentifier: 'authorityKeyId' };
const readsAs = (name: keyof Certificate, extension: Buffer): string => {
  const certificate = parseCertificate(
    raw.issueEndEntity({
      issuer: root,
      subject: 'leaf',
      extensions: OWN[name] === undefined ? { more: extension } : { [OWN[name]]: extension },
    }).der,
  );
  return outcomeOf(() => certificate[name]).replace('@none', '');
};

describe('a certificate', () => {
  test('is read in all its fields', () => {
    const certificate = parseCertificate(rich.der);
    expect(certificate.subject.commonName).toBe('leaf');
    expect(certificate.issuer.commonName).toBe('root');
    expect(certificate.notBefore).toBe(raw.NOT_BEFORE.getTime() / 1000);
    expect(certificate.notAfter).toBe(raw.NOT_AFTER.getTime() / 1000);
    expect(certificate.subjectAltName?.map(({ kind }) => kind)).toEqual([
      'dNSName',
      'rfc822Name',
      'uniformResourceIdentifier',
      'iPAddress',
    ]);
    expect(certificate.certificatePolicies).toEqual(['1.2.3']);
    expect(certificate.keyUsage).toEqual({ bits: 1, minimal: true });
    expect(certificate.basicConstraints).toBeNull();
    expect(Buffer.from(certificate.authorityKeyIdentifier ?? [])).toEqual(raw.keyIdOf(root.key));
    expect(certificate.signatureHolds(parseCertificate(root.der))).toBe(true);
    expect(certificate.signatureHolds(certificate)).toBe(false);
    expect(parseCertificate(root.der).basicConstraints).toEqual({ ca: true, pathLength: 3 });
  });

  test('is refused when it is not exactly one canonical DER value', () => {
    expect(parseOutcome(rich.der)).toBe('accepted');
    expect(parseOutcome(Buffer.concat([rich.der, Buffer.from([0])]))).toBe('malformed-cert');
    expect(parseOutcome(rich.der.subarray(0, -1))).toBe('malformed-cert');
    expect(parseOutcome(Buffer.alloc(0))).toBe('malformed-cert');
    const indefinite = Buffer.concat([Buffer.from([0x30, 0x80]), rich.der.subarray(4), Buffer.from([0, 0])]);
    expect(parseOutcome(indefinite)).toBe('malformed-cert');
    const longLength = Buffer.concat([Buffer.from([0x30, 0x83, 0]), rich.der.subarray(2)]);
    expect(parseOutcome(longLength)).toBe('malformed-cert');
  });

  test('is refused unless it is v3', () => {
    expect(shaped({ version: Buffer.alloc(0), extensions: [] })).toBe('malformed-cert');
    expect(shaped({ version: encodeTlv(0xa0, encodeInteger(1n)) })).toBe('malformed-cert');
    expect(shaped({ version: encodeTlv(0xa0, encodeInteger(3n)) })).toBe('malformed-cert');
  });

  test('is refused unless its serial number is positive and of 1 to 20 octets', () => {
    const serial = (octets: Buffer): string => shaped({ serial: encodeTlv(0x02, octets) });
    expect(serial(Buffer.from([1]))).toBe('accepted');
    expect(serial(Buffer.alloc(20, 0x7f))).toBe('accepted');
    expect(serial(Buffer.alloc(21, 0x7f))).toBe('malformed-cert');
    expect(serial(Buffer.from([0]))).toBe('malformed-cert');
    expect(serial(Buffer.from([0xff]))).toBe('malformed-cert');
    expect(serial(Buffer.from([0, 1]))).toBe('malformed-cert');
  });

  test('is refused when the algorithms inside and outside differ', () => {
    expect(shaped({ outerAlgorithm: raw.ECDSA_SHA384 })).toBe('malformed-cert');
  });

  test('is refused when a name has a value that other verifiers make no name of', () => {
    const named = (value: Buffer): Buffer =>
      raw.issueEndEntity({ issuer: root, subject: 'leaf', shape: { subject: raw.nameOf(raw.rdn('2.5.4.3', value)) } }).der;
    const hex = (tag: number, octets: string): Buffer => named(encodeTlv(tag, Buffer.from(octets, 'hex')));
    const names = [
      hex(0x0c, 'c3a9'),
      hex(0x13, '41'),
      hex(0x16, '41'),
      hex(0x14, 'e9'),
      hex(0x12, '31'),
      hex(0x1e, '0041'),
      hex(0x1c, '0001f600'),
    ];
    const others = [hex(0x03, '0041'), hex(0x30, '0c0141')];
    for (const der of [...names, ...others]) {
      expect(parseOutcome(der)).toBe('accepted');
      expect(new X509Certificate(der).raw.equals(der)).toBe(true);
    }
    const types = [hex(0x04, '41'), hex(0x80, '41'), hex(0xa0, '0c0141'), hex(0x02, '41'), hex(0x31, '0c0141')];
    const texts = [
      hex(0x0c, 'ff'),
      hex(0x1e, '00410042ff'),
      hex(0x1e, 'd83dde00'),
      hex(0x1c, '000041'),
      hex(0x1c, '00110000'),
      hex(0x1c, '0000d800'),
    ];
    for (const der of [...types, ...texts]) {
      expect(parseOutcome(der)).toBe('malformed-cert');
      expect(() => new X509Certificate(der)).toThrow();
    }
  });

  test('is refused when a unique identifier is no BIT STRING', () => {
    const identified = (octets: string): string =>
      shaped({
        extensions: [],
        tbs: (tbs) => encodeSequence(contentOf(tbs, readTlv(tbs, 0)), encodeTlv(0x81, Buffer.from(octets, 'hex'))),
      });
    expect(identified('0041')).toBe('accepted');
    expect(identified('0841')).toBe('malformed-cert');
    expect(identified('0141')).toBe('malformed-cert');
    expect(identified('')).toBe('malformed-cert');
  });

  test('is refused when an extension occurs twice or there are none in the list', () => {
    expect(shaped({ extensions: [raw.keyUsage([0]), raw.keyUsage([1])] })).toBe('duplicate-extension');
    const withList = (list: Buffer): string =>
      shaped({ extensions: [], tbs: (tbs) => encodeSequence(contentOf(tbs, readTlv(tbs, 0)), encodeTlv(0xa3, list)) });
    expect(withList(encodeSequence(raw.keyUsage([0])))).toBe('accepted');
    expect(withList(encodeSequence())).toBe('malformed-cert');
  });

  test('is refused when a time is not one that RFC 5280 writes', () => {
    const validity = (tag: number, text: string): string => {
      const good = raw.issueEndEntity({ issuer: root, subject: 'leaf' }).der;
      const at = good.indexOf(Buffer.from('260101000000Z'));
      const before = good.subarray(0, at - 2);
      const time = encodeTlv(tag, Buffer.from(text));
      return time.length === 15 ? parseOutcome(Buffer.concat([before, time, good.subarray(at + 13)])) : 'length';
    };
    expect(validity(0x17, '260228235959Z')).toBe('accepted');
    expect(validity(0x17, '260229000000Z')).toBe('malformed-cert');
    expect(validity(0x17, '261301000000Z')).toBe('malformed-cert');
    expect(validity(0x17, '260100000000Z')).toBe('malformed-cert');
    expect(validity(0x17, '260101240000Z')).toBe('malformed-cert');
    expect(validity(0x17, '260101000060Z')).toBe('malformed-cert');
    expect(validity(0x17, '26010100+0100')).toBe('malformed-cert');
    expect(validity(0x18, '2026010100.5Z')).toBe('malformed-cert');
  });

  test('has extensions that are refused when they are not DER of their type', () => {
    expect(readsAs('keyUsage', raw.extension('2.5.29.15', raw.bitString(Buffer.from([0x80]))))).toBe('accepted');
    expect(readsAs('keyUsage', raw.extension('2.5.29.15', raw.octetString(Buffer.from([0x80]))))).toBe('malformed-cert');
    expect(readsAs('basicConstraints', raw.extension('2.5.29.19', encodeSequence(raw.boolean(true), encodeInteger(-1n))))).toBe(
      'malformed-cert',
    );
    expect(readsAs('basicConstraints', raw.extension('2.5.29.19', Buffer.concat([encodeSequence(), raw.NULL])))).toBe('malformed-cert');
    expect(readsAs('subjectAltName', raw.extension('2.5.29.17', encodeSequence()))).toBe('malformed-cert');
    expect(readsAs('certificatePolicies', raw.extension('2.5.29.32', encodeSequence(encodeOid('1.2.3'))))).toBe('malformed-cert');
    expect(readsAs('nameConstraints', raw.extension('2.5.29.30', encodeSequence()))).toBe('malformed-cert');
    expect(readsAs('policyConstraints', raw.extension('2.5.29.36', encodeSequence()))).toBe('malformed-cert');
    expect(readsAs('crlDistributionPoints', raw.extension('2.5.29.31', encodeSequence(encodeSequence())))).toBe('malformed-cert');
    expect(readsAs('authorityKeyIdentifier', raw.extension('2.5.29.35', encodeSequence(encodeTlv(0x81, Buffer.from([1])))))).toBe(
      'malformed-cert',
    );
    expect(readsAs('extKeyUsage', raw.extension('2.5.29.37', encodeSequence()))).toBe('malformed-cert');
  });

  test('tells a KeyUsage that is not written minimally, which real ones are, from one that is', () => {
    const lax = raw.issueEndEntity({
      issuer: root,
      subject: 'l',
      extensions: { keyUsage: raw.extension('2.5.29.15', raw.bitString(Buffer.from([0x80])), true) },
    });
    expect(parseCertificate(lax.der).keyUsage).toEqual({ bits: 1, minimal: false });
  });
});

describe('the cache of certificates', () => {
  test('gives one parsed certificate for a DER that comes again, whatever becomes of the octets it came from', () => {
    const cache = new CertificateCache();
    cache.parse(rich.der);
    expect(cache.size).toBe(0);
    const octets = Buffer.from(rich.der);
    const first = cache.parse(octets);
    octets.fill(0);
    expect(cache.parse(rich.der)).toBe(first);
    expect(Buffer.from(first.der)).toEqual(rich.der);
  });

  test('takes no certificate for another that ends in the same octets', () => {
    const cache = new CertificateCache();
    const forged = Buffer.from(rich.der);
    forged.write('deaf', forged.indexOf('leaf'));
    for (const { der } of [rich, { der: forged }]) cache.parse(der);
    for (const _ of ['kept', 'known']) {
      expect(cache.parse(Buffer.from(rich.der)).subject.commonName).toBe('leaf');
      expect(cache.parse(Buffer.from(forged)).subject.commonName).toBe('deaf');
    }
    expect(cache.size).toBe(2);
  });

  test('drops the longest unused beyond its bound, and keeps nothing that does not parse', () => {
    const cache = new CertificateCache(2);
    const other = raw.issueCa({ issuer: null, subject: 'other' });
    for (const { der } of [rich, root, other]) cache.parse(der);
    const first = cache.parse(rich.der);
    const second = cache.parse(root.der);
    cache.parse(rich.der);
    cache.parse(other.der);
    expect(cache.parse(rich.der)).toBe(first);
    expect(cache.parse(root.der)).not.toBe(second);
    expect(() => cache.parse(Buffer.from([0x30, 0]))).toThrow(expect.objectContaining({ reason: 'malformed-cert' }));
    expect(cache.size).toBe(2);
  });
});

describe('what others encode', () => {
  const openssl = (folder: string, ...args: string[]): Buffer =>
    execFileSync('openssl', args, { cwd: folder, stdio: ['ignore', 'pipe', 'ignore'] });
  const extensions = [
    'basicConstraints=critical,CA:TRUE,pathlen:1',
    'keyUsage=critical,keyCertSign,cRLSign',
    'nameConstraints=critical,permitted;email:.example.com',
  ];

  const made = ['ec', 'rsa'].map((kind) => {
    const folder = mkdtempSync(join(tmpdir(), 'openssl-'));
    try {
      const key = kind === 'ec' ? ['ec', '-pkeyopt', 'ec_paramgen_curve:P-256'] : ['rsa:2048'];
      const common = ['-newkey', ...key, '-nodes', '-keyout', 'key.pem', '-outform', 'DER', '-days', '30'];
      const added = extensions.flatMap((text) => ['-addext', text]);
      openssl(folder, 'req', '-x509', ...common, '-out', 'ca.der', '-subj', '/C=US/O=Exämple/CN=Root', '-utf8', ...added);
      return readFileSync(join(folder, 'ca.der'));
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('openssl: is read as openssl means it, and its signature holds', () => {
    for (const der of made) {
      const certificate = parseCertificate(der);
      expect(certificate.basicConstraints).toEqual({ ca: true, pathLength: 1 });
      expect(certificate.keyUsage?.bits).toBe((1 << 5) | (1 << 6));
      expect(certificate.nameConstraints?.permitted[0]?.base).toEqual({ kind: 'rfc822Name', text: '.example.com' });
      expect(certificate.subject.texts('2.5.4.10')).toEqual(['Exämple']);
      expect(certificate.signatureHolds(certificate)).toBe(true);
      const at = certificate.notBefore * 1000;
      expect(outcomeOf(() => judgePath({ path: [certificate], anchors: [certificate], at, rules: RFC5280_RULES }))).toBe('accepted');
    }
  });

  test('a second decoder sees the same fields', () => {
    for (const der of [...made, rich.der, root.der]) {
      const certificate = parseCertificate(der);
      const node = new X509Certificate(der);
      expect(Buffer.from(certificate.serial).toString('hex').replace(/^00/, '').toUpperCase()).toBe(node.serialNumber);
      expect(certificate.notAfter * 1000).toBe(Date.parse(node.validTo));
      expect(certificate.fingerprint.toString('hex')).toBe(node.fingerprint256.replaceAll(':', '').toLowerCase());
      expect(certificate.publicKey.keyObject.equals(node.publicKey)).toBe(true);
      const tree = forge.asn1.fromDer(forge.util.createBuffer(Buffer.from(der).toString('latin1')));
      const partsOf = (node: forge.asn1.Asn1 | undefined): forge.asn1.Asn1[] => (Array.isArray(node?.value) ? node.value : []);
      const [tbs] = partsOf(tree);
      const [list] = partsOf(partsOf(tbs).at(-1));
      const oidOf = ({ value }: forge.asn1.Asn1): string =>
        typeof value === 'string' ? forge.asn1.derToOid(forge.util.createBuffer(value)) : '';
      const seen = partsOf(list).flatMap((one) => partsOf(one).slice(0, 1).map(oidOf));
      expect([...certificate.extensions.keys()]).toEqual(seen);
    }
  });
});
