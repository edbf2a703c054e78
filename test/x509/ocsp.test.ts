import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import * as pkijs from 'pkijs';
import { encodeInteger, encodeTlv } from '../../src/encoding/index.js';
import { Refusal } from '../../src/reasons/index.js';
import {
  CrlSet,
  STIR_RULES,
  certIdOf,
  encodeOcspRequest,
  encodeTnAuthList,
  judgeRevocation,
  parseCertificate,
  parseOcspResponse,
  readRevocation,
  type OcspResponse,
  type RevocationInput,
} from '../../src/x509/index.js';
import { outcomeOf } from '../support/judged.js';
import {
  AT,
  NOT_AFTER,
  extension,
  issueCa,
  issueEndEntity,
  keyUsage,
  newEcKey,
  type Issued,
  type Role,
} from '../support/raw-certificate.js';
import { distributionPoints, entry, issueCrl, scope, url } from '../support/raw-crl.js';
import {
  OCSP,
  UNKNOWN,
  byName,
  bySha1,
  byShortHash,
  certId,
  extendedKeyUsage,
  noCheck,
  nonceOf,
  respond,
  respondsAt,
  revokedAt,
  single,
  tnQuery,
  withNull,
  without,
  type ResponseParts,
} from '../support/raw-ocsp.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const TN = '12025550100';
const WHERE = respondsAt('https://ocsp.sti.example/');

const root = issueCa({ issuer: null, subject: 'root' });
const ca = issueCa({ issuer: root, subject: 'ca' });
const tnList = extension('1.3.6.1.5.5.7.1.26', encodeTnAuthList([{ tn: TN }]));
const leafWith = (extensions: Record<string, Buffer>): Issued => issueEndEntity({ issuer: ca, subject: 'leaf', extensions });
/** Names a responder and no distribution point. */
const leaf = leafWith({ access: WHERE, tnList });
const plain = leafWith({ access: WHERE });
const rootCrl = issueCrl(root);
const parsed = (...all: Issued[]) => all.map(({ der }) => parseCertificate(der));

interface Options extends Partial<Omit<RevocationInput, 'path' | 'crls' | 'ocsp'>> {
  readonly tn?: string | null;
  readonly crls?: readonly Buffer[];
  readonly of?: Issued;
}

const inputOf = (responses: readonly Buffer[], { tn = TN, crls = [rootCrl], of = leaf, ...rest }: Options = {}): RevocationInput => ({
  path: parsed(of, ca, root),
  crls: new CrlSet({ crls }),
  rules: STIR_RULES,
  at: AT,
  mode: 'required',
  ocsp: { responses: responses.map((der) => parseOcspResponse(der)), tn },
  ...rest,
});
const judge = (responses: readonly Buffer[], options: Options = {}): string =>
  outcomeOf(() => judgeRevocation(inputOf(responses, options)));

const id = certId(leaf, ca);
const confirmed = single(id, { extensions: [tnQuery(TN)] });
const good = respond(ca, [confirmed]);

