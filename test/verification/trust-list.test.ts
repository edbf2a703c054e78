import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { SignJWT } from 'jose';
import { encodeOid, encodeSequence } from '../../src/encoding/index.js';
import { Refusal } from '../../src/reasons/index.js';
import { MAX_TRUST_LIST_OCTETS } from '../../src/verification/trust-list/form.js';
import {
  ROLLED_BACK,
  SEQUENCE_REUSED,
  openTrustList,
  readTrustList,
  type TrustList,
  type TrustListInput,
} from '../../src/verification/trust-list/index.js';
import { CrlSet, parseCertificate } from '../../src/x509/index.js';
import { forgeEncode } from '../support/forge-tn-auth-list.js';
import {
  AT,
  ECDSA_SHA384,
  NULL,
  RSA_SHA256,
  authorityKeyId,
  basicConstraints,
  extension,
  issueCa,
  keyIdOf,
  keyUsage,
  newEcKey,
  newRsaKey,
  type Issued,
} from '../support/raw-certificate.js';
import { leftOut } from '../support/left-out.js';
import { entry, issueCrl } from '../support/raw-crl.js';
import { compactJws, listRoot, listSigner, makeList, pemOf, shakenRoot, type ListPlan } from '../support/trust-lists.js';

/** RFC 5758 section 3.2 has none; some of the field have them. */
const NULL_ECDSA = encodeSequence(encodeOid('1.2.840.10045.4.3.2'), NULL);

const root = listRoot();
const signer = listSigner(root);
const one = shakenRoot('One');
const two = shakenRoot('Two');
const EXP = AT / 1000 + 86_400;
const HOST = 'authenticate.sti-pa.example';
const X5U = `https://${HOST}/list-signer.pem`;

const plan = (changes: Partial<ListPlan> = {}): string => makeList({ signer, roots: [one.der, two.der], exp: EXP, ...changes });

type Surroundings = Partial<Omit<TrustListInput, 'octets'>>;

const read = (list: string, around: Surroundings = {}): Promise<TrustList> =>
  readTrustList({
    octets: Buffer.from(list),
    chain: null,
    roots: [parseCertificate(root.der)],
    hosts: [HOST],
    floor: null,
    crls: null,
    at: AT,
    ...around,
  });

/** The detail of a `trust-list-invalid`; null: the list was accepted. Anything else fails the test. */
const faultOf = async (list: string, around: Surroundings = {}): Promise<string | null> => {
  try {
    await read(list, around);
    return null;
  } catch (error) {
    if (error instanceof Refusal && error.reason === 'trust-list-invalid') return error.detail ?? '';
    throw error;
  }
};

const text = (der: Uint8Array): string => Buffer.from(der).toString('base64');
const payload = (members: Readonly<Record<string, unknown>> = {}): string =>
  JSON.stringify({ version: '1.0', sequence: 7, exp: EXP, trustList: [pemOf(one.der)], ...members });
const HEADER = JSON.stringify({ alg: 'ES256', x5c: [text(signer.der)] });
const key = signer.key.privateKey;

const signedByJose = (): Promise<string> =>
  new SignJWT({ version: '1.0', sequence: 7, trustList: [pemOf(one.der)] })
    .setProtectedHeader({ alg: 'ES256', x5c: [text(signer.der)] })
    .setExpirationTime(EXP)
    .sign(key);

const p384Root = (): Issued => shakenRoot('P384', { key: newEcKey('P-384'), shape: { algorithm: ECDSA_SHA384, digest: 'sha384' } });

const crlsListing = (serial: Uint8Array): CrlSet => new CrlSet({ crls: [issueCrl(root, [entry(serial)])], signers: [], anchors: [] });

const below: Issued = issueCa({ issuer: root, subject: 'below' });
const tlsServer = (): Issued =>
  listSigner(root, { extensions: { eku: extension('2.5.29.37', Buffer.from('300a06082b06010505070301', 'hex')) } });
const forged = (): Issued =>
  listSigner(root, {
    shape: { tbs: (tbs) => tbs, signature: (made) => Buffer.concat([made.subarray(0, -1), Buffer.from([(made.at(-1) ?? 0) ^ 1])]) },
  });
const rsaKey = newRsaKey();
const rsaIssued = listSigner(root, { key: rsaKey });

