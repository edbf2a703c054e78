import { createPublicKey } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { issueRevocationList, newKeyPair } from '../../src/issuance/index.js';
import { PassportLines, Verifier, type Verdict } from '../../src/verification/index.js';
import { parseCrl } from '../../src/x509/index.js';
import { NOW, fitting } from '../support/misfits/index.js';
import { DAY, added, authority, certify, type Link } from '../support/misfits/link.js';
import { certificatesOf, changed, issuerOf, lineOf, listOf, withLine, withLists, type Scene } from '../support/misfits/scene.js';
import { AUTHORIZER, POLICY, caseOf, judge, outcomeOf, type CaseOptions } from '../support/passport-bench.js';
import { type Issued } from '../support/raw-certificate.js';
import { certId, respond, respondersValue, revokedAt, single, tnQuery, type SingleParts } from '../support/raw-ocsp.js';

const outcome = (options: CaseOptions): string => outcomeOf(judge(caseOf(options)));
const revocation = (change: Partial<(typeof POLICY)['revocation']>): NonNullable<CaseOptions['policy']> => ({
  revocation: { ...POLICY.revocation, ...change },
});

describe('crlAnchorsServePoints', () => {
  const PA = { ...authority('STI-PA Root'), key: newKeyPair() };
  /** Points that name no cRLIssuer, and behind them the STI-PA's one indirect CRL. */
  const scene = withLine(fitting.shaken(), (line) => ({
    ...line,
    crls: [listOf(PA, { indirect: true })],
    crlAnchors: [certify(PA, PA)],
  }));

  test('lets the STI-PA serve points that name no issuer, in the profiles that it names alone', () => {
    expect(outcome({ scene })).toBe('accepted');
    expect(outcome({ scene, policy: revocation({ crlAnchorsServePoints: [] }) })).toBe('check-revocation status-unavailable');
    expect(outcome({ scene, policy: revocation({ crlAnchorsServePoints: ['delegate'] }) })).toBe('check-revocation status-unavailable');
  });
});

describe('a short-lived end-entity', () => {
  /** It lives so many seconds, names no point, and its CA has published no CRL. */
  const living = (seconds: number): Scene => {
    const scene = fitting.delegate();
    const short = changed(scene, -1, (link: Link) => ({ ...link, notBefore: NOW - 60, notAfter: NOW - 60 + seconds }));
    return withLists(short, {}, null);
  };
  const lives = (seconds: number, change: Partial<(typeof POLICY)['revocation']> = {}): string =>
    outcome({ scene: living(seconds), policy: revocation(change) });

  test('needs no status up to the lifetime of policy, and not a second longer', () => {
    expect([lives(DAY), lives(DAY + 1)]).toEqual(['accepted', 'check-revocation no-status-source']);
    expect([lives(3600, { shortLivedHours: 1 }), lives(3601, { shortLivedHours: 1 })]).toEqual([
      'accepted',
      'check-revocation no-status-source',
    ]);
    expect(lives(3600, { shortLivedHours: 0 })).toBe('check-revocation no-status-source');
  });

  test('is one by its own profile', () => {
    const only = (hours: number) => ({ delegate: hours, shaken: 168, email: 168, 'numbering-authority': 168 });
    expect(lives(2 * 3600, { shortLivedHours: only(2) })).toBe('accepted');
    expect(lives(2 * 3600, { shortLivedHours: only(1) })).toBe('check-revocation no-status-source');
  });
});

describe('a CRL that was parsed before', () => {
  test('gives the verdict and the version of its octets', () => {
    const { input, material } = caseOf();
    const parsed = { ...material, crls: material.crls.map((crl) => (crl instanceof Uint8Array ? parseCrl(crl) : crl)) };
    expect(outcomeOf(judge({ input, material: parsed }))).toBe('accepted');
    expect(new Verifier(parsed).versions).toEqual(new Verifier(material).versions);
    const [root, ...others] = parsed.crls;
    expect(outcomeOf(judge({ input, material: { ...parsed, crls: root === undefined ? [] : [root] } }))).toBe(
      'check-revocation no-status-source',
    );
    expect(others.length).toBeGreaterThan(0);
  });
});