describe('an OCSP response', () => {
  test('of the issuer that confirms the number makes the certificate good, and is the evidence for it', () => {
    const evidence = judgeRevocation(inputOf([good]));
    expect(evidence.certificates[0]).toEqual({
      position: 0,
      status: 'good',
      crls: [],
      ocsp: {
        digest: parseOcspResponse(good).digest,
        producedAt: (AT - HOUR) / 1000,
        thisUpdate: (AT - HOUR) / 1000,
        nextUpdate: (AT + HOUR) / 1000,
      },
    });
    expect([evidence.from, evidence.until]).toEqual([(AT - HOUR) / 1000, (AT + HOUR) / 1000]);
  });

  test('that says revoked refuses, with its reason, whether or not it echoes the number', () => {
    const revoked = respond(ca, [single(id, { status: revokedAt(AT - HOUR, 1) })]);
    expect(judge([revoked])).toBe('cert-revoked@0');
    expect(judge([good])).toBe('accepted');
    expect(readRevocation(inputOf([revoked]))).toEqual({
      reason: 'cert-revoked',
      position: 0,
      revocation: { revokedAt: (AT - HOUR) / 1000, reason: 'keyCompromise', invalidityDate: null },
    });
  });

  test.each<[string, Buffer]>([
    ['says unknown', respond(ca, [single(id, { status: UNKNOWN, extensions: [tnQuery(TN)] })])],
    ['does not echo the number', respond(ca, [single(id)])],
    ['echoes another number', respond(ca, [single(id, { extensions: [tnQuery('12025550101')] })])],
    ['echoes the beginning of the number', respond(ca, [single(id, { extensions: [tnQuery(TN.slice(0, -1))] })])],
    ['has run out', respond(ca, [single(id, { extensions: [tnQuery(TN)], nextUpdate: AT })])],
    ['has not begun', respond(ca, [single(id, { extensions: [tnQuery(TN)], thisUpdate: AT + 1000 })])],
    ['has no end', respond(ca, [single(id, { extensions: [tnQuery(TN)], nextUpdate: null })])],
    ['is about another serial number', respond(ca, [single(certId(leaf, ca, { serial: Buffer.of(1) }), { extensions: [tnQuery(TN)] })])],
    [
      'is about another issuer of that name',
      respond(ca, [single(certId(leaf, ca, { keyHash: Buffer.alloc(20) }), { extensions: [tnQuery(TN)] })]),
    ],
    [
      'is about an issuer of another name',
      respond(ca, [single(certId(leaf, ca, { nameHash: Buffer.alloc(20) }), { extensions: [tnQuery(TN)] })]),
    ],
    [
      'has another signature',
      respond(ca, [confirmed], { signature: (octets) => Buffer.concat([octets.subarray(0, -1), Buffer.of((octets.at(-1) ?? 0) ^ 1)]) }),
    ],
    ['names another responder than signed', respond(ca, [confirmed], { responder: byName(root) })],
    ['is signed by the anchor, which did not issue the certificate', respond(root, [confirmed])],
  ])('that %s makes nobody good', (_, response) => {
    expect(judge([response])).toBe('status-unavailable@0');
    expect(judge([good])).toBe('accepted');
  });

  test('that says unknown beside one that says good decides nothing', () => {
    const unknown = respond(ca, [single(id, { status: UNKNOWN })]);
    expect(judge([good, unknown])).toBe('status-unavailable@0');
    expect(judge([good, good])).toBe('accepted');
  });

  test.each<[string, Partial<ResponseParts>]>([
    ['by name', { responder: byName(ca) }],
    ['by the short SHA-256 of its key', { responder: byShortHash(ca) }],
    ['by the SHA-1 of its key', { responder: bySha1(ca) }],
    ['with a nonce', { extensions: [nonceOf(Buffer.alloc(32, 7))] }],
  ])('may name its responder %s', (_, parts) => {
    expect(judge([respond(ca, [confirmed], parts)])).toBe('accepted');
  });

  test('may name the certificate by whole digests, and with NULL parameters', () => {
    for (const parts of [{ length: 32 }, { length: 20, algorithm: withNull }])
      expect(judge([respond(ca, [single(certId(leaf, ca, parts), { extensions: [tnQuery(TN)] })])])).toBe('accepted');
    expect(judge([respond(ca, [single(certId(leaf, ca, { length: 16 }), { extensions: [tnQuery(TN)] })])])).toBe('status-unavailable@0');
  });

  test('need not confirm a number for a certificate that is about none, or where none is asked about', () => {
    expect(judge([respond(ca, [single(certId(plain, ca))])], { of: plain })).toBe('accepted');
    expect(judge([respond(ca, [single(id)])], { tn: null })).toBe('accepted');
    expect(judge([respond(ca, [single(id)])])).toBe('status-unavailable@0');
  });

  test('counts from thisUpdate on, and no longer at nextUpdate', () => {
    const crls = [issueCrl(root, [], { thisUpdate: AT - 24 * HOUR, nextUpdate: AT + 24 * HOUR })];
    const at = (ms: number): string => judge([good], { at: ms, crls });
    expect([at(AT - HOUR - 1), at(AT - HOUR), at(AT + HOUR - 1), at(AT + HOUR)]).toEqual([
      'status-unavailable@0',
      'accepted',
      'accepted',
      'status-unavailable@0',
    ]);
  });
});

