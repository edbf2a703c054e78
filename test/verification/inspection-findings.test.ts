import { generateKeyPairSync, sign } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { inspectAnything, inspectLine } from '../../src/cli/inspect-lines.js';
import { inspectionWords } from '../../src/cli/inspect-words.js';
import { contextPrimitive, encodeInteger, encodeOid, encodePem, encodeSequence, encodeTlv } from '../../src/encoding/index.js';
import {
  OID,
  basicConstraints,
  createRequest,
  enhancedClaimConstraints,
  issuingDistributionPoint,
  keyUsage,
  newKeyPair,
  subjectAltName,
  subjectName,
  tnAuthList,
  type Extension,
} from '../../src/issuance/index.js';
import { signPassport } from '../../src/passport/index.js';
import { FINDINGS, OFF_PROFILE, type FindingCode } from '../../src/reasons/index.js';
import { inspectDer, type InspectOptions, type Inspection } from '../../src/verification/inspection/index.js';
import {
  MISFITS,
  NOW,
  OFF_PROFILE_CASES,
  fitting,
  lineOf,
  strict,
  type Misfit,
  type PathLine,
  type Scene,
} from '../support/misfits/index.js';
import { DAY, added, certify, replaced, without, type Link } from '../support/misfits/link.js';
import { certificatesOf, changed, issuerOf, listOf } from '../support/misfits/scene.js';
import { NULL, algorithm, signAs } from '../support/misfits/surgery.js';
import { CLAIMS, endEntityKey } from '../support/passport-bench.js';
import * as raw from '../support/raw-certificate.js';
import { issueCrl } from '../support/raw-crl.js';
import { compactJws, listRoot, listSigner, makeList, shakenRoot, type ListPlan } from '../support/trust-lists.js';

const codes = ({ findings }: Inspection): string[] => findings.map(({ code }) => code);
const errors = ({ findings }: Inspection): string[] => findings.filter(({ severity }) => severity === 'error').map(({ code }) => code);

/** The path of a scene, its anchor last. */
const chainOf = (scene: Scene): string =>
  certificatesOf(scene)
    .toReversed()
    .map((der) => encodePem('CERTIFICATE', der))
    .join('');
const inspectScene = (scene: Scene, options: InspectOptions = {}): Inspection => inspectAnything(chainOf(scene), options);

const own = (scene: Scene, change: (link: Link) => Link): Scene => changed(scene, -1, change);
const at = (scene: Scene, place: number): Link => {
  const link = scene.links.at(place);
  if (link === undefined) throw new Error('no such link');
  return link;
};
const alone = (scene: Scene, place = -1): Inspection => inspectDer(certificatesOf(scene).at(place) ?? Buffer.alloc(0));

const caOf = (scene: Scene): Link => at(scene, 1);
const scoped = (): Buffer => listOf(caOf(fitting.delegate()), { url: 'http://crl.example/ca.crl' });
const crlOf = (der: Buffer): Inspection => inspectDer(der);
const beside = (...parts: (readonly [string, Buffer])[]): Inspection =>
  inspectAnything(parts.map(([label, der]) => encodePem(label, der)).join(''));
const rawCa = raw.issueCa({ issuer: null, subject: 'CA' });
const idp = (critical: boolean): Buffer =>
  raw.extension('2.5.29.28', encodeSequence(encodeTlv(contextPrimitive(1), Buffer.of(0xff))), critical);

const requestKey = newKeyPair();
const requestOf = (...extensions: Extension[]): Inspection =>
  inspectDer(createRequest(requestKey, subjectName({ commonName: 'NP' }), extensions));
const bound = enhancedClaimConstraints({ provider: fitting.PROVIDER });

const passportOf = (scene: Scene, credential: { x5u?: string } = {}): Inspection => {
  const line = lineOf('passport', scene);
  return inspectAnything(
    signPassport({
      claims: CLAIMS['register']?.() ?? {},
      key: endEntityKey(),
      ...(credential.x5u === undefined ? { x5c: line.path } : credential),
    }),
  );
};

