import { describe, expect, it } from '@jest/globals';
import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import {
  canonicalJson,
  covers,
  encodeTnAuthList,
  parsePassport,
  parseSii,
  parseSsi,
  parseTnAuthList,
  signPassport,
  verifyEs256,
  verifyPassport,
  verifyPath,
} from '../../src/index.js';
import { DevelopmentPki } from '../../src/issuance/index.js';
import { registrationClaims, seconds } from '../support/served-gateway.js';

describe('the library', () => {
  const pki = new DevelopmentPki({ now: () => Date.now(), random: randomBytes });
  const { path, key } = pki.delegate({ spc: '709J', provider: 'a.example', numbers: [{ start: '12025550100', count: 10 }] });
  const crls = [...pki.crls().values()];
  const at = new Date((seconds() + 2) * 1000).toISOString();
  const base64 = (octets: Uint8Array): string => Buffer.from(octets).toString('base64');
  const lineOf = (tn: string, asText: (der: Uint8Array) => unknown): Record<string, unknown> => ({
    id: '1',
    passport: signPassport({ claims: registrationClaims(tn, 'mimi://a.example/u/alice'), key: key.privateKey, x5c: path }),
    anchors: { delegate: pki.anchors().delegate.map(asText) },
    crls: crls.map(asText),
    numbering: [{ spc: '709J', start: '12025550000', count: 10_000 }],
    audience: 'dp.example',
    client: 'a.example',
    at,
  });

  it('judges a PASSporT, DER as text or as octets, and refuses its neighbour', () => {
    expect(verifyPassport(lineOf('12025550100', base64))).toMatchObject({ id: '1', accepted: true, reason: null });
    expect(verifyPassport(lineOf('12025550100', (der) => der))).toMatchObject({ accepted: true });
    expect(verifyPassport(lineOf('12025550110', base64))).toMatchObject({ accepted: false, reason: 'tn-out-of-scope' });
    expect(verifyPassport('nothing')).toMatchObject({ id: null, accepted: false, reason: 'malformed-request' });
  });

  it('judges a path, and refuses it under other anchors', () => {
    const anchors = pki.anchors();
    const line = { id: 'p', path: path.map(base64), crls: crls.map(base64), at, profile: 'delegate', revocation: 'required' };
    expect(verifyPath({ ...line, anchors: anchors.delegate.map(base64) })).toEqual({
      id: 'p',
      accepted: true,
      reason: null,
      position: null,
    });
    expect(verifyPath({ ...line, anchors: anchors.shaken.map(base64) })).toMatchObject({ accepted: false });
  });

  it('reads, writes and asks TNAuthLists, with counts as numbers', () => {
    const entries = [{ spc: '709J' }, { tn: '12025550100' }, { start: '12025550200', count: 2 }];
    const der = encodeTnAuthList(entries);
    expect(parseTnAuthList(der)).toEqual(entries);
    expect([covers(parseTnAuthList(der), '12025550201'), covers(parseTnAuthList(der), '12025550202')]).toEqual([true, false]);
    const shown = parseTnAuthList(Buffer.from('3014a1123010160b3132303235353530313030020102', 'hex'));
    expect([covers(shown, '12025550100'), covers(shown, '12025550102')]).toEqual([true, false]);
  });

  it('parses what it signs', () => {
    const passport = String(lineOf('12025550100', base64)['passport']);
    expect(parsePassport(passport).claims).toMatchObject({ action: 'register', sii: 'tel:+12025550100' });
    expect(parseSii('mailto:Alice@EXAMPLE.com')).toEqual({ uri: 'mailto:alice@example.com' });
    expect(parseSsi('mimi://a.example/u/alice')).toMatchObject({ provider: 'a.example', user: 'alice' });
    expect(canonicalJson({ b: 1, a: [true, null] })).toBe('{"a":[true,null],"b":1}');
  });

  it('verifies ES256 under a SubjectPublicKeyInfo, and refuses other octets', () => {
    const pair = generateKeyPairSync('ec', {
      namedCurve: 'P-256',
      publicKeyEncoding: { type: 'spki', format: 'der' },
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    });
    const message = Buffer.from('message');
    const signature = sign('sha256', message, { key: pair.privateKey, dsaEncoding: 'ieee-p1363' });
    expect(verifyEs256({ spki: pair.publicKey, message, signature })).toBe(true);
    expect(() => verifyEs256({ spki: pair.publicKey, message: Buffer.from('massage'), signature })).toThrow(
      expect.objectContaining({ name: 'Refusal', reason: 'bad-signature' }),
    );
  });

  it.each<[string, (value: unknown) => unknown]>([
    ['parsePassport', parsePassport],
    ['parseTnAuthList', parseTnAuthList],
    ['encodeTnAuthList', encodeTnAuthList],
    ['parseSii', parseSii],
    ['parseSsi', parseSsi],
    ['verifyEs256', (value) => verifyEs256(value as Parameters<typeof verifyEs256>[0])],
    ['signPassport', (value) => signPassport(value as Parameters<typeof signPassport>[0])],
    ['signPassport, a path,', (value) => signPassport({ claims: {}, key: key.privateKey, x5c: value as string[] })],
  ])('%s throws a Refusal for whatever is not what it takes', (_name, call) => {
    for (const value of [undefined, null, 7, '', {}, [7], Buffer.from([0x30])]) {
      expect(() => call(value)).toThrow(expect.objectContaining({ name: 'Refusal', reason: expect.any(String) }));
    }
  });
});