describe('OCSP beside CRLs', () => {
  const serial = parseCertificate(leaf.der).serial;

  test('is another way to a status: good by one is enough', () => {
    expect(judge([], { crls: [rootCrl, issueCrl(ca)] })).toBe('accepted');
    expect(judge([good])).toBe('accepted');
    expect(judge([])).toBe('status-unavailable@0');
  });

  test('is not believed where a CRL says revoked, nor a CRL where OCSP does', () => {
    const revoked = respond(ca, [single(id, { status: revokedAt(AT - HOUR) })]);
    expect(judge([good], { crls: [rootCrl, issueCrl(ca, [entry(serial)])] })).toBe('cert-revoked@0');
    expect(judge([revoked], { crls: [rootCrl, issueCrl(ca)] })).toBe('cert-revoked@0');
    expect(judge([good], { crls: [rootCrl, issueCrl(ca)] })).toBe('accepted');
  });

  test('that says unknown takes nothing from a CRL that says good', () => {
    expect(judge([respond(ca, [single(id, { status: UNKNOWN })])], { crls: [rootCrl, issueCrl(ca)] })).toBe('accepted');
  });

  test('serves a certificate with a distribution point whose CRL is missing', () => {
    const both = leafWith({ access: WHERE, tnList, points: distributionPoints({ name: url('https://crl.sti.example/a') }) });
    expect(judge([], { of: both })).toBe('status-unavailable@0');
    expect(judge([respond(ca, [single(certId(both, ca), { extensions: [tnQuery(TN)] })])], { of: both })).toBe('accepted');
  });

  test('has a certificate that names neither without a source, and one that names a responder without a status', () => {
    const silent = leafWith({ tnList });
    expect(judge([], { of: silent })).toBe('no-status-source@0');
    expect(judge([])).toBe('status-unavailable@0');
    // Where nobody could be asked, a responder is no source.
    const { ocsp: _, ...rest } = inputOf([]);
    expect(outcomeOf(() => judgeRevocation(rest))).toBe('no-status-source@0');
  });

  test('serves a CA too, for which no number is asked', () => {
    const online = issueCa({ issuer: root, subject: 'ca', key: ca.key, extensions: { access: WHERE } });
    const path = { path: parsed(leaf, online, root), crls: new CrlSet({ crls: [] }) };
    const ofCa = respond(root, [single(certId(online, root))]);
    const judgeWith = (...responses: Buffer[]): string => outcomeOf(() => judgeRevocation({ ...inputOf(responses), ...path }));
    expect(judgeWith(good)).toBe('status-unavailable@1');
    expect(judgeWith(good, ofCa)).toBe('accepted');
    expect(judgeWith(good, respond(root, [single(certId(online, root), { status: revokedAt(AT - HOUR) })]))).toBe('cert-revoked@1');
  });
});