const reference: Extension = {
  oid: '1.3.6.1.5.5.7.1.1',
  critical: false,
  value: encodeSequence(
    encodeSequence(encodeOid('1.3.6.1.5.5.7.48.14'), encodeTlv(contextPrimitive(6), Buffer.from('https://np.example/list'))),
  ),
};
const delegate = fitting.delegate();
const swapped = (link: Link): Link => ({ ...link, notBefore: link.notAfter, notAfter: link.notBefore });
const sha1 = (link: Link): Link => ({ ...link, sign: signAs(algorithm('1.2.840.10045.4.1'), 'sha1') });

const [listRoot1, stiRoot] = [listRoot(), shakenRoot()];
const lister = listSigner(listRoot1);
const issuedWithout = listSigner(listRoot1, { extensions: { keyUsage: raw.keyUsage([6]) } });
const trustList = (plan: Partial<ListPlan> = {}): Inspection =>
  inspectAnything(makeList({ signer: lister, roots: [stiRoot.der], exp: NOW + DAY, ...plan }));
const rsaRoot = (): Buffer =>
  shakenRoot('RSA', { key: raw.newRsaKey(), shape: { algorithm: algorithm('1.2.840.113549.1.1.11', NULL) } }).der;

type Remark = Exclude<FindingCode, keyof typeof OFF_PROFILE>;

/** What shows each remark, and its twin. */
const REMARKS: Readonly<Record<Remark, readonly [() => Inspection, () => Inspection]>> = {
  'validity-inverted': [() => alone(own(delegate, swapped)), () => alone(delegate)],
  'anchor-signature-algorithm': [() => alone(changed(delegate, 0, sha1), 0), () => alone(delegate, 0)],
  'status-by-issuer': [() => alone(delegate), () => alone(own(delegate, (link) => ({ ...link, notAfter: link.notBefore + DAY })))],
  'list-by-reference': [() => alone(own(delegate, (link) => added(without(link, OID.tnAuthList), reference))), () => alone(delegate)],
  'validity-disjoint': [
    () =>
      inspectScene(
        changed(
          own(delegate, (link) => ({ ...link, notBefore: NOW })),
          1,
          (link) => ({ ...link, notAfter: NOW - 1 }),
        ),
      ),
    () =>
      inspectScene(
        changed(
          own(delegate, (link) => ({ ...link, notBefore: NOW })),
          1,
          (link) => ({ ...link, notAfter: NOW }),
        ),
      ),
  ],
  'outlives-issuer': [
    () => inspectScene(own(delegate, (link) => ({ ...link, notAfter: caOf(delegate).notAfter + 1 }))),
    () => inspectScene(own(delegate, (link) => ({ ...link, notAfter: caOf(delegate).notAfter }))),
  ],
  'anchor-bundle': [
    () =>
      inspectAnything(
        [fitting.delegate(), fitting.shaken()].map((scene) => encodePem('CERTIFICATE', certificatesOf(scene)[0] ?? Buffer.of())).join(''),
      ),
    () => inspectScene(delegate),
  ],
  'delta-crl': [
    () => crlOf(issueCrl(rawCa, [], { extensions: [raw.extension('2.5.29.27', encodeInteger(1n), true)] })),
    () => crlOf(scoped()),
  ],
  'no-authority-key-identifier': [() => crlOf(issueCrl(rawCa, [], { authority: null })), () => crlOf(issueCrl(rawCa))],
  'idp-not-critical': [
    () => crlOf(issueCrl(rawCa, [], { extensions: [idp(false)] })),
    () => crlOf(issueCrl(rawCa, [], { extensions: [idp(true)] })),
  ],
  'crl-without-idp': [() => crlOf(issueCrl(rawCa)), () => crlOf(scoped())],
  'crl-signer-unknown': [
    () => beside(['X509 CRL', issueCrl(rawCa)], ['CERTIFICATE', certificatesOf(delegate)[0] ?? Buffer.of()]),
    () => beside(['X509 CRL', issueCrl(rawCa)], ['CERTIFICATE', rawCa.der]),
  ],
  'request-asks-authority': [() => requestOf(basicConstraints(true)), () => requestOf(basicConstraints(false))],
  'request-unbound-numbers': [() => requestOf(tnAuthList(fitting.NUMBERS)), () => requestOf(tnAuthList(fitting.NUMBERS), bound)],
  'list-signature-unchecked': [() => trustList({ x5c: null }), () => trustList()],
  'list-empty': [() => trustList({ roots: [] }), () => trustList()],
  'list-entry-left-out': [() => trustList({ roots: [rsaRoot()] }), () => trustList()],
  'list-entries-unread': [
    () => trustList({ roots: Array.from({ length: 65 }, () => stiRoot.der) }),
    () => trustList({ roots: Array.from({ length: 64 }, () => stiRoot.der) }),
  ],
  'signature-unchecked': [() => passportOf(delegate, { x5u: 'https://sti.example/a.pem' }), () => passportOf(delegate)],
};

