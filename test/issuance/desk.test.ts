import { spawnSync } from 'node:child_process';
import { X509Certificate, createPrivateKey, randomBytes } from 'node:crypto';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import * as pkijs from 'pkijs';
import { Desk, DeskFiles, DeskLock, nodeDisk } from '../../src/adapters/desk/index.js';
import { run as runEp } from '../../src/cli/ep.js';
import { run as runNp } from '../../src/cli/np.js';
import { decodePem, encodePem } from '../../src/encoding/index.js';
import {
  basicConstraints,
  createRequest,
  issueCa,
  issueRevocationList,
  issueRoot,
  newKeyPair,
  subjectName,
  verifyRequest,
} from '../../src/issuance/index.js';
import { parsePassport } from '../../src/passport/index.js';
import { verifyPath } from '../../src/verification/path-lines.js';
import { reasonOfPromise } from '../support/reasons.js';

const base = mkdtempSync(join(tmpdir(), 'desk-'));
afterAll(() => rmSync(base, { recursive: true, force: true }));
const at = (name: string): string => join(base, name);
const ders = (...names: string[]): Buffer[] => names.flatMap((name) => decodePem(readFileSync(at(name), 'utf8')).map(({ der }) => der));

const MAIN = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));

interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** The command as people run it: another process. */
const signpost = (line: string): Ran => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...line.split(' ')], { encoding: 'utf8' });
  return { code: status, out: stdout, err: stderr };
};
const np = (line: string): Promise<number> => runNp(line.split(' '));
const ep = (line: string): Promise<number> => runEp(line.split(' '));
let printed = '';
beforeAll(() => {
  jest.spyOn(process.stdout, 'write').mockImplementation((text) => {
    printed = String(text);
    return true;
  });
  jest.spyOn(process.stderr, 'write').mockReturnValue(true);
});
/** What a command that succeeds prints last. */
const output = async (verb: (line: string) => Promise<number>, line: string): Promise<string> => {
  expect(await verb(line)).toBe(0);
  return printed.trim();
};

const judged = (profile: 'delegate' | 'email', chain: string, anchor: string, ...crls: string[]) =>
  verifyPath({
    id: chain,
    anchors: ders(anchor),
    path: ders(chain),
    crls: ders(...crls),
    at: new Date().toISOString(),
    profile,
    revocation: 'required',
  });
/** The reason that the CRL of the CA has for a certificate; with another reader than ours. */
const listed = (file: string): string | undefined => {
  const { serialNumber } = new X509Certificate(readFileSync(at(file)));
  const [crl = Buffer.alloc(0)] = ders('np/crls/ca.pem');
  const entries = (pkijs.CertificateRevocationList.fromBER(new Uint8Array(crl)).revokedCertificates ?? []).filter(
    ({ userCertificate }) =>
      BigInt(`0x${Buffer.from(userCertificate.valueBlock.valueHexView).toString('hex')}`) === BigInt(`0x${serialNumber}`),
  );
  expect(entries).toHaveLength(1);
  const code = entries[0]?.crlEntryExtensions?.extensions.find(({ extnID }) => extnID === '2.5.29.21');
  return code === undefined ? 'unspecified' : REASON_BY_CODE.get(Buffer.from(code.extnValue.valueBlock.valueHexView).at(2));
};
/** RFC 5280 section 5.3.1 */
const REASON_BY_CODE = new Map<number | undefined, string>([
  [1, 'keyCompromise'],
  [4, 'superseded'],
  [5, 'cessationOfOperation'],
  [6, 'certificateHold'],
]);
const NP_LISTS = ['np/crls/ca.pem', 'np/crls/root.pem'];

/** One desk for the whole story, made by the commands themselves. */
const init = signpost(`np init --dir ${at('np')} --spc 709J --name Northern --dev-root --range 12025550000+1000 --json`);