describe('an appointed responder', () => {
  const responder = (extensions: Record<string, Buffer | null> = {}, more: Partial<Role> = {}): Issued =>
    issueEndEntity({
      issuer: ca,
      subject: 'responder',
      ...more,
      extensions: { usage: extendedKeyUsage(OCSP.signing), noCheck: noCheck(), ...extensions },
    });
  const by = (signer: Issued, parts: Partial<ResponseParts> = {}): Buffer =>
    respond(signer, [confirmed], { certificates: [signer], ...parts });

  test('answers with its certificate', () => {
    expect(judge([by(responder())])).toBe('accepted');
    expect(judge([by(responder(), { responder: byShortHash(responder()) })])).toBe('status-unavailable@0');
  });

  test.each<[string, () => Issued]>([
    ['without id-kp-OCSPSigning', () => responder({ usage: null })],
    ['for TLS servers alone', () => responder({ usage: extendedKeyUsage('1.3.6.1.5.5.7.3.1') })],
    ['that may not sign', () => responder({ keyUsage: keyUsage([6]) })],
    ['of the anchor, not of the issuer', () => responder({}, { issuer: root })],
    ['of a stranger with the name of the issuer', () => responder({}, { issuer: issueCa({ issuer: null, subject: 'ca' }) })],
    ['that has expired', () => responder({}, { shape: { notAfter: new Date(AT - HOUR) } })],
    ['with a critical extension that nobody knows', () => responder({ odd: extension('1.2.3.4', Buffer.of(5, 0), true) })],
    ['without nocheck and without a status of its own', () => responder({ noCheck: null })],
  ])('%s does not count', (_, make) => {
    expect(judge([by(make())])).toBe('status-unavailable@0');
    expect(judge([by(responder())])).toBe('accepted');
  });

  test('without nocheck counts where a CRL says that it is good', () => {
    const checked = responder({ noCheck: null, points: distributionPoints({ name: url('https://crl.sti.example/responders') }) });
    const crls = [rootCrl, issueCrl(ca)];
    // The CRL of the CA would make the leaf good by itself, so only a revocation shows that the responder was heard.
    const revoked = (signer: Issued): Buffer => respond(signer, [single(id, { status: revokedAt(AT - HOUR) })], { certificates: [signer] });
    expect(judge([revoked(checked)], { crls })).toBe('cert-revoked@0');
    expect(judge([revoked(checked)], { crls: [rootCrl, issueCrl(ca, [entry(parseCertificate(checked.der).serial)])] })).toBe('accepted');
  });

  test('with nocheck that a CRL at hand lists does not count', () => {
    const signer = responder();
    const points = distributionPoints({ name: url('https://crl.sti.example/a') });
    const other = leafWith({ access: WHERE, tnList, points });
    const answer = (who: Issued): Buffer =>
      respond(who, [single(certId(other, ca), { status: revokedAt(AT - HOUR) })], { certificates: [who] });
    expect(judge([answer(signer)], { of: other, crls: [rootCrl, issueCrl(ca)] })).toBe('cert-revoked@0');
    const listed = [rootCrl, issueCrl(ca, [entry(parseCertificate(signer.der).serial)])];
    expect(judge([answer(signer)], { of: other, crls: listed })).toBe('accepted');
  });

  test('is believed no longer than its own certificate holds, nor than the CRL that it is good by', () => {
    const untilOf = (signer: Issued, crls: readonly Buffer[]): number | null => {
      const nextUpdate = AT + DAY;
      const answer = respond(signer, [single(id, { extensions: [tnQuery(TN)], nextUpdate })], { certificates: [signer] });
      return judgeRevocation(inputOf([answer], { crls })).until;
    };
    const notAfter = new Date(AT + HOUR / 2);
    const short = responder({}, { shape: { notAfter } });
    expect(untilOf(short, [rootCrl])).toBe(notAfter.getTime() / 1000 + 1);
    expect(judge([by(short)], { at: notAfter.getTime() })).toBe('accepted');
    expect(judge([by(short)], { at: notAfter.getTime() + 1000 })).toBe('status-unavailable@0');
    expect(untilOf(responder(), [rootCrl])).toBe((AT + DAY) / 1000);
    const checked = responder({ noCheck: null, points: distributionPoints({ name: url('https://crl.sti.example/responders') }) });
    const extensions = [scope({ name: url('https://crl.sti.example/responders') })];
    expect(untilOf(checked, [rootCrl, issueCrl(ca, [], { extensions, nextUpdate: AT + HOUR / 2 })])).toBe((AT + HOUR / 2) / 1000);
  });

  test('may have a P-384 key, and one of another curve may not', () => {
    const with384 = responder({}, { key: newEcKey('P-384') });
    const with521 = responder({}, { key: newEcKey('P-521') });
    expect(judge([by(with384)])).toBe('accepted');
    expect(judge([by(with521)])).toBe('status-unavailable@0');
  });

  test('whose certificate does not come with the answer is unknown', () => {
    expect(judge([by(responder(), { certificates: [] })])).toBe('status-unavailable@0');
  });

  test('is tried within the budget of signatures', () => {
    const strangers = Array.from({ length: 4 }, () => responder());
    const bad = Array.from({ length: 60 }, (_, i) =>
      respond(strangers[i % 4] ?? leaf, [confirmed], { certificates: strangers, responder: byName(responder()) }),
    );
    const before = process.cpuUsage();
    expect(judge(bad)).toBe('status-unavailable@0');
    expect(process.cpuUsage(before).user).toBeLessThan(1_000_000);
  });
});