describe('what inspect says besides', () => {
  test.each(Object.entries(REMARKS))('%s is said, and not of its twin', (code, [show, twin]) => {
    expect(codes(show())).toContain(code);
    expect(show().ok).toBe(true);
    expect(codes(twin())).not.toContain(code);
  });

  test('has a case for every remark of the table', () => {
    const remarks = Object.entries(FINDINGS).flatMap(([code, { grade }]) => (grade === 'remark' ? [code] : []));
    expect(remarks.toSorted()).toEqual(Object.keys(REMARKS).toSorted());
  });

  test.each(Object.entries(FINDINGS))('%s is in words that an operator understands', (_, { title, advice, clause }) => {
    expect(title).toMatch(/^[a-z]|^RFC|^ECDSA|^keyUsage|^nameConstraints|^basicConstraints/);
    expect(advice).toMatch(/^[A-Z].*\.$/);
    expect(clause).toMatch(/^(RFC \d+|ATIS-\d+|X\.690|US SHAKEN CP)/);
  });
});

describe('what a verdict would record', () => {
  test.each(OFF_PROFILE_CASES.map((one) => [one.code, one.name, one] as const))(
    '%s (%s) is said of its path, not of the twin',
    (code, _, { show, twin }) => {
      const found = inspectScene(show()).findings.filter((finding) => finding.code === code);
      expect(found).not.toEqual([]);
      for (const { severity, clause, detail } of found) {
        expect({ severity, clause }).toEqual({ severity: OFF_PROFILE[code].severity, clause: OFF_PROFILE[code].clause });
        expect(detail).toMatch(/^certificate [0-2]: /);
      }
      expect(codes(inspectScene(twin()))).not.toContain(code);
    },
  );

  test.each([fitting.delegate, fitting.enterprise, fitting.department, fitting.provider, fitting.mailProvider, fitting.mailbox, strict])(
    'is nothing, nor any error, of the shapes that must be accepted',
    (scene) => {
      const inspection = inspectScene(scene(), { at: NOW * 1000 });
      expect(codes(inspection).filter((code) => code !== 'status-by-issuer')).toEqual([]);
      expect(inspection.facts['profile']).toBe(scene().profile);
    },
  );
});

describe('what a verifier refuses', () => {
  /** What needs anchors or CRLs, which are not asked here: and a path that is none. */
  const ELSEWHERE = ['untrusted-chain', 'status-unavailable', 'no-status-source', 'malformed-crl', 'cert-revoked'];
  const pemOf = ({ path, anchors, crls }: PathLine, withCrls: boolean): string =>
    [
      ...[...path, ...anchors].map((der) => encodePem('CERTIFICATE', der)),
      ...(withCrls ? crls.map((der) => encodePem('X509 CRL', der)) : []),
    ].join('');
  const inspectLineOf = (line: PathLine, withCrls: boolean): Inspection =>
    inspectAnything(pemOf(line, withCrls), { at: Date.parse(line.at), profile: line.profile });
  const named = (misfits: readonly Misfit[]) => misfits.map((misfit) => [misfit.name, misfit.reason, misfit] as const);

  test.each(named(MISFITS.filter(({ name, reason }) => !ELSEWHERE.includes(reason) && name !== 'an empty path')))(
    '%s is said to be %s, and nothing of its twin',
    (_, reason, misfit) => {
      const inspection = inspectLineOf(misfit.make(), false);
      expect(inspection.ok ? errors(inspection) : [inspection.reason]).toContain(reason);
      const twin = inspectLineOf(misfit.twin(), false);
      expect([twin.ok, errors(twin)]).toEqual([true, []]);
    },
  );

  test.each(named(MISFITS.filter(({ reason }) => reason === 'cert-revoked')))(
    '%s is said to be %s by the CRL beside it',
    (_, reason, misfit) => {
      expect(errors(inspectLineOf(misfit.make(), true))).toContain(reason);
      expect(errors(inspectLineOf(misfit.twin(), true))).not.toContain(reason);
    },
  );
});

