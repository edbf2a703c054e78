import { decodePem, type PemBlock } from '../../encoding/index.js';
import { Refusal } from '../../reasons/index.js';
import { parseCrl, type Certificate, type Crl } from '../../x509/index.js';
import { inspectCertificate, type InspectOptions } from './certificate.js';
import { brokenAt, inspectChain, place, type Broken } from './chain.js';
import { inspectCrl, inspectList, inspectListed } from './crl.js';
import { inspectDer } from './der.js';
import { Findings, malformed, refusalOf, type Inspection } from './finding.js';
import { inspectRequest } from './request.js';

/** More than the trust list of a country holds, and than an operating system's. */
const MAX_BLOCKS = 200;
/** Of those that are certificates, all together: 200 of 1.3 KB. */
const MAX_CHAIN_OCTETS = 256 * 1024;

/** CRLs of one file: each may cost three signatures and a name's comparison with every certificate. */
const MAX_CRLS = 16;

const CERTIFICATE = 'CERTIFICATE';
const CRL = 'X509 CRL';

const inspectBlock = ({ label, der }: PemBlock, options: InspectOptions): Inspection => {
  if (label === CERTIFICATE) return inspectCertificate(der, options);
  if (label === CRL) return inspectCrl(der, options);
  if (label === 'CERTIFICATE REQUEST' || label === 'NEW CERTIFICATE REQUEST') return inspectRequest(der);
  // Keys above all: what is not for this verb is not taken apart.
  return label.endsWith(' KEY') ? malformed(null, 'malformed-request', 'a key, which is not looked at') : inspectDer(der, options);
};

const readCrls = (blocks: readonly PemBlock[]): { readonly crls: readonly Crl[]; readonly broken: Broken | null } => {
  const crls: Crl[] = [];
  for (const [i, { der }] of blocks.entries()) {
    const refusal = refusalOf(() => crls.push(parseCrl(der)));
    if (refusal !== null) return { crls, broken: brokenAt(`CRL ${i}`, refusal) };
  }
  return { crls, broken: null };
};

/** Certificates, taken for a path, and CRLs, which they may have signed. */
const inspectBlocks = (blocks: readonly PemBlock[], options: InspectOptions): Inspection => {
  const ders = blocks.filter(({ label }) => label === CERTIFICATE).map(({ der }) => der);
  if (ders.reduce((octets, der) => octets + der.length, 0) > MAX_CHAIN_OCTETS)
    return malformed('chain', 'malformed-chain', 'more than 256 KiB of certificates');
  if (blocks.length - ders.length > MAX_CRLS) return malformed('chain', 'malformed-chain', `more than ${MAX_CRLS} CRLs`);
  const findings = Findings.empty();
  const chain = inspectChain(ders, options, findings);
  const { crls, broken } = readCrls(blocks.filter(({ label }) => label === CRL));
  const problem = chain.broken ?? broken;
  const reason = problem?.reason ?? null;
  const certificates: readonly Certificate[] = chain.subjects.map(({ certificate }) => certificate);
  const lists = crls.map((crl, i) => {
    const facts = inspectList(crl, options, certificates, findings.at(`CRL ${i}`));
    inspectListed(crl, certificates, `CRL ${i}`, (position) => findings.at(place(position)));
    return { ...facts };
  });
  return {
    ok: reason === null,
    kind: ders.length === 0 ? 'crl' : 'chain',
    reason,
    tnAuthList: chain.subjects[0]?.list ?? null,
    findings: reason === null ? findings.list : [],
    facts: { ...(problem === null ? {} : { problem: problem.problem }), ...chain.facts, ...(lists.length === 0 ? {} : { crls: lists }) },
  };
};

/** How many blocks a text claims to have, without reading any. */
const countBlocks = (text: string): number => {
  let count = 0;
  for (let at = text.indexOf('-----BEGIN '); at >= 0 && count <= MAX_BLOCKS; at = text.indexOf('-----BEGIN ', at + 11)) count += 1;
  return count;
};

/** One block, or several of certificates and CRLs. */
export const inspectPem = (text: string, options: InspectOptions): Inspection => {
  if (countBlocks(text) > MAX_BLOCKS) return malformed('chain', 'malformed-chain', `more than ${MAX_BLOCKS} PEM blocks`);
  let blocks: PemBlock[];
  try {
    blocks = decodePem(text);
  } catch (error) {
    if (error instanceof Refusal) return malformed(null, error.reason, error.detail);
    throw error;
  }
  const [only, ...more] = blocks;
  if (only === undefined) return malformed(null, 'malformed-chain');
  if (more.length === 0) return inspectBlock(only, options);
  return blocks.every(({ label }) => label === CERTIFICATE || label === CRL)
    ? inspectBlocks(blocks, options)
    : malformed(null, 'malformed-chain', 'PEM blocks that do not belong together');
};