describe('an NP’s desk', () => {
  test('is made with a development root, keys that only the owner reads, and CRLs', async () => {
    expect(init).toMatchObject({ code: 0, err: '' });
    expect(JSON.parse(init.out)).toEqual({ desk: at('np'), root: at('np/root.pem') });
    for (const key of ['root', 'ca']) expect(statSync(at(`np/${key}.key.pem`)).mode & 0o077).toBe(0);
    expect(await np(`init --dir ${at('np')} --spc 709J --name Northern --dev-root`)).toBe(2);
  });

  test('issues its own credential, which is accepted with every CRL required', () => {
    const issued = signpost(`np issue --dir ${at('np')} --json`);
    expect(issued.code).toBe(0);
    expect(JSON.parse(issued.out)).toMatchObject({ chain: at('np/own.pem'), key: at('np/own.key.pem') });
    expect(judged('delegate', 'np/own.pem', 'np/root.pem', ...NP_LISTS)).toMatchObject({ accepted: true });
  });

  test('delegates numbers to an AP, with the key beside the path', async () => {
    expect(await np(`delegate --dir ${at('np')} --to a.example --numbers 12025550100 --range 12025550200+100 --out ${at('a.pem')}`)).toBe(
      0,
    );
    expect(judged('delegate', 'a.pem', 'np/root.pem', ...NP_LISTS)).toMatchObject({ accepted: true });
    const certificate = new X509Certificate(ders('a.pem')[0] ?? Buffer.alloc(0));
    expect(certificate.checkPrivateKey(createPrivateKey(readFileSync(at('a.key.pem'))))).toBe(true);
    expect(Date.parse(certificate.validTo) - Date.parse(certificate.validFrom)).toBe(24 * 3600 * 1000);
    expect(Date.parse(certificate.validFrom)).toBeGreaterThan(Date.now() - 60_000);
  });

  test('delegates nothing that it does not hold', () => {
    const refused = signpost(`np delegate --dir ${at('np')} --to a.example --numbers 12025551000 --out ${at('b.pem')} --json`);
    expect(refused.code).toBe(1);
    expect(JSON.parse(refused.out)).toMatchObject({ reason: 'not-encompassed' });
    expect(() => statSync(at('b.pem'))).toThrow();
  });

  test('certifies the key of a request as no CA although it asks, and not the same key for another AP', async () => {
    const request = createRequest(newKeyPair(), subjectName({ commonName: 'ap' }), [basicConstraints(true)]);
    writeFileSync(at('ap.csr'), encodePem('CERTIFICATE REQUEST', request));
    const given = `--numbers 12025550101 --csr ${at('ap.csr')} --out ${at('c.pem')}`;
    expect(await np(`delegate --dir ${at('np')} --to a.example ${given}`)).toBe(0);
    expect(new X509Certificate(ders('c.pem')[0] ?? Buffer.alloc(0)).publicKey.export({ type: 'spki', format: 'der' })).toEqual(
      verifyRequest(request).spki,
    );
    expect(new X509Certificate(ders('c.pem')[0] ?? Buffer.alloc(0)).ca).toBe(false);
    expect(await np(`delegate --dir ${at('np')} --to a.example ${given}`)).toBe(0);
    expect(await np(`delegate --dir ${at('np')} --to b.example ${given}`)).toBe(1);
    const desk = new Desk(new DeskFiles(at('np')), { now: () => Date.now(), random: randomBytes });
    const grant = { to: 'b.example', lifetime: 60, subject: { spki: verifyRequest(request).spki } };
    expect(await reasonOfPromise(() => desk.delegate(grant, [{ start: '12025550101', count: 1 }]))).toBe('key-reuse');
  });

  test('is one process’s at a time, but for signing', async () => {
    const waits = { limit: 60, wait: () => Promise.resolve() };
    const desk = new Desk(new DeskFiles(at('np')), { now: () => Date.now(), random: randomBytes }, { patience: waits });
    const lock = new DeskLock(at('np/lock'), nodeDisk, waits);
    await lock.hold(async () => {
      expect(await reasonOfPromise(() => desk.publish())).toBe('overloaded');
      expect(await np(`sign release --dir ${at('np')} --audience dp.example --tn 12025550100`)).toBe(0);
    });
    expect(await reasonOfPromise(() => desk.publish())).toBeNull();
  });

  test('delegates a CA to an enterprise, whose desk delegates its numbers and no others', async () => {
    expect(await np(`delegate --dir ${at('np')} --to ent.example --range 12025550300+10 --ca --lifetime 30d --out ${at('ent.pem')}`)).toBe(
      0,
    );
    expect(await np(`init --dir ${at('ent')} --name Enterprise --certificate ${at('ent.pem')} --key ${at('ent.key.pem')}`)).toBe(0);
    expect(await np(`delegate --dir ${at('ent')} --to biz.example --numbers 12025550305 --out ${at('biz.pem')}`)).toBe(0);
    expect(judged('delegate', 'biz.pem', 'np/root.pem', ...NP_LISTS, 'ent/crls/ca.pem')).toMatchObject({ accepted: true });
    expect(judged('delegate', 'biz.pem', 'np/root.pem', ...NP_LISTS, 'ent.crl.pem')).toMatchObject({ accepted: true });
    expect(await np(`delegate --dir ${at('ent')} --to biz.example --numbers 12025550310 --out ${at('biz2.pem')}`)).toBe(1);
    expect(await np(`issue --dir ${at('ent')}`)).toBe(1);
  });

  test('signs releases and ports with its own credential', async () => {
    const release = signpost(`np sign release --dir ${at('np')} --audience dp.example --tn +12025550100`);
    expect(release.code).toBe(0);
    expect(parsePassport(release.out.trim()).claims).toMatchObject({
      action: 'release',
      aud: 'dp.example',
      sii: 'tel:+12025550100',
      ssi: null,
    });
    const effective = '2026-12-01T00:00:00Z';
    const port = await output(
      np,
      `sign port --dir ${at('np')} --audience dp.example --tn 12025550100 --from 709J --to 505X --effective ${effective} --json`,
    );
    const { passport } = JSON.parse(port) as { passport: string };
    expect(parsePassport(passport).claims).toMatchObject({
      action: 'port',
      from: '709J',
      to: '505X',
      effective: Date.parse(effective) / 1000,
    });
  });

  test('signs registers, with a credential that it is given too', async () => {
    const given = '--audience dp.example --tn 12025550100 --provider a.example --user alice --consent sim';
    const own = await output(np, `sign register --dir ${at('np')} ${given}`);
    expect(parsePassport(own).claims).toMatchObject({ ssi: 'mimi://a.example/u/alice', consent: 'sim', purpose: 'consumer' });
    const delegated = await output(np, `sign register ${given} --credential ${at('a.pem')} --credential-key ${at('a.key.pem')}`);
    expect(parsePassport(delegated).header).toMatchObject({ x5c: [expect.anything(), expect.anything()] });
  });

  test('refuses to sign what could never be accepted', async () => {
    const wrong = '--audience dp.example --tn 12025550100 --from 709J --to 709J --effective 2026-12-01T00:00:00Z';
    expect(await np(`sign port --dir ${at('np')} ${wrong}`)).toBe(1);
    expect(await np(`sign release --dir ${at('np')} --audience dp.example --tn 0123`)).toBe(1);
    expect(await np(`sign release --dir ${at('np')} --audience dp.example`)).toBe(2);
    expect(await np('sign release --audience dp.example --tn 12025550100')).toBe(2);
  });

  test('revokes what it issued, and nothing else', async () => {
    expect(await np(`revoke --dir ${at('np')} --certificate ${at('a.pem')} --reason keyCompromise --since 2026-11-24T00:00:00Z`)).toBe(0);
    expect(judged('delegate', 'a.pem', 'np/root.pem', ...NP_LISTS)).toMatchObject({ reason: 'cert-revoked', position: 0 });
    expect(await np(`revoke --dir ${at('np')} --serial 0badcafe`)).toBe(1);
    expect(await np(`revoke --dir ${at('np')} --certificate ${at('np/root.pem')}`)).toBe(1);
    expect(await np(`revoke --dir ${at('np')}`)).toBe(2);
  });

  test('says a compromise that came to light later, ends a hold, and takes no compromise back', async () => {
    const told = async (file: string, reason: string): Promise<unknown> => {
      const answer = JSON.parse(await output(np, `revoke --dir ${at('np')} --certificate ${at(file)} --reason ${reason} --json`));
      expect(answer).toMatchObject({ reason: listed(file) });
      return answer.reason;
    };
    for (const file of ['once.pem', 'held.pem'])
      expect(await np(`delegate --dir ${at('np')} --to a.example --range 12025550100+100 --out ${at(file)}`)).toBe(0);
    expect(await told('once.pem', 'superseded')).toBe('superseded');
    expect(await told('once.pem', 'unspecified')).toBe('superseded');
    expect(await told('once.pem', 'keyCompromise')).toBe('keyCompromise');
    expect(await told('once.pem', 'superseded')).toBe('keyCompromise');
    expect(await told('held.pem', 'certificateHold')).toBe('certificateHold');
    expect(await told('held.pem', 'cessationOfOperation')).toBe('cessationOfOperation');
    expect(judged('delegate', 'once.pem', 'np/root.pem', ...NP_LISTS)).toMatchObject({ reason: 'cert-revoked', position: 0 });
  });

  test('goes on after a ledger line that a crash cut short, and stops at a broken one', async () => {
    appendFileSync(at('np/ledger.jsonl'), '{"event":"iss');
    expect(await np(`crl --dir ${at('np')}`)).toBe(0);
    expect(judged('delegate', 'a.pem', 'np/root.pem', ...NP_LISTS)).toMatchObject({ reason: 'cert-revoked' });
    appendFileSync(at('np/ledger.jsonl'), '{"event":"strange"}\n');
    expect(await np(`crl --dir ${at('np')}`)).toBe(2);
  });
});