describe('a chain', () => {
  const break1 = (place: number, change: (link: Link) => Link): Scene => changed(fitting.enterprise(), place, change);

  test.each<[string, string, Scene]>([
    ['bad-cert-signature', 'certificate 0', own(delegate, (link) => ({ ...link, signer: newKeyPair() }))],
    ['aki-mismatch', 'certificate 0', own(delegate, (link) => ({ ...link, identifiers: [] }))],
    ['not-encompassed', 'certificate 0', break1(3, (link) => replaced(link, tnAuthList([{ tn: '12025550200' }])))],
    ['path-length', 'certificate 1', break1(1, (link) => replaced(link, basicConstraints(true, 0)))],
    ['not-a-ca', 'certificate 1', break1(2, (link) => without(link, OID.basicConstraints))],
    ['profile-violation', 'certificate 1', break1(2, (link) => without(link, OID.tnAuthList))],
    ['profile-violation', 'certificate 0', own(delegate, (link) => without(link, OID.enhancedClaimConstraints))],
    ['email-out-of-scope', 'certificate 0', changed(fitting.mailbox(), 1, (link) => without(link, OID.nameConstraints))],
    [
      'name-constraints',
      'certificate 0',
      own(fitting.mailbox(), (link) => replaced(link, subjectAltName([{ mailbox: 'alice@other.example' }]))),
    ],
  ])('has the error %s at %s', (code, place, scene) => {
    const found = inspectScene(scene).findings.filter((finding) => finding.severity === 'error');
    expect(found.map((finding) => [finding.code, finding.detail.split(':')[0]])).toContainEqual([code, place]);
  });

  test('in the wrong order says so at each place', () => {
    const wrong = certificatesOf(delegate)
      .map((der) => encodePem('CERTIFICATE', der))
      .join('');
    expect(errors(inspectAnything(wrong))).toContain('malformed-chain');
  });

  test('of authorities alone is a path too, and one of x5c is not', () => {
    const authorities = chainOf({ ...delegate, links: delegate.links.slice(0, -1) });
    expect(errors(inspectAnything(authorities))).toEqual([]);
    const [root, ca] = certificatesOf(delegate);
    const passport = signPassport({
      claims: CLAIMS['register']?.() ?? {},
      key: endEntityKey(),
      x5c: [ca ?? Buffer.of(), root ?? Buffer.of()],
    });
    expect(errors(inspectAnything(passport))).toContain('leaf-is-ca');
  });

  test('is judged at the time that it is asked about', () => {
    const later = (delegate.links.at(-1)?.notAfter ?? 0) + 1;
    expect(errors(inspectScene(delegate, { at: later * 1000 }))).toEqual(['cert-expired']);
    expect(errors(inspectScene(delegate))).toEqual([]);
  });

  test('is held to the profile that is asked for', () => {
    expect(errors(inspectScene(fitting.delegate(), { profile: 'shaken' }))).toEqual(
      expect.arrayContaining(['profile-violation', 'bad-policy']),
    );
    expect(errors(inspectScene(fitting.delegate(), { profile: 'rfc5280' }))).toEqual([]);
    expect(errors(inspectScene(fitting.shaken(), { profile: 'email' }))).toContain('profile-violation');
  });

  test('with a malformed certificate is malformed, and nothing else is said', () => {
    const text = `${chainOf(delegate)}${encodePem('CERTIFICATE', Buffer.from('3003020101', 'hex'))}`;
    expect(inspectAnything(text)).toMatchObject({ ok: false, kind: 'chain', reason: 'malformed-cert', findings: [] });
  });
});