describe('OCSP', () => {
  const TN = '12025550150';
  const access = { oid: '1.3.6.1.5.5.7.1.1', critical: false, value: respondersValue('https://ocsp.sti.example/') };
  const scene = withLists(
    changed(fitting.delegate(), -1, (link) => added(link, access)),
    {},
    null,
  );
  const [, ca = Buffer.alloc(0), leaf = Buffer.alloc(0)] = certificatesOf(scene);
  const caLink = scene.links[1];
  if (caLink === undefined) throw new Error('no CA');
  const { privateKey } = caLink.key;
  const issuer: Issued = { der: ca, key: { privateKey, publicKey: createPublicKey(privateKey) }, name: Buffer.from(issuerOf(caLink).name) };
  const subject: Issued = { ...issuer, der: leaf };
  const answer = (parts: Partial<SingleParts> = {}): Buffer =>
    respond(issuer, [
      single(certId(subject, issuer), {
        thisUpdate: (NOW - 60) * 1000,
        nextUpdate: (NOW + 600) * 1000,
        extensions: [tnQuery(TN)],
        ...parts,
      }),
    ]);
  const { input, material } = caseOf({ scene });
  const verifier = new Verifier(material);
  const verdictOn = (ocsp: readonly Buffer[]): Verdict => verifier.verify({ ...input, ocsp });
  const judged = (...ocsp: Buffer[]): string => outcomeOf(verdictOn(ocsp));

  test('gives a status where no CRL does, and says no more than it was asked', () => {
    expect(judged()).toBe('check-revocation status-unavailable');
    expect(judged(answer())).toBe('accepted');
    expect(judged(answer({ extensions: [] }))).toBe('check-revocation status-unavailable');
    expect(judged(answer({ extensions: [tnQuery('12025550151')] }))).toBe('check-revocation status-unavailable');
    expect(judged(answer({ status: revokedAt((NOW - 60) * 1000) }))).toBe('check-revocation cert-revoked');
    expect(judged(Buffer.from('no response'))).toBe('check-revocation status-unavailable');
  });

  test('is in the evidence by its digest and times', () => {
    const verdict = verdictOn([answer()]);
    expect(verdict.steps.find(({ step }) => step === 'check-revocation')?.evidence).toMatchObject({
      certificates: [{ position: 0, status: 'good', crls: [], ocsp: { thisUpdate: NOW - 60, nextUpdate: NOW + 600 } }, { position: 1 }],
    });
  });

  test('is not remembered for another number, nor beyond what was handed in', () => {
    const good = answer();
    for (let i = 0; i < 4; i += 1) expect(judged(good)).toBe('accepted');
    expect(judged()).toBe('check-revocation status-unavailable');
    const other = caseOf({ scene, claims: { orig: { tn: '12025550151' } } }).input;
    expect(outcomeOf(verifier.verify({ ...other, ocsp: [good] }))).toBe('check-revocation status-unavailable');
    expect(outcomeOf(verifier.verify({ ...other, ocsp: [answer({ extensions: [tnQuery('12025550151')] })] }))).toBe('accepted');
    expect(outcomeOf(verifier.verify({ ...input, ocsp: [good], at: (NOW + 600) * 1000 - 1 }))).toBe('accepted');
    // The PASSporT lives as long as the answer; a later one would be needed for both.
    const late = caseOf({ scene, claims: { iat: NOW + 500, exp: NOW + 1000 } }).input;
    expect(outcomeOf(verifier.verify({ ...late, ocsp: [good], at: (NOW + 600) * 1000 }))).toBe('check-revocation status-unavailable');
  });

  test('is what an unavailable verdict says that it lacks, if the PASSporT is signed', () => {
    const verdict = verdictOn([]);
    expect(verdict.accepted ? null : verdict.needs).toMatchObject({
      kind: 'status',
      crls: [],
      ocsp: [{ urls: ['https://ocsp.sti.example/'], tn: TN }],
    });
    const forged = String(input.passport).replace(/[^.]+$/, Buffer.alloc(64, 1).toString('base64url'));
    const unsigned = verifier.verify({ ...input, passport: forged });
    expect([outcomeOf(unsigned), unsigned.accepted ? null : unsigned.needs]).toEqual(['check-revocation status-unavailable', null]);
  });

  test('may be handed to verify passport', () => {
    const line = lineOf('x', scene);
    const base64 = (ders: readonly Uint8Array[]): string[] => ders.map((der) => Buffer.from(der).toString('base64'));
    const question = {
      id: 'x',
      passport: input.passport,
      anchors: { delegate: base64(line.anchors) },
      crls: base64(line.crls),
      numbering: [{ spc: fitting.SPC, start: '12025550000', count: 1000 }],
      audience: 'dp.example',
      client: fitting.PROVIDER,
      at: new Date(NOW * 1000).toISOString(),
    };
    const lines = new PassportLines({ policy: POLICY, authorizer: AUTHORIZER });
    expect(lines.verify(question).reason).toBe('status-unavailable');
    expect(lines.verify({ ...question, ocsp: base64([answer()]) }).reason).toBeNull();
    expect(lines.verify({ ...question, ocsp: 'AAAA' }).reason).toBe('malformed-request');
  });
});

describe('a CRL of the path', () => {
  test('is what an unavailable verdict says that it lacks', () => {
    const scene = withLists(fitting.shaken(), {}, null);
    const verdict = judge(caseOf({ scene }));
    expect(verdict.accepted ? null : verdict.needs).toMatchObject({
      kind: 'status',
      crls: ['http://crl.example/ca.crl', 'http://crl.example/root.crl'],
      ocsp: [],
    });
    const missing = issueRevocationList(issuerOf(scene.links[1] ?? authority('none')), {
      number: 1,
      thisUpdate: NOW - DAY,
      nextUpdate: NOW + DAY,
      entries: [],
    });
    const { input, material } = caseOf({ scene });
    expect(outcomeOf(judge({ input, material: { ...material, crls: [...material.crls, missing] } }))).toBe('accepted');
  });
});
