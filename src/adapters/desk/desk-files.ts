import { createPublicKey } from 'node:crypto';
import { join } from 'node:path';
import { z } from 'zod';
import { decodePem, encodePem } from '../../encoding/index.js';
import { isDomain, isSpc } from '../../identifiers/index.js';
import { authorityOf, type Authority, type KeyPair } from '../../issuance/index.js';
import { refuse } from '../../reasons/index.js';
import { parseCertificate } from '../../x509/index.js';
import { nodeDisk, type Disk } from './disk.js';
import { readCertificates, readPrivateKey, writeCertificates, writePrivateKey, writePublic } from './pem-files.js';

/** Where the desk's CRLs and paths are published: https, without a slash at the end. */
const baseUrl = z
  .url({ protocol: /^https$/ })
  .refine((url) => !/[?#]|\/$/.test(url))
  .optional();

const identity = z.discriminatedUnion('kind', [
  /** `spc` null: an enterprise with a delegated CA, which holds numbers and no code. */
  z.strictObject({ kind: z.literal('np'), spc: z.string().refine(isSpc).nullable(), name: z.string(), baseUrl }),
  z.strictObject({ kind: z.literal('ep'), domain: z.string().refine(isDomain), name: z.string(), baseUrl }),
]);
/** Whose desk it is. */
export type DeskIdentity = z.infer<typeof identity>;

type KeyName = 'root' | 'ca' | 'own';
/** Folder of the paths of the desk's own credentials. */
const OWN = 'own';

/** What a desk lacks whose CA above has not answered. */
export const NO_CA = 'the certificate of the desk: send ca.csr.pem to the CA above, then install its answer';

/** The files of a desk. Keys are PKCS#8, mode 0600, under the operator's passphrase if there is one. */
export class DeskFiles {
  readonly directory: string;
  readonly disk: Disk;
  readonly #passphrase: string | undefined;
  readonly #authorities = new Map<string, { readonly identity: string; readonly authority: Authority | null }>();

  constructor(directory: string, passphrase?: string, disk: Disk = nodeDisk) {
    this.directory = directory;
    this.disk = disk;
    this.#passphrase = passphrase;
  }

  path(name: string): string {
    return join(this.directory, name);
  }

  get exists(): boolean {
    return this.disk.stat(this.path('desk.json')) !== null;
  }

  /** @throws Error when the file is broken */
  identity(): DeskIdentity {
    try {
      return identity.parse(JSON.parse(this.disk.read(this.path('desk.json'))?.toString('utf8') ?? ''));
    } catch {
      throw new Error(`${this.path('desk.json')} does not say whose desk this is: put it back from a backup`);
    }
  }

  writeIdentity(of: DeskIdentity): void {
    writePublic(this.path('desk.json'), `${JSON.stringify(identity.parse(of), null, 2)}\n`, this.disk);
  }

  writeKey(name: KeyName, { privateKey }: Pick<KeyPair, 'privateKey'>): void {
    this.#writeKey(`${name}.key.pem`, privateKey);
  }

  #writeKey(file: string, privateKey: KeyPair['privateKey']): void {
    writePrivateKey(this.path(file), privateKey, this.#passphrase, this.disk);
  }

  key(name: KeyName): KeyPair {
    return this.#key(`${name}.key.pem`);
  }

  #key(file: string): KeyPair {
    const privateKey = readPrivateKey(this.path(file), this.#passphrase);
    return { privateKey, spki: createPublicKey(privateKey).export({ type: 'spki', format: 'der' }) };
  }

  /** CA first, no anchor. */
  writePath(path: readonly Uint8Array[]): void {
    writeCertificates(this.path('ca.pem'), path, this.disk);
  }

  writeRoot(root: Authority): void {
    this.writeKey('root', root.key);
    writeCertificates(this.path('root.pem'), [root.certificate], this.disk);
  }

  /** None where there is no such path yet. */
  certificates(name: KeyName): Buffer[] {
    return this.disk.stat(this.path(`${name}.pem`)) === null ? [] : readCertificates(this.path(`${name}.pem`));
  }

  writeRequest(request: Uint8Array): void {
    writePublic(this.path('ca.csr.pem'), encodePem('CERTIFICATE REQUEST', request), this.disk);
  }

  /** Null while the CA above has not answered the request yet. */
  ca(): Authority | null {
    return this.#authority('ca');
  }

  /** Null but for a development root. */
  root(): Authority | null {
    return this.#authority('root');
  }

  /**
   * The desk's own credential. Order of writes: (0) the path under its serial number, to be published for as long as it is good, (1) the new key beside the old,
   * (2) the new path over the old, (3) the new key over the old. A process that ends before (2) leaves the old credential, after (2) the new one with its key still
   * beside; `own` finds the key that goes with the path.
   */
  writeOwn(path: readonly Buffer[], key: KeyPair): void {
    const { serial } = parseCertificate(path[0] ?? Buffer.alloc(0));
    writeCertificates(this.path(join(OWN, `${Buffer.from(serial).toString('hex')}.pem`)), path, this.disk);
    this.#writeKey('own.next.key.pem', key.privateKey);
    writeCertificates(this.path('own.pem'), path, this.disk);
    this.disk.rename(this.path('own.next.key.pem'), this.path('own.key.pem'));
    this.disk.syncDirectory(this.directory);
  }

  /** Paths of every own credential that the desk ever had. */
  ownPaths(): Buffer[][] {
    const names = this.disk.list(this.path(OWN)).filter((name) => name.endsWith('.pem'));
    return names.map((name) => readCertificates(this.path(join(OWN, name))));
  }

  /** The CRL on file, DER; null before the first. */
  list(issuer: 'ca' | 'root'): Buffer | null {
    const text = this.disk.read(this.path(join('crls', `${issuer}.pem`)))?.toString('utf8');
    return text === undefined ? null : (decodePem(text)[0]?.der ?? null);
  }

  /** Null before the first. @throws Refusal `unsupported-key` when no key at the desk goes with the path, or the passphrase is wrong */
  own(): { readonly path: readonly Buffer[]; readonly key: KeyPair } | null {
    if (this.disk.stat(this.path('own.pem')) === null) return null;
    const path = readCertificates(this.path('own.pem'));
    const { spki } = parseCertificate(path[0] ?? Buffer.alloc(0)).publicKey;
    for (const file of ['own.key.pem', 'own.next.key.pem']) {
      if (this.disk.stat(this.path(file)) === null) continue;
      const key = this.#key(file);
      if (key.spki.equals(spki)) return { path, key };
    }
    return refuse('unsupported-key', 'not the key of the certificate');
  }

  /** Read again only when a file changed: a key under a passphrase takes its time. */
  #authority(name: 'ca' | 'root'): Authority | null {
    const stats = [`${name}.pem`, `${name}.key.pem`].map((file) => this.disk.stat(this.path(file))?.identity ?? '');
    const known = this.#authorities.get(name);
    if (known?.identity === stats.join()) return known.authority;
    const authority = stats[0] === '' ? null : this.#readAuthority(name);
    this.#authorities.set(name, { identity: stats.join(), authority });
    return authority;
  }

  #readAuthority(name: 'ca' | 'root'): Authority | null {
    const [certificate, ...above] = readCertificates(this.path(`${name}.pem`));
    return certificate === undefined ? null : authorityOf(certificate, this.key(name).privateKey, above);
  }
}
