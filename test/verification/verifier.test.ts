import { execFileSync, spawnSync } from 'node:child_process';
import { createPrivateKey } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { encodeSequence, encodeTlv, readChildren, readWhole } from '../../src/encoding/index.js';
import { OID, crlDistributionPoint, permittedMailboxes, subjectAltName } from '../../src/issuance/index.js';
import { signPassport } from '../../src/passport/index.js';
import { Verifier, type Material } from '../../src/verification/index.js';
import { DAY, NOW, fitting, lineOf } from '../support/misfits/index.js';
import { added, authority, certify, keyFor, nameOf } from '../support/misfits/link.js';
import { changed, listOf, withLists } from '../support/misfits/scene.js';
import {
  CLAIMS,
  MAILBOX,
  POLICY,
  caseOf,
  claimsOf,
  judge,
  materialOf,
  outcomeOf,
  withSignature,
  type CaseOptions,
} from '../support/passport-bench.js';
import { leftOut } from '../support/left-out.js';

const SCENES: ReadonlyArray<readonly [string, CaseOptions, readonly string[]]> = [
  ['a delegate', { scene: fitting.delegate() }, ['register', 'withdraw']],
  ['a delegate of an enterprise', { scene: fitting.enterprise() }, ['register', 'withdraw']],
  ['an NP', { scene: fitting.provider() }, ['register', 'withdraw', 'prefer', 'release', 'port']],
  ['an NP under shaken', { scene: fitting.shaken() }, ['register', 'withdraw', 'prefer', 'release', 'port']],
  ['an EP', { scene: fitting.mailProvider(), claims: MAILBOX }, ['register', 'withdraw', 'prefer', 'release']],
  ['a mailbox', { scene: fitting.mailbox(), claims: MAILBOX }, ['register', 'withdraw']],
  ['the numbering authority', { scene: fitting.numberingAuthority() }, ['port']],
];

