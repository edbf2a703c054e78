import { createPublicKey, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command, Option } from 'commander';
import {
  checkDevelopmentPki,
  Desk,
  installPath,
  linkIntoDevelopmentPki,
  readBundle,
  readCertificates,
  writeBundle,
  writeCertificates,
  writePrivateKey,
  writePublicFolder,
  type DeskFiles,
  type SubjectKey,
} from '../adapters/desk/index.js';
import { decodePem } from '../encoding/index.js';
import { foldDomain, parseSii } from '../identifiers/index.js';
import {
  newKeyPair,
  REVOCATION_REASONS,
  verifyRequest,
  type IssuingSources,
  type KeyPair,
  type NumberRange,
  type RevocationReason,
} from '../issuance/index.js';
import { parseCertificate } from '../x509/index.js';
import {
  collectNumbers,
  deskOptions,
  filesOf,
  NOTHING,
  lifetimeOption,
  parseInstant,
  passphraseIn,
  whyOption,
  type DeskOptions,
} from './np-options.js';
import { instant, type DeskReport } from './np-report.js';

/** The world outside: the system's clock and randomness. */
export const sources: IssuingSources = { now: () => Date.now(), random: (octets) => randomBytes(octets) };

/** The desk of the options; each piece of work locks it by itself. */
export const deskOf = (options: DeskOptions): Desk => new Desk(filesOf(options), sources);

/** The key of a request that the AP made, or a fresh one that is handed over with the certificate. */
export const subjectKey = (requestFile: string | undefined): SubjectKey => {
  if (requestFile === undefined) return { own: newKeyPair() };
  const [block] = decodePem(readFileSync(requestFile, 'utf8'));
  return { spki: verifyRequest(block?.der ?? Buffer.alloc(0)).spki };
};

/**
 * Writes what was issued, the key only if it was made here. `out` names the certificate's file; the key stands beside it, for its new owner to
 * read: the desk's passphrase is not theirs.
 */
export const handOver = (out: string, path: readonly Buffer[], subject: SubjectKey): DeskReport => {
  const [certificate] = path;
  if (certificate === undefined) throw new Error('nothing was issued');
  const key = 'own' in subject ? out.replace(/(\.pem)?$/, '.key.pem') : null;
  const { serial: octets, notAfter } = parseCertificate(certificate);
  const serial = Buffer.from(octets).toString('hex');
  try {
    if (key !== null && 'own' in subject) writePrivateKey(key, subject.own.privateKey);
    writeCertificates(out, path);
  } catch (error) {
    const why = error instanceof Error ? error.message : 'it could not be written';
    throw new Error(`${why}: ${serial} was issued and is not handed over; revoke it`, { cause: error });
  }
  const json = { chain: out, key, serial, notAfter: instant(notAfter) };
  return { json, words: `${out}\n${key === null ? '' : `${key}\n`}serial ${json.serial}, good until ${json.notAfter}` };
};

export interface IssueOptions extends DeskOptions {
  readonly lifetime: number;
  readonly why?: string;
}

/** The desk's own credential. */
export const issueOwn = async (options: IssueOptions): Promise<DeskReport> => {
  const files = filesOf(options);
  const desk = deskOf(options);
  const { path } = await desk.issueOwn(options.lifetime, options.why);
  const lists = await desk.publish();
  const { serial, notAfter } = parseCertificate(path[0] ?? Buffer.alloc(0));
  const json = {
    chain: files.path('own.pem'),
    key: files.path('own.key.pem'),
    serial: Buffer.from(serial).toString('hex'),
    notAfter: instant(notAfter),
    crls: lists.files,
  };
  return { json, words: `${json.chain}\n${json.key}\nserial ${json.serial}, good until ${json.notAfter}` };
};

/** The mailbox as certificates and PASSporTs name it. */
export const foldMailbox = (typed: string): string => parseSii(`mailto:${typed}`).uri.slice('mailto:'.length);

interface RevokeOptions extends DeskOptions {
  readonly to?: string;
  readonly number: readonly NumberRange[];
  readonly serial?: string;
  readonly certificate?: string;
  readonly reason: RevocationReason;
  readonly since?: number;
  readonly why?: string;
}

const serialOf = ({ serial, certificate }: RevokeOptions): string => {
  if (serial !== undefined) return serial.toLowerCase();
  const [first] = certificate === undefined ? [] : readCertificates(certificate);
  if (first === undefined) throw new Error('give --serial, --certificate or --to');
  return Buffer.from(parseCertificate(first).serial).toString('hex');
};

const revoke = async (options: RevokeOptions): Promise<DeskReport> => {
  if (options.to !== undefined) return await revokeAll(options, options.to);
  const { since, why } = options;
  const serial = serialOf(options);
  const lists = await deskOf(options).revoke({
    serial,
    reason: options.reason,
    ...(since === undefined ? {} : { invalidSince: since }),
    ...(why === undefined ? {} : { why }),
  });
  const { reason, files } = lists;
  return { json: { serial, reason, crls: files }, words: `revoked ${serial}: ${reason}\n${files.join('\n')}` };
};

const revokeAll = async (options: RevokeOptions, to: string): Promise<DeskReport> => {
  const { reason, number, why } = options;
  const filter = { to: foldDomain(to), ...(number.length === 0 ? {} : { numbers: number }) };
  const { serials, files } = await deskOf(options).revokeAll(filter, { reason, ...(why === undefined ? {} : { why }) });
  return { json: { serials, reason, crls: files }, words: `revoked ${serials.length}: ${reason}\n${[...serials, ...files].join('\n')}` };
};

