import { X509Certificate } from 'node:crypto';
import { checkCanonicalDer } from '../../../src/encoding/index.js';
import { createRequest, subjectAltName, subjectName, verifyRequest } from '../../../src/issuance/index.js';
import {
  CrlSet,
  MAX_ENTRIES_INLINE,
  RFC5280_RULES,
  STIR_RULES,
  encodeClaimConstraints,
  encodeTnAuthList,
  numbersOf,
  parseCertificate,
  parseClaimConstraints,
  parseCrl,
  parseOcspResponse,
  parseTnAuthList,
  readRevocation,
} from '../../../src/x509/index.js';
import { forgeDecode } from '../../support/forge-tn-auth-list.js';
import { mutateDer } from '../../support/mutation/der.js';
import { namedKey } from '../../support/mutation/keys.js';
import { signRepeatably } from '../../support/mutation/repeatable-signature.js';
import { signedAnew, signedPartOf } from '../../support/mutation/signed.js';
import * as ocsp from '../../support/raw-ocsp.js';
import { AT } from '../../support/raw-certificate.js';
import { Wrong, judged, must, type Target } from '../target.js';
import { CA, CERTIFICATES, CONSTRAINTS, CRLS, LEAF, LEAF_CRLS, ROOT_CA, ROOT_CRL, TN_LISTS, parsedCa, parsedRoot } from './material.js';

const nodeReads = (der: Buffer): X509Certificate | null => {
  try {
    return new X509Certificate(der);
  } catch {
    return null;
  }
};

const CERTIFICATE: Target = {
  name: 'certificates',
  share: 30_000,
  seeds: () => CERTIFICATES.map(({ der }) => der),
  mutate: mutateDer,
  run: (input) =>
    judged(() => {
      const certificate = parseCertificate(input);
      checkCanonicalDer(input);
      const node = nodeReads(input);
      if (node === null) throw new Wrong('OpenSSL cannot read it');
      must(node.raw.equals(input), 'OpenSSL reads fewer octets');
      must(certificate.fingerprint.toString('hex') === node.fingerprint256.replaceAll(':', '').toLowerCase(), 'another fingerprint');
      const serial = Buffer.from(certificate.serial)
        .toString('hex')
        .replace(/^00(?=.)/, '');
      must(serial.toUpperCase() === node.serialNumber.padStart(serial.length, '0'), 'another serial number');
    }),
};

const CRL: Target = {
  name: 'CRLs',
  share: 45_000,
  seeds: () => CRLS.map(({ der }) => der),
  mutate: mutateDer,
  run: (input) =>
    judged(() => {
      const crl = parseCrl(input);
      checkCanonicalDer(input);
      crl.find(parsedCa.subject, LEAF_SERIAL);
      must(crl.digest.length === 64, 'a CRL without a digest');
    }),
};

const LEAF_SERIAL = parseCertificate(LEAF.der).serial;
const KNOWN_TBS = new Set(LEAF_CRLS.map(({ der }) => signedPartOf(der)?.toString('latin1')));
const path = [parseCertificate(LEAF.der), parsedCa, parsedRoot];

const statusUnder = (crl: Buffer, rules: typeof STIR_RULES): string => {
  const read = readRevocation({ path, crls: new CrlSet({ crls: [crl, ROOT_CRL.der] }), rules, at: AT, mode: 'required' });
  return 'reason' in read ? `${read.reason} ${String(read.position)}` : 'accepted';
};

const STATUS: Target = {
  name: 'status by CRLs',
  share: 4_000,
  seeds: () => LEAF_CRLS.map(({ der }) => der),
  mutate: mutateDer,
  run: (input) =>
    judged(() => {
      const [stir, rfc5280] = [statusUnder(input, STIR_RULES), statusUnder(input, RFC5280_RULES)];
      const isKnown = KNOWN_TBS.has(signedPartOf(input)?.toString('latin1'));
      const decides = [stir, rfc5280].some((outcome) => outcome === 'accepted' || outcome.startsWith('cert-revoked'));
      must(isKnown || !decides, 'a CRL that nobody signed decides');
      return rfc5280;
    }),
};

const INDIRECT = Buffer.from('http://crl.example/i.crl');
/** Vouched for by whose CRL it still looks like. */
const vouched = (der: Buffer): Buffer => signedAnew(der, (der.includes(INDIRECT) ? ROOT_CA : CA).key.privateKey);

