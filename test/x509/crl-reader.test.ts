import { createHash } from 'node:crypto';
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import * as fc from 'fast-check';
import { TlvCursor, encodeSequence, encodeTlv, encodeUtf8 } from '../../src/encoding/index.js';
import { DistinguishedName, parseCertificate, parseCrl, parseCrlInSlices, type Crl } from '../../src/x509/index.js';
import { NameKeyReader } from '../../src/x509/name-key.js';
import { reasonOf } from '../support/reasons.js';
import { AT, directory, dns, extension, issueCa, nameOf as rawName, rdn } from '../support/raw-certificate.js';
import { certificateIssuer, entry, issueCrl, reasonCode, scope, utcTime } from '../support/raw-crl.js';

const ca = issueCa({ issuer: null, subject: 'ca' });
const other = issueCa({ issuer: null, subject: 'other' });
const key = (issued: typeof ca) => parseCertificate(issued.der).publicKey;
const nameOf = (issued: typeof ca) => parseCertificate(issued.der).subject;
const INDIRECT = { extensions: [scope({ indirect: true })] };
const yes = (): Promise<void> => Promise.resolve();

const serialOf = (n: number): Buffer => {
  const serial = Buffer.alloc(8, 0x11);
  serial.writeUInt32BE(n, 4);
  return serial;
};

/** `count` entries with the serial numbers 0, 1, ..., all of one shape, so that they are quickly made. */
const many = (count: number): Buffer => {
  const one = entry(serialOf(0), reasonCode(4));
  const all = Buffer.concat(Array.from({ length: count }, () => one));
  // The serial number's content stands behind two headers.
  for (let n = 0; n < count; n += 1) all.writeUInt32BE(n, n * one.length + 8);
  return all;
};

const inSlices = async (der: Buffer): Promise<{ crl: Crl; pauses: number }> => {
  let pauses = 0;
  const crl = await parseCrlInSlices(der, () => {
    pauses += 1;
    return Promise.resolve();
  });
  return { crl, pauses };
};

describe('a CRL read in slices', () => {
  test('is the CRL that is read in one go', async () => {
    const der = issueCrl(ca, [many(20_000)], { number: 9n });
    const whole = parseCrl(der);
    const { crl, pauses } = await inSlices(der);
    expect(pauses).toBeGreaterThan(30);
    expect([crl.entryCount, crl.number, crl.thisUpdate, crl.nextUpdate, crl.scope, crl.digest]).toEqual([
      20_000,
      9n,
      whole.thisUpdate,
      whole.nextUpdate,
      whole.scope,
      createHash('sha256').update(der).digest('hex'),
    ]);
    for (const n of [0, 511, 512, 8191, 8192, 19_999]) expect(crl.find(nameOf(ca), serialOf(n))?.reason).toBe('superseded');
    for (const n of [20_000, 0x7fffffff]) expect(crl.find(nameOf(ca), serialOf(n))).toBeNull();
  });

  test('is refused for a fault in its last entry, as in one go', async () => {
    const bad = issueCrl(ca, [many(1000), encodeSequence(encodeTlv(2, Buffer.of(0, 1)), utcTime(AT))]);
    expect(reasonOf(() => parseCrl(bad))).toBe('malformed-crl');
    await expect(parseCrlInSlices(bad, yes)).rejects.toMatchObject({ reason: 'malformed-crl' });
    await expect(parseCrlInSlices(issueCrl(ca, [many(1000)]), yes)).resolves.toMatchObject({ unusable: null });
  });

  test('holds under the key that signed it, and under no other', async () => {
    const der = issueCrl(ca, [many(60_000)]);
    const { crl } = await inSlices(der);
    expect(crl.knownSignature(key(ca))).toBeNull();
    expect(await crl.verifyInSlices(key(ca), yes)).toBe(true);
    expect(await crl.verifyInSlices(key(other), yes)).toBe(false);
    expect([crl.knownSignature(key(ca)), crl.knownSignature(key(other))]).toEqual([true, false]);
    der[der.length - 1] = (der[der.length - 1] as number) ^ 1;
    expect(await (await inSlices(der)).crl.verifyInSlices(key(ca), yes)).toBe(false);
    expect(parseCrl(issueCrl(ca)).signatureHolds(key(ca))).toBe(true);
  });

  test('takes less memory besides itself than it has octets', async () => {
    const { crl } = await inSlices(issueCrl(ca, [many(100_000)]));
    expect(crl.size - crl.der.length).toBeLessThan(100_000 * 16);
  });
});

