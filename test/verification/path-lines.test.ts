import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { describe, expect, test } from '@jest/globals';
import { runPathLines } from '../../src/cli/path-lines.js';
import { answerPathLine, verifyPath, type PathAnswer } from '../../src/verification/path-lines.js';
import { CertificateCache } from '../../src/x509/index.js';
import * as raw from '../support/raw-certificate.js';

const root = raw.issueCa({ issuer: null, subject: 'root' });
const ca = raw.issueCa({ issuer: root, subject: 'ca' });
const leaf = raw.issueEndEntity({ issuer: ca, subject: 'leaf' });
const b64 = (...ders: Uint8Array[]): string[] => ders.map((der) => Buffer.from(der).toString('base64'));

const LINE = {
  id: 'one',
  anchors: b64(root.der),
  path: b64(leaf.der, ca.der),
  at: '2026-06-01T00:00:00Z',
  profile: 'rfc5280',
};
const ACCEPTED = { id: 'one', accepted: true, reason: null, position: null };
const malformed = (id: string | null): PathAnswer => ({ id, accepted: false, reason: 'malformed-request', position: null });
const answer = (change: Record<string, unknown>): PathAnswer => verifyPath({ ...LINE, ...change });
const answerOctets = (octets: Uint8Array | string): PathAnswer => answerPathLine(Buffer.from(octets), new CertificateCache());

