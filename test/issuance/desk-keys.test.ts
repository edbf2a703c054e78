import { execFileSync } from 'node:child_process';
import { createPrivateKey, createPublicKey, randomBytes } from 'node:crypto';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Desk, DeskFiles, writeCertificates } from '../../src/adapters/desk/index.js';
import { decodePem, encodePem, readPkcs12 } from '../../src/encoding/index.js';
import {
  caTemplate,
  issueRevocationList,
  issueRoot,
  keySigner,
  newEncodedKeyPairs,
  newKeyPair,
  signCertificate,
  signStatementThrough,
  subjectName,
} from '../../src/issuance/index.js';
import { parsePassport, verifyEs256 } from '../../src/passport/index.js';
import type { Signer } from '../../src/ports/index.js';
import { verifyPath } from '../../src/verification/path-lines.js';
import { parseCertificate } from '../../src/x509/index.js';
import { deskCommands } from '../support/desk-commands.js';
import { opensslSigner } from '../support/openssl-signer.js';
import { reasonOfPromise } from '../support/reasons.js';

const base = mkdtempSync(join(tmpdir(), 'desk-keys-'));
afterAll(() => rmSync(base, { recursive: true, force: true }));
const at = (name: string): string => join(base, name);
const { np } = deskCommands(base);
const ders = (file: string): Buffer[] => decodePem(readFileSync(at(file), 'utf8')).map(({ der }) => der);
const sources = { now: () => Date.now(), random: (octets: number) => randomBytes(octets) };
const NUMBERS = [{ start: '12025550100', count: 1 }];
const request = () => ({ to: 'a.example', lifetime: 3600, subject: { own: newKeyPair() } });

beforeAll(async () => {
  expect(await np('init --dir @np --spc 709J --name Northern --dev-root --range 12025550000+1000')).toMatchObject({ code: 0 });
  expect(await np('issue --dir @np')).toMatchObject({ code: 0 });
});

describe('a desk whose CA key is elsewhere', () => {
  const notBefore = Math.floor(Date.now() / 1000);
  const terms = { random: sources.random, notBefore, notAfter: notBefore + 9_000 };
  const root = issueRoot(newKeyPair(), { subject: subjectName({ commonName: 'Root' }) }, terms);
  const emptyList = issueRevocationList(root, { number: 1, thisUpdate: notBefore, nextUpdate: notBefore + 9_000, entries: [] });
  const signer = opensslSigner(base);
  /** A desk of a CA certificate over the foreign key; no private key is in its folder. */
  const desk = (ca: Signer): Desk => new Desk(new DeskFiles(at('foreign')), sources, { signers: { ca } });
  beforeAll(() => {
    const content = {
      subject: subjectName({ commonName: 'NP CA 709J' }),
      numbers: [{ spc: '709J' }, { start: '12025550000', count: 1000 }],
    };
    const certificate = signCertificate(caTemplate(root, signer.spki, content, terms), root.key.privateKey);
    writeCertificates(at('foreign/ca.pem'), [certificate]);
    copyFileSync(at('np/desk.json'), at('foreign/desk.json'));
  });

  test('issues credentials and CRLs that verifiers accept', async () => {
    const foreign = desk(signer);
    const own = await foreign.issueOwn(3600);
    const path = await foreign.delegate(request(), NUMBERS);
    const { files } = await foreign.publish();
    const crls = files.flatMap((file) => decodePem(readFileSync(file, 'utf8')).map(({ der }) => der));
    for (const one of [path, own.path]) {
      const line = {
        id: 'x',
        anchors: [root.certificate],
        path: one,
        at: new Date().toISOString(),
        profile: 'delegate',
        crls: [...crls, emptyList],
      };
      expect(verifyPath({ ...line, revocation: 'required' })).toMatchObject({ accepted: true });
    }
    writeFileSync(at('crl.pem'), encodePem('X509 CRL', crls[0] ?? Buffer.alloc(0)));
    writeFileSync(at('ca.pem'), encodePem('CERTIFICATE', ders('foreign/ca.pem')[0] ?? Buffer.alloc(0)));
    execFileSync('openssl', ['crl', '-in', at('crl.pem'), '-CAfile', at('ca.pem'), '-noout'], { stdio: 'pipe' });
  });

  test('issues nothing when the signer fails, errs, or has another key', async () => {
    const issued = readFileSync(at('foreign/ledger.jsonl'), 'utf8');
    const failing: Signer = { ...signer, sign: () => Promise.reject(new Error('the module is gone')) };
    await expect(desk(failing).delegate(request(), NUMBERS)).rejects.toThrow('the module is gone');
    const erring: Signer = { ...signer, sign: async (message) => await signer.sign(Buffer.concat([message, Buffer.from([0])])) };
    expect(await reasonOfPromise(() => desk(erring).delegate(request(), NUMBERS))).toBe('bad-signature');
    const other = keySigner(newKeyPair());
    expect(await reasonOfPromise(() => desk(other).delegate(request(), NUMBERS))).toBe('unsupported-key');
    expect(readFileSync(at('foreign/ledger.jsonl'), 'utf8')).toBe(issued);
  });

  test('signs PASSporTs whose signature is that of the key elsewhere', async () => {
    const statement = { audience: 'dp.example', sii: 'tel:+12025550100', lifetime: 60, action: 'release' } as const;
    for (let i = 0; i < 20; i += 1) {
      const own = newKeyPair();
      const passport = await signStatementThrough(
        statement,
        { path: ders('np/own.pem'), signer: i === 0 ? signer : keySigner(own) },
        notBefore,
        sources.random,
      );
      expect(parsePassport(passport).claims).toMatchObject({ action: 'release', aud: 'dp.example' });
      const end = passport.lastIndexOf('.');
      const signature = Buffer.from(passport.slice(end + 1), 'base64url');
      expect(verifyEs256({ spki: i === 0 ? signer.spki : own.spki, message: Buffer.from(passport.slice(0, end)), signature })).toBe(true);
    }
    const p384 = keySigner(newKeyPair('P-384'));
    expect(
      await reasonOfPromise(() => signStatementThrough(statement, { path: ders('np/own.pem'), signer: p384 }, notBefore, sources.random)),
    ).toBe('unsupported-key');
  });
});