describe('the issuer of an entry', () => {
  const of = (issued: typeof ca): Buffer => certificateIssuer(issued.name);

  test('sticks across slices and segments until another one is named', async () => {
    const der = issueCrl(ca, [entry(Buffer.of(1), of(other)), many(10_000), entry(Buffer.of(2), of(ca)), entry(Buffer.of(3))], INDIRECT);
    for (const crl of [parseCrl(der), (await inSlices(der)).crl]) {
      expect(crl.unusable).toBeNull();
      const listed = (issued: typeof ca, serial: Buffer): boolean => crl.find(nameOf(issued), serial) !== null;
      for (const serial of [Buffer.of(1), serialOf(0), serialOf(9_999)])
        expect([listed(other, serial), listed(ca, serial)]).toEqual([true, false]);
      for (const serial of [Buffer.of(2), Buffer.of(3)]) expect([listed(other, serial), listed(ca, serial)]).toEqual([false, true]);
    }
  });

  test('is found where one serial number is listed for several', () => {
    const crl = parseCrl(issueCrl(ca, [entry(Buffer.of(5), reasonCode(1)), entry(Buffer.of(5), of(other), reasonCode(4))], INDIRECT));
    expect(crl.find(nameOf(ca), Buffer.of(5))?.reason).toBe('keyCompromise');
    expect(crl.find(nameOf(other), Buffer.of(5))?.reason).toBe('superseded');
  });

  test('may change with every entry', () => {
    const pairs = Array.from({ length: 3000 }, (_, n) => entry(serialOf(n), of(n % 2 === 0 ? ca : other)));
    const crl = parseCrl(issueCrl(ca, pairs, INDIRECT));
    for (const n of [0, 1, 1536, 2999]) {
      expect(crl.find(nameOf(n % 2 === 0 ? ca : other), serialOf(n))).not.toBeNull();
      expect(crl.find(nameOf(n % 2 === 0 ? other : ca), serialOf(n))).toBeNull();
    }
  });
});

describe('the names of an indirect CRL', () => {
  const COMMON_NAME = '2.5.4.3';
  const attribute = (tag: number, text: string): Buffer =>
    encodeSequence(Buffer.from('0603550403', 'hex'), encodeTlv(tag, Buffer.from(text)));
  const single = (tag: number, text: string): Buffer => encodeSequence(encodeTlv(0x31, attribute(tag, text)));
  const issuerNames = (...names: Buffer[]): Buffer => extension('2.5.29.29', encodeSequence(...names), true);
  const about = (...names: Buffer[]): (() => Crl) => {
    const der = issueCrl(ca, [entry(Buffer.of(5), issuerNames(...names))], INDIRECT);
    return () => parseCrl(der);
  };
  const nameIn = (name: Buffer): DistinguishedName => DistinguishedName.read(name, { tag: 0x30, start: 0, content: 2, end: name.length });

  afterEach(() => void jest.restoreAllMocks());

  test('are read once a spelling, and nothing is made of them but a key', () => {
    const CALLS_AN_ENTRY = 20;
    const spelled = (i: number): Buffer => rawName(rdn(COMMON_NAME, encodeUtf8(`issuer ${String(i % 3000)}`)));
    const der = issueCrl(
      ca,
      Array.from({ length: 9000 }, (_, i) => entry(serialOf(i), certificateIssuer(spelled(i)))),
      INDIRECT,
    );
    const keys = jest.spyOn(NameKeyReader.prototype, 'key');
    const names = jest.spyOn(DistinguishedName, 'read');
    const reads = jest.spyOn(TlvCursor.prototype, 'read');
    const crl = parseCrl(der);
    expect([keys.mock.calls.length, names.mock.calls.length]).toEqual([3000, 1]);
    expect(reads.mock.calls.length).toBeLessThan(9000 * CALLS_AN_ENTRY);
    expect(crl.find(nameIn(spelled(2999)), serialOf(8999))).not.toBeNull();
    expect(crl.find(nameIn(spelled(2998)), serialOf(8999))).toBeNull();
  });

  test('are one issuer in whatever spelling', () => {
    const spellings = [
      single(0x0c, 'Example CA'),
      single(0x13, 'Example CA'),
      single(0x16, 'EXAMPLE ca'),
      single(0x0c, ' example  ca '),
      single(0x0c, 'Example\u{a0}C\u{ad}A'),
      single(0x0c, '\u{ff25}xample CA'),
    ];
    for (const listed of spellings) {
      const crl = about(directory(listed))();
      for (const asked of spellings) expect(crl.find(nameIn(asked), Buffer.of(5))).not.toBeNull();
      for (const asked of [single(0x0c, 'ExampleCA'), single(0x14, 'Example CA'), single(0x0c, '')])
        expect(crl.find(nameIn(asked), Buffer.of(5))).toBeNull();
    }
  });

  test('have keys of a form that digests are stored of', () => {
    const name = encodeSequence(
      encodeTlv(0x31, attribute(0x13, 'US')),
      encodeTlv(0x31, attribute(0x0c, 'Example  CA'), attribute(0x14, 'x')),
      rdn('1.2.840.113549.1.9.1', encodeUtf8('a@b')),
    );
    expect(nameIn(name).key).toBe('2.5.4.3=s2:us,2.5.4.3=142:78+2.5.4.3=s10:example ca,1.2.840.113549.1.9.1=s3:a@b');
  });

  test.each([
    ['two issuers', [directory(ca.name), directory(other.name)]],
    ['no issuer', [dns('ca.example')]],
    ['an issuer beside a name that is none', [directory(ca.name), encodeTlv(0x82, Buffer.of(0x80))]],
    ['a Name that is no SEQUENCE', [directory(encodeTlv(0x31))]],
    ['two Names under one tag', [encodeTlv(0xa4, ca.name, other.name)]],
    ['an RDN without attributes', [directory(encodeSequence(encodeTlv(0x31)))]],
    [
      'an attribute of three parts',
      [directory(encodeSequence(encodeTlv(0x31, encodeSequence(attribute(0x0c, 'a').subarray(2), encodeTlv(5)))))],
    ],
    ['an attribute type that is none', [directory(encodeSequence(encodeTlv(0x31, encodeSequence(encodeTlv(6), encodeTlv(0x0c)))))]],
    [
      'UTF-8 that is none',
      [directory(encodeSequence(encodeTlv(0x31, encodeSequence(Buffer.from('0603550403', 'hex'), encodeTlv(0x0c, Buffer.of(0xff))))))],
    ],
    ['a PrintableString beyond ASCII', [directory(single(0x13, 'é'))]],
  ])('refuse the CRL for %s', (_, names) => {
    expect(reasonOf(about(...names))).toBe('malformed-crl');
  });

  test('may be beside others of other kinds, and of several attributes', () => {
    const pair = encodeSequence(encodeTlv(0x31, attribute(0x0c, 'a'), attribute(0x0c, 'b')));
    const crl = about(dns('ca.example'), directory(pair))();
    expect(crl.find(nameIn(pair), Buffer.of(5))).not.toBeNull();
    expect(crl.find(nameIn(encodeSequence(encodeTlv(0x31, attribute(0x0c, 'B'), attribute(0x0c, 'a')))), Buffer.of(5))).not.toBeNull();
    expect(
      crl.find(nameIn(encodeSequence(encodeTlv(0x31, attribute(0x0c, 'a')), encodeTlv(0x31, attribute(0x0c, 'b')))), Buffer.of(5)),
    ).toBeNull();
  });
});