describe('a verdict', () => {
  test.each(SCENES)('accepts what %s may sign, and nothing else', (_, options, actions) => {
    const accepted = Object.keys(CLAIMS).filter((action) => judge(caseOf({ ...options, action })).accepted);
    expect(accepted).toEqual(actions);
  });

  test('carries what the sequencer needs, and the evidence of every step', () => {
    const verdict = judge(caseOf());
    if (!verdict.accepted) throw new Error(verdict.reason);
    const { verified, steps } = verdict;
    expect(verified.signer).toMatchObject({
      kind: 'delegate',
      profile: 'delegate',
      spc: fitting.SPC,
      domain: null,
      assignedAfter: NOW - 10 * DAY,
    });
    expect(verified.signer.personal).toEqual([true, true, false]);
    expect(verified.judgedUnder.providerOfRecord).toBe(fitting.SPC);
    expect([verified.passportDigest.length, verified.signingDigest.length, verified.signer.spkiDigest.length]).toEqual([32, 32, 32]);
    expect(steps).toHaveLength(13);
    expect(steps.find(({ step }) => step === 'check-authority')?.evidence).toMatchObject({ coveredBy: ['12025550100+100', fitting.SPC] });
    expect(steps.find(({ step }) => step === 'check-revocation')?.evidence).toMatchObject({ mode: 'required' });
  });

  test('is the same whether the path was judged before or not', () => {
    const { input, material } = caseOf();
    const verifier = new Verifier(material);
    const [first, second] = [verifier.verify(input), verifier.verify(input)];
    expect(second.steps).toEqual(first.steps);
    expect(new Verifier(material, verifier.caches).verify(input).steps).toEqual(first.steps);
  });

  test('is the same for a PASSporT that was parsed before, whose parse serves no other text', () => {
    const scene = fitting.delegate();
    const chain = lineOf('by reference', scene).path;
    const { input, material } = caseOf({ scene, x5u: 'https://cert.sti.example/a.pem', input: { chain } });
    const verifier = new Verifier(material);
    const lacking = verifier.verify({ ...input, chain: null });
    if (lacking.accepted) throw new Error('accepted without its path');
    expect(lacking).toMatchObject({ needs: { kind: 'chain' }, parsed: { text: input.passport } });
    const again = { ...input, parsed: lacking.parsed };
    expect(verifier.verify(again)).toEqual(verifier.verify(input));
    expect(verifier.verify(again).accepted).toBe(true);
    const forged = withSignature((it) => it.fill(1, 40))(String(input.passport));
    expect(verifier.verify({ ...again, passport: forged })).toMatchObject({ reason: 'bad-signature' });
    expect(verifier.verify({ ...again, at: input.at + DAY * 1000 })).toMatchObject({ reason: 'expired-token' });
  });

  test('dates the assignment of an NP by iat, and of a delegate by the earliest certificate below the NP', () => {
    const enterprise = changed(fitting.enterprise(), 2, (link) => ({ ...link, notBefore: NOW - 50 * DAY }));
    const assigned = [fitting.provider(), enterprise].map((scene) => {
      const verdict = judge(caseOf({ scene }));
      return verdict.accepted && verdict.verified.signer.assignedAfter;
    });
    expect(assigned).toEqual([NOW, NOW - 50 * DAY]);
  });

  test('names no signer in a refusal before the path has held', () => {
    expect(judge(caseOf({ material: { anchors: [] } }))).toMatchObject({
      known: { signer: null, action: 'register', sii: 'tel:+12025550150' },
    });
    expect(judge(caseOf({ passport: () => 'nothing' }))).toMatchObject({ known: { signer: null, action: null, passportDigest: null } });
    expect(judge(caseOf({ claims: { orig: { tn: '12025550099' } } }))).toMatchObject({ known: { signer: { spc: fitting.SPC } } });
  });

  test('lets the provider of record withdraw any mapping, whoever presents it', () => {
    const client = { domain: 'np1.example' };
    expect(judge(caseOf({ scene: fitting.provider(), action: 'withdraw', input: { client } })).accepted).toBe(true);
    expect(outcomeOf(judge(caseOf({ scene: fitting.provider(), input: { client } })))).toBe('check-presenter ap-mismatch');
  });

  test('lets the receiving NP sign a port before numbering data know it', () => {
    const to = { from: '505X', to: fitting.SPC, orig: { tn: '13035550001' } };
    const rows = [{ spc: '505X', start: '13035550000', count: 1000, validFrom: null }];
    expect(judge(caseOf({ scene: fitting.provider(), action: 'port', claims: to, rows })).accepted).toBe(true);
  });

  test('lets the new provider register ahead of a port, and says under which it did', () => {
    const pending = { to: fitting.SPC, effective: NOW + 60 };
    const claims = { orig: { tn: '13035550001' } };
    const sii = 'tel:+13035550001';
    const rows = [{ spc: '505X', start: '13035550000', count: 1000, validFrom: null }];
    const scene = fitting.provider();
    expect(outcomeOf(judge(caseOf({ scene, claims, rows })))).toBe('check-authority spc-unknown');
    const verdict = judge(caseOf({ scene, claims, rows, input: { ported: { sii, record: null, pending } } }));
    if (!verdict.accepted) throw new Error(verdict.reason);
    expect(verdict.verified.judgedUnder).toMatchObject({ providerOfRecord: '505X', underPort: pending });
    expect(verdict.steps.find(({ step }) => step === 'check-authority')?.evidence).toMatchObject({ port: pending });
    const settled = judge(
      caseOf({ scene, claims, rows, input: { ported: { sii, record: { spc: fitting.SPC, since: NOW }, pending: null } } }),
    );
    if (!settled.accepted) throw new Error(settled.reason);
    expect(settled.verified.judgedUnder).toMatchObject({ providerOfRecord: fitting.SPC, underPort: null });
  });

  test('gives a ported number to whom it was ported, and a longer lifetime to whom policy gives it', () => {
    const ported = { sii: 'tel:+13035550001', record: { spc: fitting.SPC, since: NOW }, pending: null };
    expect(judge(caseOf({ scene: fitting.provider(), claims: { orig: { tn: '13035550001' } }, input: { ported } })).accepted).toBe(true);
    const policy = { passport: { lifetimeSeconds: 600, providers: { [fitting.PROVIDER]: 86_400 } } };
    expect(judge(caseOf({ claims: { exp: NOW + 86_400 }, policy })).accepted).toBe(true);
  });
});

describe('any change', () => {
  test('of one bit of an accepted PASSporT is refused', () => {
    const { input, material } = caseOf();
    const verifier = new Verifier(material);
    const text = String(input.passport);
    expect(verifier.verify(input).accepted).toBe(true);
    for (let at = 0; at < text.length; at += 1) {
      for (const bit of at > text.lastIndexOf('.') ? [0, 1, 2, 3, 4, 5, 6] : [(at * 5) % 7]) {
        const passport = text.slice(0, at) + String.fromCharCode(text.charCodeAt(at) ^ (1 << bit)) + text.slice(at + 1);
        if (verifier.verify({ ...input, passport }).accepted) throw new Error(`accepted with bit ${bit} of octet ${at} flipped`);
      }
    }
  });

  test('to the other of two valid signatures is accepted and has the same signing digest', () => {
    const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
    const { input, material } = caseOf();
    const flip = withSignature((it) => {
      const s = order - BigInt(`0x${it.subarray(32).toString('hex')}`);
      return Buffer.concat([it.subarray(0, 32), Buffer.from(s.toString(16).padStart(64, '0'), 'hex')]);
    });
    const verifier = new Verifier(material);
    const [one, other] = [verifier.verify(input), verifier.verify({ ...input, passport: flip(String(input.passport)) })];
    if (!one.accepted || !other.accepted) throw new Error('refused');
    expect(other.verified.signingDigest).toEqual(one.verified.signingDigest);
    expect(other.verified.passportDigest).not.toEqual(one.verified.passportDigest);
  });
});

