import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { encodeSequence, encodeTlv } from '../../src/encoding/index.js';
import { parseCertificate, parseCrl, parseCrlInSlices, type Crl } from '../../src/x509/index.js';
import { reasonOf } from '../support/reasons.js';
import { AT, issueCa } from '../support/raw-certificate.js';
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
