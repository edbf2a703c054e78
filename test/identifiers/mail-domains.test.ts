import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { domainInWords, foldDomain, isDomain, parseDomain } from '../../src/identifiers/index.js';
import { Refusal } from '../../src/reasons/index.js';
import { aLabelOf } from '../support/punycode.js';

const fold = (text: string): string => {
  try {
    return foldDomain(text);
  } catch (error) {
    if (error instanceof Refusal) return error.reason;
    throw error;
  }
};
const REFUSED = 'non-canonical-uri';
/** The labels of a domain as their A-labels, made by the second encoder. */
const inALabels = (domain: string): string =>
  domain
    .split('.')
    .map((label) => (/^\p{ASCII}*$/u.test(label) ? label : aLabelOf(label)))
    .join('.');

describe('the second encoder', () => {
  // RFC 3492 section 7.1 (A), (B) and (L).
  test.each([
    ['ليهمابتكلموشعربي؟', 'xn--egbpdaj6bu4bxfgehfvwxn'],
    ['他们为什么不说中文', 'xn--ihqwcrb4cv8a8dqg056pqjye'],
    ['3年B組金八先生', 'xn--3B-ww4c5e180e575a65lsy2b'],
  ])('encodes %s as RFC 3492 does', (label, aLabel) => {
    expect(aLabelOf(label)).toBe(aLabel);
  });
});

describe('a domain that people write', () => {
  const FOLDS: readonly (readonly [string, string])[] = [
    ['Mail.EXAMPLE', 'mail.example'],
    ['münchen.example', 'xn--mnchen-3ya.example'],
    ['MÜNCHEN.example', 'xn--mnchen-3ya.example'],
    ['mu\u0308nchen.example', 'xn--mnchen-3ya.example'],
    ['XN--MNCHEN-3YA.example', 'xn--mnchen-3ya.example'],
    ['faß.example', 'xn--fa-hia.example'],
    ['βόλος.gr', 'xn--nxasmm1c.gr'],
    ['МОСКВА.рф', 'xn--80adxhks.xn--p1ai'],
    ['例え.jp', 'xn--r8jz45g.jp'],
    ['例え。jp', 'xn--r8jz45g.jp'],
    ['日本語jp.example', 'xn--jp-5t7du0ck91h.example'],
    ['パソコン・メール.example', 'xn--tckta3d4c6b5b2cj.example'],
    ['中国.中国', 'xn--fiqs8s.xn--fiqs8s'],
    ['한국.kr', 'xn--3e0b707e.kr'],
    ['עברית.קום', 'xn--5dbqzzl.xn--9dbq2a'],
    ['عربي1.example', 'xn--1-0mc0a5a6f.example'],
    ['अनुच्छेद.भारत', 'xn--l1b6bd8bh4mtb6b.xn--h2brj9c'],
    ['क्\u200dष.example', 'xn--11b2ezcw70k.example'],
    ['tiếng-việt.vn', 'xn--ting-vit-e50d7c.vn'],
    ['ქართული.ge', 'xn--lododh2atk.ge'],
    ['paral·lel.cat', 'xn--parallel-koa.cat'],
    ['ısparta.example', 'xn--sparta-o9a.example'],
    ['аррӏе.рф', 'xn--80ak6aa92e.xn--p1ai'],
    // UTS 46 maps these to ASCII, so they are what a browser would ask for too.
    ['ｍａｉｌ．example', 'mail.example'],
    ['\u{1d5ba}.example', 'a.example'],
    ['ﬁsh.example', 'fish.example'],
    ['\u212aelvin.example', 'kelvin.example'],
    ['mail\u00ad.example', 'mail.example'],
    ['①.example', '1.example'],
  ];

  test.each(FOLDS)('%s is %s', (text, domain) => {
    expect(fold(text)).toBe(domain);
    expect(parseDomain(domain)).toBe(domain);
  });

  const WRONG: readonly string[] = [
    ['', '.', 'example', 'a..example', '.a.example', 'a.example.', 'a.example。', '-a.example', 'a-.example', 'a_b.example'],
    [
      '127.0.0.1',
      '0x7f.1',
      '2130706433',
      '[::1]',
      '１２７.0.0.1',
      'a.1',
      'a.0x1',
      `${'a'.repeat(64)}.example`,
      `${'ü'.repeat(58)}.example`,
    ],
    [`${'a.'.repeat(124)}example`],
    // What a URL parser would decode, cut off or trim.
    ['a%2eexample', 'ü%2eb.example', 'ü.example/b', 'ü.example:80', 'u@ü.example', 'ü.example?b', 'ü.example#b', 'ü\\b.example'],
    [
      'ü.example\n',
      '\u0001ü.example',
      'ü.example\u007f',
      'ü.example\u0085',
      'ü .example',
      'ü\u3000.example',
      'ü／b.example',
      'ü.％62.example',
    ],
    // IDNA2008: no symbol, no emoji, hyphens and context characters in their places.
    ['☃.example', '💩.example', '♥.example', 'ü!.example', 'ü_b.example', '-ü.example', 'ü-.example', 'ab--ü.example', 'ab--cd.example'],
    ['a·b.example', '·l.example', 'ab・c.example', 'a׳.example', '\u0375a.example', 'ـب.example', '\u0301a.example'],
    ['a\u200db.example', '\u200ca.example', '\u{e0041}a.example\u0378', '\ue000.example', '\ud800.example'],
    // Mixed scripts: one letter is enough.
    ['pаypal.example', 'pаураl.example', 'gοοgle.example', 'αbc.example', 'ꮯom.example', 'mаil.example', 'exаmple.com', 'latinא.example'],
    ['אlatin.example', 'ברעa.example', 'ไทยa.example', 'կinder.example', 'кириллицаελ.example', '中кир.example', 'ひらがな한글.example'],
    // Digits of two kinds, and digits that move when the name is displayed.
    ['1١ع.example', '١ع.example', '1ע.example', '3com.עברית', 'ع١۱.example', 'ไทย1๑.example'],
    // Whole labels that pass for Latin ones.
    ['аррӏе.com', 'ѕсоре.example', 'сахар.com', 'ο.example', 'κοτ.com', 'օո.com', 'ɡoogle.example', 'pɑypal.example', 'ᴄom.example'],
    [
      'mi\u0307l.example',
      'İstanbul.example',
      'a\u0323\u0323.example',
      'ꓐ.example',
      'ꭰ.example',
      'ⲁ.example',
      'ᚠ.example',
      'pʹypal.example',
      'aː.example',
    ],
  ].flat();

  test.each(WRONG.map((text) => [JSON.stringify(text), text] as const))('%s is none', (_, text) => {
    expect(fold(text)).toBe(REFUSED);
  });

  test('is shown as it reads, with the name itself beside it', () => {
    expect(domainInWords('mail.example')).toBe('mail.example');
    expect(domainInWords('xn--mnchen-3ya.example')).toBe('münchen.example (xn--mnchen-3ya.example)');
  });
});