describe('parseOcspResponse', () => {
  const parse = (der: unknown): string => outcomeOf(() => parseOcspResponse(der)).split('@')[0] ?? '';

  test.each<[string, unknown]>([
    ['no octets', null],
    ['nothing', Buffer.alloc(0)],
    ['octets behind', Buffer.concat([good, Buffer.of(0)])],
    ['an error instead of an answer', without(6)],
    ['an error with an answer', respond(ca, [confirmed], { status: 1 })],
    ['another type of response', respond(ca, [confirmed], { type: '1.2.3.4' })],
    ['no answer', respond(ca, [])],
    [
      'too many answers',
      respond(
        ca,
        Array.from({ length: 17 }, () => confirmed),
      ),
    ],
    ['too many octets', respond(ca, [confirmed], { certificates: Array.from({ length: 60 }, () => ca) })],
    ['the default version written out', respond(ca, [confirmed], { version: encodeTlv(0xa0, encodeInteger(0n)) })],
    ['a critical extension that nobody knows', respond(ca, [confirmed], { extensions: [extension('1.2.3.4', Buffer.of(5, 0), true)] })],
    ['the same in an answer', respond(ca, [single(id, { extensions: [extension('1.2.3.4', Buffer.of(5, 0), true)] })])],
    [
      'a number that is no IA5String',
      respond(ca, [single(id, { extensions: [extension(OCSP.tnQuery, encodeTlv(0x0c, Buffer.from(TN)))] })]),
    ],
    ['a number with a sign', respond(ca, [single(id, { extensions: [tnQuery(`+${TN}`)] })])],
    ['a number twice', respond(ca, [single(id, { extensions: [tnQuery(TN), tnQuery(TN)] })])],
    ['a status that nobody knows', respond(ca, [single(id, { status: encodeTlv(0x83) })])],
    ['a reason that nobody knows', respond(ca, [single(id, { status: revokedAt(AT, 7) })])],
  ])('refuses %s', (_, der) => {
    expect(parse(der)).toBe('status-unavailable');
    expect(parse(good)).toBe('accepted');
  });

  test('leaves out answers by another hash, and non-critical extensions that nobody knows', () => {
    const odd = single(certId(leaf, ca, { algorithm: Buffer.from('30090605 2b0e03021a 0500'.replaceAll(' ', ''), 'hex') }));
    const { answers } = parseOcspResponse(respond(ca, [odd, single(id, { extensions: [extension('1.2.3.4', Buffer.of(5, 0))] })]));
    expect(answers.map(({ status }) => status)).toEqual(['good']);
  });

  test('throws nothing but refusals, and never takes a mutated one for one that counts', () => {
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const der = Buffer.from(good);
        der[at] = (der[at] as number) ^ change;
        let response: OcspResponse | null = null;
        try {
          response = parseOcspResponse(der);
        } catch (error) {
          expect(error).toBeInstanceOf(Refusal);
        }
        if (response !== null)
          expect(outcomeOf(() => judgeRevocation({ ...inputOf([]), ocsp: { responses: [response], tn: TN } }))).toBe(
            'status-unavailable@0',
          );
      }),
      { numRuns: 1500 },
    );
  });
});

describe('pkijs', () => {
  const bytes = (der: Uint8Array): ArrayBuffer => Uint8Array.from(der).buffer;

  test('reads the request that is asked: one certificate, its number and a nonce', () => {
    const [subject, issuer] = parsed(leaf, ca);
    if (subject === undefined || issuer === undefined) throw new Error('no certificates');
    const request = encodeOcspRequest({ id: certIdOf(subject, issuer, true), tn: TN, nonce: Buffer.alloc(32, 9) });
    const { tbsRequest } = pkijs.OCSPRequest.fromBER(bytes(request));
    const [one, ...more] = tbsRequest.requestList;
    expect(more).toEqual([]);
    expect(one?.reqCert.hashAlgorithm.algorithmId).toBe(OCSP.sha256);
    expect([one?.reqCert.issuerNameHash.valueBlock.valueHexView.length, one?.reqCert.issuerKeyHash.valueBlock.valueHexView.length]).toEqual(
      [20, 20],
    );
    expect(Buffer.from(one?.reqCert.serialNumber.valueBlock.valueHexView ?? [])).toEqual(Buffer.from(subject.serial));
    expect(
      one?.singleRequestExtensions?.map(({ extnID, extnValue }) => [
        extnID,
        Buffer.from(extnValue.valueBlock.valueHexView).toString('latin1'),
      ]),
    ).toEqual([[OCSP.tnQuery, `\x16\x0b${TN}`]]);
    expect(tbsRequest.requestExtensions?.map(({ extnID }) => extnID)).toEqual([OCSP.nonce]);
    const bare = pkijs.OCSPRequest.fromBER(
      bytes(encodeOcspRequest({ id: certIdOf(subject, issuer, false), tn: null, nonce: Buffer.alloc(32) })),
    );
    expect(bare.tbsRequest.requestList[0]?.singleRequestExtensions).toBeUndefined();
    expect(bare.tbsRequest.requestList[0]?.reqCert.issuerKeyHash.valueBlock.valueHexView.length).toBe(32);
  });

  test('writes the response that is read here, and reads the same from ours', () => {
    const outer = pkijs.OCSPResponse.fromBER(bytes(good));
    const basic = pkijs.BasicOCSPResponse.fromBER(bytes(outer.responseBytes?.response.valueBlock.valueHexView ?? new Uint8Array()));
    expect(basic.tbsResponseData.responses[0]?.singleExtensions?.map(({ extnID }) => extnID)).toEqual([OCSP.tnQuery]);
    const again = new Uint8Array(outer.toSchema().toBER(false));
    expect(judge([Buffer.from(again)])).toBe('accepted');
  });
});