describe('a trust list that holds', () => {
  test('gives its roots, each once, and nothing of its own hierarchy', async () => {
    const list = await read(plan({ roots: [one.der, two.der, one.der] }));
    expect(list.anchors.map((der) => Buffer.from(der))).toEqual([one.der, two.der]);
    expect(list).toMatchObject({ version: '1.0', sequence: 7, until: EXP, digest: expect.stringMatching(/^[0-9a-f]{64}$/) });
  });

  test.each<[string, () => string | Promise<string>, Surroundings]>([
    ['with a line break at its end', () => `${plan()}\n`, {}],
    ['in the answer of the STI-PA', () => JSON.stringify({ status: 'success', message: 'x', caList: plan() }), {}],
    ['with its root at the end of x5c', () => plan({ x5c: [signer.der, root.der] }), {}],
    ['with an x5u whose path is handed in', () => plan({ x5c: null, header: { x5u: X5U } }), { chain: [signer.der] }],
    ['with no path in its header, its signer handed in', () => plan({ x5c: null }), { chain: [signer.der, root.der] }],
    ['with x5c and a path handed in that begin alike', () => plan(), { chain: [signer.der, root.der] }],
    ['with members that are not known', () => plan({ header: { kid: 'a', x: 1 }, payload: { issued: 'today' } }), {}],
    ['with no roots: nobody is trusted by it', () => plan({ roots: [] }), {}],
    ['signed by the pinned root itself', () => plan({ signer: root, x5c: [root.der] }), {}],
    ['signed by another library', () => signedByJose(), {}],
    [
      'with the sequence of the last and the same content',
      () => plan(),
      { floor: { sequence: 7, digest: openTrustList(Buffer.from(plan())).digest } },
    ],
    ['with a higher sequence than the last', () => plan(), { floor: { sequence: 6, digest: '00' } }],
    ['one second before its end', () => plan(), { at: EXP * 1000 - 1 }],
    ['with a root that has run out', () => plan({ roots: [shakenRoot('Old', { shape: { notAfter: new Date(AT - 1000) } }).der] }), {}],
    [
      'with NULL parameters in the algorithm of a root',
      () => plan({ roots: [shakenRoot('NULL', { shape: { algorithm: NULL_ECDSA } }).der] }),
      {},
    ],
    ['with a P-384 root', () => plan({ roots: [p384Root().der] }), {}],
    ['with white space around a PEM', () => compactJws(HEADER, payload({ trustList: [`\n${pemOf(one.der)}\n`] }), key), {}],
    ['beside a CRL that lists another certificate', () => plan(), { crls: crlsListing(Buffer.from([9])) }],
  ])('is accepted %s', async (_name, make, around) => {
    expect(await faultOf(await make(), around)).toBeNull();
  });

  test('counts no longer than its signer’s path', async () => {
    const short = listSigner(root, { shape: { notAfter: new Date(AT + 60_000) } });
    expect((await read(plan({ signer: short }))).until).toBe(AT / 1000 + 61);
    expect(await faultOf(plan({ signer: short }), { at: AT + 61_000 })).toBe('signer: cert-expired');
  });

  test('is one list under two signatures', async () => {
    expect(plan()).not.toBe(plan());
    expect((await read(plan())).digest).toBe((await read(plan())).digest);
  });
});

