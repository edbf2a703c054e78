import { execFileSync, spawnSync } from 'node:child_process';
import { generateKeyPairSync, sign } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { inspectAnything, inspectLine } from '../../src/cli/inspect-lines.js';
import { inspectionWords } from '../../src/cli/inspect-words.js';
import { encodeInteger, encodeOid, encodePem, encodeSequence, encodeTlv } from '../../src/encoding/index.js';
import { encodeTlogProof, leafHash, receiptKeyName, signNote, signReceipt, type Signer } from '../../src/log/index.js';
import { signPassport } from '../../src/passport/index.js';
import { inspectDer, type Inspection } from '../../src/verification/inspection/index.js';
import { encodeClaimConstraints, encodeTnAuthList, type TnEntry } from '../../src/x509/index.js';
import * as raw from '../support/raw-certificate.js';
import { AT, NULL, extension, issueCa, issueEndEntity, keyUsage, policies, rdn } from '../support/raw-certificate.js';
import { distributionPoints, issueCrl, url } from '../support/raw-crl.js';

const VECTORS = join(process.env['SIGNPOST_VECTORS'] ?? join(process.cwd(), '../shared/vectors'), 'stir');
const MAIN = join(dirname(fileURLToPath(import.meta.url)), '..', '..', 'src', 'cli', 'main.js');

const codes = ({ findings }: Inspection, severity: string): string[] =>
  findings.filter((one) => one.severity === severity).map(({ code }) => code);
const problems = (inspection: Inspection): string[] => [...codes(inspection, 'error'), ...codes(inspection, 'warning')];

const printable = (text: string): Buffer => encodeTlv(0x13, Buffer.from(text));
const name = (cn: string, ...more: Buffer[]): Buffer =>
  raw.nameOf(rdn('2.5.4.6', printable('US')), rdn('2.5.4.10', printable('Example')), rdn('2.5.4.3', printable(cn)), ...more);
const tnAuthList = (entries: TnEntry[], critical = false): Buffer => extension('1.3.6.1.5.5.7.1.26', encodeTnAuthList(entries), critical);
const policy = policies('2.16.840.1.114569.1.1.4');
const serial = encodeInteger(0x1122334455667788n);

const paName = name('STI-PA CRL');
const points = distributionPoints({ name: url('https://crl.example/crl'), crlIssuer: paName });
const root = issueCa({
  issuer: null,
  subject: '',
  extensions: { keyUsage: keyUsage([5]) },
  shape: { serial, subject: name('SHAKEN ROOT'), issuer: name('SHAKEN ROOT') },
});
const ca = issueCa({
  issuer: root,
  subject: '',
  extensions: { keyUsage: keyUsage([5]), policy, points },
  shape: { serial, subject: name('SHAKEN CA 1') },
});

const shaken = (extensions: Record<string, Buffer | null> = {}, shape: Partial<raw.Shape> = {}, key = raw.newEcKey()): Buffer =>
  issueEndEntity({
    issuer: ca,
    subject: '',
    key,
    extensions: { basicConstraints: raw.basicConstraints(false), policy, points, list: tnAuthList([{ spc: '709J' }]), ...extensions },
    shape: { serial, subject: name('SHAKEN 709J'), ...shape },
  }).der;