const STATUS_ANEW: Target = {
  ...STATUS,
  name: 'status by CRLs signed anew',
  share: 3_000,
  mutate: (input, random, donor) => vouched(mutateDer(input, random, donor)),
  run: (input) => judged(() => `${statusUnder(input, STIR_RULES)} ${statusUnder(input, RFC5280_RULES)}`),
};

const id = ocsp.certId(LEAF, CA);
const RESPONSES: readonly Buffer[] = [
  ocsp.respond(CA, [ocsp.single(id, { extensions: [ocsp.tnQuery('12025550100')] })], { sign: signRepeatably }),
  ocsp.respond(CA, [ocsp.single(id), ocsp.single(ocsp.certId(CA, ROOT_CA), { status: ocsp.revokedAt(AT - 1000, 1) })], {
    extensions: [ocsp.nonceOf(Buffer.alloc(32, 7))],
    certificates: [CA],
    responder: ocsp.byShortHash(CA),
    sign: signRepeatably,
  }),
  ocsp.without(3),
];

const OCSP: Target = {
  name: 'OCSP responses',
  share: 25_000,
  seeds: () => RESPONSES,
  mutate: mutateDer,
  run: (input) =>
    judged(() => {
      const { answers, digest } = parseOcspResponse(input);
      checkCanonicalDer(input);
      must(digest.length === 64, 'a response without a digest');
      return `accepted ${String(answers.length)}`;
    }),
};

const OCSP_STATUS: Target = {
  name: 'status by OCSP',
  share: 5_000,
  seeds: () => RESPONSES.slice(0, 2),
  mutate: mutateDer,
  run: (input) =>
    judged(() => {
      const responses = [parseOcspResponse(input)];
      const crls = new CrlSet({ crls: [ROOT_CRL.der] });
      const read = readRevocation({ path, crls, rules: STIR_RULES, at: AT, mode: 'required', ocsp: { responses, tn: '12025550100' } });
      return 'reason' in read ? `${read.reason} ${String(read.position)}` : `accepted ${String(responses[0]?.answers.length)}`;
    }),
};

const requester = namedKey('requester');
const keyPair = { privateKey: requester.privateKey, spki: requester.publicKey.export({ type: 'spki', format: 'der' }) };
const name = subjectName({ country: 'US', organization: 'A', commonName: 'a' });
const REQUEST: Target = {
  name: 'certificate requests',
  share: 1_000,
  seeds: () =>
    [[], [subjectAltName([{ dns: 'a.example' }])]].map((wanted) => signedAnew(createRequest(keyPair, name, wanted), requester.privateKey)),
  mutate: (input, random, donor) => {
    const mutant = mutateDer(input, random, donor);
    return random.once(2) ? signedAnew(mutant, requester.privateKey) : mutant;
  },
  run: (input) =>
    judged(() => {
      const { spki, subject } = verifyRequest(input);
      must(signedPartOf(input)?.includes(spki) === true && input.includes(subject), 'a request for what it does not hold');
    }),
};

const TN_AUTH_LIST: Target = {
  name: 'TNAuthLists',
  share: 60_000,
  seeds: () => TN_LISTS,
  mutate: mutateDer,
  run: (input) =>
    judged(() => {
      const entries = parseTnAuthList(input);
      numbersOf(entries);
      must(entries.length <= MAX_ENTRIES_INLINE && encodeTnAuthList(entries).equals(input), 'two spellings of one list');
      must(JSON.stringify(forgeDecode(input)) === JSON.stringify(entries), 'another library reads another list');
    }),
};

const CONSTRAINT: Target = {
  name: 'claim constraints',
  share: 45_000,
  seeds: () => CONSTRAINTS,
  mutate: mutateDer,
  run: (input) => {
    const labels = (['jwt', 'enhanced'] as const).map((form) =>
      judged(() => {
        const read = parseClaimConstraints(input, form);
        must(encodeClaimConstraints(read).equals(input), 'two spellings of the same constraints');
      }),
    );
    return labels.includes('accepted') ? 'accepted' : labels.join(' ');
  },
};

export const X509: readonly Target[] = [CERTIFICATE, CRL, STATUS, STATUS_ANEW, OCSP, OCSP_STATUS, REQUEST, TN_AUTH_LIST, CONSTRAINT];
