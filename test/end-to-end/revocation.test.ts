import { execFile } from 'node:child_process';
import { createPublicKey } from 'node:crypto';
import { appendFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { MAIN } from '../../src/cli/demo-gateway.js';
import { ApiRefusal } from '../../src/client/index.js';
import type { Authority, IssuedCredential } from '../../src/issuance/index.js';
import { parseLeaf } from '../../src/log/index.js';
import { parseCertificate } from '../../src/x509/index.js';
import { authorityKeyId, issueCa, issueEndEntity, keyUsage, type Issued } from '../support/raw-certificate.js';
import { certificateIssuer, entry, issueCrl, scope, url } from '../support/raw-crl.js';
import { SPC, ServedGateway, registrationClaims, signed } from '../support/served-gateway.js';
import { pemOf } from '../support/trust-lists.js';

const signpost = (...args: string[]): Promise<{ readonly code: number; readonly out: string }> =>
  new Promise((resolve) => {
    execFile(process.execPath, [MAIN, ...args], (error, out) => {
      resolve({ code: error === null ? 0 : typeof error.code === 'number' ? error.code : -1, out });
    });
  });

const reload = async (served: ServedGateway): Promise<number> =>
  (await served.raw(served.tls('operator.example')).call({ method: 'POST', path: '/v1/admin/reload' })).status;

const foundFor = async (served: ServedGateway, tn: string): Promise<string[]> =>
  (await served.ap('b.example').lookup(`tel:+${tn}`)).mappings.map(({ ssi }) => ssi);

/** DESIGN section 2: 2 s from the reload to where nothing resolves any more. */
const within2s = async (holds: () => Promise<boolean>): Promise<boolean> => {
  for (const end = performance.now() + 2_000; performance.now() < end; await turn()) if (await holds()) return true;
  return false;
};

const endEntityOf = ({ path: [der = Buffer.alloc(0)] }: IssuedCredential): Buffer => der;

describe('a CRL that lists a credential', () => {
  const served = new ServedGateway();
  const { hierarchy } = served.pki;
  const issuer = hierarchy.authority(`np-${SPC}`);
  const delegate = (tn: string): IssuedCredential =>
    hierarchy.delegate({ spc: SPC, provider: 'a.example', numbers: [{ start: tn, count: 1 }] });
  const register = async (tn: string): Promise<IssuedCredential> => {
    const credential = delegate(tn);
    await served.ap('a.example').register(signed(credential, registrationClaims(tn, 'mimi://a.example/u/alice')));
    return credential;
  };
  const isSettled = async (): Promise<boolean> => {
    const { body } = await served.raw(served.tls('operator.example')).call({ method: 'GET', path: '/metrics' });
    return body.toString().includes('\nsignpost_invalidation_pending 0\n');
  };
  const leaves = async (): Promise<string[]> => {
    const auditor = served.auditor();
    const kinds: string[] = [];
    for (let index = 0; ; index += 1) {
      try {
        kinds.push(parseLeaf((await auditor.entry(index)).leaf).k);
      } catch (error) {
        if (error instanceof ApiRefusal && error.reason === 'not-found') return kinds;
        throw error;
      }
    }
  };

  beforeAll(() => served.start());
  afterAll(() => served.remove());

  it('takes away what it registered once an operator has it read, and that of another serial number takes nothing', async () => {
    const [stolen, kept] = ['12025551001', '12025551002'];
    const credential = await register(stolen);
    await register(kept);
    // The twin first: somebody else's serial number.
    hierarchy.revoke(endEntityOf(delegate('12025551003')), issuer, 'keyCompromise');
    served.pki.publishRevocations();
    expect(await reload(served)).toBe(200);
    expect(await within2s(isSettled)).toBe(true);
    expect([await foundFor(served, stolen), await foundFor(served, kept)]).toEqual([
      ['mimi://a.example/u/alice'],
      ['mimi://a.example/u/alice'],
    ]);
    expect(await leaves()).toEqual(['accept', 'accept']);

    hierarchy.revoke(endEntityOf(credential), issuer, 'keyCompromise');
    served.pki.publishRevocations();
    // Nothing falls before it is read.
    expect(await foundFor(served, stolen)).toEqual(['mimi://a.example/u/alice']);
    expect(await reload(served)).toBe(200);
    expect(await within2s(async () => (await foundFor(served, stolen)).length === 0)).toBe(true);
    expect(await foundFor(served, kept)).toEqual(['mimi://a.example/u/alice']);
    expect(await leaves()).toEqual(['accept', 'accept', 'revoke']);
    expect(parseLeaf((await served.auditor().entry(2)).leaf)).toMatchObject({
      why: 'cert-revoked',
      fell: { eff: 'removed', n: 1, rsn: 'keyCompromise' },
    });

    expect(await served.running.stop()).toBe(0);
    const fsck = await signpost('audit', 'fsck', served.data, '--json');
    expect([fsck.code, JSON.parse(fsck.out)]).toMatchObject([0, { holds: true, size: 3, problem: null }]);
  });
});

describe("an STI-PA's indirect CRL", () => {
  const served = new ServedGateway();
  const { hierarchy } = served.pki;
  const place = (name: string): string => join(served.directory, 'pki', name);
  const issuedOf = ({ certificate, key, name }: Authority): Issued => ({
    der: certificate,
    key: { privateKey: key.privateKey, publicKey: createPublicKey(key.privateKey) },
    name,
  });
  const shakenCa = issuedOf(hierarchy.authority('shaken-ca-1'));
  const stiPa = issueCa({ issuer: null, subject: 'STI-PA root', shape: { notAfter: new Date(Date.now() + 86_400_000 * 365) } });
  const lister = issueEndEntity({
    issuer: stiPa,
    subject: 'STI-PA CRL',
    extensions: {
      keyUsage: keyUsage([6]),
      authorityKeyId: authorityKeyId(parseCertificate(stiPa.der).subjectKeyIdentifier ?? Buffer.alloc(0)),
    },
    shape: { notAfter: new Date(Date.now() + 86_400_000 * 365) },
  });
  const [good, revoked, another] = [0, 1, 2].map(() => hierarchy.shakenCredential(SPC));
  if (good === undefined || revoked === undefined || another === undefined) throw new Error('no credentials');
  const serialOf = (credential: IssuedCredential): Uint8Array => parseCertificate(endEntityOf(credential)).serial;
  const listing = (number: bigint, entries: readonly Buffer[]): void => {
    const extensions = [scope({ name: url('http://crl.dp.example/shaken-ca-1.crl'), indirect: true })];
    const times = { thisUpdate: Date.now() - 60_000 + Number(number) * 1000, nextUpdate: Date.now() + 86_400_000 };
    writeFileSync(place('crls/sti-pa.pem'), pemOf(issueCrl(lister, entries, { number, extensions, ...times }), 'X509 CRL'));
  };
  let next = 12_025_552_000;
  const outcomeOf = async (credential: IssuedCredential): Promise<unknown> => {
    const tn = String((next += 1));
    try {
      await served.ap('a.example').register(signed(credential, registrationClaims(tn, 'mimi://a.example/u/alice')));
      return await foundFor(served, tn);
    } catch (error) {
      if (error instanceof ApiRefusal) return error.reason;
      throw error;
    }
  };

  beforeAll(async () => {
    // The CA publishes nothing itself: whether its certificates are good is the STI-PA's to say.
    rmSync(place('crls/shaken-ca-1.pem'));
    mkdirSync(place('sti-pa'));
    writeFileSync(place('sti-pa/root.pem'), pemOf(stiPa.der));
    writeFileSync(place('sti-pa/lister.pem'), pemOf(lister.der));
    const trust = place('policies/trust.yaml');
    const text = readFileSync(trust, 'utf8').replace(/^crl(Anchors|Signers):.*\n/gm, '');
    writeFileSync(trust, text);
    appendFileSync(trust, 'crlAnchors: [{ file: sti-pa/root.pem }]\ncrlSigners: [sti-pa/lister.pem]\n');
    // The issuer of an entry holds for those that follow: the second is of the CA, the third of somebody else.
    const elsewhere = issueCa({ issuer: null, subject: 'another CA' });
    listing(1n, [entry(serialOf(revoked), certificateIssuer(shakenCa.name)), entry(serialOf(another), certificateIssuer(elsewhere.name))]);
    await served.start();
  });
  afterAll(() => served.remove());

  it('refuses what it lists, and accepts what it does not list, or lists of another CA', async () => {
    expect([await outcomeOf(revoked), await outcomeOf(good), await outcomeOf(another)]).toEqual([
      'cert-revoked',
      ['mimi://a.example/u/alice'],
      ['mimi://a.example/u/alice'],
    ]);
  });

  it('has what was registered fall once it lists that too, and without it nothing is decided', async () => {
    const tn = String((next += 1));
    await served.ap('a.example').register(signed(another, registrationClaims(tn, 'mimi://a.example/u/alice')));
    listing(2n, [entry(serialOf(good), certificateIssuer(shakenCa.name)), entry(serialOf(another))]);
    expect(await reload(served)).toBe(200);
    expect(await within2s(async () => (await foundFor(served, tn)).length === 0)).toBe(true);
    expect([await outcomeOf(another), await outcomeOf(hierarchy.shakenCredential(SPC))]).toEqual([
      'cert-revoked',
      ['mimi://a.example/u/alice'],
    ]);
    rmSync(place('crls/sti-pa.pem'));
    expect(await reload(served)).toBe(200);
    const undecided: unknown = await served
      .raw(served.tls('a.example'))
      .call({
        method: 'POST',
        path: '/v1/passports',
        type: 'application/passport',
        body: signed(good, registrationClaims(String((next += 1)), 'mimi://a.example/u/alice')),
      })
      .then(({ status, body }) => [status, (JSON.parse(body.toString()) as { reason: string }).reason]);
    expect(undecided).toEqual([503, 'status-unavailable']);
  });
});