describe('a SHAKEN certificate', () => {
  test('by the table of ATIS-1000080 has no findings: root, CA and end-entity', () => {
    expect(inspectDer(root.der).findings).toEqual([]);
    expect(inspectDer(ca.der).findings).toEqual([]);
    const inspection = inspectDer(shaken());
    expect(inspection).toMatchObject({ ok: true, kind: 'certificate', reason: null, tnAuthList: [{ spc: '709J' }], findings: [] });
  });

  test.each<[string, string, Buffer]>([
    ['bad-key-usage', 'without keyUsage', shaken({ keyUsage: null })],
    ['bad-key-usage', 'with a keyUsage too many', shaken({ keyUsage: keyUsage([0, 1]) })],
    ['bad-key-usage', 'with keyUsage not critical', shaken({ keyUsage: keyUsage([0], false) })],
    ['bad-policy', 'without policy', shaken({ policy: null })],
    ['bad-policy', 'with two policies', shaken({ policy: policies('2.16.840.1.114569.1.1.3', '2.16.840.1.114569.1.1.4') })],
    ['bad-policy', 'with the policy of another', shaken({ policy: policies('1.2.3') })],
    ['tnauthlist-missing', 'without TNAuthList', shaken({ list: null })],
    ['tnauthlist-critical', 'with a critical TNAuthList', shaken({ list: tnAuthList([{ spc: '709J' }], true) })],
    ['profile-violation', 'with two SPCs', shaken({ list: tnAuthList([{ spc: '709J' }, { spc: '709K' }]) })],
    ['profile-violation', 'with a number', shaken({ list: tnAuthList([{ tn: '12025550100' }]) })],
    [
      'malformed-tnauthlist',
      'with an SPC in lower case',
      shaken({ list: tnAuthList([{ spc: '709j' }]) }, { subject: name('SHAKEN 709j') }),
    ],
    ['subject-spc-mismatch', 'of another SPC by its name', shaken({}, { subject: name('SHAKEN 1234') })],
    ['unsupported-key', 'with a P-384 key', shaken({}, {}, raw.newEcKey('P-384'))],
    ['unsupported-key', 'with a P-521 key', shaken({}, {}, raw.newEcKey('P-521'))],
    ['unsupported-cert-alg', 'signed with SHA-1', shaken({}, { algorithm: raw.ECDSA_SHA1, digest: 'sha1' })],
    ['aki-mismatch', 'without authority key identifier', shaken({ authorityKeyId: null })],
    ['bad-eku', 'with an extended key usage', shaken({ eku: extension('2.5.29.37', encodeSequence(encodeOid('1.3.6.1.5.5.7.3.1'))) })],
    ['unknown-critical-ext', 'with an unknown critical extension', shaken({ odd: extension('1.2.3.4', NULL, true) })],
    ['precertificate', 'with the poison of a precertificate', shaken({ poison: extension('1.3.6.1.4.1.11129.2.4.3', NULL, true) })],
    ['validity-inverted', 'that ends before it begins', shaken({}, { notAfter: new Date('2025-12-31T00:00:00Z') })],
  ])('has the error %s %s', (code, _, der) => {
    const inspection = inspectDer(der);
    expect(inspection.ok).toBe(true);
    expect(codes(inspection, 'error')).toContain(code);
    for (const { clause, detail } of inspection.findings) expect([clause, detail].every((text) => text.length > 0)).toBe(true);
  });

  test.each<[string, string, Buffer]>([
    ['short-serial', 'of a serial number below 64 bits', shaken({}, { serial: encodeInteger(5n) })],
    ['non-minimal-key-usage', 'of trailing zero bits', shaken({ keyUsage: extension('2.5.29.15', raw.bitString(Buffer.of(0x80)), true) })],
    [
      'policies-critical',
      'of critical policies',
      shaken({ policy: extension('2.5.29.32', encodeSequence(encodeSequence(encodeOid('2.16.840.1.114569.1.1.4'))), true) }),
    ],
    ['unexpected-extension', 'of a name besides', shaken({ san: raw.subjectAltName([raw.dns('a.example')]) })],
    ['no-basic-constraints', 'of basicConstraints left out', shaken({ basicConstraints: null })],
    [
      'several-distribution-points',
      'of two points',
      shaken({ points: distributionPoints({ name: url('https://a.example/') }, { name: url('https://b.example/') }) }),
    ],
    [
      'distribution-point-form',
      'of a point that is no HTTP URL',
      shaken({ points: distributionPoints({ name: url('ldap://a.example/') }) }),
    ],
    ['no-distribution-point', 'of a distribution point left out', shaken({ points: null })],
    ['null-signature-parameters', 'of NULL parameters', shaken({}, { algorithm: encodeSequence(encodeOid('1.2.840.10045.4.3.2'), NULL) })],
    ['subject-country', 'of a name without country', shaken({}, { subject: raw.commonName('SHAKEN 709J') })],
  ])('has the warning %s because %s, which the field commits and verifiers bear', (code, _, der) => {
    const inspection = inspectDer(der);
    expect(codes(inspection, 'warning')).toContain(code);
    expect(codes(inspection, 'error')).toEqual([]);
  });

  test('says that it has run out only when told the time', () => {
    expect(codes(inspectDer(shaken(), { at: AT + 400 * 86_400_000 }), 'error')).toEqual(['cert-expired']);
    expect(codes(inspectDer(shaken(), { at: AT - 400 * 86_400_000 }), 'error')).toEqual(['cert-not-yet-valid']);
    expect(inspectDer(shaken(), { at: AT }).findings).toEqual([]);
  });
});