describe('a CRL', () => {
  const signedBy = (link: Link): Inspection =>
    beside(['X509 CRL', listOf(caOf(delegate))], ['CERTIFICATE', certify(link, at(delegate, 0))]);
  const signer = caOf(delegate);

  test('is checked under the certificate of its signer that comes with it', () => {
    expect(errors(signedBy(signer))).toEqual([]);
    expect(errors(signedBy(replaced(signer, keyUsage('keyCertSign'))))).toEqual(['status-unavailable']);
    const stranger = { ...signer, key: newKeyPair() };
    const list = listOf({ ...signer, key: stranger.key });
    const forged = Buffer.from(list);
    forged[forged.length - 1] = (forged[forged.length - 1] ?? 0) ^ 1;
    expect(errors(beside(['X509 CRL', forged], ['CERTIFICATE', certify(stranger, at(delegate, 0))]))).toEqual(['status-unavailable']);
  });

  test('beside a certificate whose key is no key is still inspected', () => {
    const spki = raw.spkiOf(raw.newEcKey());
    spki[spki.length - 1] = (spki[spki.length - 1] ?? 0) ^ 1;
    const broken = raw.issueCa({ issuer: null, subject: 'CA', extensions: { subjectKeyId: null }, shape: { spki } });
    const found = errors(beside(['X509 CRL', issueCrl(broken)], ['CERTIFICATE', broken.der]));
    expect(found).toEqual(expect.arrayContaining(['unsupported-key', 'status-unavailable']));
  });

  test.each<[string, Partial<Parameters<typeof listOf>[1]>, number]>([
    ['stale', { nextUpdate: NOW }, NOW],
    ['from the future', { thisUpdate: NOW + 1 }, NOW],
  ])('that is %s at the time asked about is found out', (_, template, second) => {
    const der = listOf(signer, template);
    expect(errors(inspectDer(der, { at: second * 1000 }))).toEqual(['status-unavailable']);
    expect(errors(inspectDer(der))).toEqual([]);
  });

  test('says what it is: number, entries, scope, signer', () => {
    const der = listOf(signer, {
      number: 12,
      indirect: true,
      url: 'http://crl.example/x',
      entries: [{ serial: signer.serial, revokedAt: NOW - DAY }],
    });
    expect(inspectDer(der).facts).toMatchObject({ number: '12', entries: 1, indirect: true, distributionPoint: 'http://crl.example/x' });
    expect(issuingDistributionPoint('http://crl.example/x', true).critical).toBe(true);
    expect(issuerOf(signer).key).toBe(signer.key);
  });
});

describe('a PASSporT', () => {
  const claimsOf = (change: Record<string, unknown> = {}) => ({ ...CLAIMS['register']?.(), ...change });
  const path = lineOf('passport', delegate).path;
  const inspect = (claims: Record<string, unknown>, key = endEntityKey(), options: InspectOptions = {}): Inspection =>
    inspectAnything(signPassport({ claims, key, x5c: path }), options);

  test('that is right in all has no errors', () => expect(errors(inspect(claimsOf(), endEntityKey(), { at: NOW * 1000 }))).toEqual([]));

  test.each<[string, () => Inspection]>([
    ['bad-signature', () => inspect(claimsOf(), generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey)],
    ['claim-constraint', () => inspect(claimsOf({ provider: 'b.example', dest: { uri: ['mimi://b.example/u/alice'] } }))],
    ['tn-out-of-scope', () => inspect(claimsOf({ orig: { tn: '12025550900' } }))],
    ['expired-token', () => inspect(claimsOf(), endEntityKey(), { at: (NOW + 3600) * 1000 })],
    ['future-iat', () => inspect(claimsOf(), endEntityKey(), { at: (NOW - 3600) * 1000 })],
    ['claim-not-allowed', () => inspect(claimsOf({ attest: 'A' }))],
    ['bad-key-usage', () => passportOf(own(delegate, (link) => without(link, OID.keyUsage)))],
  ])('has the error %s', (code, make) => expect(errors(make())).toContain(code));

  test('carries the findings of its path, each at its certificate', () => {
    const short = OFF_PROFILE_CASES.find(({ code, name }) => code === 'short-serial' && name === 'of a delegate');
    const found = passportOf(short?.show() ?? delegate).findings.find(({ code }) => code === 'short-serial');
    expect(found?.detail).toMatch(/^certificate 0: /);
  });
});

describe('a request', () => {
  test('with a key that signs no PASSporT, or a list that is critical, is found out', () => {
    const p521 = raw.newEcKey('P-521');
    const info = encodeSequence(encodeInteger(0n), raw.commonName('x'), raw.spkiOf(p521), encodeTlv(0xa0));
    const der = encodeSequence(info, raw.ECDSA_SHA512, raw.bitString(sign('sha512', info, p521.privateKey)));
    expect(errors(inspectDer(der))).toEqual(['unsupported-key']);
    expect(errors(requestOf({ ...tnAuthList([{ spc: '709J' }]), critical: true }))).toEqual(['tnauthlist-critical']);
    expect(errors(requestOf(tnAuthList([{ spc: '709J' }])))).toEqual([]);
  });
});

