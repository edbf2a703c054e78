import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { mailDomainOf, parseCanonicalSii, parseSii } from '../../src/identifiers/index.js';
import { Refusal } from '../../src/reasons/index.js';

const outcome = (parse: (value: unknown) => { uri: string }, value: unknown): string => {
  try {
    return parse(value).uri;
  } catch (error) {
    if (error instanceof Refusal) return error.reason;
    throw error;
  }
};
const lookedUp = (address: string): string => outcome(parseSii, `mailto:${address}`);
const signed = (address: string): string => outcome(parseCanonicalSii, `mailto:${address}`);
const REFUSED = 'non-canonical-uri';

const D = 'mail.example';

describe('an e-mail address', () => {
  /** RFC 5322 section 3.2.3 dot-atoms of what RFC 6068 section 2 leaves unescaped. */
  const LOCAL_PARTS = [
    ['a', 'alice', 'alice.b', 'a.b.c.d', 'alice+tag', 'alice-b', 'alice_b', "o'hara", '1', '0.0', '-', '_', '+', '~', '!', '$', '*', "'"],
    ['-alice', 'alice-', 'a--b', 'a__b', 'a+', '+a', '!a$b', 'a*b', '~a', 'a.1.b', '12345678901', 'alice.+', 'x'.repeat(64)],
    ["a.b+c-d_e~f!g$h*i'j", 'postmaster', 'abuse', 'xn--alice', 'mailto', 'tel', 'null', '__proto__', 'constructor'],
  ].flat();

  test.each(LOCAL_PARTS)('may have the local part %s', (local) => {
    expect(signed(`${local}@${D}`)).toBe(`mailto:${local}@${D}`);
    expect(lookedUp(`${local.toUpperCase()}@${D}`)).toBe(`mailto:${local}@${D}`);
  });

  const WRONG: readonly string[] = [
    ['', '@', '@mail.example', 'alice', 'alice@', 'alice@@mail.example', 'a@b@mail.example', '@alice@mail.example', 'alice.mail.example'],
    ['.alice', 'alice.', 'al..ice', '.', '..', 'a...b'].map((local) => `${local}@${D}`),
    // RFC 5322 specials, quoted strings, comments, white space, display names, groups, routes.
    ['"alice"', '"a b"', '"a@b"', '"a\\"b"', '""', 'a"b"c', '"a".b', '(x)alice', 'alice(x)', 'al(x)ice', 'a b', ' alice', 'alice ', 'a\tb'],
    [
      'a\nb',
      'a\r\nb',
      'a\r\n b',
      'a\\b',
      'a\\@b',
      'a,b',
      'a;b',
      'a:b',
      'a<b',
      '<alice',
      'a>b',
      'a[b',
      'a]b',
      'a)b',
      '\u0000',
      'a\u0000',
      'a\u007f',
    ],
    ['Alice <alice', '<a@b:alice', 'group:alice', '@a:alice'],
    // RFC 6068 section 2: what would need an escape, and escapes.
    ['a%b', 'a%40b', '%61lice', 'a%', 'a%00', 'a/b', 'a?b', 'a#b', 'a&b', 'a=b', 'a^b', 'a`b', 'a{b', 'a|b', 'a}b'],
    // Beyond ASCII: no SII, whatever it folds to.
    [
      'é',
      'e\u0301',
      'ä',
      'алиса',
      '用户',
      '医生',
      'ａlice',
      '\u212aelvin',
      'ſ',
      'ı',
      'İ',
      '\u00a0',
      'a\u00adb',
      'a\u200bb',
      '\u202ealice',
      '\ufeffalice',
      '\ud800',
      '😀',
    ],
    ['x'.repeat(65)],
  ]
    .flat()
    .map((local) => (local.includes('@') || local === '' || local === 'alice' || local === 'alice.mail.example' ? local : `${local}@${D}`));

  const WRONG_DOMAINS: readonly string[] = [
    [
      'mail.example.',
      '.mail.example',
      'mail..example',
      'mail',
      'localhost',
      ' mail.example',
      'mail.example ',
      'mail .example',
      'mail.example\n',
    ],
    ['[127.0.0.1]', '127.0.0.1', '[IPv6:::1]', '[IPv6:2001:db8::1]', '[mail.example]', '2130706433', '0x7f.0.0.1', '[]', '[', ']'],
    ['(x)mail.example', 'mail.example(x)', 'mail.(x)example', '"mail".example', 'ma\\il.example', 'mail.example>', '<mail.example>'],
    [
      'mail.example?subject=x',
      'mail.example#x',
      'mail.example/x',
      'mail.example:25',
      'mail.example,bob',
      'mail.example;x',
      'mail%2eexample',
    ],
    [
      '-mail.example',
      'mail-.example',
      'mail.-example',
      'mail.example-',
      'ma_il.example',
      'mail.ex*mple',
      '*.mail.example',
      'mail.1',
      'mail.e',
    ],
    [
      `${'a'.repeat(64)}.example`,
      `${'a.'.repeat(123)}aaaaaaaa`,
      'xn--.example',
      'xn--zz.example',
      'xn--abc-.example',
      'ab--cd.example',
      'маil.example',
    ],
    [
      'mail.example%00',
      'mail.example\u0000',
      'mail.example\u0001',
      'mail\u3000.example',
      'mail．example．',
      'mail.example\u202e',
      '\ud800.example',
    ],
  ].flat();

  test.each([...WRONG, ...WRONG_DOMAINS.map((domain) => `alice@${domain}`)].map((address) => [JSON.stringify(address), address] as const))(
    'is not %s',
    (_, address) => {
      expect(lookedUp(address)).toBe(REFUSED);
      expect(signed(address)).toBe(REFUSED);
    },
  );

  test('has at most 254 octets, counted in A-labels', () => {
    const domain = (length: number): string => `${`${'a'.repeat(59)}.`.repeat(3)}${'b'.repeat(length - 188)}.example`;
    const local = 'x'.repeat(20);
    expect(signed(`${local}@${domain(233)}`)).toBe(`mailto:${local}@${domain(233)}`);
    expect(signed(`${local}@${domain(234)}`)).toBe(REFUSED);
    expect(lookedUp(`${'x'.repeat(64)}@${'ü'.repeat(55)}.${'ü'.repeat(55)}.${'ü'.repeat(55)}.example`)).toBe(REFUSED);
  });
});

