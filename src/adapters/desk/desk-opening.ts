import {
  basicConstraints,
  bequestOf,
  createRequest,
  crlPath,
  issueCa,
  issueRoot,
  keyUsage,
  newKeyPair,
  numberEntries,
  subjectName,
  tnAuthList,
  type CaContent,
  type IssuingSources,
  type KeyPair,
  type NumberRange,
} from '../../issuance/index.js';
import { refuse } from '../../reasons/index.js';
import { checkEncompassing, checkLinks, parseCertificate, tnAuthListOf, type Certificate } from '../../x509/index.js';
import { Desk } from './desk.js';
import type { DeskFiles, DeskIdentity } from './desk-files.js';

const DAY = 86_400;
const ROOT_LIFETIME = 3650 * DAY;
const CA_LIFETIME = 1825 * DAY;

export interface Opening {
  readonly identity: DeskIdentity;
  /** Numbers that the desk's certificate names beside its SPC; then it delegates these only. */
  readonly numbers: readonly NumberRange[];
}

const contentOf = ({ identity, numbers }: Opening): CaContent => {
  if (identity.kind === 'ep') {
    return { subject: subjectName({ organization: identity.name, commonName: `EP CA ${identity.domain}` }), mailboxes: [identity.domain] };
  }
  const commonName = identity.spc === null ? `CA of ${identity.name}` : `NP CA ${identity.spc}`;
  const entries = [...(identity.spc === null ? [] : [{ spc: identity.spc }]), ...numberEntries(numbers)];
  return { subject: subjectName({ organization: identity.name, commonName }), numbers: entries };
};

const checkFree = (files: DeskFiles): void => {
  if (files.exists) throw new Error('there is a desk in this directory already');
};

const withRoot = (files: DeskFiles, opening: Opening, key: KeyPair, { now, random }: IssuingSources): void => {
  const notBefore = Math.floor(now() / 1000);
  const subject = subjectName({ organization: opening.identity.name, commonName: 'Development Root' });
  const root = issueRoot(newKeyPair(), { subject }, { random, notBefore, notAfter: notBefore + ROOT_LIFETIME });
  const { baseUrl } = opening.identity;
  const crl = baseUrl === undefined ? {} : { crl: { url: `${baseUrl}/${crlPath('root')}` } };
  const ca = issueCa(root, key, { ...contentOf(opening), ...crl }, { random, notBefore, notAfter: notBefore + CA_LIFETIME });
  files.writeRoot(root);
  files.writePath(ca.path);
};

/**
 * Makes a desk under a development root of its own, with CRLs. The identity is written last: without it there is no desk, and what an interrupted run left is
 * written over. What is still to do then, the desk does with its first piece of work.
 * @throws Error when there is a desk
 */
export const openWithRoot = async (files: DeskFiles, opening: Opening, sources: IssuingSources): Promise<void> => {
  checkFree(files);
  const key = newKeyPair();
  files.writeKey('ca', key);
  withRoot(files, opening, key, sources);
  files.writeIdentity(opening.identity);
  await new Desk(files, sources).settle();
};

/** Makes a desk that waits for a certificate: `ca.csr.pem` goes to the CA above. @throws Error when there is a desk */
export const openWithRequest = (files: DeskFiles, opening: Opening): void => {
  checkFree(files);
  const key = newKeyPair();
  const { subject, numbers } = contentOf(opening);
  const extensions = [basicConstraints(true), keyUsage('keyCertSign', 'cRLSign'), ...(numbers === undefined ? [] : [tnAuthList(numbers)])];
  files.writeKey('ca', key);
  files.writeRequest(createRequest(key, subject, extensions));
  files.writeIdentity(opening.identity);
};

/** What no verifier would take must not become a desk: links, signatures, limits and lists, up to the anchor, which is the verifier's to know. */
const checkAbove = (path: readonly Certificate[]): void => {
  checkLinks(path);
  path.forEach((certificate, position) => {
    const issuer = path[position + 1];
    if (issuer !== undefined && !certificate.signatureHolds(issuer)) refuse('bad-cert-signature', undefined, position);
  });
  bequestOf(path.filter((one) => !one.isSelfIssued));
  checkEncompassing(path);
};

const checkOwn = (path: readonly Certificate[], key: Pick<KeyPair, 'spki'>): Certificate => {
  const [certificate] = path;
  if (certificate === undefined) return refuse('malformed-chain', 'empty');
  if (certificate.basicConstraints?.ca !== true) return refuse('not-a-ca', 'the certificate of the desk');
  checkAbove(path);
  if (Buffer.compare(certificate.publicKey.spki, key.spki) !== 0) return refuse('unsupported-key', 'not the key of the desk');
  return certificate;
};

const spcsOf = (certificate: Certificate): string[] =>
  (tnAuthListOf(certificate) ?? []).flatMap((entry) => ('spc' in entry ? [entry.spc] : []));

/** The anchor is the verifier's to know: a root in the file is not part of the path. */
const writePath = (files: DeskFiles, path: readonly Certificate[]): void =>
  files.writePath(path.filter((one) => !one.isSelfIssued).map(({ der }) => der));

/**
 * Puts the answer of the CA above in its place and publishes the first CRL. `path`: the desk's certificate first.
 * @throws Refusal `malformed-chain`, `malformed-cert`, `not-a-ca`, `aki-mismatch`, `bad-cert-signature`, `path-length`, `profile-violation`, `unsupported-key`, `not-encompassed` when it does not name the desk's SPC
 */
export const installPath = async (files: DeskFiles, path: readonly Buffer[], sources: IssuingSources): Promise<void> => {
  const certificates = path.map(parseCertificate);
  const own = checkOwn(certificates, files.key('ca'));
  const identity = files.identity();
  if (identity.kind === 'np' && identity.spc !== null && !spcsOf(own).includes(identity.spc)) return refuse('not-encompassed', 'SPC');
  writePath(files, certificates);
  await new Desk(files, sources).settle();
};

/** A CA that another desk delegated. */
export interface DelegatedCa {
  /** Legal name of its holder. */
  readonly name: string;
  /** Its certificate first. */
  readonly path: readonly Buffer[];
  readonly key: KeyPair;
  /** Where the desk will publish. */
  readonly baseUrl?: string;
}

/**
 * Makes a desk of a CA that another desk delegated: its numbers are those of the certificate.
 * @throws Refusal `malformed-chain`, `malformed-cert`, `not-a-ca`, `aki-mismatch`, `bad-cert-signature`, `path-length`, `profile-violation`, `unsupported-key`, `tnauthlist-missing`
 */
export const openDelegated = async (
  files: DeskFiles,
  { name, path, key, baseUrl }: DelegatedCa,
  sources: IssuingSources,
): Promise<void> => {
  checkFree(files);
  const certificates = path.map(parseCertificate);
  const own = checkOwn(certificates, key);
  if (tnAuthListOf(own) === null) return refuse('tnauthlist-missing', 'the certificate of the desk');
  files.writeKey('ca', key);
  writePath(files, certificates);
  files.writeIdentity({ kind: 'np', spc: spcsOf(own)[0] ?? null, name, ...(baseUrl === undefined ? {} : { baseUrl }) });
  await new Desk(files, sources).settle();
};