describe('OpenSSL', () => {
  const works = (): boolean => spawnSync('openssl', ['version']).status === 0;
  if (!works()) {
    // oxlint-disable-next-line no-console
    console.warn('left out: no openssl to answer OCSP requests');
    test('is not at hand, and says so', () => expect(works()).toBe(false));
    return;
  }
  const now = Date.now();
  const valid = { notBefore: new Date(now - 24 * HOUR), notAfter: NOT_AFTER };
  const anchor = issueCa({ issuer: null, subject: 'openssl root', shape: valid });
  const issuer = issueCa({ issuer: anchor, subject: 'openssl ca', shape: valid });
  const signer = issueEndEntity({
    issuer,
    subject: 'openssl responder',
    extensions: { usage: extendedKeyUsage(OCSP.signing), noCheck: noCheck() },
    shape: valid,
  });
  const subject = issueEndEntity({ issuer, subject: 'openssl leaf', extensions: { access: WHERE }, shape: valid });
  const pem = (label: string, der: Uint8Array): string =>
    `-----BEGIN ${label}-----\n${Buffer.from(der).toString('base64').replace(/.{64}/g, '$&\n')}\n-----END ${label}-----\n`;
  const pkcs8 = ({ key }: Issued): string => key.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();

  /** What OpenSSL's responder answers to our request, from an index with these lines. */
  const answer = (status: 'V' | 'R' | null): Buffer => {
    const folder = mkdtempSync(join(tmpdir(), 'signpost-ocsp-'));
    try {
      const [one, two] = parsed(subject, issuer);
      if (one === undefined || two === undefined) throw new Error('no certificates');
      const serial = Buffer.from(one.serial).toString('hex').toUpperCase();
      const revoked = status === 'R' ? '260101000000Z,keyCompromise' : '';
      writeFileSync(
        join(folder, 'index'),
        status === null ? '' : `${status}\t270101000000Z\t${revoked}\t${serial}\tunknown\t/CN=openssl leaf\n`,
      );
      writeFileSync(join(folder, 'ca.pem'), pem('CERTIFICATE', issuer.der));
      writeFileSync(join(folder, 'signer.pem'), pem('CERTIFICATE', signer.der));
      writeFileSync(join(folder, 'signer.key'), pkcs8(signer), { mode: 0o600 });
      const request = encodeOcspRequest({ id: certIdOf(one, two, false), tn: null, nonce: Buffer.alloc(16, 5) });
      writeFileSync(join(folder, 'request'), request);
      const args = ['ocsp', '-index', 'index', '-CA', 'ca.pem', '-rsigner', 'signer.pem', '-rkey', 'signer.key', '-rmd', 'sha256'];
      execFileSync('openssl', [...args, '-reqin', 'request', '-respout', 'response', '-ndays', '1'], { cwd: folder, stdio: 'ignore' });
      return readFileSync(join(folder, 'response'));
    } finally {
      rmSync(folder, { recursive: true });
    }
  };
  const judged = (status: 'V' | 'R' | null): string => {
    const at = Date.now() + 1000;
    const crls = new CrlSet({ crls: [issueCrl(anchor, [], { thisUpdate: at - HOUR, nextUpdate: at + HOUR })] });
    const responses = [parseOcspResponse(answer(status))];
    const path = parsed(subject, issuer, anchor);
    return outcomeOf(() => judgeRevocation({ path, crls, rules: STIR_RULES, at, mode: 'required', ocsp: { responses, tn: TN } }));
  };

  test.each([
    ['good', 'V', 'accepted'],
    ['revoked', 'R', 'cert-revoked@0'],
    ['unknown', null, 'status-unavailable@0'],
  ] as const)('understands the request, and its %s is read', (_, status, expected) => {
    expect(judged(status)).toBe(expected);
  });

  test('echoes the nonce that was asked with', () => {
    expect(parseOcspResponse(answer('V')).nonce).toEqual(Buffer.alloc(16, 5));
  });
});
