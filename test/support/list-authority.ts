import { createPublicKey, randomBytes } from 'node:crypto';
import { DevelopmentPki } from '../../src/issuance/index.js';
import { parseCertificate } from '../../src/x509/index.js';
import { authorityKeyId, type Issued } from './raw-certificate.js';
import { listSigner } from './trust-lists.js';

const DAY_MS = 86_400_000;

/** Who signs trust lists or numbering feeds: a hierarchy of its own, that no PASSporT may end in, under the system's clock. */
export const listAuthority = (): { readonly pki: DevelopmentPki; readonly root: Issued; readonly signer: Issued } => {
  const pki = new DevelopmentPki({ now: () => Date.now(), random: randomBytes });
  const { certificate, key, name } = pki.authority('shaken-root');
  const { privateKey } = key;
  const root = { der: certificate, key: { privateKey, publicKey: createPublicKey(privateKey) }, name };
  const signer = listSigner(root, {
    extensions: { authorityKeyId: authorityKeyId(parseCertificate(root.der).subjectKeyIdentifier ?? Buffer.alloc(0)) },
    shape: { notBefore: new Date(Date.now() - DAY_MS), notAfter: new Date(Date.now() + 30 * DAY_MS) },
  });
  return { pki, root, signer };
};
