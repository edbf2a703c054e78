import { encodePem } from '../../../src/encoding/index.js';
import type { Reason } from '../../../src/reasons/index.js';
import { fitting, lineOf as pathLineOf } from '../misfits/index.js';
import * as raw from '../raw-certificate.js';
import * as list from '../raw-crl.js';
import { compactJws } from '../trust-lists.js';
import { MAX_LINE, lineOf, times, type HostileLine } from './line.js';

/** Lines whose JSON, and `inspect` lines whose text or DER, costs what it can. */

const FILL = MAX_LINE - 200;
const json = (name: string, text: () => string): HostileLine[] =>
  (['path', 'passport', 'inspect'] as const).map((entrance) => ({
    name: `${name}, at ${entrance}`,
    reason: 'malformed-request',
    entrance,
    make: () => Buffer.from(text()),
  }));
const filled = (head: string, unit: (i: number) => string, tail: string): string => {
  const parts: string[] = [head];
  for (let left = FILL - head.length - tail.length, i = 0; ; i += 1) {
    const one = unit(i);
    left -= one.length;
    if (left < 0) return parts.join('') + tail;
    parts.push(one);
  }
};

export const JSON_LINES: readonly HostileLine[] = [
  ...json('zeros', () => filled('{"id":"a","x":[0', () => ',0', ']}')),
  ...json('members', () => filled('{"id":"a"', (i) => `,"${i.toString(36)}":0`, '}')),
  ...json('members that are numbers', () => filled('{"id":"a"', (i) => `,"${String(i)}":0`, '}')),
  ...json('members that are large numbers', () => filled('{"id":"a"', (i) => `,"${String(4_294_967_295 - 7 * i)}":0`, '}')),
  ...json('empty objects', () => filled('{"id":"a","x":[{}', () => ',{}', ']}')),
  ...json('empty lists', () => filled('{"id":"a","x":[[]', () => ',[]', ']}')),
  ...json('brackets', () => '['.repeat(FILL)),
  ...json('empty strings', () => filled('{"id":"a","x":[""', () => ',""', ']}')),
  ...json('a string of escapes', () => filled('{"id":"', () => '\\u0061', '"}')),
  ...json('strings of one escape', () => filled('{"id":"a","x":["\\n"', () => ',"\\n"', ']}')),
  ...json('a string that does not end', () => `{"id":"${'a'.repeat(FILL)}`),
  ...json('escapes that do not end', () => `{"id":"${'\\\\'.repeat(FILL / 2)}`),
  ...json('a number without end', () => `{"id":"a","x":${'9'.repeat(FILL)}}`),
  ...json('a fraction without end', () => `{"id":"a","x":0.${'9'.repeat(FILL)}}`),
  ...json('exponents', () => filled('{"id":"a","x":[1e300', () => ',9.9e307', ']}')),
  ...json('white space', () => `{"id":"a",${' '.repeat(FILL)}"x":0}`),
  ...json('white space between values', () => filled('{"id":"a","x":[0', () => ' \n ,\t0', ']}')),
  ...json('surrogates', () => filled('{"id":"', () => '\ud83d\ude00', '"}').slice(0, 250_000) + '"}'),
  ...json('an id as long as the line', () => `{"id":"${'é'.repeat(FILL / 2 - 20)}"}`),
  ...json('the same member', () => filled('{"id":"a"', () => ',"id":"a"', '}')),
];

const inspect = (name: string, reason: Reason | null, make: () => Buffer): HostileLine => ({ name, reason, entrance: 'inspect', make });
const text = (value: string): Buffer => lineOf({ id: 'hostile', text: value });
const der = (octets: Uint8Array): Buffer => lineOf({ id: 'hostile', der: Buffer.from(octets).toString('base64') });
const key = raw.newEcKey();
const root = raw.issueCa({ issuer: null, subject: 'root', key });
const heavy = (extensions: Record<string, Buffer | null>, shape: Partial<raw.Shape> = {}): Buffer =>
  raw.issueEndEntity({ issuer: root, subject: 'leaf', key, extensions, shape }).der;

