import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { decodePem, encodeIa5, encodeInteger, encodeSequence, encodeTlv, encodeUtf8 } from '../../src/encoding/index.js';
import { Refusal } from '../../src/reasons/index.js';
import {
  checkEncompassing,
  covers,
  encodeTnAuthList,
  encompasses,
  parseCertificate,
  parseTnAuthList,
  tnAuthListOf,
  type TnEntry,
} from '../../src/x509/index.js';
import { forgeDecode, forgeEncode } from '../support/forge-tn-auth-list.js';
import { outcomeOf } from '../support/judged.js';
import { extension, issueCa, issueEndEntity, type Issued } from '../support/raw-certificate.js';

const VECTORS = join(process.env['SIGNPOST_VECTORS'] ?? join(process.cwd(), '../shared/vectors'), 'stir');

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');
const reasonOf = (run: () => unknown): string => outcomeOf(run).split('@')[0] ?? '';
const parsed = (der: unknown): string => reasonOf(() => parseTnAuthList(der));

const spc = (text: string): Buffer => encodeTlv(0xa0, encodeIa5(text));
const one = (text: string): Buffer => encodeTlv(0xa2, encodeIa5(text));
const range = (...parts: Buffer[]): Buffer => encodeTlv(0xa1, encodeSequence(...parts));
const rangeOf = (start: string, count: bigint): Buffer => encodeSequence(range(encodeIa5(start), encodeInteger(count)));

const digits = (max: number): fc.Arbitrary<string> => fc.stringMatching(new RegExp(`^[0-9]{1,${max}}$`));
const rangeEntry: fc.Arbitrary<TnEntry> = fc
  .tuple(digits(15), fc.double({ min: 0, max: 1, noNaN: true }))
  .map(([start, part]) => ({ start, count: Math.floor(2 + part * (10 ** start.length - 3 - Number(start))) }))
  .filter(({ start, count }) => count >= 2 && Number(start) + count < 10 ** start.length);
