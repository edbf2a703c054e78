import { decodePem } from '../../encoding/index.js';
import { Refusal, refuse } from '../../reasons/index.js';
import { parseCertificate, type Certificate, type Crl } from '../../x509/index.js';
import { failureCode, hostOf, type Fetcher } from './fetching.js';
import { STATUS_LIMITS } from './limits.js';

/** RFC 5280 section 5.2.7 has one certificate in DER there; STI-PAs have the path as PEM, the signer first. */
const readCertificates = (octets: Uint8Array): Certificate[] => {
  const text = Buffer.from(octets.buffer, octets.byteOffset, octets.byteLength);
  const blocks = text.includes('-----BEGIN') ? decodePem(text.toString('latin1')) : [{ label: 'CERTIFICATE', der: octets }];
  if (blocks.length > STATUS_LIMITS.maxSigners || blocks.some(({ label }) => label !== 'CERTIFICATE')) refuse('malformed-chain');
  return blocks.map(({ der }) => parseCertificate(der));
};

/** @throws what is neither a refusal nor a fetch that failed */
const orNone = async <T>(work: () => Promise<readonly T[]> | readonly T[]): Promise<readonly T[]> => {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Refusal || failureCode(error) !== null) return [];
    throw error;
  }
};

export interface SignerFetching {
  readonly fetcher: Fetcher;
  readonly isAllowed: (host: string) => boolean;
  readonly signal: AbortSignal;
}

/** The paths that a CRL says its signer has, from hosts that policy allows. Nothing of them is verified; what cannot be had is left out. */
export const fetchSignerChains = async (crl: Crl, { fetcher, isAllowed, signal }: SignerFetching): Promise<Certificate[][]> => {
  const urls = (await orNone(() => crl.caIssuers)).filter((url) => isAllowed(hostOf(url) ?? ''));
  const chains: Certificate[][] = [];
  for (const url of urls.slice(0, STATUS_LIMITS.maxSignerUrls)) {
    const options = { maxOctets: STATUS_LIMITS.maxSignerOctets, timeoutMs: STATUS_LIMITS.signerMs, signal };
    const chain = await orNone(async () => readCertificates((await fetcher.fetch(url, options)).octets));
    if (chain.length > 0) chains.push([...chain]);
  }
  return chains;
};