describe('a domain in A-labels', () => {
  test.each(['münchen', 'faß', 'москва', '例え', 'ελληνικά', 'عربي', 'क्\u200dष', 'paral·lel', '日本語jp'])('stands for %s', (label) => {
    expect(isDomain(`${aLabelOf(label)}.example`)).toBe(true);
  });

  test.each([
    ['a label of ASCII', 'abc'],
    ['an upper-case letter', 'Ünchen'],
    ['a letter that UTS 46 maps', 'ｍail'],
    ['a letter that UTS 46 maps to another', '\u{1d5ba}'],
    ['a label that is not NFC', 'a\u0301b'],
    ['a mark at the beginning', '\u0301a'],
    ['an ignored character', 'a\u00adü'],
    ['a joiner without virama', 'ü\u200db'],
    ['an A-label within', 'xn--ü'],
    ['hyphens in third and fourth place', 'ab--ü'],
    ['a hyphen at the end', 'ü-'],
    ['a hyphen at the beginning', '-ü'],
    ['a symbol', '☃'],
    ['an exclamation mark', 'ü!'],
    ['a full stop', 'ü.ü'],
    ['mixed scripts', 'аpple'],
    ['right-to-left after a digit', '1א'],
    ['right-to-left and Latin', 'àא'],
    ['unassigned', '\u0378'],
    ['private use', '\ue000'],
    ['a label that passes for Latin', 'аррӏе'],
  ])('is refused for %s', (_, label) => {
    expect(isDomain(`${aLabelOf(label)}.example`)).toBe(false);
  });

  test.each(['xn--', 'xn---', 'xn--a', 'xn--99999999', 'xn--mnchen-3y', 'xn--abc-', 'xn--mnchen-3yA', `xn--${'a'.repeat(59)}`])(
    'is refused as %s, which decodes to no label',
    (label) => {
      expect(isDomain(`${label}.example`)).toBe(false);
    },
  );
});

describe('letters that look alike', () => {
  const letters = (pattern: RegExp): string[] => {
    const found: string[] = [];
    for (let point = 0x80; point < 0x1ffff; point += 1) {
      if (point >= 0xd800 && point <= 0xdfff) continue;
      const letter = String.fromCodePoint(point);
      if (pattern.test(letter)) found.push(letter);
    }
    return found;
  };

  test('of no other script stand among Latin letters, unless UTS 46 makes them Latin', () => {
    const others = letters(
      /^(?!\p{scx=Latn}|\p{scx=Hani}|\p{scx=Hira}|\p{scx=Kana}|\p{scx=Hang}|\p{scx=Bopo}|\p{scx=Zyyy}|\p{scx=Zinh})\p{L}$/u,
    );
    expect(others.length).toBeGreaterThan(10_000);
    const accepted = others.filter((letter) => fold(`p${letter}ypal.example`) !== REFUSED);
    expect(accepted).toEqual([]);
  });

  test('that UTS 46 makes ASCII give the ASCII name, never a third one', () => {
    const compatible = letters(/^(?![\u0130\u017f\u1e9e])[\p{L}\p{N}\p{So}]$/u).filter((letter) =>
      /^[a-z0-9]$/.test(letter.normalize('NFKC').toLowerCase()),
    );
    expect(compatible.length).toBeGreaterThan(1000);
    const names = compatible.map(
      (letter) => [fold(`p${letter}ypal.example`), `p${letter.normalize('NFKC').toLowerCase()}ypal.example`] as const,
    );
    expect(names.filter(([folded, ascii]) => folded !== ascii && folded !== REFUSED)).toEqual([]);
  });
});

describe('folding a domain', () => {
  const label = fc.string({ unit: fc.constantFrom(...Array.from('abcxyz019-üßéъжλдאבعدकษ例語가')), minLength: 1, maxLength: 8 });

  test('gives a domain, and a domain folds to itself', () => {
    fc.assert(
      fc.property(fc.array(label, { minLength: 1, maxLength: 3 }), (labels) => {
        const folded = fold([...labels, 'example'].join('.'));
        if (folded === REFUSED) return;
        expect(isDomain(folded)).toBe(true);
        expect(fold(folded)).toBe(folded);
        expect(fold(folded.toUpperCase())).toBe(folded);
      }),
    );
  });

  test('encodes labels that need no mapping as the second encoder does', () => {
    fc.assert(
      fc.property(label, (text) => {
        const name = `${text}.example`;
        const folded = fold(name);
        if (folded !== REFUSED) expect(folded).toBe(inALabels(name));
      }),
    );
  });
});