describe('a path that was judged before', () => {
  const at = (seconds: number): CaseOptions => ({ claims: { iat: seconds, exp: seconds + 60 }, input: { at: seconds * 1000 } });

  test('is judged anew once a certificate or CRL has run out, and for each iat', () => {
    const scene = withLists(fitting.delegate(), { nextUpdate: NOW + 100 }, {});
    const { material } = caseOf({ scene });
    const verifier = new Verifier(material);
    const line = lineOf('kept', scene);
    const outcomes = [NOW, NOW + 99, NOW + 100, NOW - 11 * DAY].map((second) =>
      outcomeOf(verifier.verify(caseOf({ line, ...at(second) }).input)),
    );
    expect(outcomes).toEqual(['accepted', 'accepted', 'check-revocation status-unavailable', 'verify-path cert-not-yet-valid']);
    const early = caseOf({ line, claims: { iat: NOW - 11 * DAY, exp: NOW - 11 * DAY + 60 } });
    expect(outcomeOf(verifier.verify({ ...early.input, at: (NOW - 11 * DAY + 1) * 1000 }))).toBe('verify-path cert-not-yet-valid');
  });

  test('is judged anew once the signer of a CRL has run out', () => {
    const signer = { ...authority('CRL Signer'), key: keyFor('CRL signer'), notAfter: NOW + 100 };
    const [root] = fitting.delegate().links;
    if (root === undefined) throw new Error('no root');
    const point = crlDistributionPoint({ url: 'http://crl.example/indirect.crl', crlIssuer: nameOf(signer) });
    const scene = changed(fitting.delegate(), -1, (link) => added(link, point));
    const indirect = listOf(signer, { indirect: true, url: 'http://crl.example/indirect.crl' });
    const line = { ...lineOf('signer', scene), crls: [listOf(root), indirect], crlSigners: [certify(signer, root)] };
    const verifier = new Verifier(caseOf({ line }).material);
    const outcomes = [NOW, NOW, NOW + 100, NOW + 100, NOW + 101].map((second) =>
      outcomeOf(verifier.verify(caseOf({ line, ...at(second) }).input)),
    );
    expect(outcomes).toEqual([...Array.from({ length: 4 }, () => 'accepted'), 'check-revocation status-unavailable']);
  });

  test('is tried under the next profile when its anchor may not speak for the number', () => {
    const line = lineOf('twice', fitting.delegate());
    const anchors = materialOf(line).anchors;
    const [anchor] = anchors;
    if (anchor === undefined) throw new Error('no anchor');
    const both: Material = {
      ...materialOf(line),
      anchors: [
        { ...anchor, speaksFor: ['49'] },
        { ...anchor, profile: 'shaken' },
      ],
    };
    expect(outcomeOf(new Verifier(both).verify(caseOf({ line }).input))).toBe('verify-path anchor-out-of-scope');
    const shaken = lineOf('shaken', fitting.shaken());
    const [root] = materialOf(shaken).anchors;
    if (root === undefined) throw new Error('no anchor');
    const mixed: Material = { ...materialOf(shaken), anchors: [{ ...root, profile: 'delegate' }, root] };
    const verdict = new Verifier(mixed).verify(caseOf({ line: shaken }).input);
    expect(verdict.accepted && verdict.verified.signer.profile).toBe('shaken');
  });

  test("is refused for what its own profile says, whatever another profile's anchor is called", () => {
    const namesake = changed(fitting.delegate(), 0, (link) => ({ ...link, key: keyFor('namesake') }));
    const [stranger] = materialOf(lineOf('namesake', namesake)).anchors;
    if (stranger === undefined) throw new Error('no anchor');
    const outcomeFor = (profile: 'delegate' | 'shaken', line: ReturnType<typeof lineOf>) => {
      const { input, material } = caseOf({ line });
      const own = material.anchors.map((anchor) => ({ ...anchor, profile }));
      const other = { ...stranger, profile: profile === 'delegate' ? ('shaken' as const) : ('delegate' as const) };
      return outcomeOf(new Verifier({ ...material, anchors: [other, ...own] }).verify(input));
    };
    const expired = lineOf(
      'expired',
      changed(fitting.delegate(), -1, (link) => ({ ...link, notAfter: NOW - 1 })),
    );
    expect(outcomeFor('delegate', lineOf('fitting', fitting.delegate()))).toBe('accepted');
    expect(outcomeFor('delegate', expired)).toBe('verify-path cert-expired');
    expect(outcomeFor('shaken', expired)).toBe('verify-path cert-expired');
    expect(outcomeFor('shaken', lineOf('shape', fitting.delegate()))).toBe('check-profile profile-violation');
  });
});

