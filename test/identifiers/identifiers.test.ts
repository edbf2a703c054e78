import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { foldDomain, isDomain, parseCanonicalSii, parseSii, parseSpc, parseSsi, subjectId } from '../../src/identifiers/index.js';
import { Refusal } from '../../src/reasons/index.js';

const reasonOf = (parse: () => unknown): string => {
  try {
    parse();
    return 'accepted';
  } catch (error) {
    if (error instanceof Refusal) return error.reason;
    throw error;
  }
};

describe('parseSii', () => {
  test.each([
    ['tel:+12025550100', 'tel:+12025550100'],
    ['tel:+4930123456', 'tel:+4930123456'],
    ['mailto:alice@mail.example', 'mailto:alice@mail.example'],
    ['mailto:Alice.B+tag@MAIL.Example', 'mailto:alice.b+tag@mail.example'],
    ['MAILTO:alice@mail.example', 'mailto:alice@mail.example'],
    ['mailto:alice@MÜNCHEN.example', 'mailto:alice@xn--mnchen-3ya.example'],
    ['mailto:alice@ｍail。example', 'mailto:alice@mail.example'],
  ])('reads %s as %s', (text, uri) => {
    expect(parseSii(text)).toEqual({ uri });
    expect(parseCanonicalSii(uri)).toEqual({ uri });
  });

  test.each([
    'tel:12025550100',
    'tel:+1 202 555 0100',
    'tel:+1-202-555-0100',
    'tel:+0123456789',
    'tel:+123456',
    'tel:+1234567890123456',
    'TEL:+12025550100',
    'tel:+١٢٠٢٥٥٥٠١٠٠',
  ])('refuses %s with non-canonical-tn', (text) => {
    expect(reasonOf(() => parseSii(text))).toBe('non-canonical-tn');
  });

  test.each([
    '',
    'alice@mail.example',
    'mailto:alice',
    'mailto:@mail.example',
    'mailto:a@b@mail.example',
    'mailto:.a@mail.example',
    'mailto:a..b@mail.example',
    'mailto:"a b"@mail.example',
    'mailto:a%40b@mail.example',
    'mailto:ä@mail.example',
    'mailto:\u212aelvin@mail.example',
    'mailto:alice@localhost',
    'mailto:alice@127.0.0.1',
    'mailto:alice@[127.0.0.1]',
    'mailto:alice@mail%2eexample',
    'mailto:alice@mail.example/evil',
    'mailto:alice@xn--zz.example',
    `mailto:${'a'.repeat(65)}@mail.example`,
    `mailto:a@${'a'.repeat(64)}.example`,
    'sip:alice@mail.example',
    'urn:signpost:none',
  ])('refuses %s with non-canonical-uri', (text) => {
    expect(reasonOf(() => parseSii(text))).toBe('non-canonical-uri');
  });

  test.each(['mailto:Alice@mail.example', 'mailto:alice@Mail.example', 'mailto:alice@münchen.example'])(
    'folds %s, but not as a signed value',
    (text) => {
      expect(reasonOf(() => parseSii(text))).toBe('accepted');
      expect(reasonOf(() => parseCanonicalSii(text))).toBe('non-canonical-uri');
    },
  );

  test('throws only refusals, whatever it is given, and gives what reads back as itself', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.anything(),
          fc.string(),
          fc.string({ unit: 'grapheme' }).map((text) => `mailto:a@${text}.example`),
        ),
        (value) => {
          let uri: string;
          try {
            ({ uri } = parseSii(value));
          } catch (error) {
            expect(error).toBeInstanceOf(Refusal);
            return;
          }
          expect(parseCanonicalSii(uri)).toEqual({ uri });
        },
      ),
    );
  });
});

describe('parseSsi', () => {
  test('reads provider and user', () => {
    const uri = 'mimi://a.example/u/Al.ice_~-9';
    expect(parseSsi(uri)).toEqual({ uri, provider: 'a.example', user: 'Al.ice_~-9' });
  });

  test('accepts 96 bytes and refuses 97', () => {
    expect(reasonOf(() => parseSsi(`mimi://a.example/u/${'a'.repeat(77)}`))).toBe('accepted');
    expect(reasonOf(() => parseSsi(`mimi://a.example/u/${'a'.repeat(78)}`))).toBe('non-canonical-uri');
  });

  test.each([
    null,
    5,
    'mimi://a.example/u/.',
    'mimi://a.example/u/..',
    'mimi://A.example/u/a',
    'MIMI://a.example/u/a',
    'mimi://a.example/u/a%20',
    'mimi://a.example/u/a\n',
    'mimi://u@a.example/u/a',
  ])('refuses %j', (value) => {
    expect(reasonOf(() => parseSsi(value))).toBe('non-canonical-uri');
  });
});

describe('domains and codes', () => {
  test('knows a canonical domain from one that is not', () => {
    expect(['a.example', 'xn--mnchen-3ya.example', '1.2.example'].every(isDomain)).toBe(true);
    expect(
      ['A.example', 'example', 'a.example.', 'a..example', '-a.example', '1.2.3.4', '0x7f.1', 'xn--zz.example', ''].some(isDomain),
    ).toBe(false);
  });

  test('folds a domain, and refuses what a URL would cut or decode', () => {
    expect(foldDomain('MÜNCHEN.Example')).toBe('xn--mnchen-3ya.example');
    for (const text of ['a.example/b', 'a%2eexample', 'a.example:80', 'ü.example@evil.example', 'ü\\a.example']) {
      expect(reasonOf(() => foldDomain(text))).toBe('non-canonical-uri');
    }
  });

  test('reads a service provider code', () => {
    expect(parseSpc('709J')).toBe('709J');
    for (const code of ['', '709j', '70 9', 709, 'A'.repeat(21)]) expect(reasonOf(() => parseSpc(code))).toBe('claim-value');
  });

  test('makes subject ids of 16 octets that nobody can make without the pepper', () => {
    const id = subjectId(Buffer.alloc(32, 1), 'tel:+12025550100');
    expect(id).toHaveLength(16);
    expect(subjectId(Buffer.alloc(32, 1), 'tel:+12025550100')).toBe(id);
    expect(subjectId(Buffer.alloc(32, 2), 'tel:+12025550100')).not.toBe(id);
    expect(Buffer.from(id, 'latin1').toString('hex')).toBe('f15d790a248c78849bdc2a3056479956');
  });
});