describe('the form of a trust list', () => {
  const [header = '', body = '', signature = ''] = plan().split('.');

  test.each<[string, () => string, string]>([
    ['nothing', () => '', 'form'],
    ['two parts', () => `${header}.${body}`, 'form'],
    ['four parts', () => `${plan()}.`, 'form'],
    ['padding', () => `${header}=.${body}.${signature}`, 'form'],
    ['standard base64', () => compactJws(HEADER, payload(), key).replace(/^..../, 'ey+/'), 'form'],
    ['a space', () => `${header}. ${body}.${signature}`, 'form'],
    ['two line breaks at its end', () => `${plan()}\n\n`, 'form'],
    ['a signature of 63 octets', () => `${header}.${body}.${Buffer.alloc(63).toString('base64url')}`, 'signature'],
    ['a DER signature', () => `${header}.${body}.${Buffer.alloc(71).toString('base64url')}`, 'signature'],
    ['more than a megabyte', () => 'x'.repeat(MAX_TRUST_LIST_OCTETS + 1), 'size'],
    ['a header that is a list', () => compactJws('[]', payload(), key), 'header'],
    ['a header member twice', () => compactJws(HEADER.replace('{', '{"alg":"ES256",'), payload(), key), 'header: duplicate-member'],
    ['an envelope that failed', () => JSON.stringify({ status: 'failure', caList: plan() }), 'envelope'],
    ['an envelope without the list', () => JSON.stringify({ status: 'success' }), 'envelope'],
    ['an envelope with two lists', () => `{"status":"success","caList":"${plan()}","caList":"${plan()}"}`, 'envelope: duplicate-member'],
    ['an envelope that was cut off', () => JSON.stringify({ status: 'success', caList: plan() }).slice(0, -2), 'envelope: malformed'],
    ['alg none', () => plan({ header: { alg: 'none' } }), 'alg'],
    ['alg ES384', () => plan({ header: { alg: 'ES384' } }), 'alg'],
    ['alg HS256', () => plan({ header: { alg: 'HS256' } }), 'alg'],
    ['no alg', () => compactJws(JSON.stringify({ x5c: [text(signer.der)] }), payload(), key), 'alg'],
    ['crit', () => plan({ header: { crit: ['exp'], exp: 1 } }), 'header: crit'],
    ['b64', () => plan({ header: { b64: true } }), 'header: b64'],
    ['a key of its own', () => plan({ header: { jwk: { kty: 'EC' } } }), 'header: jwk'],
    ['a URL of keys', () => plan({ header: { jku: X5U } }), 'header: jku'],
    ['an x5c that is no list', () => plan({ header: { x5c: text(signer.der) } }), 'x5c'],
    ['an empty x5c', () => plan({ x5c: [] }), 'x5c'],
    ['an x5c in base64url', () => plan({ header: { x5c: [signer.der.toString('base64url')] } }), 'x5c'],
    ['an x5c of seven', () => plan({ x5c: Array.from({ length: 7 }, () => signer.der) }), 'x5c'],
    ['an x5u over http', () => plan({ header: { x5u: X5U.replace('https', 'http') } }), 'x5u'],
    ['an x5u with a query', () => plan({ header: { x5u: `${X5U}?a` } }), 'x5u'],
    ['an x5u of a host that is not named', () => plan({ header: { x5u: 'https://sti-pa.example/a.pem' } }), 'x5u host'],
    ['an x5u of a host below one that is named', () => plan({ header: { x5u: `https://a.${HOST}/a.pem` } }), 'x5u host'],
  ])('is refused with %s', async (_name, make, fault) => {
    expect(await faultOf(make())).toBe(fault);
  });
});

describe('the signer of a trust list', () => {
  const stranger = listRoot({ subject: 'Test STI-PA Root' });

  test.each<[string, () => string, Surroundings, string]>([
    ['nobody', () => plan({ x5c: null }), {}, 'signer: credential-missing'],
    ['an x5u whose path was not got', () => plan({ x5c: null, header: { x5u: X5U } }), {}, 'signer: credential-missing'],
    ['a path under a root that is not pinned', () => plan({ signer: listSigner(stranger) }), {}, 'signer: untrusted-chain'],
    [
      'a root that came with the list',
      () => plan({ signer: listSigner(stranger), x5c: [listSigner(stranger).der, stranger.der] }),
      {},
      'signer: untrusted-chain',
    ],
    ['no pinned root at all', () => plan(), { roots: [] }, 'signer: untrusted-chain'],
    ['a root of the list itself', () => plan({ signer: one, x5c: [one.der] }), {}, 'signer: untrusted-chain'],
    ['a CA below the root', () => plan({ signer: below, x5c: [below.der] }), {}, 'signer: leaf-is-ca'],
    [
      'one that has expired',
      () => plan({ signer: listSigner(root, { shape: { notAfter: new Date(AT - 1000) } }) }),
      {},
      'signer: cert-expired',
    ],
    [
      'one without digitalSignature',
      () => plan({ signer: listSigner(root, { extensions: { keyUsage: keyUsage([6]) } }) }),
      {},
      'signer: bad-key-usage',
    ],
    ['one without keyUsage', () => plan({ signer: listSigner(root, { extensions: { keyUsage: null } }) }), {}, 'signer: bad-key-usage'],
    ['one for TLS servers', () => plan({ signer: tlsServer() }), {}, 'signer: bad-eku'],
    ['one whose certificate is forged', () => plan({ signer: forged() }), {}, 'signer: bad-cert-signature'],
    ['one with an RSA key', () => plan({ x5c: [rsaIssued.der] }), {}, 'signer: unsupported-key'],
    ['one that a CRL lists', () => plan(), { crls: crlsListing(parseCertificate(signer.der).serial) }, 'signer: cert-revoked'],
    ['another in x5c than was handed in', () => plan(), { chain: [listSigner(root).der] }, 'signer: credential-mismatch'],
    ['the key of another certificate', () => compactJws(HEADER, payload(), root.key.privateKey), {}, 'signature'],
  ])('is refused if it is %s', async (_name, make, around, fault) => {
    expect(await faultOf(make(), around)).toBe(fault);
  });

  test('is refused if it is a pinned root with a P-384 key: ES256 is P-256', async () => {
    const big = listRoot({ key: newEcKey('P-384'), shape: { algorithm: ECDSA_SHA384, digest: 'sha384' } });
    const around = { roots: [parseCertificate(big.der)] };
    expect(await faultOf(plan({ x5c: [big.der] }), around)).toBe('signer: unsupported-key');
    const under = listSigner(big, { shape: { algorithm: ECDSA_SHA384, digest: 'sha384' } });
    expect(await faultOf(plan({ signer: under }), around)).toBeNull();
  });
});