describe('a line of verify path', () => {
  test('is answered, DER given as base64 or as octets', () => {
    expect(verifyPath(LINE)).toEqual(ACCEPTED);
    expect(verifyPath({ ...LINE, anchors: [root.der], path: [leaf.der, ca.der] })).toEqual(ACCEPTED);
    expect(answerOctets(JSON.stringify(LINE))).toEqual(ACCEPTED);
  });

  test('names the certificate at fault by its place in the path as given, an anchor that was not given by none', () => {
    const late = { at: '2027-06-01T00:00:00Z' };
    expect(answer(late)).toEqual({ id: 'one', accepted: false, reason: 'cert-expired', position: 0 });
    const old = raw.issueCa({ issuer: null, subject: 'old', shape: { notAfter: new Date('2026-02-01T00:00:00Z') } });
    const young = raw.issueEndEntity({ issuer: old, subject: 'leaf' });
    const given = { anchors: b64(old.der), path: b64(young.der, old.der) };
    expect(answer(given)).toMatchObject({ reason: 'cert-expired', position: 1 });
    expect(answer({ ...given, path: b64(young.der) })).toMatchObject({ reason: 'cert-expired', position: null });
  });

  test('may have an offset and a fraction in its instant, which is cut to the second', () => {
    expect(answer({ at: '2027-01-01T00:00:00.999Z' })).toEqual(ACCEPTED);
    expect(answer({ at: '2027-01-01T01:00:00.5+01:00' })).toEqual(ACCEPTED);
    expect(answer({ at: '2027-01-01T00:00:01Z' })).toMatchObject({ reason: 'cert-expired' });
  });

  test('may bound the depth', () => {
    expect(answer({ maxDepth: 1 })).toEqual(ACCEPTED);
    expect(answer({ maxDepth: 0 })).toMatchObject({ reason: 'path-length', position: 1 });
  });

  test('is malformed-request, under its id, when a member is missing or of a wrong type or value', () => {
    const broken: ReadonlyArray<Record<string, unknown>> = [
      { anchors: undefined },
      { anchors: null },
      { anchors: 'x' },
      { anchors: [1] },
      { path: undefined },
      { path: {} },
      { path: [null] },
      { path: ['not base64!'] },
      { path: b64(leaf.der).map((one) => one.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')) },
      { crls: null },
      { crls: [['']] },
      { crls: Array.from({ length: 1001 }, () => '') },
      { crlSigners: null },
      { crlAnchors: 0 },
      { at: undefined },
      { at: 1_780_272_000 },
      { at: '2026-06-01' },
      { at: '2026-06-01T00:00:00' },
      { at: '2026-02-30T00:00:00Z' },
      { profile: undefined },
      { profile: 'RFC5280' },
      { profile: null },
      { revocation: 'profile' },
      { revocation: null },
      { maxDepth: -1 },
      { maxDepth: 1.5 },
      { maxDepth: '1' },
      { maxDepth: null },
    ];
    for (const change of broken) expect([change, answer(change)]).toEqual([change, malformed('one')]);
  });

  test('is malformed-request, under no id, when the id is no string', () => {
    for (const id of [undefined, null, 1, ['one'], {}]) expect(answer({ id })).toEqual(malformed(null));
    for (const line of [null, undefined, 'x', 1, [], [LINE], new Uint8Array(3)]) expect(verifyPath(line)).toEqual(malformed(null));
    expect(answer({ id: '' })).toMatchObject({ id: '', accepted: true });
  });

  test('is malformed-request when its octets are not strict JSON', () => {
    const good = JSON.stringify(LINE);
    const octets = [
      '',
      ' ',
      '{',
      `${good},`,
      good.replace('{', '{"id":"two",'),
      `\ufeff${good}`,
      Buffer.concat([Buffer.from('{"id":"'), Buffer.from([0xff]), Buffer.from('"}')]),
      '['.repeat(100_000),
    ];
    for (const line of octets) expect(answerOctets(Buffer.from(line))).toEqual(malformed(null));
  });

  test('is malformed-request when it has objects by the ten thousand', () => {
    const padded = (count: number): string => `${JSON.stringify(LINE).slice(0, -1)},"pad":[${'{},'.repeat(count)}0]}`;
    expect(answerOctets(padded(19_999))).toEqual(ACCEPTED);
    expect(answerOctets(padded(20_000))).toEqual(malformed(null));
  });

  test('does not take members from the prototype of an object', () => {
    const inherited: unknown = Object.create(LINE);
    expect(verifyPath(inherited)).toEqual(malformed(null));
  });

  test('is refused when the path is empty or no anchor is given', () => {
    expect(answer({ path: [] })).toMatchObject({ reason: 'malformed-chain', position: null });
    expect(answer({ anchors: [] })).toMatchObject({ reason: 'untrusted-chain', position: 1 });
    expect(answer({ path: [''] })).toMatchObject({ reason: 'malformed-cert', position: 0 });
    expect(answer({ anchors: [''] })).toMatchObject({ reason: 'malformed-cert', position: null });
  });

  test('needs CRLs as its revocation says', () => {
    expect(answer({ revocation: 'off', crls: ['AAAA'] })).toEqual(ACCEPTED);
    expect(answer({ revocation: 'when-named' })).toEqual(ACCEPTED);
    expect(answer({ revocation: 'required' })).toMatchObject({ accepted: false, reason: 'no-status-source', position: 1 });
  });

  test('holds TNAuthLists against each other by rfc5280 too', () => {
    const list = (hex: string): Buffer => raw.extension('1.3.6.1.5.5.7.1.26', Buffer.from(hex, 'hex'));
    const one = (digits: string): string => `3010a20e160c${Buffer.from(digits).toString('hex')}`;
    const numbers = raw.issueCa({ issuer: root, subject: 'ca', extensions: { list: list(one('120255501000')) } });
    const judged = (digits: string): PathAnswer => {
      const end = raw.issueEndEntity({ issuer: numbers, subject: 'leaf', extensions: { list: list(one(digits)) } });
      return answer({ path: b64(end.der, numbers.der) });
    };
    expect(judged('120255501000')).toEqual(ACCEPTED);
    expect(judged('120255501001')).toMatchObject({ reason: 'not-encompassed', position: 0 });
  });
});

describe('the lines of verify path', () => {
  const run = async (...chunks: (string | Buffer)[]): Promise<unknown[]> => {
    const output = new PassThrough();
    const written = text(output);
    await runPathLines(Readable.from(chunks.map((chunk) => Buffer.from(chunk))), output);
    output.end();
    const lines = (await written).split('\n');
    expect(lines.pop()).toBe('');
    return lines.map((line) => JSON.parse(line) as unknown);
  };
  const good = JSON.stringify(LINE);

  test('are answered each with one line, in order, whatever they hold and however they are cut', async () => {
    const input = `${good}\n\nnonsense\n${good.replace('"one"', '"two"')}\r\n${good.replace('"one"', '"three"')}`;
    const expected = [ACCEPTED, malformed(null), malformed(null), { ...ACCEPTED, id: 'two' }, { ...ACCEPTED, id: 'three' }];
    expect(await run(input)).toEqual(expected);
    expect(await run(...(input.match(/[^]{1,7}/g) ?? []))).toEqual(expected);
  });

  test('are none when there is no input', async () => {
    expect(await run()).toEqual([]);
    expect(await run('')).toEqual([]);
    expect(await run('\n')).toEqual([malformed(null)]);
  });

  test('that are longer than 1 MiB are too-large, and the next one is read again', async () => {
    const long = `${good.slice(0, -1)},"pad":"`;
    const padded = (octets: number): string => `${long}${'x'.repeat(octets - long.length - 2)}"}`;
    const tooLarge = { id: null, accepted: false, reason: 'too-large', position: null };
    expect(await run(padded(1024 * 1024), '\n', padded(1024 * 1024 + 1), '\n', good)).toEqual([ACCEPTED, tooLarge, ACCEPTED]);
    const endless = Array.from({ length: 64 }, () => Buffer.alloc(64 * 1024, 0x20));
    expect(await run(...endless)).toEqual([tooLarge]);
  });
});