const entry: fc.Arbitrary<TnEntry> = fc.oneof(
  fc.stringMatching(/^[0-9A-Z]{1,8}$/).map((text) => ({ spc: text })),
  fc.stringMatching(/^[0-9#*]{1,15}$/).map((tn) => ({ tn })),
  rangeEntry,
);
const list = fc.array(entry, { minLength: 1, maxLength: 12 });

describe('parseTnAuthList', () => {
  test('reads the vectors that RFC 9118 and the domain-binding draft print', () => {
    expect(parseTnAuthList(hex('30 08 A0 06 16 04 31 32 33 34'))).toEqual([{ spc: '1234' }]);
    expect(parseTnAuthList(hex('30 0F A2 0D 16 0B 31 32 30 31 35 35 35 30 31 30 30'))).toEqual([{ tn: '12015550100' }]);
    expect(parseTnAuthList(Buffer.from('MAigBhYEODE4SA==', 'base64'))).toEqual([{ spc: '818H' }]);
  });

  test.each([
    ['an empty list', hex('3000'), encodeSequence(spc('1'))],
    ['octets after the list', hex('3008a00616043132333400'), hex('3008a006160431323334')],
    ['implicit tags', hex('3006800431323334'), encodeSequence(spc('1234'))],
    ['an unknown tag', encodeSequence(encodeTlv(0xa3, encodeIa5('1'))), encodeSequence(encodeTlv(0xa2, encodeIa5('1')))],
    ['a primitive tag around a string', encodeSequence(encodeTlv(0x80, encodeIa5('1'))), encodeSequence(spc('1'))],
    ['an UTF8String', encodeSequence(encodeTlv(0xa0, encodeUtf8('1'))), encodeSequence(spc('1'))],
    ['a PrintableString', encodeSequence(encodeTlv(0xa2, encodeTlv(0x13, Buffer.from('1')))), encodeSequence(one('1'))],
    ['an IA5String with the eighth bit', encodeSequence(spc('\u00e9')), encodeSequence(spc('~'))],
    ['an empty SPC', encodeSequence(spc('')), encodeSequence(spc(' '))],
    ['an empty number', encodeSequence(one('')), encodeSequence(one('0'))],
    ['16 digits', encodeSequence(one('1234567890123456')), encodeSequence(one('123456789012345'))],
    ['a letter in a number', encodeSequence(one('12a')), encodeSequence(one('12#*'))],
    ['a plus in a number', encodeSequence(one('+12')), encodeSequence(one('012'))],
    ['a count of 0', rangeOf('10', 0n), rangeOf('10', 2n)],
    ['a count of 1', rangeOf('10', 1n), rangeOf('10', 2n)],
    ['a negative count', rangeOf('10', -5n), rangeOf('10', 5n)],
    ['a count with leading zeros', encodeSequence(range(encodeIa5('10'), hex('02020005'))), rangeOf('10', 5n)],
    ['a count over 10^15', rangeOf('100000000000000', 10n ** 15n + 1n), rangeOf('100000000000000', 2n)],
    ['a count of 200 octets', encodeSequence(range(encodeIa5('10'), encodeTlv(2, Buffer.alloc(200, 1)))), rangeOf('10', 5n)],
    ['a # in the start of a range', rangeOf('1#', 2n), rangeOf('10', 2n)],
    ['an element after count', encodeSequence(range(encodeIa5('10'), encodeInteger(2n), encodeInteger(2n))), rangeOf('10', 2n)],
    ['a range without count', encodeSequence(range(encodeIa5('10'))), rangeOf('10', 2n)],
    ['two strings under one tag', encodeSequence(encodeTlv(0xa2, encodeIa5('1'), encodeIa5('2'))), encodeSequence(one('1'), one('2'))],
    ['a length that is not minimal', hex('308108a006160431323334'), hex('3008a006160431323334')],
    ['an indefinite length', hex('3080a0061604313233340000'), hex('3008a006160431323334')],
    ['a SET', hex('3108a006160431323334'), hex('3008a006160431323334')],
    [
      '401 entries',
      encodeSequence(...Array.from({ length: 401 }, () => one('1'))),
      encodeSequence(...Array.from({ length: 400 }, () => one('1'))),
    ],
  ])('refuses %s, and accepts its twin', (_, bad, good) => {
    expect(parsed(bad)).toBe('malformed-tnauthlist');
    expect(parsed(good)).toBe('accepted');
  });

  test.each([
    ['10', 90, 89],
    ['10', 91, 89],
    ['12025550100', 10 ** 11 - 12025550100, 10 ** 11 - 12025550101],
    ['999999999999900', 10 ** 3, 99],
  ])('refuses a range from %s over %d numbers, which reaches 10^D, and accepts one over %d', (start, over, fits) => {
    expect(parsed(rangeOf(start, BigInt(over)))).toBe('range-overflow');
    expect(parsed(rangeOf(start, BigInt(fits)))).toBe('accepted');
  });

  test('takes 1,000 entries of a list by reference', () => {
    const entries = (length: number): Buffer => encodeSequence(...Array.from({ length }, () => one('1')));
    expect(parseTnAuthList(entries(1000), 1000)).toHaveLength(1000);
    expect(reasonOf(() => parseTnAuthList(entries(1001), 1000))).toBe('malformed-tnauthlist');
  });

  test('refuses the malformed lists of real certificates', () => {
    expect(parsed(hex('30 08 A0 06 16 38 36 37 4A'))).toBe('malformed-tnauthlist');
    expect(parsed(hex('30 06 13 04 36 32 32 4B'))).toBe('malformed-tnauthlist');
  });

  test.each([[null], [undefined], [''], ['MAigBhYEODE4SA=='], [5], [{}], [[]], [new Uint8Array()], [new ArrayBuffer(4)]])(
    'refuses %p, which is no list',
    (value) => expect(parsed(value)).toBe('malformed-tnauthlist'),
  );

  test('agrees with node-forge on what lists encode to, and reads back what it wrote', () => {
    fc.assert(
      fc.property(list, (entries) => {
        const der = encodeTnAuthList(entries);
        expect(der.equals(forgeEncode(entries))).toBe(true);
        expect(parseTnAuthList(der)).toEqual(entries);
        expect(forgeDecode(der)).toEqual(entries);
      }),
      { numRuns: 300 },
    );
  });

  test('agrees with node-forge on every mutation of a list, and throws nothing but refusals', () => {
    const mutation = fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 }), fc.constantFrom('set', 'cut', 'insert'));
    fc.assert(
      fc.property(list, fc.array(mutation, { minLength: 1, maxLength: 3 }), (entries, mutations) => {
        let der = encodeTnAuthList(entries);
        for (const [place, octet, kind] of mutations) {
          const at = place % der.length;
          if (kind === 'set') der[at] = octet;
          else
            der = Buffer.concat([
              der.subarray(0, at),
              Buffer.from(kind === 'cut' ? [] : [octet]),
              der.subarray(kind === 'cut' ? at + 1 : at),
            ]);
          if (der.length === 0) return;
        }
        let ours: readonly TnEntry[] | null = null;
        try {
          ours = parseTnAuthList(der);
        } catch (error) {
          expect(error).toBeInstanceOf(Refusal);
        }
        expect(ours).toEqual(forgeDecode(der));
      }),
      { numRuns: 2000 },
    );
  });
});