describe('the payload of a trust list', () => {
  test.each<[string, string, string]>([
    ['a list', '[]', 'payload'],
    ['not JSON', '{"version":', 'payload: malformed'],
    ['with a byte order mark', `\ufeff${payload()}`, 'payload: malformed'],
    ['with a member twice', payload().replace('{', '{"sequence":9,'), 'payload: duplicate-member'],
    ['without version', payload({ version: undefined }), 'payload'],
    ['with a version that is a number', payload({ version: 1 }), 'payload'],
    ['without sequence', payload({ sequence: undefined }), 'payload'],
    ['with a sequence that is a string', payload({ sequence: '7' }), 'payload'],
    ['with a sequence below zero', payload({ sequence: -1 }), 'payload'],
    ['with a sequence that is no integer', payload({ sequence: 7.5 }), 'payload'],
    ['without exp', payload({ exp: undefined }), 'payload'],
    ['with an exp that is a string', payload({ exp: String(EXP) }), 'payload'],
    ['without trustList', payload({ trustList: undefined }), 'trustList'],
    ['with a trustList that is no list', payload({ trustList: pemOf(one.der) }), 'trustList'],
    ['with more entries than any', payload({ trustList: Array.from({ length: 1001 }, () => '') }), 'trustList'],
    ['that has run out', payload({ exp: AT / 1000 }), 'exp'],
  ])('is refused %s', async (_name, body, fault) => {
    expect(await faultOf(compactJws(HEADER, body, key))).toBe(fault);
  });

  test('is refused with a sequence lower than the last, or with the last one over other content', async () => {
    expect(await faultOf(plan({ sequence: 6 }), { floor: { sequence: 7, digest: '00' } })).toBe(ROLLED_BACK);
    expect(await faultOf(plan({ sequence: 7 }), { floor: { sequence: 7, digest: '00' } })).toBe(SEQUENCE_REUSED);
    expect(await faultOf(plan({ sequence: 8 }), { floor: { sequence: 7, digest: '00' } })).toBeNull();
  });

  test('raises the alarm of a rollback only under a signature that holds', async () => {
    const floor = { sequence: 8, digest: '00' };
    const forgery = compactJws(HEADER, payload({ sequence: 1 }), one.key.privateKey);
    expect([await faultOf(forgery, { floor }), await faultOf(plan(), { floor })]).toEqual(['signature', ROLLED_BACK]);
  });
});