describe('a delegate certificate', () => {
  const bound = encodeClaimConstraints({
    form: 'enhanced',
    mustInclude: ['action', 'aud', 'provider'],
    permittedValues: new Map([['provider', ['a.example']]]),
    mustExclude: ['attest', 'origid', 'rcd', 'div', 'opt'],
  });
  const np = issueCa({ issuer: null, subject: 'NP', extensions: { list: tnAuthList([{ spc: '709J' }]) }, shape: { serial } });
  const delegate = (extensions: Record<string, Buffer>): Buffer =>
    issueEndEntity({ issuer: np, subject: 'AP', extensions, shape: { serial } }).der;
  const list = tnAuthList([{ start: '12025550100', count: 100 }]);

  test('bound to one AP has no problems, nor has its CA', () => {
    expect(problems(inspectDer(np.der))).toEqual([]);
    const inspection = inspectDer(delegate({ list, constraints: extension('1.3.6.1.5.5.7.1.33', bound) }));
    expect(problems(inspection)).toEqual([]);
    expect(inspection.tnAuthList).toEqual([{ start: '12025550100', count: 100 }]);
  });

  test('of the NP itself, which neither name nor policy calls SHAKEN, has no problems', () => {
    expect(problems(inspectDer(delegate({ list: tnAuthList([{ spc: '709J' }]) })))).toEqual([]);
  });

  test('with numbers that nothing binds breaks the profile', () => {
    expect(codes(inspectDer(delegate({ list })), 'error')).toEqual(['profile-violation']);
  });

  test('with constraints that contradict their module is malformed', () => {
    const constraints = extension('1.3.6.1.5.5.7.1.33', encodeSequence());
    expect(inspectDer(delegate({ list, constraints }))).toMatchObject({ ok: false, reason: 'malformed-claim-constraints' });
  });
});