describe('a scope', () => {
  test('goes to the anchor with the longest calling code', () => {
    const [one, other] = [lineOf('one', fitting.delegate()), lineOf('other', fitting.shaken())];
    const [long] = materialOf(other, { speaksFor: ['1202'] }).anchors;
    const [short] = materialOf(one, { speaksFor: ['1'] }).anchors;
    if (long === undefined || short === undefined) throw new Error('no anchor');
    const { input } = caseOf({ line: one });
    const under = (profile: 'delegate' | 'shaken') =>
      new Verifier({ ...materialOf(one), anchors: [short, { ...long, profile }] }).verify(input);
    expect(outcomeOf(under('delegate'))).toBe('verify-path anchor-out-of-scope');
    expect(outcomeOf(under('shaken'))).toBe('accepted');
  });
});

describe('a mailbox that its CA must not name', () => {
  const subtrees = (tag: number, name: string): Buffer => {
    const [permitted] = readChildren(permittedMailboxes([name]).value, readWhole(permittedMailboxes([name]).value, 0x30));
    if (permitted === undefined) throw new Error('no subtree');
    return encodeTlv(tag, permittedMailboxes([name]).value.subarray(permitted.content, permitted.end));
  };
  /** A certificate for one mailbox, whose CA may name all of the domain but one. */
  const judged = (mailbox: string, excluded: string): string => {
    const value = encodeSequence(subtrees(0xa0, fitting.MAIL_DOMAIN), subtrees(0xa1, excluded));
    const named = changed(fitting.mailbox(), -1, (link) => ({
      ...link,
      extensions: link.extensions.map((it) => (it.oid === OID.subjectAltName ? subjectAltName([{ mailbox }]) : it)),
    }));
    const scene = changed(named, 1, (link) => ({
      ...link,
      extensions: link.extensions.map((it) => (it.oid === OID.nameConstraints ? { ...it, value } : it)),
    }));
    return outcomeOf(judge(caseOf({ scene, claims: MAILBOX })));
  };

  test('is refused in every case, and another one is accepted', () => {
    expect(judged('alice@mail.example', 'bob@mail.example')).toBe('accepted');
    expect(judged('ALICE@mail.example', 'bob@mail.example')).toBe('accepted');
    expect(judged('alice@mail.example', 'alice@mail.example')).toBe('verify-path name-constraints');
    expect(judged('ALICE@mail.example', 'alice@mail.example')).toBe('check-profile email-out-of-scope');
    expect(judged('alice@mail.example', 'Alice@MAIL.example')).toBe('check-profile email-out-of-scope');
  });
});

describe('an anchor that is named twice', () => {
  const line = lineOf('twice', fitting.delegate());
  const [anchor] = materialOf(line).anchors;
  const under = (...scopes: readonly (readonly string[])[]) => {
    if (anchor === undefined) throw new Error('no anchor');
    const anchors = scopes.map((speaksFor) => ({ ...anchor, speaksFor }));
    return outcomeOf(new Verifier({ ...materialOf(line), anchors }).verify(caseOf({ line }).input));
  };

  test('speaks for both scopes, in whatever order, and for no other', () => {
    expect([under(['49'], ['1']), under(['1'], ['49'])]).toEqual(['accepted', 'accepted']);
    expect([under(['49'], ['44']), under([], ['49'])]).toEqual(['verify-path anchor-out-of-scope', 'verify-path anchor-out-of-scope']);
  });
});

