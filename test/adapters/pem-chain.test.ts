import { randomBytes } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { parsePemChain } from '../../src/adapters/x5u/pem-chain.js';
import { storageSeconds } from '../../src/adapters/x5u/storage-time.js';
import { reasonOf } from '../support/reasons.js';

const ders = [300, 47, 48, 49].map((length) => randomBytes(length));
const block = (der: Buffer, label = 'CERTIFICATE', width = 64): string => {
  const lines = der.toString('base64').match(new RegExp(`.{1,${width}}`, 'g')) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n');
};
const good = ders.map((der) => block(der)).join('');
const parse = (text: string | Buffer): string | null => reasonOf(() => parsePemChain(Buffer.from(text)));

describe('a chain in PEM', () => {
  test('is read in order', () => expect(parsePemChain(Buffer.from(good))).toEqual(ders));

  test.each([
    ['CRLF', good.replaceAll('\n', '\r\n')],
    ['empty lines between', good.replaceAll('-----END CERTIFICATE-----\n', '-----END CERTIFICATE-----\n\n\n')],
    ['no line end at the end', good.trimEnd()],
    ['white space at the ends of lines', good.replaceAll('\n', ' \t\n')],
    ['long lines', ders.map((der) => block(der, 'CERTIFICATE', 1000)).join('')],
  ])('may have %s', (_, text) => expect(parsePemChain(Buffer.from(text))).toEqual(ders));

  test.each<[string, string | Buffer]>([
    ['nothing', ''],
    ['no block', '\n\n'],
    ['DER alone', ders[0] ?? ''],
    ['DER that looks like text', Buffer.from('3082')],
    ['a private key beside', good + block(randomBytes(48), 'PRIVATE KEY')],
    ['an encrypted key before', block(randomBytes(48), 'ENCRYPTED PRIVATE KEY') + good],
    ['a CRL beside', good + block(randomBytes(48), 'X509 CRL')],
    ['the old label', block(randomBytes(48), 'X509 CERTIFICATE')],
    ['text before', `subject=CN = a\n${good}`],
    ['text between', good.replace('\n-----BEGIN', '\nhello\n-----BEGIN')],
    ['text after', `${good}bye`],
    ['text on the marker', good.replace('-----BEGIN', 'a-----BEGIN')],
    ['text after the marker', good.replace('-----BEGIN CERTIFICATE-----', '-----BEGIN CERTIFICATE-----a')],
    ['a header field', good.replace('-----BEGIN CERTIFICATE-----\n', '-----BEGIN CERTIFICATE-----\nProc-Type: 4,ENCRYPTED\n\n')],
    ['a block that does not end', good.slice(0, -30)],
    ['a block within a block', good.replace('-----BEGIN CERTIFICATE-----\n', '-----BEGIN CERTIFICATE-----\n-----BEGIN CERTIFICATE-----\n')],
    ['an end without a begin', `-----END CERTIFICATE-----\n${good}`],
    ['an empty block', '-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n'],
    ['base64url', block(Buffer.from('fffefdfcfbfa', 'hex')).replaceAll('/', '_')],
    ['bits after the last octet', '-----BEGIN CERTIFICATE-----\nAAB=\n-----END CERTIFICATE-----\n'],
    ['no padding', '-----BEGIN CERTIFICATE-----\nAAA\n-----END CERTIFICATE-----\n'],
    ['seven certificates', Array.from({ length: 7 }, () => block(randomBytes(40))).join('')],
    ['octets beyond ASCII', good.replace('\n-----BEGIN', '\n\u00a0-----BEGIN')],
    ['NUL', good.replace('\n-----BEGIN', '\n\0-----BEGIN')],
    ['a byte order mark', `\ufeff${good}`],
    ['carriage returns alone', good.replaceAll('\n', '\r')],
  ])('is refused with %s', (_, text) => expect(parse(text)).toBe('malformed-chain'));

  test('may have six certificates: a path and its anchor', () => {
    expect(parsePemChain(Buffer.from(Array.from({ length: 6 }, () => block(randomBytes(40))).join('')))).toHaveLength(6);
  });

  test('costs no more than its length, whatever is in it', () => {
    const line = `${'\n\n'.repeat(8_000)}-----BEGIN CERTIFICATE-----${'\n'.repeat(40_000)}`.slice(0, 65_536);
    const start = performance.now();
    expect(parse(line)).toBe('malformed-chain');
    expect(performance.now() - start).toBeLessThan(250);
  });
});

describe('how long an answer is kept', () => {
  const DAY = 86_400;
  test.each<[string, Record<string, string>, number]>([
    ['nothing said', {}, 300],
    ['max-age', { 'cache-control': 'public, max-age=3600' }, 3600],
    ['max-age in quotes and capitals', { 'cache-control': 'Max-Age="3600"' }, 3600],
    ['Age taken off', { 'cache-control': 'max-age=3600', age: '600' }, 3000],
    ['more Age than max-age', { 'cache-control': 'max-age=600', age: '3600' }, 60],
    ['the floor', { 'cache-control': 'max-age=0' }, 60],
    ['the cap', { 'cache-control': 'max-age=31536000' }, DAY],
    ['max-age that is no count', { 'cache-control': 'max-age=soon' }, 60],
    ['no-store', { 'cache-control': 'max-age=3600, no-store' }, 0],
    ['no-cache', { 'cache-control': 'no-cache' }, 0],
    ['Expires', { expires: 'Tue, 24 Nov 2026 01:00:00 GMT', date: 'Tue, 24 Nov 2026 00:00:00 GMT' }, 3600],
    ['Expires in the past', { expires: 'Mon, 23 Nov 2026 01:00:00 GMT', date: 'Tue, 24 Nov 2026 00:00:00 GMT' }, 60],
    ['Expires that is no date', { expires: '0', date: 'Tue, 24 Nov 2026 00:00:00 GMT' }, 60],
    ['max-age before Expires', { 'cache-control': 'max-age=120', expires: 'Tue, 24 Nov 2026 01:00:00 GMT' }, 120],
  ])('%s', (_, headers, seconds) => expect(storageSeconds(headers, DAY)).toBe(seconds));
});