describe('other things', () => {
  const key = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const request = (privateKey = key.privateKey): Buffer => {
    const attribute = encodeSequence(encodeOid('1.2.840.113549.1.9.14'), encodeTlv(0x31, encodeSequence(tnAuthList([{ spc: '709J' }]))));
    const info = encodeSequence(
      encodeInteger(0n),
      raw.commonName('NP'),
      key.publicKey.export({ type: 'spki', format: 'der' }),
      encodeTlv(0xa0, attribute),
    );
    return encodeSequence(info, raw.ECDSA_SHA256, raw.bitString(sign('sha256', info, privateKey)));
  };
  const log = generateKeyPairSync('ed25519');
  const signer = (signerName: string): Signer => ({
    name: signerName,
    publicKey: log.publicKey.export({ type: 'spki', format: 'der' }).subarray(-32),
    sign: (message) => sign(null, message, log.privateKey),
  });
  const hash = leafHash(Buffer.from('leaf'));
  const checkpoint = signNote(`dp.example/log\n1\n${Buffer.from(hash).toString('base64')}\n`, [signer('dp.example/log')]);
  const claims = {
    action: 'register',
    aud: 'dp.example',
    consent: 'app',
    dest: { uri: ['mimi://a.example/u/alice'] },
    exp: 1_800_000_600,
    iat: 1_800_000_000,
    jti: 'AAAAAAAAAAAAAAAAAAAAAA',
    orig: { tn: '12025550100' },
    provider: 'a.example',
    purpose: 'consumer',
  };
  const passport = signPassport({ claims, key: key.privateKey, x5c: [shaken({}, {}, key)] });

  test.each<[string, string | Uint8Array]>([
    ['certificate', encodePem('CERTIFICATE', shaken())],
    ['certificate', shaken()],
    ['certificate', shaken().toString('base64')],
    ['chain', encodePem('CERTIFICATE', shaken()) + encodePem('CERTIFICATE', ca.der)],
    ['crl', issueCrl(root)],
    ['crl', encodePem('X509 CRL', issueCrl(root))],
    ['csr', request()],
    ['csr', encodePem('CERTIFICATE REQUEST', request())],
    ['tn-auth-list', encodeTnAuthList([{ spc: '709J' }])],
    ['passport', passport],
    ['receipt', signReceipt({ origin: 'dp.example/log', index: 0, leafHash: hash, time: 1 }, signer(receiptKeyName('dp.example/log')))],
    ['checkpoint', checkpoint],
    ['proof', encodeTlogProof({ index: 0, proof: [], checkpoint })],
    ['note', signNote('hello\n', [signer('somebody')])],
  ])('a %s is known for what it is, and well-formed', (kind, input) => {
    expect(inspectAnything(input)).toMatchObject({ ok: true, kind, reason: null });
    expect(codes(inspectAnything(input), 'error')).toEqual([]);
  });

  test.each<[string, string | null, string | Uint8Array]>([
    ['malformed-cert', 'certificate', Buffer.concat([shaken(), Buffer.of(0)])],
    ['malformed-cert', 'certificate', shaken({}, { serial: encodeInteger(-5n) })],
    ['malformed-cert', 'certificate', shaken({}, { version: Buffer.alloc(0) })],
    ['duplicate-extension', 'certificate', shaken({ again: policy })],
    ['malformed-tnauthlist', 'certificate', shaken({ list: extension('1.3.6.1.5.5.7.1.26', encodeSequence()) })],
    ['range-overflow', 'tn-auth-list', Buffer.from('300ba10930071602313002015a', 'hex')],
    ['malformed-tnauthlist', 'tn-auth-list', Buffer.from('3008a006163836374a', 'hex')],
    ['malformed-tnauthlist', 'tn-auth-list', Buffer.from('300613043632324b', 'hex')],
    ['malformed-crl', 'crl', Buffer.concat([issueCrl(root), Buffer.of(0)])],
    ['malformed-request', 'csr', Buffer.concat([request(), Buffer.of(0)])],
    ['malformed-token', 'passport', passport.replace('.', '=.')],
    ['malformed-token', 'passport', 'a.b.c.d.e'],
    ['malformed-token', 'passport', '{"payload":"","protected":"","signature":""}'],
    ['compact-form-not-allowed', 'passport', '..AAAA'],
    ['malformed-note', 'checkpoint', `${checkpoint}\u2014 x\n`],
    ['malformed-proof', 'proof', 'c2sp.org/tlog-proof@v1\nindex -1\n\nx\n'],
    ['malformed-request', null, 'what is this?'],
    ['malformed-request', null, Buffer.of(1, 2, 3)],
    ['malformed-request', null, encodePem('PRIVATE KEY', key.privateKey.export({ type: 'pkcs8', format: 'der' }))],
    ['malformed-chain', null, '-----BEGIN CERTIFICATE-----\n'],
  ])('%s is said of a %s that is none', (reason, kind, input) => {
    expect(inspectAnything(input)).toMatchObject({ ok: false, kind, reason, tnAuthList: null });
  });

  test.each<[string, string | Uint8Array]>([
    ['empty', Buffer.alloc(0)],
    ['neither text nor DER that is known', Buffer.of(1, 2, 3)],
    ['no text that is known', 'what is this?'],
  ])('what cannot be known is said to be %s, not a bad request over HTTP', (problem, input) => {
    const inspection = inspectAnything(input);
    expect(inspection.facts).toEqual({ problem });
    expect(inspectionWords('file', inspection)).not.toContain('openapi');
  });

  test('a PASSporT for calls is well-formed, and not one of ours', () => {
    const header = Buffer.from('{"alg":"ES256","ppt":"shaken","typ":"passport","x5u":"https://sti.example/a"}').toString('base64url');
    const [, payload, signature] = passport.split('.');
    const inspection = inspectAnything(`${header}.${payload}.${signature}`);
    expect(inspection.ok).toBe(true);
    expect(codes(inspection, 'error')).toEqual(['unsupported-ppt']);
  });

  test('a PASSporT shows the TNAuthList of its signer', () => {
    expect(inspectAnything(passport).tnAuthList).toEqual([{ spc: '709J' }]);
  });

  test('a request that another key signed is found out', () => {
    expect(codes(inspectAnything(request(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey)), 'error')).toEqual([
      'bad-signature',
    ]);
    expect(inspectAnything(request()).tnAuthList).toEqual([{ spc: '709J' }]);
  });

  test('a chain whose order is wrong is found out', () => {
    const chain = encodePem('CERTIFICATE', ca.der) + encodePem('CERTIFICATE', shaken());
    expect(codes(inspectAnything(chain), 'error')).toContain('malformed-chain');
  });

  test('a CRL that may decide nothing is found out', () => {
    expect(codes(inspectDer(issueCrl(root, [], { nextUpdate: null })), 'error')).toContain('status-unavailable');
  });
});