export const INSPECT_LINES: readonly HostileLine[] = [
  inspect('base64 of a megabyte of zeros', 'malformed-request', () => der(Buffer.alloc(780_000))),
  inspect('base64 as text', 'malformed-request', () => text('A'.repeat(1_040_000))),
  inspect('white space', 'malformed-request', () => text(' '.repeat(1_040_000))),
  inspect('white space around a point', 'malformed-token', () => text(`${' '.repeat(500_000)}.${' '.repeat(500_000)}`)),
  inspect('points', 'token-too-large', () => text('.'.repeat(1_040_000))),
  inspect('points and line ends', 'malformed-request', () => text('.\n'.repeat(340_000))),
  inspect('a JWS in JSON', 'token-too-large', () => text(`{"payload":"${'"signature'.repeat(40_000)}"`)),
  inspect('beginnings of PEM', 'malformed-chain', () => text('-----BEGIN '.repeat(90_000))),
  inspect('a PEM block of a megabyte', 'cert-too-large', () =>
    text(`-----BEGIN CERTIFICATE-----\n${'MIIB'.repeat(250_000)}\n-----END CERTIFICATE-----\n`),
  ),
  inspect('lines of a note', 'malformed-note', () =>
    text(`example.com/log\n5\n${'A'.repeat(43)}=\n\n${'— example.com/log AAAAAAAA\n'.repeat(30_000)}`),
  ),
  inspect('a note of line ends', 'malformed-request', () => text('\n'.repeat(500_000))),
  inspect('em dashes', 'malformed-note', () => text(`\n${'— '.repeat(200_000)}`)),
  inspect('a proof of hashes', 'malformed-proof', () => text(`c2sp.org/tlog-proof@v1\nindex 1\n${`${'A'.repeat(43)}=\n`.repeat(20_000)}`)),
  inspect('a certificate of a megabyte in one name', 'cert-too-large', () =>
    der(heavy({ san: raw.subjectAltName([raw.dns('a'.repeat(770_000))]) })),
  ),
  inspect('a certificate of names', 'cert-too-large', () =>
    der(heavy({ san: raw.subjectAltName(times(60_000, (i) => raw.dns(`n${String(i)}`))) })),
  ),
  inspect('a certificate of attributes', 'cert-too-large', () =>
    der(heavy({}, { subject: raw.nameOf(...times(40_000, (i) => raw.rdn('2.5.4.3', raw.bitString(Buffer.from([i & 0xff]))))) })),
  ),
  inspect('a CRL of entries', null, () =>
    der(
      list.issueCrl(
        root,
        times(30_000, (i) => list.entry(Buffer.from([0x11, (i >> 8) & 0xff, i & 0xff]))),
      ),
    ),
  ),
  inspect('a TNAuthList of numbers', 'malformed-tnauthlist', () =>
    der(raw.nameOf(...times(40_000, () => Buffer.from('a20d160b3132303235353530313030', 'hex')))),
  ),
  inspect('a trust list of a thousand roots', null, () => {
    const pem = encodePem('CERTIFICATE', root.der);
    return text(
      compactJws(
        '{"alg":"ES256"}',
        JSON.stringify({ version: '1', sequence: 1, exp: 1, trustList: times(1000, () => pem) }),
        root.key.privateKey,
      ),
    );
  }),
  inspect('a trust list of entries that are none', 'trust-list-invalid', () =>
    text(
      compactJws(
        '{"alg":"ES256"}',
        JSON.stringify({ version: '1', sequence: 1, exp: 1, trustList: times(200_000, () => 1) }),
        root.key.privateKey,
      ),
    ),
  ),
  inspect('a PASSporT of a megabyte', 'token-too-large', () => text(`${'A'.repeat(500_000)}.${'A'.repeat(500_000)}.AA`)),
  inspect('a PASSporT whose header is a path of a megabyte', 'token-too-large', () => {
    const { path } = pathLineOf('hostile', fitting.delegate());
    const x5c = times(400, () => Buffer.from(path[0] ?? '').toString('base64'));
    const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    return text(`${part({ alg: 'ES256', ppt: 'mimi', typ: 'passport', x5c })}.${part({})}.${'A'.repeat(86)}`);
  }),
];