describe('an entry of a trust list', () => {
  const changed = (changes: Parameters<typeof shakenRoot>[1]): string => pemOf(shakenRoot('Changed', changes).der);

  test.each<[string, () => unknown, string]>([
    ['a number', () => 7, 'not one PEM certificate'],
    ['empty', () => '', 'not one PEM certificate'],
    ['base64 without PEM', () => text(one.der), 'not one PEM certificate'],
    ['two certificates', () => pemOf(one.der) + pemOf(two.der), 'not one PEM certificate'],
    ['a certificate after a remark', () => `subject\n${pemOf(one.der)}`, 'not one PEM certificate'],
    ['a key', () => pemOf(one.der, 'PUBLIC KEY'), 'not one PEM certificate'],
    ['another kind of block', () => pemOf(one.der, 'TRUSTED CERTIFICATE'), 'not one PEM certificate'],
    ['no certificate inside', () => pemOf(Buffer.from([0x30, 0])), 'malformed-cert'],
    ['a certificate with octets after it', () => pemOf(Buffer.concat([one.der, Buffer.from([0])])), 'malformed-cert'],
    ['larger than any certificate', () => pemOf(Buffer.alloc(8193)), 'size'],
    ['not self-signed', () => pemOf(issueCa({ issuer: one, subject: 'CA' }).der), 'bad-cert-signature'],
    [
      'self-issued under a signature that is not its own',
      () => changed({ shape: { signature: () => Buffer.from('3006020101020101', 'hex') } }),
      'bad-cert-signature',
    ],
    ['no CA', () => changed({ extensions: { basicConstraints: basicConstraints(false) } }), 'bad-key-usage'],
    ['a CA that may not sign certificates', () => changed({ extensions: { keyUsage: keyUsage([6]) } }), 'not-a-ca'],
    [
      'a CA whose basicConstraints is not critical',
      () => changed({ extensions: { basicConstraints: basicConstraints(true, null, false) } }),
      'not-a-ca',
    ],
    ['without a subject key identifier', () => changed({ extensions: { subjectKeyId: null } }), 'aki-mismatch'],
    [
      'under another authority key identifier',
      () => changed({ extensions: { authorityKeyId: authorityKeyId(keyIdOf(two.key)) } }),
      'aki-mismatch',
    ],
    [
      'with an unknown critical extension',
      () => changed({ extensions: { odd: extension('1.2.3.4', Buffer.from([5, 0]), true) } }),
      'unknown-critical-ext',
    ],
    [
      'with a TNAuthList',
      () => changed({ extensions: { numbers: extension('1.3.6.1.5.5.7.1.26', forgeEncode([{ spc: '709J' }])) } }),
      'profile-violation',
    ],
    ['the pinned root', () => pemOf(root.der), "a key of the list's own hierarchy"],
    ['another certificate over the key of the pinned root', () => changed({ key: root.key }), "a key of the list's own hierarchy"],
    ['a root over the key of the list’s signer', () => changed({ key: signer.key }), "a key of the list's own hierarchy"],
  ])('is refused if it is %s, and the list with it', async (_name, make, fault) => {
    expect(await faultOf(compactJws(HEADER, payload({ trustList: [pemOf(one.der), make()] }), key))).toBe(`entry 1: ${fault}`);
  });
});

describe('a root whose key no profile takes', () => {
  test('gives no anchor and is named; the others stand', async () => {
    const odd = [shakenRoot('RSA', { key: rsaKey, shape: { algorithm: RSA_SHA256 } }), shakenRoot('P521', { key: newEcKey('P-521') })];
    const list = await read(plan({ roots: [one.der, ...odd.map(({ der }) => der), two.der] }));
    expect(list.anchors.map((der) => Buffer.from(der))).toEqual([one.der, two.der]);
    expect(list.leftOut).toEqual(['entry 1: unsupported-key', 'entry 2: unsupported-key']);
    expect((await read(plan())).leftOut).toEqual([]);
  });
});

describe('hostile trust lists', () => {
  test('are refused and nothing else, whatever octet is changed', async () => {
    const list = Buffer.from(plan());
    await fc.assert(
      fc.asyncProperty(fc.nat(list.length - 1), fc.integer({ min: 1, max: 255 }), async (at, change) => {
        const octets = Buffer.from(list);
        octets[at] = (octets[at] ?? 0) ^ change;
        expect(await faultOf(octets.toString('latin1'))).not.toBeNull();
      }),
      { numRuns: 300 },
    );
  });

  test('cost little: the most entries, each of them the largest', async () => {
    const big = compactJws(HEADER, payload({ trustList: Array.from({ length: 50 }, () => pemOf(Buffer.alloc(8192, 0x30))) }), key);
    const before = process.cpuUsage();
    expect(await faultOf(big)).toBe('entry 0: malformed-cert');
    expect(process.cpuUsage(before).user).toBeLessThan(250_000);
  });
});

const REAL = join(process.env['SIGNPOST_VECTORS'] ?? join(process.cwd(), '../shared/vectors'), 'stir/sti-pa/STI-PA_ROOT.pem');
const realRoot = existsSync(REAL) ? readFileSync(REAL, 'utf8') : null;

if (realRoot === null) leftOut('the root of the STI-PA', 'no shared vectors');

describe('the root of the STI-PA as it is', () => {
  (realRoot === null ? test.skip : test)('can be pinned, and can never be an entry', async () => {
    const pinned = parseCertificate(Buffer.from((realRoot ?? '').replace(/-----[^-]+-----|\s/g, ''), 'base64'));
    const roots = [pinned, parseCertificate(root.der)];
    expect(await faultOf(plan(), { roots })).toBeNull();
    const listed = compactJws(HEADER, payload({ trustList: [realRoot] }), key);
    expect(await faultOf(listed, { roots })).toBe("entry 0: a key of the list's own hierarchy");
    // Not pinned it is an entry like any other: it is a sound root.
    expect(await faultOf(listed)).toBeNull();
  });
});