describe('a verifier', () => {
  test('inspects without time or trust: claims, digests, and the signature under the key in x5c', () => {
    const { input, material } = caseOf({ claims: { exp: NOW + 1 }, material: { anchors: [] } });
    const verifier = new Verifier(material);
    const inspected = verifier.inspect(input.passport);
    expect(inspected?.claims).toMatchObject({ action: 'register', sii: 'tel:+12025550150' });
    expect(inspected?.spkiDigest).toHaveLength(32);
    expect(inspected?.signatureHolds()).toBe(true);
    expect(verifier.inspect(withSignature((it) => it.fill(1, 40))(String(input.passport)))?.signatureHolds()).toBe(false);
    expect(verifier.inspect('nothing')).toBeNull();
    expect(verifier.inspect(caseOf({ x5u: 'https://sti.example/a.pem' }).input.passport)).toMatchObject({ spkiDigest: null });
  });

  test('has versions that follow what it judges under, and says what it lacks', () => {
    const { material } = caseOf();
    const { versions } = new Verifier(material);
    expect(new Verifier({ ...material, crls: material.crls.toReversed() }).versions).toEqual(versions);
    const other = new Verifier({ ...material, crls: [], anchors: [], policy: { ...POLICY, audience: 'b' } });
    expect(other.versions.numbering).toBe(versions.numbering);
    for (const kind of ['trust', 'revocation', 'policy'] as const) expect(other.versions[kind]).not.toBe(versions[kind]);
    expect([new Verifier(material).gaps, other.gaps]).toEqual([[], ['trust.yaml names no anchor']]);
  });

  test('knows the provider of record by numbering data', () => {
    const verifier = new Verifier(caseOf().material);
    expect(
      ['tel:+12025550100', 'tel:+12025551000', 'mailto:a@mail.example'].map((sii) => verifier.providerOfRecord(sii, NOW * 1000, null)),
    ).toEqual([fitting.SPC, null, 'mail.example']);
    const after = (since: number) => verifier.providerOfRecord('tel:+12025550100', NOW * 1000, { spc: '505X', since });
    expect([after(NOW), after(NOW + 1)]).toEqual(['505X', fitting.SPC]);
  });
});

const hasOpenssl = spawnSync('openssl', ['version']).status === 0;
const withOpenssl = hasOpenssl ? test : test.skip;
if (!hasOpenssl) leftOut('a credential that openssl made', 'there is no openssl on this machine');

describe('a credential that openssl made', () => {
  withOpenssl('is accepted', () => {
    const folder = mkdtempSync(join(tmpdir(), 'signpost-openssl-'));
    const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
    const key = (name: string) => openssl('genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256', '-out', `${name}.key`);
    const der = (name: string) => openssl('x509', '-in', `${name}.pem`, '-outform', 'DER');
    const ca =
      'basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n';
    const ee =
      'basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\nsubjectAltName=DNS:mail.example\n';
    const issue = (name: string, issuer: string, extensions: string) => {
      key(name);
      writeFileSync(join(folder, `${name}.ext`), extensions);
      openssl('req', '-new', '-key', `${name}.key`, '-subj', `/C=US/O=Foreign/CN=${name}`, '-out', `${name}.csr`);
      openssl(
        'x509',
        '-req',
        '-in',
        `${name}.csr`,
        '-CA',
        `${issuer}.pem`,
        '-CAkey',
        `${issuer}.key`,
        '-CAcreateserial',
        '-days',
        '30',
        '-extfile',
        `${name}.ext`,
        '-out',
        `${name}.pem`,
      );
    };
    try {
      key('root');
      writeFileSync(join(folder, 'root.cnf'), `[req]\ndistinguished_name=dn\nx509_extensions=ca\n[dn]\n[ca]\n${ca}`);
      openssl(
        'req',
        '-x509',
        '-new',
        '-key',
        'root.key',
        '-subj',
        '/C=US/O=Foreign/CN=root',
        '-days',
        '60',
        '-config',
        'root.cnf',
        '-out',
        'root.pem',
      );
      issue('ca', 'root', ca);
      issue('ee', 'ca', ee);
      const notBefore = Date.parse(openssl('x509', '-in', 'ee.pem', '-noout', '-startdate').toString().split('=')[1] ?? '') / 1000;
      const claims = claimsOf('register', { ...MAILBOX, iat: notBefore + 1, exp: notBefore + 600 });
      const passport = signPassport({ claims, key: createPrivateKey(readFileSync(join(folder, 'ee.key'))), x5c: [der('ee'), der('ca')] });
      const off = { ...POLICY, revocation: { ...POLICY.revocation, email: 'off' as const } };
      const material = { ...materialOf(lineOf('openssl', fitting.mailProvider())), policy: off };
      const verifier = new Verifier({
        ...material,
        anchors: [{ profile: 'email', certificate: der('root'), speaksFor: ['mail.example'] }],
      });
      expect(outcomeOf(verifier.verify({ passport, client: { domain: fitting.PROVIDER }, at: (notBefore + 2) * 1000 }))).toBe('accepted');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