describe('encodeTnAuthList', () => {
  test.each<[string, unknown]>([
    ['no entries', []],
    ['null', null],
    ['text', 'x'],
    ['an entry without members', [{}]],
    ['a null entry', [null]],
    ['an empty SPC', [{ spc: '' }]],
    ['an entry of two kinds', [{ spc: '1', tn: '2' }]],
    ['a number that is a JSON number', [{ tn: 12 }]],
    ['a number with a space', [{ tn: '12 ' }]],
    ['a count of 1', [{ start: '10', count: 1 }]],
    ['a count with a fraction', [{ start: '10', count: 2.5 }]],
    ['a count that is a bigint', [{ start: '10', count: 5n }]],
    ['a range with another member', [{ start: '10', count: 5, end: '15' }]],
    ['401 entries', Array.from({ length: 401 }, () => ({ tn: '1' }))],
  ])('refuses %s', (_, entries) => expect(reasonOf(() => encodeTnAuthList(entries))).toBe('malformed-tnauthlist'));

  test('refuses a range that runs over', () => {
    expect(reasonOf(() => encodeTnAuthList([{ start: '10', count: 90 }]))).toBe('range-overflow');
    expect(encodeTnAuthList([{ start: '10', count: 89 }])).toBeInstanceOf(Buffer);
  });
});

describe('covers', () => {
  const range100 = parseTnAuthList(encodeTnAuthList([{ start: '12025550100', count: 100 }, { tn: '12025550200' }, { tn: '12#' }]));

  test.each([
    ['12025550099', false],
    ['12025550100', true],
    ['12025550199', true],
    ['12025550200', true],
    ['12025550201', false],
    ['1202555010', false],
    ['120255501000', false],
    ['012025550100', false],
    ['2025550100', false],
    ['12#', true],
    ['12*', false],
    ['', false],
    ['+12025550100', false],
  ])('says of %s: %p', (tn, expected) => expect(covers(range100, tn)).toBe(expected));

  test('says no of every number when the list holds only an SPC, and of what is no string', () => {
    expect(covers([{ spc: '709J' }], '12025550100')).toBe(false);
    for (const tn of [12025550100, null, undefined, {}]) expect(covers(range100, tn)).toBe(false);
  });

  test('keeps leading zeros apart', () => {
    expect(covers([{ tn: '0123' }], '123')).toBe(false);
    expect(covers([{ tn: '0123' }], '0123')).toBe(true);
  });

  test('agrees with asking each entry in turn', () => {
    const small: fc.Arbitrary<TnEntry> = fc.oneof(
      digits(3).map((tn) => ({ tn })),
      rangeEntry.filter((range) => 'start' in range && range.start.length <= 3),
    );
    fc.assert(
      fc.property(fc.array(small, { minLength: 1, maxLength: 20 }), digits(3), (entries, tn) => {
        const naive = entries.some((item) => {
          if ('tn' in item) return item.tn === tn;
          if (!('start' in item) || item.start.length !== tn.length) return false;
          return Number(tn) >= Number(item.start) && Number(tn) < Number(item.start) + item.count;
        });
        expect(covers(entries, tn)).toBe(naive);
        expect(covers(parseTnAuthList(encodeTnAuthList(entries)), tn)).toBe(naive);
      }),
      { numRuns: 500 },
    );
  });
});