const crl = async (options: DeskOptions): Promise<DeskReport> => {
  const lists = await deskOf(options).publish();
  const nextUpdate = instant(lists.nextUpdate);
  return { json: { crls: lists.files, nextUpdate }, words: `${lists.files.join('\n')}\ngood until ${nextUpdate}` };
};

interface InstallOptions extends DeskOptions {
  readonly certificate?: string;
  readonly p12?: string;
  readonly p12PassphraseFile?: string;
}

const bundlePassphrase = ({ p12PassphraseFile }: Pick<InstallOptions, 'p12PassphraseFile'>): string =>
  p12PassphraseFile === undefined ? '' : passphraseIn(p12PassphraseFile);

const givenPath = (files: DeskFiles, options: InstallOptions): Buffer[] => {
  if (options.p12 !== undefined) return readBundle(options.p12, bundlePassphrase(options), files.key('ca').spki);
  if (options.certificate === undefined) throw new Error('give --certificate or --p12');
  return readCertificates(options.certificate);
};

interface ExportOptions extends DeskOptions {
  readonly p12: string;
  readonly p12PassphraseFile?: string;
}

const exported = (options: ExportOptions): DeskReport => {
  const bundle = { password: bundlePassphrase(options), random: sources.random };
  const certificates = writeBundle(filesOf(options), options.p12, bundle);
  return { json: { bundle: options.p12, certificates }, words: `${options.p12}: ${certificates} certificates, no key` };
};

const install = async (options: InstallOptions): Promise<DeskReport> => {
  const files = filesOf(options);
  await installPath(files, givenPath(files, options), sources);
  return { json: { chain: files.path('ca.pem') }, words: files.path('ca.pem') };
};

const publish = async (folder: string, options: DeskOptions): Promise<DeskReport> => {
  const desk = deskOf(options);
  const { nextUpdate } = await desk.publish();
  const publications = await desk.publications();
  writePublicFolder(folder, publications, desk.identity.baseUrl ?? null);
  const files = publications.map(({ path }) => join(folder, path));
  return {
    json: { published: files, nextUpdate: instant(nextUpdate) },
    words: `${files.join('\n')}\nCRLs good until ${instant(nextUpdate)}`,
  };
};

/** Makes a desk, and links it into a gateway's development PKI if one is named; a PKI that is none stops it before anything is made. */
export const makeLinked = async <O extends DeskOptions & { readonly gateway?: string }>(
  options: O,
  make: (options: O) => Promise<DeskReport>,
): Promise<DeskReport> => {
  const { gateway } = options;
  if (gateway === undefined) return await make(options);
  checkDevelopmentPki(filesOf(options), gateway);
  const made = await make(options);
  linkIntoDevelopmentPki(filesOf(options), gateway);
  return made;
};

export const gatewayOption = (command: Command): Command =>
  command.option('--gateway <pki>', 'have the gateway over this development PKI trust the desk and read its CRLs');

export type Does = <O>(work: (options: O) => DeskReport | Promise<DeskReport>) => (options: O) => Promise<void>;

export const issueCommand = (desk: Command): Command =>
  whyOption(deskOptions(desk.command('issue').description("issue the desk's own credential, which signs its PASSporTs"))).addOption(
    lifetimeOption('how long it is good', '90d'),
  );

/** The commands that an NP's and an EP's desk have in common. */
export const commonCommands = (desk: Command, does: Does): void => {
  deskOptions(desk.command('install').description('put the answer of the CA above to ca.csr.pem in its place'))
    .option('--certificate <file>', "PEM of the path, the desk's certificate first")
    .option('--p12 <file>', 'PKCS#12 with the certificates of the path, and no key')
    .option('--p12-passphrase-file <file>', 'file with its passphrase; absent: it has none')
    .action(does(install));
  deskOptions(desk.command('export').description('write the certificates of the desk, without any key, as PKCS#12'))
    .requiredOption('--p12 <file>', 'where it is written')
    .option('--p12-passphrase-file <file>', 'file with the passphrase of its MAC; absent: none')
    .action(does(exported));
  whyOption(deskOptions(desk.command('revoke').description('revoke a certificate of this desk and publish its CRL')))
    .option('--serial <hex>', 'serial number')
    .option('--certificate <file>', 'PEM of the certificate')
    .option('--to <domain>', 'all that is live for this AP or enterprise')
    .option('--number <number>', 'of these only what is over this number or range', collectNumbers, NOTHING)
    .addOption(new Option('--reason <reason>', 'why').choices(Object.keys(REVOCATION_REASONS)).default('unspecified'))
    .option('--since <instant>', 'since when the key is not to be trusted', parseInstant)
    .action(does(revoke));
  deskOptions(desk.command('publish').argument('<folder>', 'where a web server serves the base URL from'))
    .description('write fresh CRLs, the certificates of the desk and its x5u paths as static files')
    .action((folder: string, options: DeskOptions) => does((given: DeskOptions) => publish(folder, given))(options));
  deskOptions(desk.command('crl').description('publish a fresh CRL')).action(does(crl));
};

/** A key pair of which only the private half is on file. */
export const keyPairOf = (privateKey: KeyPair['privateKey']): KeyPair => ({
  privateKey,
  spki: createPublicKey(privateKey).export({ type: 'spki', format: 'der' }),
});