describe('keys that are made for many', () => {
  test('are what the runtime writes of them, each another, short secrets too', () => {
    const made = newEncodedKeyPairs(600);
    for (const { pem, spki } of made) {
      const key = createPrivateKey(pem);
      expect(createPublicKey(key).export({ type: 'spki', format: 'der' })).toEqual(spki);
      expect(key.export({ type: 'pkcs8', format: 'der' })).toEqual(decodePem(pem)[0]?.der);
    }
    expect(new Set(made.map(({ spki }) => spki.toString('hex'))).size).toBe(made.length);
    // RFC 5915 section 3: with zeros in front; of 600 secrets two or so have some.
    expect(new Set(made.map(({ pem }) => decodePem(pem)[0]?.der.length))).toEqual(new Set([138]));
  });
});

describe('a PKCS#12 bundle', () => {
  test('has the certificates of a desk and no key, for openssl and for our own reader', async () => {
    writeFileSync(at('word'), 'pä$$\n');
    expect((await np('export --dir @np --p12 @np.p12 --p12-passphrase-file @word')).json).toMatchObject({ certificates: 2 });
    const listed = execFileSync('openssl', ['pkcs12', '-in', at('np.p12'), '-passin', 'pass:pä$$', '-nokeys'], {
      encoding: 'utf8',
      stdio: 'pipe',
    });
    expect(decodePem(listed.replaceAll(/^(?:Bag|subject|issuer).*$\n?/gm, '')).map(({ der }) => der)).toEqual([
      ders('np/own.pem')[0],
      ders('np/ca.pem')[0],
    ]);
    const keys = execFileSync('openssl', ['pkcs12', '-in', at('np.p12'), '-passin', 'pass:pä$$', '-nocerts', '-nodes'], {
      encoding: 'utf8',
      stdio: 'pipe',
    });
    expect(keys).not.toContain('PRIVATE');
    expect(readPkcs12(readFileSync(at('np.p12')), 'pä$$')).toEqual({
      certificates: [ders('np/own.pem')[0], ders('np/ca.pem')[0]],
      keys: 0,
    });
    expect(await reasonOfPromise(async () => readPkcs12(readFileSync(at('np.p12')), 'wrong'))).toBe('malformed-chain');
  });

  test('answers a request in whatever order it is, but not with a key in it', async () => {
    await np('init --dir @sti --spc 709J --name Northern');
    const notBefore = Math.floor(Date.now() / 1000);
    const terms = { random: sources.random, notBefore, notAfter: notBefore + 9_000 };
    const root = issueRoot(newKeyPair(), { subject: subjectName({ commonName: 'STI Root' }) }, terms);
    const { spki } = new DeskFiles(at('sti')).key('ca');
    const certificate = signCertificate(
      caTemplate(root, spki, { subject: subjectName({ commonName: 'NP' }), numbers: [{ spc: '709J' }] }, terms),
      root.key.privateKey,
    );
    writeFileSync(at('answer.pem'), [root.certificate, certificate].map((der) => encodePem('CERTIFICATE', der)).join(''));
    const bundle = (...given: string[]) =>
      execFileSync('openssl', ['pkcs12', '-export', '-passout', 'pass:', '-in', at('answer.pem'), ...given], { stdio: 'pipe' });
    bundle('-inkey', at('sti/ca.key.pem'), '-out', at('key.p12'));
    expect(await np('install --dir @sti --p12 @key.p12')).toMatchObject({ code: 1, json: { reason: 'unsupported-key' } });
    bundle('-nokeys', '-out', at('answer.p12'));
    expect(await np('install --dir @np --p12 @answer.p12')).toMatchObject({ code: 1, json: { reason: 'malformed-chain' } });
    expect(await np('install --dir @sti --p12 @answer.p12')).toMatchObject({ code: 0 });
    expect(ders('sti/ca.pem')).toEqual([certificate]);
    expect(await np('install --dir @sti')).toMatchObject({ code: 2 });
    expect(await np('export --dir @sti --p12 @sti.p12')).toMatchObject({ code: 0, json: { certificates: 1 } });
    expect(parseCertificate(readPkcs12(readFileSync(at('sti.p12')), '').certificates[0] ?? Buffer.alloc(0)).publicKey.spki).toEqual(spki);
    expect(createPrivateKey(readFileSync(at('sti/ca.key.pem'))).type).toBe('private');
  });

  test('is not made before the desk has a certificate', async () => {
    await np('init --dir @waits --spc 709J --name Northern');
    expect(await np('export --dir @waits --p12 @waits.p12')).toMatchObject({ code: 1, json: { reason: 'credential-missing' } });
  });
});