describe('what a signed value must be already, a lookup makes it', () => {
  test.each([
    ['Alice@mail.example', 'alice@mail.example'],
    ['alice@Mail.Example', 'alice@mail.example'],
    ['alice@münchen.example', 'alice@xn--mnchen-3ya.example'],
    ['alice@MÜNCHEN.example', 'alice@xn--mnchen-3ya.example'],
    ['alice@mu\u0308nchen.example', 'alice@xn--mnchen-3ya.example'],
    ['alice@XN--MNCHEN-3YA.example', 'alice@xn--mnchen-3ya.example'],
    ['alice@例え。jp', 'alice@xn--r8jz45g.jp'],
    ['alice@ｍａｉｌ.example', 'alice@mail.example'],
  ])('%s', (address, canonical) => {
    expect(signed(address)).toBe(REFUSED);
    expect(lookedUp(address)).toBe(`mailto:${canonical}`);
    expect(signed(canonical)).toBe(`mailto:${canonical}`);
  });

  test('never a dot or a tag away, and never one local part for another', () => {
    expect(lookedUp('a.lice+x@mail.example')).toBe('mailto:a.lice+x@mail.example');
    expect(lookedUp('alice@mail.example')).not.toBe(lookedUp('a.lice@mail.example'));
  });

  test('mailto: in any case, tel: in one alone', () => {
    expect(outcome(parseSii, 'MailTo:alice@mail.example')).toBe('mailto:alice@mail.example');
    expect(outcome(parseCanonicalSii, 'MailTo:alice@mail.example')).toBe(REFUSED);
  });
});

describe('folding an address', () => {
  const local = fc.stringMatching(/^[a-z0-9!$'*+_~-]{1,10}(\.[a-z0-9+_-]{1,8}){0,2}$/);
  const unicode = fc.constantFrom(
    'mail.example',
    'münchen.example',
    'faß.example',
    'москва.рф',
    '例え.jp',
    '日本語jp.example',
    'עברית.קום',
    'paral·lel.cat',
  );
  /** The ways in which people write one address. */
  const variant = (address: string): fc.Arbitrary<string> => {
    const at = address.lastIndexOf('@');
    const [before, domain] = [address.slice(0, at), address.slice(at + 1)];
    // "faß" in capitals is "FASS", another name by UTS 46: capitals of the A-labels instead.
    const canonical = mailDomainOf(lookedUp(address)) ?? '';
    return fc
      .tuple(
        fc.constantFrom('mailto:', 'MAILTO:', 'Mailto:'),
        fc.constantFrom(before, before.toUpperCase()),
        fc.constantFrom(domain, domain.normalize('NFD'), domain.replaceAll('.', '。'), canonical, canonical.toUpperCase()),
      )
      .map(([scheme, name, host]) => `${scheme}${name}@${host}`);
  };

  test('gives a canonical address, which folds to itself and is found by every way of writing it', () => {
    fc.assert(
      fc.property(
        fc.tuple(local, unicode).chain(([name, domain]) => fc.tuple(fc.constant(`${name}@${domain}`), variant(`${name}@${domain}`))),
        ([address, written]) => {
          const uri = lookedUp(address);
          expect(outcome(parseCanonicalSii, uri)).toBe(uri);
          expect(outcome(parseSii, uri)).toBe(uri);
          expect(outcome(parseSii, written)).toBe(uri);
        },
      ),
    );
  });

  test('throws nothing but refusals', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 40 }), fc.string({ unit: 'binary', maxLength: 40 }), (name, domain) => {
        const uri = lookedUp(`${name}@${domain}`);
        if (uri !== REFUSED) expect(outcome(parseCanonicalSii, uri)).toBe(uri);
      }),
    );
  });
});
