import { mutateOctets } from './octets.js';
import type { Random } from './random.js';

/** Changes of texts: of their tokens, escapes, lines and code points. */

const JSON_TOKENS = [
  'null',
  'true',
  '0',
  '-0',
  '1',
  '-1',
  '1e400',
  '1E-400',
  '0.1',
  '01',
  '9007199254740993',
  '1e21',
  '""',
  '[]',
  '{}',
  '{"a":1,"a":1}',
  '"\\u0000"',
  '"\\ud800"',
  '"\\u0061"',
  '"\\/"',
  '"__proto__"',
  '"constructor"',
  '[[[[[[[[[1]]]]]]]]]',
  'NaN',
  'Infinity',
  "'a'",
  '//',
  '\t',
] as const;
const PIECES = [
  ',',
  ':',
  '"',
  '\\',
  '{',
  '}',
  '[',
  ']',
  '\n',
  '\n\n',
  '\r\n',
  ' ',
  '.',
  '..',
  '/',
  '%',
  '%00',
  '%2e',
  '+',
  '-',
  '=',
  '*',
  '@',
  '#',
  '?',
  '\u2014',
  '\u0000',
  '\ufeff',
  '\u00a0',
  '\u0130',
  '\u202e',
  '\u{1f600}',
  '\ud800',
  'xn--',
  '-----BEGIN ',
  '-----END ',
  'é',
  'e\u0301',
  'K',
] as const;
const NUMBERS = [
  '0',
  '1',
  '-1',
  '255',
  '256',
  '65536',
  '4294967296',
  '9007199254740991',
  '9007199254740992',
  '18446744073709551615',
  '18446744073709551616',
  '00',
  '1.0',
  '1e3',
  '0x10',
] as const;

const TOKEN = /"(?:[^"\\]|\\.)*"|[A-Za-z0-9+/=_-]+|[^\sA-Za-z0-9]/gu;
/** Enough of a long text to find a token to change. */
const WINDOW = 2000;

type Edit = (text: string, random: Random, donor: string) => string;

const spliced = (text: string, from: number, to: number, put: string): string => text.slice(0, from) + put + text.slice(Math.max(from, to));

interface Token {
  readonly text: string;
  readonly from: number;
}

const tokenOf = (text: string, random: Random): Token => {
  const start = text.length > WINDOW ? random.below(text.length - WINDOW + 1) : 0;
  const found = [...text.slice(start, start + WINDOW).matchAll(TOKEN)];
  if (found.length === 0) return { text: '', from: random.below(text.length + 1) };
  const { 0: token, index } = random.pick(found);
  return { text: token, from: start + index };
};

const onToken =
  (change: (token: string, random: Random, donor: string) => string): Edit =>
  (text, random, donor) => {
    const token = tokenOf(text, random);
    return spliced(text, token.from, token.from + token.text.length, change(token.text, random, donor));
  };

const escaped = (token: string, random: Random): string => {
  const at = random.below(token.length);
  const unit = token.charCodeAt(at);
  return Number.isNaN(unit) ? token : spliced(token, at, at + 1, `\\u${unit.toString(16).padStart(4, '0')}`);
};

const onLines =
  (change: (lines: string[], random: Random, donor: string) => void): Edit =>
  (text, random, donor) => {
    const lines = text.split('\n');
    change(lines, random, donor);
    return lines.join('\n');
  };

const EDITS: readonly Edit[] = [
  onToken((_, random) => random.pick(JSON_TOKENS)),
  onToken((_, random) => random.pick(NUMBERS)),
  onToken((token, random, donor) => tokenOf(donor, random).text || token),
  onToken((token) => token + token),
  onToken(() => ''),
  onToken((token, random) => token + random.pick(PIECES)),
  onToken(escaped),
  onToken((token, random) => (random.once(2) ? token.toUpperCase() : token.toLowerCase())),
  onToken((token) => Array.from(token).toReversed().join('')),
  onToken((token) => `${token},${token}`),
  onToken((token) => `[${token}]`),
  onToken((token, random) => token.repeat(1 + random.below(random.once(8) ? 400 : 8))),
  onLines((lines, random) => {
    const [at, to] = [random.below(lines.length), random.below(lines.length)];
    lines.splice(to, 0, ...lines.slice(at, at + 1));
  }),
  onLines((lines, random) => void lines.splice(random.below(lines.length), 1)),
  onLines((lines, random, donor) => void lines.splice(random.below(lines.length), random.below(2), random.pick(donor.split('\n')))),
  (text, random) => {
    const at = random.below(text.length + 1);
    return spliced(text, at, at + random.below(2), random.pick(PIECES));
  },
  (text, random) => {
    const at = random.below(text.length);
    return spliced(text, at, at + 1, String.fromCharCode(text.charCodeAt(at) ^ (1 << random.below(7))));
  },
  (text, random) => {
    const at = random.below(text.length + 1);
    return spliced(text, at, at + 1 + random.below(random.once(4) ? 200 : 6), '');
  },
  (text, random, donor) => {
    const [at, from] = [random.below(text.length + 1), random.below(donor.length)];
    return spliced(text, at, at + random.below(40), donor.slice(from, from + random.below(40)));
  },
];

/** One change of a text, or at times a few. */
export const mutateText = (text: string, random: Random, donor: string): string => {
  let changed = text;
  do changed = random.pick(EDITS)(changed, random, donor);
  while (random.once(4));
  return changed;
};

/** The same for the octets of a text; now and then of octets without regard to characters. */
export const mutateTextOctets = (octets: Buffer, random: Random, donor: Buffer): Buffer =>
  random.once(8) ? mutateOctets(octets, random, donor) : Buffer.from(mutateText(octets.toString(), random, donor.toString()));