describe('inspect --ndjson', () => {
  const answer = (line: unknown): unknown => inspectLine(Buffer.from(typeof line === 'string' ? line : JSON.stringify(line)));
  const broken = (id: string | null, reason: string): object => ({ id, ok: false, kind: null, reason, tnAuthList: null, findings: [] });
  const der = encodeTnAuthList([{ start: '12025550100', count: 2 }, { tn: '12025550102' }]).toString('base64');

  test('answers with exactly the members of the contract', () => {
    expect(answer({ id: 'a', der })).toEqual({
      id: 'a',
      ok: true,
      kind: 'tn-auth-list',
      reason: null,
      tnAuthList: [{ start: '12025550100', count: 2 }, { tn: '12025550102' }],
      findings: [],
    });
  });

  test.each<[string, unknown, string | null]>([
    ['no JSON', 'x', null],
    ['a blank line', '', null],
    ['an array', [], null],
    ['no id', { der }, null],
    ['an id that is a number', { id: 5, der }, null],
    ['neither der nor text', { id: 'a' }, 'a'],
    ['both', { id: 'a', der, text: 'x' }, 'a'],
    ['der that is null', { id: 'a', der: null }, 'a'],
    ['der that is not base64', { id: 'a', der: '!' }, 'a'],
    ['text that is a number', { id: 'a', text: 5 }, 'a'],
    ['a member twice', '{"id":"a","id":"b","der":""}', null],
  ])('calls %s malformed-request', (_, line, id) => expect(answer(line)).toEqual(broken(id, 'malformed-request')));

  test('calls a line over 1 MiB too large', () => expect(inspectLine(null)).toEqual(broken(null, 'too-large')));

  test('gives JSON to whatever octets and text, and never throws', () => {
    const seeds = [shaken(), ca.der, issueCrl(ca), encodeTnAuthList([{ spc: '709J' }])];
    fc.assert(
      fc.property(
        fc.nat(seeds.length - 1),
        fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { maxLength: 4 }),
        (which, changes) => {
          const octets = Buffer.from(seeds[which] as Buffer);
          for (const [at, octet] of changes) octets[at % octets.length] = octet;
          const { ok, reason } = inspectDer(octets);
          expect(ok).toBe(reason === null);
        },
      ),
      { numRuns: 600 },
    );
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(JSON.parse(JSON.stringify(answer({ id: 'a', text })))).toMatchObject({ id: 'a' });
      }),
      { numRuns: 200 },
    );
  });

  test('streams answers in order from the command line', () => {
    const lines = [{ id: 'a', der }, 'x', { id: 'b', text: '..x' }].map((line) => (typeof line === 'string' ? line : JSON.stringify(line)));
    const output = execFileSync(process.execPath, [MAIN, 'inspect', '--ndjson'], { input: lines.join('\n'), encoding: 'utf8' });
    const answers = output
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { id: string | null; reason: string | null });
    expect(answers.map(({ id, reason }) => [id, reason])).toEqual([
      ['a', null],
      [null, 'malformed-request'],
      ['b', 'compact-form-not-allowed'],
    ]);
  });
});