describe('a desk that waits for its certificate', () => {
  const sources = { random: randomBytes, notBefore: Math.floor(Date.now() / 1000), notAfter: Math.floor(Date.now() / 1000) + 9999 };
  const root = issueRoot(newKeyPair(), { subject: subjectName({ commonName: 'STI Root' }) }, sources);

  test('issues nothing, and then under the CA that answered its request', async () => {
    expect(await np(`init --dir ${at('sti')} --spc 709J --name Northern`)).toBe(0);
    expect(await np(`issue --dir ${at('sti')} --lifetime 1h`)).toBe(1);
    const request = verifyRequest(ders('sti/ca.csr.pem')[0] ?? Buffer.alloc(0));
    const certify = (spc: string, file: string): void => {
      const key = { privateKey: createPrivateKey(readFileSync(at('sti/ca.key.pem'))), spki: request.spki };
      const ca = issueCa(root, key, { subject: request.subject, numbers: [{ spc }] }, sources);
      writeFileSync(at(file), [...ca.path, root.certificate].map((der) => encodePem('CERTIFICATE', der)).join(''));
    };
    certify('505X', 'wrong.pem');
    expect(await np(`install --dir ${at('sti')} --certificate ${at('wrong.pem')}`)).toBe(1);
    expect(await np(`install --dir ${at('sti')} --certificate ${at('a.pem')}`)).toBe(1);
    certify('709J', 'right.pem');
    expect(await np(`install --dir ${at('sti')} --certificate ${at('right.pem')}`)).toBe(0);
    expect(await np(`issue --dir ${at('sti')} --lifetime 1h`)).toBe(0);
    const list = issueRevocationList(root, { number: 1, thisUpdate: sources.notBefore, nextUpdate: sources.notAfter, entries: [] });
    const line = {
      id: 'sti',
      anchors: [root.certificate],
      path: ders('sti/own.pem'),
      crls: [list, ...ders('sti/crls/ca.pem')],
      at: new Date().toISOString(),
    };
    expect(verifyPath({ ...line, profile: 'delegate', revocation: 'required' })).toMatchObject({ accepted: true });
  });

  test('issues nothing that would outlive it', async () => {
    expect(await np(`issue --dir ${at('sti')} --lifetime 30d`)).toBe(1);
  });
});