describe('encompasses', () => {
  test.each<[string, TnEntry[], TnEntry[], boolean]>([
    ['the same range', [{ start: '100', count: 10 }], [{ start: '100', count: 10 }], true],
    ['one number too many below', [{ start: '100', count: 10 }], [{ start: '099', count: 5 }], false],
    ['one number too many above', [{ start: '100', count: 10 }], [{ start: '105', count: 6 }], false],
    [
      'a range over two adjacent ones',
      [
        { start: '100', count: 10 },
        { start: '110', count: 10 },
      ],
      [{ start: '105', count: 10 }],
      true,
    ],
    [
      'a range over a gap',
      [
        { start: '100', count: 10 },
        { start: '111', count: 9 },
      ],
      [{ start: '105', count: 10 }],
      false,
    ],
    ['a range over single numbers', [{ tn: '100' }, { tn: '101' }, { tn: '102' }], [{ start: '100', count: 3 }], true],
    ['a longer number', [{ start: '100', count: 10 }], [{ tn: '1000' }], false],
    ['a number with # that the parent has', [{ tn: '1#' }], [{ tn: '1#' }], true],
    ['a number with # that it has not', [{ tn: '1*' }], [{ tn: '1#' }], false],
    ['the same SPC', [{ spc: '709J' }], [{ spc: '709J' }], true],
    ['an SPC in other letters', [{ spc: '709J' }], [{ spc: '709j' }], false],
    ['an SPC under numbers', [{ start: '100', count: 10 }], [{ spc: '709J' }], false],
    ['any number under an SPC', [{ spc: '709J' }], [{ start: '100', count: 10 }], true],
    ['numbers outside, under an SPC with numbers', [{ spc: '709J' }, { tn: '100' }], [{ tn: '200' }], true],
  ])('of %s', (_, parent, child, expected) => expect(encompasses(parent, child)).toBe(expected));

  test('is reflexive and transitive, and holds exactly for subsets of the numbers', () => {
    const numbers = fc.array(
      fc.oneof(
        digits(2).map((tn): TnEntry => ({ tn })),
        rangeEntry.filter((item) => 'start' in item && item.start.length === 2),
      ),
      {
        minLength: 1,
        maxLength: 6,
      },
    );
    const all = Array.from({ length: 110 }, (_, i) => (i < 10 ? String(i) : String(i - 10).padStart(2, '0')));
    fc.assert(
      fc.property(numbers, numbers, (parent, child) => {
        const subset = all.every((tn) => !covers(child, tn) || covers(parent, tn));
        expect(encompasses(parent, child)).toBe(subset);
        expect(encompasses(parent, parent)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});

describe('checkEncompassing', () => {
  const listed = (entries: TnEntry[]): { tnAuthList: Buffer } => ({
    tnAuthList: extension('1.3.6.1.5.5.7.1.26', encodeTnAuthList(entries)),
  });
  const root = issueCa({ issuer: null, subject: 'root' });
  const check = (...path: Issued[]): string => outcomeOf(() => checkEncompassing(path.map(({ der }) => parseCertificate(der))));
  const path = (np: TnEntry[], sub: TnEntry[], leaf: TnEntry[]): Issued[] => {
    const npCa = issueCa({ issuer: root, subject: 'np', extensions: listed(np) });
    const subCa = issueCa({ issuer: npCa, subject: 'sub', extensions: listed(sub) });
    return [issueEndEntity({ issuer: subCa, subject: 'leaf', extensions: listed(leaf) }), subCa, npCa, root];
  };

  test('accepts lists that narrow downwards', () => {
    expect(check(...path([{ spc: '709J' }], [{ start: '100', count: 10 }], [{ tn: '105' }]))).toBe('accepted');
    expect(check(...path([{ start: '100', count: 10 }], [{ start: '100', count: 5 }], [{ tn: '104' }]))).toBe('accepted');
  });

  test('blames the certificate that took too much', () => {
    expect(check(...path([{ spc: '709J' }], [{ start: '100', count: 10 }], [{ tn: '110' }]))).toBe('not-encompassed@0');
    expect(check(...path([{ start: '100', count: 5 }], [{ start: '100', count: 10 }], [{ tn: '104' }]))).toBe('not-encompassed@1');
  });

  test('holds a grandchild against its grandparent, whatever the parent was given', () => {
    expect(check(...path([{ start: '100', count: 5 }], [{ spc: '709J' }], [{ tn: '108' }]))).toBe('not-encompassed@1');
    expect(check(...path([{ spc: '709J' }, { tn: '100' }], [{ spc: '709J' }], [{ spc: '709K' }]))).toBe('not-encompassed@0');
  });

  test('says which list is malformed', () => {
    const np = issueCa({ issuer: root, subject: 'np', extensions: { tnAuthList: extension('1.3.6.1.5.5.7.1.26', hex('3000')) } });
    const leaf = issueEndEntity({ issuer: np, subject: 'leaf', extensions: listed([{ tn: '1' }]) });
    expect(check(leaf, np, root)).toBe('malformed-tnauthlist@1');
  });
});

describe('the public vectors', () => {
  if (!existsSync(VECTORS)) {
    // oxlint-disable-next-line no-console
    console.warn(`left out: no public vectors at ${VECTORS}`);
    test('are not at hand, and say so', () => expect(existsSync(VECTORS)).toBe(false));
    return;
  }
  const pem = (file: string): Buffer => decodePem(readFileSync(join(VECTORS, file), 'utf8'))[0]?.der ?? Buffer.alloc(0);

  test('of asn1-vectors.json read as they say', () => {
    const vectors = JSON.parse(readFileSync(join(VECTORS, 'asn1-vectors.json'), 'utf8')) as Record<string, string>;
    expect(parseTnAuthList(hex(vectors['tnauthlist_spc_1234'] ?? ''))).toEqual([{ spc: '1234' }]);
    expect(parseTnAuthList(hex(vectors['tnauthlist_one_12015550100'] ?? ''))).toEqual([{ tn: '12015550100' }]);
    expect(parseTnAuthList(Buffer.from(vectors['tnauthlist_spc_818H_base64'] ?? '', 'base64'))).toEqual([{ spc: '818H' }]);
  });

  test('of RFC 9118 figure 1 and zlint are lists where they should be', () => {
    const listIn = (file: string): string => {
      try {
        return JSON.stringify(tnAuthListOf(parseCertificate(pem(file))));
      } catch (error) {
        if (error instanceof Refusal) return error.reason;
        throw error;
      }
    };
    expect(listIn('rfc9118-example-cert.pem')).toBe('[{"spc":"1234"}]');
    expect(listIn('zlint-shaken/shakenCert.pem')).toBe('[{"spc":"6628"}]');
    expect(listIn('zlint-shaken/shakenTNAuthEmpty.pem')).toBe('malformed-tnauthlist');
    expect(listIn('zlint-shaken/shakenTNAuthEmptyString.pem')).toBe('malformed-tnauthlist');
    expect(listIn('libstirshaken/test_ref_sp_sp.pem')).toBe('malformed-tnauthlist');
  });
});
