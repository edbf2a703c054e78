import { createPublicKey } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { encodePem } from '../../encoding/index.js';
import { isDomain, isSpc } from '../../identifiers/index.js';
import { authorityOf, type Authority, type KeyPair } from '../../issuance/index.js';
import { readCertificates, readPrivateKey, writeCertificates, writePrivateKey, writePublic } from './pem-files.js';

const identity = z.discriminatedUnion('kind', [
  /** `spc` null: an enterprise with a delegated CA, which holds numbers and no code. */
  z.strictObject({ kind: z.literal('np'), spc: z.string().refine(isSpc).nullable(), name: z.string() }),
  z.strictObject({ kind: z.literal('ep'), domain: z.string().refine(isDomain), name: z.string() }),
]);
/** Whose desk it is. */
export type DeskIdentity = z.infer<typeof identity>;

/** The files of a desk. Keys are PKCS#8, mode 0600, under the operator's passphrase if there is one. */
export class DeskFiles {
  readonly directory: string;
  readonly #passphrase: string | undefined;

  constructor(directory: string, passphrase?: string) {
    this.directory = directory;
    this.#passphrase = passphrase;
  }

  path(name: string): string {
    return join(this.directory, name);
  }

  get exists(): boolean {
    return existsSync(this.path('desk.json'));
  }

  identity(): DeskIdentity {
    return identity.parse(JSON.parse(readFileSync(this.path('desk.json'), 'utf8')));
  }

  writeIdentity(of: DeskIdentity): void {
    writePublic(this.path('desk.json'), `${JSON.stringify(identity.parse(of), null, 2)}\n`);
  }

  writeKey(name: 'root' | 'ca' | 'own', { privateKey }: Pick<KeyPair, 'privateKey'>): void {
    writePrivateKey(this.path(`${name}.key.pem`), privateKey, this.#passphrase);
  }

  key(name: 'root' | 'ca' | 'own'): KeyPair {
    const privateKey = readPrivateKey(this.path(`${name}.key.pem`), this.#passphrase);
    return { privateKey, spki: createPublicKey(privateKey).export({ type: 'spki', format: 'der' }) };
  }

  /** End-entity or CA first, no anchor. */
  writePath(name: 'ca' | 'own', path: readonly Uint8Array[]): void {
    writeCertificates(this.path(`${name}.pem`), path);
  }

  writeRoot(root: Authority): void {
    writeCertificates(this.path('root.pem'), [root.certificate]);
    this.writeKey('root', root.key);
  }

  writeRequest(request: Uint8Array): void {
    writePublic(this.path('ca.csr.pem'), encodePem('CERTIFICATE REQUEST', request));
  }

  /** Null while the CA above has not answered the request yet. */
  ca(): Authority | null {
    return this.#authority('ca');
  }

  /** Null but for a development root. */
  root(): Authority | null {
    return this.#authority('root');
  }

  own(): { readonly path: readonly Buffer[]; readonly key: KeyPair } | null {
    return existsSync(this.path('own.pem')) ? { path: readCertificates(this.path('own.pem')), key: this.key('own') } : null;
  }

  #authority(name: 'ca' | 'root'): Authority | null {
    if (!existsSync(this.path(`${name}.pem`))) return null;
    const [certificate, ...above] = readCertificates(this.path(`${name}.pem`));
    return certificate === undefined ? null : authorityOf(certificate, this.key(name).privateKey, above);
  }
}