describe('the words', () => {
  const after = (words: string): string => words.slice(words.search(/^ {2}\d+ (error|warning|notice)/m));

  test('group by severity and say what to do', () => {
    const scene = own(
      changed(fitting.delegate(), 1, (link) => replaced(link, keyUsage('keyCertSign'))),
      (link) => without(without(link, OID.enhancedClaimConstraints), OID.keyUsage),
    );
    expect(after(inspectionWords('chain.pem', inspectScene(scene)))).toBe(`  2 errors: refused by a verifier
    ✗ bad-key-usage: certificate 0: keyUsage is not what the profile demands (RFC 5280 section 4.2.1.3)
      Issue with critical digitalSignature alone.
    ✗ profile-violation: certificate 0: the path does not fit the trust profile it stands under: numbers without binding claim constraints (RFC 8226 section 8)
      See docs/token-profile.md for the shape of each profile.
  1 warning: against the profile; accepted and recorded, unless policy raises it
    ! no-crl-sign: certificate 1: an authority may not sign CRLs (RFC 5280 section 4.2.1.3)
      Issue with keyCertSign and cRLSign, or have another authority sign its CRL.
  2 notices: worth knowing
    · status-by-issuer: certificate 0: it names no CRL and lives longer than a day (RFC 8226 section 10)
      Nothing, if its issuer publishes a complete CRL; else name a CRL, or issue for at most 24 h.
    · status-by-issuer: certificate 1: it names no CRL and lives longer than a day (RFC 8226 section 10)
      Nothing, if its issuer publishes a complete CRL; else name a CRL, or issue for at most 24 h.
`);
  });

  test('of what is right say so, and what was not asked', () => {
    expect(inspectionWords('list.der', inspectDer(Buffer.from('3008a006160431323334', 'hex')))).toBe(
      'list.der: tn-auth-list\n  tnAuthList: spc 1234\n  nothing wrong found; whether anybody trusts it, and its status, were not asked\n',
    );
  });
});

describe('hostile input', () => {
  /** CPU time of one line, the fastest of three: others share the machine. */
  const costOf = (line: object): number => {
    const octets = Buffer.from(JSON.stringify({ id: 'a', ...line }));
    const costs = [1, 2, 3].map(() => {
      const before = process.cpuUsage();
      inspectLine(octets);
      const { user, system } = process.cpuUsage(before);
      return (user + system) / 1000;
    });
    return Math.min(...costs);
  };
  const many = (count: number): Record<string, Buffer> =>
    Object.fromEntries(Array.from({ length: count }, (_, i) => [`e${i}`, raw.extension(`1.3.6.1.4.1.5.${i}`, raw.NULL)]));
  const certificate = (count: number): Buffer => raw.issueEndEntity({ issuer: rawCa, subject: 'x', extensions: many(count) }).der;
  const small = certificate(0);

  test.each<[string, () => object]>([
    ['40,000 extensions', () => ({ der: certificate(40_000).toString('base64') })],
    ['3,900 extensions, the most that are read', () => ({ der: certificate(3900).toString('base64') })],
    ['1,100 PEM blocks', () => ({ text: encodePem('CERTIFICATE', small).repeat(1100) })],
    ['200 PEM blocks, the most that are read', () => ({ text: encodePem('CERTIFICATE', small).repeat(200) })],
    [
      '100 strangers of one name beside 16 CRLs of that name',
      () => {
        const crl = encodePem('X509 CRL', issueCrl(rawCa, [], { authority: null }));
        const strangers = Array.from({ length: 100 }, () =>
          raw.issueCa({ issuer: null, subject: 'CA', extensions: { subjectKeyId: null } }),
        );
        return { text: crl.repeat(16) + strangers.map(({ der }) => encodePem('CERTIFICATE', der)).join('') };
      },
    ],
    ['200 CRLs', () => ({ text: encodePem('X509 CRL', issueCrl(rawCa)).repeat(200) })],
    ['a megabyte of PEM that does not end', () => ({ text: `-----BEGIN CERTIFICATE-----\n${'A'.repeat(1_000_000)}` })],
  ])('%s costs at most 100 ms', (_, line) => expect(costOf(line())).toBeLessThan(100));
});