describe('keys under a passphrase', () => {
  test('are of no use without it', async () => {
    writeFileSync(at('secret'), 'correct horse\n');
    const under = `--passphrase-file ${at('secret')}`;
    expect(await np(`init --dir ${at('closed')} --spc 505X --name Southern --dev-root ${under}`)).toBe(0);
    expect(readFileSync(at('closed/ca.key.pem'), 'utf8')).toContain('ENCRYPTED PRIVATE KEY');
    writeFileSync(at('another'), 'wrong horse\n');
    // Whether the desk may issue was not decided.
    expect(await np(`issue --dir ${at('closed')}`)).toBe(2);
    expect(await np(`issue --dir ${at('closed')} --passphrase-file ${at('another')}`)).toBe(2);
    writeFileSync(at('none.pem'), 'no key\n');
    expect(
      await np(`sign release --audience dp.example --tn 12025550100 --credential ${at('sti/ca.pem')} --credential-key ${at('none.pem')}`),
    ).toBe(1);
    expect(await np(`issue --dir ${at('closed')} ${under}`)).toBe(0);
  });
});

describe('an EP’s desk', () => {
  const LISTS = ['ep/crls/ca.pem', 'ep/crls/root.pem'];

  test('issues its own credential and mailboxes of its domain, bound to an AP', async () => {
    expect(await ep(`init --dir ${at('ep')} --domain mail.example --dev-root`)).toBe(0);
    expect(await ep(`issue --dir ${at('ep')}`)).toBe(0);
    expect(judged('email', 'ep/own.pem', 'ep/root.pem', ...LISTS)).toMatchObject({ accepted: true });
    expect(await ep(`issue --dir ${at('ep')} --mailbox alice@mail.example --to a.example --out ${at('alice.pem')}`)).toBe(0);
    expect(judged('email', 'alice.pem', 'ep/root.pem', ...LISTS)).toMatchObject({ accepted: true });
    expect(await ep(`delegate --dir ${at('ep')} --mailbox bob@mail.example --to a.example --out ${at('bob.pem')}`)).toBe(0);
    expect(judged('email', 'bob.pem', 'ep/root.pem', ...LISTS)).toMatchObject({ accepted: true });
  });

  test('stores a domain of U-labels as A-labels, tells both, and folds what it is asked for', async () => {
    const words = await output(ep, `init --dir ${at('idn')} --domain MÜNCHEN.example --dev-root`);
    expect(words).toContain('münchen.example (xn--mnchen-3ya.example)');
    expect(await output(ep, `issue --dir ${at('idn')} --json`)).toContain('own.pem');
    expect(new X509Certificate(readFileSync(at('idn/own.pem'))).subjectAltName).toBe('DNS:xn--mnchen-3ya.example');
    expect(await ep(`issue --dir ${at('idn')} --mailbox Alice@münchen.example --to A.example --out ${at('idn-alice.pem')}`)).toBe(0);
    expect(new X509Certificate(readFileSync(at('idn-alice.pem'))).subjectAltName).toBe('email:alice@xn--mnchen-3ya.example');
    for (const chain of ['idn/own.pem', 'idn-alice.pem']) {
      expect(judged('email', chain, 'idn/root.pem', 'idn/crls/ca.pem', 'idn/crls/root.pem')).toMatchObject({ accepted: true });
    }
    const said = '--audience dp.example --mail Alice@MÜNCHEN.example --provider A.example --user alice';
    expect(parsePassport(await output(ep, `sign register --dir ${at('idn')} ${said}`)).claims).toMatchObject({
      sii: 'mailto:alice@xn--mnchen-3ya.example',
      ssi: 'mimi://a.example/u/alice',
      provider: 'a.example',
    });
    expect(await ep(`init --dir ${at('mixed')} --domain mаil.example --dev-root`)).toBe(1);
    expect(await ep(`issue --dir ${at('idn')} --mailbox älice@münchen.example --to a.example --out ${at('no.pem')}`)).toBe(1);
  });

  test('issues no mailbox of another domain', async () => {
    expect(await ep(`issue --dir ${at('ep')} --mailbox alice@other.example --to a.example --out ${at('no.pem')}`)).toBe(1);
    expect(await ep(`issue --dir ${at('ep')} --mailbox alice@mail.example`)).toBe(2);
  });

  test('signs a release of a mailbox', async () => {
    const release = await output(ep, `sign release --dir ${at('ep')} --audience dp.example --mail alice@mail.example`);
    expect(parsePassport(release).claims).toMatchObject({ action: 'release', sii: 'mailto:alice@mail.example' });
  });
});

describe('the commands', () => {
  test('explain themselves with exit code 0, and answer what cannot be run with 2', async () => {
    expect(signpost('np delegate --help')).toMatchObject({ code: 0, err: '', out: expect.stringContaining('--numbers') });
    // A default as it would be written, not as it is reckoned.
    for (const [command, byDefault] of [
      ['np delegate', '24h'],
      ['np issue', '90d'],
      ['np sign register', '10m'],
      ['ep delegate', '24h'],
    ] as const)
      expect(signpost(`${command} --help`).out).toContain(`(default: ${byDefault})`);
    expect(signpost(`np issue --dir ${at('nowhere')} --json`)).toMatchObject({ code: 2, err: '', out: expect.stringContaining('error') });
    expect(await ep('--help')).toBe(0);
    expect(await np('bogus')).toBe(2);
    expect(await np(`delegate --dir ${at('np')} --to a.example --out ${at('x')} --lifetime long`)).toBe(2);
  });
});
