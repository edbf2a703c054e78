import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodePem } from '../encoding/index.js';
import { tnOf } from '../identifiers/index.js';
import type { IssuedCredential } from '../issuance/index.js';
import { namesNumber, readManifest, type Manifest, type ManifestCredential } from './ap-manifest.js';

/** Options of the command line that say who calls, and with which credential. */
export interface CallerOptions {
  readonly url: string;
  readonly pki?: string;
  readonly as?: string;
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly credential?: string;
  readonly credentialKey?: string;
  readonly audience?: string;
}

/** Files of the TLS client. */
export interface Tls {
  readonly ca?: string;
  readonly cert: string;
  readonly key: string;
}

/** A command that lacks what it needs: exit code 2. */
export class Usage extends Error {}

export const tlsOf = (options: CallerOptions): Tls => {
  const known = clientOf(options);
  const cert = options.cert ?? known?.cert;
  const key = options.key ?? known?.key;
  if (cert === undefined || key === undefined) throw new Usage('who calls? give --pki and --as, or --cert and --key');
  const ca = options.ca ?? known?.ca;
  return {
    cert: readFileSync(cert, 'utf8'),
    key: readFileSync(key, 'utf8'),
    ...(ca === undefined ? {} : { ca: readFileSync(ca, 'utf8') }),
  };
};

/** The domain of the AP: as named, or of the client certificate. */
export const domainOf = (options: CallerOptions): string => {
  if (options.as !== undefined) return options.as;
  const names = options.cert === undefined ? undefined : new X509Certificate(readFileSync(options.cert)).subjectAltName;
  const [, domain] = /^DNS:([^,\s]+)$/.exec(names ?? '') ?? [];
  if (domain === undefined) throw new Usage('which AP? give --as, or a client certificate with one dNSName');
  return domain;
};

export const audienceOf = (options: CallerOptions): string => {
  const audience = options.audience ?? manifestOf(options)?.audience;
  if (audience === undefined) throw new Usage('signed for whom? give --audience or --pki');
  return audience;
};

/** The credential that is named, or the first of the PKI directory that is bound to this AP and names the SII. */
export const credentialFor = (options: CallerOptions, sii: string): IssuedCredential => {
  if (options.credential !== undefined && options.credentialKey !== undefined)
    return readCredential(options.credential, options.credentialKey);
  const manifest = manifestOf(options);
  if (options.pki === undefined || manifest === null)
    throw new Usage('signed with what? give --credential and --credential-key, or --pki and --as');
  const domain = domainOf(options);
  const found = manifest.credentials.find((one) => mayServe(one, domain, sii));
  if (found === undefined) throw new Usage('no credential in the PKI directory is bound to this AP and names this number or address');
  return readCredential(join(options.pki, found.chain), join(options.pki, found.key));
};

const mayServe = (one: ManifestCredential, domain: string, sii: string): boolean => {
  const tn = tnOf(sii);
  if (tn !== null) return one.use === 'delegate' && one.provider === domain && namesNumber(one, tn);
  return one.use === 'mailbox' && one.provider === domain;
};

const readCredential = (chain: string, key: string): IssuedCredential => {
  const privateKey = createPrivateKey(readFileSync(key));
  return {
    path: decodePem(readFileSync(chain, 'utf8')).map((block) => block.der),
    key: { privateKey, spki: createPublicKey(privateKey).export({ type: 'spki', format: 'der' }) },
  };
};

const manifestOf = (options: CallerOptions): Manifest | null => (options.pki === undefined ? null : readManifest(options.pki));

const clientOf = (options: CallerOptions): { ca: string; cert: string; key: string } | null => {
  const { pki, as } = options;
  const manifest = manifestOf(options);
  if (pki === undefined || manifest === null) return null;
  const client = manifest.clients.find((one) => one.domain === as);
  if (client === undefined) throw new Usage(`--as is one of ${manifest.clients.map((one) => one.domain).join(', ')}`);
  return { ca: join(pki, manifest.tlsCa), cert: join(pki, client.cert), key: join(pki, client.key) };
};