describe('inspect FILE', () => {
  const folder = mkdtempSync(join(tmpdir(), 'signpost-inspect-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const file = (label: string, content: string | Uint8Array): string => {
    const path = join(folder, label);
    writeFileSync(path, content);
    return path;
  };
  const inspect = (...args: string[]): { status: number | null; stdout: string } =>
    spawnSync(process.execPath, [MAIN, 'inspect', ...args], { encoding: 'utf8' });

  test('says in words what it is, exits 0 for what is well-formed and 1 for what is not', () => {
    const good = inspect(file('good.pem', encodePem('CERTIFICATE', shaken())));
    expect([good.status, good.stdout.includes('709J')]).toEqual([0, true]);
    expect(inspect(file('bad.der', Buffer.from('3000', 'hex'))).status).toBe(1);
  });

  test('holds it to the profile and the time that are asked for', () => {
    const path = file('profile.pem', encodePem('CERTIFICATE', shaken({}, { notAfter: new Date('2026-03-01T00:00:00Z') })));
    const json = (...args: string[]): { findings: { code: string }[]; facts: { profile: string } } =>
      JSON.parse(inspect('--json', path, ...args).stdout) as { findings: { code: string }[]; facts: { profile: string } };
    expect(json('--at', '2026-02-01T00:00:00Z')).toMatchObject({ findings: [], facts: { profile: 'shaken' } });
    expect(json('--at', '2026-04-01T00:00:00Z').findings).toEqual([
      {
        code: 'cert-expired',
        severity: 'error',
        clause: 'RFC 5280 section 6.1.3',
        detail: 'a certificate has expired: since 2026-03-01',
      },
    ]);
    expect(json('--at', '2026-02-01T00:00:00Z', '--profile', 'email').findings.map(({ code }) => code)).toContain('profile-violation');
    expect([inspect('--at', 'yesterday', path).status, inspect('--profile', 'webpki', path).status]).toEqual([2, 2]);
  });

  test('writes JSON, and exits 2 without a file or with one that is not there', () => {
    const { stdout } = inspect('--json', file('list.der', encodeTnAuthList([{ spc: '709J' }])));
    expect(JSON.parse(stdout)).toMatchObject({ ok: true, kind: 'tn-auth-list', tnAuthList: [{ spc: '709J' }] });
    expect(inspect().status).toBe(2);
    expect(inspect(join(folder, 'absent')).status).toBe(2);
    expect(inspect('--help').status).toBe(0);
  });
});

describe('the SHAKEN certificates of zlint', () => {
  const zlint = join(VECTORS, 'zlint-shaken');
  if (!existsSync(zlint)) {
    // oxlint-disable-next-line no-console
    console.warn(`left out: no public vectors at ${zlint}`);
    test('are not at hand, and say so', () => expect(existsSync(zlint)).toBe(false));
    return;
  }
  const of = (file: string): Inspection => inspectAnything(readFileSync(join(zlint, `${file}.pem`)), { profile: 'shaken' });

  test.each(['shakenCert', 'shakenCa', 'shakenRoot', 'shakenRootNoAKI', 'shakenCRLPointGet', 'shakenCaKeyUsageWCRL'])(
    '%s has no problems',
    (file) => {
      expect(of(file).ok).toBe(true);
      expect(problems(of(file))).toEqual([]);
    },
  );

  /** The defect that each file is named by; what lints of later versions of the profile ask is a notice. */
  const DEFECTS: Readonly<Record<string, string>> = {
    shakenBasicConstNo: 'no-basic-constraints',
    shakenBasicConstNotCritical: 'basic-constraints-not-critical',
    shakenCP1_1Cert: 'bad-policy',
    shakenCP1_2Cert: 'bad-policy',
    shakenCP1_3Cert: 'subject-serial-number',
    shakenCP1_4Cert: 'subject-common-name',
    shakenCP1_4WSHA1: 'unsupported-cert-alg',
    shakenCP1_4WSHA384: 'signature-sha384',
    shakenCRLPointFile: 'distribution-point-form',
    shakenCRLPointGet: 'no-crl-issuer',
    shakenCRLPointMultiple: 'distribution-point-form',
    shakenCRLPointUnreachable: 'no-crl-issuer',
    shakenCa: 'no-crl-issuer',
    shakenCaCertPolicyCritical: 'policies-critical',
    shakenCaCertPolicyMultiple: 'ca-several-policies',
    shakenCaCertPolicyNo: 'bad-policy',
    shakenCaEmpty: 'subject-common-name',
    shakenCaExtOdd: 'unexpected-extension',
    shakenCaIssuerWithoutC: 'issuer-country',
    shakenCaIssuerWithoutCN: 'issuer-common-name',
    shakenCaIssuerWithoutO: 'issuer-organization',
    shakenCaKeyAlgP384: 'p384-authority',
    shakenCaKeyAlgRSA: 'unsupported-key',
    shakenCaKeyUsageCertSignCRLSignDigSign: 'ca-key-usage-v005',
    shakenCaKeyUsageCertSignDigSign: 'ca-key-usage-v005',
    shakenCaKeyUsageOddFlag: 'ca-key-usage-besides',
    shakenCaKeyUsageWCRL: 'ca-key-usage-v005',
    shakenCaKeyUsageWithoutCertSign: 'not-a-ca',
    shakenCaSerialLess64bit: 'short-serial',
    shakenCaSigAlgSHA1: 'unsupported-cert-alg',
    shakenCaSubject: 'issuer-country',
    shakenCaSubjectCN: 'subject-common-name',
    shakenCaSubjectWEmail: 'subject-attribute',
    shakenCaSubjectWithoutC: 'subject-country',
    shakenCaSubjectWithoutCN: 'subject-common-name',
    shakenCaSubjectWithoutO: 'subject-organization',
    shakenCert: 'no-crl-issuer',
    shakenCertPolicyCritical: 'policies-critical',
    shakenCertPolicyIncorrect: 'bad-policy',
    shakenCertPolicyMultiple: 'bad-policy',
    shakenCertPolicyNo: 'bad-policy',
    shakenExtOdd: 'unexpected-extension',
    shakenIssuerWithoutC: 'issuer-country',
    shakenIssuerWithoutCN: 'issuer-common-name',
    shakenIssuerWithoutO: 'issuer-organization',
    shakenKeyAlgP384: 'unsupported-key',
    shakenKeyAlgRSA: 'unsupported-key',
    shakenKeyUsageNotCritical: 'bad-key-usage',
    shakenKeyUsageOdd: 'bad-key-usage',
    shakenRootAKIWrong: 'aki-mismatch',
    shakenRootCertPolicy: 'root-policies',
    shakenRootExtOdd: 'unexpected-extension',
    shakenSerialNumberLess64bit: 'short-serial',
    shakenSerialNumberPadded: 'short-serial',
    shakenSigAlgSHA1: 'unsupported-cert-alg',
    shakenSubject: 'issuer-country',
    shakenSubjectAmbiguous: 'common-name-form',
    shakenSubjectCN: 'subject-spc-mismatch',
    shakenSubjectWEmail: 'subject-attribute',
    shakenSubjectWSerialNumberMultiple: 'subject-attribute',
    shakenSubjectWithoutC: 'subject-country',
    shakenSubjectWithoutCN: 'subject-common-name',
    shakenSubjectWithoutO: 'subject-organization',
    shakenSubjectWithoutSerialNumber: 'subject-serial-number',
    shakenTNAuthMultiple: 'profile-violation',
    shakenTNAuthWithoutSPC: 'profile-violation',
  };
  /** Roots of v003 and v004: nothing is wrong with them. */
  const GOOD = ['shakenRoot', 'shakenRootNoAKI'];

  test.each(Object.entries(DEFECTS))('%s is found to have %s', (file, code) => {
    expect(of(file).ok).toBe(true);
    expect(of(file).findings.map((one) => one.code)).toContain(code);
  });

  test.each([
    ['shakenCaSerialNegative', 'malformed-cert'],
    ['shakenCaVersion2', 'malformed-cert'],
    ['shakenCertV2', 'malformed-cert'],
    ['shakenSerialNumberNegative', 'malformed-cert'],
    ['shakenTNAuthEmpty', 'malformed-tnauthlist'],
    ['shakenTNAuthEmptyString', 'malformed-tnauthlist'],
    ['shakenCertEmpty', 'malformed-cert'],
  ])('%s is malformed: %s', (file, reason) => expect(of(file)).toMatchObject({ ok: false, kind: 'certificate', reason }));

  test('are all looked at: each of the files is good, malformed, or has its defect named', () => {
    const files = readdirSync(zlint).map((file) => file.replace('.pem', ''));
    const unnamed = files.filter((file) => of(file).ok && !GOOD.includes(file) && !(file in DEFECTS));
    expect([files.length, unnamed]).toEqual([75, []]);
  });
});

describe('the certificates of libstirshaken and of the STI-PA', () => {
  const stir = join(VECTORS, 'libstirshaken');
  if (!existsSync(stir)) {
    // oxlint-disable-next-line no-console
    console.warn(`left out: no public vectors at ${stir}`);
    test('are not at hand, and say so', () => expect(existsSync(stir)).toBe(false));
    return;
  }
  const of = (file: string): Inspection => inspectAnything(readFileSync(join(VECTORS, file)));

  test.each([
    ['libstirshaken/test_ref_ca_ca.pem', ['short-serial']],
    ['libstirshaken/test_ref_pa_pa.pem', ['short-serial']],
    ['sti-pa/STI-PA_ROOT.pem', []],
    ['rfc9118-example-cert.pem', ['status-by-issuer']],
  ])('%s has %j', (file, found) => expect([of(file).ok, of(file).findings.map(({ code }) => code)]).toEqual([true, found]));

  test.each([
    ['libstirshaken/test_ref_sp_csr.pem', 'malformed-request'],
    ['libstirshaken/test_ref_sp_sp.pem', 'malformed-tnauthlist'],
    ['libstirshaken/test_ref_sp_wrongsp.pem', 'malformed-tnauthlist'],
  ])('%s is malformed: its list is no TNAuthList', (file, reason) => expect(of(file)).toMatchObject({ ok: false, reason }));
});