describe('a serial number that is listed twice', () => {
  test('is revoked, whichever entry stands first, if one does not take it back', () => {
    for (const codes of [
      [8, 1],
      [1, 8],
    ]) {
      const crl = parseCrl(
        issueCrl(
          ca,
          codes.map((code) => entry(Buffer.of(5), reasonCode(code))),
        ),
      );
      expect(crl.find(nameOf(ca), Buffer.of(5))?.reason).toBe('keyCompromise');
    }
  });

  test('many times costs no more to read than different ones', () => {
    const same = (count: number): Buffer => issueCrl(ca, [Buffer.concat(Array.from({ length: count }, () => entry(serialOf(7))))]);
    const der = same(40_000);
    parseCrl(same(4_000));
    const before = process.cpuUsage();
    const crl = parseCrl(der);
    expect(crl.find(nameOf(ca), serialOf(7))).not.toBeNull();
    // A quadratic reader takes seconds for so many.
    expect(process.cpuUsage(before).user).toBeLessThan(500_000);
  });
});

describe('what is found', () => {
  test('agrees with a plain list, whatever the serial numbers and their issuers', () => {
    const listed = fc.array(fc.tuple(fc.nat(40), fc.boolean()), { maxLength: 60 });
    fc.assert(
      fc.property(listed, (all) => {
        const entries = all.map(([n, isOther]) => entry(Buffer.of(n + 1), certificateIssuer((isOther ? other : ca).name)));
        const crl = parseCrl(issueCrl(ca, entries, INDIRECT));
        for (let n = 0; n <= 40; n += 1) {
          for (const isOther of [false, true]) {
            const expected = all.some(([m, of]) => m === n && of === isOther);
            expect(crl.find(nameOf(isOther ? other : ca), Buffer.of(n + 1)) !== null).toBe(expected);
          }
        }
      }),
      { numRuns: 60 },
    );
  });
});