describe('a trust list', () => {
  const told = (inspection: Inspection): unknown[] => [inspection.ok, inspection.kind, inspection.reason];
  const wrong = (plan: Partial<ListPlan>, options: InspectOptions = {}): string[] =>
    inspectAnything(makeList({ signer: lister, roots: [stiRoot.der], exp: NOW + DAY, ...plan }), options)
      .findings.filter(({ severity }) => severity === 'error')
      .map(({ code, detail }) => `${code} | ${detail}`);

  test('is one, as a JWS and as the STI-PA answers with it, and nothing is wrong with a good one', () => {
    const text = makeList({ signer: lister, roots: [stiRoot.der], exp: NOW + DAY });
    for (const given of [text, `${text}\n`, JSON.stringify({ status: 'success', caList: text, extra: 1 })]) {
      const inspection = inspectAnything(given, { at: NOW * 1000 });
      expect(told(inspection)).toEqual([true, 'trust-list', null]);
      expect(errors(inspection)).toEqual([]);
      expect(inspection.facts).toMatchObject({ sequence: 7, entries: 1, signer: ['CN=Test STI-PA list signer'] });
    }
    expect(inspectionWords('list', inspectAnything(text))).toContain('list: trust-list');
    expect(inspectLine(Buffer.from(JSON.stringify({ id: 'a', text })))).toMatchObject({ id: 'a', ok: true, kind: 'trust-list' });
    // A PASSporT that says so stays one.
    expect(passportOf(delegate).kind).toBe('passport');
  });

  test.each<[string, () => string]>([
    ['another algorithm', () => makeList({ signer: lister, roots: [], exp: NOW, header: { alg: 'HS256' } })],
    ['a key of its own choice', () => makeList({ signer: lister, roots: [], exp: NOW, header: { jwk: {} } })],
    ['a member twice', () => compactJws('{"alg":"ES256"}', '{"trustList":[],"trustList":[]}', lister.key.privateKey)],
    ['an answer that is no success', () => JSON.stringify({ status: 'error', caList: '' })],
    ['a signature of another length', () => makeList({ signer: lister, roots: [], exp: NOW }).slice(0, -4)],
  ])('with %s is malformed', (_, make) => {
    expect(told(inspectAnything(make()))).toEqual([false, 'trust-list', 'trust-list-invalid']);
  });

  test.each<[string, Partial<ListPlan>, RegExp]>([
    ['runs out', { exp: NOW }, /^trust-list-invalid \| .*: exp$/],
    ['has no sequence', { payload: { sequence: -1 } }, /^trust-list-invalid \| .*: sequence$/],
    ['has no version', { payload: { version: 1 } }, /^trust-list-invalid \| .*: version$/],
    ['has no list', { payload: { trustList: {} } }, /^trust-list-invalid \| .*: trustList$/],
    ['has an entry that is no certificate', { payload: { trustList: ['x'] } }, /entry 0: not one PEM certificate$/],
    ['has an entry that is no root', { roots: [stiRoot.der, lister.der] }, /entry 1: /],
    ['is signed by another key', { signer: { ...lister, key: raw.newEcKey() } }, /^bad-signature \| signer: /],
    ['has a signer that does not sign data', { x5c: [issuedWithout.der] }, /signer: .*bad-key-usage$/],
    [
      'brings a signer under another root',
      { x5c: [lister.der, listRoot().der] },
      /^(untrusted-chain|bad-cert-signature|aki-mismatch) \| signer: /,
    ],
    ['brings a signer that is none', { x5c: [Buffer.of(0x30, 0)] }, /^malformed-cert \| signer: /],
  ])('that %s is told so', (_, plan, expected) => {
    expect(wrong(plan, { at: NOW * 1000 })).toEqual(expect.arrayContaining([expect.stringMatching(expected)]));
    expect(wrong({}, { at: NOW * 1000 })).toEqual([]);
  });

  test('has the roots held to their profile, each by its place', () => {
    const long = shakenRoot('Long', { shape: { serial: encodeTlv(2, Buffer.alloc(16, 0x11)) } });
    const { findings } = trustList({ roots: [long.der, stiRoot.der] });
    expect(findings.filter(({ code }) => code === 'short-serial').map(({ place }) => place)).toEqual(['entry 1']);
  });
});
